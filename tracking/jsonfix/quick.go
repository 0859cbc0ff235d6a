package jsonfix

import (
	"bytes"
	"time"

	"jiujin/tracking"
)

// quick reads the usual form of a record: the known fields with their exact
// names, each at most once, plain numbers, texts of ASCII without escapes. It
// gives up at anything else, whether it is wrong or only unusual. It does not
// allocate.
type quick struct {
	in []byte
	at int
}

// quickLine reads a line that is one record, and says whether it could.
func (b *Batch) quickLine(line []byte) bool {
	q := quick{in: line}
	if !q.record(b) {
		return false
	}
	if q.blanks(); q.at == len(line) {
		return true
	}
	b.cut()
	return false
}

// quickArray reads an array of records, and says whether it could; if not, b holds part of them.
func (b *Batch) quickArray(body []byte) bool {
	q := quick{in: body, at: 1}
	for first := true; ; first = false {
		q.blanks()
		if first && q.is(']') {
			break
		}
		if len(b.Reports) > MaxRecords || !q.again(b) && !q.record(b) {
			return false
		}
		q.blanks()
		if q.is(']') {
			break
		}
		if !q.is(',') {
			return false
		}
	}
	return q.at == len(body) && len(b.Reports) <= MaxRecords
}

// extend appends an empty record; what it returns is good until the next.
func (b *Batch) extend() (raw *tracking.RawFix, device *[]byte) {
	b.Reports = append(b.Reports, tracking.Report{})
	b.Devices = append(b.Devices, nil)
	last := len(b.Reports) - 1
	raw = &b.Reports[last].Raw
	raw.Source = source
	return raw, &b.Devices[last]
}

// cut takes the last record back.
func (b *Batch) cut() {
	last := len(b.Reports) - 1
	b.Reports[last] = tracking.Report{}
	b.Reports, b.Devices = b.Reports[:last], b.Devices[:last]
}

// field is a field of a record, or several.
type field int

// The fields.
const (
	hasTime field = 1 << iota
	hasLon
	hasLat
	hasAlt
	hasAccuracy
	hasSpeed
	hasHeading
	hasIgnition
	hasEngaged
	hasDevice
	hasID

	fieldCount = iota
)

// record appends one record to b and notes its shape; if it gives up, b is as before.
func (q *quick) record(b *Batch) bool {
	b.shape.fields = 0
	if q.at >= len(q.in) || q.in[q.at] != '{' {
		return false
	}
	from := q.at // of what stands before the next value
	q.at++
	raw, device := b.extend()
	var seen field
	for n := 0; ; n++ {
		q.blanks()
		key, ok := q.text()
		if q.blanks(); !ok || !q.is(':') {
			break
		}
		q.blanks()
		f := fieldOf(key)
		if f == 0 || seen&f != 0 {
			break
		}
		b.shape.of[n], b.shape.before[n] = f, q.in[from:q.at]
		if !q.value(f, raw, device) {
			break
		}
		seen, from = seen|f, q.at
		q.blanks()
		if q.is(',') {
			continue
		}
		if q.is('}') && seen&(hasTime|hasLon|hasLat) == hasTime|hasLon|hasLat {
			b.shape.fields, b.shape.end = n+1, q.in[from:q.at]
			return true
		}
		break
	}
	b.cut()
	return false
}

// fieldOf is the field with a name; 0 when there is none.
func fieldOf(key []byte) field {
	switch string(key) {
	case "fixed_at":
		return hasTime
	case "lon":
		return hasLon
	case "lat":
		return hasLat
	case "alt_m":
		return hasAlt
	case "accuracy_m":
		return hasAccuracy
	case "speed_kmh":
		return hasSpeed
	case "heading_deg":
		return hasHeading
	case "ignition":
		return hasIgnition
	case "engaged":
		return hasEngaged
	case "device":
		return hasDevice
	case "id":
		return hasID
	}
	return 0
}

