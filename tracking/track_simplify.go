package tracking

import (
	"math"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// appendSimplified appends the points that are needed to know, within 5 m,
// where the unit was at the time of each of the given ones: the first, the
// last, and those that a straight drive at even speed between two kept ones
// would miss (Douglas-Peucker with the distance at the same time: TD-TR of
// Meratnia and de By, "Spatiotemporal compression techniques for moving point
// objects", 2004). points must not be empty and be in order of time.
func appendSimplified(line, points []TrackPoint) []TrackPoint {
	type span struct{ from, to int }
	line = append(line, points[0])
	if len(points) == 1 {
		return line
	}
	// A stack instead of a recursion: the part to the left comes first.
	stack := []span{{0, len(points) - 1}}
	for len(stack) > 0 {
		s := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if split, far := farthest(points[s.from : s.to+1]); far > trackTolerance {
			stack = append(stack, span{s.from + split, s.to}, span{s.from, s.from + split})
			continue
		}
		line = append(line, points[s.to])
	}
	return line
}

// farthest is the inner point that is farthest from where a straight drive from
// the first to the last would be at its time, and how far.
func farthest(points []TrackPoint) (index int, far geo.Metres) {
	a, b := points[0], points[len(points)-1]
	for i := 1; i < len(points)-1; i++ {
		p := &points[i]
		if d := flatDistance(p.Point, onTheWay(a, b, p.At)); d > far {
			index, far = i, d
		}
	}
	return index, far
}

// onTheWay is where a unit that drives evenly from a to b is at a moment
// between the two. When both are of the same moment it is at a.
func onTheWay(a, b TrackPoint, at time.Time) orb.Point {
	took := b.At.Sub(a.At)
	if took <= 0 {
		return a.Point
	}
	share := float64(at.Sub(a.At)) / float64(took)
	return orb.Point{
		a.Point[0] + (b.Point[0]-a.Point[0])*share,
		a.Point[1] + (b.Point[1]-a.Point[1])*share,
	}
}

// flatDistance is the distance on the plane that touches the Earth at a. For
// the few metres that a simplification is about it is as good as geo.Distance
// and a fifth of the work; for far points it is far, which is all that matters.
func flatDistance(a, b orb.Point) geo.Metres {
	const degree = float64(geo.EarthRadius) * math.Pi / 180
	x := (b[0] - a[0]) * degree * math.Cos(a[1]*math.Pi/180)
	y := (b[1] - a[1]) * degree
	return geo.Metres(math.Sqrt(x*x + y*y))
}
