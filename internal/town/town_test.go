package town

import (
	"crypto/sha256"
	"encoding/json"
	"math"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
)

// fingerprint hashes all that a town gives out, calls included.
func fingerprint(t *testing.T, o Options) [32]byte {
	t.Helper()
	tn := Generate(o)
	rng := rand.New(rand.NewPCG(1, 2))
	at := time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	calls := make([]Call, 500)
	for i := range calls {
		calls[i] = tn.Demand(rng, at.Add(time.Duration(i)*time.Minute))
	}
	b, err := json.Marshal([]any{tn, tn.Features(), calls})
	if err != nil {
		t.Fatal(err)
	}
	return sha256.Sum256(b)
}

func TestSameSeedSameBytes(t *testing.T) {
	a, b := fingerprint(t, County()), fingerprint(t, County())
	if a != b {
		t.Error("two towns of the same seed differ")
	}
	other := County()
	other.Seed++
	if fingerprint(t, other) == a {
		t.Error("towns of two seeds are the same")
	}
}

func TestGenerateIsQuick(t *testing.T) {
	best := time.Hour
	for range 3 { // the machine may be busy; the quickest run counts
		start := time.Now()
		Generate(County())
		best = min(best, time.Since(start))
	}
	if best > 2*time.Second {
		t.Errorf("a county takes %v, want less than 2 s", best)
	}
}

// anySeed runs a check on the default county and on a few others.
func anySeed(t *testing.T, check func(t *testing.T, tn *Town)) {
	for _, seed := range []uint64{County().Seed, 0, 1, 42, 2026} {
		o := County()
		o.Seed = seed
		check(t, Generate(o))
		if t.Failed() {
			t.Fatalf("with seed %d", seed)
		}
	}
}

func reachable(g *Graph) int {
	seen := make([]bool, len(g.Nodes))
	stack, n := []int{0}, 0
	for seen[0] = true; len(stack) > 0; n++ {
		at := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		for _, i := range g.At(at) {
			if m := g.Edges[i].From + g.Edges[i].To - at; !seen[m] {
				seen[m] = true
				stack = append(stack, m)
			}
		}
	}
	return n
}

func TestRoadsAreOneNetwork(t *testing.T) {
	anySeed(t, func(t *testing.T, tn *Town) {
		g := tn.Graph
		if n := reachable(g); n != len(g.Nodes) {
			t.Errorf("%d of %d nodes can be reached", n, len(g.Nodes))
		}
		for i, e := range g.Edges {
			if e.Line[0] != g.Nodes[e.From] || e.Line[len(e.Line)-1] != g.Nodes[e.To] {
				t.Fatalf("edge %d does not run between its nodes", i)
			}
		}
		for _, d := range tn.Divisions {
			if len(d.Code) != 9 {
				continue
			}
			if gap := geo.Distance(d.Seat, g.Nodes[g.NearestNode(d.Seat)]); gap > 400 {
				t.Errorf("%s is %.0f m from the nearest road", d.Name, gap)
			}
		}
	})
}

// basin answers whether a point is in one of many polygons; their sides are
// sorted into columns of longitude, because the tests ask very often.
type basin map[int][][2]orb.Point

func column(lon float64) int { return int(math.Floor(lon * 1000)) }

func (b basin) add(polygon orb.Polygon) {
	for _, ring := range polygon {
		for i := 1; i < len(ring); i++ {
			p, q := ring[i-1], ring[i]
			for k := column(min(p[0], q[0])); k <= column(max(p[0], q[0])); k++ {
				b[k] = append(b[k], [2]orb.Point{p, q})
			}
		}
	}
}

func (b basin) contains(p orb.Point) bool {
	in := false
	for _, s := range b[column(p[0])] {
		if (s[0][0] > p[0]) != (s[1][0] > p[0]) &&
			p[1] < s[0][1]+(s[1][1]-s[0][1])*(p[0]-s[0][0])/(s[1][0]-s[0][0]) {
			in = !in
		}
	}
	return in
}

func water(tn *Town) (rivers, lakes basin) {
	rivers, lakes = basin{}, basin{}
	for _, f := range tn.Features() {
		switch f.Layer + f.Class {
		case "waterriver":
			rivers.add(f.Geometry.(orb.Polygon))
		case "waterlake":
			lakes.add(f.Geometry.(orb.Polygon))
		}
	}
	return rivers, lakes
}

