// Package atlas draws the register as vector tiles: counts of shops at low
// zooms, the shops themselves from zoom Single on.
//
// Tiles have one layer, shop, of points. Below Single a point has n, the
// number of shops around it; from Single on it has id, licence_no, name and
// status. Shops whose licence is over, and those whose place is not known, are
// left out.
package atlas

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/encoding/mvt"
	"github.com/paulmach/orb/geojson"
	"github.com/paulmach/orb/maptile"

	"jiujin/geo/tile"
	"jiujin/internal/pg"
)

const (
	// Single is the first zoom at which every shop is drawn, and the deepest zoom: clients stretch its tiles.
	Single = 14
	// deeper is how many zooms below a tile its clusters are counted: 8 by 8 to a tile, 64 pixels each.
	deeper = 3
	// most is how many shops one tile of zoom Single may name; a tile with more has clusters.
	most = 3000
)

// Channel is what the database notifies when the register has changed.
const Channel = "retailer_changed"

// Atlas follows the register and draws it. Make it with New; its tiles are
// empty until Run has read the register. It is safe for concurrent use.
type Atlas struct {
	db    *pg.DB
	log   *slog.Logger
	wake  chan struct{}
	state atomic.Pointer[state]
	cache *tile.Cache
	kept  ledger    // Run's own
	seen  time.Time // updated_at of the newest row that was read; Run's own
}

// state is the register at a moment; version grows with each change.
type state struct {
	crowd   tile.Crowd
	version int64
}

// New keeps at most cacheBytes of tiles.
func New(db *pg.DB, cacheBytes int, log *slog.Logger) *Atlas {
	a := &Atlas{db: db, log: log, wake: make(chan struct{}, 1), cache: tile.NewCache(cacheBytes), kept: ledger{}}
	a.state.Store(&state{version: db.Now().UnixMilli()})
	return a
}

// Wake says that the register may have changed. It does not block.
func (a *Atlas) Wake() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Version grows whenever tiles may have changed. It begins with the time of the start, in milliseconds.
func (a *Atlas) Version() int64 { return a.state.Load().version }

// Shops is the number of shops that are drawn.
func (a *Atlas) Shops() int { return a.state.Load().crowd.Len() }

const (
	// look is how often the register is read for changes of which no notice came.
	look = time.Minute
	// overlap is how far before the newest row the next reading begins: a row carries the time at which its transaction
	// began, and it is seen when the transaction ends.
	overlap = 20 * time.Minute
	// restFactor is how much longer than a reading the rest after it is, so that an import does not keep two readers busy.
	restFactor = 5
)

// Run follows the register until ctx ends. While the database is away it keeps what it has.
func (a *Atlas) Run(ctx context.Context) error {
	for {
		begin := time.Now()
		if err := a.Refresh(ctx); err != nil && ctx.Err() == nil {
			a.log.Warn("register not read for the map", "error", err)
		}
		rest := time.NewTimer(restFactor * time.Since(begin))
		select {
		case <-rest.C:
		case <-ctx.Done():
			return nil
		}
		again := time.NewTimer(look)
		select {
		case <-a.wake:
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
		again.Stop()
	}
}

// Refresh reads what has changed since the last time. It is not safe for concurrent use, and not beside Run.
func (a *Atlas) Refresh(ctx context.Context) error {
	since := a.seen
	if !since.IsZero() {
		since = since.Add(-overlap)
	}
	var gone, come []tile.Spot
	changed, newest := false, a.seen
	err := eachChanged(ctx, a.db.Pool, since, func(r row) {
		kept := a.kept.at(r.id)
		now := entry{updated: r.updatedAt.UnixMicro(), drawn: r.drawn}
		if r.drawn {
			now.spot = tile.SpotOf(orb.Point{r.lon, r.lat})
		}
		if now == *kept {
			return
		}
		changed = true
		if kept.drawn {
			gone = append(gone, kept.spot)
		}
		if now.drawn {
			come = append(come, now.spot)
		}
		*kept = now
		if r.updatedAt.After(newest) {
			newest = r.updatedAt
		}
	})
	if err == nil {
		a.seen = newest
	}
	if changed { // also when the reading broke off: the rest comes with the next
		now := a.state.Load()
		a.state.Store(&state{crowd: now.crowd.Changed(gone, come), version: now.version + 1})
	}
	return err
}

// ledger is what is known of each retailer by id, in pages, for ids are nearly dense.
type ledger map[int64]*[1024]entry

// entry is a retailer when it was last read; zero when it was not.
type entry struct {
	spot    tile.Spot
	updated int64 // microseconds since 1970
	drawn   bool
}

// at is the entry of a retailer, to be changed in place.
func (l ledger) at(id int64) *entry {
	page := l[id>>10]
	if page == nil {
		page = new([1024]entry)
		l[id>>10] = page
	}
	return &page[id&1023]
}

// Tile is the tile of the register in column x and row y of zoom z, 0 to Single. The error wraps tile.ErrNone or is
// that of the database.
func (a *Atlas) Tile(ctx context.Context, z, x, y int) (tile.Tile, error) {
	k := tile.Key{Z: z, X: x, Y: y}
	if err := k.Check(Single); err != nil {
		return tile.Tile{}, err
	}
	now := a.state.Load()
	k.Version = now.version
	return a.cache.Get(ctx, k, func() (tile.Tile, error) {
		n := now.crowd.Count(k)
		switch {
		case n == 0:
			return tile.Pack(nil)
		case z < Single || n > most:
			return clustered(now.crowd.Clusters(k, deeper), k)
		}
		list, err := shopsIn(ctx, a.db.Pool, maptile.New(uint32(x), uint32(y), Single).Bound())
		if err != nil {
			return tile.Tile{}, err
		}
		return drawn(list, k)
	})
}

func clustered(list []tile.Cluster, k tile.Key) (tile.Tile, error) {
	fc := geojson.NewFeatureCollection()
	for _, c := range list {
		f := geojson.NewFeature(c.Point)
		f.Properties["n"] = c.Count
		fc.Append(f)
	}
	return encode(fc, k)
}

func drawn(list []shop, k tile.Key) (tile.Tile, error) {
	fc := geojson.NewFeatureCollection()
	for _, s := range list {
		f := geojson.NewFeature(s.point)
		f.Properties = geojson.Properties{"id": s.id, "licence_no": s.licenceNo, "name": s.name, "status": s.status}
		fc.Append(f)
	}
	return encode(fc, k)
}

func encode(fc *geojson.FeatureCollection, k tile.Key) (tile.Tile, error) {
	layer := mvt.NewLayer("shop", fc)
	layer.Version = 2
	layer.ProjectToTile(maptile.New(uint32(k.X), uint32(k.Y), maptile.Zoom(k.Z)))
	raw, err := mvt.Marshal(mvt.Layers{layer})
	if err != nil {
		return tile.Tile{}, fmt.Errorf("tile %d/%d/%d of the register: %w", k.Z, k.X, k.Y, err)
	}
	return tile.Pack(raw)
}
