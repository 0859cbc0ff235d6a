package httpapi

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// deliveryView is a list that was brought in, and how far it is.
type deliveryView struct {
	ID        int64      `json:"id"`
	FileName  string     `json:"file_name"`
	Source    string     `json:"source" doc:"The list that the file holds as a whole; empty for a part"`
	DryRun    bool       `json:"dry_run"`
	State     string     `json:"state" enum:"reading,applying,held,done,tried,rejected,failed"`
	By        string     `json:"by"`
	StartedAt time.Time  `json:"started_at"`
	EndedAt   *time.Time `json:"ended_at"`
	Bytes     int64      `json:"bytes"`
	BytesRead int64      `json:"bytes_read"`
	Rows      int        `json:"rows" doc:"Read so far"`
	Parts     int        `json:"parts" doc:"To be applied; 0 while the list is read"`
	PartsDone int        `json:"parts_done"`
	Refused   int        `json:"refused"`
	Outcome   *outcome   `json:"outcome" doc:"When it is held or over"`
	Fault     string     `json:"fault" doc:"Why it failed; empty otherwise"`
}

// outcome is what a list did to the register, or would do.
type outcome struct {
	Inserted  int            `json:"inserted"`
	Returned  int            `json:"returned" doc:"Had gone, and are back"`
	Updated   int            `json:"updated"`
	Unchanged int            `json:"unchanged"`
	Closed    int            `json:"closed" doc:"Licences that the list lacks"`
	Expired   int            `json:"expired" doc:"Of closed, those whose last day had passed"`
	Had       int            `json:"had" doc:"Licences that the list before had"`
	Reopened  int            `json:"reopened" doc:"Of updated, those that had been over for good"`
	Held      []string       `json:"held" nullable:"false" doc:"closing, mixed_datum"`
	Changes   map[string]int `json:"changes" doc:"Field to how many licences changed it"`
	Mixed     mixedView      `json:"mixed"`
}

// mixedView says whether the points seem to be in one datum.
type mixedView struct {
	Suspect bool               `json:"suspect"`
	Shares  map[string]float64 `json:"shares" doc:"Of the rows that tell: datum to share"`
	Pairs   int                `json:"pairs" doc:"Neighbours that were compared"`
	Apart   int                `json:"apart" doc:"Of them, those apart by the way between two datums"`
	Known   int                `json:"known" doc:"Licences compared with their point before"`
	Moved   int                `json:"moved" doc:"Of them, those moved by the way between two datums"`
	Named   int                `json:"named" doc:"Rows that name a county whose outline is known"`
	Outside int                `json:"outside" doc:"Of them, those outside of it"`
	Strayed int                `json:"strayed" doc:"Of those outside, those inside of it in another datum"`
}

func outcomeOf(r *retailer.Report) *outcome {
	o := &outcome{
		Inserted: r.Inserted, Returned: r.Returned, Updated: r.Updated, Unchanged: r.Unchanged, Closed: r.Closed, Expired: r.Expired,
		Had: r.Had, Reopened: r.Reopened, Held: r.Held, Changes: r.Changes,
		Mixed: mixedView{
			Suspect: r.Mixed.Suspect, Shares: map[string]float64{}, Pairs: r.Mixed.Pairs, Apart: r.Mixed.Apart,
			Known: r.Mixed.Known, Moved: r.Mixed.Moved, Named: r.Mixed.Named, Outside: r.Mixed.Outside, Strayed: r.Mixed.Strayed,
		},
	}
	for d, share := range r.Mixed.Shares {
		o.Mixed.Shares[string(d)] = share
	}
	if o.Held == nil {
		o.Held = []string{}
	}
	if o.Changes == nil {
		o.Changes = map[string]int{}
	}
	return o
}

func viewDelivery(d *retailer.Delivery, l lang) deliveryView {
	v := deliveryView{
		ID: d.ID, FileName: d.FileName, Source: d.Source, DryRun: d.DryRun, State: string(d.State), By: d.By, StartedAt: d.StartedAt,
		EndedAt: d.EndedAt, Bytes: d.Bytes, BytesRead: d.BytesRead, Rows: d.Rows, Parts: d.Parts, PartsDone: d.PartsDone,
		Refused: d.Rows - d.Staged,
	}
	switch {
	case d.Fault != nil:
		v.Fault = listText(d.Fault).in(l)
	case d.State != retailer.Reading && d.State != retailer.Applying:
		v.Outcome = outcomeOf(&d.Report)
	}
	return v
}

type deliveriesOutput struct {
	Body struct {
		Deliveries []deliveryView `json:"deliveries" nullable:"false"`
	}
}

type deliveryOutput struct{ Body deliveryView }

type oneDeliveryOutput struct {
	Body struct {
		deliveryView
		Datum    string            `json:"datum" doc:"That the coordinates are read in"`
		Encoding string            `json:"encoding"`
		Columns  map[string]string `json:"columns" doc:"Field to heading, as found"`
		Errors   []importProblem   `json:"errors" nullable:"false" doc:"Why rows were refused; the first 1,000"`
		Warnings []importProblem   `json:"warnings" nullable:"false" doc:"About rows that were stored; the first 1,000"`
	}
}

