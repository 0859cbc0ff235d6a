package basemap

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
	"pgregory.net/rapid"

	"jiujin/geo/tile"
	"jiujin/geo/tile/tiletest"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// readStrictly takes a tile apart and sees that it is as the specification has it, and as pages expect it.
func readStrictly(t rapid.TB, tiles *Tiles, at maptile.Tile) map[Layer]tiletest.Layer {
	t.Helper()
	got, err := tiles.Tile(context.Background(), int(at.Z), int(at.X), int(at.Y))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := tile.Unpack(got)
	if err != nil {
		t.Fatal(err)
	}
	layers, err := tiletest.Read(raw)
	if err != nil {
		t.Fatalf("tile %v: %v", at, err)
	}
	out := map[Layer]tiletest.Layer{}
	for _, l := range layers {
		if l.Version != 2 || l.Extent != 4096 || len(l.Features) == 0 || !slices.Contains(Layers(), Layer(l.Name)) {
			t.Fatalf("tile %v: layer %q of version %d, extent %d, %d features", at, l.Name, l.Version, l.Extent, len(l.Features))
		}
		out[Layer(l.Name)] = l
		for _, f := range l.Features {
			for key, v := range f.Properties {
				if s, ok := v.(string); !ok || s == "" || !slices.Contains([]string{"class", "name", "name_en"}, key) {
					t.Fatalf("tile %v: %s has %s=%v", at, l.Name, key, v)
				}
			}
			for _, p := range slices.Concat(f.Parts...) {
				if p[0] < -64 || p[0] > 4160 || p[1] < -64 || p[1] > 4160 {
					t.Fatalf("tile %v: %s reaches to %v", at, l.Name, p)
				}
			}
		}
	}
	return out
}

// Whatever is on the map, its tiles are as the specification has them, at every zoom.
func TestTilesAreStrict(t *testing.T) {
	db := pgtest.New(t)
	tiles := NewTiles(db.Pool, 0)
	near := func(t *rapid.T, spread float64) orb.Point {
		draw := func(centre float64) float64 { return centre + rapid.Float64Range(-spread, spread).Draw(t, "degrees") }
		return orb.Point{draw(centre[0]), draw(centre[1])}
	}
	rapid.Check(t, func(t *rapid.T) {
		var list []Feature
		for range rapid.IntRange(1, 6).Draw(t, "features") {
			spread := rapid.SampledFrom([]float64{1e-5, 1e-3, 0.1, 3}).Draw(t, "spread")
			f := Feature{
				Layer: rapid.SampledFrom(Layers()).Draw(t, "layer"), Class: rapid.SampledFrom([]string{"", "town"}).Draw(t, "class"),
				Name: rapid.SampledFrom([]string{"", "西街"}).Draw(t, "name"), MinZoom: rapid.IntRange(0, 16).Draw(t, "zoom"),
			}
			var line orb.LineString
			for range rapid.IntRange(2, 12).Draw(t, "points") {
				line = append(line, near(t, spread))
			}
			switch rapid.IntRange(0, 3).Draw(t, "kind") {
			case 0:
				f.Geometry = line[0]
			case 1:
				f.Geometry = line
			case 2:
				f.Geometry = orb.Polygon{append(append(orb.Ring{{centre[0] + spread, centre[1] + 4}}, line...), orb.Point{centre[0] + spread, centre[1] + 4})}
			default:
				f.Geometry = orb.MultiPolygon{square(line[0], spread), append(square(line[1], spread), square(line[1], spread/2)[0])}
			}
			list = append(list, f)
		}
		replace(t, db, county, list)
		for z := range MaxZoom + 1 {
			readStrictly(t, tiles, maptile.At(centre, maptile.Zoom(z)))
		}
	})
}

// Coarse tiles show a road of many pieces as one line, and its name from the zoom on at which it is drawn; a lane
// shorter than a pixel is left out, also when the map is replaced by another.
func TestCoarseTilesJoinLines(t *testing.T) {
	db := pgtest.New(t)
	tiles := NewTiles(db.Pool, 0)
	var list []Feature
	at := func(i int) float64 { return centre[0] - 0.05 + float64(i)*0.0002 }
	for i := range 100 {
		list = append(list, Feature{
			Layer: Road, Class: "trunk", Name: "滨湖大道", MinZoom: 6,
			Geometry: orb.LineString{{at(i), centre[1]}, {at(i + 1), centre[1]}},
		})
		if i%3 == 0 { // as a made-up town has them
			list[i].Geometry = orb.MultiLineString{list[i].Geometry.(orb.LineString)}
		}
	}
	list = append(list, Feature{Layer: Road, Class: "trunk", Name: "引道", MinZoom: 6, Geometry: orb.LineString{{115.6, 29.9}, {115.6001, 29.9}}})
	for range 2 {
		replace(t, db, county, list)
		for z, named := range map[int]bool{6: false, 8: false, 9: false, 10: true, 11: true} {
			got := readStrictly(t, tiles, maptile.At(centre, maptile.Zoom(z)))[Road].Features
			if len(got) != 1 || got[0].Vertices() > 3 || (got[0].Properties["name"] != nil) != named {
				t.Errorf("zoom %d: %d features of the road: %.300v", z, len(got), got)
			}
		}
		if got := readStrictly(t, tiles, maptile.At(orb.Point{centre[0] - 0.04, centre[1]}, 12))[Road].Features; len(got) < 50 {
			t.Errorf("zoom 12 shows %d pieces", len(got))
		}
	}
}

// A map that was stored before there were coarse features has none until the next start, which makes them once.
func TestCompleteMakesCoarseFeaturesOnce(t *testing.T) {
	db := pgtest.New(t)
	tiles := NewTiles(db.Pool, 1<<20)
	complete := func(want bool) {
		t.Helper()
		err := db.InTx(t.Context(), func(tx *pg.Tx) error {
			done, err := Complete(t.Context(), tx)
			if done != want {
				t.Errorf("done %v, want %v", done, want)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	complete(false) // no map at all
	before := replace(t, db, county, features())
	complete(false)
	if _, err := db.Pool.Exec(t.Context(), `delete from basemap_coarse`); err != nil {
		t.Fatal(err)
	}
	if got := layersAt(t, tiles, 10); got != nil {
		t.Fatalf("a tile without coarse features: %v", got)
	}
	complete(true)
	complete(false)
	info, err := Load(t.Context(), db.Pool)
	if err != nil || info.Version != before+1 || layersAt(t, tiles, 10)["road"] == nil {
		t.Errorf("version %d after %d, %v; zoom 10 %v", info.Version, before, err, layersAt(t, tiles, 10))
	}
}

// TestRealMapIsStrict reads tiles of a whole country, where its data are.
func TestRealMapIsStrict(t *testing.T) {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	file, err := os.Open(filepath.Join(dir, "roads", "liechtenstein.osm.pbf"))
	if err != nil {
		return
	}
	defer file.Close()
	db := pgtest.New(t)
	err = db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := ImportOSM(t.Context(), tx, Info{Name: "Liechtenstein", Source: OSMCredit}, file)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	tiles, features := NewTiles(db.Pool, 0), 0
	for z := range MaxZoom + 1 {
		for _, p := range []orb.Point{{9.5209, 47.1410}, {9.51, 47.22}, {9.5553, 47.1}} {
			for _, l := range readStrictly(t, tiles, maptile.At(p, maptile.Zoom(z))) {
				features += len(l.Features)
			}
		}
	}
	if features < 1000 {
		t.Errorf("%d features on all tiles", features)
	}
}