// value reads the value of a field; false gives up.
func (q *quick) value(f field, raw *tracking.RawFix, device *[]byte) (ok bool) {
	switch f {
	case hasTime:
		return q.time(&raw.FixedAt)
	case hasLon:
		raw.Lon, ok = q.number()
	case hasLat:
		raw.Lat, ok = q.number()
	case hasAlt:
		return q.reading(&raw.AltM)
	case hasAccuracy:
		return q.reading(&raw.AccuracyM)
	case hasSpeed:
		return q.reading(&raw.SpeedKmh)
	case hasHeading:
		return q.reading(&raw.HeadingDeg)
	case hasIgnition:
		return q.state(&raw.Ignition)
	case hasEngaged:
		return q.state(&raw.Engaged)
	case hasDevice:
		*device, ok = q.text()
	case hasID:
		if _, ok = q.text(); !ok {
			_, ok = q.number()
		}
	}
	return ok
}

// blanks skips what JSON calls white space.
func (q *quick) blanks() {
	for q.at < len(q.in) {
		switch q.in[q.at] {
		case ' ', '\t', '\r', '\n':
			q.at++
		default:
			return
		}
	}
}

// is skips one byte if it is c.
func (q *quick) is(c byte) bool {
	if q.at < len(q.in) && q.in[q.at] == c {
		q.at++
		return true
	}
	return false
}

// word skips a word of JSON.
func (q *quick) word(w string) bool {
	if len(q.in)-q.at >= len(w) && string(q.in[q.at:q.at+len(w)]) == w {
		q.at += len(w)
		return true
	}
	return false
}

// plain are the bytes that stand for themselves in a text.
var plain = func() (t [256]bool) {
	for c := ' '; c < 0x7f; c++ {
		t[c] = c != '"' && c != '\\'
	}
	return t
}()

// text reads a text; the result is part of the input.
func (q *quick) text() ([]byte, bool) {
	if q.at >= len(q.in) || q.in[q.at] != '"' {
		return nil, false
	}
	in := q.in[q.at+1:]
	for i, c := range in {
		if plain[c] {
			continue
		}
		if c != '"' {
			break
		}
		q.at += i + 2
		return in[:i], true
	}
	return nil, false
}

func (q *quick) reading(r *tracking.Reading) bool {
	if q.word("null") {
		return true
	}
	v, ok := q.number()
	*r = tracking.Read(v)
	return ok
}

func (q *quick) state(s *tracking.State) bool {
	switch {
	case q.word("true"):
		*s = tracking.On
	case q.word("false"):
		*s = tracking.Off
	default:
		return q.word("null")
	}
	return true
}

// tens are the powers of ten that a float64 holds exactly.
var tens = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15}

// number reads a number of at most 15 digits without an exponent: the quotient
// of two numbers that are exact is the nearest float64, as strconv has it.
func (q *quick) number() (float64, bool) {
	in := q.in[q.at:]
	in = in[:min(len(in), len(tens)+2)] // a sign, a point and what follows
	i := 0
	negative := len(in) > 0 && in[0] == '-'
	if negative {
		i++
	}
	start := i
	var whole uint64
	for ; i < len(in) && in[i]-'0' <= 9; i++ {
		whole = whole*10 + uint64(in[i]-'0')
	}
	digits, decimals := i-start, 0
	if digits == 0 || digits > 1 && in[start] == '0' {
		return 0, false
	}
	if i < len(in) && in[i] == '.' {
		point := i
		for i++; i < len(in) && in[i]-'0' <= 9; i++ {
			whole = whole*10 + uint64(in[i]-'0')
		}
		if decimals = i - point - 1; decimals == 0 {
			return 0, false
		}
	}
	if digits+decimals >= len(tens) || i < len(in) && (in[i] == 'e' || in[i] == 'E') {
		return 0, false
	}
	v := float64(whole)
	if decimals > 0 {
		v /= tens[decimals]
	}
	if negative {
		v = -v
	}
	q.at += i
	return v, true
}

func (q *quick) time(at *time.Time) bool {
	if text, ok := q.text(); ok {
		if err := at.UnmarshalText(text); err != nil || bytes.IndexByte(text, ',') >= 0 {
			return false
		}
		*at = at.UTC()
		return true
	}
	ms, ok := q.number()
	if !ok || !plausible(ms) {
		return false
	}
	*at = time.UnixMilli(int64(ms)).UTC()
	return true
}
