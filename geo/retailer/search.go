package retailer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"slices"
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

// ByOperator says that it was found by who runs it, by name or by telephone.
func (h Hit) ByOperator() bool { return h.Match == index.MatchOperator || h.Match == index.MatchPhone }

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

	seen seen // Refresh's own
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
	return facts(ctx, f.db, x.Search(q))
}

// facts reads what the database says of what was found.
func facts(ctx context.Context, db *pg.DB, found []index.Hit) ([]Hit, error) {
	ids := make([]int64, len(found))
	for i, h := range found {
		ids[i] = h.ID
	}
	known, err := byIDs(ctx, db.Pool, ids)
	if err != nil {
		return nil, fmt.Errorf("search retailers: %w", err)
	}
	out := make([]Hit, 0, len(found))
	for _, h := range found {
		r, ok := known[h.ID]
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
	if k = min(k, 100); k <= 0 {
		return []Hit{}, nil
	}
	// A circle that holds k of them holds the nearest: the cells of a small one are found much faster than the order of
	// distance is.
	for _, within := range []geo.Metres{200, 800, 3000} {
		found, err := inCircle(ctx, db, p, within, k)
		if err != nil {
			return nil, fmt.Errorf("nearest retailers: %w", err)
		}
		if len(found) == k {
			return facts(ctx, db, found)
		}
	}
	return nearest(ctx, db.Pool, p, k)
}

// MostAround is the widest circle of Around.
const MostAround geo.Metres = 5000

// Around is the retailers within so many metres of p, WGS-84, the nearest first, at most limit and never more than 100:
// the join of the H3 cells of a circle, no wider than MostAround, with those of the retailers. It needs no index. The
// error wraps ErrPoint, or is that of the database.
func (f *Finder) Around(ctx context.Context, p orb.Point, within geo.Metres, limit int) ([]Hit, error) {
	if err := geo.ValidPoint(p); err != nil {
		return nil, fmt.Errorf("retailers around: %w: %w", ErrPoint, err)
	}
	within, limit = max(0, min(within, MostAround)), max(0, min(limit, 100))
	if x := f.held.Load(); x != nil {
		cells, err := circle(p, within)
		if err != nil {
			return nil, fmt.Errorf("retailers around: %w", err)
		}
		return facts(ctx, f.db, x.Around(cells, p, within, limit))
	}
	found, err := inCircle(ctx, f.db, p, within, limit)
	if err != nil {
		return nil, fmt.Errorf("retailers around: %w", err)
	}
	return facts(ctx, f.db, found)
}

// inCircle is the retailers within so many metres of p, the nearest first, from the database.
func inCircle(ctx context.Context, db *pg.DB, p orb.Point, within geo.Metres, limit int) ([]index.Hit, error) {
	cells, err := circle(p, within)
	if err != nil {
		return nil, err
	}
	places, err := inCells(ctx, db.Pool, cells)
	if err != nil {
		return nil, err
	}
	var out []index.Hit
	for id, at := range places {
		if d := geo.Distance(p, at); d <= within {
			out = append(out, index.Hit{ID: id, Match: index.MatchNear, Score: 100 / (1 + float64(d)/1000), Distance: d})
		}
	}
	slices.SortFunc(out, func(a, b index.Hit) int { return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID)) })
	return out[:min(limit, len(out))], nil
}

// circle is cells of resolution geo.RetailerRes that hold every point within so many metres of p.
func circle(p orb.Point, within geo.Metres) ([]geo.Cell, error) {
	c, err := geo.CellAt(p, geo.RetailerRes)
	if err != nil {
		return nil, err
	}
	// Centres k steps apart are √3/2 of k spacings apart at least. p and a point that is near are each a spacing/√3 from
	// the centre of their cell at most. Cells are smaller near the corners of the icosahedron, down to 0.7.
	spacing := geo.Spacing(geo.RetailerRes)
	steps := (float64(within/(0.7*spacing)) + 2/math.Sqrt(3)) / (math.Sqrt(3) / 2)
	return geo.Disk(c, int(math.Ceil(steps)))
}
