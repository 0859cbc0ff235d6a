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

	"jiujin/geo/zh"
)

// splitPoint takes the coordinates out of one text. In POINT(…) and without parentheses longitude comes first, in
// parentheses latitude, as registers publish it; within China the ranges decide. What is before the parentheses stays
// as the address when both come from one column.
func (w *row) splitPoint(s string) {
	inAddress := w.values[fAddress] == s
	at := pointForm.FindStringSubmatchIndex(s)
	if at != nil && at[0] > 0 && at[4] < 0 {
		at = nil // 005 5610 at the end of an address is a postcode
	}
	if at == nil {
		if !inAddress || brokenPoint.MatchString(s) {
			w.problem(fPoint, "pair", errors.New("not a pair of degrees"))
		}
		return
	}
	first, second := s[at[6]:at[7]], s[at[8]:at[9]]
	latFirst := at[2] < 0 && at[4] >= 0
	a, _ := strconv.ParseFloat(first, 64) // digits, by the form
	b, _ := strconv.ParseFloat(second, 64)
	switch {
	case a >= 73 && a <= 136 && b >= 3 && b <= 54:
		latFirst = false
	case b >= 73 && b <= 136 && a >= 3 && a <= 54:
		latFirst = true
	}
	if latFirst {
		first, second = second, first
	}
	w.values[fLon], w.values[fLat] = first, second
	if inAddress {
		w.values[fAddress] = strings.TrimSpace(s[:at[0]])
	}
}

func (w *row) coordinate(f field, limit float64) float64 {
	s := w.values[f]
	v, err := strconv.ParseFloat(strings.Map(zh.HalfWidth, s), 64)
	switch {
	case s == "":
		w.problem(f, "half_point", errors.New("one coordinate is given without the other"))
	case err != nil || math.IsNaN(v) || math.IsInf(v, 0):
		w.problem(f, "number", errors.New("not a number of degrees"))
	case math.Abs(v) > limit:
		code, hint := "range", ""
		if limit == 90 && v <= 180 {
			code, hint = "swapped", "; are longitude and latitude swapped?"
		}
		w.detailed(f, code, fmt.Sprintf("%v", limit), "not between -%s and %s degrees"+hint)
	}
	return v
}

func (w *row) limited(f field, limit int) string {
	s := strings.Join(strings.Fields(w.values[f]), " ") // no line breaks
	if utf8.RuneCountInString(s) > limit {
		w.detailed(f, "too_long", strconv.Itoa(limit), "more than %s characters")
	}
	return s
}

func (w *row) division() string {
	s := w.values[fDivision]
	if s != "" && (!digits(s) || len(s) > 12) {
		w.problem(fDivision, "division_code", errors.New("a division code has up to 12 digits"))
	}
	return s
}

// number is a figure that must not be negative; nil when blank.
func (w *row) number(f field) *float64 {
	s := strings.TrimSpace(strings.Map(zh.HalfWidth, w.values[f]))
	if s == "" {
		return nil
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) || v < 0 {
		w.problem(f, "figure", errors.New("not a number from 0 up"))
		return nil
	}
	return &v
}

// quality is what the list says of its point; of one that it says nothing of that is known, whether it is given finely
// enough to find a shop by. "" without a point.
func (w *row) quality(p *orb.Point) GeoQuality {
	if p == nil {
		return ""
	}
	if s := w.values[fGeoQuality]; s != "" {
		q, err := ParseGeoQuality(s)
		if err == nil {
			return q
		}
		w.warnings = append(w.warnings, w.about(fGeoQuality, "unknown", err.Error()))
	}
	if decimals(w.values[fLon]) <= 2 && decimals(w.values[fLat]) <= 2 {
		return GeoDoubtful
	}
	return GeoGiven
}

// decimals is how many digits a number has behind its point, noughts at the end not counted.
func decimals(s string) int {
	_, behind, _ := strings.Cut(s, ".")
	return len(strings.TrimRight(behind, "0"))
}

// marketType is urban, rural, or "" when blank.
func (w *row) marketType() string {
	switch s := zh.Fold(w.values[fMarketType]); s {
	case "":
	case "urban", "城镇", "城市", "城区", "镇":
		return "urban"
	case "rural", "乡村", "农村", "村":
		return "rural"
	default:
		w.problem(fMarketType, "unknown", errors.New("unknown market type; use urban (城镇) or rural (乡村)"))
	}
	return ""
}

// date reads a day; the zero time when blank or without end.
func (w *row) date(f field, order string) time.Time {
	s := w.values[f]
	if _, end, ok := strings.Cut(s, "至"); ok { // 2021-01-01至2026-01-01
		s = strings.TrimSpace(end)
	}
	if s == "" || s == "长期" {
		return time.Time{}
	}
	day, err := parseDay(s, order)
	w.check(f, "date", err)
	return day
}

var errDate = errors.New("not a date; use 2026-11-22")

// dateLayouts are the forms of a date by the order of its parts.
var dateLayouts = map[string][]string{
	"": {"2006-1-2", "20060102"}, "ymd": {"2006-1-2", "20060102"}, "mdy": {"1-2-2006", "2006-1-2"}, "dmy": {"2-1-2006", "2006-1-2"},
}

func parseDay(s, order string) (time.Time, error) {
	s = dateMarks.Replace(strings.Map(zh.HalfWidth, s))
	s, _, _ = strings.Cut(strings.TrimSpace(s), " ")
	for _, layout := range dateLayouts[order] {
		day, err := time.Parse(layout, s)
		if err == nil && day.Year() >= 1949 && day.Year() < 2200 {
			return day, nil
		}
	}
	return time.Time{}, errDate
}

var dateMarks = strings.NewReplacer("年", "-", "月", "-", "日", " ", "/", "-", ".", "-", "T", " ")

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

func (w *row) check(f field, code string, err error) {
	if err != nil {
		w.problem(f, code, err)
	}
}

func (w *row) problem(f field, code string, err error) {
	w.problems = append(w.problems, w.about(f, code, err.Error()))
}

// detailed is a problem whose message has the detail in place of each %s.
func (w *row) detailed(f field, code, detail, message string) {
	p := w.about(f, code, strings.ReplaceAll(message, "%s", detail))
	p.Detail = detail
	w.problems = append(w.problems, p)
}

func (w *row) about(f field, code, message string) Problem {
	return Problem{Field: f.String(), Value: shortened(w.values[f]), Code: code, Message: message}
}

func shortened(s string) string {
	if runes := []rune(s); len(runes) > 60 {
		return string(runes[:60]) + "…"
	}
	return s
}
