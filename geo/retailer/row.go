package retailer

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/geo/zh"
)

const (
	maxName    = 200 // characters; also of the operator
	maxAddress = 500
)

// rowReader makes retailers out of records.
type rowReader struct {
	columns columns
	width   int // columns of the first line
	text    *decoder
	datum   datum.Datum
	region  orb.Bound // the zero Bound means the whole Earth
	today   time.Time // 00:00 UTC of today's date in China
}

// row is one record while it is read; problems gather.
type row struct {
	values   map[string]string
	problems []Problem
	warnings []Problem
}

// read makes a retailer out of rec. It is stored only when there are no
// problems; warnings do not hinder.
func (r rowReader) read(rec record) (Retailer, []Problem, []Problem) {
	if rec.err != nil {
		code := "quote"
		if errors.Is(rec.err, errLongLine) {
			code = "long_line"
		}
		return Retailer{}, []Problem{{Row: rec.line, Code: code, Message: rec.err.Error()}}, nil
	}
	w := row{values: make(map[string]string, len(r.columns))}
	for field, at := range r.columns {
		if at >= len(rec.fields) {
			continue // a short record lacks its last fields
		}
		s, err := r.text.text(rec.fields[at])
		if err != nil {
			w.problem(field, "encoding", err)
		}
		w.values[field] = s
	}
	if len(rec.fields) < r.width {
		message := fmt.Sprintf("the row has %d columns, the headings are %d", len(rec.fields), r.width)
		w.warnings = append(w.warnings, Problem{Code: "short_row", Message: message})
	}
	var out Retailer
	if len(w.problems) == 0 {
		out = r.retailer(&w)
	}
	for _, list := range [][]Problem{w.problems, w.warnings} {
		for i := range list {
			list[i].Row = rec.line
		}
	}
	return out, w.problems, w.warnings
}

func (r rowReader) retailer(w *row) Retailer {
	out := Retailer{
		LicenceNo:    r.licence(w),
		Name:         w.limited("name", maxName),
		Operator:     w.limited("operator", maxName),
		Address:      w.limited("address", maxAddress),
		PhoneTail:    phoneTail(w.values["phone"]),
		DivisionCode: w.division(),
		ValidFrom:    w.date("valid_from"),
		ValidTo:      w.date("valid_to"),
		SourceDatum:  r.datum,
	}
	if out.Name == "" && len(w.problems) == 0 {
		w.problem("name", "missing", errors.New("the name is missing"))
	}
	if s := w.values["business_form"]; s != "" {
		form, err := ParseForm(s)
		w.check("business_form", "unknown", err)
		out.Form = form
	}
	out.Status = r.status(w, out.ValidTo)
	out.Point = r.point(w)
	return out
}

func (r rowReader) licence(w *row) LicenceNo {
	no, err := ParseLicenceNo(w.values["licence_no"])
	w.check("licence_no", "licence_no", err)
	if err == nil && no.Holder() == UnknownHolder {
		w.warnings = append(w.warnings, w.about("licence_no", "holder", "the seventh digit names no known kind of holder"))
	}
	return no
}

// status is the status of the list; without one a licence is valid until its
// last day has passed.
func (r rowReader) status(w *row, validTo time.Time) Status {
	if s := w.values["status"]; s != "" {
		status, err := ParseStatus(s)
		w.check("status", "unknown", err)
		return status
	}
	if !validTo.IsZero() && validTo.Before(r.today) {
		return Expired
	}
	return Valid
}

// point is nil when both coordinates are blank.
func (r rowReader) point(w *row) *orb.Point {
	if w.values["lon"] == "" && w.values["lat"] == "" {
		return nil
	}
	before := len(w.problems)
	p := orb.Point{w.coordinate("lon", 180), w.coordinate("lat", 90)}
	if len(w.problems) > before {
		return nil
	}
	if err := geo.ValidPoint(p); err != nil {
		w.problem("lon", "no_place", err)
		return nil
	}
	converted, err := datum.ToWGS84(r.datum, p)
	if err != nil {
		w.problem("lon", "datum", err)
		return nil
	}
	if !r.region.IsZero() && !r.region.Contains(converted) {
		hint := ""
		if r.region.Contains(orb.Point{converted[1], converted[0]}) {
			hint = "; are longitude and latitude swapped?"
		}
		w.problem("lon", "out_of_region", fmt.Errorf("%.5f,%.5f is outside the service's region%s", p[0], p[1], hint))
		return nil
	}
	return &converted
}

func (w *row) coordinate(field string, limit float64) float64 {
	s := w.values[field]
	v, err := strconv.ParseFloat(strings.Map(zh.HalfWidth, s), 64)
	switch {
	case s == "":
		w.problem(field, "missing", errors.New("one coordinate is given without the other"))
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		w.problem(field, "number", errors.New("not a number of degrees"))
	case math.Abs(v) > limit:
		hint := ""
		if limit == 90 && v <= 180 {
			hint = "; are longitude and latitude swapped?"
		}
		w.problem(field, "range", fmt.Errorf("not between %v and %v degrees%s", -limit, limit, hint))
	}
	return v
}

func (w *row) limited(field string, limit int) string {
	s := strings.Join(strings.Fields(w.values[field]), " ") // no line breaks
	if n := utf8.RuneCountInString(s); n > limit {
		w.problem(field, "too_long", fmt.Errorf("%d characters; the limit is %d", n, limit))
	}
	return s
}

func (w *row) division() string {
	s := w.values["division_code"]
	if s != "" && (!digits(s) || len(s) > 12) {
		w.problem("division_code", "division_code", errors.New("a division code has up to 12 digits"))
	}
	return s
}

// date reads a day; the zero time when blank or without end.
func (w *row) date(field string) time.Time {
	s := w.values[field]
	if _, end, ok := strings.Cut(s, "至"); ok { // 2021-01-01至2026-01-01
		s = strings.TrimSpace(end)
	}
	if s == "" || s == "长期" {
		return time.Time{}
	}
	day, err := parseDay(s)
	w.check(field, "date", err)
	return day
}

var errDate = errors.New("not a date; use 2026-11-22")

func parseDay(s string) (time.Time, error) {
	s = strings.NewReplacer("年", "-", "月", "-", "日", " ", "/", "-", ".", "-", "T", " ").Replace(strings.Map(zh.HalfWidth, s))
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	for _, layout := range []string{"2006-1-2", "20060102"} {
		day, err := time.Parse(layout, s)
		if err == nil && day.Year() >= 1949 && day.Year() < 2200 {
			return day, nil
		}
	}
	return time.Time{}, errDate
}

// phoneTail is the last four digits of a telephone number; "" when it has
// fewer.
func phoneTail(s string) string {
	s = strings.Map(func(r rune) rune {
		if r = zh.HalfWidth(r); r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, s)
	if len(s) < 4 {
		return ""
	}
	return s[len(s)-4:]
}

func (w *row) check(field, code string, err error) {
	if err != nil {
		w.problem(field, code, err)
	}
}

func (w *row) problem(field, code string, err error) {
	w.problems = append(w.problems, w.about(field, code, err.Error()))
}

func (w *row) about(field, code, message string) Problem {
	value := w.values[field]
	if runes := []rune(value); len(runes) > 60 {
		value = string(runes[:60]) + "…"
	}
	return Problem{Field: field, Value: value, Code: code, Message: message}
}
