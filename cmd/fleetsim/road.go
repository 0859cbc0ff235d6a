package main

import (
	"math"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/town"
)

const (
	accelMS2 = 2.0 // m/s², speeding up and braking
	crawlMS  = 1.5 // m/s, the least speed of who is not there yet
	subStep  = 0.25
)

// roads is the town's network with the measured length of every edge. It is not changed after newRoads.
type roads struct {
	graph  *town.Graph
	length []float64 // metres along Edge.Line
}

func newRoads(g *town.Graph) *roads {
	r := &roads{graph: g, length: make([]float64, len(g.Edges))}
	for i, e := range g.Edges {
		for k := 1; k < len(e.Line); k++ {
			r.length[i] += float64(geo.Distance(e.Line[k-1], e.Line[k]))
		}
	}
	return r
}

// spot is a place on a road: metres from the start of an edge's line.
type spot struct {
	edge int
	at   float64
}

// leg is a stretch of one edge, driven backwards when to < from.
type leg struct {
	edge     int
	from, to float64
}

func (l leg) metres() float64 { return math.Abs(l.to - l.from) }

// limitMS is the speed on an edge in light traffic, m/s.
func (r *roads) limitMS(edge int) float64 { return r.graph.Edges[edge].Class.SpeedKmh() / 3.6 }

// point is where a spot lies and the direction of the line there, degrees from north.
func (r *roads) point(s spot) (orb.Point, float64) {
	line, rest := r.graph.Edges[s.edge].Line, s.at
	for k := 1; k < len(line); k++ {
		d := float64(geo.Distance(line[k-1], line[k]))
		if rest <= d || k == len(line)-1 {
			f := 1.0
			if d > 0 {
				f = min(max(rest/d, 0), 1)
			}
			a, b := line[k-1], line[k]
			return orb.Point{a[0] + f*(b[0]-a[0]), a[1] + f*(b[1]-a[1])}, geo.Bearing(a, b)
		}
		rest -= d
	}
	return line[0], 0
}

// atNode is the spot of a node.
func (r *roads) atNode(node int) spot {
	edge := r.graph.At(node)[0]
	if r.graph.Edges[edge].From == node {
		return spot{edge: edge}
	}
	return spot{edge: edge, at: r.length[edge]}
}

// nearest is the spot nearest to p.
func (r *roads) nearest(p orb.Point) spot {
	edge, part, share, found := 0, 1, 0.0, math.Inf(1)
	east := math.Cos(p[1] * math.Pi / 180)
	for i, e := range r.graph.Edges {
		for k := 1; k < len(e.Line); k++ {
			a, b := e.Line[k-1], e.Line[k]
			abx, aby := (b[0]-a[0])*east, b[1]-a[1]
			apx, apy := (p[0]-a[0])*east, p[1]-a[1]
			f := 0.0
			if n := abx*abx + aby*aby; n > 0 {
				f = min(max((apx*abx+apy*aby)/n, 0), 1)
			}
			dx, dy := apx-f*abx, apy-f*aby
			if d2 := dx*dx + dy*dy; d2 < found {
				edge, part, share, found = i, k, f, d2
			}
		}
	}
	at, line := 0.0, r.graph.Edges[edge].Line
	for k := 1; k < part; k++ {
		at += float64(geo.Distance(line[k-1], line[k]))
	}
	at += share * float64(geo.Distance(line[part-1], line[part]))
	return spot{edge: edge, at: min(at, r.length[edge])}
}

// way is the quickest way between two spots; empty when they are the same.
func (r *roads) way(from, to spot) []leg {
	if from.edge == to.edge {
		if from.at == to.at {
			return nil
		}
		return []leg{{from.edge, from.at, to.at}}
	}
	var best []leg
	fastest := math.Inf(1)
	for _, out := range r.ends(from) {
		for _, in := range r.ends(to) {
			legs := []leg{{from.edge, from.at, out.at}}
			node := out.node
			for _, i := range r.graph.Path(out.node, in.node) {
				e := r.graph.Edges[i]
				l := leg{i, 0, r.length[i]}
				if e.From != node {
					l = leg{i, r.length[i], 0}
				}
				node = e.From + e.To - node
				legs = append(legs, l)
			}
			legs = append(legs, leg{to.edge, in.at, to.at})
			if t := r.seconds(legs); t < fastest {
				best, fastest = legs, t
			}
		}
	}
	return best
}

type end struct {
	node int
	at   float64
}

// ends are the nodes at both ends of a spot's edge.
func (r *roads) ends(s spot) [2]end {
	e := r.graph.Edges[s.edge]
	return [2]end{{e.From, 0}, {e.To, r.length[s.edge]}}
}

// seconds is how long a way takes at the speeds of the roads.
func (r *roads) seconds(legs []leg) float64 {
	t := 0.0
	for _, l := range legs {
		t += l.metres() / r.limitMS(l.edge)
	}
	return t
}

func metres(legs []leg) float64 {
	sum := 0.0
	for _, l := range legs {
		sum += l.metres()
	}
	return sum
}

// ride is a vehicle on the roads. It is never off them and never faster than the road it is on allows.
type ride struct {
	roads   *roads
	here    spot
	heading float64 // degrees from north; stays while parked
	speedMS float64
	legs    []leg   // still to drive; the first begins at here
	rest    float64 // metres of legs
}

// set gives the vehicle another way, which must begin where it is.
func (v *ride) set(legs []leg) { v.legs, v.rest = legs, metres(legs) }

func (v *ride) parked() bool { return len(v.legs) == 0 }

// advance drives for d at a share of the speed limit, 0 < share ≤ 1.
func (v *ride) advance(d time.Duration, share float64) {
	for left := d.Seconds(); left > 1e-9 && len(v.legs) > 0; {
		step := min(left, subStep)
		l := &v.legs[0]
		brake := math.Sqrt(2 * accelMS2 * max(v.rest, 0))
		v.speedMS = min(v.roads.limitMS(l.edge)*share, v.speedMS+accelMS2*step, brake)
		v.speedMS = max(v.speedMS, crawlMS)
		move := v.speedMS * step
		if m := l.metres(); move >= m {
			move = m
			step = min(step, m/v.speedMS)
			v.here = spot{l.edge, l.to}
			v.face(*l)
			v.legs = v.legs[1:]
		} else {
			l.from += math.Copysign(move, l.to-l.from)
			v.here = spot{l.edge, l.from}
			v.face(*l)
		}
		v.rest -= move
		left -= step
	}
	if len(v.legs) == 0 {
		v.speedMS = 0
	}
}

func (v *ride) face(l leg) {
	_, along := v.roads.point(v.here)
	switch {
	case l.to > l.from:
		v.heading = along
	case l.to < l.from:
		v.heading = math.Mod(along+180, 360)
	}
}
