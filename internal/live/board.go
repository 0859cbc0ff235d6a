package live

import (
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/dispatch"
	"jiujin/tracking"
)

const (
	frameEvery = 200 * time.Millisecond // positions are gathered this long, newest per unit wins
	tickEvery  = 5 * time.Second        // also how soon a duty that changes with time alone is shown
	lookWithin = 10 * time.Second       // a database that takes longer is away
	eventBatch = 500
	// refreshTries is how often the units are read again because facts came in between; then they are told as they are.
	refreshTries = 5
)

// Board turns the event log and the accepted fixes into messages for the hub. It holds the units that somebody watches
// and no others, so its work grows with what is shown, not with the register. Exactly one Run per process.
type Board struct {
	Service *dispatch.Service
	Hub     *Hub
	Log     *slog.Logger
	// Wake is signalled when the event log grew; it should hold one element.
	Wake <-chan struct{}
	// Tick is how often the server's time is told and duties that change with time alone are looked for; 0 means 5 s.
	Tick time.Duration
	// Looked, when not nil, is called after each look at the event log; tests wait on it.
	Looked func()

	mu      sync.Mutex // guards pending, and units against readers beside runFacts
	pending map[int64]tracking.Fix

	// Only the goroutine of runFacts writes these.
	started  bool                        // cursor is set
	cursor   int64                       // everything up to this number has been published
	units    map[int64]dispatch.UnitView // those watched, as last published
	branches map[string]bool             // whose units are all among them
}

// OnFix takes accepted fixes; it never blocks. Of units that nobody watches it keeps nothing. Between two frames the
// newest fix of a unit wins.
func (b *Board) OnFix(fixes []tracking.Fix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.units) == 0 {
		return
	}
	if b.pending == nil {
		b.pending = make(map[int64]tracking.Fix)
	}
	for i := range fixes {
		f := &fixes[i]
		if _, shown := b.units[f.UnitID]; !shown {
			continue
		}
		if old, ok := b.pending[f.UnitID]; !ok || f.FixedAt.After(old.FixedAt) {
			b.pending[f.UnitID] = *f
		}
	}
}

// OnFence takes what units did at fences, after it is in the database; it never blocks. Who may not see the unit is not
// told.
func (b *Board) OnFence(events []tracking.FenceEvent) {
	for i := range events {
		e := &events[i]
		b.publish(Message{Name: "fence"}, e, func(s *Subscriber) bool { return s.Events && inBranch(s, e.OrgPath) })
	}
}

// Run publishes until ctx ends, then closes the hub and returns nil. While the database is away positions go on and
// facts wait; none is skipped.
func (b *Board) Run(ctx context.Context) error {
	defer b.Hub.Close()
	if b.Tick == 0 {
		b.Tick = tickEvery
	}
	var g errgroup.Group
	g.Go(func() error { b.runFrames(ctx); return nil })
	g.Go(func() error { b.runFacts(ctx); return nil })
	return g.Wait()
}

// runFrames publishes what needs no database.
func (b *Board) runFrames(ctx context.Context) {
	frame := time.NewTicker(frameEvery)
	defer frame.Stop()
	tick := time.NewTicker(b.Tick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-frame.C:
			b.publishFixes()
		case <-tick.C:
			b.publish(Message{Name: "tick"}, map[string]any{"now": b.now()}, func(*Subscriber) bool { return true })
		}
	}
}

// runFacts publishes what was committed.
func (b *Board) runFacts(ctx context.Context) {
	tick := time.NewTicker(b.Tick)
	defer tick.Stop()
	refresh := true
	for {
		if err := b.look(ctx, refresh); err != nil && ctx.Err() == nil {
			b.Log.Warn("live board is behind the event log; it tries again", "err", err)
		}
		if b.Looked != nil {
			b.Looked()
		}
		select {
		case <-ctx.Done():
			return
		case <-b.Wake:
			refresh = false
		case <-tick.C:
			refresh = true
		case <-b.Hub.joined:
			refresh = true
		}
	}
}

func (b *Board) look(ctx context.Context, refresh bool) error {
	ctx, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	if !b.started {
		if err := b.start(ctx); err != nil {
			return err
		}
	}
	if err := b.follow(ctx); err != nil || !refresh {
		return err
	}
	return b.refresh(ctx)
}

// publishFixes sends one frame per watched branch.
func (b *Board) publishFixes() {
	pending, units := b.takePending()
	if len(pending) == 0 {
		return
	}
	watched := b.Hub.watched().branches
	rows := make(map[string][][6]any)
	for id, f := range pending {
		v := units[id]
		if !v.Shows(f) {
			continue
		}
		row := [6]any{id, f.Point.Lon(), f.Point.Lat(), f.HeadingDeg.Ptr(), f.SpeedKmh.Ptr(), f.FixedAt.UnixMilli()}
		eachBranch(v.OrgPath, func(branch string) {
			if watched[branch] {
				rows[branch] = append(rows[branch], row)
			}
		})
	}
	now := b.now()
	frames := make(map[string]Message, len(rows))
	for branch, f := range rows {
		if m, ok := b.message(Message{Name: "fixes"}, map[string]any{"now": now, "f": f}); ok {
			frames[branch] = m
		}
	}
	b.Hub.sendFrames(frames)
}

// eachBranch names the branches that hold an org path such as "1.4.9.", from "" (everything) to itself.
func eachBranch(path string, do func(branch string)) {
	do("")
	for i := range len(path) {
		if path[i] == '.' {
			do(path[:i+1])
		}
	}
}

// takePending is what moved since the last call, with the units it belongs to; one that nobody watches any more is left
// out.
func (b *Board) takePending() (map[int64]tracking.Fix, map[int64]dispatch.UnitView) {
	b.mu.Lock()
	defer b.mu.Unlock()
	pending := b.pending
	b.pending = nil
	units := make(map[int64]dispatch.UnitView, len(pending))
	for id := range pending {
		if v, shown := b.units[id]; shown {
			units[id] = v
		} else {
			delete(pending, id)
		}
	}
	return pending, units
}

// publish fills in the message's data and hands it to the hub.
func (b *Board) publish(m Message, v any, wants func(*Subscriber) bool) {
	if m, ok := b.message(m, v); ok {
		b.Hub.send(m, wants)
	}
}

// message is m with v as its data; false when v cannot be encoded, which is logged.
func (b *Board) message(m Message, v any) (Message, bool) {
	var err error
	if m.Data, err = json.Marshal(v); err != nil {
		b.Log.Error("a live message could not be encoded", "name", m.Name, "err", err)
		return m, false
	}
	return m, true
}

// now is the service's time, in the milliseconds that clients are told.
func (b *Board) now() time.Time { return b.Service.DB.Now().UTC().Truncate(time.Millisecond) }
