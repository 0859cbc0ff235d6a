package backdrop

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"time"

	"jiujin/geo/datum"
	"jiujin/geo/pmtiles"
	"jiujin/geo/tile"
)

// keep is how long tiles of other services are kept.
const keep = 24 * time.Hour

// Maps serves the tiles of configured maps. It is safe for concurrent use. Close it when nobody asks any more.
type Maps struct {
	list []*served
	now  func() time.Time
}

// served is a map that is open.
type served struct {
	Map
	archive *pmtiles.Archive // nil = from another service
	file    *os.File
	remote  remote
	raw     *tile.Cache // as they come, for maps that are shifted
	cache   *tile.Cache // as they go
}

// Open completes the maps, which must have been checked, and opens their files. Each keeps at most cacheBytes of tiles.
func Open(maps []Map, cacheBytes int, now func() time.Time) (*Maps, error) {
	if err := Check(maps); err != nil {
		return nil, err
	}
	out := &Maps{now: now}
	for _, m := range maps {
		s := &served{Map: m, raw: tile.NewCache(cacheBytes / 2), cache: tile.NewCache(cacheBytes), remote: newRemote(m)}
		out.list = append(out.list, s)
		if m.File == "" {
			continue
		}
		if err := s.open(); err != nil {
			return nil, errors.Join(fmt.Errorf("map %q: %w", m.ID, err), out.Close())
		}
	}
	return out, nil
}

func (s *served) open() (err error) {
	if s.file, err = os.Open(s.File); err != nil {
		return err
	}
	if s.archive, err = pmtiles.Open(s.file); err != nil {
		return err
	}
	s.MinZoom, s.MaxZoom = s.archive.MinZoom, s.archive.MaxZoom
	if s.archive.Kind == pmtiles.MVT && s.Datum == string(datum.GCJ02) {
		return fmt.Errorf("%w: vector tiles in GCJ02 cannot be shifted; convert their data to WGS84", ErrMap)
	}
	return nil
}

// Close closes the files.
func (m *Maps) Close() error {
	var wrong []error
	for _, s := range m.list {
		if s.file != nil {
			wrong = append(wrong, s.file.Close())
		}
	}
	return errors.Join(wrong...)
}

// Shown is a map as pages learn of it.
type Shown struct {
	Map
	Vector   bool
	Metadata []byte // of a PMTiles archive, JSON
}

// All is every map, in the order of the configuration.
func (m *Maps) All() []Shown {
	out := make([]Shown, len(m.list))
	for i, s := range m.list {
		out[i].Map = s.Map
		if s.archive != nil {
			out[i].Vector, out[i].Metadata = s.archive.Kind == pmtiles.MVT, s.archive.Metadata
		}
	}
	return out
}

// Hosts are the origins that pages talk to for direct maps, such as https://t0.tianditu.gov.cn; none for nil Maps.
func (m *Maps) Hosts() (out []string) {
	if m == nil {
		return nil
	}
	for _, s := range m.list {
		for _, address := range slices.Concat(s.Addresses()...) {
			if u, err := url.Parse(address); err == nil && !slices.Contains(out, u.Scheme+"://"+u.Host) {
				out = append(out, u.Scheme+"://"+u.Host)
			}
		}
	}
	return out
}

// Tile is the tile of the layer (the place in URL; 0 for a file) of the map id. A tile that the map does not have is
// empty. The error wraps tile.ErrNone, or ErrFetch when the other service does not answer with a tile.
func (m *Maps) Tile(ctx context.Context, id string, layer, z, x, y int) (tile.Tile, error) {
	for _, s := range m.list {
		if s.ID == id && !s.Direct && layer >= 0 && layer < max(1, len(s.URL)) {
			return s.tile(ctx, layer, tile.Key{Version: m.now().Unix()/int64(keep.Seconds())<<4 | int64(layer), Z: z, X: x, Y: y})
		}
	}
	return tile.Tile{}, fmt.Errorf("map %q: %w", id, tile.ErrNone)
}

func (s *served) tile(ctx context.Context, layer int, k tile.Key) (tile.Tile, error) {
	if err := k.Check(s.MaxZoom); err != nil {
		return tile.Tile{}, err
	}
	if s.Datum != string(datum.GCJ02) || k.Z < shiftFrom {
		return s.plain(ctx, s.cache, layer, k)
	}
	return s.cache.Get(ctx, k, func() (tile.Tile, error) {
		data, err := shifted(ctx, k.Z, k.X, k.Y, s.TileSize, func(ctx context.Context, x, y int) ([]byte, error) {
			under, err := s.plain(ctx, s.raw, layer, tile.Key{Version: k.Version, Z: k.Z, X: x, Y: y})
			return under.Data, err
		})
		return tile.Tile{Data: data, ETag: tile.ETag(data), Kind: string(pmtiles.PNG)}, err
	})
}

// plain is the tile as the map has it.
func (s *served) plain(ctx context.Context, cache *tile.Cache, layer int, k tile.Key) (tile.Tile, error) {
	return cache.Get(ctx, k, func() (tile.Tile, error) {
		if s.archive == nil {
			return s.remote.fetch(ctx, layer, k.Z, k.X, k.Y)
		}
		data, err := s.archive.Tile(k.Z, k.X, k.Y)
		return tile.Tile{Data: data, ETag: tile.ETag(data), Kind: string(s.archive.Kind), Gzip: s.archive.Gzip}, err
	})
}
