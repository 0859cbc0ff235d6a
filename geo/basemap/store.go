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
	if err := replacePlaces(ctx, tx, placesOf(features, SourceMap)); err != nil {
		return 0, err
	}
	return version, coarsen(ctx, tx)
}

var (
	table       = pgx.Identifier{"basemap_feature"}
	columnNames = []string{"layer", "class", "name", "name_en", "min_zoom", "geom"}
)

// columns are the values of a feature in the order of columnNames.
func columns(f Feature) []any {
	return []any{string(f.Layer), f.Class, f.Name, f.NameEN, int16(f.MinZoom), f.Geometry}
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
	Roads   int           `json:"roads"`
	Layers  map[Layer]int `json:"layers"` // features by layer, roads among them
	Places  int           `json:"places"` // named places
	Broken  int           `json:"broken"` // ways of which too few nodes are in the file
	Open    int           `json:"open"`   // ways of areas that close no ring, mostly at the edge of the file
	Bounds  orb.Bound     `json:"bounds"` // of the roads; of everything when there are none
	Version int64         `json:"version"`
}

// ImportOSM makes an OpenStreetMap file (PBF) the basemap and its named places those of the table, in place of the ones
// before, inside tx. The file is read twice from where it stands: for the relations, then for the rest, which goes to
// the database as it is read. info.Bounds and info.Version are not looked at. A file with nothing to draw is an error; one
// with a thing that cannot be drawn wraps ErrFeature.
func ImportOSM(ctx context.Context, tx *pg.Tx, info Info, file io.ReadSeeker) (OSMReport, error) {
	info.Bounds = orb.Bound{}
	version, err := claim(ctx, tx, info)
	if err != nil {
		return OSMReport{}, err
	}
	source, err := newOSMFile(ctx, file)
	if err != nil {
		return OSMReport{}, fmt.Errorf("import basemap %s: %w", info.Name, err)
	}
	_, err = tx.CopyFrom(ctx, table, columnNames, source)
	if source.err != nil { // rather than what the database makes of it
		err = source.err
	}
	if err != nil {
		return OSMReport{}, fmt.Errorf("import basemap %s after %d roads: %w", info.Name, source.report.Roads, err)
	}
	report := source.report
	if len(report.Layers) == 0 {
		return OSMReport{}, fmt.Errorf("import basemap %s: the file holds nothing to draw", info.Name)
	}
	places := source.places.list
	if err := replacePlaces(ctx, tx, places); err != nil {
		return OSMReport{}, err
	}
	if err := coarsen(ctx, tx); err != nil {
		return OSMReport{}, err
	}
	b := source.bounds
	if report.Roads == 0 {
		b = source.extent
	}
	_, err = tx.Exec(ctx, `update basemap set west = $1, south = $2, east = $3, north = $4`, b.Min[0], b.Min[1], b.Max[0], b.Max[1])
	if err != nil {
		return OSMReport{}, fmt.Errorf("import basemap %s: bounds: %w", info.Name, err)
	}
	report.Places, report.Bounds, report.Version = len(places), b, version
	return report, nil
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
