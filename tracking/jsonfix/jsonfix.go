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

// Batch is what one body holds. It may be used again; its memory is kept.
type Batch struct {
	// Reports are the records in the order of the body. Their devices are not set.
	Reports []tracking.Report
	// Devices are the names by which the records call their devices, one for
	// each; empty where a record has none. They may be part of the body.
	Devices [][]byte

	shape shape // of the record that quick read last; part of the body
}

// Decode reads a body of one device.
func Decode(body []byte) ([]tracking.RawFix, error) {
	var b Batch
	if err := b.Decode(body); err != nil {
		return nil, err
	}
	raws := make([]tracking.RawFix, len(b.Reports))
	for i := range b.Reports {
		raws[i] = b.Reports[i].Raw
	}
	return raws, nil
}

// Decode reads a body in place of what b held. In a list or NDJSON a record
// that cannot be read has Unread set and the others are read all the same; a
// body that starts as neither object nor array, or an array that breaks off,
// is a *SyntaxError.
//
// Records in the usual form are read by quick; everything else, and every
// mistake, by encoding/json, with the same result.
func (b *Batch) Decode(body []byte) error {
	held := len(b.Reports)
	b.Reports, b.Devices = b.Reports[:0], b.Devices[:0]
	err := b.decode(body)
	if n := len(b.Reports); n < held {
		clear(b.Reports[n:held])
	}
	b.shape = shape{}
	return err
}

func (b *Batch) decode(body []byte) error {
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	trimmed := trim(body)
	switch {
	case len(trimmed) == 0:
		return &SyntaxError{Line: 1, What: "the body is empty"}
	case trimmed[0] == '[':
		if b.quickArray(trimmed) {
			return nil
		}
		b.Reports, b.Devices = b.Reports[:0], b.Devices[:0]
		return b.careful(body)
	case trimmed[0] == '{':
		if line, _, _ := bytes.Cut(trimmed, []byte("\n")); b.quickLine(line) || !json.Valid(trimmed) {
			b.Reports, b.Devices = b.Reports[:0], b.Devices[:0]
			return b.lines(body)
		}
		b.record(trimmed)
		return nil
	}
	return &SyntaxError{Line: 1, What: "it must start with { or ["}
}

// trim cuts off what JSON calls white space, and nothing else.
func trim(b []byte) []byte {
	for len(b) > 0 && blank(b[0]) {
		b = b[1:]
	}
	for len(b) > 0 && blank(b[len(b)-1]) {
		b = b[:len(b)-1]
	}
	return b
}

func blank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// careful reads an array with encoding/json.
func (b *Batch) careful(body []byte) error {
	var list []json.RawMessage
	if err := json.Unmarshal(body, &list); err != nil {
		return syntaxError(body, err)
	}
	if len(list) > MaxRecords {
		return ErrTooMany
	}
	for _, raw := range list {
		b.record(raw)
	}
	return nil
}

func (b *Batch) lines(body []byte) error {
	readable := 0
	for rest := body; len(rest) > 0; {
		if len(b.Reports) < MaxRecords {
			if size := b.againLine(rest); size > 0 {
				rest, readable = rest[size:], readable+1
				continue
			}
		}
		line := rest
		if end := bytes.IndexByte(rest, '\n'); end >= 0 {
			line, rest = rest[:end], rest[end+1:]
		} else {
			rest = nil
		}
		line = trim(line)
		switch {
		case len(line) == 0:
			continue
		case len(b.Reports) == MaxRecords:
			return ErrTooMany
		case b.quickLine(line):
			readable++
			continue
		case json.Valid(line):
			readable++
		}
		b.record(line)
	}
	if readable == 0 { // a single object over several lines that is broken: point at the place
		var any json.RawMessage
		return syntaxError(body, json.Unmarshal(body, &any))
	}
	return nil
}

func syntaxError(body []byte, err error) error {
	offset := len(body)
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = min(int(s.Offset), len(body))
	}
	return &SyntaxError{Line: 1 + bytes.Count(body[:offset], []byte("\n")), Offset: offset, What: err.Error()}
}

// wire is a record's form. FixedAt is an RFC 3339 text or Unix milliseconds.
// Further fields, such as an id of the sender's, are left alone.
type wire struct {
	FixedAt    json.RawMessage  `json:"fixed_at"`
	Lon        *float64         `json:"lon"`
	Lat        *float64         `json:"lat"`
	AltM       tracking.Reading `json:"alt_m"`
	AccuracyM  tracking.Reading `json:"accuracy_m"`
	SpeedKmh   tracking.Reading `json:"speed_kmh"`
	HeadingDeg tracking.Reading `json:"heading_deg"`
	Ignition   *bool            `json:"ignition"`
	Engaged    *bool            `json:"engaged"`
	Device     string           `json:"device"`
}

func state(on *bool) tracking.State {
	if on == nil {
		return tracking.Unsaid
	}
	return tracking.StateOf(*on)
}

// record reads a record with encoding/json.
func (b *Batch) record(raw []byte) {
	fix, device, refusal := read(raw)
	if refusal != nil {
		fix.Unread, fix.Text = refusal, string(raw)
	}
	fix.Source = source
	b.Reports = append(b.Reports, tracking.Report{Raw: fix})
	b.Devices = append(b.Devices, []byte(device))
}

const source = "http"

func read(raw []byte) (tracking.RawFix, string, *tracking.Refusal) {
	var w wire
	err := json.Unmarshal(raw, &w)
	mistyped, isMistyped := errors.AsType[*json.UnmarshalTypeError](err)
	var wrong *tracking.Refusal
	switch {
	case isMistyped && mistyped.Field == "", string(raw) == "null":
		wrong = invalid("", "a record must be a JSON object")
	case isMistyped:
		wrong = invalid(mistyped.Field, fmt.Sprintf("%s must be %s, not a %s", mistyped.Field, typeOf(mistyped.Field), mistyped.Value))
	case err != nil:
		wrong = invalid("", "not a JSON object: "+err.Error())
	case w.Lon == nil:
		wrong = invalid("lon", "lon is missing")
	case w.Lat == nil:
		wrong = invalid("lat", "lat is missing")
	}
	if wrong != nil {
		return tracking.RawFix{}, w.Device, wrong
	}
	at, refusal := fixTime(w.FixedAt)
	return tracking.RawFix{
		FixedAt: at, Lon: *w.Lon, Lat: *w.Lat, AltM: w.AltM,
		AccuracyM: w.AccuracyM, SpeedKmh: w.SpeedKmh, HeadingDeg: w.HeadingDeg,
		Ignition: state(w.Ignition), Engaged: state(w.Engaged),
	}, w.Device, refusal
}

// typeOf is what a field must be.
func typeOf(field string) string {
	switch field {
	case "ignition", "engaged":
		return "true or false"
	case "device":
		return "a text"
	}
	return "a number"
}

func fixTime(raw json.RawMessage) (time.Time, *tracking.Refusal) {
	const want = "fixed_at must be a time such as 2026-11-22T06:10:24Z or Unix milliseconds"
	if len(raw) == 0 || string(raw) == "null" {
		return time.Time{}, invalid("fixed_at", "fixed_at is missing")
	}
	var ms float64
	if err := json.Unmarshal(raw, &ms); err == nil {
		if !plausible(ms) {
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

// plausible milliseconds are from 1973 to 5138, which rules out seconds.
func plausible(ms float64) bool { return ms >= 1e11 && ms <= 1e14 }

func invalid(field, detail string) *tracking.Refusal {
	return &tracking.Refusal{Reason: tracking.Invalid, Field: field, Detail: detail}
}