type deliveryInput struct {
	ID int64 `path:"id"`
}

type decideInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		Decision string `json:"decision" enum:"confirm,reject"`
	}
}

type previewInput struct {
	Encoding string `query:"encoding" enum:"auto,utf-8,gb18030" default:"auto"`
	RawBody  []byte `contentType:"application/octet-stream"`
}

type previewOutput struct {
	Body struct {
		Headings []string          `json:"headings" nullable:"false"`
		Columns  map[string]string `json:"columns" doc:"Field to heading, as found"`
		Fields   []string          `json:"fields" nullable:"false" doc:"Every field that there is"`
		Encoding string            `json:"encoding"`
		Rows     [][]string        `json:"rows" nullable:"false" doc:"The first, as they came"`
		Missing  string            `json:"missing" doc:"The field that no column was found for and that a list needs; empty when all is there"`
	}
}

type profileBody struct {
	Name    string           `json:"name" minLength:"1" maxLength:"60"`
	Profile retailer.Profile `json:"profile"`
}

type profilesOutput struct {
	Body struct {
		Profiles []profileBody `json:"profiles" nullable:"false"`
	}
}

type saveProfileInput struct {
	Command
	Body profileBody
}

type exportRegisterInput struct {
	Format   string `query:"format" enum:"csv,xlsx,geojson" default:"csv"`
	Datum    string `query:"datum" enum:"WGS84,GCJ02,BD09,CGCS2000" default:"WGS84"`
	Division string `query:"division" maxLength:"12" doc:"Begin of the division codes"`
	Source   string `query:"source" maxLength:"60"`
	Gone     bool   `query:"gone" doc:"Also licences that their list no longer has"`
}

func (s *Server) deliveryRoutes() {
	const path = "/api/v1/retailers"
	tags := []string{"retailers"}
	op := func(summary string) huma.Operation { return huma.Operation{Summary: summary, Tags: tags} }
	handle(s, "GET", path+"/deliveries", op("Lists that were brought in, the newest 50; also how far a running one is"), s.listDeliveries)
	handle(s, "GET", path+"/deliveries/{id}", op("One list that was brought in"), s.oneDelivery)
	handle(s, "POST", path+"/deliveries/{id}/decision", op("Confirm or reject a list that is held"), s.decide)
	handle(s, "GET", path+"/deliveries/{id}/refused", op("The rows that were refused, as CSV to be mended"), s.refusedRows)
	handle(s, "POST", path+"/preview", op("How the begin of a list reads"), s.previewList)
	handle(s, "GET", path+"/profiles", op("Saved import profiles"), s.listProfiles)
	handle(s, "POST", path+"/profiles", op("Save an import profile, in place of the one of its name"), s.saveProfile)
	handle(s, "GET", path+"/export", op("The register as CSV, XLSX or GeoJSON"), s.exportRegister)
	handle(s, "GET", path+"/{licence_no}/record", op("All that the register knows of a licence, with its history"), s.wholeRecord)
	handle(s, "POST", path+"/{licence_no}/status", op("Move a licence to another state"), s.changeStatus)
	handle(s, "GET", path+"/carton", op("Read the code on a carton and look the buyer up"), s.readCarton)
}

func (s *Server) listDeliveries(ctx context.Context, _ *struct{}) (*deliveriesOutput, error) {
	list, err := retailer.Deliveries(ctx, s.deps.DB.Pool, 50)
	if err != nil {
		return nil, err
	}
	out := &deliveriesOutput{}
	out.Body.Deliveries = make([]deliveryView, len(list))
	for i := range list {
		out.Body.Deliveries[i] = viewDelivery(&list[i], aboutRequest(ctx).lang)
	}
	return out, nil
}

func (s *Server) oneDelivery(ctx context.Context, in *deliveryInput) (*oneDeliveryOutput, error) {
	d, err := retailer.DeliveryByID(ctx, s.deps.DB.Pool, in.ID)
	if err != nil {
		return nil, err
	}
	report, err := retailer.ReportOf(ctx, s.deps.DB.Pool, &d)
	if err != nil {
		return nil, err
	}
	l := aboutRequest(ctx).lang
	out := &oneDeliveryOutput{}
	out.Body.deliveryView, out.Body.Datum, out.Body.Encoding, out.Body.Columns = viewDelivery(&d, l), string(report.Datum), string(report.Encoding), report.Columns
	out.Body.Errors, out.Body.Warnings = importProblems(report.Problems, l), importProblems(report.Warnings, l)
	return out, nil
}

