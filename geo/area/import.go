package area

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geojson"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// ImportOptions say how a file is read.
type ImportOptions struct {
	Kind   Kind
	Datum  datum.Datum // of the file; the zero value is WGS-84
	Branch string      // of the squads; "" = all
	// From is the day from which the file holds, unless a feature says so
	// itself; zero = always has.
	From   time.Time
	Source string // credit
	DryRun bool   // nothing is stored
}

// Report says what became of the features of a file.
type Report struct {
	Features  int       `json:"features"`
	Added     int       `json:"added"`
	Replaced  int       `json:"replaced"` // the shape or name before ends where the new begins
	Unchanged int       `json:"unchanged"`
	Mended    int       `json:"mended"` // of these: outlines that crossed themselves
	Refused   int       `json:"refused"`
	Problems  []Problem `json:"problems"`
}

// Problem is why a feature was refused.
type Problem struct {
	Feature int    `json:"feature"` // 1 is the first
	Name    string `json:"name"`
	// Code is one of unreadable, no_name, no_polygon, bad_day, days, no_code, no_org, datum, shape; Message says it in
	// English, with what was found in the file.
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ErrFile says that a file is no GeoJSON collection of features.
var ErrFile = errors.New("not a GeoJSON FeatureCollection")

// MaxFile is how long a file may be, in bytes.
const MaxFile = 256 << 20

// Import reads a GeoJSON FeatureCollection of polygons. A division needs the
// property adcode (or code) and name; the area of a squad needs name and org,
// the code of the organisation. valid_from and valid_to (2020-06-05) are
// taken where a feature has them. What is stored already stays; a division
// that has changed is stored anew and the old shape ends on the day before, so
// that importing a file twice changes nothing. An outline that crosses itself,
// as many published ones do, is mended: what its line surrounds an odd number
// of times belongs to the area. A feature that cannot be taken
// is refused and the others go on. Errors: ErrFile.
func Import(ctx context.Context, tx *pg.Tx, in io.Reader, opts ImportOptions) (Report, error) {
	raw, err := io.ReadAll(io.LimitReader(in, MaxFile+1))
	if err != nil {
		return Report{}, fmt.Errorf("read areas: %w", err)
	}
	if len(raw) > MaxFile {
		return Report{}, fmt.Errorf("%w: it is longer than %d bytes", ErrFile, MaxFile)
	}
	var file struct {
		Type     string
		Features []json.RawMessage
	}
	if err := json.Unmarshal(raw, &file); err != nil {
		return Report{}, fmt.Errorf("%w: %w", ErrFile, err)
	}
	if file.Type != "FeatureCollection" {
		return Report{}, fmt.Errorf("%w: its type is %q", ErrFile, file.Type)
	}
	report := Report{Features: len(file.Features), Problems: []Problem{}}
	for i, feature := range file.Features {
		a, err := read(ctx, tx, feature, opts)
		if err == nil {
			err = keep(ctx, tx, a, opts, &report)
		}
		if code := refusal(err); code != "" {
			report.Refused++
			report.Problems = append(report.Problems, Problem{i + 1, a.Name, code, err.Error()})
		} else if err != nil {
			return Report{}, fmt.Errorf("store feature %d: %w", i+1, err)
		}
	}
	return report, nil
}

// featureError says by a code of Problem what a feature lacks.
type featureError struct{ code, text string }

func (e featureError) Error() string { return "the feature cannot be taken: " + e.text }

// refusal is the code of Problem for an error that stops one feature; "" for nil and what stops the file.
func refusal(err error) string {
	var f featureError
	switch {
	case errors.As(err, &f):
		return f.code
	case errors.Is(err, ErrShape):
		return "shape"
	case errors.Is(err, ErrDays):
		return "days"
	case errors.Is(err, ErrNotFound):
		return "no_org"
	}
	return ""
}

func read(ctx context.Context, tx *pg.Tx, raw json.RawMessage, opts ImportOptions) (a Area, err error) {
	a = Area{Kind: opts.Kind, From: opts.From, Source: opts.Source}
	feature, err := geojson.UnmarshalFeature(raw)
	if err != nil {
		return a, featureError{"unreadable", err.Error()}
	}
	a.Name = strings.TrimSpace(property(feature, "name"))
	if a.Name == "" {
		return a, featureError{"no_name", "it has no name"}
	}
	switch g := feature.Geometry.(type) {
	case orb.Polygon:
		a.Shape = orb.MultiPolygon{g}
	case orb.MultiPolygon:
		a.Shape = g
	default:
		return a, featureError{"no_polygon", "it is neither Polygon nor MultiPolygon"}
	}
	for name, to := range map[string]*time.Time{"valid_from": &a.From, "valid_to": &a.To} {
		if s := property(feature, name); s != "" {
			if *to, err = time.Parse(time.DateOnly, s); err != nil {
				return a, featureError{"bad_day", name + " is no day like 2020-06-05"}
			}
		}
	}
	if err := toWGS84(a.Shape, opts.Datum); err != nil {
		return a, err
	}
	if a.Kind == Squad {
		return a, findOrg(ctx, tx, &a, property(feature, "org"), opts.Branch)
	}
	for _, name := range []string{"adcode", "code", "id"} {
		if a.Code = property(feature, name); a.Code != "" {
			break
		}
	}
	if !codeForm.MatchString(a.Code) {
		return a, featureError{"no_code", fmt.Sprintf("adcode %q has not six or nine digits", a.Code)}
	}
	return a, nil
}

func property(f *geojson.Feature, name string) string {
	switch v := f.Properties[name].(type) {
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return ""
}

func toWGS84(shape orb.MultiPolygon, d datum.Datum) error {
	if d == "" || d == datum.WGS84 {
		return nil
	}
	for _, polygon := range shape {
		for _, ring := range polygon {
			for i, p := range ring {
				moved, err := datum.ToWGS84(d, p)
				if err != nil {
					return featureError{"datum", err.Error()}
				}
				ring[i] = moved
			}
		}
	}
	return nil
}

// keep stores a, in place of what was valid on its first day.
func keep(ctx context.Context, tx *pg.Tx, a Area, opts ImportOptions, report *Report) error {
	if err := a.Check(); err != nil {
		return err
	}
	mended, err := mend(ctx, tx, &a)
	if err != nil {
		return err
	}
	old, err := before(ctx, tx, a)
	if err != nil {
		return err
	}
	if mended {
		report.Mended++
	}
	if old.same {
		report.Unchanged++
		return nil
	}
	if !old.next.IsZero() && (a.To.IsZero() || a.To.After(old.next)) {
		a.To = old.next // it does not take the place of what comes after
	}
	if !opts.DryRun && old.id != 0 {
		if err := giveWay(ctx, tx, old.id, a); err != nil {
			return err
		}
	}
	if !opts.DryRun {
		if _, err := Add(ctx, tx, opts.Branch, a); err != nil {
			return err
		}
	}
	if old.id != 0 {
		report.Replaced++
	} else {
		report.Added++
	}
	return nil
}

// predecessor is what is stored for the division, or under the name for the
// squad, on the first day of another, and what comes after.
type predecessor struct {
	id   int64
	same bool      // name and shape
	next time.Time // first day of the one after the first day, zero = there is none
}
