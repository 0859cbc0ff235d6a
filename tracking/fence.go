package tracking

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"jiujin/geo"
)

// Fence is a place whose visitors are noted: a polygon or a circle.
type Fence struct {
	ID    int64
	OrgID int64  // units of this branch are watched
	Name  string // what people call it
	// Polygon is the shape, in WGS-84, rings closed; nil for a circle. Its
	// border belongs to it. It must not cross the antimeridian.
	Polygon orb.Polygon
	Centre  orb.Point  // of the circle
	Radius  geo.Metres // of the circle
	// DwellS is how long a stay makes a FenceDwell event, in seconds; 0 = never.
	DwellS int
	// Plain fences count every fix as it is: no margin for accuracy, no waiting.
	Plain bool
}

// FenceEventKind is what a unit did at a fence.
type FenceEventKind string

// The kinds.
const (
	FenceEnter FenceEventKind = "enter"
	FenceExit  FenceEventKind = "exit"
	FenceDwell FenceEventKind = "dwell"
)

// ErrFenceShape says that a fence is neither a sound polygon nor a circle.
var ErrFenceShape = errors.New("a fence is a closed polygon of at least three corners, or a centre with a radius")

const (
	maxCorners  = 1_000
	maxRadius   = 200_000 // metres
	maxSpanDeg  = 10      // of a polygon, either way
	leastRadius = 10      // metres
)

// Check returns nil, or an error that wraps ErrFenceShape and says what is wrong with the shape.
func (f *Fence) Check() error {
	if f.Polygon == nil {
		if err := geo.ValidPoint(f.Centre); err != nil {
			return fmt.Errorf("%w: %w", ErrFenceShape, err)
		}
		if !(f.Radius >= leastRadius && f.Radius <= maxRadius) {
			return fmt.Errorf("%w: the radius must be %d to %d m", ErrFenceShape, leastRadius, maxRadius)
		}
		return nil
	}
	corners := 0
	for i, ring := range f.Polygon {
		corners += len(ring)
		if len(ring) < 4 || !ring.Closed() {
			return fmt.Errorf("%w: ring %d has %d points or is not closed", ErrFenceShape, i+1, len(ring))
		}
		for _, p := range ring {
			if err := geo.ValidPoint(p); err != nil {
				return fmt.Errorf("%w: ring %d: %w", ErrFenceShape, i+1, err)
			}
		}
	}
	b := f.Polygon.Bound()
	switch {
	case corners == 0 || corners > maxCorners:
		return fmt.Errorf("%w: it has %d points, at most %d are taken", ErrFenceShape, corners, maxCorners)
	case b.Max[0]-b.Min[0] > maxSpanDeg || b.Max[1]-b.Min[1] > maxSpanDeg:
		return fmt.Errorf("%w: it spans more than %d degrees", ErrFenceShape, maxSpanDeg)
	case planar.Area(f.Polygon) <= 0:
		return fmt.Errorf("%w: it has no area", ErrFenceShape)
	}
	return nil
}

// Contains tells whether p lies in the fence or on its border.
func (f *Fence) Contains(p orb.Point) bool {
	if f.Polygon == nil {
		return geo.Distance(f.Centre, p) <= f.Radius
	}
	return planar.PolygonContains(f.Polygon, p)
}

// Depth is how far inside of the border p lies, negative when it is outside.
// Around polygons the ground is taken as flat at p, which is good to 1 % up to
// some 100 km from it.
func (f *Fence) Depth(p orb.Point) geo.Metres {
	if f.Polygon == nil {
		return f.Radius - geo.Distance(f.Centre, p)
	}
	least := math.Inf(1)
	perDegree := float64(geo.EarthRadius) * math.Pi / 180
	scale := orb.Point{perDegree * math.Cos(p[1]*math.Pi/180), perDegree}
	for _, ring := range f.Polygon {
		for i := 1; i < len(ring); i++ {
			least = math.Min(least, segmentDistance(flat(ring[i-1], p, scale), flat(ring[i], p, scale)))
		}
	}
	if f.Contains(p) {
		return geo.Metres(least)
	}
	return -geo.Metres(least)
}

// flat is q as metres east and north of p.
func flat(q, p, scale orb.Point) orb.Point {
	return orb.Point{(q[0] - p[0]) * scale[0], (q[1] - p[1]) * scale[1]}
}

// segmentDistance is the distance of the origin from the segment a–b.
func segmentDistance(a, b orb.Point) float64 {
	dx, dy := b[0]-a[0], b[1]-a[1]
	length2 := dx*dx + dy*dy
	t := 0.0
	if length2 > 0 {
		t = math.Max(0, math.Min(1, -(a[0]*dx+a[1]*dy)/length2))
	}
	return math.Hypot(a[0]+t*dx, a[1]+t*dy)
}

// bound is a rectangle around the fence with a margin, in degrees.
func (f *Fence) bound(margin geo.Metres) orb.Bound {
	b := orb.Bound{Min: f.Centre, Max: f.Centre}
	if f.Polygon != nil {
		b = f.Polygon.Bound()
	}
	north := float64(f.Radius+margin) / float64(geo.EarthRadius) * 180 / math.Pi
	widest := math.Max(math.Abs(b.Min[1]), math.Abs(b.Max[1])) + north
	east := 360.0
	if cos := math.Cos(widest * math.Pi / 180); widest < 89 && cos > 0 {
		east = north / cos
	}
	return orb.Bound{Min: orb.Point{b.Min[0] - east, b.Min[1] - north}, Max: orb.Point{b.Max[0] + east, b.Max[1] + north}}
}
