package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo/road"
	"jiujin/internal/pg"
)

const (
	// Sorties that arrived and that the present graph has not been asked about. Where the unit was when it left is its last
	// fix of the five minutes before.
	selectNewTrips = `
select s.id, f.lon, f.lat, t.lon, t.lat, s.departed_at, s.arrived_at
from sortie s
join ticket t on t.id = s.ticket_id and t.lon is not null
left join road_trip r on r.sortie_id = s.id and r.graph_version = $1
left join lateral (
    select lon, lat from fix
    where unit_id = s.unit_id and fixed_at between s.departed_at - interval '5 minutes' and s.departed_at
    order by fixed_at desc limit 1) f on true
where r.sortie_id is null and s.arrived_at > s.departed_at and s.arrived_at > $2
order by s.id limit $3`

	upsertTrips = `
insert into road_trip as r (sortie_id, graph_version, lon, lat, road_s, took_s, arrived_at)
select * from unnest($1::bigint[], $2::bigint[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::timestamptz[])
on conflict (sortie_id) do update set graph_version = excluded.graph_version, road_s = excluded.road_s`

	selectDrives = `
select lon, lat, road_s, took_s from road_trip
where graph_version = $1 and arrived_at > $2 and road_s is not null
order by arrived_at desc limit 20000`
)

func newTrips(ctx context.Context, q pg.Queryer, version int64, since time.Time, limit int) ([]sortieTrip, error) {
	rows, _ := q.Query(ctx, selectNewTrips, version, since, limit)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (t sortieTrip, err error) {
		var lon, lat *float64
		err = row.Scan(&t.sortieID, &lon, &lat, &t.to[0], &t.to[1], &t.left, &t.there)
		if lon != nil {
			t.from = &orb.Point{*lon, *lat}
		}
		return t, err
	})
	if err != nil {
		return nil, fmt.Errorf("read sorties to learn from: %w", err)
	}
	return list, nil
}

func saveTrips(ctx context.Context, db *pg.DB, version int64, trips []sortieTrip) error {
	n := len(trips)
	ids, versions, times := make([]int64, n), make([]int64, n), make([]time.Time, n)
	lon, lat, said, took := make([]float64, n), make([]float64, n), make([]*float64, n), make([]float64, n)
	for i, t := range trips {
		ids[i], versions[i], times[i], lon[i], lat[i], took[i] = t.sortieID, version, t.there, t.to[0], t.to[1], t.there.Sub(t.left).Seconds()
		if t.roadS > 0 {
			said[i] = &trips[i].roadS
		}
	}
	err := db.InTx(ctx, func(tx *pg.Tx) error {
		_, err := tx.Exec(ctx, upsertTrips, ids, versions, lon, lat, said, took, times)
		return err
	})
	if err != nil {
		return fmt.Errorf("save what %d sorties took: %w", n, err)
	}
	return nil
}

func savedDrives(ctx context.Context, q pg.Queryer, version int64, since time.Time) ([]road.Drive, error) {
	rows, _ := q.Query(ctx, selectDrives, version, since)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (d road.Drive, err error) {
		return d, row.Scan(&d.To[0], &d.To[1], &d.RoadS, &d.TookS)
	})
	if err != nil {
		return nil, fmt.Errorf("read what sorties took: %w", err)
	}
	return list, nil
}
