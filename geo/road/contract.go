package road

import (
	"context"
	"slices"
)

// contraction turns a metric into a hierarchy (Geisberger, Sanders, Schultes, Delling 2008): nodes are taken out one
// after the other, the least important first, and a shortcut is put in wherever a best way went through one.
type contraction struct {
	out, in [][]step // arcs between the nodes that are left
	level   []uint32 // of a node: above those of the neighbours that were taken out before
	near    witness
}

// step is an arc of a hierarchy: its far end, its cost, and its length.
type step struct{ node, cost, mm uint32 }

// Prepare returns the metric with a hierarchy, with which ToOne is faster and gives the same. It takes a few seconds for
// 100,000 nodes, and ends early with the error of ctx.
func (m *Metric) Prepare(ctx context.Context) (*Metric, error) {
	c := newContraction(m)
	nodes := len(m.g.ids)
	up, down := make([][]step, nodes), make([][]step, nodes)
	order := make([]uint32, 0, nodes) // the least important first
	var queue frontier
	for v := range uint32(nodes) {
		queue.push(item(c.priority(v), v))
		if v%4096 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	for len(queue) > 0 {
		v := uint32(queue.pop())
		if p := c.priority(v); len(queue) > 0 && p > uint32(queue[0]>>32) {
			queue.push(item(p, v))
			continue
		}
		if len(order)%1024 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		up[v], down[v] = c.take(v)
		order = append(order, v)
	}
	prepared := *m
	prepared.paths = newHierarchy(order, up, down)
	return &prepared, nil
}

func newContraction(m *Metric) *contraction {
	n := len(m.g.ids)
	c := &contraction{out: make([][]step, n), in: make([][]step, n), level: make([]uint32, n)}
	c.near = witness{cells: make([]cell, n)}
	for e, cost := range m.cost {
		if from, to := m.g.from[e], m.g.to[e]; cost != closed && from != to {
			c.link(from, to, cost, m.g.mm[e])
		}
	}
	return c
}

// link adds an arc, or makes the one that is there cheaper.
func (c *contraction) link(from, to, cost, mm uint32) {
	if put(&c.out[from], step{to, cost, mm}) {
		put(&c.in[to], step{from, cost, mm})
	}
}

// put reports whether s is better than what the list had.
func put(list *[]step, s step) bool {
	for i, old := range *list {
		if old.node == s.node {
			if old.cost <= s.cost {
				return false
			}
			(*list)[i] = s
			return true
		}
	}
	*list = append(*list, s)
	return true
}

// How far witnesses are looked for: nodes settled when a node is weighed, and when it is taken out. A witness that is
// not found costs a needless shortcut and nothing else.
const (
	settleToWeigh = 24
	settleToTake  = 120
)

// priority is how late a node should go: nodes that need many shortcuts for few arcs, and those over whose head much has
// been taken out already.
func (c *contraction) priority(v uint32) uint32 {
	need := 0
	c.shortcuts(v, settleToWeigh, func(_, _, _, _ uint32) { need++ })
	arcs := len(c.out[v]) + len(c.in[v])
	return uint32(max(1000+2*need-arcs+int(c.level[v]), 0))
}

// shortcuts calls found for each pair of neighbours whose best way, as far as one can see, goes through v.
func (c *contraction) shortcuts(v uint32, settle int, found func(from, to, cost, mm uint32)) {
	for _, a := range c.in[v] {
		limit := uint32(0)
		for _, b := range c.out[v] {
			if sum := a.cost + b.cost; b.node != a.node && sum >= a.cost {
				limit = max(limit, sum)
			}
		}
		if limit == 0 {
			continue
		}
		c.near.look(c.out, a.node, v, limit, settle)
		for _, b := range c.out[v] {
			sum := a.cost + b.cost
			if b.node == a.node || sum < a.cost || sum == closed || c.near.cost(b.node) <= sum {
				continue
			}
			found(a.node, b.node, sum, add(a.mm, b.mm))
		}
	}
}

// take takes v out and returns its arcs to and from the nodes that are left.
func (c *contraction) take(v uint32) (up, down []step) {
	type arc struct{ from, to, cost, mm uint32 }
	var shortcuts []arc
	c.shortcuts(v, settleToTake, func(from, to, cost, mm uint32) { shortcuts = append(shortcuts, arc{from, to, cost, mm}) })
	up, down = c.out[v], c.in[v]
	c.out[v], c.in[v] = nil, nil
	is := func(s step) bool { return s.node == v }
	for _, s := range up {
		c.in[s.node] = slices.DeleteFunc(c.in[s.node], is)
		c.touch(s.node, v)
	}
	for _, s := range down {
		c.out[s.node] = slices.DeleteFunc(c.out[s.node], is)
		c.touch(s.node, v)
	}
	for _, a := range shortcuts {
		c.link(a.from, a.to, a.cost, a.mm)
	}
	return up, down
}

func (c *contraction) touch(n, by uint32) {
	c.level[n] = max(c.level[n], c.level[by]+1)
}

// witness is a small search for ways around a node.
type witness struct {
	cells []cell
	stamp uint32
	heap  frontier
}

// look searches from a node, without passing through one, up to a cost and a number of nodes.
func (w *witness) look(out [][]step, from, without, limit uint32, settle int) {
	if w.stamp++; w.stamp == 0 {
		clear(w.cells)
		w.stamp = 1
	}
	w.cells[from] = cell{stamp: w.stamp}
	w.heap = append(w.heap[:0], item(0, from))
	for len(w.heap) > 0 && settle > 0 {
		top := w.heap.pop()
		cost, n := uint32(top>>32), uint32(top)
		if cost != w.cells[n].cost {
			continue
		}
		if cost > limit {
			return
		}
		settle--
		for _, s := range out[n] {
			c := cost + s.cost
			if s.node == without || c < cost || c > limit {
				continue
			}
			if t := &w.cells[s.node]; t.stamp != w.stamp || c < t.cost {
				*t = cell{stamp: w.stamp, cost: c}
				w.heap.push(item(c, s.node))
			}
		}
	}
}

// cost is that of the best way to n that was seen.
func (w *witness) cost(n uint32) uint32 {
	if c := w.cells[n]; c.stamp == w.stamp {
		return c.cost
	}
	return closed
}
