package road

import "math"

// hierarchy holds for each node the arcs to and from more important ones. A best way goes up from its beginning and
// comes down to its end. Nodes have the numbers of their rank here, so that the important ones, by which all searches
// come, lie together in memory.
type hierarchy struct {
	rank               []uint32 // of the graph's nodes
	upFirst, downFirst []uint32
	ups, downs         []step
	pool               *pool[climb]
}

// newHierarchy lays the arcs together; order are the graph's nodes, the least important first.
func newHierarchy(order []uint32, up, down [][]step) *hierarchy {
	h := &hierarchy{rank: make([]uint32, len(order))}
	for r, n := range order {
		h.rank[n] = uint32(r)
	}
	h.upFirst, h.ups = h.flat(order, up)
	h.downFirst, h.downs = h.flat(order, down)
	h.pool = newPool(func() *climb { return &climb{down: make([]mark, len(order)), up: make([]mark, len(order))} })
	return h
}

func (h *hierarchy) flat(order []uint32, lists [][]step) (first []uint32, all []step) {
	total := 0
	for _, l := range lists {
		total += len(l)
	}
	first, all = make([]uint32, len(order)+1), make([]step, 0, total)
	for r, n := range order {
		for _, s := range lists[n] {
			all = append(all, step{h.rank[s.node], s.cost, s.mm})
		}
		first[r+1] = uint32(len(all))
	}
	return first, all
}

// mark is what a search knows of a node; closed stands for no way.
type mark struct{ stamp, cost, mm uint32 }

// climb is the memory of a search from many points to one.
type climb struct {
	stamp uint32
	down  []mark // best way from a node to the end that only comes down
	up    []mark // best way from a node to the end at all
	heap  frontier
}

// toOne does what Metric.ToOne does.
func (h *hierarchy) toOne(m *Metric, to Snap, from []Snap) []Trip {
	c := h.pool.get()
	defer h.pool.put(c)
	if c.stamp++; c.stamp == 0 {
		clear(c.down)
		clear(c.up)
		c.stamp = 1
	}
	h.descend(c, m.entries(to))
	out := make([]Trip, len(from))
	for i, f := range from {
		cost, mm := m.direct(f, to)
		for _, exit := range m.exits(f) {
			on := h.ascend(c, h.rank[exit.node])
			if sum := exit.cost + on.cost; on.cost != closed && sum >= on.cost && sum < cost {
				cost, mm = sum, exit.mm+on.mm
			}
		}
		out[i] = m.trip(cost, mm)
	}
	return out
}

// descend finds, from every node above the entries, the best way that only comes down to one of them.
func (h *hierarchy) descend(c *climb, entries []leg) {
	c.heap = c.heap[:0]
	reach := func(n, cost, mm uint32) {
		if t := &c.down[n]; t.stamp != c.stamp || cost < t.cost {
			*t = mark{c.stamp, cost, mm}
			c.heap.push(item(cost, n))
		}
	}
	for _, e := range entries {
		reach(h.rank[e.node], e.cost, e.mm)
	}
	for len(c.heap) > 0 {
		top := c.heap.pop()
		n := uint32(top)
		at := c.down[n]
		if uint32(top>>32) != at.cost {
			continue
		}
		for _, s := range h.downs[h.downFirst[n]:h.downFirst[n+1]] {
			if sum := at.cost + s.cost; sum >= s.cost {
				reach(s.node, sum, add(at.mm, s.mm))
			}
		}
	}
}

// ascend is the best way from a node: down from here, or first up along an arc and on from there. What was found once is
// kept for the other points, whose ways meet soon.
func (h *hierarchy) ascend(c *climb, n uint32) mark {
	if c.up[n].stamp == c.stamp {
		return c.up[n]
	}
	best := c.down[n]
	if best.stamp != c.stamp {
		best = mark{c.stamp, closed, 0}
	}
	for _, s := range h.ups[h.upFirst[n]:h.upFirst[n+1]] {
		on := h.ascend(c, s.node)
		if sum := s.cost + on.cost; on.cost != closed && sum >= on.cost && sum < best.cost {
			best.cost, best.mm = sum, add(s.mm, on.mm)
		}
	}
	c.up[n] = best
	return best
}

// add stops at what a length can hold.
func add(a, b uint32) uint32 { return uint32(min(uint64(a)+uint64(b), math.MaxUint32)) }
