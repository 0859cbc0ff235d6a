package town

import (
	"math"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Class is the rank of a road, from the widest to the narrowest.
type Class uint8

// The classes of roads, named as in OpenStreetMap.
const (
	Motorway Class = iota
	Trunk
	Primary
	Secondary
	Tertiary
	Residential
)

// String gives the lower-case name of the class.
func (c Class) String() string {
	return [...]string{"motorway", "trunk", "primary", "secondary", "tertiary", "residential"}[c]
}

// SpeedKmh is the speed at which a car travels a road of the class when the
// traffic is light.
func (c Class) SpeedKmh() float64 {
	return [...]float64{95, 62, 48, 42, 36, 26}[c]
}

// Road is one named road. Its edges follow one another in the direction of
// rising house numbers.
type Road struct {
	Name   string
	Class  Class
	County int // index into Town.Counties
}

// Edge is a piece of road between two nodes; it is driven both ways.
type Edge struct {
	From, To int // indices into Graph.Nodes
	Road     int // index into Graph.Roads
	// Line runs from From to To; WGS-84, longitude first. Do not change it.
	Line   orb.LineString
	Length geo.Metres
	// Start is the distance from the start of the road to the start of Line.
	Start  geo.Metres
	Bridge bool // the edge crosses a river
	Class  Class
}

// Graph is the road network. It is one connected component. A Graph is not
// changed after Generate and may be used by several goroutines.
type Graph struct {
	Nodes []orb.Point // WGS-84, longitude first
	Edges []Edge
	Roads []Road
	out   [][]int          // edges at each node
	index map[[2]int][]int // nodes by square of about 500 m
}

const indexDeg = 0.005

func indexKey(p orb.Point) [2]int {
	return [2]int{int(math.Floor(p[0] / indexDeg)), int(math.Floor(p[1] / indexDeg))}
}

// finish builds the lookup tables.
func (g *Graph) finish() {
	g.out = make([][]int, len(g.Nodes))
	for i, e := range g.Edges {
		g.out[e.From] = append(g.out[e.From], i)
		g.out[e.To] = append(g.out[e.To], i)
	}
	g.index = make(map[[2]int][]int)
	for i, p := range g.Nodes {
		k := indexKey(p)
		g.index[k] = append(g.index[k], i)
	}
}

// At lists the edges that meet at a node. Do not change the slice.
func (g *Graph) At(node int) []int { return g.out[node] }

// NearestNode gives the node nearest to p in a straight line. The graph of a
// generated town is never empty.
func (g *Graph) NearestNode(p orb.Point) int {
	k := indexKey(p)
	best, found := -1, math.Inf(1)
	for r := 0; r < 4000; r++ {
		for dx := -r; dx <= r; dx++ {
			step := 1
			if dx != -r && dx != r {
				step = 2 * r
			}
			for dy := -r; dy <= r; dy += step {
				for _, n := range g.index[[2]int{k[0] + dx, k[1] + dy}] {
					if d := fromLonLat(g.Nodes[n]).sub(fromLonLat(p)).len(); d < found {
						best, found = n, d
					}
				}
				if r == 0 {
					break
				}
			}
		}
		// A node in the next ring of squares is at least r squares away.
		if found <= float64(r)*indexDeg*kmPerLon {
			return best
		}
	}
	return g.nearestOfAll(p)
}

func (g *Graph) nearestOfAll(p orb.Point) int {
	best, found := -1, math.Inf(1)
	for n, q := range g.Nodes {
		if d := fromLonLat(q).sub(fromLonLat(p)).len(); d < found {
			best, found = n, d
		}
	}
	return best
}

// Path is the quickest way from one node to another as a list of edges in
// driving order; empty when from and to are the same node.
func (g *Graph) Path(from, to int) []int {
	cost := map[int]float64{from: 0}
	via := map[int]int{}
	done := map[int]bool{}
	q := &queue{}
	q.push(0, from)
	target := fromLonLat(g.Nodes[to])
	// The straight line at the highest speed never exceeds the true time, so
	// the search may prefer nodes towards the target and stays exact.
	least := func(n int) float64 {
		return fromLonLat(g.Nodes[n]).sub(target).len() * 0.99 / Motorway.SpeedKmh()
	}
	for q.len() > 0 {
		_, n := q.pop()
		if done[n] {
			continue
		}
		done[n] = true
		if n == to {
			break
		}
		for _, i := range g.out[n] {
			e := g.Edges[i]
			m := e.From + e.To - n
			next := cost[n] + float64(e.Length)/1000/e.Class.SpeedKmh()
			if old, ok := cost[m]; !ok || next < old {
				cost[m], via[m] = next, i
				q.push(next+least(m), m)
			}
		}
	}
	var edges []int
	for n := to; n != from; {
		i, ok := via[n]
		if !ok {
			return nil
		}
		edges = append(edges, i)
		n = g.Edges[i].From + g.Edges[i].To - n
	}
	for a, b := 0, len(edges)-1; a < b; a, b = a+1, b-1 {
		edges[a], edges[b] = edges[b], edges[a]
	}
	return edges
}

// Route is the quickest way from one node to another, WGS-84, longitude
// first, both nodes included; the node alone when they are the same.
func (g *Graph) Route(from, to int) []orb.Point {
	out := []orb.Point{g.Nodes[from]}
	at := from
	for _, i := range g.Path(from, to) {
		e := g.Edges[i]
		if e.From == at {
			out = append(out, e.Line[1:]...)
			at = e.To
			continue
		}
		for k := len(e.Line) - 2; k >= 0; k-- {
			out = append(out, e.Line[k])
		}
		at = e.From
	}
	return out
}

// queue is a binary heap of numbered items, the cheapest first; of two that
// cost the same, the lower number comes first.
type queue struct {
	items []queued
}

type queued struct {
	cost float64
	id   int
}

func (a queued) before(b queued) bool {
	return a.cost < b.cost || a.cost == b.cost && a.id < b.id
}

func (q *queue) len() int { return len(q.items) }

func (q *queue) push(cost float64, id int) {
	q.items = append(q.items, queued{cost, id})
	for i := len(q.items) - 1; i > 0; {
		up := (i - 1) / 2
		if !q.items[i].before(q.items[up]) {
			break
		}
		q.items[i], q.items[up] = q.items[up], q.items[i]
		i = up
	}
}

func (q *queue) pop() (cost float64, id int) {
	top := q.items[0]
	last := len(q.items) - 1
	q.items[0] = q.items[last]
	q.items = q.items[:last]
	for i := 0; ; {
		k := 2*i + 1
		if k >= last {
			break
		}
		if k+1 < last && q.items[k+1].before(q.items[k]) {
			k++
		}
		if !q.items[k].before(q.items[i]) {
			break
		}
		q.items[i], q.items[k] = q.items[k], q.items[i]
		i = k
	}
	return top.cost, top.id
}
