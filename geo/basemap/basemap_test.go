package basemap

import (
	"context"
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/maptile"

	"pgregory.net/rapid"

	"jiujin/geo/tile"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) {
	pgtest.Main(m)
}

var (
	centre = orb.Point{115.56, 29.85}
	county = Info{
		Name: "示例县", Approval: "审图号：鄂S(2026)000号", Source: "invented", Fictional: true,
		Bounds: orb.Bound{Min: orb.Point{115.4, 29.7}, Max: orb.Point{115.7, 30}},
	}
)

func square(c orb.Point, half float64) orb.Polygon {
	return orb.Polygon{orb.Ring{
		{c[0] - half, c[1] - half}, {c[0] + half, c[1] - half}, {c[0] + half, c[1] + half}, {c[0] - half, c[1] + half}, {c[0] - half, c[1] - half},
	}}
}

func features() []Feature {
	return []Feature{
		{Layer: District, Name: "示例县", Geometry: square(centre, 0.1)},
		{Layer: Water, Class: "river", Name: "长江", Geometry: orb.MultiPolygon{square(centre, 0.02)}},
		{Layer: Green, MinZoom: 10, Geometry: square(centre, 0.01)},
		{Layer: Road, Class: "trunk", Name: "滨湖大道", Geometry: orb.LineString{{115.5, 29.85}, {115.6, 29.85}}},
		{Layer: Road, Class: "residential", Name: "青年巷", MinZoom: 14, Geometry: orb.LineString{{115.559, 29.85}, {115.561, 29.851}}},
		{Layer: Place, Class: "town", Name: "示例镇", Geometry: centre},
		{Layer: Building, MinZoom: 14, Geometry: square(orb.Point{115.5605, 29.8505}, 0.0001)},
	}
}

