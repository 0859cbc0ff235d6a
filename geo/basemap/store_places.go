package basemap

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// replacePlaces puts list in place of the places that came with the basemap before, inside tx.
func replacePlaces(ctx context.Context, tx *pg.Tx, list []NamedPlace) error {
	if _, err := tx.Exec(ctx, `delete from place where source in ('osm', 'basemap')`); err != nil {
		return fmt.Errorf("replace places: %w", err)
	}
	_, err := tx.CopyFrom(ctx, pgx.Identifier{"place"}, []string{"name", "name_en", "aliases", "kind", "lon", "lat", "source"},
		pgx.CopyFromSlice(len(list), func(i int) ([]any, error) {
			p := list[i]
			if p.Aliases == nil {
				p.Aliases = []string{}
			}
			return []any{p.Name, p.NameEN, p.Aliases, p.Kind, p.Point[0], p.Point[1], p.Source}, nil
		}))
	if err != nil {
		return fmt.Errorf("replace places: copy %d: %w", len(list), err)
	}
	return nil
}

// NearestPlaces are the places of the kinds (nil = any) within reach of p, the nearest first, at most limit.
func NearestPlaces(ctx context.Context, q pg.Queryer, p orb.Point, kinds []string, reach geo.Metres, limit int) ([]NearPlace, error) {
	rows, err := q.Query(ctx, `
		select id, name, name_en, aliases, kind, lon, lat, source, st_distance(geog, here) as metres
		  from place, (select st_setsrid(st_makepoint($1, $2), 4326)::geography as here) h
		 where st_dwithin(geog, here, $4) and ($3::text[] is null or kind = any ($3))
		 order by metres, id limit $5`, p[0], p[1], kinds, float64(reach), limit)
	if err != nil {
		return nil, fmt.Errorf("places near %v: %w", p, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (n NearPlace, err error) {
		var lon, lat float64
		err = row.Scan(&n.ID, &n.Name, &n.NameEN, &n.Aliases, &n.Kind, &lon, &lat, &n.Source, &n.Distance)
		n.Point = orb.Point{lon, lat}
		return n, err
	})
	if err != nil {
		return nil, fmt.Errorf("places near %v: %w", p, err)
	}
	return list, nil
}

// EachPlace calls fn with every named place until fn returns an error, which it then returns.
func EachPlace(ctx context.Context, q pg.Queryer, fn func(NamedPlace) error) error {
	rows, err := q.Query(ctx, `select id, name, name_en, aliases, kind, lon, lat, source from place order by id`)
	if err != nil {
		return fmt.Errorf("read places: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var n NamedPlace
		if err := rows.Scan(&n.ID, &n.Name, &n.NameEN, &n.Aliases, &n.Kind, &n.Point[0], &n.Point[1], &n.Source); err != nil {
			return fmt.Errorf("read places: %w", err)
		}
		if err := fn(n); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read places: %w", err)
	}
	return nil
}
