package httpapi

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"jiujin/geo/road"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

type routeOutput struct {
	Body struct {
		UnitID    int64        `json:"unit_id"`
		FixedAt   time.Time    `json:"fixed_at" doc:"When the unit was where the line begins"`
		DistanceM float64      `json:"distance_m" doc:"Metres along the way"`
		ETAS      int          `json:"eta_s" doc:"Seconds of driving"`
		ETABasis  string       `json:"eta_basis" enum:"road,straight_line" doc:"straight_line: the roads are not known there, and the line is straight"`
		Line      [][2]float64 `json:"line" nullable:"false" doc:"Longitude first, WGS-84"`
	}
}

type closureBody struct {
	Reason string       `json:"reason" minLength:"1" maxLength:"100" doc:"What people are told"`
	Points [][2]float64 `json:"points" minItems:"2" maxItems:"500" doc:"Longitude first, WGS-84. A line closes the roads that cross it; a ring, which ends where it begins, those that touch it"`
	From   *time.Time   `json:"from,omitempty" doc:"Now when left out"`
	Until  *time.Time   `json:"until,omitempty" doc:"Until somebody lifts it when left out"`
}

// closureView is a closure as the map draws it.
type closureView struct {
	ID     int64          `json:"id"`
	OrgID  int64          `json:"org_id"`
	Reason string         `json:"reason"`
	Points [][2]float64   `json:"points" nullable:"false"`
	From   time.Time      `json:"from"`
	Until  *time.Time     `json:"until"`
	Lifted *time.Time     `json:"lifted_at" doc:"null while the roads are closed"`
	MadeAt time.Time      `json:"made_at"`
	Mine   bool           `json:"mine" doc:"Made in the own branch: may be lifted"`
	Roads  [][][2]float64 `json:"roads" nullable:"false" doc:"The pieces of road that it closes"`
}

type closureInput struct {
	Command
	Body closureBody
}

type closureIDInput struct {
	Command
	ID int64 `path:"id"`
}

type closureOutput struct{ Body closureView }

type closuresOutput struct {
	Body struct {
		Closures []closureView `json:"closures" nullable:"false" doc:"Those that hold now or will later, the newest first"`
	}
}

func (s *Server) roadRoutes() {
	tags := []string{"roads"}
	handle(s, "GET", "/api/v1/tickets/{id}/route", huma.Operation{Summary: "Where the unit that has the ticket drives, or would, from where it is now", Tags: tags}, s.ticketRoute)
	handle(s, "GET", "/api/v1/roads/closures", huma.Operation{Summary: "Roads that are closed", Tags: tags}, s.listClosures)
	handle(s, "POST", "/api/v1/roads/closures", huma.Operation{Summary: "Close roads", Tags: tags, DefaultStatus: 201}, s.addClosure)
	handle(s, "DELETE", "/api/v1/roads/closures/{id}", huma.Operation{Summary: "Open closed roads again", Tags: tags},
		func(ctx context.Context, in *closureIDInput) (*closureOutput, error) {
			return s.liftClosure(ctx, in, fmt.Sprintf("DELETE /roads/closures/%d", in.ID), true)
		})
	handle(s, "POST", "/api/v1/roads/closures/{id}/restore", huma.Operation{Summary: "Take the opening of closed roads back", Tags: tags},
		func(ctx context.Context, in *closureIDInput) (*closureOutput, error) {
			return s.liftClosure(ctx, in, fmt.Sprintf("POST /roads/closures/%d/restore", in.ID), false)
		})
}

// ticketRoute shows officers the way of their own unit only.
func (s *Server) ticketRoute(ctx context.Context, in *ticketInput) (*routeOutput, error) {
	me := who(ctx)
	branch := me.OrgPath
	if me.Role == auth.Officer {
		branch = ""
	}
	v, err := s.deps.Dispatch.TicketViewByID(ctx, s.deps.DB.Pool, branch, in.ID, s.now())
	if err != nil {
		return nil, err
	}
	if me.Role == auth.Officer && v.UnitConcerned() != me.UnitID {
		return nil, ticket.ErrNotFound
	}
	r, err := s.deps.Dispatch.RouteOf(&v)
	if err != nil {
		return nil, err
	}
	out := &routeOutput{}
	b := &out.Body
	b.UnitID, b.FixedAt, b.DistanceM = r.UnitID, r.FixedAt, math.Round(float64(r.Metres))
	b.ETAS, b.ETABasis, b.Line = int(r.Travel/time.Second), r.Basis, pairs(r.Line)
	return out, nil
}

