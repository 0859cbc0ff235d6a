package main

import (
	"math"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/internal/town"
)

// county is the demo's town; drawing it takes half a second.
var county = sync.OnceValue(func() *roads { return newRoads(town.Generate(town.County()).Graph) })

func drawSpot(t *rapid.T, r *roads, name string) spot {
	edge := rapid.IntRange(0, len(r.length)-1).Draw(t, name+" edge")
	return spot{edge, rapid.Float64Range(0, r.length[edge]).Draw(t, name+" at")}
}

func TestWayIsUnbrokenAndEndsWhereItShould(t *testing.T) {
	r := county()
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawSpot(t, r, "from"), drawSpot(t, r, "to")
		at := from
		for i, l := range r.way(from, to) {
			a, _ := r.point(at)
			b, _ := r.point(spot{l.edge, l.from})
			if d := geo.Distance(a, b); d > 0.5 {
				t.Fatalf("leg %d begins %.1f m from the end of the leg before", i, d)
			}
			if min(l.from, l.to) < 0 || max(l.from, l.to) > r.length[l.edge] {
				t.Fatalf("leg %d leaves its edge: %+v of %.1f m", i, l, r.length[l.edge])
			}
			at = spot{l.edge, l.to}
		}
		a, _ := r.point(at)
		b, _ := r.point(to)
		if d := geo.Distance(a, b); d > 0.5 {
			t.Fatalf("the way ends %.1f m from its goal", d)
		}
	})
}

func TestRideKeepsToTheWayAndTheSpeedLimits(t *testing.T) {
	r := county()
	rapid.Check(t, func(t *rapid.T) {
		from, to := drawSpot(t, r, "from"), drawSpot(t, r, "to")
		share := rapid.Float64Range(0.5, 1).Draw(t, "share")
		tick := time.Duration(rapid.IntRange(100, 3000).Draw(t, "tick ms")) * time.Millisecond
		way := r.way(from, to)
		onWay := map[int]float64{} // speed limit of each edge of the way
		for _, l := range way {
			onWay[l.edge] = r.limitMS(l.edge)
		}
		v := ride{roads: r, here: from}
		v.set(way)
		driven, whole := 0.0, metres(way)
		for ticks := 0; !v.parked(); ticks++ {
			fastest, left := 0.0, v.rest
			for _, l := range v.legs {
				fastest = max(fastest, r.limitMS(l.edge))
			}
			v.advance(tick, share)
			moved := left - v.rest
			driven += moved
			limit, ok := onWay[v.here.edge]
			if !ok || v.here.at < 0 || v.here.at > r.length[v.here.edge] {
				t.Fatalf("off the way at %+v", v.here)
			}
			if moved < 0 || moved > fastest*share*tick.Seconds()+1e-6 {
				t.Fatalf("moved %.2f m in %v where %.2f m/s is the most", moved, tick, fastest*share)
			}
			if !v.parked() && v.speedMS > max(limit, r.limitMS(v.legs[0].edge))*share+1e-9 {
				t.Fatalf("%.1f m/s on a road of %.1f", v.speedMS, limit*share)
			}
			if ticks > int(whole/crawlMS/tick.Seconds())+10 {
				t.Fatalf("still %.1f m to go after %d ticks", v.rest, ticks)
			}
		}
		if math.Abs(driven-whole) > 1e-3 || v.speedMS != 0 {
			t.Fatalf("drove %.3f of %.3f m, parked at %.1f m/s", driven, whole, v.speedMS)
		}
		if len(way) > 0 && (v.here.edge != to.edge || math.Abs(v.here.at-to.at) > 1e-6) {
			t.Fatalf("parked at %+v, not at %+v", v.here, to)
		}
	})
}

func TestNearestFindsTheSpotItself(t *testing.T) {
	r := county()
	rapid.Check(t, func(t *rapid.T) {
		want := drawSpot(t, r, "spot")
		p, _ := r.point(want)
		got := r.nearest(p)
		q, _ := r.point(got)
		if d := geo.Distance(p, q); d > 0.5 {
			t.Fatalf("%.2f m from a point on a road", d)
		}
	})
}

func TestBeatStaysInTheSquadsArea(t *testing.T) {
	c := town.Generate(town.County())
	for _, u := range c.Units {
		nodes := beatOf(c, u)
		if len(nodes) == 0 {
			t.Errorf("%s has no beat", u.CallSign)
		}
		for _, n := range nodes {
			if d := geo.Distance(c.Graph.Nodes[n], u.Base); d > patrolReach {
				t.Errorf("%s patrols %.0f m from its base", u.CallSign, d)
			}
		}
	}
}
