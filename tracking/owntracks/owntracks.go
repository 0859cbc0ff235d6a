// Package owntracks reads the JSON messages of the OwnTracks apps: positions in WGS-84, speed in km/h, times as Unix
// seconds. Bytes in, raw fixes out; it opens no sockets and keeps nothing.
//
// The messages are those of the OwnTracks booklet. Only a location is a position: a transition tells of a region that was
// entered or left, a waypoint of a region, a will (lwt) of a lost connection with the time of its beginning, and kinds that
// come later are taken and left alone.
package owntracks

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/nacl/secretbox"

	"jiujin/tracking"
)

// Source is RawFix.Source of what this package reads.
const Source = "owntracks"

// Errors of Decode.
var (
	// ErrSealed says that the message is encrypted and no passphrase was given.
	ErrSealed = errors.New("the message is encrypted: register the passphrase of the device")
	// ErrUnsealed says that the passphrase does not open the message.
	ErrUnsealed = errors.New("the passphrase does not open the message")
)

// Message is one message.
type Message struct {
	Type      string // location, transition, waypoint, waypoints, lwt, status, steps, card, cmd …: of the inner one when Encrypted
	Encrypted bool   // it came sealed
	Topic     string // owntracks/user/device; empty when the app does not say
	Tracker   string // the two letters that the map shows (tid)
	Trigger   string // why a location was sent (t): "p" ping, "c" region, "b" beacon, "r" asked for, "u" by hand, "t" timer
	Event     string // of a transition: enter or leave
	Region    string // of a transition: its name
	Fixes     []tracking.RawFix
}

// wire is a message's form.
type wire struct {
	Type  string         `json:"_type"`
	Data  string         `json:"data"`
	Topic string         `json:"topic"`
	Tid   string         `json:"tid"`
	T     string         `json:"t"`
	Event string         `json:"event"`
	Desc  string         `json:"desc"`
	Lat   tracking.Loose `json:"lat"`  // degrees
	Lon   tracking.Loose `json:"lon"`  // degrees
	Tst   tracking.Loose `json:"tst"`  // seconds since 1970, of the fix
	Acc   tracking.Loose `json:"acc"`  // metres; 0 is unknown
	Alt   tracking.Loose `json:"alt"`  // metres
	Vel   tracking.Loose `json:"vel"`  // km/h
	Cog   tracking.Loose `json:"cog"`  // degrees
	Batt  tracking.Loose `json:"batt"` // percent
}

// Decode reads one message. An encrypted one is opened with the passphrase; without one the answer is ErrSealed, with a
// wrong one ErrUnsealed. Any other error says that it is no message of OwnTracks.
//
// A ping (t "p") repeats an old place with the present time: it is no fix, so that nobody seems to stand where they only
// were last seen.
func Decode(body []byte, passphrase string) (Message, error) {
	w, err := read(body)
	if err != nil {
		return Message{}, err
	}
	if w.Type != "encrypted" {
		return w.message(body), nil
	}
	sealed := Message{Type: w.Type, Encrypted: true}
	if passphrase == "" {
		return sealed, ErrSealed
	}
	inner, err := open(w.Data, passphrase)
	if err != nil {
		return sealed, err
	}
	w, err = read(inner)
	if err != nil {
		return sealed, err
	}
	if w.Type == "encrypted" {
		return sealed, errors.New("an encrypted message holds another encrypted one")
	}
	m := w.message(inner)
	m.Encrypted = true
	return m, nil
}

func read(body []byte) (wire, error) {
	var w wire
	err := json.Unmarshal(body, &w)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		err = nil // a reading of the wrong type is an unknown one
	}
	switch {
	case err != nil:
		return wire{}, fmt.Errorf("read an OwnTracks message: %w", err)
	case w.Type == "":
		return wire{}, errors.New("read an OwnTracks message: it has no _type")
	}
	return w, nil
}

// open opens the data of an encrypted message: base64 of a nonce of 24 bytes and a box of NaCl (XSalsa20-Poly1305) under
// the passphrase, cut or filled with zero bytes to 32.
func open(data, passphrase string) ([]byte, error) {
	const nonceLen = 24
	raw, err := base64.StdEncoding.DecodeString(data)
	if err != nil || len(raw) < nonceLen+secretbox.Overhead {
		return nil, errors.New("the data of the encrypted message is not base64, or too short")
	}
	out, ok := secretbox.Open(nil, raw[nonceLen:], (*[nonceLen]byte)(raw[:nonceLen]), key(passphrase))
	if !ok {
		return nil, ErrUnsealed
	}
	return out, nil
}

// key is what the apps make of a passphrase.
func key(passphrase string) *[32]byte {
	var k [32]byte
	copy(k[:], passphrase)
	return &k
}

func (w *wire) message(raw []byte) Message {
	m := Message{Type: w.Type, Topic: w.Topic, Tracker: w.Tid, Trigger: w.T}
	switch w.Type {
	case "transition":
		m.Event, m.Region = w.Event, w.Desc
	case "location":
		f := w.fix()
		if f.Unread != nil {
			f.Text = string(raw)
		}
		m.Fixes = []tracking.RawFix{f}
	}
	return m
}

func (w *wire) fix() tracking.RawFix {
	f := tracking.RawFix{
		AltM: w.Alt.Reading, AccuracyM: w.Acc.Above(0), SpeedKmh: w.Vel.AtLeast(0), HeadingDeg: w.Cog.Within(0, 360),
		Source: Source, NoFix: w.T == "p",
	}
	if b := w.Batt.Within(0, 100); b.Known {
		f.Vitals = &tracking.Vitals{BatteryPct: b}
	}
	switch {
	case !w.Lat.Known:
		f.Unread = invalid("lat", "lat must be a number of degrees")
	case !w.Lon.Known:
		f.Unread = invalid("lon", "lon must be a number of degrees")
	case !w.Tst.Within(0, 1e11).Known:
		f.Unread = invalid("tst", "tst must be the time of the fix in seconds since 1970")
	default:
		f.Lat, f.Lon = w.Lat.Value, w.Lon.Value
		f.FixedAt = time.UnixMilli(int64(w.Tst.Value * 1000)).UTC()
	}
	return f
}

func invalid(field, detail string) *tracking.Refusal {
	return &tracking.Refusal{Reason: tracking.Invalid, Field: field, Detail: detail}
}
