// Package road knows the roads: it builds a graph from OpenStreetMap data, puts points on it, and finds the shortest and
// the fastest ways.
//
// A Graph is the net without speeds; a Metric is what each of its edges costs, in metres or in time, with closures taken
// into account. Searches are exact: they give what Dijkstra's algorithm gives. Points are WGS-84, longitude first.
//
// Sources: OpenStreetMap's tags highway, oneway, junction, access and their kin, maxspeed, and relations of type
// restriction; the speeds and the rules for car-basic-v1 are those of the comparison figures that other programs agree
// with (docs/roads.md).
package road

import (
	"cmp"
	"errors"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

var (
	// ErrNoRoad says that no road is near a point.
	ErrNoRoad = errors.New("no road is near")
	// ErrNoWay says that one cannot drive from one point to the other.
	ErrNoWay = errors.New("no way leads there")
	// ErrEmpty says that the data hold no road that cars may use.
	ErrEmpty = errors.New("the data hold no drivable road")
)

// Direction says which way a Way may be driven.
type Direction uint8

// The directions, seen along the nodes of the way.
const (
	Both Direction = iota
	Forward
	Backward
)

// Way is a road as the data have it: a line of nodes with one class and one rule.
type Way struct {
	ID        int64
	Class     Class
	Name      string // may be ""
	LimitKmh  float64
	Direction Direction
	Nodes     []int64 // ids; those that Net.Points lacks interrupt the line
}

// Turn is a restriction at a node: who comes from one way must not, or must, go on along another.
type Turn struct {
	From, To int64 // ids of ways; both the same for a ban on turning back
	Via      int64 // id of a node
	Only     bool  // To is the only way to go on; otherwise it is the forbidden one
}

// Net is what a Graph is built from.
type Net struct {
	Ways   []Way
	Points map[int64]orb.Point // of the nodes
	Turns  []Turn              // those that should count
}

// none stands for "no edge" and "no node".
const none = math.MaxUint32

// Graph is a net of nodes and directed edges. It does not change and is safe for concurrent use.
//
// Nodes are numbered along a Z-curve, so that neighbours lie together in memory; where a turn is restricted there are
// copies of a node behind the others. Edges are numbered by the node that they leave.
type Graph struct {
	ids   []int64    // of the nodes, as the data have them
	at    [][2]int32 // places of the nodes, in 1e-7 degrees
	plain uint32     // nodes from here on are copies
	orig  []uint32   // node that each copy stands for
	copy  map[uint32][]uint32

	first    []uint32 // edges that leave node n are first[n] to first[n+1]
	from, to []uint32 // of each edge
	mm       []uint32 // length of each edge in millimetres
	way      []uint32 // index into ways of each edge
	twin     []uint32 // the same piece of road the other way; none on one-way roads
	ways     []wayInfo

	inFirst []uint32 // edges that reach node n are in[inFirst[n]] to in[inFirst[n+1]]
	in      []uint32

	main  []bool // nodes of the largest part in which each node is reached from each
	index pieces
	pool  *pool[scratch]
}

// wayInfo is what is kept of a way.
type wayInfo struct {
	id       int64
	class    Class
	limitKmh float64
	name     string
}

// Size is how large a graph is.
type Size struct {
	Nodes     int        `json:"nodes"`
	Edges     int        `json:"edges"` // directed
	Ways      int        `json:"ways"`
	MainNodes int        `json:"main_nodes"`  // in the largest part in which each node is reached from each
	MainM     geo.Metres `json:"main_metres"` // of its directed edges
	Copies    int        `json:"turn_copies"` // of nodes, made for turn restrictions
}

// Size counts.
func (g *Graph) Size() Size {
	s := Size{Nodes: int(g.plain), Edges: len(g.to), Ways: len(g.ways), Copies: len(g.orig)}
	for _, m := range g.main[:g.plain] {
		if m {
			s.MainNodes++
		}
	}
	for e, mm := range g.mm {
		if g.mainEdge(uint32(e)) {
			s.MainM += geo.Metres(mm) / 1000
		}
	}
	return s
}

func (g *Graph) mainEdge(e uint32) bool { return g.main[g.from[e]] && g.main[g.to[e]] }

// point is where a node lies.
func (g *Graph) point(n uint32) orb.Point {
	return orb.Point{float64(g.at[n][0]) / 1e7, float64(g.at[n][1]) / 1e7}
}

// Bound is the area that the nodes lie in.
func (g *Graph) Bound() orb.Bound {
	b := orb.Bound{Min: g.point(0), Max: g.point(0)}
	for n := range g.plain {
		b = b.Extend(g.point(n))
	}
	return b
}

// place rounds a point to the 1e-7 degrees that OpenStreetMap keeps.
func place(p orb.Point) [2]int32 {
	return [2]int32{int32(math.Round(p[0] * 1e7)), int32(math.Round(p[1] * 1e7))}
}

// original is the node that a copy stands for, and n itself when it is none.
func (g *Graph) original(n uint32) uint32 {
	if n < g.plain {
		return n
	}
	return g.orig[n-g.plain]
}

// zOrder interleaves the bits of a place, so that near places have near numbers.
func zOrder(at [2]int32) uint64 {
	return spread(uint32(at[0])^1<<31) | spread(uint32(at[1])^1<<31)<<1
}

func spread(v uint32) uint64 {
	x := uint64(v)
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// byPlace sorts node ids along the Z-curve; the id decides between nodes at one place.
func byPlace(ids []int64, points map[int64]orb.Point) {
	type key struct {
		z  uint64
		id int64
	}
	keys := make([]key, len(ids))
	for i, id := range ids {
		keys[i] = key{zOrder(place(points[id])), id}
	}
	slices.SortFunc(keys, func(a, b key) int {
		return cmp.Or(cmp.Compare(a.z, b.z), cmp.Compare(a.id, b.id))
	})
	for i, k := range keys {
		ids[i] = k.id
	}
}
