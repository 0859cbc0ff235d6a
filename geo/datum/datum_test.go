package datum_test

import (
	"encoding/csv"
	"errors"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/geo/datum"
)

// city is a row of testdata/city-datums.csv, or of the larger list that JIUJIN_DATA may have.
type city struct {
	name          string
	wgs, gcj, bd9 orb.Point
}

func cities(t *testing.T) []city {
	t.Helper()
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	file, err := os.Open(filepath.Join(dir, "coords/china-cities-datums.csv"))
	if err != nil {
		file, err = os.Open("../../testdata/city-datums.csv")
	}
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []city
	for _, row := range rows[1:] {
		at := func(column int) orb.Point {
			lon, err1 := strconv.ParseFloat(row[column], 64)
			lat, err2 := strconv.ParseFloat(row[column+1], 64)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatalf("%v: %v", row, err)
			}
			return orb.Point{lon, lat}
		}
		out = append(out, city{row[0] + row[1], at(2), at(4), at(6)})
	}
	return out
}

func from(t interface{ Fatal(...any) }, d datum.Datum, p orb.Point) orb.Point {
	q, err := datum.FromWGS84(d, p)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

func to(t interface{ Fatal(...any) }, d datum.Datum, p orb.Point) orb.Point {
	q, err := datum.ToWGS84(d, p)
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// Values that other projects state in their tests.
func TestKnownValues(t *testing.T) {
	tiananmen, northeast := orb.Point{116.404, 39.915}, orb.Point{123, 45}
	for _, c := range []struct {
		name      string
		got, want orb.Point
		within    geo.Metres
	}{
		{"WGS84 to GCJ02", from(t, datum.GCJ02, tiananmen), orb.Point{116.41024449916938, 39.91640428150164}, 1e-6},
		{"GCJ02 to WGS84", to(t, datum.GCJ02, northeast), orb.Point{122.99395597, 44.99804071}, 1},
		{"BD09 to WGS84", to(t, datum.BD09, northeast), orb.Point{122.9876221, 44.9917154}, 1},
		{"GCJ02 to BD09", from(t, datum.BD09, to(t, datum.GCJ02, tiananmen)), orb.Point{116.41036949371029, 39.92133699351021}, 1e-3},
	} {
		if d := geo.Distance(c.got, c.want); d > c.within {
			t.Errorf("%s: %v, want %v, off by %.4f m", c.name, c.got, c.want, d)
		}
	}
}

// The values that map services return for cities are met to a metre.
func TestMapServices(t *testing.T) {
	for _, c := range cities(t) {
		for d, want := range map[datum.Datum]orb.Point{datum.GCJ02: c.gcj, datum.BD09: c.bd9} {
			if off := geo.Distance(from(t, d, c.wgs), want); off > 1 {
				t.Errorf("%s to %s is %.2f m off", c.name, d, off)
			}
			if off := geo.Distance(to(t, d, want), c.wgs); off > 1 {
				t.Errorf("%s from %s is %.2f m off", c.name, d, off)
			}
		}
	}
}

// inland draws a point of China that is a shift or more from its border.
func inland() *rapid.Generator[orb.Point] {
	return rapid.Custom(func(t *rapid.T) orb.Point {
		return orb.Point{rapid.Float64Range(73.5, 135).Draw(t, "lon"), rapid.Float64Range(18, 53.5).Draw(t, "lat")}
	}).Filter(func(p orb.Point) bool {
		for _, off := range []orb.Point{{0.01, 0}, {-0.01, 0}, {0, 0.01}, {0, -0.01}, {0, 0}} {
			if !datum.InChina(orb.Point{p[0] + off[0], p[1] + off[1]}) {
				return false
			}
		}
		return true
	})
}

func TestRoundTripInChina(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := inland().Draw(t, "p")
		for _, d := range datum.All() {
			q := from(t, d, p)
			if off := geo.Distance(p, to(t, d, q)); off > 0.001 {
				t.Fatalf("%v by %s and back is %.2g m off", p, d, off)
			}
			shifted := geo.Distance(p, q)
			switch d {
			case datum.GCJ02, datum.BD09:
				if shifted < 20 || shifted > 2500 {
					t.Fatalf("%v is shifted by %.0f m in %s", p, shifted, d)
				}
			default:
				if shifted != 0 {
					t.Fatalf("%v is shifted by %.3f m in %s", p, shifted, d)
				}
			}
		}
	})
}

// Everywhere, also across the border: what ToWGS84 returns does convert to
// what it was given.
func TestInverseIsAPreimage(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(60, 150).Draw(t, "lon"), rapid.Float64Range(5, 60).Draw(t, "lat")}
		for _, d := range datum.All() {
			q := from(t, d, p)
			if off := geo.Distance(q, from(t, d, to(t, d, q))); off > 0.001 {
				t.Fatalf("%v: %v in %s is not met by its inverse, off by %.2g m", p, q, d, off)
			}
		}
	})
}

