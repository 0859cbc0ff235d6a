package retailer

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
)

// Profile says how the lists of one supplier are to be read. The zero value
// reads a list of Chinese licences in WGS-84 and finds encoding and columns by
// itself; it adds and changes, and closes nothing.
type Profile struct {
	// Source names the list that each delivery holds as a whole: a licence of
	// this source that a delivery lacks is closed. "" says that a list is a part
	// of something, and closes nothing.
	Source   string      `json:"source,omitempty"`
	Encoding Encoding    `json:"encoding,omitempty"`
	Datum    datum.Datum `json:"datum,omitempty"`
	// Mapping is field (see Fields) to heading, where the usual headings do not
	// fit. "street + city" joins the columns street and city.
	Mapping map[string]string `json:"mapping,omitempty"`
	// Foreign says that numbers are not of the Chinese form.
	Foreign bool `json:"foreign,omitempty"`
	// Key is the headings that together tell one licence from another where its
	// number does not; it makes a list Foreign. A sign made from them is added to
	// the number. Case and blanks do not count.
	Key []string `json:"key,omitempty"`
	// Statuses and Forms are further words of the list, with the code of each.
	Statuses map[string]Status `json:"statuses,omitempty"`
	Forms    map[string]Form   `json:"forms,omitempty"`
	// Dates is the order of the parts of a date: "" or "ymd", "mdy", "dmy".
	Dates string `json:"dates,omitempty"`
	// Keep is the headings of further columns to keep beside the record; * is
	// every column that is no field.
	Keep []string `json:"keep,omitempty"`
	// LastWins says that of a licence that comes twice the last row counts, not
	// the first.
	LastWins bool `json:"last_wins,omitempty"`
	// Region bounds the points, as west, south, east, north in WGS-84; empty means
	// the region of the service.
	Region []float64 `json:"region,omitempty"`
}

var sourceForm = regexp.MustCompile(`^[\p{L}\p{N}._-]{0,60}$`)

// Check says what is wrong with a profile; the error wraps ErrList.
func (p Profile) Check() error {
	switch {
	case !sourceForm.MatchString(p.Source):
		return fmt.Errorf("%w: source %q: use up to 60 letters, digits, dots and dashes", ErrList, p.Source)
	case !slices.Contains([]string{"", "ymd", "mdy", "dmy"}, p.Dates):
		return fmt.Errorf("%w: dates %q: use ymd, mdy or dmy", ErrList, p.Dates)
	case p.foreign() && p.Source == "":
		return fmt.Errorf("%w: a list with numbers of its own form needs a source", ErrList)
	case len(p.Region) != 0 && (len(p.Region) != 4 || p.Region[0] >= p.Region[2] || p.Region[1] >= p.Region[3]):
		return fmt.Errorf("%w: region: use west, south, east, north in degrees", ErrList)
	}
	if _, err := datum.Parse(string(p.Datum)); err != nil {
		return fmt.Errorf("%w: %w", ErrList, err)
	}
	for word, status := range p.Statuses {
		if _, ok := termCode(Statuses(), string(status)); !ok {
			return fmt.Errorf("%w: status %q for %q: use one of the codes", ErrList, status, word)
		}
	}
	for word, form := range p.Forms {
		if _, ok := termCode(Forms(), strings.ReplaceAll(string(form), "_", "")); !ok {
			return fmt.Errorf("%w: business form %q for %q: use one of the codes", ErrList, form, word)
		}
	}
	return nil
}

func (p Profile) foreign() bool { return p.Foreign || len(p.Key) > 0 }

// bound is Region, or the service's.
func (p Profile) bound(service orb.Bound) orb.Bound {
	if len(p.Region) != 4 {
		return service
	}
	return orb.Bound{Min: orb.Point{p.Region[0], p.Region[1]}, Max: orb.Point{p.Region[2], p.Region[3]}}
}

// ErrProfile says that a text is no profile.
var ErrProfile = errors.New("not an import profile")

// ReadProfile reads a profile in JSON. The error wraps ErrProfile or ErrList.
func ReadProfile(r io.Reader) (Profile, error) {
	var p Profile
	d := json.NewDecoder(r)
	d.DisallowUnknownFields()
	if err := d.Decode(&p); err != nil {
		return Profile{}, fmt.Errorf("%w: %w", ErrProfile, err)
	}
	return p, p.Check()
}
