package jt808

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
)

// LocationReply is the answer to AskLocation.
type LocationReply struct {
	Serial   uint16   `json:"serial"` // of the question
	Location Location `json:"location"`
}

// ControlReply is the answer to a control of the vehicle, with the state after it.
type ControlReply struct {
	Serial   uint16   `json:"serial"` // of the control
	Location Location `json:"location"`
}

// Batch are several locations in one message, in any order, some perhaps sent before.
type Batch struct {
	Replay    bool       `json:"replay"` // stored out of coverage
	Count     int        `json:"count"`  // as announced; Locations are what was found
	Locations []Location `json:"locations"`
	// Damaged is the number of items that are no location; they cost the others nothing.
	Damaged  int `json:"damaged"`
	Trailing Hex `json:"trailing"` // what runs past the end
}

func parseBatch(r *reader) Batch {
	m := Batch{Count: int(r.u16()), Replay: r.u8() == 1}
	for len(r.b) >= 2 {
		n := int(binary.BigEndian.Uint16(r.b))
		if n > len(r.b)-2 {
			break
		}
		r.take(2)
		m.add(r.take(n))
	}
	m.Trailing = r.rest()
	// The last item may be cut off by the end and still hold its position.
	if len(m.Trailing) >= 2+fixedLocation && len(m.Locations)+m.Damaged == m.Count-1 {
		m.add(m.Trailing[2:])
	}
	return m
}

func (m *Batch) add(body []byte) {
	l, err := DecodeLocation(body)
	if err != nil {
		m.Damaged++
		return
	}
	m.Locations = append(m.Locations, l)
}

func (m Batch) appendTo(w *writer) {
	w.count16("locations", len(m.Locations))
	kind := uint8(0)
	if m.Replay {
		kind = 1
	}
	w.u8(kind)
	for _, l := range m.Locations {
		w.count16("bytes of a location", fixedLocation+len(l.TLV))
		l.appendTo(w)
	}
}

// ShortBatch is a vendor's batch: locations with one byte of length each, or the state of the battery.
type ShortBatch struct {
	Battery   Hex        `json:"battery"` // the whole body when it holds no location: percent, then a time
	Locations []Location `json:"locations"`
}

func parseShortBatch(r *reader) ShortBatch {
	body := r.rest()
	var m ShortBatch
	for b := body; len(b) > 0; {
		n := int(b[0])
		if n > len(b)-1 {
			break
		}
		if l, err := DecodeLocation(b[1 : 1+n]); err == nil {
			m.Locations = append(m.Locations, l)
		}
		b = b[1+n:]
	}
	if len(m.Locations) == 0 {
		m.Battery = body
	}
	return m
}

// BatteryPct is the charge that the state of the battery begins with; false when there is none.
func (m ShortBatch) BatteryPct() (int, bool) {
	if len(m.Battery) == 0 || m.Battery[0] > 100 {
		return 0, false
	}
	return int(m.Battery[0]), true
}

func (m ShortBatch) appendTo(w *writer) {
	w.bytes(m.Battery)
	for _, l := range m.Locations {
		w.count("bytes of a location", fixedLocation+len(l.TLV))
		l.appendTo(w)
	}
}

// Compressed is a message under gzip.
type Compressed struct {
	Length uint32 `json:"length"` // of Data, as announced
	Data   Hex    `json:"data"`
}

const (
	maxUnpacked = 64 << 10
	maxRatio    = 100
)

// Unpack is the message inside. The standard does not say what it is; header and body without checksum and escapes are
// understood. The error wraps ErrBody, also when it would be longer than 64 KiB or 100 times the packed bytes.
func (m Compressed) Unpack() (Frame, error) {
	z, err := gzip.NewReader(bytes.NewReader(m.Data))
	if err != nil {
		return Frame{}, fmt.Errorf("%w: %w", ErrBody, err)
	}
	limit := min(maxUnpacked, maxRatio*len(m.Data))
	plain, err := io.ReadAll(io.LimitReader(z, int64(limit)+1))
	switch {
	case err != nil:
		return Frame{}, fmt.Errorf("%w: %w", ErrBody, err)
	case len(plain) > limit:
		return Frame{}, fmt.Errorf("%w: unpacks to more than %d bytes", ErrBody, limit)
	case len(plain) < 12:
		return Frame{}, fmt.Errorf("%w: unpacks to %d bytes, a header has 12", ErrBody, len(plain))
	}
	f, err := decodeHeader(plain)
	if err != nil {
		return Frame{}, fmt.Errorf("%w: %w", ErrBody, err)
	}
	return f, nil
}

func (m Compressed) appendTo(w *writer) {
	w.u32(m.Length)
	w.bytes(m.Data)
}

// Transparent is data of somebody else, passed through: up (0x0900) or down (0x8900).
type Transparent struct {
	Up   bool  `json:"up"`
	Type uint8 `json:"type"`
	Data Hex   `json:"data"`
}

func (m Transparent) appendTo(w *writer) {
	w.u8(m.Type)
	w.bytes(m.Data)
}

func (m LocationReply) appendTo(w *writer) {
	w.u16(m.Serial)
	m.Location.appendTo(w)
}

func (m ControlReply) appendTo(w *writer) {
	w.u16(m.Serial)
	m.Location.appendTo(w)
}

// ID is the kind of message.
func (LocationReply) ID() ID { return IDLocationReply }

// ID is the kind of message.
func (ControlReply) ID() ID { return IDControlReply }

// ID is the kind of message.
func (Batch) ID() ID { return IDBatch }

// ID is the kind of message.
func (ShortBatch) ID() ID { return IDShortBatch }

// ID is the kind of message.
func (Compressed) ID() ID { return IDCompressed }

// ID is the kind of message.
func (m Transparent) ID() ID {
	if m.Up {
		return IDTransparentUp
	}
	return IDTransparent
}
