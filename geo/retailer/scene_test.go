package retailer

import (
	"context"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// What a list says of its points is kept; of others it counts how finely they are given.
func TestGeoQuality(t *testing.T) {
	db := pgtest.New(t)
	r := load(t, db, []byte("许可证号,店名,经度,纬度,坐标质量\n"+
		"421182100001,甲,115.561234,29.851234,\n421182100002,乙,115.560000,29.85,\n421182100003,丙,,,\n"+
		"421182100004,丁,115.561234,29.851234,乡镇中心\n421182100005,戊,115.561234,29.851234,geocoded\n"+
		"421182100006,己,115.561234,29.851234,火锅\n421182100007,庚,,,存疑\n"), ImportOptions{})
	if r.Inserted != 7 || r.Refused != 0 || len(r.Warnings) != 1 || r.Warnings[0].Field != "geo_quality" || r.Warnings[0].Code != "unknown" {
		t.Errorf("%+v", r)
	}
	for no, want := range map[LicenceNo]GeoQuality{
		"421182100001": GeoGiven, "421182100002": GeoDoubtful, "421182100003": "", "421182100004": GeoCentre, "421182100005": GeoGeocoded, "421182100006": GeoGiven,
		"421182100007": "",
	} {
		if got, err := RecordOf(context.Background(), db.Pool, no); err != nil || got.GeoQuality != want {
			t.Errorf("%s: %q, want %q; %v", no, got.GeoQuality, want, err)
		}
	}
}

// A place that an officer found beats the list until the shop has another address; naming the wrong shop is taken back.
func TestCorrectOnScene(t *testing.T) {
	db := pgtest.New(t)
	ctx := context.Background()
	const list = "许可证号,店名,地址,经度,纬度\n421182100001,甲,人民路1号,115.561,29.851\n421182100002,乙,人民路2号,115.562,29.852\n421182100003,丙,人民路3号,,\n"
	opts := ImportOptions{Profile: Profile{Source: "county"}}
	load(t, db, []byte(list), opts)
	ticket := makeTicket(t, db)
	record := func(no LicenceNo) Record {
		t.Helper()
		r, err := RecordOf(ctx, db.Pool, no)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	correct := func(id int64, p orb.Point) {
		t.Helper()
		if err := db.InTx(ctx, func(tx *pg.Tx) error { return Correct(ctx, tx, id, p, ticket, "an officer") }); err != nil {
			t.Fatal(err)
		}
	}
	first, third := record("421182100001"), record("421182100003")
	found := orb.Point{115.565, 29.855}
	correct(third.ID, found) // the wrong shop
	if r := record("421182100003"); r.Point == nil || *r.Point != found || r.GeoQuality != GeoScene {
		t.Errorf("%+v", r)
	}
	correct(first.ID, found)
	if r := record("421182100003"); r.Point != nil || r.GeoQuality != "" || !r.GeoVerifiedOn.IsZero() {
		t.Errorf("not taken back: %+v", r)
	}
	r := record("421182100001")
	cell, err := geo.CellAt(found, geo.RetailerRes)
	if err != nil {
		t.Fatal(err)
	}
	if *r.Point != found || r.GeoQuality != GeoScene || r.GeoVerifiedOn.IsZero() {
		t.Errorf("%+v", r)
	}
	var h3 int64
	if err := db.Pool.QueryRow(ctx, `select h3 from retailer where id = $1`, r.ID).Scan(&h3); err != nil || h3 != int64(cell) {
		t.Errorf("cell %v, want %v; %v", h3, cell, err)
	}
	correct(first.ID, orb.Point{found[0] + 1e-4, found[1]}) // ten metres off: in front of the door
	if r := record("421182100001"); *r.Point != found {
		t.Errorf("%+v", r)
	}
	history, err := History(ctx, db.Pool, first.ID)
	if err != nil || len(history) != 1 || history[0].Reason != "scene" || history[0].By != "an officer" || history[0].Fields["geo_quality"] != [2]any{"given", "scene"} {
		t.Errorf("%+v, %v", history, err)
	}

	if r := load(t, db, []byte(list), opts); r.Unchanged != 3 {
		t.Errorf("the same list: %+v", r)
	}
	if r := record("421182100001"); *r.Point != found || r.GeoQuality != GeoScene {
		t.Errorf("the list moved it back: %+v", r)
	}
	moved := "许可证号,店名,地址,经度,纬度\n421182100001,甲,解放路9号,115.571,29.861\n421182100002,乙,人民路2号,115.562,29.852\n421182100003,丙,人民路3号,,\n"
	load(t, db, []byte(moved), opts)
	if r := record("421182100001"); *r.Point != (orb.Point{115.571, 29.861}) || r.GeoQuality != GeoGiven || !r.GeoVerifiedOn.IsZero() {
		t.Errorf("the shop moved: %+v", r)
	}
}

// A list that says of itself that its points were verified may move them; a column of metres says nothing of the kind.
func TestWordOfAList(t *testing.T) {
	db := pgtest.New(t)
	opts := ImportOptions{Profile: Profile{Source: "county"}}
	load(t, db, []byte("许可证号,店名,地址,经度,纬度,坐标质量,定位精度\n421182100001,甲,人民路1号,115.561,29.851,现场核实,5\n"), opts)
	r := load(t, db, []byte("许可证号,店名,地址,经度,纬度,坐标质量,定位精度\n421182100001,甲,人民路1号,115.571,29.861,现场核实,5\n"), opts)
	if got, err := RecordOf(context.Background(), db.Pool, "421182100001"); err != nil || *got.Point != (orb.Point{115.571, 29.861}) || r.Updated != 1 {
		t.Errorf("%+v, %v; %+v", got, err, r)
	}
	r = load(t, db, []byte("许可证号,店名,经度,纬度,定位精度\n421182100009,乙,115.571,29.861,5\n"), ImportOptions{})
	if r.Inserted != 1 || len(r.Warnings) != 0 || r.Columns["geo_quality"] != "" {
		t.Errorf("%+v", r)
	}
}

// A correction that is taken back leaves the day on which the place was verified before, and no day where it never was.
func TestUndoKeepsTheDay(t *testing.T) {
	db := pgtest.New(t)
	ctx := context.Background()
	now := noon
	db.Now = func() time.Time { return now }
	load(t, db, []byte("许可证号,店名,经度,纬度,坐标质量\n421182100001,甲,115.561,29.851,现场核实\n421182100002,乙,115.562,29.852,\n"), ImportOptions{})
	first := makeTicket(t, db)
	var second int64
	err := db.Pool.QueryRow(ctx, `
		insert into ticket (number, code_hash, org_id, kind, subtype, urgency, title, due_at, registered_at, created_by)
		select 'second', '\x01', org_id, kind, subtype, urgency, title, due_at, registered_at, created_by from ticket where id = $1
		returning id`, first).Scan(&second)
	if err != nil {
		t.Fatal(err)
	}
	record := func(no LicenceNo) Record {
		t.Helper()
		r, err := RecordOf(ctx, db.Pool, no)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	correct := func(no LicenceNo, ticket int64) {
		t.Helper()
		r := record(no)
		if err := db.InTx(ctx, func(tx *pg.Tx) error { return Correct(ctx, tx, r.ID, *r.Point, ticket, "an officer") }); err != nil {
			t.Fatal(err)
		}
	}
	day := func(n int) time.Time { return chinaDay(noon).AddDate(0, 0, n) }
	verified := func(what string, want time.Time) {
		t.Helper()
		if r := record("421182100001"); !r.GeoVerifiedOn.Equal(want) || r.GeoQuality != GeoScene {
			t.Errorf("%s: %v %v, want %v", what, r.GeoQuality, r.GeoVerifiedOn, want)
		}
	}
	correct("421182100001", first)
	verified("verified", day(0))
	correct("421182100002", first)
	verified("taken back", time.Time{})
	correct("421182100001", first)
	now = now.AddDate(0, 0, 1)
	correct("421182100001", second)
	correct("421182100001", second)
	verified("verified again", day(1))
	if h, err := History(ctx, db.Pool, record("421182100001").ID); err != nil || len(h) != 4 {
		t.Errorf("%+v, %v", h, err)
	}
	correct("421182100002", second)
	verified("taken back once more", day(0))
}
