package atlas

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

// row is what the atlas keeps of a retailer; lon and lat are 0 when it is not drawn.
type row struct {
	id        int64
	lon, lat  float64
	drawn     bool
	updatedAt time.Time
}

// eachChanged calls fn with every retailer that was written since a time; all with the zero time.
func eachChanged(ctx context.Context, q pg.Queryer, since time.Time, fn func(row)) error {
	rows, err := q.Query(ctx, `
		select id, coalesce(lon, 0), coalesce(lat, 0),
		       lon is not null and status in ('valid', 'suspended', 'renewing', 'expired'), updated_at
		  from retailer where $1::timestamptz is null or updated_at >= $1`, zeroIsNull(since))
	if err != nil {
		return fmt.Errorf("read the register: %w", err)
	}
	var r row
	_, err = pgx.ForEachRow(rows, []any{&r.id, &r.lon, &r.lat, &r.drawn, &r.updatedAt}, func() error { fn(r); return nil })
	if err != nil {
		return fmt.Errorf("read the register: %w", err)
	}
	return nil
}

func zeroIsNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
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
