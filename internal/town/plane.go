package town

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/paulmach/orb"
)

// vec is a place or a step in the plane in which the town is drawn:
// kilometres east (X) and north (Y) of the centre of the first county.
type vec struct{ X, Y float64 }

func (a vec) add(b vec) vec             { return vec{a.X + b.X, a.Y + b.Y} }
func (a vec) sub(b vec) vec             { return vec{a.X - b.X, a.Y - b.Y} }
func (a vec) times(k float64) vec       { return vec{a.X * k, a.Y * k} }
func (a vec) dot(b vec) float64         { return a.X*b.X + a.Y*b.Y }
func (a vec) cross(b vec) float64       { return a.X*b.Y - a.Y*b.X }
func (a vec) len() float64              { return math.Hypot(a.X, a.Y) }
func (a vec) left() vec                 { return vec{-a.Y, a.X} }
func (a vec) lerp(b vec, t float64) vec { return a.add(b.sub(a).times(t)) }

func (a vec) unit() vec {
	l := a.len()
	if l == 0 {
		return vec{1, 0}
	}
	return a.times(1 / l)
}

// turn rotates a by angle radians, anticlockwise.
func (a vec) turn(angle float64) vec {
	s, c := math.Sincos(angle)
	return vec{a.X*c - a.Y*s, a.X*s + a.Y*c}
}

func polar(angle, r float64) vec {
	s, c := math.Sincos(angle)
	return vec{r * c, r * s}
}

// origin is the WGS-84 place of the plane's zero. The county is invented;
// the place only has to lie where the usual datum shifts apply.
var origin = orb.Point{114.6, 29.9}

// Kilometres per degree at the origin. The plane is an equirectangular
// projection; over a prefecture its lengths are true to one per cent.
var (
	kmPerLat = 110.86
	kmPerLon = 111.32 * math.Cos(29.9*math.Pi/180)
)

// toLonLat gives WGS-84, rounded to six decimals (0.1 m), so that output does
// not depend on the last bits of the arithmetic.
func toLonLat(p vec) orb.Point {
	r := func(v float64) float64 { return math.Round(v*1e6) / 1e6 }
	return orb.Point{r(origin[0] + p.X/kmPerLon), r(origin[1] + p.Y/kmPerLat)}
}

func fromLonLat(p orb.Point) vec {
	return vec{(p[0] - origin[0]) * kmPerLon, (p[1] - origin[1]) * kmPerLat}
}

func lineLonLat(pts []vec) orb.LineString {
	out := make(orb.LineString, 0, len(pts))
	for _, p := range pts {
		q := toLonLat(p)
		if n := len(out); n == 0 || out[n-1] != q {
			out = append(out, q)
		}
	}
	return out
}

// ringLonLat closes the ring and turns it anticlockwise.
func ringLonLat(pts []vec) orb.Ring {
	out := orb.Ring(lineLonLat(pts))
	if len(out) > 0 && out[0] != out[len(out)-1] {
		out = append(out, out[0])
	}
	if out.Orientation() == orb.CW {
		out.Reverse()
	}
	return out
}

// stream gives an independent source of chance for one stage of one county,
// so that a change in one stage does not disturb the others.
func stream(seed uint64, stage string, county int) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(stage))
	return rand.New(rand.NewPCG(seed, h.Sum64()+uint64(county)*0x9e3779b97f4a7c15))
}

// field is smooth value noise over the plane, about 0..1 with mean 0.5.
type field struct{ seed uint64 }

func (f field) lattice(i, j int64) float64 {
	h := f.seed ^ uint64(i)*0x9e3779b97f4a7c15 ^ uint64(j)*0xc2b2ae3d27d4eb4f
	h ^= h >> 31
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 29
	h *= 0x94d049bb133111eb
	h ^= h >> 32
	return float64(h>>11) / (1 << 53)
}

func (f field) at(x, y float64) float64 {
	fx, fy := math.Floor(x), math.Floor(y)
	u, v := smooth(x-fx), smooth(y-fy)
	i, j := int64(fx), int64(fy)
	a := f.lattice(i, j)*(1-u) + f.lattice(i+1, j)*u
	b := f.lattice(i, j+1)*(1-u) + f.lattice(i+1, j+1)*u
	return a*(1-v) + b*v
}

