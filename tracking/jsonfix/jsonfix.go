// Package jsonfix reads the JSON in which our own clients send positions: one object, an array of objects, or one
// object a line (NDJSON). Bytes in, raw fixes out; it opens no sockets and keeps nothing.
package jsonfix

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jiujin/tracking"
)

// MaxRecords is the most that one body may hold.
const MaxRecords = 10_000

// ErrTooMany says that a body holds more than MaxRecords records.
var ErrTooMany = fmt.Errorf("more than %d records in one body; send several", MaxRecords)

// SyntaxError says that the body as a whole is not JSON; nothing of it was read.
type SyntaxError struct {
	Line   int // counted from 1
	Offset int // bytes from the start of the body
	What   string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("the body is not JSON at line %d (byte %d): %s", e.Line, e.Offset, e.What)
}

// Decode reads a body. In a list or NDJSON a record that cannot be read has Unread set and the others are read all
// the same; a body that starts as neither object nor array, or an array that breaks off, is a *SyntaxError.
func Decode(body []byte) ([]tracking.RawFix, error) {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	trimmed := bytes.TrimSpace(body)
	switch {
	case len(trimmed) == 0:
		return nil, &SyntaxError{Line: 1, What: "the body is empty"}
	case trimmed[0] == '[':
		return decodeArray(body)
	case trimmed[0] == '{':
		if json.Valid(trimmed) {
			return []tracking.RawFix{record(trimmed)}, nil
		}
		return decodeLines(body)
	}
	return nil, &SyntaxError{Line: 1, What: "it must start with { or ["}
}

func decodeArray(body []byte) ([]tracking.RawFix, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, syntaxError(body, err)
	}
	if len(list) > MaxRecords {
		return nil, ErrTooMany
	}
	out := make([]tracking.RawFix, len(list))
	for i, raw := range list {
		out[i] = record(raw)
	}
	return out, nil
}

func decodeLines(body []byte) ([]tracking.RawFix, error) {
	var out []tracking.RawFix
	readable := 0
	for line := range bytes.Lines(body) {
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		if len(out) == MaxRecords {
			return nil, ErrTooMany
		}
		r := record(line)
		if json.Valid(line) {
			readable++
		}
		out = append(out, r)
	}
	if readable == 0 { // a single object over several lines that is broken: point at the place
		var any json.RawMessage
		return nil, syntaxError(body, json.Unmarshal(body, &any))
	}
	return out, nil
}

func syntaxError(body []byte, err error) error {
	offset := len(body)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = min(int(s.Offset), len(body))
	}
	return &SyntaxError{Line: 1 + bytes.Count(body[:offset], []byte("\n")), Offset: offset, What: err.Error()}
}

// wire is a record's form. FixedAt is an RFC 3339 text or Unix milliseconds.
type wire struct {
	FixedAt    json.RawMessage  `json:"fixed_at"`
	Lon        *float64         `json:"lon"`
	Lat        *float64         `json:"lat"`
	AccuracyM  tracking.Reading `json:"accuracy_m"`
	SpeedKmh   tracking.Reading `json:"speed_kmh"`
	HeadingDeg tracking.Reading `json:"heading_deg"`
}

func record(raw []byte) tracking.RawFix {
	fix, refusal := read(raw)
	if refusal != nil {
		fix.Unread, fix.Text = refusal, string(raw)
	}
	fix.Source = "http"
	return fix
}

func read(raw []byte) (tracking.RawFix, *tracking.Refusal) {
	var w wire
	err := json.Unmarshal(raw, &w)
	mistyped, isMistyped := errors.AsType[*json.UnmarshalTypeError](err)
	switch {
	case isMistyped && mistyped.Field == "", string(raw) == "null":
		return tracking.RawFix{}, invalid("", "a record must be a JSON object")
	case isMistyped:
		return tracking.RawFix{}, invalid(mistyped.Field, fmt.Sprintf("%s must be a number, not a %s", mistyped.Field, mistyped.Value))
	case err != nil:
		return tracking.RawFix{}, invalid("", "not a JSON object: "+err.Error())
	case w.Lon == nil:
		return tracking.RawFix{}, invalid("lon", "lon is missing")
	case w.Lat == nil:
		return tracking.RawFix{}, invalid("lat", "lat is missing")
	}
	at, refusal := fixTime(w.FixedAt)
	return tracking.RawFix{
		FixedAt: at, Lon: *w.Lon, Lat: *w.Lat,
		AccuracyM: w.AccuracyM, SpeedKmh: w.SpeedKmh, HeadingDeg: w.HeadingDeg,
	}, refusal
}

func fixTime(raw json.RawMessage) (time.Time, *tracking.Refusal) {
	const want = "fixed_at must be a time such as 2026-11-22T06:10:24Z or Unix milliseconds"
	if len(raw) == 0 || string(raw) == "null" {
		return time.Time{}, invalid("fixed_at", "fixed_at is missing")
	}
	var ms float64
	if err := json.Unmarshal(raw, &ms); err == nil {
		if ms < 1e11 || ms > 1e14 { // 1973 to 5138: rules out seconds
			return time.Time{}, invalid("fixed_at", want+"; this number looks like seconds or is out of range")
		}
		return time.UnixMilli(int64(ms)).UTC(), nil
	}
	var text string
	if err := json.Unmarshal(raw, &text); err != nil {
		return time.Time{}, invalid("fixed_at", want)
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, invalid("fixed_at", want)
	}
	return at.UTC(), nil
}

func invalid(field, detail string) *tracking.Refusal {
	return &tracking.Refusal{Reason: tracking.Invalid, Field: field, Detail: detail}
}
