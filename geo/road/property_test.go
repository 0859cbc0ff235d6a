package road

import (
	"container/heap"
	"context"
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

var pairs = flag.Int("pairs", 500, "random pairs to compare with plain Dijkstra")

// drawn is a made-up net: a bent grid of roads of all classes with one-way roads, gaps and restricted turns.
func drawn(r *rand.Rand, side int, turns int) Net {
	net := Net{Points: map[int64]orb.Point{}}
	id := func(x, y int) int64 { return int64(x*side+y) + 1 }
	for x := range side {
		for y := range side {
			net.Points[id(x, y)] = orb.Point{104 + (float64(x)+r.Float64()*0.6)*0.001, 30 + (float64(y)+r.Float64()*0.6)*0.001}
		}
	}
	add := func(nodes ...int64) {
		if r.IntN(12) == 0 {
			return
		}
		w := Way{ID: int64(len(net.Ways)) + 1, Class: Class(r.IntN(classes)), Nodes: nodes}
		switch r.IntN(6) {
		case 0:
			w.Direction = Forward
		case 1:
			w.Direction = Backward
		}
		net.Ways = append(net.Ways, w)
	}
	for x := range side {
		for y := range side {
			if x+2 < side && x%2 == 0 {
				add(id(x, y), id(x+1, y), id(x+2, y))
			}
			if y+1 < side {
				add(id(x, y), id(x, y+1))
			}
		}
	}
	for range turns {
		from, to := net.Ways[r.IntN(len(net.Ways))], net.Ways[r.IntN(len(net.Ways))]
		via := from.Nodes[len(from.Nodes)-1]
		for range 200 {
			if to.Nodes[0] == via || to.Nodes[len(to.Nodes)-1] == via {
				net.Turns = append(net.Turns, Turn{From: from.ID, To: to.ID, Via: via, Only: r.IntN(3) == 0})
				break
			}
			to = net.Ways[r.IntN(len(net.Ways))]
		}
	}
	return net
}

// queue is a binary heap of the standard library, for the plain search.
type queue []leg

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].cost < q[j].cost }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(v any)        { *q = append(*q, v.(leg)) }
func (q *queue) Pop() any {
	v := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return v
}

// plain is Dijkstra's algorithm as it is taught, forward from a node over all edges.
func plain(m *Metric, from uint32) []uint32 {
	cost := make([]uint32, len(m.g.ids))
	for i := range cost {
		cost[i] = closed
	}
	cost[from] = 0
	for q := (queue{{from, 0, 0}}); len(q) > 0; {
		at := heap.Pop(&q).(leg)
		if at.cost > cost[at.node] {
			continue
		}
		for e := range m.cost {
			if e = int(m.g.first[at.node]) + e; e >= int(m.g.first[at.node+1]) {
				break
			}
			if c := at.cost + m.cost[e]; m.cost[e] != closed && c < cost[m.g.to[e]] {
				cost[m.g.to[e]] = c
				heap.Push(&q, leg{m.g.to[e], c, 0})
			}
		}
	}
	return cost
}

func (g *Graph) nodeSnap(n uint32) Snap { return Snap{Point: g.point(n), node: n, piece: none} }

