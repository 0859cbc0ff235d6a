package jt808

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Description is what a frame says, for people.
type Description struct {
	OK    bool   `json:"ok"`
	Error string `json:"error,omitempty"`  // why it is refused
	MsgID string `json:"msg_id,omitempty"` // "0x0200"
	// Version is "2011", "2013" or "2019". Only a registration, a driver's card and a picture tell 2011 from 2013; all
	// other frames with that header are "2013".
	Version string `json:"version,omitempty"`
	// Phone is that of the header as it travels, without leading zeros. IMEI is what it stands for when it is a binary
	// number; then it is Header.Phone.
	Phone   string  `json:"phone,omitempty"`
	IMEI    string  `json:"imei,omitempty"`
	Serial  *uint16 `json:"serial,omitempty"`
	Part    string  `json:"part,omitempty"`     // "2/5" of a long message
	ReplyTo *uint16 `json:"reply_to,omitempty"` // serial of the message that it answers
	ReplyID string  `json:"reply_id,omitempty"` // and its kind, where a reply says it
	// Fixes are the locations in it, never nil.
	Fixes []Position `json:"fixes"`
	Body  Message    `json:"body,omitempty"` // nil when it cannot be read
}

// Position is one location of a frame, nothing of it judged.
type Position struct {
	Lat      float64    `json:"lat"`
	Lon      float64    `json:"lon"`
	TimeUTC  *time.Time `json:"time_utc"` // null when the digits are no time
	SpeedKmh float64    `json:"speed_kmh"`
	Course   float64    `json:"course"`
	AltM     float64    `json:"alt_m"`
	Valid    bool       `json:"valid"`                 // the receiver had a fix
	Datum    string     `json:"datum_doubt,omitempty"` // "gcj02?" when the coordinates went through the secrecy plug-in
}

// Describe reads a frame as captured, with or without its flags. It changes nothing of it. A frame that Decode or
// Message refuses is not OK; for the eyes of whoever looks for the fault, what can be made of it is told all the same.
// Of several frames in a row it tells the first good one, and the fixes of all good ones; of bytes between frames
// nothing. The second result is the frame that is told; it is zero when there is none.
func Describe(captured []byte) (Description, Frame) {
	chunks := bytes.FieldsFunc(captured, func(r rune) bool { return r == flag })
	if len(chunks) < 2 {
		return describe(captured)
	}
	told, frame := describe(chunks[0])
	for _, chunk := range chunks[1:] {
		d, f := describe(chunk)
		switch {
		case d.OK && told.OK:
			told.Fixes = append(told.Fixes, d.Fixes...)
		case d.OK, told.MsgID == "":
			told, frame = d, f
		}
	}
	return told, frame
}

func describe(captured []byte) (Description, Frame) {
	d := Description{Fixes: []Position{}}
	f, err := Decode(slices.Clone(captured))
	if err != nil {
		d.Error = err.Error()
		var some bool
		if f, some = guess(slices.Clone(captured)); !some {
			return d, Frame{}
		}
	}
	d.header(f)
	m, broken := f.Message()
	switch {
	case err == nil && broken != nil:
		d.Error = broken.Error()
	case broken == nil:
		d.Body = m
		d.body(m)
	}
	d.OK = err == nil && broken == nil
	return d, f
}

// guess reads a frame that was refused: whatever its checksum, or with all that follows the header as its body.
func guess(chunk []byte) (Frame, bool) {
	b, err := unescape(trimFlags(chunk))
	if err != nil || len(b) < 13 {
		return Frame{}, false
	}
	b = b[:len(b)-1]
	if f, err := decodeHeader(b); err == nil {
		return f, true
	}
	f := Frame{ID: ID(binary.BigEndian.Uint16(b)), Serial: binary.BigEndian.Uint16(b[10:]), Body: b[12:]}
	if b[2]&(attrVersion>>8) != 0 && b[4] == 1 && len(b) >= 17 {
		f.Form, f.VersionByte, f.Serial, f.Body = Form2019, 1, binary.BigEndian.Uint16(b[15:]), b[17:]
		copy(f.phone[:], b[5:15])
	} else {
		copy(f.phone[:], b[4:10])
	}
	return f, true
}

