package basemap

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// Replace makes features the basemap, in place of the one before, inside tx.
// Others see the old map until tx commits. info.Version is not looked at; the
// new version is returned. The error wraps ErrFeature and names the number of
// the feature, counted from 0, when one cannot be stored.
func Replace(ctx context.Context, tx *pg.Tx, info Info, features []Feature) (version int64, err error) {
	for i, f := range features {
		if err := f.check(); err != nil {
			return 0, fmt.Errorf("replace basemap: feature %d: %w", i, err)
		}
	}
	if version, err = claim(ctx, tx, info); err != nil {
		return 0, err
	}
	_, err = tx.CopyFrom(ctx, table, columnNames,
		pgx.CopyFromSlice(len(features), func(i int) ([]any, error) { return columns(features[i]), nil }))
	if err != nil {
		return 0, fmt.Errorf("replace basemap %s: copy %d features: %w", info.Name, len(features), err)
	}
	return version, nil
}

var (
	table       = pgx.Identifier{"basemap_feature"}
	columnNames = []string{"layer", "class", "name", "min_zoom", "geom"}
)

// columns are the values of a feature in the order of columnNames.
func columns(f Feature) []any {
	return []any{string(f.Layer), f.Class, f.Name, int16(f.MinZoom), f.Geometry}
}

// claim makes info the map and takes the old features away. Two at once follow each other.
func claim(ctx context.Context, tx *pg.Tx, info Info) (version int64, err error) {
	err = tx.QueryRow(ctx, `
		insert into basemap as b (name, approval, source, fictional, west, south, east, north)
		values ($1, $2, $3, $4, $5, $6, $7, $8)
		on conflict (only_row) do update set
			name = excluded.name, approval = excluded.approval, source = excluded.source, fictional = excluded.fictional,
			west = excluded.west, south = excluded.south, east = excluded.east, north = excluded.north,
			version = b.version + 1
		returning version`,
		info.Name, info.Approval, info.Source, info.Fictional,
		info.Bounds.Min[0], info.Bounds.Min[1], info.Bounds.Max[0], info.Bounds.Max[1],
	).Scan(&version)
	if err != nil {
		return 0, fmt.Errorf("replace basemap %s: %w", info.Name, err)
	}
	if _, err := tx.Exec(ctx, `delete from basemap_feature`); err != nil {
		return 0, fmt.Errorf("replace basemap %s: delete the old one: %w", info.Name, err)
	}
	return version, nil
}

// OSMReport is what an import found.
type OSMReport struct {
	Roads   int       `json:"roads"`
	Broken  int       `json:"broken"` // ways of which fewer than two nodes are in the file
	Bounds  orb.Bound `json:"bounds"` // of the roads
	Version int64     `json:"version"`
}

// ImportOSM makes the roads of an OpenStreetMap file (PBF) the basemap, in place of the one before, inside tx. Roads go
// to the database as they are read; only the file's nodes are held in memory. info.Bounds and info.Version are not
// looked at. A file without roads is an error; one with a road that cannot be drawn wraps ErrFeature.
func ImportOSM(ctx context.Context, tx *pg.Tx, info Info, file io.Reader) (OSMReport, error) {
	var report OSMReport
	info.Bounds = orb.Bound{}
	version, err := claim(ctx, tx, info)
	if err != nil {
		return report, err
	}
	source := newOSMRoads(ctx, file)
	defer source.scanner.Close()
	_, err = tx.CopyFrom(ctx, table, columnNames, source)
	if source.err != nil { // rather than what the database makes of it
		err = source.err
	}
	if err != nil {
		return report, fmt.Errorf("import basemap %s after %d roads: %w", info.Name, source.roads, err)
	}
	if source.roads == 0 {
		return report, fmt.Errorf("import basemap %s: the file holds no roads", info.Name)
	}
	_, err = tx.Exec(ctx, `update basemap set west = $1, south = $2, east = $3, north = $4`,
		source.bounds.Min[0], source.bounds.Min[1], source.bounds.Max[0], source.bounds.Max[1])
	if err != nil {
		return report, fmt.Errorf("import basemap %s: bounds: %w", info.Name, err)
	}
	return OSMReport{Roads: source.roads, Broken: source.broken, Bounds: source.bounds, Version: version}, nil
}