// decide drops a held list, or has it applied in the background.
func (s *Server) decide(ctx context.Context, in *decideInput) (*deliveryOutput, error) {
	route := fmt.Sprintf("POST /retailers/deliveries/%d/decision", in.ID)
	v, err := command(ctx, s, in.Key, route, in.Body, func(ctx context.Context, tx *pg.Tx) (deliveryView, error) {
		decide := func() error { return retailer.Reject(ctx, tx, in.ID) }
		if in.Body.Decision == "confirm" {
			decide = func() error { return retailer.Confirm(ctx, tx, in.ID, who(ctx).Actor()) }
		}
		if err := decide(); err != nil {
			return deliveryView{}, err
		}
		d, err := retailer.DeliveryByID(ctx, tx, in.ID)
		if err != nil {
			return deliveryView{}, err
		}
		return viewDelivery(&d, aboutRequest(ctx).lang), ticket.Record(tx, actor(who(ctx)), "retailer.delivery_decided", 0, 0, ticket.Data{
			"delivery_id": in.ID, "decision": in.Body.Decision, "closed": d.Report.Closed,
		})
	})
	s.deps.Importer.Wake()
	return &deliveryOutput{Body: v}, err
}

// refusedRows writes while it reads; when the database fails in the middle the file ends there.
func (s *Server) refusedRows(ctx context.Context, in *deliveryInput) (*huma.StreamResponse, error) {
	if _, err := retailer.DeliveryByID(ctx, s.deps.DB.Pool, in.ID); err != nil {
		return nil, err
	}
	return download("text/csv; charset=utf-8", fmt.Sprintf("refused-%d.csv", in.ID), func(to io.Writer) {
		_, err := io.WriteString(to, "\xef\xbb\xbf") // for spreadsheets
		w := csv.NewWriter(to)
		if err == nil {
			err = retailer.Refused(ctx, s.deps.DB.Pool, in.ID, refusedText(aboutRequest(ctx).lang), w.Write)
		}
		w.Flush()
		if err = errors.Join(err, w.Error()); err != nil && ctx.Err() == nil {
			s.deps.Logger.Warn("a file of refused rows broke off", "delivery", in.ID, "error", err)
		}
	}), nil
}

// download is an answer that a browser saves.
func download(contentType, name string, write func(io.Writer)) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(c huma.Context) {
		c.SetHeader("Content-Type", contentType)
		c.SetHeader("Content-Disposition", `attachment; filename="`+name+`"`)
		write(c.BodyWriter())
	}}
}

func (s *Server) previewList(_ context.Context, in *previewInput) (*previewOutput, error) {
	p, err := retailer.Look(bytes.NewReader(in.RawBody), retailer.Profile{Encoding: retailer.Encoding(in.Encoding)})
	if err != nil {
		return nil, err
	}
	out := &previewOutput{}
	out.Body.Headings, out.Body.Columns, out.Body.Fields = p.Headings, p.Columns, retailer.Fields()
	out.Body.Encoding, out.Body.Rows, out.Body.Missing = string(p.Encoding), p.Rows, p.Missing
	if out.Body.Rows == nil {
		out.Body.Rows = [][]string{}
	}
	return out, nil
}

func (s *Server) listProfiles(ctx context.Context, _ *struct{}) (*profilesOutput, error) {
	list, err := retailer.Profiles(ctx, s.deps.DB.Pool)
	if err != nil {
		return nil, err
	}
	out := &profilesOutput{}
	out.Body.Profiles = make([]profileBody, len(list))
	for i, p := range list {
		out.Body.Profiles[i] = profileBody{Name: p.Name, Profile: p.Profile}
	}
	return out, nil
}

func (s *Server) saveProfile(ctx context.Context, in *saveProfileInput) (*struct{}, error) {
	_, err := command(ctx, s, in.Key, "POST /retailers/profiles", in.Body, func(ctx context.Context, tx *pg.Tx) (struct{}, error) {
		if err := retailer.SaveProfile(ctx, tx, in.Body.Name, in.Body.Profile); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, ticket.Record(tx, actor(who(ctx)), "retailer.profile_saved", 0, 0, ticket.Data{"name": in.Body.Name})
	})
	return nil, err
}

// exportTypes are the content types of the formats of an export.
var exportTypes = map[string]string{
	"csv": "text/csv; charset=utf-8", "geojson": "application/geo+json",
	"xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// exportRegister writes while it reads; when the database fails in the middle the file ends there.
func (s *Server) exportRegister(ctx context.Context, in *exportRegisterInput) (*huma.StreamResponse, error) {
	selection := retailer.Selection{Division: in.Division, Source: in.Source, Gone: in.Gone}
	name := fmt.Sprintf("retailers-%s.%s", s.now().Format("20060102"), in.Format)
	return download(exportTypes[in.Format], name, func(w io.Writer) {
		err := retailer.Export(ctx, s.deps.DB.Pool, w, retailer.Format(in.Format), datum.Datum(in.Datum), selection)
		if err != nil && ctx.Err() == nil {
			s.deps.Logger.Warn("an export of the register broke off", "error", err)
		}
	}), nil
}
