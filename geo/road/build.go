package road

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Build makes the graph of a net. An error wraps ErrEmpty when there is nothing to drive on.
func Build(net Net) (*Graph, error) {
	b := builder{net: net, node: map[int64]uint32{}}
	b.nodes()
	for i := range net.Ways {
		b.line(i)
	}
	if len(b.edges) == 0 {
		return nil, ErrEmpty
	}
	if len(b.edges) >= none || len(b.g.ids) >= none/2 {
		return nil, fmt.Errorf("%d edges are more than a graph can hold", len(b.edges))
	}
	b.turns()
	g := b.g // apart from the builder, which can go
	g.plain = uint32(len(g.ids) - len(g.orig))
	g.setEdges(b.edges)
	g.finish()
	return &g, nil
}

// edge is a directed edge before the edges have numbers.
type edge struct{ from, to, mm, way uint32 }

type builder struct {
	net   Net
	node  map[int64]uint32
	edges []edge
	g     Graph
}

// nodes numbers the nodes that the ways use and that have a point.
func (b *builder) nodes() {
	for _, w := range b.net.Ways {
		for _, id := range w.Nodes {
			if _, seen := b.node[id]; seen {
				continue
			}
			if _, ok := b.net.Points[id]; ok {
				b.node[id] = 0
				b.g.ids = append(b.g.ids, id)
			}
		}
	}
	byPlace(b.g.ids, b.net.Points)
	b.g.at = make([][2]int32, len(b.g.ids))
	for i, id := range b.g.ids {
		b.node[id] = uint32(i)
		b.g.at[i] = place(b.net.Points[id])
	}
}

// line adds the edges of a way.
func (b *builder) line(i int) {
	w := &b.net.Ways[i]
	way := uint32(len(b.g.ways))
	b.g.ways = append(b.g.ways, wayInfo{id: w.ID, class: w.Class, limitKmh: w.LimitKmh, name: w.Name})
	for k := 1; k < len(w.Nodes); k++ {
		from, ok := b.node[w.Nodes[k-1]]
		to, ok2 := b.node[w.Nodes[k]]
		if !ok || !ok2 || from == to {
			continue
		}
		mm := millimetres(b.g.point(from), b.g.point(to))
		if w.Direction != Backward {
			b.edges = append(b.edges, edge{from, to, mm, way})
		}
		if w.Direction != Forward {
			b.edges = append(b.edges, edge{to, from, mm, way})
		}
	}
}

func millimetres(a, b orb.Point) uint32 {
	return uint32(min(math.Round(float64(geo.Distance(a, b))*1000), none-1))
}

// setEdges numbers the edges by the node that they leave.
func (g *Graph) setEdges(edges []edge) {
	n := len(edges)
	g.from, g.to, g.mm, g.way = make([]uint32, n), make([]uint32, n), make([]uint32, n), make([]uint32, n)
	for i, e := range edges {
		g.from[i] = e.from
	}
	next := offsets(len(g.ids), g.from)
	for _, e := range edges {
		i := next[e.from]
		next[e.from]++
		g.from[i], g.to[i], g.mm[i], g.way[i] = e.from, e.to, e.mm, e.way
	}
}

// finish derives what is not stored: the tables by node, twins, the main part and the index of places.
func (g *Graph) finish() {
	nodes := len(g.ids)
	g.copy = map[uint32][]uint32{}
	for i, n := range g.orig {
		g.copy[n] = append(g.copy[n], g.plain+uint32(i))
	}
	g.first = offsets(nodes, g.from)
	g.inFirst = offsets(nodes, g.to)
	g.in = make([]uint32, len(g.to))
	next := slices.Clone(g.inFirst)
	for e, n := range g.to {
		g.in[next[n]] = uint32(e)
		next[n]++
	}
	g.setTwins()
	g.main = largestPart(g)
	g.index = indexPieces(g)
	g.pool = newPool(func() *scratch { return newScratch(nodes) })
}

// offsets counts how often each node stands in of, and gives where its block begins when of is sorted by node.
func offsets(nodes int, of []uint32) []uint32 {
	first := make([]uint32, nodes+1)
	for _, n := range of {
		first[n+1]++
	}
	for i := range nodes {
		first[i+1] += first[i]
	}
	return first
}

// setTwins pairs the edges that are one piece of road in both directions. Edges that leave a copy have no twin: their
// piece is that of the edge that they repeat.
func (g *Graph) setTwins() {
	g.twin = make([]uint32, len(g.to))
	for e := range g.twin {
		g.twin[e] = none
	}
	for e := range g.first[g.plain] {
		if g.twin[e] != none {
			continue
		}
		b := g.original(g.to[e])
		for f := g.first[b]; f < g.first[b+1]; f++ {
			if f != e && g.twin[f] == none && g.way[f] == g.way[e] && g.original(g.to[f]) == g.from[e] {
				g.twin[e], g.twin[f] = f, e
				break
			}
		}
	}
}