// The whole country, border and islands included: every point within comes back to 1 mm, by a lattice of 0.08 degrees
// with a part of a step that differs from line to line. Where the shift carries a point over the border, what comes back
// still converts to the same.
func TestRoundTripOfTheCountry(t *testing.T) {
	points, worst := 0, geo.Metres(0)
	for i, lat := 0, 15.5; lat < 53.7; i, lat = i+1, lat+0.08 {
		for lon := 73.4 + math.Mod(float64(i)*0.0137, 0.08); lon < 135.2; lon += 0.08 {
			p := orb.Point{lon, lat}
			if !datum.InChina(p) {
				if from(t, datum.GCJ02, p) != p {
					t.Fatalf("%v is outside and shifted", p)
				}
				continue
			}
			points++
			for _, d := range []datum.Datum{datum.GCJ02, datum.BD09} {
				off := geo.Distance(p, to(t, d, from(t, d, p)))
				worst = max(worst, off)
				if off > 0.001 {
					t.Fatalf("%v by %s and back is %.2g m off", p, d, off)
				}
			}
		}
	}
	if points < 150_000 {
		t.Errorf("only %d points lie in the country", points)
	}
	t.Logf("%d points, the worst comes back within %.2g m", points, worst)
}

// Beyond the border, and in Hong Kong, Macau and Taiwan, GCJ-02 is WGS-84 and so is its inverse, but for the strip of a
// shift's width beside the border, where a point of GCJ-02 may stand for a place inside.
func TestOutsideNothingMoves(t *testing.T) {
	for name, box := range map[string]orb.Bound{
		"Hong Kong Island": {Min: orb.Point{114.12, 22.20}, Max: orb.Point{114.27, 22.29}},
		"Kowloon":          {Min: orb.Point{114.15, 22.30}, Max: orb.Point{114.23, 22.36}},
		"Lantau":           {Min: orb.Point{113.90, 22.22}, Max: orb.Point{114.02, 22.30}},
		"Macau":            {Min: orb.Point{113.555, 22.185}, Max: orb.Point{113.58, 22.205}},
		"Taiwan":           {Min: orb.Point{120.2, 22}, Max: orb.Point{121.9, 25.2}},
		"Penghu":           {Min: orb.Point{119.4, 23.2}, Max: orb.Point{119.75, 23.8}},
		"Vladivostok":      {Min: orb.Point{131.8, 43.0}, Max: orb.Point{132.2, 43.3}},
		"Lao Cai":          {Min: orb.Point{103.9, 22.3}, Max: orb.Point{104.05, 22.46}},
		"Kathmandu valley": {Min: orb.Point{85.2, 27.6}, Max: orb.Point{85.5, 27.8}},
		"Almaty":           {Min: orb.Point{76.7, 43.1}, Max: orb.Point{77.1, 43.4}},
		"Ulaanbaatar":      {Min: orb.Point{106.7, 47.8}, Max: orb.Point{107.1, 48}},
		"Seoul":            {Min: orb.Point{126.7, 37.4}, Max: orb.Point{127.2, 37.7}},
	} {
		for i := range 21 {
			for j := range 21 {
				p := orb.Point{
					box.Min[0] + (box.Max[0]-box.Min[0])*float64(i)/20, box.Min[1] + (box.Max[1]-box.Min[1])*float64(j)/20,
				}
				if q := from(t, datum.GCJ02, p); q != p {
					t.Errorf("%s %v is shifted to %v", name, p, q)
				}
				if q := to(t, datum.GCJ02, p); q != p {
					t.Errorf("%s %v is shifted back to %v", name, p, q)
				}
			}
		}
	}
}

func TestParse(t *testing.T) {
	for name, want := range map[string]datum.Datum{
		"": datum.WGS84, "wgs84": datum.WGS84, "WGS-84": datum.WGS84, "EPSG:4326": datum.WGS84,
		"GCJ-02": datum.GCJ02, "gcj02": datum.GCJ02, "bd_09": datum.BD09, "BD09LL": datum.BD09,
		"CGCS 2000": datum.CGCS2000, "epsg:4490": datum.CGCS2000,
	} {
		if got, err := datum.Parse(name); err != nil || got != want {
			t.Errorf("Parse(%q) = %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"WGS72", "BD09MC", "火星"} {
		if got, err := datum.Parse(name); got != "" || !errors.Is(err, datum.ErrUnknown) {
			t.Errorf("Parse(%q) = %q, %v", name, got, err)
		}
	}
	if _, err := datum.ToWGS84("x", orb.Point{1, 1}); !errors.Is(err, datum.ErrUnknown) {
		t.Errorf("ToWGS84: %v", err)
	}
	if _, err := datum.FromWGS84("x", orb.Point{1, 1}); !errors.Is(err, datum.ErrUnknown) {
		t.Errorf("FromWGS84: %v", err)
	}
}

func TestNonsenseInEndsQuickly(t *testing.T) {
	for _, d := range datum.All() {
		for _, p := range []orb.Point{{math.NaN(), 1}, {math.Inf(1), math.Inf(-1)}, {1e300, -1e300}} {
			to(t, d, p)
			from(t, d, p)
		}
	}
}
