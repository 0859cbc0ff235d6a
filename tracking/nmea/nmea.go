// Package nmea reads NMEA 0183 sentences: what satellite receivers print line by line. RMC, GGA and GLL of any talker
// (GP, GN, BD, GB …) are positions, in WGS-84, with speed in knots and times in UTC; other sentences are taken and left
// alone. Text in, raw fixes out; it opens no sockets.
package nmea

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"jiujin/tracking"
)

// Source is RawFix.Source of what this package reads.
const Source = "nmea"

const kmhPerKnot = 1.852

// ErrChecksum says that a sentence was damaged on its way.
var ErrChecksum = errors.New("the checksum is wrong")

// Line is one line that was read.
type Line struct {
	// Sentence is its name with the talker, such as GNRMC; empty when the line has none.
	Sentence string
	// Device is the identity that the line gives, before the sentence or alone: an IMEI. Empty when it gives none.
	Device string
	Fixes  []tracking.RawFix // one or none
}

// Reader reads the lines of one receiver in the order in which they came. It remembers the date: GGA and GLL have only
// a time of day, which belongs to the date of the last RMC or ZDA, or to the day before or after when midnight lies
// between. The zero Reader knows no date; until it has seen one, fixes of GGA and GLL have a zero FixedAt.
type Reader struct {
	at time.Time // of the last sentence that had a date
}

// Read reads one line, with or without its line end. With ErrChecksum the Line is filled as far as it could be read and
// must not be believed; a missing checksum is let pass. Any other error says that a position sentence has an impossible
// field.
func (r *Reader) Read(line string) (Line, error) {
	line = strings.TrimSpace(line)
	before, sentence, ok := strings.Cut(line, "$")
	if !ok {
		return Line{Device: imei(line)}, nil
	}
	sentence, sum, summed := strings.Cut(sentence, "*")
	sentence = strings.TrimRight(sentence, " ") // some put blanks round the star and do not count them
	fields := strings.Split(sentence, ",")
	out := Line{Sentence: fields[0], Device: imei(before)}
	if name, id, ok := strings.Cut(fields[0], "="); ok {
		out.Sentence, out.Device = name, imei(id)
	} else if out.Device == "" && len(fields[0]) < 5 { // $ID,355826017981316,…
		out.Device = imei(sentence)
	}
	if len(out.Sentence) != 5 {
		fields = nil // not a talker and a kind: nothing that is known
	}
	if summed && !matches(sentence, strings.TrimSpace(sum)) {
		doubtful := *r // which must not learn the date from it
		_ = doubtful.position(&out, fields)
		return out, ErrChecksum
	}
	return out, r.position(&out, fields)
}

// position reads a sentence that has a talker.
func (r *Reader) position(out *Line, fields []string) error {
	if len(fields) == 0 {
		return nil
	}
	s := sentence{fields: fields}
	var fix tracking.RawFix
	var date time.Time
	var clock moment
	switch out.Sentence[2:] {
	case "RMC": // time, status, lat, N, lon, E, knots, course, date
		date, clock, fix = s.date(9), s.clock(1), s.place(3)
		fix.NoFix = s.field(2) != "A"
		fix.SpeedKmh, fix.HeadingDeg = s.reading(7).AtLeast(0).Times(kmhPerKnot), s.reading(8).Within(0, 360)
	case "GGA": // time, lat, N, lon, E, quality, satellites, hdop, altitude, M
		clock, fix = s.clock(1), s.place(2)
		fix.NoFix = s.field(6) == "" || s.field(6) == "0"
		fix.AltM = s.reading(9)
		if n := s.reading(7).AtLeast(0); n.Known {
			fix.Vitals = &tracking.Vitals{Satellites: n}
		}
	case "GLL": // lat, N, lon, E, time, status; the oldest receivers end before the time
		clock, fix = s.clock(5), s.place(1)
		fix.NoFix = len(fields) > 6 && s.field(6) != "A"
	case "ZDA": // time, day, month, year
		date, clock, s.empty = s.date(2, 3, 4), s.clock(1), true
	default:
		return nil
	}
	if s.wrong != "" {
		return fmt.Errorf("%s: %s is impossible", out.Sentence, s.wrong)
	}
	fix.FixedAt = r.join(date, clock)
	if !s.empty {
		fix.Source = Source
		out.Fixes = []tracking.RawFix{fix}
	}
	return nil
}

// moment is a time of day.
type moment struct {
	of    time.Duration // since midnight
	known bool
}

