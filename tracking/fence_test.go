package tracking

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"

	"jiujin/geo"
)

var market = orb.Point{114.3, 30.6}

// square is a fence of the given half side around a point.
func square(at orb.Point, half geo.Metres) Fence {
	north := float64(half) / 111195
	east := north / math.Cos(at[1]*math.Pi/180)
	return Fence{Name: "market", Polygon: orb.Polygon{{
		{at[0] - east, at[1] - north}, {at[0] + east, at[1] - north}, {at[0] + east, at[1] + north}, {at[0] - east, at[1] + north}, {at[0] - east, at[1] - north},
	}}}
}

// away is the point some metres east and north of another.
func away(from orb.Point, east, north float64) orb.Point {
	return orb.Point{from[0] + east/111195/math.Cos(from[1]*math.Pi/180), from[1] + north/111195}
}

// The depth in a polygon has the sign that says inside or outside, and its size is the distance of the nearest of many
// points of the border.
func TestDepthIsTheDistanceOfTheBorder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ring := orb.Ring{}
		corners := rapid.IntRange(3, 9).Draw(t, "corners")
		for i := range corners { // star-shaped, so that it does not cross itself
			r := rapid.Float64Range(50, 4000).Draw(t, "radius")
			angle := 2 * math.Pi * float64(i) / float64(corners)
			ring = append(ring, away(market, r*math.Cos(angle), r*math.Sin(angle)))
		}
		ring = append(ring, ring[0])
		f := Fence{Polygon: orb.Polygon{ring}}
		p := away(market, rapid.Float64Range(-6000, 6000).Draw(t, "east"), rapid.Float64Range(-6000, 6000).Draw(t, "north"))

		nearest := geo.Metres(math.Inf(1))
		for i := 1; i < len(ring); i++ {
			for step := 0.0; step <= 1; step += 1.0 / 2048 {
				q := orb.Point{ring[i-1][0] + step*(ring[i][0]-ring[i-1][0]), ring[i-1][1] + step*(ring[i][1]-ring[i-1][1])}
				nearest = min(nearest, geo.Distance(p, q))
			}
		}
		depth := f.Depth(p)
		if inside := planar.PolygonContains(f.Polygon, p); inside != (depth >= 0) {
			t.Fatalf("depth %v, inside %v", depth, inside)
		}
		if off := math.Abs(math.Abs(float64(depth)) - float64(nearest)); off > 3+0.002*float64(nearest) {
			t.Fatalf("depth %v, border %v away", depth, nearest)
		}
	})
}

