package tracking

import (
	"context"
	"log/slog"
	"math"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

// FenceEvent is one thing that a unit did at a fence.
type FenceEvent struct {
	ID       int64          `json:"id"`
	FenceID  int64          `json:"fence_id"`
	Fence    string         `json:"fence"`
	UnitID   int64          `json:"unit_id"`
	CallSign string         `json:"call_sign"`
	At       time.Time      `json:"at" doc:"Of the first fix that showed it"`
	Kind     FenceEventKind `json:"kind" enum:"enter,exit,dwell"`
	Lon      float64        `json:"lon"`
	Lat      float64        `json:"lat"`
	OrgPath  string         `json:"-"` // of the unit
}

const (
	fencesEvery = 30 * time.Second // how soon a fence that another node changed is noticed
	fenceBatch  = 1_000
	// fencePending events wait while the database is away; then the oldest are lost, which is logged.
	fencePending = 100_000
)

// Fences watches the units at all fences. A unit that is seen for the first
// time makes no event: it was where it is. A fix that does not move its unit,
// because it is late or doubted, makes none either.
//
// Events are held in memory until they are in the database. The end of the
// process loses those that wait, but not what they say: where each unit stands
// with each fence is read from the last event that was kept, and the next fix
// brings it up to date.
type Fences struct {
	db        *pg.DB
	positions *Store
	log       *slog.Logger
	tell      func([]FenceEvent)
	changed   chan struct{} // holds one: the fences are to be read again
	grown     chan struct{} // holds one: pending has events

	mu      sync.Mutex // guards the following
	index   *fenceIndex
	seen    map[int64]struct{} // units that had a fix since the fences were read
	visits  map[int64][]fenceVisit
	pending []FenceEvent
	lost    int
}

// fenceVisit is a visit that is not the zero one.
type fenceVisit struct {
	fence *Fence
	visit visit
}

// NewFences watches the units of positions. tell is given events after they
// are in the database; it must not block and may be nil.
func NewFences(db *pg.DB, positions *Store, log *slog.Logger, tell func([]FenceEvent)) *Fences {
	if tell == nil {
		tell = func([]FenceEvent) {}
	}
	return &Fences{
		db: db, positions: positions, log: log, tell: tell,
		changed: make(chan struct{}, 1), grown: make(chan struct{}, 1),
		index: newFenceIndex(nil), seen: make(map[int64]struct{}), visits: make(map[int64][]fenceVisit),
	}
}

// Changed says that a fence was made, changed or retired. It does not block.
func (fs *Fences) Changed() { signal(fs.changed) }

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// OnFix takes the fixes that moved their units, in the order in which they
// were accepted. It does not block for the database.
func (fs *Fences) OnFix(fixes []Fix) {
	fs.mu.Lock()
	defer fs.mu.Unlock()
	if fs.index.empty() {
		return
	}
	before := len(fs.pending)
	for i := range fixes {
		fs.look(&fixes[i])
	}
	if over := len(fs.pending) - fencePending; over > 0 {
		fs.pending, fs.lost = fs.pending[over:], fs.lost+over
	}
	if len(fs.pending) > before {
		signal(fs.grown)
	}
}

// look is OnFix for one fix, with the mutex held.
func (fs *Fences) look(fix *Fix) {
	_, known := fs.seen[fix.UnitID]
	if !known {
		fs.seen[fix.UnitID] = struct{}{}
	}
	open := fs.visits[fix.UnitID]
	kept := open[:0]
	for _, v := range open {
		fs.note(&v, fix)
		if v.visit != (visit{}) {
			kept = append(kept, v)
		}
	}
	fs.index.at(fix.Point, func(f *Fence) {
		for _, v := range open {
			if v.fence == f {
				return
			}
		}
		v := fenceVisit{fence: f}
		if known {
			fs.note(&v, fix)
		} else {
			v.visit = visit{inside: f.Contains(fix.Point), since: fix.FixedAt}
		}
		if v.visit.inside || v.visit.votes > 0 {
			kept = append(kept, v)
		}
	})
	if len(kept) > 0 {
		fs.visits[fix.UnitID] = kept
	} else if len(open) > 0 {
		delete(fs.visits, fix.UnitID)
	}
}

// note lets a visit see a fix and keeps what happened.
func (fs *Fences) note(v *fenceVisit, fix *Fix) {
	kind, pass, dwell := v.visit.see(v.fence, fix)
	if kind != "" {
		fs.pending = append(fs.pending, FenceEvent{
			FenceID: v.fence.ID, UnitID: fix.UnitID, At: pass.At, Kind: kind, Lon: pass.Lon, Lat: pass.Lat,
		})
	}
	if dwell {
		fs.pending = append(fs.pending, FenceEvent{
			FenceID: v.fence.ID, UnitID: fix.UnitID, At: fix.FixedAt, Kind: FenceDwell, Lon: fix.Point[0], Lat: fix.Point[1],
		})
	}
}

// Run reads the fences, and writes the events, until ctx ends; then it writes
// what is left and returns nil. Trouble with the database is logged and tried
// again.
func (fs *Fences) Run(ctx context.Context) error {
	tick := time.NewTicker(fencesEvery)
	defer tick.Stop()
	retry := time.NewTimer(0) // reads the fences at once
	defer retry.Stop()
	stale := true
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
			defer cancel()
			if err := fs.flush(last); err != nil {
				fs.log.Error("events at fences were not kept", "error", err)
			}
			return nil
		case <-fs.changed:
			stale = true
		case <-tick.C:
			stale = true
		case <-fs.grown:
		case <-retry.C:
		}
		if stale {
			if err := fs.Refresh(ctx); err != nil {
				fs.failed(ctx, retry, "fences could not be read; trying again", err)
				continue
			}
			stale = false
		}
		if err := fs.flush(ctx); err != nil {
			fs.failed(ctx, retry, "events at fences wait for the database", err)
		}
	}
}

