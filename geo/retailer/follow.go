package retailer

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"jiujin/geo/retailer/index"
	"jiujin/internal/pg"
)

const (
	// look is how often the register is read for changes of which no notice
	// came.
	look = time.Minute
	// rest is the least time between two readings of what has changed.
	rest = time.Second
	// step is how many retailers are read between two steps of a build: whole
	// segments, so that each is one region.
	step = 4 * index.SegmentSize
	// mostAtOnce is how many changed retailers are read into memory at once;
	// when more have changed since the last look, the index is built anew.
	mostAtOnce = 200_000
	// mostChanges and a fifth of the retailers is how many changes the index
	// takes in; with more it is built anew.
	mostChanges = 20_000
)

// Run follows the register until ctx ends. While the database is away it keeps
// what it has.
func (f *Finder) Run(ctx context.Context) error {
	for {
		begin := time.Now()
		if err := f.Refresh(ctx); err != nil && ctx.Err() == nil {
			f.log.Warn("register not read for the search", "error", err)
		}
		pause := time.NewTimer(max(rest, 5*time.Since(begin)))
		select {
		case <-pause.C:
		case <-ctx.Done():
			return nil
		}
		again := time.NewTimer(look)
		select {
		case <-f.wake:
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
		again.Stop()
	}
}

// seen is what Refresh has seen of the register.
type seen struct {
	moment  pg.Moment
	base    int // documents of the index when it was built
	changed int // documents that came since
}

// Refresh takes in what has changed since the last time: what transactions
// wrote that have ended since, however long ago they began. The first time, and
// after very many changes, it builds the index anew. It is not safe for
// concurrent use, and not beside Run.
func (f *Finder) Refresh(ctx context.Context) error {
	moment, lost, err := f.seen.moment.Next(ctx, f.db.Pool)
	if err != nil {
		return fmt.Errorf("follow the register: %w", err)
	}
	if f.seen.moment.IsZero() || lost {
		return f.build(ctx, moment)
	}
	changed, gone, err := changesSince(ctx, f.db.Pool, f.seen.moment, mostAtOnce+1)
	if err != nil {
		return fmt.Errorf("follow the register: %w", err)
	}
	next := seen{moment: moment, base: f.seen.base, changed: f.seen.changed + len(changed) + len(gone)}
	if len(changed) > mostAtOnce || next.changed > mostChanges+next.base/5 {
		return f.build(ctx, moment)
	}
	if len(changed)+len(gone) > 0 {
		f.held.Store(f.held.Load().With(changed, gone))
	}
	f.seen = next
	return nil
}

// build makes the index from the whole register. What comes to be seen after
// moment is read again by the next Refresh.
func (f *Finder) build(ctx context.Context, moment pg.Moment) error {
	begin := time.Now()
	total, err := countAll(ctx, f.db.Pool)
	if err != nil {
		return fmt.Errorf("index the register: %w", err)
	}
	f.total.Store(int64(total))
	f.read.Store(0)
	b := index.NewBuilder()
	err = eachDoc(ctx, f.db.Pool, func(d index.Doc) {
		b.Add(d)
		if f.read.Add(1)%step == 0 {
			b.Settle()
			runtime.GC() // else what the step threw away would pile up to the size of the index
		}
	})
	if err != nil {
		return fmt.Errorf("index the register: %w", err)
	}
	x := b.Build()
	if f.held.Swap(x) == nil { // the first
		close(f.first)
	}
	f.seen = seen{moment: moment, base: x.Len()}
	if x.Len() > step {
		debug.FreeOSMemory()
	}
	f.log.Info("register indexed", "retailers", x.Len(), "megabytes", x.Bytes()>>20, "took", time.Since(begin).Round(time.Millisecond))
	return nil
}
