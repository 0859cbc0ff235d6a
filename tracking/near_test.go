package tracking

import (
	"flag"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// scenes is how many random fleets TestNearestIsAScan builds.
var scenes = flag.Int("scenes", 1000, "random fleets in the comparison of nearest search with a scan")

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// fixAt is a fix of a unit that was accepted.
func fixAt(unitID int64, p orb.Point, at time.Time) Fix {
	return Fix{UnitID: unitID, DeviceID: unitID, FixedAt: at, ReceivedAt: at, Point: p, Source: "test"}
}

// oracle is the plain truth: every unit, sorted.
func oracle(fleet map[int64]orb.Point, p orb.Point, keep func(int64) bool) []Near {
	var all []Near
	for id, at := range fleet {
		if keep == nil || keep(id) {
			all = append(all, Near{Fix: Fix{UnitID: id, Point: at}, Distance: geo.Distance(p, at)})
		}
	}
	slices.SortFunc(all, compareNear)
	return all
}

func compare(t *testing.T, what string, got, want []Near) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d units, want %d", what, len(got), len(want))
	}
	for i := range got {
		if got[i].Fix.UnitID != want[i].Fix.UnitID || got[i].Distance != want[i].Distance || got[i].Fix.Point != want[i].Fix.Point {
			t.Fatalf("%s: place %d is unit %d at %v, want unit %d at %v", what, i,
				got[i].Fix.UnitID, got[i].Distance, want[i].Fix.UnitID, want[i].Distance)
		}
	}
}

// places are where scenes happen: cities, and where grids and longitudes have
// their difficulties. The last two are pentagons; one lies off Dalian.
var places = []orb.Point{
	{114.3, 30.6},
	{104.06, 30.66},
	{87.6, 43.8},
	{122.5, 53},
	{109.5, 18.25},
	{180, 20},
	{-179.99, -40},
	{0, 0},
	{20, 89.95},
	{-70, -89.99},
	{100, 84},
	{122.3, 39.1},
	{58.157, 10.447},
}

// scene is a random fleet and how to ask about it.
type scene struct {
	random *rand.Rand
	centre orb.Point
	spread float64 // degrees of latitude
	grid   float64 // coordinates are rounded to this, for ties; 0 for none
	fleet  map[int64]orb.Point
	store  *Store
}

func newScene(random *rand.Rand, units int) *scene {
	sc := &scene{
		random: random,
		centre: places[random.IntN(len(places))],
		spread: math.Pow(10, -3+4*random.Float64()), // from 100 m to 1,000 km
		fleet:  make(map[int64]orb.Point),
		store:  NewStore(),
	}
	if random.IntN(2) == 0 {
		sc.grid = sc.spread / float64(2+random.IntN(6))
	}
	clock := noon
	for range units * (1 + random.IntN(3)) {
		clock = clock.Add(time.Second)
		id := 1 + random.Int64N(int64(units))
		p := sc.point()
		if random.IntN(3) == 0 {
			if old, ok := sc.fleet[id]; ok { // most moves are short
				p = sc.wrap(orb.Point{old[0] + 0.004*random.NormFloat64(), old[1] + 0.004*random.NormFloat64()})
			}
		}
		if random.IntN(20) == 0 {
			delete(sc.fleet, id)
			sc.store.Remove(id)
			continue
		}
		sc.fleet[id] = p
		sc.store.Update(fixAt(id, p, clock))
	}
	return sc
}

func (sc *scene) point() orb.Point {
	x := sc.random.NormFloat64() * sc.spread
	y := sc.random.NormFloat64() * sc.spread
	if sc.grid > 0 {
		x, y = math.Round(x/sc.grid)*sc.grid, math.Round(y/sc.grid)*sc.grid
	}
	return sc.wrap(orb.Point{sc.centre[0] + x/math.Max(math.Cos(sc.centre[1]*math.Pi/180), 0.01), sc.centre[1] + y})
}

