package httpapi

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"jiujin/geo/area"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type importAreasInput struct {
	Command
	Kind      string `query:"kind" required:"true" enum:"division,squad"`
	Datum     string `query:"datum" default:"WGS84" enum:"WGS84,GCJ02,BD09,CGCS2000" doc:"Of the file"`
	ValidFrom string `query:"valid_from" format:"date" doc:"From which the file holds, unless a feature says so itself"`
	Source    string `query:"source" maxLength:"200" doc:"Credit"`
	DryRun    bool   `query:"dry_run" doc:"Nothing is stored"`
	RawBody   []byte `contentType:"application/geo+json"`
}

type areaProblem struct {
	Feature int    `json:"feature" doc:"1 is the first"`
	Name    string `json:"name"`
	Code    string `json:"code" enum:"unreadable,no_name,no_polygon,bad_day,days,no_code,no_org,datum,shape"`
	Message string `json:"message"`
}

type importAreasAnswer struct {
	Features  int           `json:"features"`
	Added     int           `json:"added"`
	Replaced  int           `json:"replaced" doc:"The shape or name before ends where the new begins"`
	Unchanged int           `json:"unchanged"`
	Mended    int           `json:"mended" doc:"Of these: outlines that crossed themselves"`
	Refused   int           `json:"refused"`
	Problems  []areaProblem `json:"problems" nullable:"false"`
	DryRun    bool          `json:"dry_run"`
}

type importAreasOutput struct{ Body importAreasAnswer }

// importAreas takes a GeoJSON file. Divisions belong to nobody, so only an administrator of the whole may bring them.
func (s *Server) importAreas(ctx context.Context, in *importAreasInput) (*importAreasOutput, error) {
	me := who(ctx)
	if in.Kind == string(area.Division) && strings.Count(me.OrgPath, ".") > 1 {
		return nil, errForbidden
	}
	opts := area.ImportOptions{Kind: area.Kind(in.Kind), Branch: me.OrgPath, Source: in.Source, DryRun: in.DryRun}
	var err error
	if opts.Datum, err = datum.Parse(in.Datum); err != nil {
		return nil, invalid{"query.datum", text{"应为 WGS84、GCJ02、BD09 或 CGCS2000。", "It must be WGS84, GCJ02, BD09 or CGCS2000."}}
	}
	if opts.From, err = openDayOf("query.valid_from", in.ValidFrom); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(in.RawBody)
	meant := map[string]any{
		"kind": in.Kind, "datum": in.Datum, "valid_from": in.ValidFrom, "source": in.Source, "dry_run": in.DryRun,
		"sha256": hex.EncodeToString(sum[:]),
	}
	r, err := command(ctx, s, in.Key, "POST /areas/import", meant, func(ctx context.Context, tx *pg.Tx) (importAreasAnswer, error) {
		r, err := area.Import(ctx, tx, bytes.NewReader(in.RawBody), opts)
		if err != nil || in.DryRun {
			return importAreasAnswerOf(r, in.DryRun), err
		}
		return importAreasAnswerOf(r, false), ticket.Record(tx, actor(me), "area.imported", 0, 0, ticket.Data{
			"kind": in.Kind, "added": r.Added, "replaced": r.Replaced, "refused": r.Refused,
		})
	})
	return &importAreasOutput{Body: r}, err
}

func importAreasAnswerOf(r area.Report, dry bool) importAreasAnswer {
	out := importAreasAnswer{
		Features: r.Features, Added: r.Added, Replaced: r.Replaced, Unchanged: r.Unchanged, Mended: r.Mended,
		Refused: r.Refused, Problems: make([]areaProblem, len(r.Problems)), DryRun: dry,
	}
	for i, p := range r.Problems {
		out.Problems[i] = areaProblem(p)
	}
	return out
}
