package road

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// Roads keeps the road graph of the database in memory, with the speeds of the hour, the closures of the moment and what
// was learned from drives. It is safe for concurrent use; what it answers is of one moment.
type Roads struct {
	DB  *pg.DB
	Log *slog.Logger
	// Look is how often the database is asked for news without Changed; 0 means 20 s.
	Look time.Duration
	// Prepared, when not nil, is called each time that the hierarchy is ready; tests wait on it.
	Prepared func()

	now     atomic.Pointer[state]
	factors atomic.Pointer[Factors]
	changed chan struct{}
}

// NewRoads has no roads until Run has read them.
func NewRoads(db *pg.DB, log *slog.Logger) *Roads {
	return &Roads{DB: db, Log: log, changed: make(chan struct{}, 1)}
}

// state is what the answers are made of.
type state struct {
	graph    *Graph
	version  int64
	hour     int
	closures []int64 // ids
	metric   *Metric
}

// prepareNodes is up to how many nodes a hierarchy is made, which on real roads takes about 6 s and 60 MB for a million; at
// more the searches go without, and near units are still found within milliseconds.
const prepareNodes = 5_000_000

// local is the time zone in which the hours of a profile are counted.
var local = time.FixedZone("Asia/Shanghai", 8*3600)

// Changed says that closures or the graph have changed. It never blocks.
func (r *Roads) Changed() {
	select {
	case r.changed <- struct{}{}:
	default:
	}
}

// SetFactors puts what was learned to use.
func (r *Roads) SetFactors(f Factors) { r.factors.Store(&f) }

// Version is that of the graph in use; 0 when there is none.
func (r *Roads) Version() int64 {
	if s := r.now.Load(); s != nil {
		return s.version
	}
	return 0
}

// Run keeps the roads up to date until ctx ends, and returns nil then. Trouble with the database is logged and tried
// again; the roads that are there are used meanwhile. While a hierarchy is made, news are still taken in.
func (r *Roads) Run(ctx context.Context) error {
	look := r.Look
	if look == 0 {
		look = 20 * time.Second
	}
	tick := time.NewTicker(look)
	defer tick.Stop()
	var of *state // what a hierarchy is made for
	stop := func() {}
	defer func() { stop() }()
	for {
		if err := r.Refresh(ctx); err != nil && ctx.Err() == nil {
			r.Log.Error("roads could not be read; tried again soon", "err", err)
		}
		if s := r.now.Load(); s != of && s.wantsHierarchy() {
			stop()
			of, stop = s, r.beside(ctx, s)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-r.changed:
		case <-tick.C:
		}
	}
}

// beside makes the hierarchy of a state in a goroutine, which stop ends and waits for.
func (r *Roads) beside(ctx context.Context, s *state) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		r.prepare(ctx, s)
	}()
	return func() {
		cancel()
		<-ended
	}
}

// Refresh reads what has changed. What it finds is in use when it returns, a hierarchy apart.
func (r *Roads) Refresh(ctx context.Context) error {
	old := r.now.Load()
	version, err := graphVersion(ctx, r.DB.Pool)
	if err != nil || version == 0 {
		return err
	}
	now := r.DB.Now()
	closures, err := closuresAt(ctx, r.DB.Pool, now)
	if err != nil {
		return err
	}
	s := &state{version: version, hour: now.In(local).Hour()}
	var shapes []orb.Geometry
	for _, c := range closures {
		s.closures, shapes = append(s.closures, c.ID), append(shapes, c.Shape)
	}
	if old != nil && old.same(s) {
		return nil
	}
	if old != nil && old.version == version {
		s.graph = old.graph
	} else {
		begin := time.Now()
		if s.graph, s.version, err = load(ctx, r.DB.Pool); err != nil {
			return err
		}
		r.Log.Info("roads loaded", "nodes", len(s.graph.ids), "edges", len(s.graph.to), "took", time.Since(begin).Round(time.Millisecond))
	}
	s.metric = s.graph.SecondsWithout(CarDutyV1(), s.hour, shapes)
	r.now.Store(s)
	r.Log.Debug("roads in use", "hour", s.hour, "closures", len(s.closures))
	return nil
}

func (s *state) same(o *state) bool {
	if s.version != o.version || s.hour != o.hour || len(s.closures) != len(o.closures) {
		return false
	}
	for i, id := range s.closures {
		if o.closures[i] != id {
			return false
		}
	}
	return true
}

// wantsHierarchy is false when there is one, or would be too large.
func (s *state) wantsHierarchy() bool {
	return s != nil && s.metric.paths == nil && len(s.graph.ids) <= prepareNodes
}

