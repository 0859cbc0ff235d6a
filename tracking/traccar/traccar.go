// Package traccar reads the JSON in which a Traccar server forwards positions (forward.type=json): one position and its
// device in each message, WGS-84, speed in knots, times in ISO 8601. Bytes in, raw fixes out; it opens no sockets and
// keeps nothing.
package traccar

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"jiujin/tracking"
)

// Source is RawFix.Source of what this package reads.
const Source = "traccar"

const kmhPerKnot = 1.852

// Message is one forwarded position.
type Message struct {
	Device   string // uniqueId of the device, such as its IMEI
	Name     string // what the Traccar server calls it
	Protocol string // by which the Traccar server had it
	Fix      tracking.RawFix
}

// wire is a message's form.
type wire struct {
	Position *struct {
		Protocol   string         `json:"protocol"`
		FixTime    string         `json:"fixTime"`
		Valid      any            `json:"valid"`
		Outdated   bool           `json:"outdated"`
		Latitude   tracking.Loose `json:"latitude"`  // degrees
		Longitude  tracking.Loose `json:"longitude"` // degrees
		Altitude   tracking.Loose `json:"altitude"`  // metres
		Speed      tracking.Loose `json:"speed"`     // knots
		Course     tracking.Loose `json:"course"`    // degrees
		Accuracy   tracking.Loose `json:"accuracy"`  // metres; 0 is unknown
		Attributes struct {
			Sat          tracking.Loose `json:"sat"`
			Ignition     any            `json:"ignition"`
			BatteryLevel tracking.Loose `json:"batteryLevel"` // percent
			Power        tracking.Loose `json:"power"`        // volts
			Odometer     tracking.Loose `json:"odometer"`     // metres
			Alarm        string         `json:"alarm"`
			Archive      bool           `json:"archive"`
		} `json:"attributes"`
	} `json:"position"`
	Device struct {
		UniqueID string `json:"uniqueId"`
		Name     string `json:"name"`
	} `json:"device"`
}

// Decode reads one message. The error says that it is none, or does not name a device; a position that cannot be read has
// Unread set. A position that is outdated repeats the last place with a new time, and one that is not valid was guessed:
// both are no fix. One from the device's archive is a replay.
func Decode(body []byte) (Message, error) {
	var w wire
	err := json.Unmarshal(body, &w)
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field != "" {
		err = nil // a reading of the wrong type is an unknown one
	}
	switch {
	case err != nil:
		return Message{}, fmt.Errorf("read a forwarded position: %w", err)
	case w.Position == nil:
		return Message{}, errors.New("read a forwarded position: it has no position")
	case w.Device.UniqueID == "":
		return Message{}, errors.New("read a forwarded position: it has no device.uniqueId")
	}
	m := Message{Device: w.Device.UniqueID, Name: w.Device.Name, Protocol: w.Position.Protocol, Fix: w.fix()}
	if m.Fix.Unread != nil {
		m.Fix.Text = string(body)
	}
	return m, nil
}

func (w *wire) fix() tracking.RawFix {
	p, a := w.Position, w.Position.Attributes
	f := tracking.RawFix{
		AltM: p.Altitude.Reading, AccuracyM: p.Accuracy.Above(0), SpeedKmh: p.Speed.AtLeast(0).Times(kmhPerKnot),
		HeadingDeg: p.Course.Within(0, 360), Source: Source, NoFix: p.Outdated || p.Valid == false, Replay: a.Archive,
	}
	if on, ok := a.Ignition.(bool); ok {
		f.Ignition = tracking.StateOf(on)
	}
	v := tracking.Vitals{
		BatteryPct: a.BatteryLevel.Within(0, 100), PowerV: a.Power.AtLeast(0), Satellites: a.Sat.AtLeast(0),
		OdometerKm: a.Odometer.AtLeast(0).Times(0.001), SOS: a.Alarm == "sos",
	}
	if v != (tracking.Vitals{}) {
		f.Vitals = &v
	}
	at, err := fixTime(p.FixTime)
	switch {
	case !p.Latitude.Known:
		f.Unread = invalid("latitude", "position.latitude must be a number of degrees")
	case !p.Longitude.Known:
		f.Unread = invalid("longitude", "position.longitude must be a number of degrees")
	case err != nil:
		f.Unread = invalid("fixTime", "position.fixTime must be a time such as 2026-11-22T06:10:24.000+00:00")
	default:
		f.Lat, f.Lon, f.FixedAt = p.Latitude.Value, p.Longitude.Value, at
	}
	return f
}

// fixTime reads a time with its zone; Traccar versions differ in the colon.
func fixTime(text string) (time.Time, error) {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		at, err = time.Parse("2006-01-02T15:04:05.999999999Z0700", text)
	}
	return at.UTC(), err
}

func invalid(field, detail string) *tracking.Refusal {
	return &tracking.Refusal{Reason: tracking.Invalid, Field: field, Detail: detail}
}
