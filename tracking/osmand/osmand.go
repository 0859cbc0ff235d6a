// Package osmand reads the positions that phones send over HTTP by the OsmAnd protocol: OsmAnd itself, Traccar Client,
// GPSLogger and scripts. There are two forms on one address: a query or form (speed in knots unless the address says
// otherwise) and the JSON of Traccar Client 9 and later (speed in m/s). Both are WGS-84 with times in UTC unless the
// device is registered otherwise. Values in, raw fixes out; it opens no sockets and keeps nothing.
//
// The forms are those of the Traccar documentation; a value of −1, or one that cannot be, means unknown. A reading that
// is wrong is left out and never costs the position.
package osmand

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"jiujin/tracking"
)

// Source is RawFix.Source of what this package reads.
const Source = "osmand"

// MaxFixes is the most that one message may hold.
const MaxFixes = 10_000

// Message is one request.
type Message struct {
	Device string // what the device calls itself; empty when it does not say
	// Fixes are its positions in the order in which it sent them. None when the request has only cells, Wi-Fi or an event: that is no error.
	Fixes []tracking.RawFix
}

// Unit is the unit of the parameter speed.
type Unit string

// The units, as the parameter speed_unit names them.
const (
	Knots           Unit = "kn" // the protocol's own, and meant when nothing is said
	MetresPerSecond Unit = "ms"
	KmPerHour       Unit = "kmh"
)

// kmh are the factors of the units.
var kmh = map[Unit]float64{"": 1.852, Knots: 1.852, MetresPerSecond: 3.6, KmPerHour: 1}

// Query reads the parameters of a request, from its address or a form. A fix without a timestamp was measured at now;
// with the zero time its FixedAt stays zero. The parameter speed_unit (kn, ms, kmh) says what speed is in, for apps that
// cannot send knots.
func Query(q url.Values, now time.Time) Message {
	m := Message{Device: first(q, "id", "deviceid", "device_id")}
	lat, lon := q.Get("lat"), q.Get("lon")
	if place := q.Get("location"); place != "" && lat == "" && lon == "" {
		lat, lon, _ = strings.Cut(place, ",")
	}
	if lat == "" && lon == "" {
		return m
	}
	factor, known := kmh[Unit(q.Get("speed_unit"))]
	read := func(names ...string) tracking.Reading { return tracking.ReadText(first(q, names...)) }
	f := tracking.RawFix{
		AltM: read("altitude"), AccuracyM: read("accuracy").Above(0), SpeedKmh: read("speed").AtLeast(0).Times(factor),
		HeadingDeg: read("bearing", "heading").Within(0, 360), Source: Source, NoFix: q.Has("valid") && !isTrue(q.Get("valid")),
	}
	v := tracking.Vitals{
		BatteryPct: read("batt", "battery").Within(0, 100), Satellites: read("sat").AtLeast(0),
		SOS: q.Get("alarm") == "sos", Mock: isTrue(q.Get("mock")),
	}
	if v != (tracking.Vitals{}) {
		f.Vitals = &v
	}
	north, east := tracking.ReadText(lat), tracking.ReadText(lon)
	f.Lat, f.Lon = north.Value, east.Value
	at, err := fixTime(q.Get("timestamp"), now)
	f.FixedAt = at
	switch {
	case !north.Known:
		f.Unread = invalid("lat", "lat must be a number of degrees")
	case !east.Known:
		f.Unread = invalid("lon", "lon must be a number of degrees")
	case err != nil:
		f.Unread = invalid("timestamp", err.Error())
	case !known:
		f.Unread = invalid("speed_unit", "speed_unit must be kn, ms or kmh")
	}
	if f.Unread != nil {
		f.Text = q.Encode()
	}
	m.Fixes = []tracking.RawFix{f}
	return m
}

// place is a position in the JSON form.
type place struct {
	Timestamp json.RawMessage `json:"timestamp"` // ISO 8601, or a number as in the query form
	Coords    *struct {
		Latitude  tracking.Loose `json:"latitude"`  // degrees
		Longitude tracking.Loose `json:"longitude"` // degrees
		Accuracy  tracking.Loose `json:"accuracy"`  // metres
		Speed     tracking.Loose `json:"speed"`     // m/s
		Heading   tracking.Loose `json:"heading"`   // degrees
		Altitude  tracking.Loose `json:"altitude"`  // metres
	} `json:"coords"`
	Odometer tracking.Loose `json:"odometer"` // metres
	Battery  struct {
		Level tracking.Loose `json:"level"` // 0 to 1
	} `json:"battery"`
	Mock bool `json:"mock"`
}

