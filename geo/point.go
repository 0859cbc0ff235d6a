// Package geo says where things are: points, distances and H3 cells.
//
// A point is an orb.Point, longitude first, in degrees of WGS-84. Other datums
// are converted at the edge of the program by package geo/datum; nothing in
// here knows them. Distances are great-circle distances in Metres on a sphere.
//
// The package is pure: no clock, no files, no database. It is the only one
// that imports the H3 library.
package geo

import (
	"errors"
	"fmt"
	"math"

	"github.com/paulmach/orb"
)

// Metres is a distance on the ground.
type Metres float64

// EarthRadius is the mean radius of the Earth, (2a+b)/3 of WGS-84. On a sphere
// of this radius a distance is at most 0.56 % off the ellipsoid's, which is
// far below what separates one road from another.
const EarthRadius Metres = 6371008.8

const (
	rad = math.Pi / 180
	deg = 180 / math.Pi
)

var (
	// ErrNotFinite says that a coordinate is NaN or infinite.
	ErrNotFinite = errors.New("coordinate is not a finite number")
	// ErrOutOfRange says that a longitude is outside -180..180 or a latitude
	// outside -90..90.
	ErrOutOfRange = errors.New("coordinate is out of range")
	// ErrZeroPoint says that a point is exactly 0,0, which receivers send
	// when they have no position.
	ErrZeroPoint = errors.New("point is 0,0, which means no position")
)

// ValidPoint says whether p can be a place that something reported. It returns
// nil, or an error that wraps ErrNotFinite, ErrOutOfRange or ErrZeroPoint and
// names the coordinate.
func ValidPoint(p orb.Point) error {
	if err := onEarth(p); err != nil {
		return err
	}
	if p[0] == 0 && p[1] == 0 {
		return ErrZeroPoint
	}
	return nil
}

// onEarth is ValidPoint without the rule about 0,0.
func onEarth(p orb.Point) error {
	if err := coordinate("longitude", p[0], 180); err != nil {
		return err
	}
	return coordinate("latitude", p[1], 90)
}

func coordinate(name string, v, limit float64) error {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Errorf("%s %v: %w", name, v, ErrNotFinite)
	case v < -limit || v > limit:
		return fmt.Errorf("%s %v is not between %v and %v: %w", name, v, -limit, limit, ErrOutOfRange)
	}
	return nil
}

// Distance is the great-circle distance from a to b. It is exact to a few
// nanometres for near points, and does not mind the poles or the antimeridian.
// Coordinates that are not finite give NaN.
func Distance(a, b orb.Point) Metres {
	return VectorOf(a).Distance(VectorOf(b))
}

// Bearing is the direction in which one leaves a to reach b on the shortest
// way: degrees clockwise from north, 0 ≤ bearing < 360. It is 0 when a and b
// are the same point.
func Bearing(a, b orb.Point) float64 {
	sinA, cosA := math.Sincos(a[1] * rad)
	sinB, cosB := math.Sincos(b[1] * rad)
	sinD, cosD := math.Sincos((b[0] - a[0]) * rad)
	angle := math.Atan2(sinD*cosB, cosA*sinB-sinA*cosB*cosD) * deg
	if angle < 0 {
		angle += 360
	}
	if angle >= 360 { // a tiny negative angle rounds up to a full turn
		return 0
	}
	return angle
}

// Vector is a point as a unit vector from the centre of the Earth. Those who
// compare one point with many keep vectors: a comparison is then a few
// multiplications and no trigonometry.
type Vector [3]float64

// VectorOf is the unit vector of p.
func VectorOf(p orb.Point) Vector {
	sinLon, cosLon := math.Sincos(p[0] * rad)
	sinLat, cosLat := math.Sincos(p[1] * rad)
	return Vector{cosLat * cosLon, cosLat * sinLon, sinLat}
}

// Chord2 is the square of the straight line from v to w through the Earth, in
// Earth radii: it grows with the distance and is cheap.
func (v Vector) Chord2(w Vector) float64 {
	x, y, z := v[0]-w[0], v[1]-w[1], v[2]-w[2]
	return x*x + y*y + z*z
}

// Distance is the great-circle distance from v to w.
func (v Vector) Distance(w Vector) Metres {
	x, y, z := v[0]+w[0], v[1]+w[1], v[2]+w[2]
	return Metres(2*math.Atan2(math.Sqrt(v.Chord2(w)), math.Sqrt(x*x+y*y+z*z))) * EarthRadius
}

// Chord2Of is the Chord2 of two points that are d apart. A negative distance
// counts as zero, one of half the Earth's circumference or more as 4.
func Chord2Of(d Metres) float64 {
	half := min(max(float64(d/EarthRadius)/2, 0), math.Pi/2)
	s := math.Sin(half)
	return 4 * s * s
}