// prepare makes the hierarchy of a state and puts it to use, unless there is a newer state then.
func (r *Roads) prepare(ctx context.Context, s *state) {
	begin := time.Now()
	prepared, err := s.metric.Prepare(ctx)
	if err != nil {
		return // the end, or the state is old
	}
	with := *s
	with.metric = prepared
	if !r.now.CompareAndSwap(s, &with) {
		return
	}
	r.Log.Debug("roads prepared", "hour", s.hour, "closures", len(s.closures), "took", time.Since(begin).Round(time.Millisecond))
	if r.Prepared != nil {
		r.Prepared()
	}
}

// Travel is how long a drive takes.
type Travel struct {
	Seconds float64
	Metres  geo.Metres
	// OffRoads: the beginning is too far from all roads, and nothing else is known.
	OffRoads bool
	// Line is where it goes; only Way gives it.
	Line orb.LineString
}

// offRoadKmh is how fast one gets to the road and from it.
const offRoadKmh = 12

// hopeless is the time where no way leads.
const hopeless = 24 * 3600

// Travels is how long it takes from many points to one, in the order of from; a day where no way leads. The error wraps
// ErrNoGraph, or ErrNoRoad when to is too far from all roads; one of from that is has OffRoads.
func (r *Roads) Travels(to orb.Point, from []orb.Point) ([]Travel, error) {
	s := r.now.Load()
	if s == nil {
		return nil, ErrNoGraph
	}
	end, err := s.metric.Snap(to)
	if err != nil {
		return nil, err
	}
	out := make([]Travel, len(from))
	var begin []Snap
	var index []int // into from, of begin
	for i, p := range from {
		at, err := s.metric.Snap(p)
		if out[i].OffRoads = err != nil; err == nil {
			begin, index = append(begin, at), append(index, i)
		}
	}
	for k, trip := range s.metric.ToOne(end, begin) {
		out[index[k]] = r.travel(trip, begin[k], end)
	}
	return out, nil
}

// travel adds the ends off the road, and what was learned.
func (r *Roads) travel(trip Trip, from, to Snap) Travel {
	if trip.Cost == NoWay {
		return Travel{Seconds: hopeless, Metres: geo.Distance(from.Point, to.Point)}
	}
	off := from.Off + to.Off
	factor := 1.0
	if f := r.factors.Load(); f != nil {
		factor = f.At(to.Point)
	}
	return Travel{Seconds: float64(trip.Cost)*factor + float64(off)*3.6/offRoadKmh, Metres: trip.Metres + off}
}

// Way is the fastest way with its line, which begins and ends at the points themselves. The error wraps ErrNoGraph,
// ErrNoRoad or ErrNoWay.
func (r *Roads) Way(from, to orb.Point) (Travel, error) {
	s := r.now.Load()
	if s == nil {
		return Travel{}, ErrNoGraph
	}
	begin, err := s.metric.Snap(from)
	if err != nil {
		return Travel{}, err
	}
	end, err := s.metric.Snap(to)
	if err != nil {
		return Travel{}, err
	}
	path, err := s.metric.Path(begin, end, s.metric)
	if err != nil {
		return Travel{}, err
	}
	t := r.travel(Trip{Cost: path.Cost, Metres: path.Metres}, begin, end)
	t.Line = append(append(orb.LineString{from}, path.Line...), to)
	return t, nil
}

// RoadSeconds is what the roads say of a drive at an hour, local time, with no closures and nothing learned: what a
// factor is learned against. Points are pairs of from and to; the answer is 0 where there is none. The error wraps
// ErrNoGraph.
func (r *Roads) RoadSeconds(hour int, pairs [][2]orb.Point) ([]float64, error) {
	s := r.now.Load()
	if s == nil {
		return nil, ErrNoGraph
	}
	if hour < 0 || hour > 23 {
		return nil, fmt.Errorf("hour %d: not 0 to 23", hour)
	}
	m := s.graph.Seconds(CarDutyV1(), hour)
	out := make([]float64, len(pairs))
	for i, p := range pairs {
		from, err := m.Snap(p[0])
		to, err2 := m.Snap(p[1])
		if errors.Join(err, err2) != nil {
			continue
		}
		if trip := m.ToOne(to, []Snap{from})[0]; trip.Cost != NoWay {
			out[i] = float64(trip.Cost)
		}
	}
	return out, nil
}

// Closed are the pieces of road that closures close, for maps; nil when there are no roads.
func (r *Roads) Closed(shape orb.Geometry) orb.MultiLineString {
	if s := r.now.Load(); s != nil {
		return s.graph.Lines(shape)
	}
	return nil
}
