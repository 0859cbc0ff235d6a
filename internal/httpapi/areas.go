package httpapi

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/area"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type areaBody struct {
	Name      string      `json:"name" minLength:"1" maxLength:"60"`
	OrgID     int64       `json:"org_id" doc:"The squad that is responsible"`
	Polygons  orbPolygons `json:"polygons" minItems:"1" maxItems:"1000" doc:"As the coordinates of a GeoJSON MultiPolygon, WGS-84; rings are closed if they are not"`
	ValidFrom string      `json:"valid_from,omitempty" format:"date" doc:"The first day; always has been when left out"`
	ValidTo   string      `json:"valid_to,omitempty" format:"date" doc:"The first day on which it is no longer valid; open when left out"`
}

type orbPolygons [][][][2]float64

type areaView struct {
	ID    int64  `json:"id"`
	Kind  string `json:"kind" enum:"division,squad"`
	Code  string `json:"code" doc:"Of a division"`
	Squad string `json:"squad" doc:"Name of the squad that is responsible"`
	areaBody
	Source string `json:"source"`
}

type listAreasInput struct {
	Kind string `query:"kind" default:"squad" enum:"division,squad"`
	Code string `query:"code" pattern:"^[0-9]{0,9}$" doc:"Divisions whose code begins so"`
	On   string `query:"on" format:"date" doc:"Valid on this day; today when left out"`
	All  bool   `query:"all" doc:"Also those that are no longer or not yet valid"`
}

type areasOutput struct {
	Body struct {
		Areas []areaView `json:"areas" nullable:"false"`
	}
}

type areaInput struct {
	Command
	Body areaBody
}

type setAreaInput struct {
	Command
	ID   int64 `path:"id"`
	Body areaBody
}

type retireAreaInput struct {
	Command
	ID int64 `path:"id"`
}

type areaOutput struct{ Body areaView }

type areaAtInput struct {
	Lon     float64 `query:"lon" required:"true" minimum:"-180" maximum:"180" doc:"WGS-84"`
	Lat     float64 `query:"lat" required:"true" minimum:"-90" maximum:"90"`
	On      string  `query:"on" format:"date" doc:"Today when left out"`
	MarginM float64 `query:"margin_m" default:"30" minimum:"0" maximum:"5000" doc:"How near a border makes the answer unsure"`
}

type areaHit struct {
	ID     int64   `json:"id"`
	Kind   string  `json:"kind" enum:"division,squad"`
	Code   string  `json:"code"`
	OrgID  int64   `json:"org_id"`
	Squad  string  `json:"squad"`
	Name   string  `json:"name"`
	Inside bool    `json:"inside" doc:"It holds the point, be it on its border"`
	EdgeM  float64 `json:"edge_m" doc:"How far the border is"`
}

type areaAtOutput struct {
	Body struct {
		Division     *areaHit  `json:"division" doc:"The lowest that holds the point"`
		Squad        *areaHit  `json:"squad"`
		DivisionSure bool      `json:"division_sure" doc:"No other division of the level is within the margin"`
		SquadSure    bool      `json:"squad_sure"`
		Near         []areaHit `json:"near" nullable:"false" doc:"All that hold the point or are within the margin"`
	}
}

func (s *Server) areaRoutes() {
	const path = "/api/v1/areas"
	tags := []string{"areas"}
	handle(s, "GET", path, huma.Operation{Summary: "Divisions, or the areas of the branch's squads", Tags: tags}, s.listAreas)
	handle(s, "GET", path+"/at", huma.Operation{Summary: "Which areas hold a point, and which are near", Tags: tags}, s.areaAt)
	handle(s, "GET", path+"/coverage", huma.Operation{Summary: "What of a division belongs to no squad, or to two", Tags: tags}, s.areaCoverage)
	handle(s, "POST", path, huma.Operation{Summary: "Make the area of a squad", Tags: tags, DefaultStatus: 201}, s.addArea)
	handle(s, "PATCH", path+"/{id}", huma.Operation{Summary: "Change the area of a squad; all of it is sent", Tags: tags}, s.setArea)
	handle(s, "DELETE", path+"/{id}", huma.Operation{Summary: "End the area of a squad today", Tags: tags}, s.retireArea)
	handle(s, "POST", path+"/import", huma.Operation{Summary: "Bring in areas from GeoJSON", Tags: tags}, s.importAreas)
}

// local is where the calendar of areas is kept.
var local = time.FixedZone("Asia/Shanghai", 8*60*60)

// dayOf reads a day; the empty text is today.
func (s *Server) dayOf(field, text string) (time.Time, error) {
	if text == "" {
		y, m, d := s.now().In(local).Date()
		return time.Date(y, m, d, 0, 0, 0, 0, time.UTC), nil
	}
	return openDayOf(field, text)
}

func openDayOf(field, day string) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.DateOnly, day)
	if err != nil {
		return t, invalid{field, text{"日期写作 2026-11-22。", "Write a day as 2026-11-22."}}
	}
	return t, nil
}

func (s *Server) listAreas(ctx context.Context, in *listAreasInput) (*areasOutput, error) {
	l := area.Listing{Kind: area.Kind(in.Kind), Branch: who(ctx).OrgPath, Code: in.Code, Coarse: in.Kind == string(area.Division)}
	var err error
	if !in.All {
		if l.Day, err = s.dayOf("query.on", in.On); err != nil {
			return nil, err
		}
	}
	list, err := area.List(ctx, s.deps.DB.Pool, l)
	if err != nil {
		return nil, err
	}
	out := &areasOutput{}
	out.Body.Areas = make([]areaView, len(list))
	for i := range list {
		out.Body.Areas[i] = viewArea(&list[i])
	}
	return out, nil
}

