package geo_test

import (
	"encoding/csv"
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
	"pgregory.net/rapid"

	"jiujin/geo"
)

// anyCell draws a cell of any resolution; one in four lies on a pentagon, or
// within three steps of one.
func anyCell(resolutions ...int) *rapid.Generator[geo.Cell] {
	if resolutions == nil {
		resolutions = []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}
	}
	return rapid.Custom(func(t *rapid.T) geo.Cell {
		res := rapid.SampledFrom(resolutions).Draw(t, "res")
		if rapid.IntRange(0, 3).Draw(t, "kind") == 0 {
			pentagon := rapid.SampledFrom(h3.Pentagons(res)).Draw(t, "pentagon")
			disk, err := geo.Disk(geo.Cell(pentagon), rapid.IntRange(0, 3).Draw(t, "steps"))
			if err != nil {
				t.Fatal(err)
			}
			return rapid.SampledFrom(disk).Draw(t, "cell")
		}
		return cellAt(t, anyPoint().Draw(t, "p"), res)
	})
}

func cellAt(t interface{ Fatal(...any) }, p orb.Point, res int) geo.Cell {
	c, err := geo.CellAt(p, res)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func degrees(t *testing.T, s string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestCellAtRefuses(t *testing.T) {
	for _, c := range []struct {
		p    orb.Point
		res  int
		want error
	}{
		{orb.Point{0, math.NaN()}, 8, geo.ErrNotFinite},
		{orb.Point{math.Inf(1), 0}, 8, geo.ErrNotFinite},
		{orb.Point{0, 999}, 8, geo.ErrOutOfRange},
		{orb.Point{181, 0}, 8, geo.ErrOutOfRange},
		{orb.Point{1, 1}, 16, geo.ErrResolution},
		{orb.Point{1, 1}, -1, geo.ErrResolution},
	} {
		if got, err := geo.CellAt(c.p, c.res); got != 0 || !errors.Is(err, c.want) {
			t.Errorf("CellAt(%v, %d) = %v, %v, want %v", c.p, c.res, got, err, c.want)
		}
	}
}

func TestCellAtKnownPoints(t *testing.T) {
	// The first two trips of chengdu-points.csv, computed with h3-js.
	for _, c := range []struct {
		p       orb.Point
		res     int
		want    string
		centres orb.Point
	}{
		{orb.Point{104.114725, 30.760756}, 7, "8740e3cd3ffffff", orb.Point{}},
		{orb.Point{104.114725, 30.760756}, 8, "8840e3cd3bfffff", orb.Point{}},
		{orb.Point{104.114725, 30.760756}, 9, "8940e3cd3b3ffff", orb.Point{104.1158626, 30.7597842}},
		{orb.Point{104.111754, 30.749958}, 9, "8940e3cd103ffff", orb.Point{104.1116682, 30.7485192}},
		{orb.Point{104.109941, 30.740801}, 10, "8a40e3cd1b17fff", orb.Point{}},
	} {
		got := cellAt(t, c.p, c.res)
		if got.String() != c.want || got.Res() != c.res {
			t.Errorf("CellAt(%v, %d) = %v, want %v", c.p, c.res, got, c.want)
		}
		if c.centres != (orb.Point{}) && geo.Distance(got.Centre(), c.centres) > 0.1 {
			t.Errorf("centre of %v is %v, want %v", got, got.Centre(), c.centres)
		}
	}
}

func TestReferenceCells(t *testing.T) {
	file, err := os.Open("../testdata/h3-cells.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll() // cell, resolution, lat, lon
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		c, err := geo.ParseCell(row[0])
		if err != nil {
			t.Fatal(err)
		}
		lon := degrees(t, row[3])
		if lon > 180 {
			lon -= 360
		}
		p := orb.Point{lon, degrees(t, row[2])}
		if got := cellAt(t, p, c.Res()); got != c {
			t.Errorf("CellAt(%v) = %v, want %v", p, got, c)
		}
		if strconv.Itoa(c.Res()) != row[1] {
			t.Errorf("%v has resolution %d, want %s", c, c.Res(), row[1])
		}
	}
}

func TestParentAgreesWithLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCell().Draw(t, "cell")
		res := rapid.IntRange(-1, 16).Draw(t, "parent")
		got, err := c.Parent(res)
		if res < 0 || res > c.Res() {
			if !errors.Is(err, geo.ErrResolution) {
				t.Fatalf("parent at %d of resolution %d: %v, %v", res, c.Res(), got, err)
			}
			return
		}
		if want := geo.Cell(h3.Cell(c).Parent(res)); err != nil || got != want {
			t.Fatalf("parent at %d = %v, %v, want %v", res, got, err, want)
		}
	})
	if _, err := geo.Cell(0).Parent(1); !errors.Is(err, geo.ErrCell) {
		t.Errorf("parent of no cell: %v", err)
	}
}

func TestCellBitsAgreeWithLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCell().Draw(t, "cell")
		if !c.Valid() || c <= 0 {
			t.Fatalf("%v is not valid", c)
		}
		if c.Res() != h3.Cell(c).Resolution() || c.Pentagon() != h3.Cell(c).IsPentagon() || c.String() != h3.Cell(c).String() {
			t.Fatalf("%v: res %d, pentagon %v", c, c.Res(), c.Pentagon())
		}
		if again, err := geo.ParseCell(c.String()); err != nil || again != c {
			t.Fatalf("ParseCell(%v) = %v, %v", c, again, err)
		}
		if at := cellAt(t, c.Centre(), c.Res()); at != c {
			t.Fatalf("the centre of %v lies in %v", c, at)
		}
	})
}

func TestNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCell().Draw(t, "cell")
		ring := c.Neighbours()
		want := 6
		if c.Pentagon() {
			want = 5
		}
		if len(ring) != want || slices.Contains(ring, c) || slices.Contains(ring, 0) {
			t.Fatalf("neighbours of %v: %v", c, ring)
		}
		for _, n := range ring {
			if !n.Valid() || !slices.Contains(n.Neighbours(), c) {
				t.Fatalf("%v has the neighbour %v but not the other way", c, n)
			}
		}
	})
}

// A disk is what repeated steps to neighbours reach, also around pentagons.
func TestDiskIsStepsToNeighbours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := anyCell().Draw(t, "cell")
		k := rapid.IntRange(0, 4).Draw(t, "k")
		got, err := geo.Disk(c, k)
		if err != nil {
			t.Fatal(err)
		}
		steps := map[geo.Cell]bool{c: true}
		edge := []geo.Cell{c}
		for range k {
			var next []geo.Cell
			for _, have := range edge {
				for _, n := range have.Neighbours() {
					if !steps[n] {
						steps[n] = true
						next = append(next, n)
					}
				}
			}
			edge = next
		}
		if len(got) != len(steps) {
			t.Fatalf("disk of %d steps around %v has %d cells, want %d", k, c, len(got), len(steps))
		}
		for _, n := range got {
			if !steps[n] {
				t.Fatalf("disk of %d steps around %v holds %v", k, c, n)
			}
		}
	})
}

func TestNoCell(t *testing.T) {
	for _, c := range []geo.Cell{0, 1, -1, math.MaxInt64} {
		if c.Valid() || c.Pentagon() || c.Centre() != (orb.Point{}) || c.Neighbours() != nil || c.Boundary() != nil {
			t.Errorf("%v passes as a cell", c)
		}
		if _, err := geo.Disk(c, 1); !errors.Is(err, geo.ErrCell) {
			t.Errorf("Disk(%v): %v", c, err)
		}
		if _, err := geo.ParseCell(c.String()); !errors.Is(err, geo.ErrCell) {
			t.Errorf("ParseCell(%v): %v", c, err)
		}
	}
	c := cellAt(t, orb.Point{116.4, 39.9}, 8)
	for _, k := range []int{-1, geo.MaxDisk + 1} {
		if _, err := geo.Disk(c, k); !errors.Is(err, geo.ErrOutOfRange) {
			t.Errorf("Disk(%d): %v", k, err)
		}
	}
}

// Neighbouring centres are at most Spacing apart, and corners at most its share from the centre.
func TestSpacing(t *testing.T) {
	widest := 0.0
	rapid.Check(t, func(t *rapid.T) {
		c := anyCell().Draw(t, "cell")
		spacing := geo.Spacing(c.Res()) * (1 + 1e-9)
		for _, n := range c.Neighbours() {
			apart := geo.Distance(c.Centre(), n.Centre())
			if apart > spacing {
				t.Fatalf("%v and %v are %.3f m apart, bound %.3f m", c, n, apart, spacing)
			}
			widest = max(widest, float64(apart/spacing))
		}
		for _, corner := range c.Boundary() {
			if far := geo.Distance(c.Centre(), corner); far > spacing/geo.Metres(math.Sqrt(3)) {
				t.Fatalf("a corner of %v is %.3f m from its centre", c, far)
			}
		}
	})
	if widest < 0.95 {
		t.Errorf("the bound is loose: the widest spacing found is %.4f of it", widest)
	}
}

func BenchmarkCellAt(b *testing.B) {
	for b.Loop() {
		if _, err := geo.CellAt(orb.Point{104.114725, 30.760756}, geo.StoreRes); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDistance(b *testing.B) {
	from, to := orb.Point{104.114725, 30.760756}, orb.Point{104.2, 30.7}
	for b.Loop() {
		geo.Distance(from, to)
	}
}
