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
		if len(b.Reports) > MaxRecords || !q.record(b) {
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

// cut takes the last record back.
func (b *Batch) cut() {
	last := len(b.Reports) - 1
	b.Reports[last] = tracking.Report{}
	b.Reports, b.Devices = b.Reports[:last], b.Devices[:last]
}

// The fields, for the record of those that were there.
const (
	hasTime = 1 << iota
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
)

// record appends one record to b; if it gives up, b is as before.
func (q *quick) record(b *Batch) bool {
	if !q.is('{') {
		return false
	}
	b.Reports = append(b.Reports, tracking.Report{})
	b.Devices = append(b.Devices, nil)
	last := len(b.Reports) - 1
	raw := &b.Reports[last].Raw
	raw.Source = source
	var seen int
	for {
		q.blanks()
		key, ok := q.text()
		if q.blanks(); !ok || !q.is(':') {
			break
		}
		q.blanks()
		field := q.field(key, raw, &b.Devices[last])
		if field == 0 || seen&field != 0 {
			break
		}
		seen |= field
		q.blanks()
		if q.is(',') {
			continue
		}
		if q.is('}') && seen&(hasTime|hasLon|hasLat) == hasTime|hasLon|hasLat {
			return true
		}
		break
	}
	b.cut()
	return false
}

// field reads the value of a field, and says which it was; 0 gives up.
func (q *quick) field(key []byte, raw *tracking.RawFix, device *[]byte) int {
	var field int
	var ok bool
	switch string(key) {
	case "fixed_at":
		field, ok = hasTime, q.time(&raw.FixedAt)
	case "lon":
		field = hasLon
		raw.Lon, ok = q.number()
	case "lat":
		field = hasLat
		raw.Lat, ok = q.number()
	case "alt_m":
		field, ok = hasAlt, q.reading(&raw.AltM)
	case "accuracy_m":
		field, ok = hasAccuracy, q.reading(&raw.AccuracyM)
	case "speed_kmh":
		field, ok = hasSpeed, q.reading(&raw.SpeedKmh)
	case "heading_deg":
		field, ok = hasHeading, q.reading(&raw.HeadingDeg)
	case "ignition":
		field, ok = hasIgnition, q.state(&raw.Ignition)
	case "engaged":
		field, ok = hasEngaged, q.state(&raw.Engaged)
	case "device":
		field = hasDevice
		*device, ok = q.text()
	case "id":
		if _, ok = q.text(); !ok {
			_, ok = q.number()
		}
		field = hasID
	}
	if !ok {
		return 0
	}
	return field
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

// text reads a text; the result is part of the input.
func (q *quick) text() ([]byte, bool) {
	if q.at >= len(q.in) || q.in[q.at] != '"' {
		return nil, false
	}
	for i := q.at + 1; i < len(q.in); i++ {
		switch c := q.in[i]; {
		case c == '"':
			s := q.in[q.at+1 : i]
			q.at = i + 1
			return s, true
		case c < ' ' || c >= 0x7f || c == '\\':
			return nil, false
		}
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
	i, in := q.at, q.in
	negative := i < len(in) && in[i] == '-'
	if negative {
		i++
	}
	start := i
	var whole uint64
	for ; i < len(in) && in[i]-'0' <= 9; i++ {
		whole = whole*10 + uint64(in[i]-'0')
		if i-start > len(tens) {
			return 0, false
		}
	}
	digits, decimals := i-start, 0
	if digits == 0 || digits > 1 && in[start] == '0' {
		return 0, false
	}
	if i < len(in) && in[i] == '.' {
		point := i
		for i++; i < len(in) && in[i]-'0' <= 9; i++ {
			whole = whole*10 + uint64(in[i]-'0')
			if i-start > len(tens) {
				return 0, false
			}
		}
		if decimals = i - point - 1; decimals == 0 {
			return 0, false
		}
	}
	if digits+decimals >= len(tens) || i < len(in) && (in[i] == 'e' || in[i] == 'E') {
		return 0, false
	}
	v := float64(whole) / tens[decimals]
	if negative {
		v = -v
	}
	q.at = i
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
