package tile

import (
	"math"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"
)

// anywhere draws points, some of them in a small town, so that tiles hold several.
func anywhere() *rapid.Generator[orb.Point] {
	return rapid.Custom(func(t *rapid.T) orb.Point {
		if rapid.Bool().Draw(t, "town") {
			return orb.Point{rapid.Float64Range(104, 104.02).Draw(t, "lon"), rapid.Float64Range(30, 30.02).Draw(t, "lat")}
		}
		return orb.Point{rapid.Float64Range(-180, 179.99).Draw(t, "lon"), rapid.Float64Range(-85, 85).Draw(t, "lat")}
	})
}

func spotsOf(points []orb.Point) []Spot {
	out := make([]Spot, len(points))
	for i, p := range points {
		out[i] = SpotOf(p)
	}
	return out
}

// A crowd counts what a plain list counts, also after changes, and its clusters are the tiles below.
func TestCrowdCounts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		points := rapid.SliceOfN(anywhere(), 1, 60).Draw(t, "points")
		keep := rapid.IntRange(0, len(points)-1).Draw(t, "keep")
		c := Crowd{}.Changed(nil, spotsOf(points)).Changed(spotsOf(points[keep:]), nil).Changed(nil, nil)
		come := rapid.SliceOfN(anywhere(), 0, 9).Draw(t, "come")
		c = c.Changed(spotsOf([]orb.Point{{0.5, 0.5}}), spotsOf(come)) // one that is not there is no fault
		points = slices.Concat(points[:keep], come)
		if c.Len() != len(points) || !slices.IsSorted(c.spots) {
			t.Fatalf("%d points, want %d", c.Len(), len(points))
		}
		if len(points) == 0 {
			return
		}
		z := rapid.IntRange(0, 20).Draw(t, "zoom")
		at := maptile.At(rapid.SampledFrom(points).Draw(t, "at"), maptile.Zoom(z))
		k := Key{Z: z, X: int(at.X), Y: int(at.Y)}
		want := 0
		for _, p := range points {
			if maptile.At(p, maptile.Zoom(z)) == at {
				want++
			}
		}
		if c.Count(k) != want {
			t.Fatalf("%d in %v, want %d", c.Count(k), at, want)
		}
		sum := 0
		for _, cluster := range c.Clusters(k, 3) {
			sum += cluster.Count
			if maptile.At(cluster.Point, maptile.Zoom(z)) != at {
				t.Fatalf("%v is not in %v", cluster, at)
			}
		}
		// Two clusters of several are three quarters of a square apart, 48 of 64 pixels; less where degrees are not alike.
		list := slices.DeleteFunc(c.Clusters(k, 3), func(c Cluster) bool { return c.Count == 1 })
		for i, a := range list {
			for _, b := range list[:i] {
				fa, fb := maptile.Fraction(a.Point, maptile.Zoom(z+3)), maptile.Fraction(b.Point, maptile.Zoom(z+3))
				if apart := max(math.Abs(fa[0]-fb[0]), math.Abs(fa[1]-fb[1])); z > 3 && apart < 0.74 {
					t.Fatalf("%v and %v are %.2f squares apart", a, b, apart)
				}
			}
		}
		if sum != want {
			t.Fatalf("clusters hold %d, the tile %d", sum, want)
		}
	})
}

func TestSpot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := anywhere().Draw(t, "p")
		q := SpotOf(p).Point()
		if step := 360.0 / (1 << spotZoom); math.Abs(p[0]-q[0]) > step || math.Abs(p[1]-q[1]) > step {
			t.Fatalf("%v comes back as %v", p, q)
		}
	})
	for _, p := range []orb.Point{{180, 90}, {-180, -90}, {1000, 1000}, {math.NaN(), 1}} {
		if s := SpotOf(p); s>>(2*spotZoom) != 0 {
			t.Errorf("%v is at %x", p, s)
		}
	}
}

func BenchmarkClusters(b *testing.B) {
	spots := make([]Spot, 6_000_000)
	for i := range spots {
		x, y := float64(i%7919)/7919, float64(i%104_729)/104_729
		spots[i] = SpotOf(orb.Point{100 + 20*x*x, 22 + 18*y*y})
	}
	c := Crowd{}.Changed(nil, spots)
	b.ReportAllocs()
	for b.Loop() {
		c.Clusters(Key{Z: 5, X: 25, Y: 13}, 3)
	}
}
