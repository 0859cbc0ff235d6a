package retailer

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// byIDs is the retailers with the ids that there are.
func byIDs(ctx context.Context, q pg.Queryer, ids []int64) (map[int64]Retailer, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	rows, err := q.Query(ctx, `
		select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
			division_code, lon, lat, source_datum, updated_at
		from retailer where id = any($1)`, ids)
	if err != nil {
		return nil, err
	}
	out := make(map[int64]Retailer, len(ids))
	for rows.Next() {
		var s shopRow
		if err := rows.Scan(s.targets()...); err != nil {
			rows.Close()
			return nil, err
		}
		out[s.ID] = s.retailer()
	}
	return out, rows.Err()
}

// byLicenceBegin is the retailers whose licence number begins with digits.
func byLicenceBegin(ctx context.Context, q pg.Queryer, digits string, limit int) ([]Hit, error) {
	rows, err := q.Query(ctx, `
		select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
			division_code, lon, lat, source_datum, updated_at,
			'licence_no', case when licence_no = $1 then 100 else 85 end::float8, null::float8
		from retailer where licence_no ~>=~ $1 and licence_no ~<~ ($1 || ':') -- the character after 9
		order by licence_no using ~<~ limit $2`, digits, limit)
	if err != nil {
		return nil, err
	}
	return hits(rows)
}

// nearest is the k retailers nearest to p, however far. It orders by distance alone inside, because only that uses the index.
// The score falls with the distance, to one half at one kilometre.
func nearest(ctx context.Context, q pg.Queryer, p orb.Point, k int) ([]Hit, error) {
	rows, err := q.Query(ctx, `
		with around as materialized (
			select r.*, st_distance(geog, st_setsrid(st_makepoint($1, $2), 4326)::geography, false) as distance
			from retailer r
			where geog is not null
			order by geog <-> st_setsrid(st_makepoint($1, $2), 4326)::geography limit $3
		)
		select id, licence_no, name, operator, address, phone_tail, business_form, status, valid_from, valid_to,
			division_code, lon, lat, source_datum, updated_at,
			'near', 100 / (1 + distance / 1000), distance
		from around order by distance, id`, p[0], p[1], k)
	if err != nil {
		return nil, err
	}
	return hits(rows)
}

// inCells is where the retailers in the cells are, by id. Distances are not for the database: with them it takes the
// question for a costly one, and starts further processes.
func inCells(ctx context.Context, q pg.Queryer, cells []geo.Cell) (map[int64]orb.Point, error) {
	rows, err := q.Query(ctx, `select id, lon, lat from retailer where h3 = any($1)`, cells)
	if err != nil {
		return nil, err
	}
	at := map[int64]orb.Point{}
	var id int64
	var lon, lat float64
	_, err = pgx.ForEachRow(rows, []any{&id, &lon, &lat}, func() error {
		at[id] = orb.Point{lon, lat}
		return nil
	})
	return at, err
}

func hits(rows pgx.Rows) ([]Hit, error) {
	out := []Hit{}
	for rows.Next() {
		var s shopRow
		var h Hit
		var distance *float64
		if err := rows.Scan(append(s.targets(), &h.Match, &h.Score, &distance)...); err != nil {
			rows.Close()
			return nil, err
		}
		h.Retailer = s.retailer()
		if distance != nil {
			d := geo.Metres(*distance)
			h.Distance = &d
		}
		out = append(out, h)
	}
	return out, rows.Err()
}

// countAll is about how many retailers there are: the planner's figure, which
// costs nothing, or a count while it has none.
func countAll(ctx context.Context, q pg.Queryer) (n int, err error) {
	err = q.QueryRow(ctx, `
		select case when reltuples > 0 then reltuples::bigint else (select count(*) from retailer) end
		from pg_class where oid = 'retailer'::regclass`).Scan(&n)
	return n, err
}
