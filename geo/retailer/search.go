package retailer

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/retailer/index"
	"jiujin/internal/pg"
)

// Query is what is known of the retailer that is looked for.
type Query = index.Query

// Match says by what a retailer was found.
type Match = index.Match

// Hit is one retailer found.
type Hit struct {
	Retailer
	Match    Match
	Score    float64     // 0 to 100
	Distance *geo.Metres // from Query.Near; nil without it or without a place
}

// ErrPoint says that Query.Near is not a place.
var ErrPoint = errors.New("not a place to search near")

// Channel is what the database notifies when the register has changed.
const Channel = "retailer_changed"

// Finder searches the register. It holds an index of it in memory and follows
// what changes. Make it with NewFinder and keep Run running. It is safe for
// concurrent use.
//
// Until the index is there, which takes half a minute for a million retailers,
// the database answers: whole and begun licence numbers, and what is near.
type Finder struct {
	db   *pg.DB
	log  *slog.Logger
	wake chan struct{}

	held  atomic.Pointer[index.Index]
	first chan struct{} // closed when the first index is there
	read  atomic.Int64  // rows of the first reading
	total atomic.Int64  // rows that it will take

	seen *seen // Refresh's own
}

// NewFinder is a Finder without an index.
func NewFinder(db *pg.DB, log *slog.Logger) *Finder {
	return &Finder{db: db, log: log, wake: make(chan struct{}, 1), first: make(chan struct{})}
}

// Wake says that the register may have changed. It does not block.
func (f *Finder) Wake() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// Index is the index as it is now; nil while the first one is being built.
func (f *Finder) Index() *index.Index { return f.held.Load() }

// Progress is how much of the first index is there, 0 to 1; it is 1 only when
// the index answers.
func (f *Finder) Progress() float64 {
	if f.held.Load() != nil {
		return 1
	}
	return min(0.99, 0.8*float64(f.read.Load())/float64(max(1, f.total.Load())))
}

// Search finds retailers, the best first; see index.Index.Search for what is
// found and in which order. The facts are those of the database at this moment.
// While the index is being built only licence numbers and what is near are
// found. The error wraps ErrPoint, or is that of the database.
func (f *Finder) Search(ctx context.Context, q Query) ([]Hit, error) {
	if q.Near != nil {
		if err := geo.ValidPoint(*q.Near); err != nil {
			return nil, fmt.Errorf("search retailers: %w: %w", ErrPoint, err)
		}
	}
	x := f.index(ctx)
	if x == nil {
		return f.withoutIndex(ctx, q)
	}
	found := x.Search(q)
	ids := make([]int64, len(found))
	for i, h := range found {
		ids[i] = h.ID
	}
	facts, err := byIDs(ctx, f.db.Pool, ids)
	if err != nil {
		return nil, fmt.Errorf("search retailers: %w", err)
	}
	out := make([]Hit, 0, len(found))
	for _, h := range found {
		r, ok := facts[h.ID]
		if !ok {
			continue // gone a moment ago
		}
		hit := Hit{Retailer: r, Match: h.Match, Score: h.Score}
		if h.Distance >= 0 {
			hit.Distance = &h.Distance
		}
		out = append(out, hit)
	}
	return out, nil
}

// patience is how long a search waits for the first index: that of a county is
// there by then.
const patience = 500 * time.Millisecond

// index is the index, waited for with patience; nil without one.
func (f *Finder) index(ctx context.Context) *index.Index {
	if x := f.held.Load(); x != nil {
		return x
	}
	limit := time.NewTimer(patience)
	defer limit.Stop()
	select {
	case <-f.first:
	case <-limit.C:
	case <-ctx.Done():
	}
	return f.held.Load()
}

// withoutIndex answers from the database what it can.
func (f *Finder) withoutIndex(ctx context.Context, q Query) ([]Hit, error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 20
	}
	switch {
	case q.Text == "" && q.Near != nil:
		return Near(ctx, f.db, *q.Near, limit)
	case len(q.Text) >= 4 && digits(q.Text):
		return byLicenceBegin(ctx, f.db.Pool, q.Text, min(limit, 100))
	}
	return []Hit{}, nil
}

