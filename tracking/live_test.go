package tracking

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
)

func TestUpdateNeverMovesBack(t *testing.T) {
	s := NewStore()
	first, second := orb.Point{114.30, 30.60}, orb.Point{114.40, 30.60}
	if !s.Update(fixAt(1, first, noon)) {
		t.Fatal("the first fix did not move the unit")
	}
	if s.Update(fixAt(1, second, noon.Add(-time.Second))) {
		t.Fatal("an older fix moved the unit")
	}
	got, ok := s.Latest(1)
	if !ok || got.Point != first || !got.FixedAt.Equal(noon) {
		t.Fatalf("latest %+v", got)
	}
	if !s.Update(fixAt(1, second, noon.Add(time.Second))) {
		t.Fatal("a newer fix did not move the unit")
	}
	if got, _ := s.Latest(1); got.Point != second {
		t.Fatalf("latest %+v", got)
	}
	if got, want := must(s.Latest(1)).Cell, must(geo.CellAt(second, geo.StoreRes)); got != want {
		t.Fatalf("cell %v, want %v", got, want)
	}
	moved := []bool{true, true}
	if got := s.UpdateAll([]Fix{fixAt(1, first, noon), fixAt(2, first, noon)}, moved); got != 1 || moved[0] || !moved[1] {
		t.Fatalf("%d moved, want 1: %v", got, moved)
	}
}

func must[T, E any](v T, _ E) T { return v }

// Of two fixes of the same time the one received later counts, whichever came first; a repetition is none.
func TestUpdateOfTheSameTime(t *testing.T) {
	a := fixAt(1, orb.Point{114.30, 30.60}, noon)
	b := a
	b.Point, b.ReceivedAt = orb.Point{114.31, 30.60}, a.ReceivedAt.Add(time.Second)
	c := b // at the same time as b, after it
	c.SpeedKmh = Read(0)
	again := c
	again.ReceivedAt = again.ReceivedAt.Add(time.Hour)
	doubted := again
	doubted.Doubt, doubted.FixedAt = Jump, again.FixedAt.Add(time.Hour)
	s := NewStore()
	for i, step := range []struct {
		fix   Fix
		moved bool
		want  Fix
	}{{b, true, b}, {a, false, b}, {c, true, c}, {again, false, c}, {doubted, false, c}, {b, true, b}} {
		if got := s.Update(step.fix); got != step.moved {
			t.Fatalf("step %d moved: %v", i, got)
		}
		if got := must(s.Latest(1)); got.Point != step.want.Point || got.SpeedKmh != step.want.SpeedKmh {
			t.Fatalf("step %d: %+v", i, got)
		}
	}
}

// What comes out is what went in, as precisely as NewStore says.
func TestFixesComeBackWhole(t *testing.T) {
	reading := rapid.Custom(func(t *rapid.T) Reading {
		return Reading{float64(rapid.Float32Range(0, 359).Draw(t, "value")), true}
	})
	readings := rapid.OneOf(rapid.Just(Reading{}), rapid.Just(Read(0)), reading)
	state := rapid.SampledFrom([]State{Unsaid, On, Off})
	source := rapid.SampledFrom([]string{"", "http", "jt808", "osmand"})
	rapid.Check(t, func(t *rapid.T) {
		f := Fix{
			UnitID: rapid.Int64().Draw(t, "unit"), DeviceID: rapid.Int64().Draw(t, "device"),
			FixedAt:    noon.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "fixed")) * time.Microsecond),
			ReceivedAt: noon.Add(time.Duration(rapid.Int64Range(-1e15, 1e15).Draw(t, "received")) * time.Microsecond),
			Point:      orb.Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-90, 90).Draw(t, "lat")},
			AltM:       readings.Draw(t, "alt"), AccuracyM: readings.Draw(t, "accuracy"),
			SpeedKmh: readings.Draw(t, "speed"), HeadingDeg: readings.Draw(t, "heading"),
			Source: source.Draw(t, "source"), Ignition: state.Draw(t, "ignition"), Engaged: state.Draw(t, "engaged"),
		}
		s := NewStore()
		all := []Fix{f}
		if s.UpdateAll(all, nil) != 1 || all[0].Cell != must(geo.CellAt(f.Point, geo.StoreRes)) {
			t.Fatalf("the cell of %+v is %v", f, all[0].Cell)
		}
		f.Cell = all[0].Cell
		var some []Fix
		s.All(func(f Fix) { some = append(some, f) })
		for _, got := range append(some, must(s.Latest(f.UnitID)), s.Nearest(f.Point, 2, nil)[0].Fix, s.Within(f.Point, 1)[0].Fix) {
			if got != f {
				t.Fatalf("%+v comes back as %+v", f, got)
			}
		}
	})
	s := NewStore()
	f := fixAt(1, places[0], noon.Add(1234*time.Nanosecond))
	f.SpeedKmh, f.HeadingDeg = Read(0.1), Read(359.999999999)
	s.Update(f)
	if got := must(s.Latest(1)); !got.FixedAt.Equal(noon.Add(time.Microsecond)) || got.SpeedKmh.Value != float64(float32(0.1)) || got.HeadingDeg.Value != 0 {
		t.Fatalf("%+v", got)
	}
}