func replace(t rapid.TB, db *pg.DB, info Info, list []Feature) (version int64) {
	t.Helper()
	err := db.InTx(context.Background(), func(tx *pg.Tx) (err error) {
		version, err = Replace(context.Background(), tx, info, list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return version
}

// layersAt decodes the tile of a zoom that holds the centre, by layer.
func layersAt(t testing.TB, tiles *Tiles, z int) map[string]*mvt.Layer {
	t.Helper()
	at := maptile.At(centre, maptile.Zoom(z))
	got, err := tiles.Tile(context.Background(), z, int(at.X), int(at.Y))
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Data) == 0 {
		return nil
	}
	layers, err := mvt.UnmarshalGzipped(got.Data)
	if err != nil {
		t.Fatal(err)
	}
	layers.ProjectToWGS84(at)
	byName := map[string]*mvt.Layer{}
	for _, l := range layers {
		byName[l.Name] = l
	}
	return byName
}

func TestTile(t *testing.T) {
	db := pgtest.New(t)
	replace(t, db, county, features())
	tiles := NewTiles(db.Pool, 1<<20)

	layers := layersAt(t, tiles, 14)
	for name, want := range map[string]int{"district": 1, "water": 1, "green": 1, "road": 2, "place": 1, "building": 1} {
		if l := layers[name]; l == nil || len(l.Features) != want || l.Version != 2 || l.Extent != 4096 {
			t.Errorf("layer %s: %+v, want %d features", name, l, want)
		}
	}
	for i, want := range []map[string]any{{"class": "trunk", "name": "滨湖大道"}, {"class": "residential", "name": "青年巷"}} {
		got := layers["road"].Features[i].Properties
		if len(got) != 2 || got["class"] != want["class"] || got["name"] != want["name"] {
			t.Errorf("road %d: %v, want %v", i, got, want)
		}
	}
	if got := layers["green"].Features[0].Properties; len(got) != 0 {
		t.Errorf("green has %v", got)
	}
	place := layers["place"].Features[0].Geometry.(orb.Point)
	if unit := 360.0 / (1 << 14) / 4096; math.Abs(place[0]-centre[0]) > unit || math.Abs(place[1]-centre[1]) > unit {
		t.Errorf("place at %v, want %v", place, centre)
	}

	layers = layersAt(t, tiles, 9)
	if layers["building"] != nil || layers["green"] != nil || len(layers["road"].Features) != 1 {
		t.Errorf("zoom 9 shows what begins at 10 and 14")
	}
	if layers = layersAt(t, tiles, 0); layers["place"] == nil {
		t.Error("nothing on the tile of the world")
	}
}

func TestTileSimplifies(t *testing.T) {
	db := pgtest.New(t)
	wave := orb.LineString{}
	for i := range 2001 {
		x := float64(i) / 2000
		wave = append(wave, orb.Point{115.5 + 0.1*x, 29.85 + 0.0001*math.Sin(300*x)})
	}
	replace(t, db, county, []Feature{{Layer: Road, Geometry: wave}})
	tiles := NewTiles(db.Pool, 0)
	far := layersAt(t, tiles, 8)["road"].Features[0].Geometry.(orb.LineString)
	near := layersAt(t, tiles, 15)["road"].Features[0].Geometry.(orb.LineString)
	if len(far) > 5 || len(near) < 20 {
		t.Errorf("%d points at zoom 8, %d at zoom 15", len(far), len(near))
	}
}

func TestTileEdges(t *testing.T) {
	db := pgtest.New(t)
	tiles := NewTiles(db.Pool, 1<<20)
	ctx := context.Background()
	if got, err := tiles.Tile(ctx, 3, 1, 1); err != nil || len(got.Data) != 0 {
		t.Errorf("without a map: %v, %v", got, err)
	}
	if _, err := Load(ctx, db.Pool); !errors.Is(err, ErrNone) {
		t.Errorf("load without a map: %v", err)
	}
	replace(t, db, county, features())
	if got, err := tiles.Tile(ctx, 14, 0, 0); err != nil || len(got.Data) != 0 || got.ETag == "" {
		t.Errorf("far away: %v, %v", got, err)
	}
	for _, c := range [][3]int{{-1, 0, 0}, {17, 0, 0}, {0, 1, 0}, {0, 0, 1}, {5, -1, 0}, {5, 0, -1}, {5, 32, 0}, {16, 0, 65536}, {70, 0, 0}} {
		if _, err := tiles.Tile(ctx, c[0], c[1], c[2]); !errors.Is(err, tile.ErrNone) {
			t.Errorf("tile %v: %v", c, err)
		}
	}
	if _, err := tiles.Tile(ctx, 16, 65535, 65535); err != nil {
		t.Errorf("the last tile: %v", err)
	}
}

func TestReplace(t *testing.T) {
	db := pgtest.New(t)
	ctx := context.Background()
	tiles := NewTiles(db.Pool, 1<<20)
	at := maptile.At(centre, 12)
	get := func() tile.Tile {
		got, err := tiles.Tile(ctx, 12, int(at.X), int(at.Y))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}

	if v := replace(t, db, county, features()); v != 1 {
		t.Errorf("first version is %d", v)
	}
	first := get()
	if again := get(); &again.Data[0] != &first.Data[0] {
		t.Error("the second request was not answered from memory")
	}
	next := county
	next.Approval, next.Bounds.Max[0] = "", 116
	if v := replace(t, db, next, features()[3:4]); v != 2 {
		t.Errorf("second version is %d", v)
	}
	second := get()
	if second.ETag == first.ETag || len(second.Data) >= len(first.Data) {
		t.Errorf("the tile is still that of the old map")
	}
	got, err := Load(ctx, db.Pool)
	if next.Version = 2; err != nil || got != next {
		t.Errorf("loaded %+v, %v; want %+v", got, err, next)
	}

	boom := errors.New("changed my mind")
	err = db.InTx(ctx, func(tx *pg.Tx) error {
		if _, err := Replace(ctx, tx, county, nil); err != nil {
			return err
		}
		if during := get(); during.ETag != second.ETag {
			t.Error("a replacement is seen before it is committed")
		}
		return boom
	})
	if !errors.Is(err, boom) {
		t.Fatal(err)
	}
	if after := get(); after.ETag != second.ETag {
		t.Error("a replacement that was rolled back is seen")
	}
}

func TestReplaceRefuses(t *testing.T) {
	db := pgtest.New(t)
	ctx := context.Background()
	for name, f := range map[string]Feature{
		"layer":       {Layer: "sky", Geometry: centre},
		"zoom":        {Layer: Place, MinZoom: 17, Geometry: centre},
		"no geometry": {Layer: Place},
		"empty":       {Layer: Road, Geometry: orb.LineString{}},
		"pole":        {Layer: Place, Geometry: orb.Point{0, 89}},
		"not finite":  {Layer: Place, Geometry: orb.Point{math.NaN(), 1}},
		"ring":        {Layer: Water, Geometry: square(centre, 1)[0]},
	} {
		err := db.InTx(ctx, func(tx *pg.Tx) error {
			_, err := Replace(ctx, tx, county, []Feature{features()[0], f})
			return err
		})
		if !errors.Is(err, ErrFeature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Load(ctx, db.Pool); !errors.Is(err, ErrNone) {
		t.Errorf("after refusals there is a map: %v", err)
	}
}
