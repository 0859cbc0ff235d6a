package httpapi

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/basemap"
	"jiujin/geo/retailer"
)

// dossierInput is what is known of a demand while it is being taken in. It is a body because the caller's words belong
// into no address.
type dossierInput struct {
	Body struct {
		LicenceNo string   `json:"licence_no,omitempty" maxLength:"80"`
		Lon       *float64 `json:"lon,omitempty" minimum:"-180" maximum:"180"`
		Lat       *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
		Subtype   string   `json:"subtype,omitempty" maxLength:"10"`
		Text      string   `json:"text,omitempty" maxLength:"5000" doc:"The caller's words; compared, not kept"`
		TicketID  int64    `json:"ticket_id,omitempty" doc:"The ticket itself when it is registered already"`
	}
}

// Dossier is what is known of a shop and of the place when a demand comes in. Nothing of it says who reported.
type Dossier struct {
	Retailer   *Retailer            `json:"retailer" doc:"null without a licence number, or when the register has none"`
	Cases      []dispatch.PastCase  `json:"cases" nullable:"false" doc:"Of the caller's branch, newest first, twenty at most"`
	Total      int                  `json:"total" doc:"All cases of the shop in the caller's branch, cancelled ones apart"`
	Open       int                  `json:"open" doc:"Of these still being handled"`
	LastVisit  *time.Time           `json:"last_visit" doc:"Of an officer on scene, or the last inspection that the register knows"`
	Warnings   []Warning            `json:"warnings" nullable:"false"`
	Siblings   []Sibling            `json:"siblings" nullable:"false" doc:"Other shops of an operator of the same name, fifty at most"`
	School     *School              `json:"school" doc:"The nearest school or kindergarten that the map has within 2 km; null for none"`
	Units      []dispatch.UnitNear  `json:"units" nullable:"false" doc:"The five nearest on shift"`
	Duplicates []dispatch.Duplicate `json:"duplicates" nullable:"false"`

	sum dispatch.CaseSum
}

// Warning is something to mind, with the figure that it rests on.
type Warning struct {
	Code  string  `json:"code" enum:"licence_over,licence_lapsed,licence_suspended,licence_ends,no_licence,no_place,many_cases,repeated,founded,near_school"`
	Value float64 `json:"value" doc:"Days for licence_lapsed, licence_ends and repeated, a number of cases for many_cases and founded, metres for near_school; else 0"`
}

// Sibling is another shop that seems to be of the same operator.
type Sibling struct {
	LicenceNo string `json:"licence_no"`
	Name      string `json:"name"`
	Address   string `json:"address"`
	Status    string `json:"status"`
	SamePhone bool   `json:"same_phone" doc:"Also the last four digits of the telephone number are the same"`
}

// School is the nearest school or kindergarten: tobacco may not be sold around either.
type School struct {
	Name      string  `json:"name"`
	Kind      string  `json:"kind" enum:"school,kindergarten"`
	DistanceM float64 `json:"distance_m" doc:"As the crow flies, to the middle of it; whole metres"`
}

type dossierOutput struct{ Body Dossier }

func (s *Server) dossierRoutes() {
	handle(s, "POST", "/api/v1/dossier", huma.Operation{
		Summary: "What is known of a shop and a place while a demand is taken in; changes nothing", Tags: []string{"retailers"},
	}, s.dossier)
}

const (
	schoolReach = 2000 // metres
	schoolNear  = 100  // metres: a warning
	endsSoon    = 30   // days
	repeatedIn  = 30   // days after closing (domain A13)
	manyCases   = 3    // in a year
)