// RoadDistances is how far each point is from the nearest road of the basemap, in metres; +Inf where none is within
// half a kilometre or so.
func RoadDistances(ctx context.Context, q pg.Queryer, points []orb.Point) ([]geo.Metres, error) {
	lons, lats := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		lons[i], lats[i] = p[0], p[1]
	}
	// The index orders by degrees, in which east and north are not alike: the nearest is among the first eight.
	rows, err := q.Query(ctx, `
		select coalesce(d.metres, 'infinity')
		  from unnest($1::float8[], $2::float8[]) with ordinality as p(lon, lat, n)
		  left join lateral (
			select min(st_distance(near.geom::geography, st_setsrid(st_makepoint(p.lon, p.lat), 4326)::geography)) as metres
			  from (select f.geom from basemap_feature f
			         where f.layer = 'road' and f.geom && st_expand(st_setsrid(st_makepoint(p.lon, p.lat), 4326), 0.005)
			         order by f.geom <-> st_setsrid(st_makepoint(p.lon, p.lat), 4326) limit 8) near
		  ) d on true
		 order by p.n`, lons, lats)
	if err != nil {
		return nil, fmt.Errorf("distances to roads: %w", err)
	}
	metres, err := pgx.CollectRows(rows, pgx.RowTo[geo.Metres])
	if err != nil {
		return nil, fmt.Errorf("distances to roads: %w", err)
	}
	return metres, nil
}

// Load reads which map this is. The error wraps ErrNone.
func Load(ctx context.Context, q pg.Queryer) (Info, error) {
	var i Info
	err := q.QueryRow(ctx, `
		select name, approval, source, fictional, west, south, east, north, version from basemap`,
	).Scan(&i.Name, &i.Approval, &i.Source, &i.Fictional,
		&i.Bounds.Min[0], &i.Bounds.Min[1], &i.Bounds.Max[0], &i.Bounds.Max[1], &i.Version)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNone
	}
	if err != nil {
		return Info{}, fmt.Errorf("load basemap: %w", err)
	}
	return i, nil
}

// version is the version of the map; 0 when there is none.
func version(ctx context.Context, q pg.Queryer) (v int64, err error) {
	err = q.QueryRow(ctx, `select coalesce(max(version), 0) from basemap`).Scan(&v)
	if err != nil {
		return 0, fmt.Errorf("version of the basemap: %w", err)
	}
	return v, nil
}

// encode makes the tile z/x/y, not compressed; empty when nothing is in it.
// A tile is 4,096 units wide and carries 64 more on each side, so that strokes
// do not end at its edge. Details under 4 units, a fifth of a pixel or so, are
// dropped.
func encode(ctx context.Context, q pg.Queryer, z, x, y int) (tile []byte, err error) {
	err = q.QueryRow(ctx, `
		with tile as (
			select st_tileenvelope($1, $2, $3) as square,
				st_transform(st_tileenvelope($1, $2, $3, margin => 64.0 / 4096), 4326) as reach,
				40075016.68 / 2.0 ^ $1 / 4096 * 4 as detail
		), drawn as materialized (
			select f.id, f.layer, nullif(f.class, '') as class, nullif(f.name, '') as name,
				st_asmvtgeom(st_simplify(st_transform(f.geom, 3857), t.detail, true), t.square, 4096, 64, true) as geom
			from basemap_feature f, tile t
			where f.geom && t.reach and f.min_zoom <= $1
		), shown as materialized (
			select * from drawn where geom is not null
		)
		select
			(select st_asmvt(l, 'water', 4096, 'geom') from (select class, name, geom from shown where layer = 'water' order by id) l) ||
			(select st_asmvt(l, 'green', 4096, 'geom') from (select class, name, geom from shown where layer = 'green' order by id) l) ||
			(select st_asmvt(l, 'building', 4096, 'geom') from (select class, name, geom from shown where layer = 'building' order by id) l) ||
			(select st_asmvt(l, 'road', 4096, 'geom') from (select class, name, geom from shown where layer = 'road' order by id) l) ||
			(select st_asmvt(l, 'district', 4096, 'geom') from (select class, name, geom from shown where layer = 'district' order by id) l) ||
			(select st_asmvt(l, 'place', 4096, 'geom') from (select class, name, geom from shown where layer = 'place' order by id) l)`,
		z, x, y).Scan(&tile)
	if err != nil {
		return nil, fmt.Errorf("tile %d/%d/%d: %w", z, x, y, err)
	}
	return tile, nil
}