// every calls f about every 10 m along the line.
func every(line orb.LineString, f func(orb.Point)) {
	for i := 1; i < len(line); i++ {
		n := 1 + int(geo.Distance(line[i-1], line[i])/10)
		for k := range n + 1 {
			s := float64(k) / float64(n)
			f(orb.Point{line[i-1][0] + s*(line[i][0]-line[i-1][0]), line[i-1][1] + s*(line[i][1]-line[i-1][1])})
		}
	}
}

func TestRoadsCrossWaterOnBridgesOnly(t *testing.T) {
	anySeed(t, func(t *testing.T, tn *Town) {
		rivers, lakes := water(tn)
		bridges := 0
		for _, e := range tn.Graph.Edges {
			overRiver, overLake := false, false
			every(e.Line, func(p orb.Point) {
				overRiver = overRiver || rivers.contains(p)
				overLake = overLake || lakes.contains(p)
			})
			if overRiver != e.Bridge {
				t.Errorf("%s at %v: over the river %v, bridge %v", tn.Graph.Roads[e.Road].Name, e.Line[0], overRiver, e.Bridge)
			}
			if overLake {
				t.Errorf("%s at %v runs through a lake", tn.Graph.Roads[e.Road].Name, e.Line[0])
			}
			if e.Bridge {
				bridges++
			}
		}
		if bridges < 3 || bridges > 4 {
			t.Errorf("%d bridges, want 3 or 4", bridges)
		}
	})
}

func TestRoute(t *testing.T) {
	tn := Generate(County())
	g := tn.Graph
	rivers, _ := water(tn)
	rapid.Check(t, func(rt *rapid.T) {
		from, to := rapid.IntRange(0, len(g.Nodes)-1).Draw(rt, "from"), rapid.IntRange(0, len(g.Nodes)-1).Draw(rt, "to")
		route := g.Route(from, to)
		if route[0] != g.Nodes[from] || route[len(route)-1] != g.Nodes[to] {
			rt.Fatal("the route does not join its ends")
		}
		var there, back float64
		for _, i := range g.Path(from, to) {
			there += float64(g.Edges[i].Length) / g.Edges[i].Class.SpeedKmh()
		}
		for _, i := range g.Path(to, from) {
			back += float64(g.Edges[i].Length) / g.Edges[i].Class.SpeedKmh()
		}
		if d := there - back; d > 1e-6 || d < -1e-6 {
			rt.Fatalf("there costs %v, back %v", there, back)
		}
		if want := plain(g, from, to); there-want > 1e-6 {
			rt.Fatalf("the route costs %v, the quickest %v", there, want)
		}
		onBridge := map[orb.Point]bool{}
		for _, i := range g.Path(from, to) {
			for _, p := range g.Edges[i].Line {
				onBridge[p] = onBridge[p] || g.Edges[i].Bridge
			}
		}
		for _, p := range route {
			if rivers.contains(p) && !onBridge[p] {
				rt.Fatalf("the route is in the river at %v", p)
			}
		}
	})
}

// plain is the cost of the quickest way by relaxing every edge until nothing
// changes: slow, and too simple to be wrong.
func plain(g *Graph, from, to int) float64 {
	cost := make([]float64, len(g.Nodes))
	for i := range cost {
		cost[i] = 1e18
	}
	cost[from] = 0
	for changed := true; changed; {
		changed = false
		for _, e := range g.Edges {
			w := float64(e.Length) / e.Class.SpeedKmh()
			if c := cost[e.From] + w; c < cost[e.To]-1e-12 {
				cost[e.To], changed = c, true
			}
			if c := cost[e.To] + w; c < cost[e.From]-1e-12 {
				cost[e.From], changed = c, true
			}
		}
	}
	return cost[to]
}

func TestNearestNode(t *testing.T) {
	tn := Generate(County())
	b := tn.Bounds.Pad(0.3)
	rapid.Check(t, func(rt *rapid.T) {
		p := orb.Point{rapid.Float64Range(b.Min[0], b.Max[0]).Draw(rt, "lon"), rapid.Float64Range(b.Min[1], b.Max[1]).Draw(rt, "lat")}
		got, want := tn.Graph.NearestNode(p), tn.Graph.nearestOfAll(p)
		at := fromLonLat(p)
		if g, w := fromLonLat(tn.Graph.Nodes[got]).sub(at).len(), fromLonLat(tn.Graph.Nodes[want]).sub(at).len(); g != w {
			rt.Fatalf("node %d at %v km, but %d is at %v km", got, g, want, w)
		}
	})
}

