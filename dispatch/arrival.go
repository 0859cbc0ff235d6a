package dispatch

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

const (
	// ArrivalWithin and ArrivalAfter: a unit under way that has been this near to its case for this long has probably
	// arrived.
	ArrivalWithin = geo.Metres(150)
	ArrivalAfter  = time.Minute
	// arrivalAccuracyM is the accuracy above which a fix says nothing about being near.
	arrivalAccuracyM = 100
	// A unit that comes out of the circle by no more than this is not believed to have left.
	arrivalSlack = geo.Metres(50)
)

// Arrivals watches the units that are under way and proposes to their officers that they have arrived. It never takes
// the step itself: the officer does, with one touch, or goes on.
type Arrivals struct {
	Service *Service
	Log     *slog.Logger
	// Wake is signalled when the event log grew. It should hold one element.
	Wake <-chan struct{}
	// Heartbeat is how often the sorties are read without being woken; 0 means 5 s.
	Heartbeat time.Duration
	// Looked, when not nil, is called after each look; tests wait on it.
	Looked func()

	mu      sync.Mutex // guards targets
	targets map[int64]*target
	due     chan struct{} // made by Run
}

// target is where a unit under way goes.
type target struct {
	sortieID, ticketID int64
	point              orb.Point
	near               time.Time // of the first fix of those near it; zero when the newest was not
	proposal           geo.Metres
	ripe               bool // to be proposed
}

// OnFix takes the fixes that moved their units, oldest first. It does not block.
func (a *Arrivals) OnFix(fixes []tracking.Fix) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for i := range fixes {
		if t := a.targets[fixes[i].UnitID]; t != nil && t.see(&fixes[i]) {
			select {
			case a.due <- struct{}{}:
			default:
			}
		}
	}
}

// see takes a fix and tells whether the arrival became ripe by it.
func (t *target) see(fix *tracking.Fix) bool {
	if t.ripe || fix.AccuracyM.Known && fix.AccuracyM.Value > arrivalAccuracyM {
		return false
	}
	metres := geo.Distance(fix.Point, t.point)
	switch {
	case metres > ArrivalWithin+arrivalSlack:
		t.near = time.Time{}
	case metres > ArrivalWithin: // neither here nor gone
	case t.near.IsZero():
		t.near = fix.FixedAt
	case fix.FixedAt.Sub(t.near) >= ArrivalAfter:
		t.ripe, t.proposal = true, metres
	}
	return t.ripe
}

// Run follows the sorties until ctx ends and returns nil then. Trouble with the database is logged and tried again.
func (a *Arrivals) Run(ctx context.Context) error {
	beat := a.Heartbeat
	if beat == 0 {
		beat = 5 * time.Second
	}
	due := make(chan struct{}, 1)
	a.mu.Lock()
	a.due = due
	a.mu.Unlock()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		if err := a.Look(ctx); err != nil && ctx.Err() == nil {
			a.Log.Warn("arrivals could not be looked after; trying again", "err", err)
		}
		if a.Looked != nil {
			a.Looked()
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.Wake:
		case <-due:
		case <-tick.C:
		}
	}
}

// Look proposes what is ripe, then reads who is under way now.
func (a *Arrivals) Look(ctx context.Context) error {
	for unit, t := range a.ripe() {
		if err := a.propose(ctx, unit, t); err != nil {
			return err
		}
	}
	list, err := underWay(ctx, a.Service.DB.Pool)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	fresh := make(map[int64]*target, len(list))
	for unit, t := range list {
		if old := a.targets[unit]; old != nil && old.sortieID == t.sortieID && old.point == t.point {
			t = old
		}
		fresh[unit] = t
	}
	a.targets = fresh
	return nil
}

func (a *Arrivals) ripe() map[int64]target {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make(map[int64]target)
	for unit, t := range a.targets {
		if t.ripe {
			out[unit] = *t
		}
	}
	return out
}

// propose writes a proposal, once for a sortie, and only while the unit is still under way.
func (a *Arrivals) propose(ctx context.Context, unitID int64, t target) error {
	return a.Service.DB.InTx(ctx, func(tx *pg.Tx) error {
		if _, err := ticket.Lock(ctx, tx, ticket.Engine, t.ticketID); err != nil {
			return err
		}
		made, err := proposeArrival(ctx, tx, t.sortieID, float64(t.proposal))
		if err != nil || !made {
			return err
		}
		return ticket.Record(tx, ticket.Engine, "arrival.proposed", t.ticketID, unitID, ticket.Data{"distance_m": round1(float64(t.proposal))})
	})
}
