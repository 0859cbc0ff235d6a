package basemap

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"time"

	"jiujin/internal/pg"
)

// tileTime is how long the making of one tile may take.
const tileTime = 5 * time.Second

// Tile is one vector tile. It is shared: do not change Data.
type Tile struct {
	Data []byte // a Mapbox Vector Tile, compressed with gzip; empty when nothing is in the tile
	ETag string // with its quotation marks; another one whenever Data is another
}

// Tiles makes tiles and keeps the ones used last. It is safe for concurrent
// use.
type Tiles struct {
	db    pg.Queryer
	cache *cache
}

// NewTiles serves the basemap in db and keeps at most cacheBytes of tiles; 0
// keeps none.
func NewTiles(db pg.Queryer, cacheBytes int) *Tiles {
	return &Tiles{db: db, cache: newCache(cacheBytes)}
}

// Tile is the tile in column x and row y of zoom z, counted from the
// north-west. Without a basemap every tile is empty. Callers who ask for one
// tile at the same time share the work. The error wraps ErrNoTile, or is that
// of the database.
func (t *Tiles) Tile(ctx context.Context, z, x, y int) (Tile, error) {
	if z < 0 || z > MaxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return Tile{}, fmt.Errorf("tile %d/%d/%d: %w", z, x, y, ErrNoTile)
	}
	now, err := version(ctx, t.db)
	if err != nil {
		return Tile{}, err
	}
	k := key{version: now, z: z, x: x, y: y}
	return t.cache.get(ctx, k, func() (Tile, error) { return t.make(ctx, k) })
}

func (t *Tiles) make(ctx context.Context, k key) (Tile, error) {
	ctx, cancel := context.WithTimeout(ctx, tileTime)
	defer cancel()
	raw, err := encode(ctx, t.db, k.z, k.x, k.y)
	if err != nil {
		return Tile{}, err
	}
	sum := sha256.Sum256(raw)
	tile := Tile{ETag: fmt.Sprintf(`"%d-%x"`, k.version, sum[:8])}
	if len(raw) == 0 {
		return tile, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(raw); err != nil {
		return Tile{}, err
	}
	if err := w.Close(); err != nil {
		return Tile{}, err
	}
	tile.Data = bytes.Clone(b.Bytes()) // without the spare capacity
	return tile, nil
}
