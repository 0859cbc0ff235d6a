package basemap

import (
	"context"
	"time"

	"jiujin/geo/tile"
	"jiujin/internal/pg"
)

// tileTime is how long the making of one tile may take.
const tileTime = 5 * time.Second

// Tiles makes tiles and keeps the ones used last. It is safe for concurrent
// use.
type Tiles struct {
	db    pg.Queryer
	cache *tile.Cache
}

// NewTiles serves the basemap in db and keeps at most cacheBytes of tiles; 0
// keeps none.
func NewTiles(db pg.Queryer, cacheBytes int) *Tiles {
	return &Tiles{db: db, cache: tile.NewCache(cacheBytes)}
}

// Tile is the vector tile in column x and row y of zoom z, 0 to MaxZoom.
// Without a basemap every tile is empty. Callers who ask for one tile at the
// same time share the work. The error wraps tile.ErrNone, or is that of the
// database.
func (t *Tiles) Tile(ctx context.Context, z, x, y int) (tile.Tile, error) {
	k := tile.Key{Z: z, X: x, Y: y}
	if err := k.Check(MaxZoom); err != nil {
		return tile.Tile{}, err
	}
	var err error
	if k.Version, err = version(ctx, t.db); err != nil {
		return tile.Tile{}, err
	}
	return t.cache.Get(ctx, k, func() (tile.Tile, error) {
		ctx, cancel := context.WithTimeout(ctx, tileTime)
		defer cancel()
		raw, err := encode(ctx, t.db, k.Z, k.X, k.Y)
		if err != nil {
			return tile.Tile{}, err
		}
		return tile.Pack(raw)
	})
}
