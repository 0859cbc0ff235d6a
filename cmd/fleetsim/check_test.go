package main

import (
	"math"
	"testing"
	"time"

	"jiujin/cmd/fleetsim/trace"
)

// Every check finds what is wrong, and only that.
func TestChecksFindDifferences(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0).UTC() }
	want := []trace.Near{{Vehicle: "a", Metres: 100}, {Vehicle: "b", Metres: 200}, {Vehicle: "c", Metres: 200.4}}
	near := func(got ...trace.Near) *verdict {
		c := nearestCheck{}
		c.compare("query", got, want)
		return &c.verdict
	}
	fence := func(got ...trace.Crossing) *verdict {
		v := &verdict{}
		v.crossings(got, []trace.Crossing{{Vehicle: "a", At: at(1), Kind: "enter"}, {Vehicle: "a", At: at(9), Kind: "exit"}})
		return v
	}
	places := func(got map[string]trace.Place) *verdict {
		v := &verdict{}
		v.places(got, []trace.Place{{Vehicle: "a", At: at(5), Lon: 1, Lat: 2}})
		return v
	}
	roads := func(metres ...float64) *verdict {
		v := &verdict{Expected: 3}
		v.roads(metres, 6)
		return v
	}
	for name, c := range map[string]struct {
		v                   *verdict
		same, swapped, diff int
	}{
		"near":                   {near(want...), 1, 0, 0},
		"near, swapped":          {near(want[0], want[2], want[1]), 0, 1, 0},
		"near, another":          {near(want[0], trace.Near{Vehicle: "d", Metres: 150}, want[1]), 0, 0, 1},
		"near, too few":          {near(want[:2]...), 0, 0, 1},
		"fence":                  {fence(trace.Crossing{Vehicle: "a", At: at(9), Kind: "exit"}, trace.Crossing{Vehicle: "a", At: at(1), Kind: "enter"}), 2, 0, 0},
		"fence, missing":         {fence(trace.Crossing{Vehicle: "a", At: at(1), Kind: "enter"}), 1, 0, 1},
		"fence, a second later":  {fence(trace.Crossing{Vehicle: "a", At: at(2), Kind: "enter"}, trace.Crossing{Vehicle: "a", At: at(9), Kind: "exit"}), 1, 0, 2},
		"places":                 {places(map[string]trace.Place{"a": {At: at(5), Lon: 1, Lat: 2}}), 1, 0, 0},
		"places, an older one":   {places(map[string]trace.Place{"a": {At: at(4), Lon: 1, Lat: 2}}), 0, 0, 1},
		"places, moved":          {places(map[string]trace.Place{"a": {At: at(5), Lon: 1.00001, Lat: 2}}), 0, 0, 1},
		"places, one too many":   {places(map[string]trace.Place{"a": {At: at(5), Lon: 1, Lat: 2}, "b": {At: at(5)}}), 1, 0, 1},
		"places, none":           {places(nil), 0, 0, 1},
		"roads":                  {roads(1, 5, 400), 3, 0, 0},
		"roads, beside":          {roads(1, 7, 400), 3, 0, 1},
		"roads, a point missing": {roads(1, 5), 2, 0, 1},
		"roads, far away":        {roads(math.Inf(1), math.Inf(1), math.Inf(1)), 3, 0, 1},
	} {
		if c.v.Same != c.same || c.v.Swapped != c.swapped || c.v.Differences != c.diff {
			t.Errorf("%s: %+v", name, *c.v)
		}
	}
}

func TestTallyNamesEveryFigure(t *testing.T) {
	first, last := time.Unix(10, 0).UTC(), time.Unix(70, 0).UTC()
	want := trace.Stats{
		Vehicle: "a", Pings: 3, First: first, Last: last, Metres: 1000, OccupiedMetres: 400, LongestGapS: 40, SameSecondPairs: 0, FastSteps: 1, Pickups: 2,
	}
	right := func() tally {
		metres, engaged, gap, none, one, two := 1000.04, 400.0, 40.0, 0, 1, 2
		return tally{Fixes: 3, First: &first, Last: &last, Metres: &metres, EngagedMetres: &engaged, LongestGapS: &gap, SameSecond: &none, FastSteps: &one, Pickups: &two}
	}
	v := &verdict{}
	if v.tally(want, right()); v.Same != 1 || v.Differences != 0 || v.WorstM != 0.04 {
		t.Errorf("the right figures: %+v", *v)
	}
	far, five := 1006.0, 5
	for name, spoil := range map[string]func(*tally){
		"fixes": func(g *tally) { g.Fixes = 4 }, "span": func(g *tally) { g.Last = &first }, "metres": func(g *tally) { g.Metres = &far },
		"engaged metres": func(g *tally) { g.EngagedMetres = nil }, "gap": func(g *tally) { g.LongestGapS = &far },
		"same second": func(g *tally) { g.SameSecond = &five }, "fast": func(g *tally) { g.FastSteps = nil }, "pick-ups": func(g *tally) { g.Pickups = &five },
	} {
		got, v := right(), &verdict{}
		spoil(&got)
		if v.tally(want, got); v.Same != 0 || v.Differences != 1 || len(v.First) != 1 {
			t.Errorf("%s: %+v", name, *v)
		}
	}
}
