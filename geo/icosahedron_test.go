package geo_test

import (
	"flag"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"

	"jiujin/geo"
)

// points is how many random points TestCellAtIsTheLibrarys takes.
var points = flag.Int("points", 400_000, "random points in the comparison of cells with the H3 library")

// hardPlaces are where the icosahedron has its corners, the middles of its
// edges and of its faces, where longitudes end, and the poles.
func hardPlaces() []orb.Point {
	places := []orb.Point{{0, 90}, {0, -90}, {180, 0}, {-180, 0}, {180, 66}, {-180, -17}, {0, 0}, {114.3, 30.6}, {122.3, 39.1}}
	var corners []geo.Vector
	for _, pentagon := range h3.Pentagons(2) {
		p := geo.Cell(pentagon).Centre()
		places, corners = append(places, p), append(corners, geo.VectorOf(p))
	}
	for i, a := range corners {
		for j, b := range corners[:i] {
			if a.Chord2(b) > 1.2 { // sides of the icosahedron have a chord² of 1.106
				continue
			}
			places = append(places, pointOf(geo.Vector{a[0] + b[0], a[1] + b[1], a[2] + b[2]}))
			for _, c := range corners[:j] {
				if a.Chord2(c) < 1.2 && b.Chord2(c) < 1.2 {
					places = append(places, pointOf(geo.Vector{a[0] + b[0] + c[0], a[1] + b[1] + c[1], a[2] + b[2] + c[2]}))
				}
			}
		}
	}
	return places
}

func pointOf(v geo.Vector) orb.Point {
	return orb.Point{math.Atan2(v[1], v[0]) * 180 / math.Pi, math.Atan2(v[2], math.Hypot(v[0], v[1])) * 180 / math.Pi}
}

// near is a point at a distance from 1e-12° to 10° of p, all magnitudes alike.
func near(random *rand.Rand, p orb.Point) orb.Point {
	far := math.Pow(10, -12+13*random.Float64())
	sin, cos := math.Sincos(2 * math.Pi * random.Float64())
	q := orb.Point{p[0] + far*cos/max(math.Cos(p[1]*math.Pi/180), 1e-3), p[1] + far*sin}
	return orb.Point{math.Remainder(q[0], 360), min(max(q[1], -90), 90)}
}

// onSide is a point on the outline of the cell around p, or a hair off it.
func onSide(random *rand.Rand, p orb.Point, res int) orb.Point {
	ring := geo.Cell(h3.LatLngToCell(h3.LatLng{Lat: p[1], Lng: p[0]}, res)).Boundary()
	at := random.IntN(len(ring) - 1)
	a, b, t := geo.VectorOf(ring[at]), geo.VectorOf(ring[at+1]), random.Float64()
	if random.IntN(8) == 0 {
		t = 0 // a corner
	}
	q := pointOf(geo.Vector{a[0] + t*(b[0]-a[0]), a[1] + t*(b[1]-a[1]), a[2] + t*(b[2]-a[2])})
	if random.IntN(2) == 0 {
		return q
	}
	hair := math.Pow(10, -14+9*random.Float64())
	return orb.Point{math.Remainder(q[0]+hair*random.NormFloat64(), 360), min(max(q[1]+hair*random.NormFloat64(), -90), 90)}
}

// The cells worked out here are those of the library: anywhere on Earth, around
// the places where the grid is irregular, and on and beside the sides of cells.
func TestCellAtIsTheLibrarys(t *testing.T) {
	random, hard := rand.New(rand.NewPCG(2, 3)), hardPlaces()
	if len(hard) != 9+12+30+20 {
		t.Fatalf("%d places", len(hard))
	}
	for n := range *points {
		p := orb.Point{360*random.Float64() - 180, 180 / math.Pi * math.Asin(2*random.Float64()-1)}
		res := geo.StoreRes
		if n%4 == 0 {
			res = random.IntN(geo.MaxRes + 1)
		}
		switch n % 8 {
		case 1, 2, 4:
			p = near(random, hard[random.IntN(len(hard))])
		case 3:
			p = onSide(random, near(random, hard[random.IntN(len(hard))]), res)
		case 5:
			p = onSide(random, p, res)
		}
		want := geo.Cell(h3.LatLngToCell(h3.LatLng{Lat: p[1], Lng: p[0]}, res))
		v, got, err := geo.VectorAndCell(p, res)
		if err != nil || got != want || v != geo.VectorOf(p) {
			t.Fatalf("point %d, %v at resolution %d: %v, want %v (%v)", n, p, res, got, want, err)
		}
	}
}

// A centre worked out here is that of the library, from whichever point of the
// cell: the tolerance is far below what the position store allows for. And what
// is in the core of a cell is in the cell, if only just.
func TestCoreLiesInTheCell(t *testing.T) {
	random, hard := rand.New(rand.NewPCG(4, 5)), hardPlaces()
	cores := 0
	for n := range *points / 4 {
		p := orb.Point{360*random.Float64() - 180, 180 / math.Pi * math.Asin(2*random.Float64()-1)}
		if n%2 == 0 {
			p = near(random, hard[random.IntN(len(hard))])
		}
		v, c, err := geo.VectorAndCell(p, random.IntN(geo.MaxRes+1))
		if err != nil {
			t.Fatal(err)
		}
		want := geo.VectorOf(c.Centre())
		centre, radius := c.Core(v)
		if !(centre.Chord2(want) < 1e-20) {
			t.Fatalf("centre of %v, from %v: %v, want %v", c, p, centre, want)
		}
		if radius == 0 {
			continue
		}
		cores++
		q := pointOf(aside(random, centre, radius*(1-1e-9)))
		if got := geo.Cell(h3.LatLngToCell(h3.LatLng{Lat: q[1], Lng: q[0]}, c.Res())); got != c {
			t.Fatalf("%v is in the core of %v, within %v of %v, and in %v", q, c, radius, centre, got)
		}
		if spacing := float64(geo.Spacing(c.Res()) / geo.EarthRadius); radius < 0.3*spacing {
			t.Fatalf("the core of %v has a radius of %v of the spacing", c, radius/spacing)
		}
	}
	if cores < *points/16 {
		t.Fatalf("%d of %d cells have a core", cores, *points/4)
	}
}

// aside is a point at a chord from v, in any direction.
func aside(random *rand.Rand, v geo.Vector, chord float64) geo.Vector {
	var to, w geo.Vector
	dot, length := 0.0, 0.0
	for k := range to {
		to[k] = random.NormFloat64()
		dot += to[k] * v[k]
	}
	for k := range to {
		to[k] -= dot * v[k]
		length += to[k] * to[k]
	}
	sin, cos := math.Sincos(2 * math.Asin(chord/2))
	for k := range w {
		w[k] = cos*v[k] + sin*to[k]/math.Sqrt(length)
	}
	return w
}
