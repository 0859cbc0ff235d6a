package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/road"
)

type benchRoadsCmd struct {
	PBF      *os.File `name:"pbf" help:"OpenStreetMap data to measure on; without it a bent grid of streets is made."`
	Nodes    int      `default:"100000" help:"Of the grid."`
	Vehicles int      `default:"50" help:"Vehicles for a case."`
	WithinM  float64  `name:"within" default:"5000" help:"How far from the case the vehicles are at most, through the air, in metres; 0 is anywhere."`
	Cases    int      `default:"1000" help:"How many cases to ask for."`
	Prepare  bool     `default:"true" negatable:"" help:"Make a hierarchy first; without it only the plain search is measured."`
}

type roadFigures struct {
	road.Size
	ReadS     float64      `json:"read_s"` // the file, or making the grid
	BuildS    float64      `json:"build_s"`
	GraphMB   float64      `json:"graph_mb"` // with one metric
	PrepareS  float64      `json:"prepare_s,omitempty"`
	PrepareMB float64      `json:"prepare_mb,omitempty"`
	Vehicles  int          `json:"vehicles"`
	WithinM   float64      `json:"within_m"`
	Plain     roadLatency  `json:"plain"`
	Prepared  *roadLatency `json:"prepared,omitempty"`
	Compared  int          `json:"compared"` // ways found by both
	Wrong     int          `json:"wrong"`
}

// roadLatency is of one case with all its vehicles, points already on the road.
type roadLatency struct {
	P50ms float64 `json:"p50_ms"`
	P99ms float64 `json:"p99_ms"`
	Cases int     `json:"cases"`
}

// Run measures how long it takes to find the ways of many vehicles to one case, and prints it.
func (b *benchRoadsCmd) Run(ctx context.Context) error {
	if b.Nodes < 100 || b.Vehicles < 1 || b.Cases < 1 {
		return errors.New("it takes 100 nodes, a vehicle and a case at least")
	}
	r := rand.New(rand.NewPCG(1, 2))
	f := roadFigures{Vehicles: b.Vehicles, WithinM: b.WithinM}
	graph, plain, err := b.graph(ctx, r, &f)
	if err != nil {
		return err
	}
	prepared := plain
	if b.Prepare {
		start, before := time.Now(), heapMB()
		if prepared, err = plain.Prepare(ctx); err != nil {
			return err
		}
		f.PrepareS, f.PrepareMB = time.Since(start).Seconds(), heapMB()-before
	}
	b.measure(ctx, r, graph, plain, prepared, &f)
	if err = errors.Join(ctx.Err(), printFigures(f)); err == nil && f.Wrong > 0 {
		err = fmt.Errorf("%d of %d ways differ", f.Wrong, f.Compared)
	}
	return err
}

// graph reads or makes the roads.
func (b *benchRoadsCmd) graph(ctx context.Context, r *rand.Rand, f *roadFigures) (graph *road.Graph, plain *road.Metric, err error) {
	before, start := heapMB(), time.Now()
	var net road.Net
	if b.PBF == nil {
		net = gridNet(r, int(math.Sqrt(float64(b.Nodes))+0.5))
	} else {
		defer b.PBF.Close()
		if net, err = road.ReadOSM(ctx, b.PBF); err != nil {
			return nil, nil, fmt.Errorf("%s: %w", b.PBF.Name(), err)
		}
	}
	f.ReadS, start = time.Since(start).Seconds(), time.Now()
	if graph, err = road.Build(net); err != nil {
		return nil, nil, err
	}
	f.BuildS, f.Size = time.Since(start).Seconds(), graph.Size()
	plain = graph.Seconds(road.CarBasicV1(), 0)
	f.GraphMB = heapMB() - before
	return graph, plain, nil
}

func (b *benchRoadsCmd) measure(ctx context.Context, r *rand.Rand, graph *road.Graph, plain, prepared *road.Metric, f *roadFigures) {
	var slow, quick []time.Duration
	for range b.Cases {
		if ctx.Err() != nil {
			return
		}
		to, from := b.draw(r, graph)
		start := time.Now()
		want := plain.ToOne(to, from)
		slow = append(slow, time.Since(start))
		if prepared == plain {
			continue
		}
		start = time.Now()
		got := prepared.ToOne(to, from)
		quick = append(quick, time.Since(start))
		for i := range want {
			f.Compared++
			if got[i].Cost != want[i].Cost {
				f.Wrong++
			}
		}
	}
	f.Plain = roadLatencyOf(slow)
	if prepared != plain {
		l := roadLatencyOf(quick)
		f.Prepared = &l
	}
}

func roadLatencyOf(took []time.Duration) roadLatency {
	return roadLatency{P50ms: percentile(took, 50) / 1000, P99ms: percentile(took, 99) / 1000, Cases: len(took)}
}

// draw puts a case on the roads, and vehicles around it.
func (b *benchRoadsCmd) draw(r *rand.Rand, graph *road.Graph) (to road.Snap, from []road.Snap) {
	area := graph.Bound()
	on := func(fit func(orb.Point) bool) road.Snap {
		for {
			p := orb.Point{
				area.Min[0] + r.Float64()*(area.Max[0]-area.Min[0]), area.Min[1] + r.Float64()*(area.Max[1]-area.Min[1]),
			}
			if !fit(p) {
				continue
			}
			if s, err := graph.Snap(p); err == nil && s.Off < 300 {
				return s
			}
		}
	}
	to = on(func(orb.Point) bool { return true })
	if b.WithinM > 0 { // look for the others nearby only
		dLat := b.WithinM / 111_000
		dLon := dLat / math.Cos(to.Point[1]*math.Pi/180)
		area = orb.Bound{Min: orb.Point{to.Point[0] - dLon, to.Point[1] - dLat}, Max: orb.Point{to.Point[0] + dLon, to.Point[1] + dLat}}
	}
	for range b.Vehicles {
		from = append(from, on(func(p orb.Point) bool {
			return b.WithinM == 0 || float64(geo.Distance(p, to.Point)) <= b.WithinM
		}))
	}
	return to, from
}

// gridNet is a made-up city: streets about 100 m apart and bent, every fourth wider, every sixteenth a main road; one in
// twelve blocks has no street on a side, and one street in eight is one-way.
func gridNet(r *rand.Rand, side int) road.Net {
	net := road.Net{Points: make(map[int64]orb.Point, side*side)}
	id := func(x, y int) int64 { return int64(x*side+y) + 1 }
	class := func(line int) road.Class {
		switch {
		case line%16 == 0:
			return road.Primary
		case line%4 == 0:
			return road.Tertiary
		}
		return road.Residential
	}
	add := func(c road.Class, from, to int64) {
		if r.IntN(12) == 0 {
			return
		}
		w := road.Way{ID: int64(len(net.Ways)) + 1, Class: c, Nodes: []int64{from, to}}
		if r.IntN(8) == 0 {
			w.Direction = road.Direction(1 + r.IntN(2))
		}
		net.Ways = append(net.Ways, w)
	}
	for x := range side {
		for y := range side {
			net.Points[id(x, y)] = orb.Point{100 + (float64(x)+r.Float64()*0.6)*0.001, 25 + (float64(y)+r.Float64()*0.6)*0.001}
			if x > 0 {
				add(class(y), id(x-1, y), id(x, y))
			}
			if y > 0 {
				add(class(x), id(x, y-1), id(x, y))
			}
		}
	}
	return net
}

// heapMB is the memory in use, garbage taken away.
func heapMB() float64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return float64(m.HeapAlloc) / 1e6
}
