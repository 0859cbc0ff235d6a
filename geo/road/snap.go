package road

import (
	"fmt"
	"math"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// SnapWithin is how far from a road a point may be.
const SnapWithin geo.Metres = 5000

// atNode is how near to a node a point counts as being there: data and requests have seven decimals.
const atNode = 0.02 // metres

// Snap is a point put on a road.
type Snap struct {
	Point orb.Point
	Off   geo.Metres // how far the point that was asked for is from it
	Way   int64      // id

	piece uint32  // edge, in the sense of which part counts
	part  float64 // 0 at its start, 1 at its end
	node  uint32  // the node that it is, or none
}

// pieces finds pieces of road by place: a grid of squares, of which only those with roads are kept.
type pieces struct {
	squares []uint64 // sorted
	first   []uint32 // into edges, for each square, and the end
	edges   []uint32 // one for each piece of road
}

// squareDeg is the side of a square, in 1e-7 degrees: about 330 m.
const squareDeg = 30_000

func square(x, y int32) uint64 { return uint64(uint32(x))<<32 | uint64(uint32(y)) }

// squareOf is the column and row of a place. Division rounds down also below zero.
func squareOf(at [2]int32) (x, y int32) { return floorDiv(at[0]), floorDiv(at[1]) }

func floorDiv(v int32) int32 {
	q := v / squareDeg
	if v%squareDeg < 0 {
		q--
	}
	return q
}

// indexPieces puts each piece of road into every square that its box touches.
func indexPieces(g *Graph) pieces {
	type entry struct {
		square uint64
		edge   uint32
	}
	var list []entry
	for e := range g.first[g.plain] {
		if g.twin[e] != none && g.twin[e] < e {
			continue
		}
		ax, ay := squareOf(g.at[g.from[e]])
		bx, by := squareOf(g.at[g.to[e]])
		for x := min(ax, bx); x <= max(ax, bx); x++ {
			for y := min(ay, by); y <= max(ay, by); y++ {
				list = append(list, entry{square(x, y), e})
			}
		}
	}
	slices.SortFunc(list, func(a, b entry) int {
		if a.square != b.square {
			if a.square < b.square {
				return -1
			}
			return 1
		}
		return int(int64(a.edge) - int64(b.edge))
	})
	p := pieces{edges: make([]uint32, len(list))}
	for i, l := range list {
		if i == 0 || list[i-1].square != l.square {
			p.squares = append(p.squares, l.square)
			p.first = append(p.first, uint32(i))
		}
		p.edges[i] = l.edge
	}
	p.first = append(p.first, uint32(len(list)))
	return p
}

// in lists the pieces in a square.
func (p *pieces) in(x, y int32) []uint32 {
	i, ok := slices.BinarySearch(p.squares, square(x, y))
	if !ok {
		return nil
	}
	return p.edges[p.first[i]:p.first[i+1]]
}

// Snap puts a point on the nearest road from which one can get anywhere. The error wraps ErrNoRoad when none is within
// SnapWithin.
func (g *Graph) Snap(p orb.Point) (Snap, error) { return g.snap(p, g.mainPiece) }

func (g *Graph) snap(p orb.Point, fit func(edge uint32) bool) (Snap, error) {
	near := g.nearest(p, 1, fit)
	if len(near) == 0 {
		return Snap{}, fmt.Errorf("%w: none within %.0f m of %.6f, %.6f", ErrNoRoad, float64(SnapWithin), p[0], p[1])
	}
	return near[0], nil
}

// Roads are the k ways nearest to a point, the nearest first, also such as lead nowhere; fewer when fewer are within
// SnapWithin.
func (g *Graph) Roads(p orb.Point, k int) []Snap {
	return g.nearest(p, k, func(uint32) bool { return true })
}

func (g *Graph) mainPiece(e uint32) bool {
	return g.mainEdge(e) || g.twin[e] != none && g.mainEdge(g.twin[e])
}

// nearest looks at the squares around p, ring after ring, until what is farther out cannot be nearer. It keeps the
// nearest piece of each way.
func (g *Graph) nearest(p orb.Point, k int, fit func(edge uint32) bool) []Snap {
	if !(p[0] >= -180 && p[0] <= 180 && p[1] >= -90 && p[1] <= 90) {
		return nil
	}
	plane := newPlane(p)
	cx, cy := squareOf(place(p))
	var best []Snap
	side := min(plane.x, plane.y) * squareDeg // metres across a square, at least
	for r := int32(0); ; r++ {
		reach := float64(r-1) * side // everything in ring r is farther
		if reach > float64(SnapWithin) || len(best) == k && reach > float64(best[k-1].Off) {
			return best
		}
		for x := cx - r; x <= cx+r; x++ {
			step := int32(1)
			if x != cx-r && x != cx+r {
				step = max(2*r, 1)
			}
			for y := cy - r; y <= cy+r; y += step {
				for _, e := range g.index.in(x, y) {
					if fit(e) {
						best = keep(best, g.put(plane, e), k)
					}
				}
			}
		}
	}
}

// keep adds s to the best k snaps, of which each is on another way.
func keep(best []Snap, s Snap, k int) []Snap {
	if s.Off > SnapWithin {
		return best
	}
	if i := slices.IndexFunc(best, func(b Snap) bool { return b.Way == s.Way }); i >= 0 {
		if !nearer(s, best[i]) {
			return best
		}
		best = slices.Delete(best, i, i+1)
	}
	at := slices.IndexFunc(best, func(b Snap) bool { return nearer(s, b) })
	if at < 0 {
		at = len(best)
	}
	best = slices.Insert(best, at, s)
	return best[:min(len(best), k)]
}

// nearer prefers a node where the point is to a road that merely passes over it.
func nearer(a, b Snap) bool {
	if an, bn := a.node != none && a.Off < atNode, b.node != none && b.Off < atNode; an != bn {
		return an
	}
	return a.Off < b.Off
}

// plane is flat ground around a point: metres east and north of it.
type plane struct {
	at   [2]int32
	x, y float64 // metres for 1e-7 degrees
}

func newPlane(p orb.Point) plane {
	m := float64(geo.EarthRadius) * math.Pi / 180 * 1e-7
	return plane{at: place(p), x: m * max(math.Cos(p[1]*math.Pi/180), 1e-6), y: m}
}

// put puts the plane's point on a piece of road.
func (g *Graph) put(p plane, e uint32) Snap {
	a, b := g.at[g.from[e]], g.at[g.to[e]]
	ax, ay := float64(int64(a[0])-int64(p.at[0]))*p.x, float64(int64(a[1])-int64(p.at[1]))*p.y
	bx, by := float64(int64(b[0])-int64(p.at[0]))*p.x, float64(int64(b[1])-int64(p.at[1]))*p.y
	dx, dy := bx-ax, by-ay
	length := math.Hypot(dx, dy)
	part := 0.0
	if length > 0 {
		part = min(max(-(ax*dx+ay*dy)/(length*length), 0), 1)
	}
	s := Snap{Way: g.ways[g.way[e]].id, piece: e, part: part, node: none}
	switch {
	case part*length < atNode:
		s.part, s.node = 0, g.from[e]
	case (1-part)*length < atNode:
		s.part, s.node = 1, g.original(g.to[e])
	}
	s.Off = geo.Metres(math.Hypot(ax+s.part*dx, ay+s.part*dy))
	s.Point = orb.Point{
		(float64(a[0]) + s.part*float64(int64(b[0])-int64(a[0]))) / 1e7,
		(float64(a[1]) + s.part*float64(int64(b[1])-int64(a[1]))) / 1e7,
	}
	return s
}
