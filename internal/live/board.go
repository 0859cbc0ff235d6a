package live

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"jiujin/dispatch"
	"jiujin/ticket"
	"jiujin/tracking"
)

const (
	frameEvery = 200 * time.Millisecond // positions are gathered this long, newest per unit wins
	tickEvery  = 5 * time.Second        // also how soon a duty that changes with time alone is shown
	eventBatch = 500
)

// Board turns the event log and the accepted fixes into messages for the hub. Exactly one Run per process.
type Board struct {
	Service *dispatch.Service
	Hub     *Hub
	Log     *slog.Logger
	// Wake is signalled when the event log grew; it should hold one element.
	Wake <-chan struct{}

	mu      sync.Mutex // guards pending
	pending map[int64]tracking.Fix

	// The rest belongs to Run.
	cursor int64
	units  map[int64]dispatch.UnitView // as last published
}

// OnFix takes accepted fixes; it never blocks. Between two frames the newest fix of a unit wins.
func (b *Board) OnFix(fixes []tracking.Fix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.pending == nil {
		b.pending = make(map[int64]tracking.Fix)
	}
	for _, f := range fixes {
		if old, ok := b.pending[f.UnitID]; !ok || f.FixedAt.After(old.FixedAt) {
			b.pending[f.UnitID] = f
		}
	}
}

// Run publishes until ctx ends, then closes the hub and returns nil. While the database is away positions go on and
// facts wait; none is skipped.
func (b *Board) Run(ctx context.Context) error {
	defer b.Hub.Close()
	frame := time.NewTicker(frameEvery)
	defer frame.Stop()
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	started := false
	for {
		var err error
		if !started {
			if err = b.start(ctx); err == nil {
				started = true
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-frame.C:
			b.publishFixes()
			continue
		case <-b.Wake:
		case <-tick.C:
			b.publishTick()
			if started {
				err = b.refreshUnits(ctx)
			}
		}
		if err == nil && started {
			err = b.follow(ctx)
		}
		if err != nil && ctx.Err() == nil {
			b.Log.Warn("live board is behind the event log; it tries again", "err", err)
		}
	}
}

func (b *Board) start(ctx context.Context) error {
	seq, err := ticket.HeadSeq(ctx, b.Service.DB.Pool)
	if err != nil {
		return err
	}
	b.cursor = seq
	return b.refreshUnits(ctx)
}

// follow publishes everything that was committed since the last call.
func (b *Board) follow(ctx context.Context) error {
	for {
		events, err := dispatch.EventsAfter(ctx, b.Service.DB.Pool, "", b.cursor, eventBatch)
		if err != nil || len(events) == 0 {
			return err
		}
		seq := events[len(events)-1].Seq
		if err := b.publishRows(ctx, events, seq); err != nil {
			return err
		}
		for i := range events {
			e := &events[i]
			b.publish("event", e.Seq, e.Event, func(s *Subscriber) bool {
				return s.Events && inBranch(s, e.OrgPath) && (e.OrgPath != "" || s.Branch == "")
			})
		}
		b.cursor = seq
	}
}

// publishRows sends the tickets and units that the events touched, as they are now.
func (b *Board) publishRows(ctx context.Context, events []dispatch.ScopedEvent, seq int64) error {
	now := b.now()
	tickets, units := map[int64]bool{}, map[int64]bool{}
	for _, e := range events {
		if e.TicketID != 0 {
			tickets[e.TicketID] = true
		}
		if e.UnitID != 0 {
			units[e.UnitID] = true
		}
	}
	for id, u := range b.units {
		if (u.TicketID != nil && tickets[*u.TicketID]) || (u.OfferTicketID != nil && tickets[*u.OfferTicketID]) {
			units[id] = true
		}
	}
	views, err := b.Service.TicketViews(ctx, b.Service.DB.Pool, "", keys(tickets), now)
	if err != nil {
		return err
	}
	for i := range views {
		v := &views[i]
		if v.Unit != nil {
			units[v.Unit.ID] = true
		}
		if v.Offer != nil {
			units[v.Offer.UnitID] = true
		}
		b.publish("ticket", seq, v, func(s *Subscriber) bool { return inBranch(s, v.OrgPath) })
	}
	unitViews, err := b.Service.UnitViews(ctx, b.Service.DB.Pool, "", keys(units), now)
	if err != nil {
		return err
	}
	for i := range unitViews {
		b.publishUnit(seq, unitViews[i])
	}
	return b.publishOfficers(ctx, units, seq)
}

func (b *Board) publishUnit(seq int64, v dispatch.UnitView) {
	b.units[v.ID] = v
	b.publish("unit", seq, v, func(s *Subscriber) bool { return inBranch(s, v.OrgPath) })
}

func (b *Board) publishOfficers(ctx context.Context, units map[int64]bool, seq int64) error {
	for id := range b.Hub.officerUnits() {
		if !units[id] {
			continue
		}
		state, err := b.Service.Officer(ctx, b.Service.DB.Pool, id, b.now())
		if err != nil {
			return err
		}
		b.publish("officer", seq, state, func(s *Subscriber) bool { return s.UnitID == id })
	}
	return nil
}

// refreshUnits finds what changed by time alone (a shift began, a signal was lost) and publishes that.
func (b *Board) refreshUnits(ctx context.Context) error {
	views, err := b.Service.UnitViews(ctx, b.Service.DB.Pool, "", nil, b.now())
	if err != nil {
		return err
	}
	first := b.units == nil
	if first {
		b.units = make(map[int64]dispatch.UnitView, len(views))
	}
	changed := map[int64]bool{}
	for _, v := range views {
		old, known := b.units[v.ID]
		b.units[v.ID] = v
		if !first && (!known || old.Duty != v.Duty || old.Freshness != v.Freshness || old.CallSign != v.CallSign) {
			b.publishUnit(b.cursor, v)
			changed[v.ID] = true
		}
	}
	return b.publishOfficers(ctx, changed, b.cursor)
}

// publishFixes sends one frame per watched branch.
func (b *Board) publishFixes() {
	b.mu.Lock()
	pending := b.pending
	b.pending = nil
	b.mu.Unlock()
	if len(pending) == 0 {
		return
	}
	now := b.now()
	for _, branch := range b.Hub.branches() {
		frame := make([][6]any, 0, len(pending))
		for id, f := range pending {
			if strings.HasPrefix(b.units[id].OrgPath, branch) {
				frame = append(frame, [6]any{id, f.Point.Lon(), f.Point.Lat(), f.HeadingDeg.Ptr(), f.SpeedKmh.Ptr(), f.FixedAt.UnixMilli()})
			}
		}
		if len(frame) == 0 {
			continue
		}
		b.publish("fixes", 0, map[string]any{"now": now, "f": frame}, func(s *Subscriber) bool {
			return s.UnitID == 0 && s.Branch == branch
		})
	}
}

func (b *Board) publishTick() {
	b.publish("tick", 0, map[string]any{"now": b.now()}, func(*Subscriber) bool { return true })
}

func (b *Board) publish(name string, seq int64, v any, wants func(*Subscriber) bool) {
	data, err := json.Marshal(v)
	if err != nil {
		b.Log.Error("a live message could not be written", "name", name, "err", fmt.Errorf("encode: %w", err))
		return
	}
	b.Hub.send(Message{Name: name, Seq: seq, Data: data}, wants)
}

func (b *Board) now() time.Time { return b.Service.DB.Now().UTC() }

func keys(set map[int64]bool) []int64 {
	out := make([]int64, 0, len(set))
	for id := range set {
		out = append(out, id)
	}
	return out
}
