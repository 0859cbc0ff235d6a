package atlas

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo/tile"
	"jiujin/internal/pg"
)

// row is what the atlas keeps of a retailer; lon and lat are 0 when it is not drawn.
type row struct {
	id       int64
	lon, lat float64
	drawn    bool
}

// spot is where r is drawn; nowhere when it is not.
func (r row) spot() tile.Spot {
	if !r.drawn {
		return nowhere
	}
	return tile.SpotOf(orb.Point{r.lon, r.lat})
}

// eachDrawn calls fn with every retailer that is drawn.
func eachDrawn(ctx context.Context, q pg.Queryer, fn func(row)) error {
	rows, err := q.Query(ctx, `
		select id, lon, lat, true from retailer
		where lon is not null and status in ('valid', 'suspended', 'renewing', 'expired')`)
	if err != nil {
		return fmt.Errorf("read the register: %w", err)
	}
	return each(rows, fn)
}

// eachChanged calls fn with every retailer that was written since a moment, and with those that are gone, as not drawn.
func eachChanged(ctx context.Context, q pg.Queryer, since pg.Moment, fn func(row)) error {
	rows, err := q.Query(ctx, `
		select id, 0::float8, 0::float8, false from retailer_gone g
		where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
			and not pg_visible_in_snapshot(changed_xid, $1) and not exists (select from retailer r where r.id = g.id)
		union all
		select id, coalesce(lon, 0), coalesce(lat, 0), lon is not null and status in ('valid', 'suspended', 'renewing', 'expired')
		from retailer
		where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
			and not pg_visible_in_snapshot(changed_xid, $1)`, since.String())
	if err != nil {
		return fmt.Errorf("read what has changed in the register: %w", err)
	}
	return each(rows, fn)
}

func each(rows pgx.Rows, fn func(row)) error {
	var r row
	_, err := pgx.ForEachRow(rows, []any{&r.id, &r.lon, &r.lat, &r.drawn}, func() error { fn(r); return nil })
	if err != nil {
		return fmt.Errorf("read the register: %w", err)
	}
	return nil
}

// shop is a retailer as a tile shows it.
type shop struct {
	id                      int64
	licenceNo, name, status string
	point                   orb.Point
}

// shopsIn are the retailers to be drawn within b.
func shopsIn(ctx context.Context, q pg.Queryer, b orb.Bound) ([]shop, error) {
	rows, err := q.Query(ctx, `
		select id, licence_no, name, status, lon, lat from retailer
		 where geog && st_makeenvelope($1, $2, $3, $4, 4326)::geography
		   and lon >= $1 and lon < $3 and lat > $2 and lat <= $4
		   and status in ('valid', 'suspended', 'renewing', 'expired')
		 order by id`, b.Min[0], b.Min[1], b.Max[0], b.Max[1])
	if err != nil {
		return nil, fmt.Errorf("shops within %v: %w", b, err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (s shop, err error) {
		err = row.Scan(&s.id, &s.licenceNo, &s.name, &s.status, &s.point[0], &s.point[1])
		return s, err
	})
	if err != nil {
		return nil, fmt.Errorf("shops within %v: %w", b, err)
	}
	return list, nil
}
