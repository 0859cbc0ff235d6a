package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/road"
	"jiujin/ticket"
)

// The values of ETA.Basis, in the order in which they are tried.
const (
	BasisRoad     = "road"
	BasisExternal = "external"
	BasisStraight = "straight_line"
)

// RoadETA estimates on the service's own roads.
type RoadETA struct{ Roads *road.Roads }

// ETAs fails when there are no roads, or when the case is too far from them. It knows nothing of units that are.
func (r RoadETA) ETAs(_ context.Context, to orb.Point, from []orb.Point) ([]ETA, error) {
	travels, err := r.Roads.Travels(to, from)
	if err != nil {
		return nil, fmt.Errorf("estimate on roads: %w", err)
	}
	out := make([]ETA, len(travels))
	for i, t := range travels {
		if !t.OffRoads {
			out[i] = roadETA(t)
		}
	}
	return out, nil
}

func roadETA(t road.Travel) ETA {
	return ETA{Travel: time.Duration(t.Seconds * float64(time.Second)).Round(time.Second), Metres: t.Metres, Basis: BasisRoad}
}

// Route is where the unit that has a ticket drives, from where it is now.
type Route struct {
	ETA
	UnitID int64
	// FixedAt is when the unit was where the line begins.
	FixedAt time.Time
	Line    orb.LineString // with no roads a straight line
}

// ErrNoRoute says that nobody is on the way to the ticket, or that it is not known where.
var ErrNoRoute = errors.New("no unit is on the way")

// RouteOf is the route of the unit that is on its way to a ticket, or that it is offered to. The error wraps ErrNoRoute.
func (s *Service) RouteOf(v *TicketView) (Route, error) {
	unit := v.UnitConcerned()
	if unit == 0 || v.Lon == nil || !(v.Status == ticket.Offered || v.onTheWay()) {
		return Route{}, ErrNoRoute
	}
	fix, ok := s.position(unit, v.Offer != nil || v.Unit.onShift) // offers are made on shift only
	if !ok {
		return Route{}, ErrNoRoute
	}
	to := orb.Point{*v.Lon, *v.Lat}
	r := Route{UnitID: unit, FixedAt: fix.FixedAt}
	if s.Roads != nil {
		if way, err := s.Roads.Way(fix.Point, to); err == nil {
			r.ETA, r.Line = roadETA(way), way.Line
			return r, nil
		}
	}
	r.ETA, r.Line = DefaultStraightLine.ETA(fix.Point, to), orb.LineString{fix.Point, to}
	return r, nil
}
