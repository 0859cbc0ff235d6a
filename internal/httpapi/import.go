package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type importProblem struct {
	Row     int    `json:"row" doc:"Line of the file; the headings are in line 1"`
	Field   string `json:"field" doc:"Empty when it is about the whole row"`
	Value   string `json:"value" doc:"As found, shortened"`
	Code    string `json:"code" doc:"Stable word"`
	Message string `json:"message"`
}

type importAnswer struct {
	Rows      int               `json:"rows"`
	Inserted  int               `json:"inserted"`
	Updated   int               `json:"updated"`
	Unchanged int               `json:"unchanged"`
	Refused   int               `json:"refused"`
	Encoding  string            `json:"encoding"`
	Datum     string            `json:"datum" doc:"That the coordinates were read in"`
	Columns   map[string]string `json:"columns" doc:"Field to heading, as found"`
	Errors    []importProblem   `json:"errors" nullable:"false" doc:"Why rows were refused; the first 1,000"`
	Warnings  []importProblem   `json:"warnings" nullable:"false" doc:"About rows that were stored; the first 1,000"`
	DryRun    bool              `json:"dry_run" doc:"Nothing was stored"`
	Delivery  int64             `json:"delivery_id"`
	State     string            `json:"state" enum:"reading,applying,done,tried,held,rejected" doc:"held: nothing was stored, a person must confirm; rejected: a person did not want it; reading, applying: it goes on, ask for the delivery"`
	Resumed   bool              `json:"resumed" doc:"An earlier import of the same list had been cut off"`
	Outcome   *outcome          `json:"outcome"`
}

// importInput is what an import's idempotency key stands for.
type importInput struct{ Query, SHA256 string }

// importRetailers takes a list as the body; how to read it stands in the query. The list is kept on the disk and taken
// in in the background. The answer waits for that a little; of a longer list it says how far it is.
func (s *Server) importRetailers(c echo.Context) error {
	ctx := c.Request().Context()
	key := c.Request().Header.Get("Idempotency-Key")
	if len(key) < 20 || len(key) > 255 {
		return s.echoRefuse(c, invalid{"header.Idempotency-Key", text{"请附上 20 至 255 个字符的键。", "Send a key of 20 to 255 characters."}})
	}
	opts, err := s.importOptions(c)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	id, err := s.beginImport(c, key, opts)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	s.deps.Importer.Wake()
	patient, stop := context.WithTimeout(ctx, importPatience)
	defer stop()
	d, err := s.deps.Importer.Wait(patient, id)
	if err == nil && d.State == retailer.Failed {
		err = d.Fault
	}
	if err != nil {
		return s.echoRefuse(c, err)
	}
	report, err := retailer.ReportOf(ctx, s.deps.DB.Pool, &d)
	if err != nil {
		return s.echoRefuse(c, err)
	}
	status := http.StatusOK
	if d.State == retailer.Reading || d.State == retailer.Applying {
		status = http.StatusAccepted
	}
	return c.JSON(status, importAnswerOf(report, d.DryRun, aboutRequest(ctx).lang))
}

// importPatience is how long an answer waits for the end of an import: that of a county's list comes with it.
const importPatience = 10 * time.Second

// beginImport receives the list and makes its delivery. A repeated request gets the delivery of the first.
func (s *Server) beginImport(c echo.Context, key string, opts retailer.ImportOptions) (id int64, err error) {
	ctx := c.Request().Context()
	known, err := s.knownKey(ctx, key)
	if err != nil {
		return 0, err
	}
	body := hashedBody{r: incoming{c.Request().Body}, sum: sha256.New()}
	var received *retailer.Received
	if !known {
		if received, err = s.deps.Importer.Receive(body, opts); err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, received.Discard()) }()
	}
	if _, err := io.Copy(io.Discard, body); err != nil { // what was left unread belongs to the hash
		return 0, err
	}
	in := importInput{Query: c.QueryString(), SHA256: hex.EncodeToString(body.sum.Sum(nil))}
	return command(ctx, s, key, "POST /retailers/import", in, func(ctx context.Context, tx *pg.Tx) (int64, error) {
		id, err := s.deps.Importer.Begin(ctx, tx, received)
		if err != nil || opts.DryRun {
			return id, err
		}
		return id, ticket.Record(tx, actor(who(ctx)), "retailer.imported", 0, 0, ticket.Data{
			"delivery_id": id, "file": opts.File, "source": opts.Source, "confirmed": opts.Confirm,
		})
	})
}

// hashedBody sums up what is read.
type hashedBody struct {
	r   io.Reader
	sum hash.Hash
}

func (b hashedBody) Read(p []byte) (int, error) {
	n, err := b.r.Read(p)
	b.sum.Write(p[:n]) // never fails
	return n, err
}

// importOptions are those of the profile that the query names, with what else it says instead.
func (s *Server) importOptions(c echo.Context) (opts retailer.ImportOptions, err error) {
	ctx := c.Request().Context()
	if name := c.QueryParam("profile"); name != "" {
		if opts.Profile, err = retailer.ProfileNamed(ctx, s.deps.DB.Pool, name); err != nil {
			return opts, err
		}
	}
	opts.Region, opts.By, opts.File = s.deps.Region, who(ctx).Actor(), shortName(c.QueryParam("file"))
	if enc := retailer.Encoding(c.QueryParam("encoding")); enc != "" {
		opts.Encoding = enc
	}
	switch opts.Encoding {
	case "", retailer.Auto, retailer.UTF8, retailer.GB18030:
	default:
		return opts, invalid{"query.encoding", text{"应为 auto、utf-8 或 gb18030。", "It must be auto, utf-8 or gb18030."}}
	}
	for name, value := range map[string]*bool{"dry_run": &opts.DryRun, "confirm": &opts.Confirm} {
		switch c.QueryParam(name) {
		case "", "false":
		case "true":
			*value = true
		default:
			return opts, invalid{"query." + name, text{"应为 true 或 false。", "It must be true or false."}}
		}
	}
	if source := c.QueryParam("source"); source != "" {
		opts.Source = source
	}
	if name := c.QueryParam("datum"); name != "" {
		if opts.Datum, err = datum.Parse(name); err != nil {
			return opts, invalid{"query.datum", text{"应为 WGS84、GCJ02、BD09 或 CGCS2000。", "It must be WGS84, GCJ02, BD09 or CGCS2000."}}
		}
	}
	mapping, err := parseMapping(c.QueryParam("map"))
	if mapping != nil {
		opts.Mapping = mapping
	}
	return opts, err
}

// shortName is the last part of a file's name, 200 characters at most.
func shortName(s string) string {
	runes := []rune(strings.ToValidUTF8(path.Base(strings.ReplaceAll(s, "\\", "/")), ""))
	return strings.ReplaceAll(string(runes[:min(len(runes), 200)]), "\x00", "")
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

func importAnswerOf(r retailer.Report, dry bool, l lang) importAnswer {
	return importAnswer{
		Rows: r.Rows, Inserted: r.Inserted, Updated: r.Updated, Unchanged: r.Unchanged, Refused: r.Refused,
		Encoding: string(r.Encoding), Datum: string(r.Datum), Columns: r.Columns, DryRun: dry,
		Delivery: r.Delivery, State: string(r.State), Resumed: r.Resumed, Outcome: outcomeOf(&r),
		Errors: importProblems(r.Problems, l), Warnings: importProblems(r.Warnings, l),
	}
}