func (f field) octaves(x, y float64) float64 {
	return f.at(x, y)*0.6 + f.at(x*2.1+9, y*2.1+4)*0.28 + f.at(x*4.3+3, y*4.3+7)*0.12
}

// bend moves p by up to about amp kilometres, smoothly; freq is in features
// per kilometre.
func (f field) bend(p vec, amp, freq float64) vec {
	dx := f.octaves(p.X*freq, p.Y*freq) - 0.5
	dy := f.octaves(p.X*freq+40, p.Y*freq+17) - 0.5
	return p.add(vec{dx, dy}.times(2 * amp))
}

func smooth(t float64) float64 {
	t = min(max(t, 0), 1)
	return t * t * (3 - 2*t)
}

// dense returns the line with points at most step apart.
func dense(pts []vec, step float64) []vec {
	if len(pts) == 0 {
		return nil
	}
	out := []vec{pts[0]}
	for i := 1; i < len(pts); i++ {
		a, b := pts[i-1], pts[i]
		n := max(1, int(math.Ceil(b.sub(a).len()/step)))
		for k := 1; k < n; k++ {
			out = append(out, a.lerp(b, float64(k)/float64(n)))
		}
		out = append(out, b)
	}
	return out
}

// chaikin rounds the corners of a line and keeps its ends.
func chaikin(pts []vec, rounds int) []vec {
	for ; rounds > 0 && len(pts) > 2; rounds-- {
		out := []vec{pts[0]}
		for i := 1; i < len(pts); i++ {
			if i > 1 {
				out = append(out, pts[i-1].lerp(pts[i], 0.25))
			}
			if i < len(pts)-1 {
				out = append(out, pts[i-1].lerp(pts[i], 0.75))
			}
		}
		pts = append(out, pts[len(pts)-1])
	}
	return pts
}

func lengthOf(pts []vec) float64 {
	sum := 0.0
	for i := 1; i < len(pts); i++ {
		sum += pts[i].sub(pts[i-1]).len()
	}
	return sum
}

// along gives the place and direction s kilometres from the start of the line.
func along(pts []vec, s float64) (at, dir vec) {
	for i := 1; i < len(pts); i++ {
		d := pts[i].sub(pts[i-1])
		l := d.len()
		if s <= l || i == len(pts)-1 {
			return pts[i-1].add(d.unit().times(min(s, l))), d.unit()
		}
		s -= l
	}
	return pts[0], vec{1, 0}
}

// closest gives the point of segment ab nearest to p.
func closest(p, a, b vec) vec {
	d := b.sub(a)
	l := d.dot(d)
	if l == 0 {
		return a
	}
	return a.lerp(b, min(max(p.sub(a).dot(d)/l, 0), 1))
}

// inside tells whether p lies in the ring (even-odd rule, ring open or closed).
func inside(p vec, ring []vec) bool {
	in := false
	for i, j := 0, len(ring)-1; i < len(ring); j, i = i, i+1 {
		a, b := ring[i], ring[j]
		if (a.Y > p.Y) != (b.Y > p.Y) && p.X < (b.X-a.X)*(p.Y-a.Y)/(b.Y-a.Y)+a.X {
			in = !in
		}
	}
	return in
}

// blob is a closed, wobbly oval.
func blob(rng *rand.Rand, centre vec, rx, ry, wobble float64) []vec {
	p1, p2, p3 := rng.Float64()*6.28, rng.Float64()*6.28, rng.Float64()*6.28
	tilt := (rng.Float64() - 0.5) * 0.8
	var out []vec
	for a := 0; a < 360; a += 5 {
		t := float64(a) * math.Pi / 180
		k := 1 + wobble*(0.5*math.Sin(2*t+p1)+0.35*math.Sin(3*t+p2)+0.15*math.Sin(5*t+p3))
		out = append(out, centre.add(vec{rx * k * math.Cos(t), ry * k * math.Sin(t)}.turn(tilt)))
	}
	return out
}