func (sc *scene) wrap(p orb.Point) orb.Point {
	return orb.Point{math.Remainder(p[0], 360), math.Min(math.Max(p[1], -90), 90)}
}

func (sc *scene) keep() func(int64) bool {
	share := int64(1 + sc.random.IntN(5))
	if share == 5 {
		return nil
	}
	return func(id int64) bool { return id*2654435761%share == 0 }
}

// check asks a few questions and compares with the oracle.
func (sc *scene) check(t *testing.T, questions int) {
	for range questions {
		p, k, keep := sc.point(), 1+sc.random.IntN(12), sc.keep()
		want := oracle(sc.fleet, p, keep)
		compare(t, "nearest", sc.store.Nearest(p, k, keep), want[:min(k, len(want))])
		all := oracle(sc.fleet, p, nil)
		radius := geo.Metres(sc.random.ExpFloat64() * sc.spread * 1e5)
		if len(all) > 0 && sc.random.IntN(2) == 0 {
			radius = all[sc.random.IntN(len(all))].Distance
		}
		inside := slices.IndexFunc(all, func(n Near) bool { return n.Distance > radius })
		if inside < 0 {
			inside = len(all)
		}
		compare(t, "within", sc.store.Within(p, radius), all[:inside])
	}
}

// checkShape compares the Store's inner lists with each other.
func (s *Store) checkShape(t *testing.T) {
	t.Helper()
	s.fleet.checkShape(t)
}

func (fl *fleet) checkShape(t *testing.T) {
	t.Helper()
	members, leaves := 0, fl.checkNode(t, 0, topRes-nodeStep)
	for key, at := range fl.leafAt {
		l := &fl.leaves[at]
		if leafKey(l.cell) != key || len(l.members) == 0 || cap(l.members) > max(4, 2*len(l.members)+1) {
			t.Fatalf("leaf %d of %v has %d members and room for %d", at, l.cell, len(l.members), cap(l.members))
		}
		for i, m := range l.members {
			page, j := fl.page(m.place())
			id, mark, p := page.ids[j], page.marks[j], page.positions[j]
			v := geo.VectorOf(p.point)
			if mark.leaf != at || mark.member != int32(i) ||
				m.chord2(&v) > blur*blur || m.unit&engagedFlag != 0 != (p.engaged == On) {
				t.Fatalf("member %d of leaf %d is not unit %d, %+v", i, at, id, mark)
			}
			if c, err := geo.CellAt(p.point, geo.StoreRes); err != nil || c != l.cell {
				t.Fatalf("unit %d at %v is in %v, want %v (%v)", id, p.point, l.cell, c, err)
			}
			if place, known := fl.index.place(id); !known || place != m.place() {
				t.Fatalf("unit %d is at %d, the index says %d, %v", id, m.place(), place, known)
			}
			members++
		}
	}
	indexed := len(fl.index.sparse)
	for _, at := range fl.index.dense {
		if at != 0 {
			indexed++
		}
	}
	if members != fl.count || indexed != fl.count || len(fl.leafAt) != leaves || len(fl.pages) > fl.count/pageSize+2 {
		t.Fatalf("%d units, %d members, %d in the index, %d pages; %d leaves, %d in the map",
			fl.count, members, indexed, len(fl.pages), leaves, len(fl.leafAt))
	}
	if len(fl.leafAt)+len(fl.freeLeaves) != len(fl.leaves) || len(fl.nodeAt)+len(fl.freeNodes)+1 != len(fl.nodes) {
		t.Fatalf("leaves %d + %d of %d, nodes %d + %d of %d", len(fl.leafAt), len(fl.freeLeaves), len(fl.leaves),
			len(fl.nodeAt), len(fl.freeNodes), len(fl.nodes))
	}
}