// TestWaysAreThoseOfDijkstra compares random pairs of nodes, with restricted turns and closed roads, with and without
// preparation.
func TestWaysAreThoseOfDijkstra(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	done, reached := 0, 0
	for done < *pairs {
		g, err := Build(drawn(r, 60, 300))
		if err != nil {
			t.Fatal(err)
		}
		shut := []orb.Geometry{
			orb.LineString{{104.01, 30.01 + r.Float64()*0.01}, {104.04, 30.03}},
			orb.Polygon{{{104.02, 30.02}, {104.03, 30.02}, {104.03, 30.03 + r.Float64()*0.01}, {104.02, 30.02}}},
		}
		for _, m := range []*Metric{g.Metres(), g.Seconds(CarBasicV1(), 0), g.SecondsWithout(CarDutyV1(), 8, shut)} {
			prepared, err := m.Prepare(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			from := uint32(r.IntN(int(g.plain)))
			cost := plain(m, from)
			for range 100 {
				to := uint32(r.IntN(int(g.plain)))
				want := cost[to]
				for _, c := range g.copy[to] {
					want = min(want, cost[c])
				}
				a, b := m.ToOne(g.nodeSnap(to), []Snap{g.nodeSnap(from)})[0], prepared.ToOne(g.nodeSnap(to), []Snap{g.nodeSnap(from)})[0]
				if a.Cost != m.value(want) || b.Cost != a.Cost {
					t.Fatalf("from node %d to %d costs %v, prepared %v, want %v", from, to, a, b, m.value(want))
				}
				done++
				if want != closed {
					reached++
				}
			}
		}
	}
	if reached < done/2 {
		t.Errorf("only %d of %d pairs are connected: the nets are too torn to say much", reached, done)
	}
	t.Logf("%d pairs, %d of them connected, none differs", done, reached)
}

// states is a search over directed edges rather than nodes: the plain way to obey restricted turns. It gives the cost of
// getting from a point on an edge to a point on another, in the unit of m, by the rules of the net itself.
func states(net Net, m *Metric, from, to Snap) uint32 {
	g := m.g
	limit := map[[2]int64]map[int64][]Turn{} // by way and node that one comes from, then to
	for _, t := range net.Turns {
		key := [2]int64{t.From, t.Via}
		if limit[key] == nil {
			limit[key] = map[int64][]Turn{}
		}
		limit[key][t.To] = append(limit[key][t.To], t)
	}
	edges := g.first[g.plain] // those that leave copies repeat others
	way := func(e uint32) int64 { return g.ways[g.way[e]].id }
	single := func(w, via int64, into bool) bool {
		n := 0
		for e := range edges {
			at := g.from[e]
			if into {
				at = g.original(g.to[e])
			}
			if way(e) == w && g.ids[at] == via {
				n++
			}
		}
		return n == 1
	}
	allowed := func(a, b uint32) bool {
		via := g.ids[g.from[b]]
		for _, list := range limit[[2]int64{way(a), via}] {
			for _, t := range list {
				switch {
				case !single(t.From, via, true):
				case t.From == t.To:
					if !t.Only && g.ids[g.original(g.to[b])] == g.ids[g.from[a]] {
						return false
					}
				case !single(t.To, via, false):
				case t.Only != (way(b) == t.To):
					return false
				}
			}
		}
		return true
	}
	best, _ := m.direct(from, to)
	cost := map[uint32]uint32{} // of having driven an edge to its end
	var q queue
	push := func(e, c uint32) {
		if old, ok := cost[e]; !ok || c < old {
			cost[e] = c
			heap.Push(&q, leg{e, c, 0})
		}
	}
	push(from.piece, m.cost[from.piece]-share(m.cost[from.piece], from.part))
	if t := g.twin[from.piece]; t != none {
		push(t, share(m.cost[t], from.part))
	}
	for len(q) > 0 {
		at := heap.Pop(&q).(leg)
		if at.cost > cost[at.node] {
			continue
		}
		n := g.original(g.to[at.node])
		for e := g.first[n]; e < g.first[n+1]; e++ {
			if !allowed(at.node, e) {
				continue
			}
			switch e {
			case to.piece:
				best = min(best, at.cost+share(m.cost[e], to.part))
			case g.twin[to.piece]:
				best = min(best, at.cost+m.cost[e]-share(m.cost[e], to.part))
			}
			push(e, at.cost+m.cost[e])
		}
	}
	return best
}

// TestRestrictedTurns compares points within pieces of road on small nets full of restrictions.
func TestRestrictedTurns(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		net := drawn(r, 5, 25)
		g, err := Build(net)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkGraph(g); err != nil {
			t.Fatal(err)
		}
		m := g.Seconds(CarBasicV1(), 0)
		prepared, err := m.Prepare(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		within := func() Snap {
			for {
				e := uint32(r.IntN(int(g.first[g.plain])))
				if g.twin[e] == none || e < g.twin[e] {
					return Snap{piece: e, part: 0.1 + 0.8*r.Float64(), node: none}
				}
			}
		}
		for range 5 {
			from, to := within(), within()
			want := m.value(states(net, m, from, to))
			if got := m.ToOne(to, []Snap{from})[0].Cost; got != want {
				t.Fatalf("costs %v, want %v", got, want)
			}
			if got := prepared.ToOne(to, []Snap{from})[0].Cost; got != want {
				t.Fatalf("costs %v when prepared, want %v", got, want)
			}
			path, err := m.Path(from, to, m)
			if (err != nil) != math.IsInf(float64(want), 1) {
				t.Fatalf("cost %v and error %v", want, err)
			}
			if err == nil && math.Abs(path.Seconds-float64(want)) > 0.001 {
				t.Fatalf("the path takes %v s, want %v", path.Seconds, want)
			}
		}
	})
}
