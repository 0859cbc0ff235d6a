package tracking

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"math"
	"slices"
	"time"

	"jiujin/geo"
)

// A record of the spool holds what one Enter took in: a version, the time of
// receipt, then entries up to its end. Numbers are little endian; "varint" is
// that of encoding/binary; times are microseconds since 1970.
//
//	version  uint8   1
//	received int64
//	entry    uint8   kindFix or kindRefused
//	  fix: flags uint16, source, unit uvarint, device uvarint,
//	       fixed varint (less received), received varint (likewise, by flag),
//	       lon, lat float64, cell uint64, then by flag alt, accuracy, speed, heading float32
//	  refused: unit uvarint, device uvarint, reason, detail, raw (JSON), each uvarint length and bytes
//
// source is an index into sources, or 255 and then length and bytes. A fix takes
// about 55 bytes.
const (
	recordVersion = 1
	recordStart   = 9 // bytes before the first entry
	kindFix       = 1
	kindRefused   = 2
)

// The flags of a fix. Readings are there when their bit is set; the states and
// the doubt are numbers of two bits.
const (
	hasAlt      = 1 << 0
	hasAccuracy = 1 << 1
	hasSpeed    = 1 << 2
	hasHeading  = 1 << 3
	ignitionBit = 4
	engagedBit  = 6
	doubtBit    = 8
	hasReceived = 1 << 10
)

// sources and doubts are written by their place, which therefore never changes.
var (
	sources = [...]string{
		"", "http", "phone", "jt808", "gt06", "osmand", "owntracks", "traccar", "nmea", "test", "demo", "geolocation",
	}
	doubts = [...]Reason{"", Jump, Drift, Frozen}
)

const (
	otherSource  = 255
	refusedBytes = 256 << 10 // of a refused record that are kept
)

// errRecord says that a record does not follow its form although its checksum is right.
var errRecord = errors.New("spool: a record that this version cannot read")

// beginRecord appends the start of a record.
func beginRecord(b []byte, received time.Time) []byte {
	b = append(b, recordVersion)
	return binary.LittleEndian.AppendUint64(b, uint64(received.UnixMicro()))
}

// fixBytes is more than a fix takes, but for a source that has no number.
const fixBytes = 96

// appendFix appends a fix that was received at received or at its own time.
func appendFix(b []byte, f *Fix, received int64) []byte {
	flags := uint16(stateBits(f.Ignition))<<ignitionBit | uint16(stateBits(f.Engaged))<<engagedBit | doubtBits(f.Doubt)<<doubtBit |
		knownBit(&f.AltM)*hasAlt | knownBit(&f.AccuracyM)*hasAccuracy | knownBit(&f.SpeedKmh)*hasSpeed | knownBit(&f.HeadingDeg)*hasHeading
	own := f.ReceivedAt.UnixMicro() - received
	if own != 0 {
		flags |= hasReceived
	}
	b = appendSource(append(b, kindFix, byte(flags), byte(flags>>8)), f.Source)
	b = slices.Grow(b, fixBytes)
	to := b[len(b):cap(b)]
	n := binary.PutUvarint(to, uint64(f.UnitID))
	n += binary.PutUvarint(to[n:], uint64(f.DeviceID))
	n += binary.PutVarint(to[n:], f.FixedAt.UnixMicro()-received)
	if own != 0 {
		n += binary.PutVarint(to[n:], own)
	}
	binary.LittleEndian.PutUint64(to[n:], math.Float64bits(f.Point[0]))
	binary.LittleEndian.PutUint64(to[n+8:], math.Float64bits(f.Point[1]))
	binary.LittleEndian.PutUint64(to[n+16:], uint64(f.Cell))
	n += 24
	n += putReading(to[n:], &f.AltM)
	n += putReading(to[n:], &f.AccuracyM)
	n += putReading(to[n:], &f.SpeedKmh)
	n += putReading(to[n:], &f.HeadingDeg)
	return b[:len(b)+n]
}

// putReading writes a reading, if it is known, and is how many bytes that took.
func putReading(to []byte, r *Reading) int {
	if !r.Known {
		return 0
	}
	binary.LittleEndian.PutUint32(to, math.Float32bits(float32(r.Value)))
	return 4
}

func knownBit(r *Reading) uint16 {
	if r.Known {
		return 1
	}
	return 0
}

func stateBits(s State) uint8 {
	switch s {
	case On:
		return 1
	case Off:
		return 2
	}
	return 0
}

func stateOf(bits uint16) State {
	switch bits & 3 {
	case 1:
		return On
	case 2:
		return Off
	}
	return Unsaid
}

