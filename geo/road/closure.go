package road

import (
	"errors"
	"fmt"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"jiujin/geo"
)

// Closure is a place where nobody gets through for a time.
type Closure struct {
	ID    int64
	OrgID int64 // whose dispatchers may change it; it holds for everybody
	// OrgPath is the branch of OrgID, when it was read.
	OrgPath string
	// Reason is what people are told, such as 道路施工.
	Reason string
	// Shape is an orb.LineString, which closes the roads that cross it, or an orb.Polygon, which closes those that touch
	// it. WGS-84.
	Shape orb.Geometry
	From  time.Time
	Until time.Time // zero: until somebody lifts it
	// MadeBy is the actor.
	MadeBy string
	MadeAt time.Time
	// LiftedAt is zero while nobody has lifted it.
	LiftedAt time.Time
}

var (
	// ErrClosureShape says that a shape cannot close roads.
	ErrClosureShape = errors.New("a closure is a line of two points or more, or a closed ring of four or more, at most half a degree wide")
	// ErrNoClosure says that there is no such closure in the branch.
	ErrNoClosure = errors.New("no such closure")
	// ErrClosureLifted says that a closure was lifted already, or is not lifted.
	ErrClosureLifted = errors.New("the closure is not in that state")
	// ErrClosureTime says that a closure ends before it begins.
	ErrClosureTime = errors.New("a closure must end after it begins")
)

const (
	closureSpanDeg = 0.5
	closurePoints  = 500
)

// ClosureShape makes the shape of a list of points: a polygon when it ends where it begins, a line otherwise.
func ClosureShape(points []orb.Point) (orb.Geometry, error) {
	if len(points) < 2 || len(points) > closurePoints {
		return nil, fmt.Errorf("%w: %d points", ErrClosureShape, len(points))
	}
	for i, p := range points {
		if err := geo.ValidPoint(p); err != nil {
			return nil, fmt.Errorf("%w: point %d: %w", ErrClosureShape, i+1, err)
		}
	}
	line := orb.LineString(points)
	b := line.Bound()
	if b.Max[0]-b.Min[0] > closureSpanDeg || b.Max[1]-b.Min[1] > closureSpanDeg || b.Min == b.Max {
		return nil, ErrClosureShape
	}
	if points[0] != points[len(points)-1] {
		return line, nil
	}
	ring := orb.Ring(points)
	if len(ring) < 4 || planar.Area(ring) == 0 {
		return nil, ErrClosureShape
	}
	return orb.Polygon{ring}, nil
}

// Lines are the pieces of road that a shape closes, for maps; a polygon also closes those within.
func (g *Graph) Lines(shape orb.Geometry) orb.MultiLineString {
	var lines orb.MultiLineString
	for _, e := range g.touched(shape) {
		lines = append(lines, orb.LineString{g.point(g.from[e]), g.point(g.to[e])})
	}
	return lines
}

// touched lists the pieces of road that cross a line, or touch a polygon.
func (g *Graph) touched(shape orb.Geometry) (list []uint32) {
	var line orb.LineString
	area, _ := shape.(orb.Polygon)
	switch s := shape.(type) {
	case orb.LineString:
		line = s
	case orb.Polygon:
		line = orb.LineString(s[0])
	}
	b := line.Bound()
	ax, ay := squareOf(place(b.Min))
	bx, by := squareOf(place(b.Max))
	seen := map[uint32]bool{}
	for x := ax; x <= bx; x++ {
		for y := ay; y <= by; y++ {
			for _, e := range g.index.in(x, y) {
				if seen[e] {
					continue
				}
				seen[e] = true
				p, q := g.point(g.from[e]), g.point(g.to[e])
				if crosses(line, p, q) || area != nil && planar.PolygonContains(area, p) {
					list = append(list, e)
				}
			}
		}
	}
	return list
}

// crosses tells whether the segment p–q meets the line.
func crosses(line orb.LineString, p, q orb.Point) bool {
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		if side(a, b, p)*side(a, b, q) <= 0 && side(p, q, a)*side(p, q, b) <= 0 &&
			min(a[0], b[0]) <= max(p[0], q[0]) && min(p[0], q[0]) <= max(a[0], b[0]) &&
			min(a[1], b[1]) <= max(p[1], q[1]) && min(p[1], q[1]) <= max(a[1], b[1]) {
			return true
		}
	}
	return false
}

// side is -1, 0 or 1: on which side of a–b a point lies.
func side(a, b, p orb.Point) int {
	v := (b[0]-a[0])*(p[1]-a[1]) - (b[1]-a[1])*(p[0]-a[0])
	switch {
	case v > 0:
		return 1
	case v < 0:
		return -1
	}
	return 0
}

// close makes pieces of road, in both directions and for whoever comes from where, impassable in a list of costs.
func (g *Graph) close(cost, pieces []uint32) {
	for _, e := range pieces {
		for _, e := range [2]uint32{e, g.twin[e]} {
			if e == none {
				continue
			}
			cost[e] = closed
			for _, c := range g.copy[g.from[e]] {
				for f := g.first[c]; f < g.first[c+1]; f++ {
					if g.way[f] == g.way[e] && g.to[f] == g.to[e] {
						cost[f] = closed
					}
				}
			}
		}
	}
}

// SecondsWithout is the metric of Seconds with roads closed.
func (g *Graph) SecondsWithout(p Profile, hour int, shapes []orb.Geometry) *Metric {
	cost := g.times(p, hour)
	for _, s := range shapes {
		g.close(cost, g.touched(s))
	}
	return g.metric(cost, 0.0001)
}

// Snap puts a point on the nearest road from which one can get anywhere and that is not closed. The error wraps
// ErrNoRoad when none is within SnapWithin.
func (m *Metric) Snap(p orb.Point) (Snap, error) {
	return m.g.snap(p, func(e uint32) bool {
		t := m.g.twin[e]
		return m.g.mainPiece(e) && (m.cost[e] != closed || t != none && m.cost[t] != closed)
	})
}