// join is the moment of a sentence, which is remembered: on the given date, or else nearest to the last moment that was
// known. Zero when it cannot be told.
func (r *Reader) join(date time.Time, clock moment) time.Time {
	switch {
	case !clock.known || date.IsZero() && r.at.IsZero():
		return time.Time{}
	case !date.IsZero():
		r.at = date.Add(clock.of)
		return r.at
	}
	at := r.at.Truncate(24 * time.Hour).Add(clock.of)
	switch gap := at.Sub(r.at); {
	case gap > 12*time.Hour:
		at = at.AddDate(0, 0, -1)
	case gap < -12*time.Hour:
		at = at.AddDate(0, 0, 1)
	}
	r.at = at
	return at
}

// sentence is the fields of a sentence while it is read; fields[0] is its name. A field that is missing counts as empty.
type sentence struct {
	fields []string
	empty  bool   // there is no position in it
	wrong  string // the first impossible field
}

func (s *sentence) field(i int) string {
	if i >= len(s.fields) {
		return ""
	}
	return strings.TrimSpace(s.fields[i])
}

func (s *sentence) reading(i int) tracking.Reading { return tracking.ReadText(s.field(i)) }

func (s *sentence) fail(i int, what string) {
	if s.wrong == "" {
		s.wrong = fmt.Sprintf("%s %q", what, s.field(i))
	}
}

// place reads latitude ddmm.mmmm, N or S, longitude dddmm.mmmm, E or W from field i on.
func (s *sentence) place(i int) tracking.RawFix {
	if s.field(i) == "" && s.field(i+2) == "" {
		s.empty = true
		return tracking.RawFix{}
	}
	return tracking.RawFix{Lat: s.degrees(i, 90, "N", "S"), Lon: s.degrees(i+2, 180, "E", "W")}
}

func (s *sentence) degrees(i int, limit float64, plus, minus string) float64 {
	v, err := strconv.ParseFloat(s.field(i), 64)
	if err != nil || !(v >= 0 && v < 100*limit+60) {
		s.fail(i, "coordinate")
		return 0
	}
	whole := math.Floor(v / 100)
	minutes := v - 100*whole
	out := whole + minutes/60
	if minutes >= 60 || out > limit {
		s.fail(i, "coordinate")
	}
	switch s.field(i + 1) {
	case plus:
		return out
	case minus:
		return -out
	}
	s.fail(i+1, "hemisphere")
	return 0
}

// clock reads hhmmss with or without a fraction. Nothing is unknown.
func (s *sentence) clock(i int) moment {
	text := s.field(i)
	if text == "" {
		return moment{}
	}
	whole, fraction, _ := strings.Cut(text, ".")
	at, err := time.Parse("150405", whole)
	if err != nil || len(fraction) > 9 || strings.Trim(fraction, "0123456789") != "" {
		s.fail(i, "time")
		return moment{}
	}
	ns, _ := strconv.Atoi((fraction + "000000000")[:9])
	h, m, sec := at.Clock()
	return moment{time.Duration(h*3600+m*60+sec)*time.Second + time.Duration(ns), true}
}

// date reads ddmmyy, or day, month and year from three fields. Two digits below 80 are of this century. Nothing is no date.
func (s *sentence) date(at ...int) time.Time {
	text, layout := s.field(at[0]), "020106"
	if len(at) == 3 {
		text, layout = s.field(at[0])+s.field(at[1])+s.field(at[2]), "02012006"
	}
	if text == "" {
		return time.Time{}
	}
	day, err := time.Parse(layout, text)
	if err != nil {
		s.fail(at[0], "date")
		return time.Time{}
	}
	if layout == "020106" { // package time turns the century at 69
		switch yy := day.Year() % 100; {
		case yy < 80 && day.Year() < 2000:
			day = day.AddDate(100, 0, 0)
		case yy >= 80 && day.Year() >= 2000:
			day = day.AddDate(-100, 0, 0)
		}
	}
	return day
}

// matches compares the XOR of a sentence's characters with two hexadecimal digits.
func matches(sentence, sum string) bool {
	want, err := strconv.ParseUint(sum, 16, 8)
	if err != nil || len(sum) != 2 {
		return false
	}
	var have byte
	for i := range len(sentence) {
		have ^= sentence[i]
	}
	return have == byte(want)
}

// imei is the first run of exactly 15 digits.
func imei(text string) string {
	for run := range strings.FieldsFuncSeq(text, func(c rune) bool { return c < '0' || c > '9' }) {
		if len(run) == 15 {
			return run
		}
	}
	return ""
}