// pairs rounds to seven decimals, about a centimetre.
func pairs(line []orb.Point) [][2]float64 {
	out := make([][2]float64, len(line))
	for i, p := range line {
		out[i] = [2]float64{math.Round(p[0]*1e7) / 1e7, math.Round(p[1]*1e7) / 1e7}
	}
	return out
}

func (s *Server) listClosures(ctx context.Context, _ *struct{}) (*closuresOutput, error) {
	list, err := road.Closures(ctx, s.deps.DB.Pool, s.now())
	if err != nil {
		return nil, err
	}
	out := &closuresOutput{}
	out.Body.Closures = make([]closureView, len(list))
	for i, c := range list {
		out.Body.Closures[i] = s.viewClosure(c, strings.HasPrefix(c.OrgPath, who(ctx).OrgPath))
	}
	return out, nil
}

func (s *Server) addClosure(ctx context.Context, in *closureInput) (*closureOutput, error) {
	points := make([]orb.Point, len(in.Body.Points))
	for i, p := range in.Body.Points {
		points[i] = p
	}
	shape, err := road.ClosureShape(points)
	if err != nil {
		return nil, err
	}
	v, err := command(ctx, s, in.Key, "POST /roads/closures", in.Body, func(ctx context.Context, tx *pg.Tx) (closureView, error) {
		c := road.Closure{OrgID: who(ctx).OrgID, Reason: in.Body.Reason, Shape: shape, From: tx.Now(), MadeBy: actor(who(ctx)).ID}
		if in.Body.From != nil {
			c.From = in.Body.From.UTC()
		}
		if in.Body.Until != nil {
			c.Until = in.Body.Until.UTC()
		}
		c, err := road.AddClosure(ctx, tx, who(ctx).OrgPath, c)
		if err != nil {
			return closureView{}, err
		}
		return s.viewClosure(c, true), s.closureChanged(ctx, tx, "closure.added", c)
	})
	return &closureOutput{Body: v}, err
}

func (s *Server) liftClosure(ctx context.Context, in *closureIDInput, route string, lifted bool) (*closureOutput, error) {
	v, err := command(ctx, s, in.Key, route, nil, func(ctx context.Context, tx *pg.Tx) (closureView, error) {
		c, err := road.LiftClosure(ctx, tx, who(ctx).OrgPath, in.ID, lifted)
		if err != nil {
			return closureView{}, err
		}
		what := "closure.restored"
		if lifted {
			what = "closure.lifted"
		}
		return s.viewClosure(c, true), s.closureChanged(ctx, tx, what, c)
	})
	return &closureOutput{Body: v}, err
}

// closureChanged records a change, and lets the roads be read again once it is committed.
func (s *Server) closureChanged(ctx context.Context, tx *pg.Tx, what string, c road.Closure) error {
	if roads := s.deps.Dispatch.Roads; roads != nil {
		tx.AfterCommit(roads.Changed)
	}
	return ticket.Record(tx, actor(who(ctx)), what, 0, 0, ticket.Data{"closure_id": c.ID, "reason": c.Reason})
}

func (s *Server) viewClosure(c road.Closure, mine bool) closureView {
	v := closureView{
		ID: c.ID, OrgID: c.OrgID, Reason: c.Reason, From: c.From, MadeAt: c.MadeAt, Mine: mine, Roads: [][][2]float64{},
	}
	switch shape := c.Shape.(type) {
	case orb.LineString:
		v.Points = pairs(shape)
	case orb.Polygon:
		v.Points = pairs(shape[0])
	}
	if !c.Until.IsZero() {
		v.Until = &c.Until
	}
	if !c.LiftedAt.IsZero() {
		v.Lifted = &c.LiftedAt
	}
	if roads := s.deps.Dispatch.Roads; roads != nil {
		for _, line := range roads.Closed(c.Shape) {
			v.Roads = append(v.Roads, pairs(line))
		}
	}
	return v
}
