package main

import (
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/tracking"
)

// benchWorld is vehicles over a province, nine in ten in towns, the rest in the countryside. Three in ten are parked,
// the others do 3 to 25 m/s in a straight line; six in ten are engaged.
type benchWorld struct {
	fixes  []tracking.Fix // the newest of each unit, by unit id from 1
	steps  []orb.Point    // by unit: the degrees it moves between fixes
	random *rand.Rand
}

// benchInterval is the time between two fixes of a vehicle.
const benchInterval = 10 * time.Second

// province is the area of the world.
var province = orb.Bound{Min: orb.Point{110, 29.5}, Max: orb.Point{115, 33}}

func newBenchWorld(n int) *benchWorld {
	w := &benchWorld{fixes: make([]tracking.Fix, n), steps: make([]orb.Point, n), random: rand.New(rand.NewPCG(7, 7))}
	towns := make([]orb.Point, 100)
	for i := range towns {
		towns[i] = w.anywhere()
	}
	now := time.Now().UTC().Truncate(time.Second)
	for i := range w.fixes {
		p := w.anywhere()
		if w.random.IntN(10) > 0 { // a few towns have most vehicles
			town := towns[int(100*math.Pow(w.random.Float64(), 2))]
			p = orb.Point{town[0] + 0.06*w.random.NormFloat64(), town[1] + 0.05*w.random.NormFloat64()}
		}
		w.fixes[i] = tracking.Fix{
			UnitID: int64(i + 1), DeviceID: int64(i + 1), FixedAt: now, ReceivedAt: now, Point: p,
			AccuracyM: tracking.Read(5), SpeedKmh: tracking.Read(0), HeadingDeg: tracking.Read(0),
			Source: "jt808", Engaged: tracking.StateOf(w.random.IntN(10) >= 4),
		}
		if w.random.IntN(10) >= 3 {
			speed := 3 + 22*w.random.Float64()
			degrees := speed * benchInterval.Seconds() / float64(geo.EarthRadius) * 180 / math.Pi
			sin, cos := math.Sincos(2 * math.Pi * w.random.Float64())
			w.steps[i] = orb.Point{degrees * sin / math.Cos(p[1]*math.Pi/180), degrees * cos}
			w.fixes[i].SpeedKmh = tracking.Read(speed * 3.6)
		}
	}
	return w
}

// anywhere is a point in the province.
func (w *benchWorld) anywhere() orb.Point {
	size := orb.Point{province.Max[0] - province.Min[0], province.Max[1] - province.Min[1]}
	return orb.Point{province.Min[0] + size[0]*w.random.Float64(), province.Min[1] + size[1]*w.random.Float64()}
}

// place is where somebody may ask from: one time in two beside a vehicle, else anywhere.
func (w *benchWorld) place() orb.Point {
	if w.random.IntN(2) == 0 {
		return w.anywhere()
	}
	p := w.fixes[w.random.IntN(len(w.fixes))].Point
	return orb.Point{p[0] + 0.01*w.random.NormFloat64(), p[1] + 0.01*w.random.NormFloat64()}
}

// drive is the next fix of n units that are drawn one by one.
func (w *benchWorld) drive(n int) []tracking.Fix {
	batch := make([]tracking.Fix, n)
	for i := range batch {
		at := w.random.IntN(len(w.fixes))
		f, step := &w.fixes[at], &w.steps[at]
		f.FixedAt, f.ReceivedAt = f.FixedAt.Add(benchInterval), f.ReceivedAt.Add(benchInterval)
		f.Point[0] += step[0]
		f.Point[1] += step[1]
		f.Cell = 0
		if !province.Contains(f.Point) { // turn round
			step[0], step[1] = -step[0], -step[1]
		}
		batch[i] = *f
	}
	return batch
}

// wrong counts how many of n searches for the k nearest free units answer otherwise than a look at every unit does.
func (w *benchWorld) wrong(s *tracking.Store, k, n int) (wrong int) {
	for range n {
		p := w.place()
		got := s.AppendNearest(nil, p, k, tracking.Wanted{Free: true})
		if !slices.EqualFunc(got, w.scan(p, k), func(a, b tracking.Near) bool {
			return a.Distance == b.Distance && a.Fix.UnitID == b.Fix.UnitID && a.Fix.Point == b.Fix.Point
		}) {
			wrong++
		}
	}
	return wrong
}

// scan is the k nearest free units, found by looking at every unit.
func (w *benchWorld) scan(p orb.Point, k int) []tracking.Near {
	var best []tracking.Near
	for i := range w.fixes {
		f := &w.fixes[i]
		if f.Engaged == tracking.On {
			continue
		}
		n := tracking.Near{Fix: *f, Distance: geo.Distance(p, f.Point)}
		if len(best) == k && n.Distance >= best[k-1].Distance { // of two as far the one with the lower id came first
			continue
		}
		at, _ := slices.BinarySearchFunc(best, n, func(a, b tracking.Near) int {
			if a.Distance <= b.Distance {
				return -1
			}
			return 1
		})
		best = slices.Insert(best, at, n)[:min(len(best)+1, k)]
	}
	return best
}
