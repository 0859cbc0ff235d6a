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
	seen  pg.Moment // Run's own
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

// Refresh reads what transactions wrote that have ended since the last time; all the first time. It is not safe for
// concurrent use, and not beside Run.
func (a *Atlas) Refresh(ctx context.Context) error {
	moment, lost, err := a.seen.Next(ctx, a.db.Pool)
	if err != nil {
		return fmt.Errorf("follow the register: %w", err)
	}
	if lost || a.seen.IsZero() {
		return a.load(ctx, moment)
	}
	var gone, come []tile.Spot
	changed := false
	err = eachChanged(ctx, a.db.Pool, a.seen, func(r row) {
		changed = true
		kept := a.kept.at(r.id)
		if *kept != nowhere {
			gone = append(gone, *kept)
		}
		if *kept = r.spot(); *kept != nowhere {
			come = append(come, *kept)
		}
	})
	if changed { // also when the reading broke off: it begins again with the next, and finds these as they are now
		now := a.state.Load()
		a.state.Store(&state{crowd: now.crowd.Changed(gone, come), version: now.version + 1})
	}
	if err == nil {
		a.seen = moment
	}
	return err
}

// load reads the whole register.
func (a *Atlas) load(ctx context.Context, moment pg.Moment) error {
	kept, all := ledger{}, []tile.Spot{}
	err := eachDrawn(ctx, a.db.Pool, func(r row) {
		at := r.spot()
		*kept.at(r.id) = at
		all = append(all, at)
	})
	if err != nil {
		return err
	}
	a.kept, a.seen = kept, moment
	a.state.Store(&state{crowd: tile.Crowd{}.Changed(nil, all), version: a.state.Load().version + 1})
	return nil
}

// ledger is where each retailer is drawn, by id, in pages, for ids are nearly dense.
type ledger map[int64]*[1024]tile.Spot

// nowhere is the spot of a retailer that is not drawn: on the map's edge, where no shop is.
const nowhere tile.Spot = 0

// at is the spot of a retailer, to be changed in place.
func (l ledger) at(id int64) *tile.Spot {
	page := l[id>>10]
	if page == nil {
		page = new([1024]tile.Spot)
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