// Near is the k retailers nearest to p, WGS-84, in order of distance, from the
// database; k is 100 at most. The error wraps ErrPoint.
func Near(ctx context.Context, db *pg.DB, p orb.Point, k int) ([]Hit, error) {
	if err := geo.ValidPoint(p); err != nil {
		return nil, fmt.Errorf("nearest retailers: %w: %w", ErrPoint, err)
	}
	if k <= 0 {
		return []Hit{}, nil
	}
	return nearest(ctx, db.Pool, p, min(k, 100))
}

const (
	// look is how often the register is read for changes of which no notice
	// came.
	look = time.Minute
	// overlap is how far before the newest row the next reading begins: a row
	// carries the time at which its delivery began, and it is seen when its
	// transaction ends.
	overlap = 20 * time.Minute
	// rest is the least time between two readings of what has changed.
	rest = time.Second
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
	newest  time.Time
	updated map[int64]int64 // of the rows within the overlap: id to updated_at in microseconds
	base    int             // documents of the index when it was built
	changed int             // documents that came since
}

// Refresh takes in what has changed since the last time; the first time, and
// after very many changes, it builds the index anew. It is not safe for
// concurrent use, and not beside Run.
func (f *Finder) Refresh(ctx context.Context) error {
	if f.seen == nil {
		return f.build(ctx)
	}
	since := f.seen.newest.Add(-overlap)
	n, err := changesSince(ctx, f.db.Pool, since)
	if err != nil {
		return fmt.Errorf("follow the register: %w", err)
	}
	if n > mostChanges+len(f.seen.updated) {
		return f.build(ctx)
	}
	var changed []index.Doc
	next := seen{newest: f.seen.newest, updated: map[int64]int64{}, base: f.seen.base}
	err = eachDoc(ctx, f.db.Pool, since, func(d index.Doc, at time.Time) {
		next.see(d.ID, at)
		if f.seen.updated[d.ID] != at.UnixMicro() {
			changed = append(changed, d)
		}
	})
	if err != nil {
		return fmt.Errorf("follow the register: %w", err)
	}
	if len(changed) > 0 {
		f.held.Store(f.held.Load().With(changed, nil))
	}
	next.changed = f.seen.changed + len(changed)
	f.seen = &next
	if next.changed > mostChanges+next.base/5 {
		return f.build(ctx)
	}
	return nil
}

// mostChanges is how many changed retailers the index takes in; with more it is
// built anew.
const mostChanges = 20_000

func (k *seen) see(id int64, at time.Time) {
	if at.After(k.newest) {
		k.newest = at
	}
	k.updated[id] = at.UnixMicro()
}

// build makes the index from the whole register.
func (f *Finder) build(ctx context.Context) error {
	begin := time.Now()
	total, err := countAll(ctx, f.db.Pool)
	if err != nil {
		return fmt.Errorf("index the register: %w", err)
	}
	f.total.Store(int64(total))
	f.read.Store(0)
	b := index.NewBuilder()
	newest, err := newestChange(ctx, f.db.Pool)
	if err != nil {
		return fmt.Errorf("index the register: %w", err)
	}
	next := seen{newest: newest, updated: map[int64]int64{}}
	err = eachDoc(ctx, f.db.Pool, time.Time{}, func(d index.Doc, at time.Time) {
		b.Add(d)
		f.read.Add(1)
		if at.After(newest.Add(-overlap)) {
			next.see(d.ID, at)
		}
	})
	if err != nil {
		return fmt.Errorf("index the register: %w", err)
	}
	x := b.Build()
	if f.held.Swap(x) == nil {
		close(f.first)
	}
	next.base = x.Len()
	f.seen = &next
	f.log.Info("register indexed", "retailers", x.Len(), "megabytes", x.Bytes()>>20, "took", time.Since(begin).Round(time.Millisecond))
	return nil
}
