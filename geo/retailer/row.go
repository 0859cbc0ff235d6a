package retailer

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"
	"regexp"
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
	maxWord    = 60
	maxNumber  = 64 // of a licence number of a foreign form
)

// rowReader makes records of the register out of the rows of a list.
type rowReader struct {
	columns columns
	heads   []string // of the first line
	text    *decoder
	profile Profile
	datum   datum.Datum
	region  orb.Bound // the zero Bound means the whole Earth
	today   time.Time // 00:00 UTC of today's date in China
	words   words
}

// row is one record while it is read; problems gather.
type row struct {
	values   [fieldCount]string
	problems []Problem
	warnings []Problem
}

// read makes a record of the register out of rec. It is stored only when there
// are no problems; warnings do not hinder. The licence number is there, where it
// could be read, in spite of problems with other fields.
func (r *rowReader) read(rec record) (Record, []Problem, []Problem) {
	if rec.err != nil {
		code := "quote"
		if errors.Is(rec.err, errLongLine) {
			code = "long_line"
		}
		return Record{}, []Problem{{Row: rec.line, Code: code, Message: rec.err.Error()}}, nil
	}
	var w row
	for f := range fieldCount {
		s, err := r.joined(rec, r.columns.at[f], f)
		if err != nil {
			w.problem(f, "encoding", err)
		}
		w.values[f] = s
	}
	if len(rec.fields) < len(r.heads) {
		message := fmt.Sprintf("the row has %d columns, the headings are %d", len(rec.fields), len(r.heads))
		w.warnings = append(w.warnings, Problem{Code: "short_row", Detail: fmt.Sprintf("%d/%d", len(rec.fields), len(r.heads)), Message: message})
	}
	out := r.record(&w, rec)
	for _, list := range [][]Problem{w.problems, w.warnings} {
		for i := range list {
			list[i].Row = rec.line
		}
	}
	return out, w.problems, w.warnings
}

// joined is the text of the columns of a field. Parts of an address are set apart by commas, others by blanks.
func (r *rowReader) joined(rec record, at []int, f field) (string, error) {
	var out string
	for _, i := range at {
		if i >= len(rec.fields) {
			continue // a short record lacks its last fields
		}
		s, err := r.text.text(rec.fields[i])
		if err != nil {
			return "", err
		}
		if len(s) > 1 && s[0] == '\'' && strings.IndexByte("=+-@", s[1]) >= 0 { // as an export protects it
			s = s[1:]
		}
		switch {
		case s == "" || out == "":
			out += s
		case f == fAddress:
			out += ", " + s
		default:
			out += " " + s
		}
	}
	return out, nil
}

// mend restores a text that was read in a wrong encoding on its way here, and turns traditional characters into
// simplified ones; a warning tells what stood there. What cannot be restored is a problem.
func (r *rowReader) mend(w *row, f field) {
	s := w.values[f]
	fixed, damaged := zh.Repair(s)
	if damaged {
		w.problem(f, "encoding", errEncoding)
		return
	}
	if !r.profile.foreign() {
		fixed = zh.Simplify(fixed)
	}
	if fixed != s {
		warning := w.about(f, "mended", "read as "+shortened(fixed))
		warning.Detail = shortened(fixed)
		w.warnings = append(w.warnings, warning)
		w.values[f] = fixed
	}
}

func (r *rowReader) record(w *row, rec record) Record {
	for _, f := range [...]field{fName, fOperator, fAddress} {
		r.mend(w, f)
	}
	out := Record{
		Retailer: Retailer{
			LicenceNo:    r.licence(w, rec),
			Name:         w.limited(fName, maxName),
			Operator:     w.limited(fOperator, maxName),
			PhoneTail:    phoneTail(w.values[fPhone]),
			DivisionCode: w.division(),
			ValidFrom:    w.date(fValidFrom, r.profile.Dates),
			ValidTo:      w.date(fValidTo, r.profile.Dates),
			SourceDatum:  r.datum,
		},
		Source: r.profile.Source,
		USCC:   w.limited(fUSCC, maxWord), Tier: w.limited(fTier, maxWord), GridUnit: w.limited(fGridUnit, maxWord),
		Squad: w.limited(fSquad, maxName), MarketOfficer: w.limited(fMarketOfficer, maxWord),
		CustomerManager: w.limited(fCustomerManager, maxWord), DeliveryRoute: w.limited(fDeliveryRoute, maxWord),
		Scope: w.limited(fScope, maxName), Supplier: w.limited(fSupplier, maxName), Issuer: w.limited(fIssuer, maxName),
		IssuedOn: w.date(fIssuedOn, r.profile.Dates), LastInspectedOn: w.date(fInspected, r.profile.Dates),
		SchoolM: w.number(fSchool), RiskScore: w.number(fRisk), Replaces: w.limited(fReplaces, maxNumber),
		MarketType: w.marketType(),
	}
	out.Point = r.point(w)
	out.GeoQuality = w.quality(out.Point)
	out.Address = w.limited(fAddress, maxAddress) // after point, which may take its end
	if out.Name == "" && r.profile.foreign() {    // elsewhere a shop may be known by its address alone
		out.Name = out.Address
	}
	if out.Name == "" && len(w.problems) == 0 {
		w.problem(fName, "missing", errors.New("the name is missing"))
	}
	if s := w.values[fForm]; s != "" {
		form, err := r.words.form(s)
		w.check(fForm, "unknown", err)
		out.Form = form
	}
	out.Status = r.status(w, out.ValidTo)
	out.Extra = r.extra(w, rec)
	return out
}

