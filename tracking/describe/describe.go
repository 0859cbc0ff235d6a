// Package describe tells in JSON what a message of a device says, for people: on the page of the device, and for
// whoever looks into a capture.
package describe

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	"jiujin/tracking"
	"jiujin/tracking/gt06"
	"jiujin/tracking/jt808"
	"jiujin/tracking/nmea"
	"jiujin/tracking/osmand"
	"jiujin/tracking/owntracks"
	"jiujin/tracking/traccar"
)

// JSON describes a message in a protocol: "jt808", "gt06", "osmand", "owntracks", "traccar", or else NMEA sentences. raw is
// the bytes of a frame, or the text. passphrase opens an encrypted OwnTracks message; empty when there is none. The answer
// is a jt808.Description or a Message. A fault of ours is told like a broken message.
func JSON(protocol string, raw []byte, passphrase string) (out json.RawMessage) {
	defer func() {
		if fault := recover(); fault != nil {
			out = Refused(fmt.Errorf("this message breaks the decoder, please report it: %v", fault))
		}
	}()
	switch protocol {
	case "jt808":
		what, _ := jt808.Describe(raw)
		return encode(what)
	case "gt06":
		return encode(ofGT06(raw))
	case "osmand":
		return encode(ofOsmAnd(string(raw)))
	case "owntracks":
		return encode(ofOwnTracks(raw, passphrase))
	case "traccar":
		return encode(ofTraccar(raw))
	default:
		return encode(ofNMEA(string(raw)))
	}
}

// Refused describes a message that cannot be read at all.
func Refused(err error) json.RawMessage { return encode(refused(err)) }

// encode writes v as JSON; what cannot be written becomes the reason for that.
func encode(v any) json.RawMessage {
	if m, ok := v.(Message); ok && m.Fixes == nil {
		m.Fixes = []Point{}
		v = m
	}
	out, err := json.Marshal(v)
	if err != nil {
		return Refused(err)
	}
	return out
}

// Message is what a frame or message says. Keys that do not apply are left out.
type Message struct {
	OK      bool    `json:"ok"`
	Error   string  `json:"error,omitempty"`
	MsgID   string  `json:"msg_id,omitempty"`  // "0x12", "GNRMC", "location"
	Version string  `json:"version,omitempty"` // which form of the protocol
	Device  string  `json:"device,omitempty"`  // what it calls itself
	Serial  *uint16 `json:"serial,omitempty"`
	Event   string  `json:"event,omitempty"`  // OwnTracks: enter or leave
	Region  string  `json:"region,omitempty"` // and what
	Note    string  `json:"note,omitempty"`   // for people
	Fixes   []Point `json:"fixes"`
}

// Point is a position. What the device does not say is null, or left out below valid.
type Point struct {
	Lat        float64  `json:"lat"`
	Lon        float64  `json:"lon"`
	TimeUTC    *string  `json:"time_utc"`
	SpeedKmh   *float64 `json:"speed_kmh"`
	Course     *float64 `json:"course"`
	AltM       *float64 `json:"alt_m"`
	Valid      bool     `json:"valid"` // the receiver had a fix
	AccuracyM  *float64 `json:"accuracy_m,omitempty"`
	Satellites *float64 `json:"satellites,omitempty"`
	BatteryPct *float64 `json:"battery_pct,omitempty"`
	Ignition   *bool    `json:"ignition,omitempty"`
	Replay     bool     `json:"replay,omitempty"`
	SOS        bool     `json:"sos,omitempty"`
	Mock       bool     `json:"mock,omitempty"`
}

func refused(err error) Message { return Message{Error: err.Error()} }

// fail notes the first error.
func (d *Message) fail(err error) {
	if d.Error == "" && err != nil {
		d.OK, d.Error = false, err.Error()
	}
}

// add lists a fix, with its place to so many decimals, or notes why it cannot be read.
func (d *Message) add(f tracking.RawFix, decimals int) {
	if f.Unread != nil {
		d.fail(errors.New(f.Unread.Detail))
		return
	}
	p := Point{
		Lat: round(f.Lat, decimals), Lon: round(f.Lon, decimals), SpeedKmh: rounded(f.SpeedKmh), Course: rounded(f.HeadingDeg), AltM: rounded(f.AltM),
		Valid: !f.NoFix, AccuracyM: rounded(f.AccuracyM), Replay: f.Replay,
	}
	if !f.FixedAt.IsZero() {
		text := timeText(f.FixedAt)
		p.TimeUTC = &text
	}
	if f.Ignition != tracking.Unsaid {
		on := f.Ignition == tracking.On
		p.Ignition = &on
	}
	if v := f.Vitals; v != nil {
		p.Satellites, p.BatteryPct, p.SOS, p.Mock = rounded(v.Satellites), rounded(v.BatteryPct), v.SOS, v.Mock
	}
	d.Fixes = append(d.Fixes, p)
}

