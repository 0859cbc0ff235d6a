package retailer

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/area"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// placed is a shop as a list would have it that is in one datum.
type placed struct {
	address string
	code    string
	at      orb.Point // WGS-84
}

// sightings are the shops of a list that is said to be in GCJ-02; a share of them is in another datum.
func sightings(t *testing.T, shops []placed, all divisions, share float64, other datum.Datum) []sighting {
	t.Helper()
	random := rand.New(rand.NewPCG(7, uint64(share*1000)))
	out := make([]sighting, len(shops))
	for i, s := range shops {
		d := datum.GCJ02
		if random.Float64() < share {
			d = other
		}
		raw, err := datum.FromWGS84(d, s.at)
		if err != nil {
			t.Fatal(err)
		}
		if out[i].point, err = datum.ToWGS84(datum.GCJ02, raw); err != nil {
			t.Fatal(err)
		}
		out[i].street, out[i].number = streetOf(s.address)
		out[i].division = all.named(s.code, s.address)
	}
	return out
}

// squares are counties of about nine kilometres around Chengdu, each with a code and a name.
func squares() []division {
	var out []division
	for x := range 6 {
		for y := range 6 {
			b := orb.Bound{Min: orb.Point{104 + 0.09*float64(x), 30.5 + 0.08*float64(y)}, Max: orb.Point{104.09 + 0.09*float64(x), 30.58 + 0.08*float64(y)}}
			out = append(out, division{
				code: fmt.Sprintf("51%02d%02d", x+1, y+1), name: fmt.Sprintf("第%c%c区", '甲'+rune(x), '子'+rune(y)), bound: b,
				shape: orb.MultiPolygon{b.ToPolygon()},
			})
		}
	}
	return out
}

// settled makes n shops without house numbers, three of a hundred with the name of another county: across the street,
// or on the other side of the town.
func settled(n int) []placed {
	random := rand.New(rand.NewPCG(3, 3))
	all := squares()
	out := make([]placed, n)
	for i := range out {
		p := orb.Point{104 + 0.54*random.Float64(), 30.5 + 0.48*random.Float64()}
		named := p
		if random.IntN(30) == 0 {
			named = orb.Point{p[0] + 0.02*random.NormFloat64(), p[1] + 0.02*random.NormFloat64()}
		}
		out[i] = placed{address: "某路口", at: p}
		for j := range all {
			if all[j].bound.Contains(named) {
				out[i].address = "成都市" + all[j].name + "某路口"
			}
		}
	}
	return out
}

// Counties that are named tell of another datum, of a mixture that is not too thin, and of a whole list in it.
func TestMixedByDivisions(t *testing.T) {
	shops := settled(20_000)
	all := newDivisions(squares())
	for _, tc := range []struct {
		other   datum.Datum
		share   float64
		suspect bool
	}{
		{datum.WGS84, 0, false},
		{datum.WGS84, 0.05, true},
		{datum.WGS84, 0.3, true},
		{datum.WGS84, 1, true},
		{datum.BD09, 0.05, true},
		{datum.BD09, 0.3, true},
		{datum.BD09, 1, true},
	} {
		m := mixedDatums(datum.GCJ02, sightings(t, shops, all, tc.share, tc.other))
		if m.Suspect != tc.suspect || m.Pairs != 0 || m.Named < 19_000 || m.Outside < 100 {
			t.Errorf("%v of 1 in %s: %+v", tc.share, tc.other, m)
		}
		if tc.share >= 0.3 && m.Shares[tc.other] < 0.05 {
			t.Errorf("%v of 1 in %s: shares %v", tc.share, tc.other, m.Shares)
		}
	}
}

func TestDivisionsOfAddresses(t *testing.T) {
	all := newDivisions([]division{{code: "510107", name: "武侯区"}, {code: "510104", name: "锦江区"}, {code: "360502", name: "渝水区"}, {code: "500112", name: "鼓楼区"}, {code: "320106", name: "鼓楼区"}})
	for _, tc := range []struct{ code, address, want string }{
		{"510107", "锦江区一号", "武侯区"},
		{"510107001", "", "武侯区"},
		{"", "四川省成都市锦江区人民路1号", "锦江区"},
		{"999999", "武侯区小区门口", "武侯区"},
		{"", "小区武侯区", "武侯区"},
		{"", "鼓楼区1号", ""}, // two have the name
		{"", "人民路1号", ""},
	} {
		got := ""
		if d := all.named(tc.code, tc.address); d != nil {
			got = d.name
		}
		if got != tc.want {
			t.Errorf("%s %s: %q, want %q", tc.code, tc.address, got, tc.want)
		}
	}
}

