package datum

import (
	"math"

	"github.com/paulmach/orb"
)

// toGCJ shifts a WGS-84 point to GCJ-02, or leaves it alone outside China.
func toGCJ(p orb.Point) orb.Point {
	if !InChina(p) {
		return p
	}
	s := shift(p)
	return orb.Point{p[0] + s[0], p[1] + s[1]}
}

// shift is the offset of GCJ-02 at a WGS-84 point, in degrees, whether or not
// the point is in China.
func shift(p orb.Point) orb.Point {
	x, y := p[0]-105, p[1]-35
	root := math.Sqrt(math.Abs(x))
	ripple := (20*math.Sin(6*x*math.Pi) + 20*math.Sin(2*x*math.Pi)) * 2 / 3
	north := -100 + 2*x + 3*y + 0.2*y*y + 0.1*x*y + 0.2*root + ripple +
		(20*math.Sin(y*math.Pi)+40*math.Sin(y/3*math.Pi))*2/3 +
		(160*math.Sin(y/12*math.Pi)+320*math.Sin(y*math.Pi/30))*2/3
	east := 300 + x + 2*y + 0.1*x*x + 0.1*x*y + 0.1*root + ripple +
		(20*math.Sin(x*math.Pi)+40*math.Sin(x/3*math.Pi))*2/3 +
		(150*math.Sin(x/12*math.Pi)+300*math.Sin(x/30*math.Pi))*2/3
	sin, cos := math.Sincos(p[1] * math.Pi / 180)
	m := 1 - ecc2*sin*sin
	return orb.Point{
		east * 180 / (axis / math.Sqrt(m) * cos * math.Pi),
		north * 180 / (axis * (1 - ecc2) / (m * math.Sqrt(m)) * math.Pi),
	}
}

// toBD shifts a GCJ-02 point to BD-09. Baidu does it everywhere on Earth.
func toBD(p orb.Point) orb.Point {
	r := math.Hypot(p[0], p[1]) + 0.00002*math.Sin(p[1]*bdTurn)
	sin, cos := math.Sincos(math.Atan2(p[1], p[0]) + 0.000003*math.Cos(p[0]*bdTurn))
	return orb.Point{r*cos + 0.0065, r*sin + 0.006}
}

// invert finds the point that forward moves to q. It steps back by the error
// of the last guess; the shifts are gentle, so each step gains two digits or
// more.
func invert(forward func(orb.Point) orb.Point, q orb.Point) orb.Point {
	const (
		near  = 1e-11 // degrees, about a thousandth of a millimetre
		steps = 12
	)
	p := q
	for range steps {
		got := forward(p)
		dx, dy := q[0]-got[0], q[1]-got[1]
		p[0] += dx
		p[1] += dy
		if math.Abs(dx) < near && math.Abs(dy) < near {
			break
		}
	}
	return p
}

// fromGCJ is the inverse of toGCJ. Within a shift (at most about 1 km) of the
// border a point of GCJ-02 may stand for two places, one inside shifted and
// one outside not; the one inside is taken.
func fromGCJ(q orb.Point) orb.Point {
	p := invert(func(p orb.Point) orb.Point {
		s := shift(p)
		return orb.Point{p[0] + s[0], p[1] + s[1]}
	}, q)
	// A place on the border itself comes back a hair beside it.
	for _, off := range [...]orb.Point{{0, 0}, {hair, 0}, {-hair, 0}, {0, hair}, {0, -hair}} {
		if near := (orb.Point{p[0] + off[0], p[1] + off[1]}); InChina(near) {
			return near
		}
	}
	return q
}

// hair is a fifth of a millimetre, in degrees.
const hair = 2e-9
