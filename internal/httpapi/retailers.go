package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// Retailer is a licensed shop as search shows it.
type Retailer struct {
	ID           int64    `json:"id"`
	LicenceNo    string   `json:"licence_no"`
	Name         string   `json:"name"`
	Operator     string   `json:"operator"`
	Address      string   `json:"address"`
	PhoneTail    string   `json:"phone_tail"`
	BusinessForm string   `json:"business_form"`
	Status       string   `json:"status"`
	ValidTo      string   `json:"valid_to" doc:"Date, empty when not known"`
	DivisionCode string   `json:"division_code"`
	Lon          *float64 `json:"lon"`
	Lat          *float64 `json:"lat"`
	Match        string   `json:"match,omitempty" doc:"What the query met"`
	Score        float64  `json:"score" doc:"0 to 100"`
	DistanceM    *float64 `json:"distance_m"`
	OpenTickets  int      `json:"open_tickets"`
	TicketsYear  int      `json:"tickets_year" doc:"Tickets about the shop in 365 days"`
}

type searchInput struct {
	Text  string  `query:"q" maxLength:"80"`
	Lon   float64 `query:"lon" minimum:"-180" maximum:"180" doc:"Near ones first; needs lat"`
	Lat   float64 `query:"lat" minimum:"-90" maximum:"90"`
	Limit int     `query:"limit" default:"20" minimum:"1" maximum:"100"`
}

type searchOutput struct {
	Body struct {
		Retailers []Retailer `json:"retailers"`
		TookMS    float64    `json:"took_ms"`
	}
}

type retailerInput struct {
	LicenceNo string `path:"licence_no" maxLength:"12"`
}

type retailerOutput struct{ Body Retailer }

func (s *Server) retailerRoutes() {
	const path = "/api/v1/retailers"
	tags := []string{"retailers"}
	handle(s, "GET", path, huma.Operation{Summary: "Search as you type", Tags: tags}, s.searchRetailers)
	handle(s, "GET", path+"/{licence_no}", huma.Operation{Summary: "One retailer by licence number", Tags: tags},
		func(ctx context.Context, in *retailerInput) (*retailerOutput, error) {
			no, err := retailer.ParseLicenceNo(in.LicenceNo)
			if err != nil {
				return nil, err
			}
			r, err := retailer.ByLicence(ctx, s.deps.DB.Pool, no)
			if err != nil {
				return nil, err
			}
			list := []Retailer{retailerView(retailer.Hit{Retailer: r, Score: 100})}
			err = s.countTickets(ctx, list)
			return &retailerOutput{Body: list[0]}, err
		})
	s.echo.POST(path+"/import", s.importRetailers)
}

func (s *Server) searchRetailers(ctx context.Context, in *searchInput) (*searchOutput, error) {
	begin := time.Now()
	q := retailer.Query{Text: strings.TrimSpace(in.Text), Limit: in.Limit}
	if in.Lon != 0 || in.Lat != 0 {
		q.Near = &orb.Point{in.Lon, in.Lat}
	}
	hits, err := retailer.Search(ctx, s.deps.DB, q)
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Retailers = make([]Retailer, len(hits))
	for i, h := range hits {
		out.Body.Retailers[i] = retailerView(h)
	}
	if err := s.countTickets(ctx, out.Body.Retailers); err != nil {
		return nil, err
	}
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

type importProblem struct {
	Row     int    `json:"row"`
	Field   string `json:"field"`
	Value   string `json:"value"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

type importAnswer struct {
	Rows      int               `json:"rows"`
	Inserted  int               `json:"inserted"`
	Updated   int               `json:"updated"`
	Unchanged int               `json:"unchanged"`
	Refused   int               `json:"refused"`
	Encoding  string            `json:"encoding"`
	Columns   map[string]string `json:"columns"`
	Errors    []importProblem   `json:"errors"`
	Warnings  []importProblem   `json:"warnings"`
	DryRun    bool              `json:"dry_run"`
}

// importRetailers takes a CSV as the body; how to read it stands in the query.
func (s *Server) importRetailers(c echo.Context) error {
	ctx := c.Request().Context()
	opts := retailer.ImportOptions{Encoding: retailer.Encoding(c.QueryParam("encoding")), DryRun: c.QueryParam("dry_run") == "true"}
	switch opts.Encoding {
	case "", retailer.Auto, retailer.UTF8, retailer.GB18030:
	default:
		return s.echoRefuse(c, invalid{"query.encoding", text{"应为 auto、utf-8 或 gb18030。", "It must be auto, utf-8 or gb18030."}})
	}
	var err error
	if name := c.QueryParam("datum"); name != "" {
		if opts.Datum, err = datum.Parse(name); err != nil {
			return s.echoRefuse(c, invalid{"query.datum", text{"应为 WGS84、GCJ02、BD09 或 CGCS2000。", "It must be WGS84, GCJ02, BD09 or CGCS2000."}})
		}
	}
	if opts.Mapping, err = parseMapping(c.QueryParam("map")); err != nil {
		return s.echoRefuse(c, err)
	}
	report, err := retailer.Import(ctx, s.deps.DB, c.Request().Body, opts)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	if !opts.DryRun {
		me := actor(who(ctx))
		err = s.deps.DB.InTx(ctx, func(tx *pg.Tx) error {
			return ticket.Record(tx, me, "retailer.imported", 0, 0, ticket.Data{
				"rows": report.Rows, "inserted": report.Inserted, "updated": report.Updated, "refused": report.Refused,
			})
		})
		if err != nil {
			return s.echoRefuse(c, err)
		}
	}
	return c.JSON(http.StatusOK, importAnswer{
		Rows: report.Rows, Inserted: report.Inserted, Updated: report.Updated, Unchanged: report.Unchanged,
		Refused: report.Refused, Encoding: string(report.Encoding), Columns: report.Columns,
		Errors: importProblems(report.Problems), Warnings: importProblems(report.Warnings), DryRun: opts.DryRun,
	})
}

func importProblems(list []retailer.Problem) []importProblem {
	out := make([]importProblem, len(list))
	for i, p := range list {
		out[i] = importProblem(p)
	}
	return out
}

// parseMapping reads "field:heading,field:heading".
func parseMapping(s string) (map[string]string, error) {
	if s == "" {
		return nil, nil
	}
	m := map[string]string{}
	for part := range strings.SplitSeq(s, ",") {
		field, heading, ok := strings.Cut(part, ":")
		if !ok || field == "" || heading == "" {
			return nil, invalid{"query.map", text{"写法：字段:表头,字段:表头。", "Write field:heading,field:heading."}}
		}
		m[field] = heading
	}
	return m, nil
}

// echoRefuse answers an error from a handler on echo.
func (s *Server) echoRefuse(c echo.Context, err error) error {
	s.refuse(c.Response(), c.Request(), err)
	return nil
}
