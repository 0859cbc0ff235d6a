package geo_test

import (
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"pgregory.net/rapid"

	"jiujin/geo"
)

// anyPoint draws a point anywhere on Earth.
func anyPoint() *rapid.Generator[orb.Point] {
	return rapid.Custom(func(t *rapid.T) orb.Point {
		return orb.Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-90, 90).Draw(t, "lat")}
	})
}

func TestValidPoint(t *testing.T) {
	for _, c := range []struct {
		p    orb.Point
		want error
	}{
		{orb.Point{116.4, 39.9}, nil},
		{orb.Point{180, 90}, nil},
		{orb.Point{-180, -90}, nil},
		{orb.Point{0, 0.1}, nil},
		{orb.Point{0, 0}, geo.ErrZeroPoint},
		{orb.Point{39.9, 116.4}, geo.ErrOutOfRange},
		{orb.Point{180.0001, 0}, geo.ErrOutOfRange},
		{orb.Point{math.NaN(), 1}, geo.ErrNotFinite},
		{orb.Point{1, math.Inf(-1)}, geo.ErrNotFinite},
	} {
		if err := geo.ValidPoint(c.p); !errors.Is(err, c.want) {
			t.Errorf("ValidPoint(%v) = %v, want %v", c.p, err, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	quarter := math.Pi / 2 * float64(geo.EarthRadius)
	for _, c := range []struct {
		a, b orb.Point
		want float64
	}{
		{orb.Point{0, 0}, orb.Point{0, 90}, quarter},
		{orb.Point{0, 0}, orb.Point{180, 0}, 2 * quarter},
		{orb.Point{179.5, 0}, orb.Point{-179.5, 0}, quarter / 90},
		{orb.Point{13, 90}, orb.Point{-100, 90}, 0},
		{orb.Point{116.4, 39.9}, orb.Point{116.4, 39.9}, 0},
	} {
		if got := float64(geo.Distance(c.a, c.b)); math.Abs(got-c.want) > 1e-3 {
			t.Errorf("Distance(%v, %v) = %v, want %v", c.a, c.b, got, c.want)
		}
	}
}

func TestDistanceAgreesWithHaversine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := anyPoint().Draw(t, "a")
		near := rapid.Float64Range(1e-7, 1).Draw(t, "near")
		b := anyPoint().Draw(t, "b")
		b = orb.Point{a[0] + near*(b[0]-a[0]), a[1] + near*(b[1]-a[1])}
		want := orbgeo.DistanceHaversine(a, b) / orb.EarthRadius * float64(geo.EarthRadius)
		got := float64(geo.Distance(a, b))
		if back := float64(geo.Distance(b, a)); back != got {
			t.Fatalf("%v one way, %v back", got, back)
		}
		// Haversine itself loses digits towards the antipode.
		if math.Abs(got-want) > 1e-6+1e-8*want {
			t.Fatalf("Distance(%v, %v) = %v, haversine says %v", a, b, got, want)
		}
	})
}

func TestBearing(t *testing.T) {
	here := orb.Point{114.3, 30.6}
	for _, c := range []struct {
		to   orb.Point
		want float64
	}{
		{orb.Point{114.3, 31}, 0},
		{orb.Point{114.3, 30}, 180},
		{orb.Point{114.3001, 30.6}, 90},
		{orb.Point{114.2999, 30.6}, 270},
		{here, 0},
	} {
		if got := geo.Bearing(here, c.to); math.Abs(got-c.want) > 1e-3 {
			t.Errorf("Bearing to %v = %v, want %v", c.to, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		got := geo.Bearing(anyPoint().Draw(t, "a"), anyPoint().Draw(t, "b"))
		if !(got >= 0 && got < 360) {
			t.Fatalf("bearing %v", got)
		}
	})
}

func TestChord2Of(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := geo.VectorOf(anyPoint().Draw(t, "a")), geo.VectorOf(anyPoint().Draw(t, "b"))
		if got, want := geo.Chord2Of(a.Distance(b)), a.Chord2(b); math.Abs(got-want) > 1e-9*want+1e-24 {
			t.Fatalf("Chord2Of = %v, chord = %v", got, want)
		}
	})
	if geo.Chord2Of(-1) != 0 || geo.Chord2Of(1e9) != 4 {
		t.Error("Chord2Of does not clamp")
	}
}
