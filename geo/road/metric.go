package road

import (
	"math"
	"slices"
)

// closed is the cost of an edge that nobody may use.
const closed = math.MaxUint32

// Metric is what the edges of a graph cost, in millimetres or in tenths of a millisecond. It does not change and is safe
// for concurrent use. No way of more than 4,294 km or 119 hours is found.
type Metric struct {
	g     *Graph
	unit  float64    // of a cost, in metres or seconds
	cost  []uint32   // by edge
	out   []arc      // in the order of the edges
	in    []arc      // in the order of Graph.in
	paths *hierarchy // nil unless prepared
}

// arc is the far end of an edge and what it costs to get there, together in memory.
type arc struct{ node, cost uint32 }

// Metres is the metric of the shortest way.
func (g *Graph) Metres() *Metric { return g.metric(slices.Clone(g.mm), 0.001) }

// Seconds is the metric of the fastest way at an hour of the day, 0 to 23, local time.
func (g *Graph) Seconds(p Profile, hour int) *Metric {
	return g.metric(g.times(p, hour), 0.0001)
}

// times is what each edge takes, in tenths of a millisecond.
func (g *Graph) times(p Profile, hour int) []uint32 {
	slow := make([]float64, len(g.ways)) // tenths of a millisecond for a millimetre
	for i, w := range g.ways {
		slow[i] = 36 / p.SpeedKmh(w.class, w.limitKmh, hour)
	}
	cost := make([]uint32, len(g.mm))
	for e, mm := range g.mm {
		cost[e] = uint32(min(math.Round(float64(mm)*slow[g.way[e]]), closed-1))
	}
	return cost
}

// metric takes over cost.
func (g *Graph) metric(cost []uint32, unit float64) *Metric {
	m := &Metric{g: g, unit: unit, cost: cost, out: make([]arc, len(cost)), in: make([]arc, len(cost))}
	for e, c := range cost {
		m.out[e] = arc{g.to[e], c}
	}
	for i, e := range g.in {
		m.in[i] = arc{g.from[e], cost[e]}
	}
	return m
}
