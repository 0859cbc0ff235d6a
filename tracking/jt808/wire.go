package jt808

import (
	"encoding/binary"
	"fmt"
	"time"
)

// reader takes a body apart. After the first read past the end it is short and gives zeros; nobody has to check in
// between.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if n > len(r.b) {
		r.short, r.b = true, nil
	}
	if n == 0 || r.short {
		return nil
	}
	taken := r.b[:n:n]
	r.b = r.b[n:]
	return taken
}

func (r *reader) u8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return binary.BigEndian.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) rest() []byte { return r.take(len(r.b)) }

func (r *reader) text(n int) string { return decodeText(r.take(n)) }
func (r *reader) text8() string     { return r.text(int(r.u8())) }
func (r *reader) text16() string    { return r.text(int(r.u16())) }

func (r *reader) digits(n int) BCD { return BCD(hexDigits(r.take(n))) }

func (r *reader) clock() Clock {
	var c Clock
	copy(c[:], r.take(len(c)))
	return c
}

// writer builds a body. It remembers the first thing that does not fit.
type writer struct {
	b       []byte
	edition Edition
	err     error
}

func (w *writer) bytes(b []byte) { w.b = append(w.b, b...) }
func (w *writer) u8(v uint8)     { w.b = append(w.b, v) }
func (w *writer) u16(v uint16)   { w.b = binary.BigEndian.AppendUint16(w.b, v) }
func (w *writer) u32(v uint32)   { w.b = binary.BigEndian.AppendUint32(w.b, v) }

func (w *writer) fail(what string, n, limit int) {
	if w.err == nil {
		w.err = fmt.Errorf("%s: %d, at most %d", what, n, limit)
	}
}

// count writes the number of items as a byte.
func (w *writer) count(what string, n int) {
	if n > 0xff {
		w.fail("number of "+what, n, 0xff)
	}
	w.u8(uint8(n))
}

func (w *writer) count16(what string, n int) {
	if n > 0xffff {
		w.fail("number of "+what, n, 0xffff)
	}
	w.u16(uint16(n))
}

func (w *writer) text(s string) { w.b, _ = AppendText(w.b, s) }

// fixed writes a text into n bytes, filled with 0x00 behind.
func (w *writer) fixed(what, s string, n int) {
	from := len(w.b)
	w.text(s)
	if long := len(w.b) - from; long > n {
		w.fail("bytes of "+what, long, n)
		w.b = w.b[:from+n]
	}
	for len(w.b) < from+n {
		w.b = append(w.b, 0)
	}
}

func (w *writer) raw8(what string, b []byte) {
	w.count("bytes of "+what, len(b))
	w.bytes(b)
}

func (w *writer) text8(what, s string) {
	b, _ := AppendText(nil, s)
	w.raw8(what, b)
}

func (w *writer) text16(what, s string) {
	b, _ := AppendText(nil, s)
	w.count16("bytes of "+what, len(b))
	w.bytes(b)
}

// digits writes n bytes of BCD, filled with zeros in front.
func (w *writer) digits(what string, d BCD, n int) {
	b, ok := d.pack(n)
	if !ok && w.err == nil {
		w.err = fmt.Errorf("%s: %q is not at most %d digits", what, string(d), 2*n)
	}
	w.bytes(b)
}

// BCD are digits, one to four bits. What is no decimal digit on the wire is a letter from a to f.
type BCD string

func hexDigits(b []byte) string { return fmt.Sprintf("%x", b) }

func (d BCD) pack(n int) ([]byte, bool) {
	out := make([]byte, n)
	if len(d) > 2*n {
		return out, false
	}
	for i := range len(d) {
		var v byte
		switch c := d[len(d)-1-i]; {
		case c >= '0' && c <= '9':
			v = c - '0'
		case c >= 'a' && c <= 'f':
			v = c - 'a' + 10
		default:
			return out, false
		}
		out[n-1-i/2] |= v << (4 * (i % 2))
	}
	return out, true
}

// Clock is a time as terminals write it: YYMMDDhhmmss in BCD, of the years 2000 to 2099, in GMT+8 all the year.
type Clock [6]byte

// offset is that of a Clock from UTC. It is fixed; the zone of the host does not matter.
const offset = 8 * time.Hour

// Time is the moment in UTC; false when the digits are no time (a terminal without a clock sends zeros).
func (c Clock) Time() (time.Time, bool) { return c.in(offset) }

func (c Clock) in(ahead time.Duration) (time.Time, bool) {
	var v [6]int
	for i, b := range c {
		if b>>4 > 9 || b&0xf > 9 {
			return time.Time{}, false
		}
		v[i] = int(b>>4)*10 + int(b&0xf)
	}
	month, day := v[1], v[2]
	if month < 1 || month > 12 || day < 1 || day > daysIn(v[0], month) || v[3] > 23 || v[4] > 59 || v[5] > 59 {
		return time.Time{}, false
	}
	days := v[0]*365 + (v[0]+3)/4 + dayOfYear(v[0], month) + day - 1
	seconds := int64(days*86_400 + v[3]*3600 + v[4]*60 + v[5])
	return time.Unix(year2000+seconds-int64(ahead/time.Second), 0).UTC(), true
}

// year2000 is its first second in UTC, counted from 1970. From 2000 to 2099 every fourth year is a leap year.
const year2000 = 946_684_800

// dayOfYear is the number of days before the month.
func dayOfYear(year, month int) int {
	before := [...]int{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365}
	n := before[month-1]
	if year%4 == 0 && month > 2 {
		n++
	}
	return n
}

func daysIn(year, month int) int {
	if month == 12 {
		return 31
	}
	return dayOfYear(year, month+1) - dayOfYear(year, month)
}

// ClockOf is the inverse of Time, to the second. The year must be from 2000 to 2099 in GMT+8.
func ClockOf(t time.Time) Clock { return clockIn(t, offset) }

func clockIn(t time.Time, ahead time.Duration) Clock {
	t = t.UTC().Add(ahead)
	hour, minute, second := t.Clock()
	var c Clock
	for i, v := range [6]int{t.Year() % 100, int(t.Month()), t.Day(), hour, minute, second} {
		c[i] = byte(v/10<<4 | v%10)
	}
	return c
}

func (c Clock) String() string { return hexDigits(c[:]) }

// MarshalText writes the digits as they travel.
func (c Clock) MarshalText() ([]byte, error) { return []byte(c.String()), nil }