func (s *Server) dossier(ctx context.Context, in *dossierInput) (*dossierOutput, error) {
	b, now, q := &in.Body, s.now(), s.deps.DB.Pool
	branch := who(ctx).CountyPath
	d := Dossier{Cases: []dispatch.PastCase{}, Warnings: []Warning{}, Siblings: []Sibling{}, Units: []dispatch.UnitNear{}}
	m := dispatch.Matter{Subtype: b.Subtype, Text: b.Text, TicketID: b.TicketID}
	if b.Lon != nil && b.Lat != nil {
		m.Point = &orb.Point{*b.Lon, *b.Lat}
	}
	if b.LicenceNo != "" {
		if err := s.shopDossier(ctx, &d, &m, b.LicenceNo, branch); err != nil {
			return nil, err
		}
	}
	if m.Point != nil {
		var err error
		if d.Units, err = s.deps.Dispatch.UnitsNear(ctx, q, branch, *m.Point, 5, now); err != nil {
			return nil, err
		}
		schools, err := basemap.NearestPlaces(ctx, q, *m.Point, []string{"school", "kindergarten"}, schoolReach, 1)
		if err != nil {
			return nil, err
		}
		for _, n := range schools {
			d.School = &School{Name: n.Name, Kind: n.Kind, DistanceM: math.Round(float64(n.Distance))}
		}
	}
	var err error
	if d.Duplicates, err = dispatch.Duplicates(ctx, q, branch, m, now); err != nil {
		return nil, err
	}
	d.warn(now)
	return &dossierOutput{Body: d}, nil
}

// shopDossier fills in what is known of a shop; a number that the register does not have is a warning, no error.
func (s *Server) shopDossier(ctx context.Context, d *Dossier, m *dispatch.Matter, licenceNo, branch string) error {
	q := s.deps.DB.Pool
	r, err := shopOf(ctx, q, licenceNo)
	if errors.Is(err, retailer.ErrNotFound) {
		d.Warnings = append(d.Warnings, Warning{Code: "no_licence"})
		return nil
	}
	if err != nil {
		return err
	}
	list := []Retailer{retailerView(retailer.Hit{Retailer: r, Score: 100})}
	if err := s.countTickets(ctx, list); err != nil {
		return err
	}
	d.Retailer, m.RetailerID = &list[0], r.ID
	if m.Point == nil {
		m.Point = r.Point
	}
	if d.sum, d.Cases, err = dispatch.PastCases(ctx, q, branch, r.ID, m.TicketID, s.now()); err != nil {
		return err
	}
	d.Total, d.Open, d.LastVisit = d.sum.Total, d.sum.Open, d.sum.LastVisit
	inspected, err := retailer.Inspected(ctx, q, r.ID)
	if err != nil {
		return err
	}
	if !inspected.IsZero() && (d.LastVisit == nil || inspected.After(*d.LastVisit)) {
		d.LastVisit = &inspected
	}
	siblings, err := retailer.Siblings(ctx, q, r)
	for _, o := range siblings {
		d.Siblings = append(d.Siblings, Sibling{string(o.LicenceNo), o.Name, o.Address, string(o.Status), o.SamePhone})
	}
	return err
}

// warn draws the warnings.
func (d *Dossier) warn(now time.Time) {
	warn := func(code string, value float64) { d.Warnings = append(d.Warnings, Warning{code, value}) }
	if r := d.Retailer; r != nil {
		d.warnOfLicence(r, now)
	}
	if d.sum.Year >= manyCases {
		warn("many_cases", float64(d.sum.Year))
	}
	if d.sum.Founded > 0 {
		warn("founded", float64(d.sum.Founded))
	}
	if at := d.sum.LastClosed; at != nil && now.Sub(*at) <= repeatedIn*24*time.Hour {
		warn("repeated", float64(int(now.Sub(*at).Hours()/24)))
	}
	if d.School != nil && d.School.DistanceM < schoolNear {
		warn("near_school", d.School.DistanceM)
	}
}

// daysTo is how many days from today, where the hotline works, a day is away; negative when it has passed.
func daysTo(day string, now time.Time) (days int, ok bool) {
	end, err := time.Parse(time.DateOnly, day)
	y, m, d := now.In(local).Date()
	return int(end.Sub(time.Date(y, m, d, 0, 0, 0, 0, time.UTC)).Hours() / 24), err == nil
}

func (d *Dossier) warnOfLicence(r *Retailer, now time.Time) {
	warn := func(code string, value float64) { d.Warnings = append(d.Warnings, Warning{code, value}) }
	switch retailer.Status(r.Status) {
	case retailer.Valid, retailer.Renewing, retailer.Pending:
		if days, ok := daysTo(r.ValidTo, now); ok && days < 0 {
			warn("licence_lapsed", float64(-days))
		} else if ok && days < endsSoon {
			warn("licence_ends", float64(days))
		}
	case retailer.Suspended:
		warn("licence_suspended", 0)
	default:
		warn("licence_over", 0)
	}
	if r.Lon == nil {
		warn("no_place", 0)
	}
}