// checkNode looks at what is below a node, and counts the leaves.
func (fl *fleet) checkNode(t *testing.T, at int32, res int) (leaves int) {
	t.Helper()
	n := &fl.nodes[at]
	if at != 0 && (len(n.children) == 0 || fl.nodeAt[n.cell] != at || n.cell.Res() != res) {
		t.Fatalf("node %d of %v, resolution %d, has %d children", at, n.cell, res, len(n.children))
	}
	for _, c := range n.children {
		var cell geo.Cell
		var parent int32
		if res+nodeStep == geo.StoreRes {
			cell, parent = fl.leaves[c.at].cell, fl.leaves[c.at].parent
			leaves++
		} else {
			cell, parent = fl.nodes[c.at].cell, fl.nodes[c.at].parent
			leaves += fl.checkNode(t, c.at, res+nodeStep)
		}
		if up, _ := cell.Parent(max(res, 0)); parent != at || at != 0 && up != n.cell {
			t.Fatalf("%v is below %v, its parent is %d, want %d", cell, n.cell, parent, at)
		}
		if v := geo.VectorOf(cell.Centre()); c.chord2(&v) > 1e-14 {
			t.Fatalf("the centre of %v is kept as %+v", cell, c)
		}
	}
	return leaves
}

func TestNearestIsAScan(t *testing.T) {
	for seed := range uint64(*scenes) {
		random := rand.New(rand.NewPCG(seed, 1))
		sc := newScene(random, 1+int(math.Pow(10, 2.3*random.Float64())))
		sc.check(t, 3)
		sc.store.checkShape(t)
		if t.Failed() {
			t.Fatalf("in scene %d", seed)
		}
	}
}

func TestNearestIsAScanInAnEmptyStore(t *testing.T) {
	s := NewStore()
	if got := s.Nearest(places[0], 3, nil); len(got) != 0 {
		t.Errorf("nearest %v", got)
	}
	if got := s.Within(places[0], 1e9); len(got) != 0 {
		t.Errorf("within %v", got)
	}
	s.Update(fixAt(1, places[0], noon))
	for _, bad := range []orb.Point{{math.NaN(), 0}, {0, 91}} {
		if got := s.Nearest(bad, 3, nil); got != nil {
			t.Errorf("nearest to %v: %v", bad, got)
		}
	}
	if got := s.Nearest(places[0], 0, nil); got != nil {
		t.Errorf("nearest 0: %v", got)
	}
}

// city is a fleet of n units, clustered as in a province: towns of different
// sizes, and a tenth strewn over the land.
func city(n int) []Fix {
	random := rand.New(rand.NewPCG(7, 7))
	var towns []orb.Point
	for range 100 {
		towns = append(towns, orb.Point{110 + 5*random.Float64(), 29.5 + 3.5*random.Float64()})
	}
	fleet := make([]Fix, n)
	for i := range fleet {
		p := orb.Point{110 + 5*random.Float64(), 29.5 + 3.5*random.Float64()}
		if random.IntN(10) > 0 {
			at := int(100 * math.Pow(random.Float64(), 2))
			p = orb.Point{towns[at][0] + 0.06*random.NormFloat64(), towns[at][1] + 0.05*random.NormFloat64()}
		}
		fleet[i] = fixAt(int64(i+1), p, noon)
	}
	return fleet
}

func TestNearestIsAScanAmong100000(t *testing.T) {
	s, fleet := NewStore(), make(map[int64]orb.Point)
	for _, f := range city(100_000) {
		s.Update(f)
		fleet[f.UnitID] = f.Point
	}
	random := rand.New(rand.NewPCG(3, 3))
	available := func(id int64) bool { return id*2654435761%10 < 3 }
	for range 40 {
		p := orb.Point{110 + 5*random.Float64(), 29.5 + 3.5*random.Float64()}
		if random.IntN(2) == 0 {
			p = fleet[1+random.Int64N(100_000)]
		}
		k := 1 + random.IntN(50)
		compare(t, "nearest", s.Nearest(p, k, available), oracle(fleet, p, available)[:k])
	}
	s.checkShape(t)
}

func reportPercentiles(b *testing.B, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Nanoseconds()), "p50-ns")
	b.ReportMetric(float64(took[len(took)*99/100].Nanoseconds()), "p99-ns")
}