func (s *Server) areaAt(ctx context.Context, in *areaAtInput) (*areaAtOutput, error) {
	day, err := s.dayOf("query.on", in.On)
	if err != nil {
		return nil, err
	}
	p := orb.Point{in.Lon, in.Lat}
	if geo.ValidPoint(p) != nil {
		return nil, invalid{"query.lon", text{"这不是一个有效的位置。", "This is not a place on earth."}}
	}
	w, err := area.At(ctx, s.deps.DB.Pool, p, day, geo.Metres(in.MarginM))
	if err != nil {
		return nil, err
	}
	out := &areaAtOutput{}
	b := &out.Body
	b.DivisionSure, b.SquadSure, b.Near = w.DivisionSure, w.SquadSure, make([]areaHit, len(w.Near))
	for i := range w.Near {
		b.Near[i] = *viewHit(&w.Near[i])
	}
	b.Division, b.Squad = viewHit(w.Division), viewHit(w.Squad)
	return out, nil
}

func viewHit(h *area.Hit) *areaHit {
	if h == nil {
		return nil
	}
	return &areaHit{h.ID, string(h.Kind), h.Code, h.OrgID, h.Squad, h.Name, h.Inside, math.Round(float64(h.Edge)*10) / 10}
}

func (s *Server) addArea(ctx context.Context, in *areaInput) (*areaOutput, error) {
	a, err := in.Body.area()
	if err != nil {
		return nil, err
	}
	v, err := command(ctx, s, in.Key, "POST /areas", in.Body, func(ctx context.Context, tx *pg.Tx) (areaView, error) {
		var err error
		if a.ID, err = area.Add(ctx, tx, who(ctx).OrgPath, a); err != nil {
			return areaView{}, err
		}
		return viewArea(&a), recordArea(ctx, tx, "area.added", a.ID, a.Name)
	})
	return &areaOutput{Body: v}, err
}

func (s *Server) setArea(ctx context.Context, in *setAreaInput) (*areaOutput, error) {
	a, err := in.Body.area()
	if err != nil {
		return nil, err
	}
	a.ID = in.ID
	route := fmt.Sprintf("PATCH /areas/%d", in.ID)
	v, err := command(ctx, s, in.Key, route, in.Body, func(ctx context.Context, tx *pg.Tx) (areaView, error) {
		if err := area.Set(ctx, tx, who(ctx).OrgPath, a); err != nil {
			return areaView{}, err
		}
		return viewArea(&a), recordArea(ctx, tx, "area.changed", a.ID, a.Name)
	})
	return &areaOutput{Body: v}, err
}

func (s *Server) retireArea(ctx context.Context, in *retireAreaInput) (*struct{}, error) {
	route := fmt.Sprintf("DELETE /areas/%d", in.ID)
	_, err := command(ctx, s, in.Key, route, nil, func(ctx context.Context, tx *pg.Tx) (struct{}, error) {
		today, err := s.dayOf("", "")
		if err != nil {
			return struct{}{}, err
		}
		if err := area.Retire(ctx, tx, who(ctx).OrgPath, in.ID, today); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, recordArea(ctx, tx, "area.retired", in.ID, "")
	})
	return nil, err
}

func recordArea(ctx context.Context, tx *pg.Tx, what string, id int64, name string) error {
	return ticket.Record(tx, actor(who(ctx)), what, 0, 0, ticket.Data{"area_id": id, "name": name})
}

// area is what the body says; rings are closed if they were not.
func (b *areaBody) area() (a area.Area, err error) {
	a = area.Area{Kind: area.Squad, OrgID: b.OrgID, Name: b.Name}
	for _, polygon := range b.Polygons {
		var rings orb.Polygon
		for _, corners := range polygon {
			ring := make(orb.Ring, 0, len(corners)+1)
			for _, p := range corners {
				ring = append(ring, p)
			}
			if len(ring) > 0 && !ring.Closed() {
				ring = append(ring, ring[0])
			}
			rings = append(rings, ring)
		}
		a.Shape = append(a.Shape, rings)
	}
	if a.From, err = openDayOf("body.valid_from", b.ValidFrom); err != nil {
		return a, err
	}
	if a.To, err = openDayOf("body.valid_to", b.ValidTo); err != nil {
		return a, err
	}
	return a, a.Check()
}

func viewArea(a *area.Area) areaView {
	v := areaView{ID: a.ID, Kind: string(a.Kind), Code: a.Code, Squad: a.Squad, Source: a.Source}
	v.Name, v.OrgID, v.ValidFrom, v.ValidTo = a.Name, a.OrgID, dayText(a.From), dayText(a.To)
	v.Polygons = viewShape(a.Shape)
	return v
}

func viewShape(shape orb.MultiPolygon) orbPolygons {
	out := make(orbPolygons, len(shape))
	for i, polygon := range shape {
		out[i] = make([][][2]float64, len(polygon))
		for k, ring := range polygon {
			out[i][k] = make([][2]float64, len(ring))
			for n, p := range ring {
				out[i][k][n] = p
			}
		}
	}
	return out
}

func dayText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format(time.DateOnly)
}

// placeInAreas adds to a place the division, where the register does not know it, and the squad that is responsible.
func (s *Server) placeInAreas(ctx context.Context, q pg.Queryer, p *ticket.Place) error {
	if p.Point == nil {
		return nil
	}
	today, err := s.dayOf("", "")
	if err != nil {
		return err
	}
	w, err := area.At(ctx, q, *p.Point, today, area.DefaultMargin)
	if err != nil {
		return err
	}
	if p.Division == "" && w.Division != nil {
		p.Division = w.Division.Code
	}
	if w.Squad != nil {
		p.SquadID = w.Squad.OrgID
	}
	return nil
}