func TestUpdateOfANonsensePoint(t *testing.T) {
	s := NewStore()
	if s.Update(fixAt(1, orb.Point{math.NaN(), 1}, noon)) || s.Len() != 0 {
		t.Fatal("a unit without a place is in the store")
	}
}

func TestRemove(t *testing.T) {
	s := NewStore()
	for id := range int64(5) {
		s.Update(fixAt(id, orb.Point{114.3, 30.6}, noon))
	}
	if !s.Remove(0) || s.Remove(0) || s.Len() != 4 {
		t.Fatalf("%d units left", s.Len())
	}
	if _, ok := s.Latest(0); ok {
		t.Fatal("a removed unit has a position")
	}
	s.checkShape(t)
	seen := make(map[int64]bool)
	s.All(func(f Fix) { seen[f.UnitID] = true })
	if len(seen) != 4 || seen[0] {
		t.Fatalf("all: %v", seen)
	}
}

// Whatever ids units have, the Store keeps them apart.
func TestUnitIDs(t *testing.T) {
	random := rand.New(rand.NewPCG(8, 8))
	draws := []func() int64{
		func() int64 { return random.Int64N(3000) },
		func() int64 { return random.Int64N(50) << (4 * random.IntN(15)) },
		func() int64 { return int64(random.Uint64()) >> random.IntN(64) },
		func() int64 { return -random.Int64N(50) },
	}
	for range 30 {
		s, fleet := NewStore(), make(map[int64]orb.Point)
		draw := draws[random.IntN(len(draws))]
		for step := range 3000 {
			id := draw()
			if random.IntN(3) == 0 {
				if _, known := fleet[id]; s.Remove(id) != known {
					t.Fatalf("removal of unit %d, known: %v", id, known)
				}
				delete(fleet, id)
				continue
			}
			fleet[id] = orb.Point{114 + random.Float64(), 30 + random.Float64()}
			s.Update(fixAt(id, fleet[id], noon.Add(time.Duration(step)*time.Second)))
			if step%500 == 0 {
				draw = draws[random.IntN(len(draws))]
			}
		}
		s.checkShape(t)
		if s.Len() != len(fleet) {
			t.Fatalf("%d units, want %d", s.Len(), len(fleet))
		}
		for id, p := range fleet {
			if f, ok := s.Latest(id); !ok || f.UnitID != id || f.Point != p {
				t.Fatalf("unit %d is %+v", id, f)
			}
		}
	}
}

// What a fleet leaves behind as it travels does not pile up, nor do units that come and go.
func TestNothingPilesUp(t *testing.T) {
	s := NewStore()
	for step := range 300 {
		at := orb.Point{100 + float64(step)*0.1, 30}
		for unit := range int64(40) {
			s.Update(fixAt(unit, at, noon.Add(time.Duration(step)*time.Second)))
		}
		for unit := range int64(pageSize * 10) {
			if step == 0 {
				s.Update(fixAt(unit+100, at, noon))
			} else if step == 1 {
				s.Remove(unit + 100)
			}
		}
	}
	s.checkShape(t)
	if len(s.leaves) > 10 || len(s.nodes) > 30 || len(s.pages) > 2 {
		t.Fatalf("%d leaves, %d nodes, %d pages for 10 units", len(s.leaves), len(s.nodes), len(s.pages))
	}
}

// No unit in a cell is farther from the centre of the cell, or of one that it descends from, than extents says.
func TestExtents(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 21))
	tightest := make([]float64, len(extents))
	for range 20_000 {
		place := places[random.IntN(len(places))]
		far := math.Pow(10, 1.3-5*random.Float64())
		p := orb.Point{math.Remainder(place[0]+far*random.NormFloat64(), 360), min(max(place[1]+far*random.NormFloat64(), -90), 90)}
		v, cell, err := geo.VectorAndCell(p, geo.StoreRes)
		if err != nil {
			t.Fatal(err)
		}
		for depth := range extents {
			up, err := cell.Parent(topRes + nodeStep*depth)
			if err != nil {
				t.Fatal(err)
			}
			chord := math.Sqrt(v.Chord2(geo.VectorOf(up.Centre())))
			if chord > extents[depth]-1e-7 {
				t.Fatalf("%v is %v from the centre of %v, bound %v", p, chord, up, extents[depth])
			}
			tightest[depth] = max(tightest[depth], chord/extents[depth])
		}
	}
	for depth, share := range tightest {
		if share < 0.6 {
			t.Errorf("the bound at depth %d is loose: at most %.2f of it were seen", depth, share)
		}
	}
}

