package retailer

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/internal/pg/pgtest"
)

// town makes n shops along streets of Chengdu, some hundredths of them in another datum than GCJ-02; street addresses
// without a number or with a wrong one are among them, as in real lists.
func town(n, hundredths int, other datum.Datum) []byte {
	random := rand.New(rand.NewPCG(5, 5))
	var b strings.Builder
	b.WriteString("许可证号,店名,地址,经度,纬度\n")
	for i := range n {
		street := random.IntN(n/20 + 1)
		number := 1 + random.IntN(200)
		turn := rand.New(rand.NewPCG(uint64(street), 1))
		begin := orb.Point{104 + turn.Float64()*0.2, 30.6 + turn.Float64()*0.2}
		dx, dy := turn.Float64()-0.5, turn.Float64()-0.5
		p := orb.Point{begin[0] + dx*float64(number)*1e-4 + random.NormFloat64()*1e-4, begin[1] + dy*float64(number)*1e-4 + random.NormFloat64()*1e-4}
		if random.IntN(20) == 0 {
			p = orb.Point{104 + random.Float64()*0.2, 30.6 + random.Float64()*0.2} // a wrong place
		}
		d := datum.GCJ02
		if random.IntN(100) < hundredths {
			d = other
		}
		p, err := datum.FromWGS84(d, p)
		if err != nil {
			panic(err)
		}
		fmt.Fprintf(&b, "5101041%05d,店%d,成都市第%c街%d号,%.6f,%.6f\n", i, i, '一'+rune(street), number, p[0], p[1])
	}
	return []byte(b.String())
}

func TestMixedDatum(t *testing.T) {
	for _, tc := range []struct {
		hundredths int
		other      datum.Datum
		suspect    bool
	}{
		{0, datum.WGS84, false},
		{1, datum.WGS84, true},
		{1, datum.BD09, true},
		{5, datum.WGS84, true},
		{30, datum.WGS84, true},
		{15, datum.BD09, true},
	} {
		t.Run(fmt.Sprintf("%d of 100 in %s", tc.hundredths, tc.other), func(t *testing.T) {
			db := pgtest.New(t)
			list := town(3000, tc.hundredths, tc.other)
			opts := ImportOptions{Profile: Profile{Datum: datum.GCJ02}}
			r := load(t, db, list, opts)
			if r.Mixed.Suspect != tc.suspect || (r.State == Held) != tc.suspect {
				t.Errorf("%s, %+v", r.State, r.Mixed)
			}
			if tc.hundredths >= 10 {
				if share := r.Mixed.Shares[tc.other]; share < 0.2 {
					t.Errorf("%.2f of those that tell are in %s: %+v", share, tc.other, r.Mixed)
				}
			}
			opts.Confirm = true
			if r = load(t, db, list, opts); r.State != Done {
				t.Errorf("confirmed: %s", r.State)
			}
		})
	}
}

// A list in another datum than the one before is found out by the licences that seem to have moved.
func TestOtherDatumThanBefore(t *testing.T) {
	db := pgtest.New(t)
	list := town(500, 0, datum.GCJ02)
	load(t, db, list, ImportOptions{Profile: Profile{Datum: datum.GCJ02}})
	r := load(t, db, list, ImportOptions{Profile: Profile{Datum: datum.WGS84}})
	if r.State != Held || r.Mixed.Moved < 490 || r.Mixed.Shares[datum.GCJ02] < 0.98 || r.Updated != 500 {
		t.Errorf("%+v", r)
	}
	if d, n := r.Mixed.Likeliest(); d != datum.GCJ02 || n < 490 {
		t.Errorf("%d are taken for %s", n, d)
	}
	var first float64
	if err := db.Pool.QueryRow(context.Background(), `select max(lon) from retailer`).Scan(&first); err != nil || first > 104.3 {
		t.Errorf("the points were changed: %v, %v", first, err)
	}
}

func TestLikeliestDatum(t *testing.T) {
	for _, c := range []struct {
		given datum.Datum
		rows  map[datum.Datum]int
		want  datum.Datum
	}{
		{datum.GCJ02, nil, datum.GCJ02},
		{datum.GCJ02, map[datum.Datum]int{datum.GCJ02: 5, datum.BD09: 5}, datum.GCJ02},
		{datum.GCJ02, map[datum.Datum]int{datum.GCJ02: 5, datum.BD09: 6}, datum.BD09},
		{datum.CGCS2000, map[datum.Datum]int{datum.WGS84: 6, datum.BD09: 5}, datum.CGCS2000},
		{datum.CGCS2000, map[datum.Datum]int{datum.WGS84: 6, datum.BD09: 7}, datum.BD09},
	} {
		if got, n := (Mixed{Given: c.given, Rows: c.rows}).Likeliest(); got != c.want {
			t.Errorf("%+v: %s, %d", c, got, n)
		}
	}
}

func TestStreetOf(t *testing.T) {
	for address, want := range map[string]string{
		"武穴市滨湖大道163号": "武穴市滨湖大道 163", "2605 S QUEEN ST, YORK": "squeenstyork 2605", "人民路１２号": "人民路 12", "汽车站旁": " 0", "A12": " 0", "": " 0",
	} {
		street, number := streetOf(address)
		if got := fmt.Sprint(street, " ", number); got != want {
			t.Errorf("%q: %q, want %q", address, got, want)
		}
	}
}
