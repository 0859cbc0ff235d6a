package atlas

import (
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb/maptile"

	"jiujin/geo/tile"
	"jiujin/geo/tile/tiletest"
	"jiujin/internal/pg/pgtest"
)

// Tiles of the register are as the specification of vector tiles has them, at every zoom.
func TestTilesAreStrict(t *testing.T) {
	db := pgtest.New(t)
	a := New(db, 0, slog.Default())
	put(t, db, 1, 500, "valid", "东风烟酒店", time.Now().Add(-time.Hour))
	put(t, db, 501, 520, "suspended", "停业店", time.Now().Add(-time.Hour))
	refresh(t, a)
	for z := range Single + 1 {
		at := maptile.At(town, maptile.Zoom(z))
		got, err := a.Tile(t.Context(), z, int(at.X), int(at.Y))
		if err != nil {
			t.Fatal(err)
		}
		raw, err := tile.Unpack(got)
		if err != nil {
			t.Fatal(err)
		}
		layers, err := tiletest.Read(raw)
		if err != nil || len(layers) != 1 || layers[0].Name != "shop" || layers[0].Version != 2 || layers[0].Extent != 4096 {
			t.Fatalf("zoom %d: %+v, %v", z, layers, err)
		}
		for _, f := range layers[0].Features {
			_, many := f.Properties["n"]
			_, named := f.Properties["name"].(string)
			if f.Kind != tiletest.Point || many != (z < Single) || named != (z == Single) {
				t.Fatalf("zoom %d: %+v", z, f)
			}
			for _, p := range slices.Concat(f.Parts...) {
				if p[0] < 0 || p[0] > 4096 || p[1] < 0 || p[1] > 4096 {
					t.Fatalf("zoom %d: a shop at %v of the tile", z, p)
				}
			}
		}
	}
}
