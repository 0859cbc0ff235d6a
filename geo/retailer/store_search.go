package retailer

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/retailer/index"
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

// nearest orders by distance alone inside, because only that uses the index.
// The score falls with the distance, to one half at one kilometre.
func nearest(ctx context.Context, q pg.Queryer, p orb.Point, k int) ([]Hit, error) {
	rows, err := q.Query(ctx, `
		with around as materialized (
			select r.*, geog <-> st_setsrid(st_makepoint($1, $2), 4326)::geography as distance
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

// newestChange is the greatest updated_at; the zero time in an empty register.
func newestChange(ctx context.Context, q pg.Queryer) (time.Time, error) {
	var at *time.Time
	if err := q.QueryRow(ctx, `select max(updated_at) from retailer`).Scan(&at); err != nil || at == nil {
		return time.Time{}, err
	}
	return at.UTC(), nil
}

// changesSince is how many rows have changed since a time, counted up to what
// has the index built anew.
func changesSince(ctx context.Context, q pg.Queryer, since time.Time) (n int, err error) {
	err = q.QueryRow(ctx, `
		select count(*) from (select 1 from retailer where updated_at >= $1 limit $2) r`, since, 10*mostChanges).Scan(&n)
	return n, err
}

// eachDoc gives what the search looks at of each retailer that has changed
// since a time; all for the zero time.
func eachDoc(ctx context.Context, q pg.Queryer, since time.Time, f func(d index.Doc, updatedAt time.Time)) error {
	rows, err := q.Query(ctx, `
		select id, licence_no, name, operator, address, phone_tail, division_code, lon, lat,
			status in ('expired', 'closed', 'cancelled', 'withdrawn', 'recalled', 'revoked'), updated_at
		from retailer where $1::timestamptz is null or updated_at >= $1`, day(since))
	if err != nil {
		return err
	}
	for rows.Next() {
		var d index.Doc
		var lon, lat *float64
		var at time.Time
		err := rows.Scan(&d.ID, &d.LicenceNo, &d.Name, &d.Operator, &d.Address, &d.PhoneTail, &d.Division, &lon, &lat, &d.Over, &at)
		if err != nil {
			rows.Close()
			return err
		}
		if lon != nil && lat != nil {
			d.Located, d.Point = true, orb.Point{*lon, *lat}
		}
		f(d, at)
	}
	return rows.Err()
}