func (fs *Fences) failed(ctx context.Context, retry *time.Timer, what string, err error) {
	if ctx.Err() == nil {
		fs.log.Warn(what, "error", err)
	}
	retry.Reset(2 * time.Second)
}

// flush writes what is pending.
func (fs *Fences) flush(ctx context.Context) error {
	for {
		fs.mu.Lock()
		batch := fs.pending[:min(len(fs.pending), fenceBatch)]
		lost := fs.lost
		fs.lost = 0
		fs.mu.Unlock()
		if lost > 0 {
			fs.log.Error("events at fences were lost while the database was away", "events", lost)
		}
		if len(batch) == 0 {
			return nil
		}
		kept, err := saveFenceEvents(ctx, fs.db, batch)
		if err != nil {
			return err
		}
		fs.mu.Lock()
		fs.dropWritten(batch)
		fs.mu.Unlock()
		if len(kept) > 0 {
			fs.tell(kept)
		}
	}
}

// dropWritten takes a batch off the front of pending, of which OnFix may have
// dropped some in the meantime.
func (fs *Fences) dropWritten(batch []FenceEvent) {
	last := &batch[len(batch)-1]
	for i := range min(len(batch), len(fs.pending)) {
		if &fs.pending[i] == last || fs.pending[i] == *last {
			fs.pending = fs.pending[i+1:]
			break
		}
	}
	if len(fs.pending) == 0 {
		fs.pending = nil // lets the array go
	}
}

// Refresh takes over the fences of the database now; Run does so by itself.
// For those that are new here it finds out where each unit stands.
func (fs *Fences) Refresh(ctx context.Context) error {
	list, err := Fencing(ctx, fs.db.Pool, "")
	if err != nil {
		return err
	}
	fs.mu.Lock()
	fresh := fs.index.missing(list)
	fs.mu.Unlock()
	last, err := lastPasses(ctx, fs.db.Pool, fresh)
	if err != nil {
		return err
	}
	fs.mu.Lock()
	defer fs.mu.Unlock()
	old := fs.index
	fs.index = newFenceIndex(list)
	fs.dropVisits(old)
	fs.begin(fresh, last)
	return nil
}