// JSON reads the JSON form: device_id, and one location or a list of them. A location without a timestamp was measured
// at now. The error says that the body is not such JSON; nothing of it was read.
func JSON(body []byte, now time.Time) (Message, error) {
	var w struct {
		DeviceID json.RawMessage `json:"device_id"`
		Location json.RawMessage `json:"location"`
	}
	if err := json.Unmarshal(body, &w); err != nil {
		return Message{}, fmt.Errorf("read the JSON of a position: %w", err)
	}
	m := Message{Device: strings.Trim(string(w.DeviceID), `"`)}
	var id string
	if json.Unmarshal(w.DeviceID, &id) == nil {
		m.Device = id
	}
	if len(w.Location) == 0 || string(w.Location) == "null" {
		return m, nil
	}
	list := []json.RawMessage{w.Location}
	if w.Location[0] == '[' {
		if err := json.Unmarshal(w.Location, &list); err != nil {
			return Message{}, fmt.Errorf("read the list of locations: %w", err)
		}
	}
	if len(list) > MaxFixes {
		return Message{}, fmt.Errorf("more than %d locations in one message", MaxFixes)
	}
	for _, raw := range list {
		var p place
		err := json.Unmarshal(raw, &p)
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok && wrong.Field == "" {
			return Message{}, errors.New("location must be an object, or a list of objects")
		}
		if f, ok := p.fix(now); ok { // a reading of the wrong type is an unknown one
			if f.Unread != nil {
				f.Text = string(raw)
			}
			m.Fixes = append(m.Fixes, f)
		}
	}
	return m, nil
}

// fix is false when the location has no place: an event only.
func (p *place) fix(now time.Time) (tracking.RawFix, bool) {
	c := p.Coords
	if c == nil {
		return tracking.RawFix{}, false
	}
	f := tracking.RawFix{
		AltM: c.Altitude.Reading, AccuracyM: c.Accuracy.Above(0), SpeedKmh: c.Speed.AtLeast(0).Times(3.6),
		HeadingDeg: c.Heading.Within(0, 360), Source: Source,
	}
	v := tracking.Vitals{
		BatteryPct: p.Battery.Level.Within(0, 1).Times(100), OdometerKm: p.Odometer.AtLeast(0).Times(0.001), Mock: p.Mock,
	}
	if v != (tracking.Vitals{}) {
		f.Vitals = &v
	}
	at, err := fixTime(strings.Trim(string(p.Timestamp), `"`), now)
	f.FixedAt = at
	switch {
	case !c.Latitude.Known:
		f.Unread = invalid("latitude", "coords.latitude must be a number of degrees")
	case !c.Longitude.Known:
		f.Unread = invalid("longitude", "coords.longitude must be a number of degrees")
	case err != nil:
		f.Unread = invalid("timestamp", err.Error())
	}
	if f.Unread == nil {
		f.Lat, f.Lon = c.Latitude.Value, c.Longitude.Value
	}
	return f, true
}

// layouts are the texts that a timestamp may be. One without a zone is UTC: so do the servers that these apps were
// written for, and a device that means otherwise has ClockAhead.
var layouts = []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02T15:04:05", "2006-01-02 15:04:05"}

// fixTime reads seconds (below 2³¹−1) or milliseconds since 1970, or a text. Nothing means now.
func fixTime(text string, now time.Time) (time.Time, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "null" {
		return now, nil
	}
	if v := tracking.ReadText(text).Within(0, 1e14); v.Known {
		if v.Value < math.MaxInt32 {
			v = v.Times(1000)
		}
		return time.UnixMilli(int64(math.Round(v.Value))).UTC(), nil
	}
	for _, layout := range layouts {
		if at, err := time.Parse(layout, text); err == nil && at.Year() >= 1970 {
			return at.UTC(), nil
		}
	}
	return time.Time{}, errors.New("timestamp must be seconds or milliseconds since 1970, or a time such as 2026-11-22T06:10:24Z")
}

func first(q url.Values, names ...string) string {
	for _, name := range names {
		if v := q.Get(name); v != "" {
			return v
		}
	}
	return ""
}

func isTrue(text string) bool { return strings.EqualFold(text, "true") || text == "1" }

func invalid(field, detail string) *tracking.Refusal {
	return &tracking.Refusal{Reason: tracking.Invalid, Field: field, Detail: detail}
}
