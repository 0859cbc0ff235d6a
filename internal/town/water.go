package town

import (
	"math"
	"math/rand/v2"
)

// river runs from the middle of the county's north-west side to the middle of
// its south-east side. It is a function of x, which keeps every question
// about it cheap. Coordinates are relative to the county's centre.
type river struct {
	name           string
	phase1, phase2 float64
	phaseWidth     float64
}

const (
	gateX, gateY = 13.0, 5.0 // where the river meets the county's border
	riverSlope   = -gateY / gateX
	quay         = 0.075 // the riverside road runs this far from the water, in km
	waterMargin  = 0.055 // no other road comes nearer to the water
)

// newRiver draws a river that leaves room for a part of the town on its south
// bank.
func newRiver(rng *rand.Rand, name string) river {
	for {
		r := river{name: name, phase1: rng.Float64()*1.2 - 0.6, phase2: rng.Float64() * 6.28, phaseWidth: rng.Float64() * 6.28}
		lowest := 0.0
		for x := -2.6; x <= 2.6; x += 0.1 {
			lowest = min(lowest, r.y(x))
		}
		if lowest > -1.85 {
			return r
		}
	}
}

func (r river) y(x float64) float64 {
	e := smooth((gateX - math.Abs(x)) / 5)
	return riverSlope*x + e*(-1.15+1.25*math.Sin(0.42*x+r.phase1)+0.55*math.Sin(0.95*x+r.phase2))
}

// half is half the width of the river, in kilometres.
func (r river) half(x float64) float64 {
	return 0.13 + smooth((gateX-math.Abs(x))/5)*(0.03*math.Sin(0.6*x+r.phaseWidth)+0.012*math.Sin(1.9*x))
}

func (r river) slopeAt(x float64) float64 { return (r.y(x+0.01) - r.y(x-0.01)) / 0.02 }

// off is the distance from the middle of the river, positive on the north
// bank. It is exact enough near the river.
func (r river) off(p vec) float64 {
	s := r.slopeAt(p.X)
	return (p.Y - r.y(p.X)) / math.Sqrt(1+s*s)
}

func (r river) covers(p vec, margin float64) bool {
	return math.Abs(r.off(p)) < r.half(p.X)+margin
}

// line runs d kilometres to the left of the river's middle.
func (r river) line(x0, x1, d float64) []vec {
	var out []vec
	for x := x0; x <= x1+1e-9; x += 0.06 {
		n := vec{1, r.slopeAt(x)}.unit().left()
		out = append(out, vec{x, r.y(x)}.add(n.times(d)))
	}
	return out
}

// bank is the line that keeps a distance from the water's edge, on the north
// side when side is 1 and on the south side when it is -1.
func (r river) bank(x0, x1, distance, side float64) []vec {
	var out []vec
	for x := x0; x <= x1+1e-9; x += 0.06 {
		n := vec{1, r.slopeAt(x)}.unit().left()
		out = append(out, vec{x, r.y(x)}.add(n.times(side*(r.half(x)+distance))))
	}
	return out
}

func (r river) polygon(x0, x1 float64) []vec {
	north, south := r.bank(x0, x1, 0, 1), r.bank(x0, x1, 0, -1)
	for i := len(north) - 1; i >= 0; i-- {
		south = append(south, north[i])
	}
	return south
}

// lake is a star-shaped water: its shore is a function of the angle.
type lake struct {
	name   string
	centre vec
	rx, ry float64
	p2, p3 float64
}

func (l lake) radius(angle float64) float64 {
	s, c := math.Sincos(angle)
	base := l.rx * l.ry / math.Hypot(l.ry*c, l.rx*s)
	return base * (1 + 0.13*math.Sin(2*angle+l.p2) + 0.09*math.Sin(3*angle+l.p3) + 0.03*math.Sin(7*angle+l.p2))
}

func (l lake) covers(p vec, margin float64) bool {
	d := p.sub(l.centre)
	return d.len() < l.radius(math.Atan2(d.Y, d.X))+margin
}

// shore is a closed line around the lake, distance kilometres from the water.
func (l lake) shore(distance float64) []vec {
	var out []vec
	for a := 0; a < 360; a += 3 {
		t := float64(a) * math.Pi / 180
		out = append(out, l.centre.add(polar(t, l.radius(t)+distance)))
	}
	return out
}
