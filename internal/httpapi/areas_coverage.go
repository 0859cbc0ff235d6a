package httpapi

import (
	"context"

	"jiujin/geo"
	"jiujin/geo/area"
)

type areaCoverageInput struct {
	Division string  `query:"division" required:"true" pattern:"^([0-9]{6}|[0-9]{9})$" doc:"Its code"`
	On       string  `query:"on" format:"date" doc:"Today when left out"`
	MarginM  float64 `query:"margin_m" default:"30" minimum:"0" maximum:"1000" doc:"What is nowhere as wide is only counted"`
}

type areaPart struct {
	Polygons  orbPolygons `json:"polygons"`
	AreaSqKM  float64     `json:"area_sq_km"`
	AreaNames []string    `json:"areas" nullable:"false" doc:"The two that overlap; none in a gap"`
	Squads    []string    `json:"squads" nullable:"false"`
}

type areaCoverageOutput struct {
	Body struct {
		Code     string     `json:"code"`
		Name     string     `json:"name"`
		AreaSqKM float64    `json:"area_sq_km"`
		Covered  float64    `json:"covered" doc:"Share that some squad is responsible for"`
		Gaps     []areaPart `json:"gaps" nullable:"false" doc:"Parts that belong to no squad, the largest 200"`
		Overlaps []areaPart `json:"overlaps" nullable:"false" doc:"Parts that belong to two, the largest 200"`
		Slivers  int        `json:"slivers" doc:"Gaps and overlaps narrower than the margin"`
	}
}

func (s *Server) areaCoverage(ctx context.Context, in *areaCoverageInput) (*areaCoverageOutput, error) {
	day, err := s.dayOf("query.on", in.On)
	if err != nil {
		return nil, err
	}
	sought := area.Sought{Code: in.Division, Branch: who(ctx).OrgPath, Margin: geo.Metres(in.MarginM)}
	c, err := area.Covers(ctx, s.deps.DB.Pool, sought, day)
	if err != nil {
		return nil, err
	}
	out := &areaCoverageOutput{}
	b := &out.Body
	b.Code, b.Name, b.AreaSqKM, b.Covered, b.Slivers = c.Code, c.Name, c.SquareKM, c.Covered, c.Slivers
	b.Gaps, b.Overlaps = viewParts(c.Gaps), viewParts(c.Overlaps)
	return out, nil
}

func viewParts(parts []area.Part) []areaPart {
	out := make([]areaPart, len(parts))
	for i, p := range parts {
		out[i] = areaPart{Polygons: viewShape(p.Shape), AreaSqKM: p.SquareKM, AreaNames: []string{}, Squads: []string{}}
		for _, a := range p.Areas {
			out[i].AreaNames, out[i].Squads = append(out[i].AreaNames, a.Name), append(out[i].Squads, a.Squad)
		}
	}
	return out
}