func doubtBits(r Reason) uint16 {
	if r == "" {
		return 0
	}
	for i, d := range doubts {
		if d == r {
			return uint16(i)
		}
	}
	return 0
}

func appendSource(b []byte, source string) []byte {
	for i, s := range sources {
		if s == source {
			return append(b, byte(i))
		}
	}
	return appendText(append(b, otherSource), source)
}

func appendText(b []byte, s string) []byte {
	b = binary.AppendUvarint(b, uint64(len(s)))
	return append(b, s...)
}

// appendRefused appends a fix that was turned down, with the record as it came.
func appendRefused(b []byte, f *Fix, raw *RawFix, why *Refusal) []byte {
	text, err := json.Marshal(record(*raw))
	if err != nil || len(text) > refusedBytes {
		text = []byte(`{"text": "the record is too long to keep or cannot be written as JSON"}`)
	}
	b = append(b, kindRefused)
	b = binary.AppendUvarint(b, uint64(f.UnitID))
	b = binary.AppendUvarint(b, uint64(f.DeviceID))
	b = appendText(b, string(why.Reason))
	b = appendText(b, why.Detail)
	return appendText(b, string(text))
}

// taken is one thing that was taken in. Raw is good until the next is read.
type taken struct {
	refused bool
	fix     Fix // when refused, the ids and the time of receipt
	reason  Reason
	detail  string
	raw     []byte // JSON
	content int32  // of a fix: a hash of what was reported
}

// eachTaken calls visit with every entry of a record. The entry is the same
// each time; visit keeps a copy. An error of visit ends it and is returned.
func eachTaken(payload []byte, visit func(*taken) error) error {
	if len(payload) < recordStart || payload[0] != recordVersion {
		return errRecord
	}
	r := recordReader{b: payload[recordStart:]}
	received := int64(binary.LittleEndian.Uint64(payload[1:]))
	var e taken
	for len(r.b) > 0 {
		switch kind := r.byte(); kind {
		case kindFix:
			r.fix(&e, received)
		case kindRefused:
			r.refusal(&e, received)
		default:
			return errRecord
		}
		if r.bad {
			return errRecord
		}
		if err := visit(&e); err != nil {
			return err
		}
	}
	return nil
}

// recordReader takes a record apart. Once bad, it gives zeros.
type recordReader struct {
	b   []byte
	bad bool
}

func (r *recordReader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return nil
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *recordReader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *recordReader) uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

func (r *recordReader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *recordReader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *recordReader) text() []byte { return r.take(r.uvarint()) }

func (r *recordReader) source() string {
	at := r.byte()
	if at == otherSource {
		return string(r.text())
	}
	if int(at) >= len(sources) {
		r.bad = true
		return ""
	}
	return sources[at]
}

func (r *recordReader) reading(known bool) Reading {
	if !known {
		return Reading{}
	}
	if b := r.take(4); b != nil {
		return Read(float64(math.Float32frombits(binary.LittleEndian.Uint32(b))))
	}
	return Reading{}
}

func (r *recordReader) fix(e *taken, received int64) {
	flags := uint16(r.byte()) | uint16(r.byte())<<8
	f := Fix{
		Ignition: stateOf(flags >> ignitionBit), Engaged: stateOf(flags >> engagedBit),
		Doubt: doubts[flags>>doubtBit&3], Source: r.source(),
	}
	f.UnitID, f.DeviceID = int64(r.uvarint()), int64(r.uvarint())
	f.FixedAt = micro(received + r.varint())
	if flags&hasReceived != 0 {
		f.ReceivedAt = micro(received + r.varint())
	} else {
		f.ReceivedAt = micro(received)
	}
	said := r.b
	f.Point[0], f.Point[1] = math.Float64frombits(r.uint64()), math.Float64frombits(r.uint64())
	f.Cell = geo.Cell(r.uint64())
	f.AltM, f.AccuracyM = r.reading(flags&hasAlt != 0), r.reading(flags&hasAccuracy != 0)
	f.SpeedKmh, f.HeadingDeg = r.reading(flags&hasSpeed != 0), r.reading(flags&hasHeading != 0)
	sum := crc32.Checksum(said[:len(said)-len(r.b)], castagnoli)
	*e = taken{fix: f, content: int32(crc32.Update(sum, castagnoli, []byte{byte(flags)}))}
}

func (r *recordReader) refusal(e *taken, received int64) {
	*e = taken{refused: true}
	e.fix.UnitID, e.fix.DeviceID = int64(r.uvarint()), int64(r.uvarint())
	e.fix.ReceivedAt = micro(received)
	e.reason, e.detail = Reason(r.text()), string(r.text())
	e.raw = r.text()
}

func micro(t int64) time.Time { return time.UnixMicro(t).UTC() }
