package atlas

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"jiujin/geo/tile"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var town = orb.Point{115.56, 29.85}

// put writes retailers first to last of a row of shops going east from the town, 10 m apart, as of a time.
func put(t *testing.T, db *pg.DB, first, last int, status, name string, at time.Time) {
	t.Helper()
	_, err := db.Pool.Exec(context.Background(), `
		insert into retailer (licence_no, name, status, lon, lat, h3, updated_at)
		select lpad(i::text, 12, '0'), $5, $4, $6::float8 + i * 0.0001, $7::float8, 1, $3 from generate_series($1::int, $2::int) i
		on conflict (licence_no) do update set name = excluded.name, status = excluded.status, updated_at = excluded.updated_at`,
		first, last, at, status, name, town[0], town[1])
	if err != nil {
		t.Fatal(err)
	}
}

func refresh(t *testing.T, a *Atlas) {
	t.Helper()
	if err := a.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// points are the features of the town's tile of a zoom.
func points(t *testing.T, a *Atlas, z int) (got tile.Tile, layer *mvt.Layer) {
	t.Helper()
	at := maptile.At(town, maptile.Zoom(z))
	got, err := a.Tile(context.Background(), z, int(at.X), int(at.Y))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Data) == 0 {
		return got, &mvt.Layer{}
	}
	layers, err := mvt.UnmarshalGzipped(got.Data)
	if err != nil || len(layers) != 1 || layers[0].Name != "shop" || layers[0].Version != 2 {
		t.Fatalf("%+v, %v", layers, err)
	}
	layers.ProjectToWGS84(at)
	return got, layers[0]
}

func total(layer *mvt.Layer) (n int) {
	for _, f := range layer.Features {
		n += int(f.Properties["n"].(float64))
	}
	return n
}

func TestAtlasFollowsTheRegister(t *testing.T) {
	db := pgtest.New(t)
	begin := time.Now().Add(-time.Hour)
	a := New(db, 1<<20, slog.Default())
	refresh(t, a)
	if _, layer := points(t, a, 10); len(layer.Features) != 0 || a.Shops() != 0 {
		t.Fatal("shops in an empty register")
	}
	put(t, db, 1, 40, "valid", "东风烟酒店", begin)
	put(t, db, 41, 42, "closed", "歇业店", begin)
	if _, err := db.Pool.Exec(t.Context(), `insert into retailer (licence_no, name, updated_at) values ('111111111111', '无坐标', $1)`, begin); err != nil {
		t.Fatal(err)
	}
	refresh(t, a)
	first, layer := points(t, a, 10)
	if total(layer) != 40 || a.Shops() != 40 {
		t.Fatalf("%d shops on the tile, %d in all", total(layer), a.Shops())
	}
	if _, layer = points(t, a, Single); len(layer.Features) != 40 {
		t.Fatalf("%d single shops", len(layer.Features))
	}
	p := layer.Features[0].Properties
	if p["licence_no"] != "000000000001" || p["name"] != "东风烟酒店" || p["status"] != "valid" || p["id"] == nil {
		t.Errorf("properties %v", p)
	}

	version := a.Version()
	refresh(t, a)
	if a.Version() != version {
		t.Error("a new version of an unchanged register")
	}
	put(t, db, 1, 10, "cancelled", "东风烟酒店", begin.Add(time.Minute))
	refresh(t, a)
	second, layer := points(t, a, 10)
	if total(layer) != 30 || a.Version() == version || second.ETag == first.ETag {
		t.Errorf("%d shops after ten were cancelled, version %d after %d", total(layer), a.Version(), version)
	}

	// The time of a row says nothing of when it was written, and a new name is a new tile.
	before, _ := points(t, a, Single)
	put(t, db, 11, 11, "valid", "改名店", begin.Add(-time.Hour))
	refresh(t, a)
	if after, layer := points(t, a, Single); after.ETag == before.ETag || layer.Features[0].Properties["name"] != "改名店" {
		t.Errorf("the old name: %v", layer.Features[0].Properties)
	}
}

func TestAtlasEdges(t *testing.T) {
	db := pgtest.New(t)
	a := New(db, 0, slog.Default())
	for _, c := range [][3]int{{-1, 0, 0}, {Single + 1, 0, 0}, {0, 1, 0}, {3, 0, 8}} {
		if _, err := a.Tile(t.Context(), c[0], c[1], c[2]); !errors.Is(err, tile.ErrNone) {
			t.Errorf("tile %v: %v", c, err)
		}
	}
	put(t, db, 1, 2, "valid", "店", time.Now())
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- a.Run(ctx) }()
	a.Wake()
	a.Wake() // does not block
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What ends late is drawn when it ends, and what is deleted goes.
func TestAtlasSeesWhatEndsLate(t *testing.T) {
	db := pgtest.New(t)
	a := New(db, 1<<20, slog.Default())
	put(t, db, 1, 5, "valid", "店", time.Now())
	refresh(t, a)
	begun, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := begun.Exec(t.Context(), `update retailer set status = 'closed' where licence_no = lpad('1', 12, '0')`); err != nil {
		t.Fatal(err)
	}
	put(t, db, 6, 6, "valid", "店", time.Now())
	refresh(t, a)
	if a.Shops() != 6 {
		t.Errorf("%d shops while one is being closed", a.Shops())
	}
	if err := begun.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	refresh(t, a)
	if a.Shops() != 5 {
		t.Errorf("%d shops after one was closed", a.Shops())
	}
	if _, err := db.Pool.Exec(t.Context(), `delete from retailer where licence_no in (lpad('1', 12, '0'), lpad('2', 12, '0'))`); err != nil {
		t.Fatal(err)
	}
	version := a.Version()
	refresh(t, a)
	if a.Shops() != 4 || a.Version() == version {
		t.Errorf("%d shops after one was deleted, version %d after %d", a.Shops(), a.Version(), version)
	}
}
