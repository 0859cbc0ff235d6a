package tracking

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

func TestUpdateNeverMovesBack(t *testing.T) {
	s := NewStore()
	first, second := orb.Point{114.30, 30.60}, orb.Point{114.40, 30.60}
	if !s.Update(fixAt(1, first, noon)) {
		t.Fatal("the first fix did not move the unit")
	}
	if s.Update(fixAt(1, second, noon)) || s.Update(fixAt(1, second, noon.Add(-time.Second))) {
		t.Fatal("a fix that is not newer moved the unit")
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
	if want, _ := geo.CellAt(second, geo.StoreRes); s.units[0].fix.Cell != want {
		t.Fatalf("cell %v, want %v", s.units[0].fix.Cell, want)
	}
	if got := s.UpdateAll([]Fix{fixAt(1, first, noon), fixAt(2, first, noon)}); got != 1 {
		t.Fatalf("%d moved, want 1", got)
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

// The short cut of Locate never names another cell than the H3 library.
func TestLocateAgreesWithTheLibrary(t *testing.T) {
	random := rand.New(rand.NewPCG(5, 5))
	cut := 0
	for _, place := range places {
		s := NewStore()
		for unit := range int64(20) {
			p := place
			for step := range 50 {
				s.Update(fixAt(unit, p, noon.Add(time.Duration(step)*time.Second)))
				p = orb.Point{math.Remainder(p[0]+0.002*random.NormFloat64(), 360), min(max(p[1]+0.002*random.NormFloat64(), -90), 90)}
				got, err := s.Locate(unit, p)
				want, _ := geo.CellAt(p, geo.StoreRes)
				if err != nil || got != want {
					t.Fatalf("%v is located in %v, want %v (%v)", p, got, want, err)
				}
				if s.slots[s.units[s.index[unit]].slot].surrounds(p) {
					cut++
				}
			}
		}
	}
	if all := len(places) * 20 * 50; cut < all/4 {
		t.Errorf("the short cut served %d of %d", cut, all)
	}
}

// Empty slots do not pile up as a fleet travels and people ask.
func TestSlotsAreTidied(t *testing.T) {
	s := NewStore()
	s.unitsPerCell, s.minSlots = 0, 1000
	for step := range 200 {
		at := orb.Point{100 + float64(step)*0.1, 30}
		for unit := range int64(10) {
			s.Update(fixAt(unit, at, noon.Add(time.Duration(step)*time.Second)))
		}
		s.Nearest(orb.Point{at[0] + 0.05, 30}, 3, nil)
		if len(s.slots) > 1000 {
			t.Fatalf("%d slots for 10 units", len(s.slots))
		}
	}
	s.checkShape(t)
}

// Under the race detector: everybody at once.
func TestStoreIsSafeForConcurrentUse(t *testing.T) {
	s := NewStore()
	s.unitsPerCell, s.minSlots = 0, 500
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
