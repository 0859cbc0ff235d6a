package road

import (
	"fmt"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Path is the best way by m, with its length and its time by the metric clock. The error wraps ErrNoWay.
func (m *Metric) Path(from, to Snap, clock *Metric) (Path, error) {
	s, exits := m.backward(m.entries(to), []Snap{from})
	defer m.g.pool.put(s)
	straight, _ := m.direct(from, to)
	at, cost := best(s, exits[0], straight)
	if cost == closed {
		return Path{}, fmt.Errorf("%w from %.6f, %.6f to %.6f, %.6f", ErrNoWay, from.Point[0], from.Point[1], to.Point[0], to.Point[1])
	}
	w := walk{g: m.g, clock: clock, path: Path{Cost: m.value(cost), Line: orb.LineString{from.Point}}}
	if at == nil {
		w.piece(from.piece, from.part, to.part)
	} else {
		if from.node == none {
			w.leave(from, at.node)
		}
		w.follow(m, s, at.node, to)
	}
	w.point(to.Point)
	w.path.Metres = geo.Metres(w.mm / 1000)
	w.path.Seconds = w.ticks * clock.unit
	return w.path, nil
}

// walk adds up a way.
type walk struct {
	g         *Graph
	clock     *Metric
	path      Path
	mm, ticks float64
}

func (w *walk) point(p orb.Point) {
	if l := w.path.Line; len(l) == 0 || l[len(l)-1] != p {
		w.path.Line = append(l, p)
	}
}

func (w *walk) node(n uint32) {
	w.path.Nodes = append(w.path.Nodes, w.g.ids[n])
	w.point(w.g.point(n))
}

// part adds a share of an edge.
func (w *walk) part(e uint32, share float64) {
	w.mm += float64(w.g.mm[e]) * share
	w.ticks += float64(w.clock.cost[e]) * share
}

// piece drives between two places of one piece of road.
func (w *walk) piece(e uint32, from, to float64) {
	if from > to {
		e, from, to = w.g.twin[e], 1-from, 1-to
	}
	w.part(e, to-from)
}

// leave drives from a place within a piece of road to the node at one of its ends.
func (w *walk) leave(s Snap, n uint32) {
	if w.g.to[s.piece] == n {
		w.part(s.piece, 1-s.part)
	} else {
		w.part(w.g.twin[s.piece], s.part)
	}
}

// follow goes on from node to node, as a backward search says, and at last along the piece of road that to is on.
func (w *walk) follow(m *Metric, s *scratch, n uint32, to Snap) {
	w.node(n)
	for s.cells[n].via != none {
		e := w.g.in[s.cells[n].via]
		n = w.g.to[e]
		w.part(e, 1)
		w.node(n)
	}
	if to.node != none {
		return
	}
	// The entry of the piece is the one whose cost is that of the seed; both may begin at one node.
	last := s.cells[n].cost
	if c := m.cost[to.piece]; w.g.from[to.piece] == w.g.original(n) && c != closed && share(c, to.part) == last {
		w.part(to.piece, to.part)
		return
	}
	w.part(w.g.twin[to.piece], 1-to.part)
}
