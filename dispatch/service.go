package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/area"
	"jiujin/geo/road"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

// nearest is how many units around a case are ranked: so many that could go, and as many that could not, for the desk
// to see why. A county has fewer.
const nearest = 60

// Service ranks, offers and reads duty. It is safe for concurrent use and owns nothing: the database and the
// position store belong to the caller.
type Service struct {
	DB        *pg.DB
	Positions *tracking.Store
	Roads     *road.Roads // the service's own; nil = none
	External  ETASource   // asked for rankings when Roads cannot answer; nil = none
}

// Candidates ranks the units for a ticket as things stand now. The ticket must have a point.
func (s *Service) Candidates(ctx context.Context, q pg.Queryer, t *ticket.Ticket, now time.Time) ([]Candidate, error) {
	if t.Point == nil {
		return nil, ticket.Invalid{{Field: "lon", Code: "place_needed_for_dispatch"}}
	}
	d, err := readDuty(ctx, q, []ticket.Ticket{*t}, now)
	if err != nil {
		return nil, err
	}
	return s.rank(ctx, d, t)
}

// duty is what the database knows about units and tickets at one moment, for ranking any number of tickets.
type duty struct {
	now      time.Time
	policies map[int]Policy
	units    map[string][]Facts          // by the tickets' branch
	refusals map[int64]map[int64]refusal // by ticket, then unit
	bodies   map[int64][]area.Body       // who is responsible, by ticket
}

// refusal is a unit's no to a ticket: declined, left unanswered, or taken and given back.
type refusal struct {
	Reason string
	At     time.Time
}

// rank orders the units around a ticket. The position store says who is near, duty who could go; the units that could
// not go are ranked apart, so that a crowd of them hides nobody who could.
func (s *Service) rank(ctx context.Context, d *duty, t *ticket.Ticket) ([]Candidate, error) {
	p, branch := d.policies[int(t.Urgency)], d.units[t.OrgPath]
	facts := make(map[int64]Facts, len(branch))
	fit := make(map[int64]bool, len(branch))
	chosen := make([]Facts, 0, min(len(branch), 3*nearest))
	ignored := map[string]any{}
	for _, f := range branch {
		if no, ok := d.refusals[t.ID][f.UnitID]; ok {
			f.DeclinedReason, f.DeclinedAt = no.Reason, no.At
		}
		fix, ok := s.position(f.UnitID, f.OnShift)
		if !ok {
			if len(chosen) < nearest {
				chosen = append(chosen, f)
			}
			continue
		}
		facts[f.UnitID] = f
		fit[f.UnitID] = obstacle(t, p, f, located{at: fix.FixedAt}, d.now, ignored) == ""
	}
	near := s.Positions.Nearest(*t.Point, nearest, func(unit int64) bool { return fit[unit] })
	near = append(near, s.Positions.Nearest(*t.Point, nearest, func(unit int64) bool {
		could, known := fit[unit]
		return known && !could
	})...)
	where, err := s.locate(ctx, *t.Point, near)
	if err != nil {
		return nil, err
	}
	for _, n := range near {
		chosen = append(chosen, facts[n.Fix.UnitID])
	}
	return rank(matter{t, p, d.bodies[t.ID], d.now}, chosen, where), nil
}

// locate asks the ETA source how far the units are.
func (s *Service) locate(ctx context.Context, to orb.Point, near []tracking.Near) (map[int64]located, error) {
	from := make([]orb.Point, len(near))
	for i, n := range near {
		from[i] = n.Fix.Point
	}
	etas, err := s.etas(ctx, to, from)
	if err != nil {
		return nil, err
	}
	where := make(map[int64]located, len(near))
	for i, n := range near {
		where[n.Fix.UnitID] = located{at: n.Fix.FixedAt, point: n.Fix.Point, eta: etas[i]}
	}
	return where, nil
}

// etas asks the own roads, the external source about units that those do not know, and at last draws straight lines.
func (s *Service) etas(ctx context.Context, to orb.Point, from []orb.Point) ([]ETA, error) {
	var sources FirstETA
	if s.Roads != nil {
		sources = append(sources, RoadETA{s.Roads})
	}
	if s.External != nil {
		sources = append(sources, s.External)
	}
	etas, err := append(sources, DefaultStraightLine).ETAs(ctx, to, from)
	if err != nil {
		return nil, fmt.Errorf("estimate arrival: %w", err)
	}
	return etas, nil
}

// left is how far a unit on its way still is. It is asked for whenever a ticket is shown, so the external source is not
// bothered.
func (s *Service) left(from, to orb.Point) ETA {
	if s.Roads != nil {
		if travels, err := s.Roads.Travels(to, []orb.Point{from}); err == nil && !travels[0].OffRoads {
			return roadETA(travels[0])
		}
	}
	return DefaultStraightLine.ETA(from, to)
}