// timeText is RFC 3339 with as many decimals as receivers give: none, two, three or what there is.
func timeText(at time.Time) string {
	layout := "2006-01-02T15:04:05Z"
	switch ns := at.Nanosecond(); {
	case ns == 0:
	case ns%1e7 == 0:
		layout = "2006-01-02T15:04:05.00Z"
	case ns%1e6 == 0:
		layout = "2006-01-02T15:04:05.000Z"
	default:
		layout = time.RFC3339Nano
	}
	return at.UTC().Format(layout)
}

func round(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	if out := math.Round(v*scale) / scale; !math.IsInf(out, 0) {
		return out
	}
	return v
}

func rounded(r tracking.Reading) *float64 {
	return tracking.Reading{Value: round(r.Value, 3), Known: r.Known}.Ptr()
}

// ofGT06 reads the frames in raw: head and serial are those of the first, positions those of all. A frame with a
// wrong checksum is shown as it reads, but not ok.
func ofGT06(raw []byte) Message {
	frames := gt06.Split(raw)
	if _, err := gt06.Parse(raw); err == nil {
		frames = [][]byte{raw}
	}
	if len(frames) == 0 {
		_, err := gt06.Parse(raw)
		return refused(errors.Join(errors.New("no frame of GT06"), err))
	}
	d := Message{OK: true, Version: "gt06"}
	for i, b := range frames {
		f, err := gt06.Parse(b)
		d.fail(err)
		if i == 0 && !errors.Is(err, gt06.ErrShort) {
			d.MsgID, d.Serial = fmt.Sprintf("0x%02x", f.Type), &f.Serial
		}
		if imei, ok := f.IMEI(); ok && d.Device == "" {
			d.Device = imei
		}
		if fix, ok := f.Fix(); ok {
			d.add(fix, 6) // a step of the protocol is 0.6 millionths of a degree
		}
	}
	return d
}

// ofOsmAnd reads the JSON form, an address with its parameters, or the parameters alone.
func ofOsmAnd(text string) Message {
	text = strings.TrimSpace(text)
	d := Message{OK: true, Version: "query"}
	var m osmand.Message
	if strings.HasPrefix(text, "{") {
		d.Version = "json"
		var err error
		if m, err = osmand.JSON([]byte(text), time.Time{}); err != nil {
			return refused(err)
		}
	} else {
		for _, method := range []string{"GET ", "POST "} {
			text = strings.TrimPrefix(text, method)
		}
		text, _, _ = strings.Cut(text, " HTTP/")
		if _, query, ok := strings.Cut(text, "?"); ok {
			text = query
		}
		q, _ := url.ParseQuery(text) // what cannot be read of it is missing
		m = osmand.Query(q, time.Time{})
	}
	d.Device = m.Device
	for _, f := range m.Fixes {
		d.add(f, 7)
	}
	if m.Device == "" {
		d.fail(errors.New("the device does not say who it is (id)"))
	}
	return d
}

func ofOwnTracks(raw []byte, passphrase string) Message {
	m, err := owntracks.Decode(raw, passphrase)
	d := Message{OK: true, MsgID: m.Type, Version: "json", Device: m.Topic, Event: m.Event, Region: m.Region}
	switch {
	case errors.Is(err, owntracks.ErrSealed):
		d.Note = `encrypted: give the passphrase as "key"`
	case err != nil && m.Type == "":
		return refused(err)
	default:
		d.fail(err)
	}
	if m.Encrypted {
		d.MsgID = "encrypted"
		if m.Type != d.MsgID {
			d.Note = "holds a " + m.Type
		}
	}
	for _, f := range m.Fixes {
		d.add(f, 7)
	}
	return d
}

func ofTraccar(raw []byte) Message {
	m, err := traccar.Decode(raw)
	if err != nil {
		return refused(err)
	}
	d := Message{OK: true, Version: "json", Device: m.Device}
	d.add(m.Fix, 7)
	return d
}

// ofNMEA reads the sentences of a text, one a line, as of one receiver: the date of an RMC holds for those after it.
func ofNMEA(text string) Message {
	d := Message{OK: true, Version: "nmea-0183"}
	var r nmea.Reader
	for line := range strings.Lines(text) {
		l, err := r.Read(line)
		d.fail(err)
		if d.MsgID == "" {
			d.MsgID = l.Sentence
		}
		if d.Device == "" {
			d.Device = l.Device
		}
		for _, f := range l.Fixes {
			d.add(f, 7)
		}
	}
	return d
}