func TestShapesThatAreNone(t *testing.T) {
	line := orb.Polygon{{{114, 30}, {114.1, 30}, {114, 30}, {114, 30}}}
	for name, f := range map[string]Fence{
		"nothing":       {},
		"tiny circle":   {Centre: market, Radius: 2},
		"huge circle":   {Centre: market, Radius: 1e6},
		"nan radius":    {Centre: market, Radius: geo.Metres(math.NaN())},
		"circle at 0,0": {Radius: 100},
		"no ring":       {Polygon: orb.Polygon{}},
		"open ring":     {Polygon: orb.Polygon{{{114, 30}, {114.1, 30}, {114.1, 30.1}, {114, 30.1}}}},
		"flat":          {Polygon: line},
		"a continent":   {Polygon: orb.Polygon{{{80, 20}, {110, 20}, {110, 50}, {80, 20}}}},
		"off the map":   {Polygon: orb.Polygon{{{114, 30}, {200, 30}, {114, 31}, {114, 30}}}},
	} {
		if err := f.Check(); !errors.Is(err, ErrFenceShape) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, f := range []Fence{square(market, 100), {Centre: market, Radius: 100}} {
		if err := f.Check(); err != nil {
			t.Error(err)
		}
	}
}

// passBy feeds fixes a second apart and returns the kinds of the events.
func passBy(f Fence, every time.Duration, accuracy Reading, path []orb.Point) (kinds []FenceEventKind, at []int) {
	var w visit
	for i, p := range path {
		fix := Fix{FixedAt: time.Unix(1_700_000_000, 0).Add(time.Duration(i) * every), Point: p, AccuracyM: accuracy}
		kind, pass, dwell := w.see(&f, &fix)
		if kind != "" {
			kinds, at = append(kinds, kind), append(at, int(pass.At.Sub(time.Unix(1_700_000_000, 0))/every))
		}
		if dwell {
			kinds, at = append(kinds, FenceDwell), append(at, i)
		}
	}
	return kinds, at
}

func TestDrivingThroughIsOneVisit(t *testing.T) {
	var path []orb.Point
	for x := -300.0; x <= 300; x += 10 { // 36 km/h
		path = append(path, away(market, x, 0))
	}
	for name, f := range map[string]Fence{"circle": {Centre: market, Radius: 100}, "square": square(market, 100)} {
		kinds, at := passBy(f, time.Second, Read(5), path)
		if len(kinds) != 2 || kinds[0] != FenceEnter || kinds[1] != FenceExit {
			t.Fatalf("%s: %v", name, kinds)
		}
		if at[0] < 20 || at[0] > 21 || at[1] < 42 || at[1] > 44 { // the exit is seen beyond 22 m
			t.Errorf("%s: entered at %d, left at %d", name, at[0], at[1])
		}
	}
}

// A vehicle that stands at a fence does not flap, wherever it stands and however its receiver wanders: in a day it
// makes at most one visit more than it should.
func TestParkedVehicleDoesNotFlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		accuracy := rapid.Float64Range(3, 80).Draw(t, "accuracy_m") // 95 % of the fixes are nearer
		stand := rapid.Float64Range(-3, 3).Draw(t, "margins from the border") * max(15, accuracy)
		noise := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 7))
		path := make([]orb.Point, 0, 2880)
		for range 2880 { // eight hours, every 10 s
			path = append(path, away(market, 400+stand+noise.NormFloat64()*accuracy/2, noise.NormFloat64()*accuracy/2))
		}
		kinds, _ := passBy(Fence{Centre: market, Radius: 400}, 10*time.Second, Read(accuracy), path)
		if len(kinds) > 3 {
			t.Fatalf("%d events: %v", len(kinds), kinds)
		}
	})
}

func TestStayBecomesADwellOnce(t *testing.T) {
	f := Fence{Centre: market, Radius: 200, DwellS: 120}
	path := []orb.Point{away(market, 900, 0)}
	for range 60 {
		path = append(path, market)
	}
	path = append(path, away(market, 900, 0), market, market)
	kinds, at := passBy(f, 10*time.Second, Reading{}, path)
	want := []FenceEventKind{FenceEnter, FenceDwell, FenceExit, FenceEnter}
	if len(kinds) != len(want) {
		t.Fatalf("%v", kinds)
	}
	for i := range want {
		if kinds[i] != want[i] {
			t.Fatalf("%v, want %v", kinds, want)
		}
	}
	if at[0] != 1 || at[1] != 13 {
		t.Errorf("entered at %d, dwelt at %d", at[0], at[1])
	}
}

// A plain fence is the rectangle and nothing else: each change of side between two fixes is an event.
func TestPlainFenceCountsEveryFix(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := square(market, 300)
		f.Plain = true
		inside, want := false, 0
		var path []orb.Point
		for range rapid.IntRange(1, 60).Draw(t, "fixes") {
			p := away(market, rapid.Float64Range(-600, 600).Draw(t, "east"), rapid.Float64Range(-600, 600).Draw(t, "north"))
			if f.Contains(p) != inside {
				inside = !inside
				want++
			}
			path = append(path, p)
		}
		if kinds, _ := passBy(f, time.Second, Read(50), path); len(kinds) != want {
			t.Fatalf("%d events, want %d", len(kinds), want)
		}
	})
}
