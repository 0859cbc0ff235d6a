package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

// nearest is how many units around a case are considered. A county has fewer.
const nearest = 60

// Service ranks, offers and reads duty. It is safe for concurrent use and owns nothing: the database and the
// position store belong to the caller.
type Service struct {
	DB        *pg.DB
	Positions *tracking.Store
	ETA       ETASource // a road source; nil = straight line only
}

// Candidates ranks the units for a ticket as things stand now. The ticket must have a point.
func (s *Service) Candidates(ctx context.Context, q pg.Queryer, t *ticket.Ticket, now time.Time) ([]Candidate, error) {
	if t.Point == nil {
		return nil, ticket.Invalid{{Field: "lon", Code: "place_needed_for_dispatch"}}
	}
	policies, err := Policies(ctx, q)
	if err != nil {
		return nil, err
	}
	where, ids, err := s.locate(ctx, *t.Point)
	if err != nil {
		return nil, err
	}
	facts, err := readFacts(ctx, q, t, ids, now)
	if err != nil {
		return nil, err
	}
	return rank(t, policies[int(t.Urgency)], facts, where, now), nil
}

// locate asks the position store who is near and the ETA source how far that is.
func (s *Service) locate(ctx context.Context, to orb.Point) (map[int64]located, []int64, error) {
	near := s.Positions.Nearest(to, nearest, func(int64) bool { return true })
	from := make([]orb.Point, len(near))
	ids := make([]int64, len(near))
	for i, n := range near {
		from[i], ids[i] = n.Fix.Point, n.Fix.UnitID
	}
	etas, err := s.etas(ctx, to, from)
	if err != nil {
		return nil, nil, err
	}
	where := make(map[int64]located, len(near))
	for i, n := range near {
		where[n.Fix.UnitID] = located{at: n.Fix.FixedAt, point: n.Fix.Point, eta: etas[i]}
	}
	return where, ids, nil
}

// etas falls back to the straight line for all units when the road source fails, so that bases are never mixed.
func (s *Service) etas(ctx context.Context, to orb.Point, from []orb.Point) ([]ETA, error) {
	if s.ETA != nil {
		if etas, err := s.ETA.ETAs(ctx, to, from); err == nil && len(etas) == len(from) {
			return etas, nil
		}
	}
	etas, err := DefaultStraightLine.ETAs(ctx, to, from)
	if err != nil {
		return nil, fmt.Errorf("estimate arrival: %w", err)
	}
	return etas, nil
}