// Under the race detector: everybody at once.
func TestStoreIsSafeForConcurrentUse(t *testing.T) {
	s := NewStore()
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 9))
			for step := range 2000 {
				p := orb.Point{114 + 0.2*random.Float64(), 30 + 0.2*random.Float64()}
				id := random.Int64N(200)
				switch random.IntN(8) {
				case 0:
					near := s.Nearest(p, 5, func(id int64) bool { return id%2 == 0 })
					for i := 1; i < len(near); i++ {
						if compareNear(near[i-1], near[i]) >= 0 {
							t.Errorf("out of order: %v", near)
						}
					}
				case 1:
					s.Within(p, 2000)
				case 2:
					s.Remove(id)
				case 3:
					s.All(func(Fix) {})
				case 4:
					s.Latest(id)
				default:
					s.Update(fixAt(id, p, noon.Add(time.Duration(step)*time.Second)))
				}
			}
		})
	}
	all.Wait()
	s.checkShape(t)
}

func BenchmarkUpdate(b *testing.B) {
	for _, n := range []int{10_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			s, fleet := NewStore(), city(n)
			for _, f := range fleet {
				s.Update(f)
			}
			random := rand.New(rand.NewPCG(11, 11))
			// 30 % are parked, the others do 3 to 25 m/s in steps of 10 s.
			steps := make([]orb.Point, n)
			for i := range steps {
				if i%10 >= 3 {
					d := (30 + 220*random.Float64()) / 111_000
					sin, cos := math.Sincos(2 * math.Pi * random.Float64())
					steps[i] = orb.Point{d * sin, d * cos}
				}
			}
			i := 0
			for b.Loop() {
				f := &fleet[i]
				f.FixedAt = f.FixedAt.Add(10 * time.Second)
				f.Point[0] += steps[i][0]
				f.Point[1] += steps[i][1]
				s.Update(*f)
				i = (i + 7919) % n
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "updates/s")
		})
	}
}

func BenchmarkNearest(b *testing.B) {
	for _, n := range []int{1_000, 10_000, 100_000} {
		for _, k := range []int{5, 50} {
			b.Run(fmt.Sprintf("%d/%d", k, n), func(b *testing.B) {
				s, fleet := NewStore(), city(n)
				for _, f := range fleet {
					s.Update(f)
				}
				random := rand.New(rand.NewPCG(13, 13))
				asked := make([]orb.Point, 1000)
				for i := range asked {
					p := fleet[random.IntN(n)].Point
					asked[i] = orb.Point{p[0] + 0.01*random.NormFloat64(), p[1] + 0.01*random.NormFloat64()}
					s.Nearest(asked[i], k, func(id int64) bool { return id*2654435761%10 < 3 })
				}
				took := make([]time.Duration, 0, 1<<20)
				i := 0
				for b.Loop() {
					start := time.Now()
					s.Nearest(asked[i%len(asked)], k, func(id int64) bool { return id*2654435761%10 < 3 })
					took = append(took, time.Since(start))
					i++
				}
				reportPercentiles(b, took)
			})
		}
	}
}

// While units are moved by several hands, each answer has every unit as of a moment during the question: not from before
// an update that had ended when it was asked, never farther back than one seen before, and with place, time and distance of
// one and the same fix.
func TestNobodySeesAUnitGoBack(t *testing.T) {
	const units, rounds = 40, 400
	s := NewStore()
	placeOf := func(unit, step int64) orb.Point {
		return orb.Point{114 + 0.01*float64((unit*7+step*13)%50), 30 + 0.01*float64(step%17)}
	}
	stepOf := func(f Fix) int64 { return int64(f.FixedAt.Sub(noon) / time.Second) }
	var ended [units]atomic.Int64
	var all sync.WaitGroup
	for worker := range int64(3) {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 31))
			for step := int64(1); step <= rounds; step++ {
				var batch []Fix
				for range 1 + random.IntN(2*units) {
					unit := random.Int64N(units)
					at := max(step-random.Int64N(3), 1) // some come late
					batch = append(batch, fixAt(unit, placeOf(unit, at), noon.Add(time.Duration(at)*time.Second)))
				}
				s.UpdateAll(batch, nil)
				for _, f := range batch {
					for have := ended[f.UnitID].Load(); have < stepOf(f) && !ended[f.UnitID].CompareAndSwap(have, stepOf(f)); {
						have = ended[f.UnitID].Load()
					}
				}
			}
		})
	}
	for reader := range 2 {
		all.Go(func() {
			var seen [units]int64
			for question := range rounds {
				for unit := range seen {
					seen[unit] = max(seen[unit], ended[unit].Load())
				}
				from := placeOf(int64(question), int64(reader))
				near := s.Nearest(from, units, nil)
				if question%3 == 0 {
					near = s.Within(from, 1e6)
				}
				there := make(map[int64]bool)
				for _, n := range near {
					f, step := n.Fix, stepOf(n.Fix)
					if step < seen[f.UnitID] || f.Point != placeOf(f.UnitID, step) || n.Distance != geo.Distance(from, f.Point) || there[f.UnitID] {
						t.Errorf("unit %d is told as %+v after step %d", f.UnitID, n, seen[f.UnitID])
					}
					seen[f.UnitID], there[f.UnitID] = step, true
				}
				for unit, step := range seen {
					if f, ok := s.Latest(int64(unit)); step > 0 && (!there[int64(unit)] || !ok || stepOf(f) < step) {
						t.Errorf("unit %d is missing after step %d, latest %+v", unit, step, f)
					}
				}
			}
		})
	}
	all.Wait()
	s.checkShape(t)
}
