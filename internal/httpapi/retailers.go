package httpapi

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo"
	"jiujin/geo/retailer"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
)

// Retailer is a licensed shop as search shows it.
type Retailer struct {
	ID           int64    `json:"id"`
	LicenceNo    string   `json:"licence_no"`
	Name         string   `json:"name"`
	Operator     string   `json:"operator" doc:"Empty for officers"`
	Address      string   `json:"address"`
	PhoneTail    string   `json:"phone_tail" doc:"Empty for officers"`
	BusinessForm string   `json:"business_form"`
	Status       string   `json:"status"`
	ValidTo      string   `json:"valid_to" doc:"Date, empty when not known"`
	DivisionCode string   `json:"division_code"`
	Lon          *float64 `json:"lon"`
	Lat          *float64 `json:"lat"`
	Match        string   `json:"match,omitempty" doc:"What the query met"`
	Score        float64  `json:"score" doc:"0 to 100"`
	DistanceM    *float64 `json:"distance_m"`
	OpenTickets  int      `json:"open_tickets" doc:"0 for officers"`
	TicketsYear  int      `json:"tickets_year" doc:"Tickets about the shop in 365 days; 0 for officers"`
}

type searchInput struct {
	Text   string  `query:"q" maxLength:"80"`
	Lon    float64 `query:"lon" minimum:"-180" maximum:"180" doc:"Near ones first; needs lat"`
	Lat    float64 `query:"lat" minimum:"-90" maximum:"90"`
	Area   string  `query:"area" maxLength:"12" pattern:"^[0-9]*$" doc:"The begin of division codes; shops in there first"`
	Within float64 `query:"within_m" minimum:"0" maximum:"5000" doc:"Without q: only shops so near; 0 means no limit"`
	Limit  int     `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

type searchOutput struct {
	Body struct {
		Retailers []Retailer `json:"retailers" nullable:"false"`
		TookMS    float64    `json:"took_ms"`
		Indexed   float64    `json:"indexed" doc:"0 to 1. Below 1 the index is being built after a start: only licence numbers and what is near are found"`
	}
}

type retailerInput struct {
	LicenceNo string `path:"licence_no" maxLength:"80"`
}

type retailerOutput struct{ Body Retailer }

func (s *Server) retailerRoutes() {
	const path = "/api/v1/retailers"
	tags := []string{"retailers"}
	handle(s, "GET", path, huma.Operation{Summary: "Search as you type", Tags: tags}, s.searchRetailers)
	handle(s, "GET", path+"/{licence_no}", huma.Operation{Summary: "One retailer by licence number", Tags: tags},
		func(ctx context.Context, in *retailerInput) (*retailerOutput, error) {
			r, err := shopOf(ctx, s.deps.DB.Pool, in.LicenceNo)
			if err != nil {
				return nil, err
			}
			list := []Retailer{retailerView(retailer.Hit{Retailer: r, Score: 100})}
			err = s.countTickets(ctx, list)
			return &retailerOutput{Body: list[0]}, err
		})
	s.echo.POST(path+"/import", s.importRetailers)
	s.deliveryRoutes()
}

// shopOf is the shop with a licence number as people write it. Errors: retailer.ErrNotFound.
func shopOf(ctx context.Context, q pg.Queryer, licenceNo string) (retailer.Retailer, error) {
	no, err := retailer.ParseLicenceNo(licenceNo)
	if err != nil { // a list from elsewhere has numbers of its own form
		no = retailer.LicenceNo(strings.TrimSpace(licenceNo))
	}
	return retailer.ByLicence(ctx, q, no)
}

func (s *Server) searchRetailers(ctx context.Context, in *searchInput) (*searchOutput, error) {
	begin := time.Now()
	q := retailer.Query{Text: strings.TrimSpace(in.Text), Limit: in.Limit, Area: in.Area}
	if in.Lon != 0 || in.Lat != 0 {
		q.Near = &orb.Point{in.Lon, in.Lat}
	}
	var hits []retailer.Hit
	var err error
	if q.Text == "" && q.Near != nil && in.Within > 0 {
		hits, err = s.deps.Finder.Around(ctx, *q.Near, geo.Metres(in.Within), in.Limit)
	} else {
		hits, err = s.deps.Finder.Search(ctx, q)
	}
	if err != nil {
		return nil, err
	}
	officer := who(ctx).Role == auth.Officer
	if officer {
		hits = slices.DeleteFunc(hits, retailer.Hit.ByOperator)
	}
	out := &searchOutput{}
	out.Body.Retailers = make([]Retailer, len(hits))
	for i, h := range hits {
		out.Body.Retailers[i] = retailerView(h)
	}
	if officer {
		forOfficer(out.Body.Retailers)
	} else if err := s.countTickets(ctx, out.Body.Retailers); err != nil {
		return nil, err
	}
	out.Body.Indexed = s.deps.Finder.Progress()
	out.Body.TookMS = float64(time.Since(begin).Microseconds()) / 1000
	return out, nil
}

func retailerView(h retailer.Hit) Retailer {
	v := Retailer{
		ID: h.ID, LicenceNo: string(h.LicenceNo), Name: h.Name, Operator: h.Operator, Address: h.Address,
		PhoneTail: h.PhoneTail, BusinessForm: string(h.Form), Status: string(h.Status), DivisionCode: h.DivisionCode,
		Match: string(h.Match), Score: h.Score,
	}
	if !h.ValidTo.IsZero() {
		v.ValidTo = h.ValidTo.Format(time.DateOnly)
	}
	if h.Point != nil {
		lon, lat := h.Point.Lon(), h.Point.Lat()
		v.Lon, v.Lat = &lon, &lat
	}
	if h.Distance != nil {
		d := float64(*h.Distance)
		v.DistanceM = &d
	}
	return v
}

// forOfficer leaves what tells the shops apart on scene: nothing of their operators, by which nothing is found either,
// and of no shop whether it was reported, which could warn it.
func forOfficer(list []Retailer) {
	for i := range list {
		list[i].Operator, list[i].PhoneTail = "", ""
	}
}

// countTickets fills in how often each shop was reported.
func (s *Server) countTickets(ctx context.Context, list []Retailer) error {
	ids := make([]int64, len(list))
	for i := range list {
		ids[i] = list[i].ID
	}
	counts, err := dispatch.TicketCounts(ctx, s.deps.DB.Pool, ids, s.now())
	if err != nil {
		return err
	}
	for i := range list {
		c := counts[list[i].ID]
		list[i].OpenTickets, list[i].TicketsYear = c.Open, c.Year
	}
	return nil
}

// echoRefuse answers an error from a handler on echo.
func (s *Server) echoRefuse(c echo.Context, err error) error {
	s.refuse(c.Response(), c.Request(), err)
	return nil
}
