package road

import (
	"math"

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

// leg is a node at which a search may begin or end, and what lies between it and the snapped point.
type leg struct{ node, cost, mm uint32 }

// exits are the nodes that one first comes to from s.
func (m *Metric) exits(s Snap) []leg {
	if s.node != none {
		return []leg{{s.node, 0, 0}}
	}
	var legs []leg
	mm := m.g.mm[s.piece]
	if c := m.cost[s.piece]; c != closed {
		legs = append(legs, leg{m.g.to[s.piece], c - share(c, s.part), mm - share(mm, s.part)})
	}
	if t := m.g.twin[s.piece]; t != none && m.cost[t] != closed {
		legs = append(legs, leg{m.g.to[t], share(m.cost[t], s.part), share(mm, s.part)})
	}
	return legs
}

// entries are the nodes from which one comes to s.
func (m *Metric) entries(s Snap) (legs []leg) {
	if s.node != none {
		legs = append(legs, leg{s.node, 0, 0})
		for _, c := range m.g.copy[s.node] {
			legs = append(legs, leg{c, 0, 0})
		}
		return legs
	}
	mm := m.g.mm[s.piece]
	if c := m.cost[s.piece]; c != closed {
		legs = m.begin(legs, s.piece, share(c, s.part), share(mm, s.part))
	}
	if t := m.g.twin[s.piece]; t != none && m.cost[t] != closed {
		legs = m.begin(legs, t, m.cost[t]-share(m.cost[t], s.part), mm-share(mm, s.part))
	}
	return legs
}

// begin adds the node that an edge leaves, and those copies of it from which the edge may be taken.
func (m *Metric) begin(legs []leg, e, cost, mm uint32) []leg {
	g := m.g
	legs = append(legs, leg{g.from[e], cost, mm})
	for _, c := range g.copy[g.from[e]] {
		for f := g.first[c]; f < g.first[c+1]; f++ {
			if g.way[f] == g.way[e] && g.to[f] == g.to[e] {
				legs = append(legs, leg{c, cost, mm})
				break
			}
		}
	}
	return legs
}

func share(whole uint32, part float64) uint32 { return uint32(math.Round(float64(whole) * part)) }

// direct is the cost and the length from a to b along the one piece of road that both lie on; closed when that cannot be
// driven.
func (m *Metric) direct(a, b Snap) (cost, mm uint32) {
	if a.piece != b.piece || a.node != none && b.node != none {
		return closed, 0
	}
	e, from, to := a.piece, a.part, b.part
	if from > to {
		e, from, to = m.g.twin[e], to, from
	}
	if e == none || m.cost[e] == closed {
		return closed, 0
	}
	return share(m.cost[e], to) - share(m.cost[e], from), share(m.g.mm[e], to) - share(m.g.mm[e], from)
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

// pool lends the memory of searches. It keeps what a few searches at once need, also over garbage collections: at a
// million nodes a new one is many megabytes.
type pool[T any] struct {
	free chan *T
	make func() *T
}

func newPool[T any](fresh func() *T) *pool[T] {
	return &pool[T]{free: make(chan *T, 4), make: fresh}
}

func (p *pool[T]) get() *T {
	select {
	case v := <-p.free:
		return v
	default:
		return p.make()
	}
}

func (p *pool[T]) put(v *T) {
	select {
	case p.free <- v:
	default:
	}
}

func newScratch(nodes int) *scratch {
	return &scratch{cells: make([]cell, nodes), want: make([]uint64, (nodes+63)/64)}
}

// begin takes a scratch and puts the seeds into it.
func (g *Graph) begin(seeds []leg) *scratch {
	s := g.pool.get()
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
func (s *scratch) await(ends []leg) (n int) {
	for _, e := range ends {
		if bit := uint64(1) << (e.node % 64); s.want[e.node/64]&bit == 0 {
			s.want[e.node/64] |= bit
			n++
		}
	}
	return n
}

// forget takes the marks away that a search did not come to.
func (s *scratch) forget(ends []leg) {
	for _, e := range ends {
		s.want[e.node/64] &^= 1 << (e.node % 64)
	}
}

// Trip is a way without its line.
type Trip struct {
	Cost   Cost // NoWay where none leads
	Metres geo.Metres
}

// ToOne is the best way from each of many points to one, in the order of from.
func (m *Metric) ToOne(to Snap, from []Snap) []Trip {
	if m.paths != nil {
		return m.paths.toOne(m, to, from)
	}
	entries := m.entries(to)
	s, exits := m.backward(entries, from)
	defer m.g.pool.put(s)
	out := make([]Trip, len(from))
	for i, f := range from {
		cost, mm := m.direct(f, to)
		if at, c := best(s, exits[i], cost); at != nil {
			cost, mm = c, at.mm+m.length(s, at.node, entries)
		}
		out[i] = m.trip(cost, mm)
	}
	return out
}

func (m *Metric) trip(cost, mm uint32) Trip {
	return Trip{Cost: m.value(cost), Metres: geo.Metres(mm) / 1000}
}

// length adds up what a backward search found from a node on.
func (m *Metric) length(s *scratch, n uint32, entries []leg) (mm uint32) {
	for s.cells[n].via != none {
		e := m.g.in[s.cells[n].via]
		mm += m.g.mm[e]
		n = m.g.to[e]
	}
	for _, l := range entries {
		if l.node == n && l.cost == s.cells[n].cost {
			return mm + l.mm
		}
	}
	return mm
}

// backward searches from the entries of a point against the direction of traffic until all of from are reached; it
// returns the exits of each. The caller gives the scratch back.
func (m *Metric) backward(entries []leg, from []Snap) (*scratch, [][]leg) {
	s := m.g.begin(entries)
	exits := make([][]leg, len(from))
	waiting := 0
	for i, f := range from {
		exits[i] = m.exits(f)
		waiting += s.await(exits[i])
	}
	if waiting > 0 {
		s.run(m.g.inFirst, m.in, waiting, closed-1, nil)
	}
	for i := range exits {
		s.forget(exits[i])
	}
	return s, exits
}

// best is the exit that is best after a backward search, and the whole cost; nil when none costs less than limit.
func best(s *scratch, exits []leg, limit uint32) (at *leg, cost uint32) {
	cost = limit
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

// Matrix is the best way from each point to each: a row for each of from.
func (m *Metric) Matrix(from, to []Snap) [][]Trip {
	out := make([][]Trip, len(from))
	for i := range out {
		out[i] = make([]Trip, len(to))
	}
	for j, t := range to {
		for i, trip := range m.ToOne(t, from) {
			out[i][j] = trip
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
	s := m.g.begin(m.exits(from))
	defer m.g.pool.put(s)
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
