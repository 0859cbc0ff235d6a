package httpapi

import (
	"context"
	"fmt"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

type fenceCircle struct {
	Lon     float64 `json:"lon" minimum:"-180" maximum:"180"`
	Lat     float64 `json:"lat" minimum:"-90" maximum:"90"`
	RadiusM float64 `json:"radius_m" minimum:"10" maximum:"200000"`
}

type fenceBody struct {
	Name    string       `json:"name" minLength:"1" maxLength:"60"`
	Polygon [][2]float64 `json:"polygon,omitempty" maxItems:"1000" doc:"Corners, longitude first, WGS-84; either this or circle"`
	Circle  *fenceCircle `json:"circle,omitempty"`
	DwellS  int          `json:"dwell_s,omitempty" minimum:"0" maximum:"86400" doc:"A stay of this long is an event; 0 = none is"`
	Plain   bool         `json:"plain,omitempty" doc:"Every fix counts as it is: no margin for accuracy, no waiting"`
	OrgID   int64        `json:"org_id,omitempty" doc:"Units of this branch are watched; the own organisation when left out. It does not change later"`
}

type fenceView struct {
	ID int64 `json:"id"`
	fenceBody
}

type fenceInput struct {
	Command
	Body fenceBody
}

type setFenceInput struct {
	Command
	ID   int64 `path:"id"`
	Body fenceBody
}

type retireFenceInput struct {
	Command
	ID int64 `path:"id"`
}

type fenceOutput struct{ Body fenceView }

type fencesOutput struct {
	Body struct {
		Fences []fenceView `json:"fences" nullable:"false"`
	}
}

type fenceEventsInput struct {
	ID    int64     `path:"id"`
	From  time.Time `query:"from" required:"true"`
	To    time.Time `query:"to" required:"true" doc:"Exclusive"`
	After int64     `query:"after" minimum:"0" doc:"The id of the last event of the page before"`
	Limit int       `query:"limit" default:"500" minimum:"1" maximum:"5000"`
}

type fenceEventsOutput struct {
	Body struct {
		Events []tracking.FenceEvent `json:"events" nullable:"false"`
		More   bool                  `json:"more"`
	}
}

func (s *Server) fenceRoutes() {
	tags := []string{"fences"}
	handle(s, "GET", "/api/v1/fences", huma.Operation{Summary: "The fences of the own branch", Tags: tags}, s.listFences)
	handle(s, "POST", "/api/v1/fences", huma.Operation{Summary: "Make a fence", Tags: tags, DefaultStatus: 201}, s.addFence)
	handle(s, "PATCH", "/api/v1/fences/{id}", huma.Operation{Summary: "Change a fence; all of it is sent", Tags: tags}, s.setFence)
	handle(s, "DELETE", "/api/v1/fences/{id}", huma.Operation{Summary: "Retire a fence; what happened at it stays", Tags: tags}, s.retireFence)
	handle(s, "GET", "/api/v1/fences/{id}/events", huma.Operation{Summary: "Who entered, left and stayed", Tags: tags}, s.fenceEvents)
}

func (s *Server) listFences(ctx context.Context, _ *struct{}) (*fencesOutput, error) {
	list, err := tracking.Fencing(ctx, s.deps.DB.Pool, who(ctx).OrgPath)
	if err != nil {
		return nil, err
	}
	out := &fencesOutput{}
	out.Body.Fences = make([]fenceView, len(list))
	for i := range list {
		out.Body.Fences[i] = viewFence(&list[i])
	}
	return out, nil
}

func (s *Server) addFence(ctx context.Context, in *fenceInput) (*fenceOutput, error) {
	f, err := in.Body.fence()
	if err != nil {
		return nil, err
	}
	if f.OrgID == 0 {
		f.OrgID = who(ctx).OrgID
	}
	v, err := command(ctx, s, in.Key, "POST /fences", in.Body, func(ctx context.Context, tx *pg.Tx) (fenceView, error) {
		var err error
		if f.ID, err = tracking.AddFence(ctx, tx, who(ctx).OrgPath, f); err != nil {
			return fenceView{}, err
		}
		return viewFence(&f), s.fenceChanged(ctx, tx, "fence.added", f.ID, f.Name)
	})
	return &fenceOutput{Body: v}, err
}

func (s *Server) setFence(ctx context.Context, in *setFenceInput) (*fenceOutput, error) {
	f, err := in.Body.fence()
	if err != nil {
		return nil, err
	}
	f.ID = in.ID
	route := fmt.Sprintf("PATCH /fences/%d", in.ID)
	v, err := command(ctx, s, in.Key, route, in.Body, func(ctx context.Context, tx *pg.Tx) (fenceView, error) {
		if err := tracking.SetFence(ctx, tx, who(ctx).OrgPath, f); err != nil {
			return fenceView{}, err
		}
		return viewFence(&f), s.fenceChanged(ctx, tx, "fence.changed", f.ID, f.Name)
	})
	return &fenceOutput{Body: v}, err
}

func (s *Server) retireFence(ctx context.Context, in *retireFenceInput) (*struct{}, error) {
	route := fmt.Sprintf("DELETE /fences/%d", in.ID)
	_, err := command(ctx, s, in.Key, route, nil, func(ctx context.Context, tx *pg.Tx) (struct{}, error) {
		if err := tracking.RetireFence(ctx, tx, who(ctx).OrgPath, in.ID); err != nil {
			return struct{}{}, err
		}
		return struct{}{}, s.fenceChanged(ctx, tx, "fence.retired", in.ID, "")
	})
	return nil, err
}

// fenceChanged records a change, and lets the fences be read again once it is committed.
func (s *Server) fenceChanged(ctx context.Context, tx *pg.Tx, what string, id int64, name string) error {
	tx.AfterCommit(s.deps.Fences.Changed)
	return ticket.Record(tx, actor(who(ctx)), what, 0, 0, ticket.Data{"fence_id": id, "name": name})
}

func (s *Server) fenceEvents(ctx context.Context, in *fenceEventsInput) (*fenceEventsOutput, error) {
	list, err := tracking.FenceEvents(ctx, s.deps.DB.Pool, who(ctx).OrgPath, in.ID, in.From, in.To, in.After, in.Limit+1)
	if err != nil {
		return nil, err
	}
	out := &fenceEventsOutput{}
	out.Body.More = len(list) > in.Limit
	out.Body.Events = list[:min(len(list), in.Limit)]
	if out.Body.Events == nil {
		out.Body.Events = []tracking.FenceEvent{}
	}
	return out, nil
}

// fence is what the body says; the ring is closed if it was not.
func (b *fenceBody) fence() (tracking.Fence, error) {
	f := tracking.Fence{OrgID: b.OrgID, Name: b.Name, DwellS: b.DwellS, Plain: b.Plain}
	switch {
	case (b.Polygon == nil) == (b.Circle == nil):
		return f, invalid{"body.polygon", text{"polygon 与 circle 二选一。", "Send either polygon or circle."}}
	case b.Circle != nil:
		f.Centre, f.Radius = orb.Point{b.Circle.Lon, b.Circle.Lat}, geo.Metres(b.Circle.RadiusM)
	default:
		ring := make(orb.Ring, 0, len(b.Polygon)+1)
		for _, p := range b.Polygon {
			ring = append(ring, p)
		}
		if len(ring) > 0 && !ring.Closed() {
			ring = append(ring, ring[0])
		}
		f.Polygon = orb.Polygon{ring}
	}
	if err := f.Check(); err != nil {
		return f, invalid{"body.polygon", text{"围栏形状无效：需要至少三个顶点的多边形，或圆心加半径（10 米至 200 公里）。", err.Error() + "."}}
	}
	return f, nil
}

func viewFence(f *tracking.Fence) fenceView {
	v := fenceView{ID: f.ID, fenceBody: fenceBody{Name: f.Name, DwellS: f.DwellS, Plain: f.Plain, OrgID: f.OrgID}}
	if f.Polygon == nil {
		v.Circle = &fenceCircle{Lon: f.Centre[0], Lat: f.Centre[1], RadiusM: float64(f.Radius)}
		return v
	}
	for _, p := range f.Polygon[0] {
		v.Polygon = append(v.Polygon, p)
	}
	return v
}