func (d *Description) header(f Frame) {
	d.MsgID, d.Phone, d.Serial = f.ID.String(), strings.TrimLeft(f.RawPhone(), "0"), &f.Serial
	if phone := f.Phone(); phone != d.Phone && d.Phone != "" {
		d.IMEI = phone
	}
	d.Version = strconv.Itoa(int(f.Edition()))
	if f.Parts != 0 || f.Part != 0 {
		d.Part = fmt.Sprintf("%d/%d", f.Part, f.Parts)
	}
}

func (d *Description) body(m Message) {
	switch m := m.(type) {
	case Register:
		d.Version = strconv.Itoa(int(m.Edition))
	case Driver:
		d.Version = strconv.Itoa(int(m.Edition))
	case Media:
		if m.Parts > 0 {
			d.Version = strconv.Itoa(int(Edition2011))
		}
	case Compressed:
		if inner, err := m.Unpack(); err == nil {
			if message, err := inner.Message(); err == nil {
				d.body(message)
			}
		}
	}
	if serial, id, ok := Answers(m); ok {
		d.ReplyTo = &serial
		if id != 0 {
			d.ReplyID = id.String()
		}
	}
	for _, l := range Locations(m) {
		d.Fixes = append(d.Fixes, positionOf(l))
	}
}

func positionOf(l Location) Position {
	p := Position{
		Lat: l.Lat(), Lon: l.Lon(), SpeedKmh: float64(l.Speed) / 10, Course: float64(l.Course), AltM: float64(l.AltM),
		Valid: l.Fixed(),
	}
	if t, ok := l.Clock.Time(); ok {
		p.TimeUTC = &t
	}
	if l.Encrypted() {
		p.Datum = "gcj02?"
	}
	return p
}

// Answers says which message of the other side m answers: its serial, and its kind where m tells (else zero). ok is
// false when m answers nothing.
func Answers(m Message) (serial uint16, id ID, ok bool) {
	switch m := m.(type) {
	case TerminalReply:
		return m.Serial, m.To, true
	case PlatformReply:
		return m.Serial, m.To, true
	case RegisterReply:
		return m.Serial, IDRegister, true
	case Params:
		return m.Serial, 0, true
	case LocationReply:
		return m.Serial, IDAskLocation, true
	case ControlReply:
		return m.Serial, IDVehicleControl, true
	case Choice:
		return m.Serial, IDQuestion, true
	case PhotoReply:
		return m.Serial, IDPhoto, true
	}
	return 0, 0, false
}

// Locations are those in m, in order; none in most messages. That of a Media is where it was made.
func Locations(m Message) []Location {
	switch m := m.(type) {
	case Location:
		return []Location{m}
	case LocationReply:
		return []Location{m.Location}
	case ControlReply:
		return []Location{m.Location}
	case Batch:
		return m.Locations
	case ShortBatch:
		return m.Locations
	case Media:
		return []Location{m.Location}
	}
	return nil
}

// MarshalJSON writes the location with its items by name.
func (l Location) MarshalJSON() ([]byte, error) {
	items := []map[string]any{}
	for item := range l.Items() {
		name, value := item.Named()
		items = append(items, map[string]any{"id": fmt.Sprintf("0x%02x", item.ID), name: value})
	}
	return json.Marshal(struct {
		Position
		Alarm    string           `json:"alarm"`
		Status   string           `json:"status"`
		Clock    Clock            `json:"clock"`
		Items    []map[string]any `json:"items"`
		Trailing Hex              `json:"trailing,omitempty"`
	}{positionOf(l), fmt.Sprintf("0x%08x", l.Alarm), fmt.Sprintf("0x%08x", l.Status), l.Clock, items, l.Trailing()})
}