// licence is the number of a row, with the sign of the key columns where the profile has some.
func (r *rowReader) licence(w *row, rec record) LicenceNo {
	if !r.profile.foreign() {
		no, err := ParseLicenceNo(w.values[fLicence])
		w.check(fLicence, "licence_no", err)
		if err == nil && no.Holder() == UnknownHolder {
			w.warnings = append(w.warnings, w.about(fLicence, "holder", "the seventh digit names no known kind of holder"))
		}
		return no
	}
	no := strings.Join(strings.Fields(w.values[fLicence]), " ")
	if utf8.RuneCountInString(no) > maxNumber {
		w.detailed(fLicence, "too_long", strconv.Itoa(maxNumber), "more than %s characters")
		return ""
	}
	if len(r.columns.key) > 0 {
		sign, err := r.sign(rec)
		w.check(fLicence, "encoding", err)
		if sign != "" {
			return LicenceNo(cmp.Or(no, r.profile.Source) + "#" + sign)
		}
	}
	if no == "" {
		w.problem(fLicence, "missing", errors.New("nothing tells which licence it is"))
	}
	return LicenceNo(no)
}

// sign is twelve letters and digits made from the key columns, without regard to case and blanks; "" when they are
// blank. Of six million licences two have the same sign once in 60,000 lists.
func (r *rowReader) sign(rec record) (string, error) {
	h, some := sha256.New(), false
	for _, at := range r.columns.key {
		if at < len(rec.fields) {
			s, err := r.text.text(rec.fields[at])
			if err != nil {
				return "", err
			}
			s = strings.ToUpper(strings.Join(strings.Fields(s), " "))
			some = some || s != ""
			h.Write([]byte(s)) // never fails
		}
		h.Write([]byte{0})
	}
	if !some {
		return "", nil
	}
	return signLetters.EncodeToString(h.Sum(nil))[:12], nil
}

var signLetters = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// extra is the further columns that the profile keeps; blank ones are left out.
func (r *rowReader) extra(w *row, rec record) map[string]string {
	if len(r.columns.kept) == 0 {
		return nil
	}
	out := map[string]string{}
	for _, at := range r.columns.kept {
		if at >= len(rec.fields) {
			continue
		}
		s, err := r.text.text(rec.fields[at])
		if err != nil {
			w.problems = append(w.problems, Problem{Field: r.heads[at], Code: "encoding", Message: err.Error()})
		} else if s != "" {
			out[r.heads[at]] = s
		}
	}
	return out
}

// status is the status of the list; without one a licence is valid until its
// last day has passed.
func (r *rowReader) status(w *row, validTo time.Time) Status {
	if s := w.values[fStatus]; s != "" {
		status, err := r.words.status(s)
		w.check(fStatus, "unknown", err)
		return status
	}
	if !validTo.IsZero() && validTo.Before(r.today) {
		return Expired
	}
	return Valid
}

// point is nil when both coordinates are blank.
func (r *rowReader) point(w *row) *orb.Point {
	if s := w.values[fPoint]; s != "" && w.values[fLon] == "" {
		w.splitPoint(s)
	}
	if w.values[fLon] == "" && w.values[fLat] == "" {
		return nil
	}
	before := len(w.problems)
	p := orb.Point{w.coordinate(fLon, 180), w.coordinate(fLat, 90)}
	if len(w.problems) > before {
		return nil
	}
	if err := geo.ValidPoint(p); err != nil {
		w.problem(fLon, "no_place", err)
		return nil
	}
	converted, err := datum.ToWGS84(r.datum, p)
	if err != nil {
		w.problem(fLon, "datum", err)
		return nil
	}
	if !r.region.IsZero() && !r.region.Contains(converted) {
		code, hint := "out_of_region", ""
		if r.region.Contains(orb.Point{converted[1], converted[0]}) {
			code, hint = "swapped_region", "; are longitude and latitude swapped?"
		}
		w.detailed(fLon, code, fmt.Sprintf("%.5f,%.5f", p[0], p[1]), "%s is outside the service's region"+hint)
		return nil
	}
	return &converted
}

// pointForm finds the point at the end of a text, such as 104.06,30.57 or POINT(104.06 30.57) or an address with
// (39.91, -76.68) behind it; brokenPoint finds one that is not whole.
var (
	pointForm   = regexp.MustCompile(`(?i)(point\s*)?(\()?\s*(-?\d+(?:\.\d+)?)\s*[,，;\s]\s*(-?\d+(?:\.\d+)?)\s*\)?\s*$`)
	brokenPoint = regexp.MustCompile(`\([-\d.,，;\s]*\)?\s*$`)
)