// dropVisits forgets the visits at fences that are no more, or changed.
func (fs *Fences) dropVisits(old *fenceIndex) {
	for unit, open := range fs.visits {
		kept := open[:0]
		for _, v := range open {
			if now := fs.index.byID[v.fence.ID]; now != nil && sameFence(now, old.byID[now.ID]) {
				v.fence = now
				kept = append(kept, v)
			}
		}
		if len(kept) == 0 {
			delete(fs.visits, unit)
		} else {
			fs.visits[unit] = kept
		}
	}
}

// begin sets how each unit stands with fences that are new here: as the last
// event says, else by its position.
func (fs *Fences) begin(fresh []*Fence, last map[passKey]visit) {
	if len(fresh) == 0 {
		return
	}
	for key, v := range last {
		if f := fs.index.byID[key.fence]; v.inside && f != nil {
			fs.visits[key.unit] = append(fs.visits[key.unit], fenceVisit{f, v})
		}
	}
	among := newFenceIndex(values(fresh))
	fs.positions.All(func(fix Fix) {
		fs.seen[fix.UnitID] = struct{}{}
		among.at(fix.Point, func(f *Fence) {
			if _, told := last[passKey{f.ID, fix.UnitID}]; told || !f.Contains(fix.Point) {
				return
			}
			v := fenceVisit{fs.index.byID[f.ID], visit{inside: true, since: fix.FixedAt}}
			fs.visits[fix.UnitID] = append(fs.visits[fix.UnitID], v)
		})
	})
}

func values(list []*Fence) []Fence {
	out := make([]Fence, len(list))
	for i, f := range list {
		out[i] = *f
	}
	return out
}

func sameFence(a, b *Fence) bool {
	return b != nil && a.Centre == b.Centre && a.Radius == b.Radius && a.DwellS == b.DwellS && a.Plain == b.Plain &&
		a.Polygon.Equal(b.Polygon)
}

// fenceIndex finds the fences near a point: a grid of bins, and a list of those
// that are too wide for it.
type fenceIndex struct {
	byID map[int64]*Fence
	bins map[[2]int32][]int32 // places in list
	wide []int32
	list []Fence
	near []orb.Bound // of the fences with a margin
}

const (
	binDegrees = 0.05
	mostBins   = 400 // of one fence
)

func newFenceIndex(list []Fence) *fenceIndex {
	x := &fenceIndex{
		byID: make(map[int64]*Fence, len(list)), bins: make(map[[2]int32][]int32),
		list: list, near: make([]orb.Bound, len(list)),
	}
	for i := range list {
		f := &list[i]
		x.byID[f.ID] = f
		x.near[i] = f.bound(mostMargin)
		low, high := binOf(x.near[i].Min), binOf(x.near[i].Max)
		if float64(high[0]-low[0]+1)*float64(high[1]-low[1]+1) > mostBins {
			x.wide = append(x.wide, int32(i))
			continue
		}
		for bx := low[0]; bx <= high[0]; bx++ {
			for by := low[1]; by <= high[1]; by++ {
				x.bins[[2]int32{bx, by}] = append(x.bins[[2]int32{bx, by}], int32(i))
			}
		}
	}
	return x
}

func binOf(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Floor(p[0] / binDegrees)), int32(math.Floor(p[1] / binDegrees))}
}

func (x *fenceIndex) empty() bool { return len(x.list) == 0 }

// at calls visit with each fence whose surroundings hold p.
func (x *fenceIndex) at(p orb.Point, visit func(*Fence)) {
	for _, places := range [2][]int32{x.bins[binOf(p)], x.wide} {
		for _, i := range places {
			if x.near[i].Contains(p) {
				visit(&x.list[i])
			}
		}
	}
}

// missing is those of a list that the index does not have as they are.
func (x *fenceIndex) missing(list []Fence) []*Fence {
	var out []*Fence
	for i := range list {
		if !sameFence(&list[i], x.byID[list[i].ID]) {
			out = append(out, &list[i])
		}
	}
	return out
}
