package road

import (
	"math"
	"sync"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Cost is what a way costs, in the unit of its metric: metres or seconds.
type Cost float64

// NoWay is the cost where no way leads.
var NoWay = Cost(math.Inf(1))

// Path is a way with its line.
type Path struct {
	Cost    Cost // in the unit of the metric that chose it
	Metres  geo.Metres
	Seconds float64 // by the metric of time that Path was asked to use
	Nodes   []int64 // ids of the nodes that it passes
	Line    orb.LineString
}

// end is a node at which a search may begin or end, and what lies between it and the snapped point.
type end struct{ node, cost uint32 }

// exits are the nodes that one first comes to from s.
func (m *Metric) exits(s Snap) []end {
	if s.node != none {
		return []end{{s.node, 0}}
	}
	var ends []end
	if c := m.cost[s.piece]; c != closed {
		ends = append(ends, end{m.g.to[s.piece], c - share(c, s.part)})
	}
	if t := m.g.twin[s.piece]; t != none && m.cost[t] != closed {
		ends = append(ends, end{m.g.to[t], share(m.cost[t], s.part)})
	}
	return ends
}

// entries are the nodes from which one comes to s.
func (m *Metric) entries(s Snap) (ends []end) {
	if s.node != none {
		ends = append(ends, end{s.node, 0})
		for _, c := range m.g.copy[s.node] {
			ends = append(ends, end{c, 0})
		}
		return ends
	}
	if c := m.cost[s.piece]; c != closed {
		ends = m.begin(ends, s.piece, share(c, s.part))
	}
	if t := m.g.twin[s.piece]; t != none && m.cost[t] != closed {
		ends = m.begin(ends, t, m.cost[t]-share(m.cost[t], s.part))
	}
	return ends
}

// begin adds the node that an edge leaves, and those copies of it from which the edge may be taken.
func (m *Metric) begin(ends []end, e, cost uint32) []end {
	g := m.g
	ends = append(ends, end{g.from[e], cost})
	for _, c := range g.copy[g.from[e]] {
		for f := g.first[c]; f < g.first[c+1]; f++ {
			if g.way[f] == g.way[e] && g.to[f] == g.to[e] {
				ends = append(ends, end{c, cost})
				break
			}
		}
	}
	return ends
}

func share(cost uint32, part float64) uint32 { return uint32(math.Round(float64(cost) * part)) }

// direct is the cost from a to b along the one piece of road that both lie on; closed when that cannot be driven.
func (m *Metric) direct(a, b Snap) uint32 {
	if a.piece != b.piece || a.node != none && b.node != none {
		return closed
	}
	if a.part <= b.part {
		if c := m.cost[a.piece]; c != closed {
			return share(c, b.part) - share(c, a.part)
		}
		return closed
	}
	if t := m.g.twin[a.piece]; t != none && m.cost[t] != closed {
		return share(m.cost[t], a.part) - share(m.cost[t], b.part)
	}
	return closed
}

// cell is what a search knows of a node, valid when stamp is the search's.
type cell struct {
	stamp, cost uint32
	via         uint32 // position in the metric's arcs over which the node was reached; none at a seed
}

// scratch is the memory of a search, used by one at a time.
type scratch struct {
	cells []cell
	stamp uint32
	heap  frontier
	want  []uint64 // bits of the nodes that are waited for
}

// scratchPool lends scratches; a search takes one and gives it back.
type scratchPool struct{ sync.Pool }

func newScratchPool(nodes int) *scratchPool {
	p := &scratchPool{}
	p.New = func() any { return &scratch{cells: make([]cell, nodes), want: make([]uint64, (nodes+63)/64)} }
	return p
}

// begin takes a scratch and puts the seeds into it.
func (p *scratchPool) begin(seeds []end) *scratch {
	s := p.Get().(*scratch)
	if s.stamp++; s.stamp == 0 {
		clear(s.cells)
		s.stamp = 1
	}
	s.heap = s.heap[:0]
	for _, e := range seeds {
		if c := &s.cells[e.node]; c.stamp != s.stamp || e.cost < c.cost {
			*c = cell{s.stamp, e.cost, none}
			s.heap.push(item(e.cost, e.node))
		}
	}
	return s
}

// cost is what the search found for a node.
func (s *scratch) cost(n uint32) uint32 {
	if c := s.cells[n]; c.stamp == s.stamp {
		return c.cost
	}
	return closed
}

// run settles nodes in the order of their cost, along arcs, until all wanted nodes are settled, nothing is left, or the
// next would cost more than limit. The bits of want are cleared on the way; settled, when not nil, gets each node.
func (s *scratch) run(first []uint32, arcs []arc, waiting int, limit uint32, settled func(node, cost uint32)) {
	for len(s.heap) > 0 {
		top := s.heap.pop()
		cost, n := uint32(top>>32), uint32(top)
		if cost != s.cells[n].cost {
			continue // a better one was settled before
		}
		if cost > limit {
			return
		}
		if settled != nil {
			settled(n, cost)
		}
		if bit := uint64(1) << (n % 64); s.want[n/64]&bit != 0 {
			s.want[n/64] &^= bit
			if waiting--; waiting == 0 {
				return
			}
		}
		for i := first[n]; i < first[n+1]; i++ {
			a := arcs[i]
			c := cost + a.cost
			if c < cost || a.cost == closed {
				continue
			}
			if t := &s.cells[a.node]; t.stamp != s.stamp || c < t.cost {
				*t = cell{s.stamp, c, i}
				s.heap.push(item(c, a.node))
			}
		}
	}
}

// await marks nodes and returns how many.
func (s *scratch) await(ends []end) (n int) {
	for _, e := range ends {
		if bit := uint64(1) << (e.node % 64); s.want[e.node/64]&bit == 0 {
			s.want[e.node/64] |= bit
			n++
		}
	}
	return n
}

// forget takes the marks away that a search did not come to.
func (s *scratch) forget(ends []end) {
	for _, e := range ends {
		s.want[e.node/64] &^= 1 << (e.node % 64)
	}
}

// ToOne is what the ways from many points to one cost, in the order of from; NoWay where none leads.
func (m *Metric) ToOne(to Snap, from []Snap) []Cost {
	s, ends := m.backward(to, from)
	defer m.g.pool.Put(s)
	out := make([]Cost, len(from))
	for i, f := range from {
		_, c := m.best(s, ends[i], f, to)
		out[i] = m.value(c)
	}
	return out
}

// backward searches from to against the direction of traffic until all of from are reached; it returns the exits of each.
// The caller gives the scratch back.
func (m *Metric) backward(to Snap, from []Snap) (*scratch, [][]end) {
	s := m.g.pool.begin(m.entries(to))
	ends := make([][]end, len(from))
	waiting := 0
	for i, f := range from {
		ends[i] = m.exits(f)
		waiting += s.await(ends[i])
	}
	if waiting > 0 {
		s.run(m.g.inFirst, m.in, waiting, closed-1, nil)
	}
	for i := range ends {
		s.forget(ends[i])
	}
	return s, ends
}

// best is the exit of from that is best after a backward search, and the whole cost; the exit is nil when the best way
// is along one piece of road.
func (m *Metric) best(s *scratch, exits []end, from, to Snap) (*end, uint32) {
	cost := m.direct(from, to)
	var at *end
	for i, e := range exits {
		if c := s.cost(e.node); c != closed && c+e.cost >= c && c+e.cost < cost {
			at, cost = &exits[i], c+e.cost
		}
	}
	return at, cost
}

func (m *Metric) value(cost uint32) Cost {
	if cost == closed {
		return NoWay
	}
	return Cost(float64(cost) * m.unit)
}

// Matrix is what the ways from each point to each cost: a row for each of from.
func (m *Metric) Matrix(from, to []Snap) [][]Cost {
	out := make([][]Cost, len(from))
	for i := range out {
		out[i] = make([]Cost, len(to))
	}
	for j, t := range to {
		for i, c := range m.ToOne(t, from) {
			out[i][j] = c
		}
	}
	return out
}

// Reached is a node of an isochrone.
type Reached struct {
	Node  int64
	Point orb.Point
	Cost  Cost
}

// Reach lists the nodes that can be reached from a point within a cost, the nearest first.
func (m *Metric) Reach(from Snap, within Cost) []Reached {
	s := m.g.pool.begin(m.exits(from))
	defer m.g.pool.Put(s)
	var out []Reached
	seen := map[uint32]bool{} // a node and its copies are one
	limit := uint32(min(max(float64(within)/m.unit, 0), closed-1))
	s.run(m.g.first, m.out, 0, limit, func(n, cost uint32) {
		if n = m.g.original(n); len(m.g.copy[n]) > 0 {
			if seen[n] {
				return
			}
			seen[n] = true
		}
		out = append(out, Reached{Node: m.g.ids[n], Point: m.g.point(n), Cost: m.value(cost)})
	})
	return out
}