func toRoad(p orb.Point, line orb.LineString) geo.Metres {
	best := geo.Metres(1e9)
	for i := 1; i < len(line); i++ {
		q := closest(fromLonLat(p), fromLonLat(line[i-1]), fromLonLat(line[i]))
		best = min(best, geo.Distance(p, toLonLat(q)))
	}
	return best
}

func TestRetailers(t *testing.T) {
	licence := regexp.MustCompile(`^369921[12]\d{5}$`)
	anySeed(t, func(t *testing.T, tn *Town) {
		if len(tn.Retailers) != 5200 {
			t.Fatalf("%d retailers, want 5200", len(tn.Retailers))
		}
		rivers, lakes := water(tn)
		licences, addresses := map[string]bool{}, map[string]bool{}
		squads, status := map[string]int{}, map[string]int{}
		for i, r := range tn.Retailers {
			if !licence.MatchString(r.LicenceNo) || licences[r.LicenceNo] {
				t.Errorf("licence %s is malformed or not unique", r.LicenceNo)
			}
			if addresses[r.Address] {
				t.Errorf("two shops at %s", r.Address)
			}
			licences[r.LicenceNo], addresses[r.Address] = true, true
			squads[r.Squad]++
			status[r.Status]++
			if rivers.contains(r.Point) || lakes.contains(r.Point) {
				t.Errorf("retailer %d stands in the water", i)
			}
			if d := toRoad(r.Point, tn.Graph.Edges[r.Edge].Line); d > 40 || d < 5 {
				t.Errorf("retailer %d stands %.1f m from its road", i, d)
			}
			if !strings.HasSuffix(r.Address, "号") || !strings.Contains(r.Address, tn.Graph.Roads[r.Road].Name) || r.Name == "" || r.Operator == "" || r.BusinessForm == "" {
				t.Errorf("retailer %d is incomplete: %+v", i, r)
			}
			if (r.Status == Expired) != r.ValidTo.Before(tn.Options.Date) {
				t.Errorf("retailer %d is %s and ends on %v", i, r.Status, r.ValidTo)
			}
		}
		if share := float64(status[Valid]) / 5200; share < 0.90 || share > 0.94 {
			t.Errorf("%.3f of the licences are valid, want about 0.92", share)
		}
		if len(squads) != 7 || squads[""] > 0 {
			t.Errorf("retailers by squad: %v", squads)
		}
	})
}

func TestHouseNumbersRiseAlongTheRoad(t *testing.T) {
	tn := Generate(County())
	type shop struct {
		number int
		metres geo.Metres
	}
	byRoad := map[[2]int][]shop{}
	for _, r := range tn.Retailers {
		e := tn.Graph.Edges[r.Edge]
		best, walked, at := geo.Metres(1e9), e.Start, geo.Metres(0)
		for i := 1; i < len(e.Line); i++ {
			q := toLonLat(closest(fromLonLat(r.Point), fromLonLat(e.Line[i-1]), fromLonLat(e.Line[i])))
			if d := geo.Distance(r.Point, q); d < best {
				best, at = d, walked+geo.Distance(e.Line[i-1], q)
			}
			walked += geo.Distance(e.Line[i-1], e.Line[i])
		}
		key := [2]int{r.Road, r.HouseNo % 2}
		byRoad[key] = append(byRoad[key], shop{r.HouseNo, at})
	}
	for key, shops := range byRoad {
		slices.SortFunc(shops, func(a, b shop) int { return a.number - b.number })
		for i := 1; i < len(shops); i++ {
			if shops[i].number == shops[i-1].number || shops[i].metres < shops[i-1].metres-25 {
				t.Errorf("%s: number %d at %.0f m comes before %d at %.0f m", tn.Graph.Roads[key[0]].Name,
					shops[i].number, shops[i].metres, shops[i-1].number, shops[i-1].metres)
			}
		}
	}
}
