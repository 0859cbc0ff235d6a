package retailer

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/geo/retailer/index"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

var street = []Retailer{
	{LicenceNo: "421182100001", Name: "红塔烟酒店", Operator: "王建国", Address: "武穴市滨湖大道163号", PhoneTail: "1234", Point: &orb.Point{115.560, 29.850}, DivisionCode: "421182"},
	{LicenceNo: "421182100002", Name: "红塔烟酒店", Operator: "李秀英", Address: "武穴市人民路8号", PhoneTail: "5678", Point: &orb.Point{115.600, 29.850}, DivisionCode: "421182"},
	{LicenceNo: "421127200004", Name: "长沙商行", Operator: "张伟", Address: "黄梅县建设路11号", Point: &orb.Point{115.940, 30.070}, DivisionCode: "421127"},
	{LicenceNo: "421127200006", Name: "福兴隆副食店", Operator: "陈福", Address: "黄梅县建设路163号附2号", DivisionCode: "421127"},
}

func streetFinder(t testing.TB) (*pg.DB, *Finder) {
	db := pgtest.New(t)
	list := slices.Clone(street)
	for i := range list {
		list[i].Status = Valid
	}
	save(t, db, list)
	return db, NewFinder(db, slog.Default())
}

func search(t testing.TB, f *Finder, q Query) []Hit {
	t.Helper()
	found, err := f.Search(context.Background(), q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return found
}

func refresh(t testing.TB, f *Finder) {
	t.Helper()
	if err := f.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// first says which licence a search finds first; "" for none.
func first(t testing.TB, f *Finder, q Query) LicenceNo {
	t.Helper()
	if found := search(t, f, q); len(found) > 0 {
		return found[0].LicenceNo
	}
	return ""
}

func TestFinderWithoutIndex(t *testing.T) {
	_, f := streetFinder(t)
	west := &orb.Point{115.5602, 29.8502}
	for _, tc := range []struct {
		q     Query
		first LicenceNo
	}{
		{Query{Text: "421127200004"}, "421127200004"},
		{Query{Text: "4211272"}, "421127200004"},
		{Query{Near: west}, "421182100001"},
		{Query{Text: "红塔", Near: west}, ""},
	} {
		if got := first(t, f, tc.q); got != tc.first {
			t.Errorf("%+v: found %q first, want %q", tc.q, got, tc.first)
		}
	}
	if p := f.Progress(); p >= 1 {
		t.Errorf("progress %v without an index", p)
	}
	refresh(t, f)
	if p := f.Progress(); p != 1 {
		t.Errorf("progress %v with an index", p)
	}
	if _, err := f.Search(t.Context(), Query{Near: &orb.Point{200, 0}}); !errors.Is(err, ErrPoint) {
		t.Errorf("a point off the Earth: %v", err)
	}
}

func TestFinderHits(t *testing.T) {
	db, f := streetFinder(t)
	refresh(t, f)
	at := orb.Point{115.5605, 29.8505}
	got := search(t, f, Query{Text: "红塔", Near: &at})
	if len(got) != 2 || got[0].LicenceNo != "421182100001" || got[0].Operator != "王建国" || got[0].Match != index.MatchName {
		t.Fatalf("found %+v", got)
	}
	if want := geo.Distance(at, *got[0].Point); math.Abs(float64(*got[0].Distance-want)) > 0.1 {
		t.Errorf("%v m away, want %v", *got[0].Distance, want)
	}
	nearest, err := Near(t.Context(), db, at, 100)
	if err != nil || len(nearest) != 3 {
		t.Fatalf("%d near, %v; want the 3 with a point", len(nearest), err)
	}
	for i, h := range search(t, f, Query{Near: &at}) {
		// The database measures on the ellipsoid.
		if h.ID != nearest[i].ID || math.Abs(float64(*h.Distance / *nearest[i].Distance)-1) > 0.006 {
			t.Errorf("%d: %s at %v m, the database says %s at %v m", i, h.LicenceNo, *h.Distance, nearest[i].LicenceNo, *nearest[i].Distance)
		}
	}
}

// The index follows the register: what is new, what has another name, what was
// written late with an early time.
func TestFinderFollows(t *testing.T) {
	db, f := streetFinder(t)
	refresh(t, f)
	put := func(no, name string, at time.Time) {
		t.Helper()
		_, err := db.Pool.Exec(t.Context(), `
			insert into retailer (licence_no, name, updated_at) values ($1, $2, $3)
			on conflict (licence_no) do update set name = excluded.name, updated_at = excluded.updated_at`, no, name, at)
		if err != nil {
			t.Fatal(err)
		}
		refresh(t, f)
	}
	now := db.Now()
	put("421182100009", "新开百货", now.Add(time.Second))
	if got := first(t, f, Query{Text: "新开"}); got != "421182100009" {
		t.Errorf("the new shop: found %q", got)
	}
	put("421182100009", "换名超市", now.Add(2*time.Second))
	if got := first(t, f, Query{Text: "新开百"}); got != "" {
		t.Errorf("the old name finds %q", got)
	}
	if got := first(t, f, Query{Text: "换名"}); got != "421182100009" {
		t.Errorf("the new name finds %q", got)
	}
	put("421182100010", "迟到商店", now.Add(-time.Hour))
	if got := first(t, f, Query{Text: "迟到"}); got != "421182100010" {
		t.Errorf("what came late: found %q", got)
	}
}

func TestFinderIsWoken(t *testing.T) {
	db := pgtest.New(t)
	woken := make(chan struct{}, 16)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- pg.Listen(ctx, db.Pool.Config().ConnString(), Channel, func() { woken <- struct{}{} })
	}()
	<-woken // connected
	save(t, db, []Retailer{{LicenceNo: "421182100001", Name: "店", Status: Valid}})
	<-woken
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Around gives the same with an index and without: those in the circle, and no other.
func TestAround(t *testing.T) {
	_, f := streetFinder(t)
	at := orb.Point{115.5605, 29.8505}
	around := func(within geo.Metres, limit int) (got []LicenceNo) {
		t.Helper()
		hits, err := f.Around(t.Context(), at, within, limit)
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range hits {
			if d := geo.Distance(at, *h.Point); math.Abs(float64(*h.Distance-d)) > 0.01*float64(d) {
				t.Errorf("%s is at %v m, want %v", h.LicenceNo, *h.Distance, d)
			}
			got = append(got, h.LicenceNo)
		}
		return got
	}
	check := func() {
		t.Helper()
		for _, tc := range []struct {
			within geo.Metres
			limit  int
			want   []LicenceNo
		}{
			{50, 100, nil},
			{100, 100, []LicenceNo{"421182100001"}},
			{4000, 100, []LicenceNo{"421182100001", "421182100002"}},
			{4000, 1, []LicenceNo{"421182100001"}},
			{1e9, 100, []LicenceNo{"421182100001", "421182100002"}},
			{4000, 0, nil},
		} {
			if got := around(tc.within, tc.limit); !slices.Equal(got, tc.want) {
				t.Errorf("within %v m, at most %d: %v, want %v", tc.within, tc.limit, got, tc.want)
			}
		}
	}
	check()
	refresh(t, f)
	check()
	if _, err := f.Around(t.Context(), orb.Point{200, 0}, 10, 10); !errors.Is(err, ErrPoint) {
		t.Errorf("a point off the Earth: %v", err)
	}
}

// The cells of a circle hold every point in it, wherever on Earth it is.
func TestCircle(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-80, 80).Draw(t, "lat")}
		within := geo.Metres(rapid.Float64Range(0, float64(MostAround)).Draw(t, "within"))
		cells, err := circle(p, within)
		if err != nil {
			t.Fatal(err)
		}
		angle := rapid.Float64Range(0, 2*math.Pi).Draw(t, "angle")
		degrees := float64(within/geo.EarthRadius) * 180 / math.Pi
		q := orb.Point{p[0] + 0.999*degrees*math.Cos(angle)/math.Cos(p[1]*math.Pi/180), p[1] + 0.999*degrees*math.Sin(angle)}
		q[0] = math.Mod(q[0]+540, 360) - 180
		cell, err := geo.CellAt(q, geo.RetailerRes)
		if err != nil {
			t.Fatal(err)
		}
		if geo.Distance(p, q) <= within && !slices.Contains(cells, cell) {
			t.Fatalf("%v is %v m from %v, and in none of %d cells", q, geo.Distance(p, q), p, len(cells))
		}
	})
}