// Licences that are known tell of one row in a hundred.
func TestMixedByRegister(t *testing.T) {
	random := rand.New(rand.NewPCG(9, 9))
	for _, share := range []float64{0, 0.01, 0.05, 0.3} {
		list := sightings(t, settled(2000), divisions{}, share, datum.WGS84)
		for i, s := range settled(2000) {
			p := orb.Point{s.at[0] + 1e-4*random.NormFloat64(), s.at[1] + 1e-4*random.NormFloat64()}
			if random.IntN(10) == 0 { // it has moved, or its point was mended
				p = orb.Point{p[0] + 0.01*random.NormFloat64(), p[1] + 0.01*random.NormFloat64()}
			}
			list[i].known = &p
		}
		m := mixedDatums(datum.GCJ02, list)
		if m.Suspect != (share > 0) || m.Known < 1800 || math.Abs(float64(m.Moved)-2000*share) > 20+200*share {
			t.Errorf("%v of 1: %+v", share, m)
		}
	}
}

// The outlines of the database are those that the witness asks.
func TestMixedDatumOfAWholeList(t *testing.T) {
	db := pgtest.New(t)
	for _, d := range squares() {
		b := d.bound
		_, err := db.Pool.Exec(context.Background(), `
			insert into area (kind, code, name, shape) values ('division', $1, $2, st_multi(st_makeenvelope($3, $4, $5, $6, 4326)))`,
			d.code, d.name, b.Min[0], b.Min[1], b.Max[0], b.Max[1])
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, d := range []datum.Datum{datum.GCJ02, datum.BD09} {
		var list strings.Builder
		list.WriteString("许可证号,店名,地址,经度,纬度\n")
		for i, s := range settled(2000) {
			p, err := datum.FromWGS84(d, s.at)
			if err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&list, "5101041%05d,店,%s,%.6f,%.6f\n", i, s.address, p[0], p[1])
		}
		r := load(t, db, []byte(list.String()), ImportOptions{DryRun: true, Profile: Profile{Datum: datum.GCJ02}})
		if r.Mixed.Suspect != (d != datum.GCJ02) || r.Mixed.Named < 1900 || (len(r.Held) > 0) != r.Mixed.Suspect {
			t.Errorf("%s: %+v", d, r.Mixed)
		}
	}
}

// Real shops of two cities: no alarm as they are, and one when a part of them is in another datum. The list of Chengdu
// is short and has few house numbers next to each other; mixtures of less than a third do not show in it.
func TestMixedDatumOfRealShops(t *testing.T) {
	dir := filepath.Join(dataDir(), "..", "shops-poi")
	if _, err := os.Stat(dir); err != nil {
		return // no data, no case
	}
	db := pgtest.New(t)
	outlines(t, db, filepath.Join(dir, "..", "admin-divisions", "counties-51.geojson.gz"))
	all, err := (&delivering{db: db, asOf: chinaDay(noon)}).counties(context.Background())
	if err != nil || len(all.byCode) != 183 {
		t.Fatal(len(all.byCode), err)
	}
	for _, city := range []struct {
		shops []placed
		least float64 // the thinnest mixture that must be found
	}{
		{realShops(t, filepath.Join(dir, "chengdu-shops.csv"), 3, 4, 6, 5, datum.GCJ02), 0.3},
		{realShops(t, filepath.Join(dir, "shanghai-poi.csv.gz"), 1, 2, 5, 4, datum.WGS84), 0.01},
	} {
		for _, other := range []datum.Datum{datum.WGS84, datum.BD09} {
			for _, share := range []float64{0, 0.01, 0.05, 0.3} {
				m := mixedDatums(datum.GCJ02, sightings(t, city.shops, all, share, other))
				t.Logf("%d shops, %v in %s: suspect %v, apart %d of %d (chance %d), strayed %d of %d (chance %d)", len(city.shops), share, other,
					m.Suspect, m.Apart, m.Pairs, m.ByChance, m.Strayed, m.Named, m.StrayByChance)
				if share == 0 && m.Suspect || share >= city.least && !m.Suspect {
					t.Errorf("%d shops, %v in %s: %+v", len(city.shops), share, other, m)
				}
			}
		}
	}
	m := mixedDatums(datum.GCJ02, sightings(t, realShops(t, filepath.Join(dir, "chengdu-shops.csv"), 3, 4, 6, 5, datum.GCJ02), all, 1, datum.BD09))
	if !m.Suspect || m.Strayed < 20 {
		t.Errorf("all of Chengdu in BD-09: %+v", m)
	}
}

func outlines(t *testing.T, db *pg.DB, path string) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	in, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(context.Background(), func(tx *pg.Tx) error {
		_, err := area.Import(context.Background(), tx, in, area.ImportOptions{Kind: area.Division, Datum: datum.GCJ02})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// realShops reads the columns of address, district, longitude and latitude.
func realShops(t *testing.T, path string, address, district, lon, lat int, d datum.Datum) []placed {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var in io.Reader = file
	if strings.HasSuffix(path, ".gz") {
		if in, err = gzip.NewReader(file); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := csv.NewReader(in).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []placed
	for _, row := range rows[1:] {
		x, err := strconv.ParseFloat(row[lon], 64)
		if err != nil {
			t.Fatal(err)
		}
		y, err := strconv.ParseFloat(row[lat], 64)
		if err != nil {
			t.Fatal(err)
		}
		p, err := datum.ToWGS84(d, orb.Point{x, y})
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, placed{address: row[district] + row[address], at: p})
	}
	return out
}
