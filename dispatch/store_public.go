package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// PublicBoard is what a screen in the service hall may show (domain E7): half an hour late, by district, counts below
// five (but zero) left out, never a place, a unit or a person.
type PublicBoard struct {
	AsOf       time.Time        `json:"as_of"`
	Today      PublicToday      `json:"today"`
	ByDistrict []PublicDistrict `json:"by_district"`
	Recent     []PublicRecent   `json:"recent"`
}

// PublicToday counts since midnight in Asia/Shanghai. A count from one to four is nil, OnTimeRate below five arrivals.
type PublicToday struct {
	Received   *int     `json:"received"`
	Closed     *int     `json:"closed"`
	OnTimeRate *float64 `json:"on_time_rate"`
}

// PublicDistrict counts the tickets of seven days by district; a count from one to four is nil.
type PublicDistrict struct {
	District string `json:"district"`
	Open     *int   `json:"open"`
	Closed   *int   `json:"closed"`
}

// PublicRecent is one recent change, its time cut to a quarter of an hour. A district with fewer than five tickets in
// seven days has none: each could be told from the others.
type PublicRecent struct {
	At          time.Time `json:"at"`
	District    string    `json:"district"`
	Subtype     string    `json:"subtype"`
	StatusGroup string    `json:"status_group"`
}

const (
	publicDelay    = 30 * time.Minute
	smallestPublic = 5

	selectPublicToday = `
select count(*) filter (where registered_at >= @midnight and registered_at <= @asof),
    count(*) filter (where status = 'closed' and closed_at >= @midnight and closed_at <= @asof),
    case when count(on_scene_at) filter (where on_scene_at >= @midnight and on_scene_at <= @asof) >= @smallest
         then avg((on_scene_at <= arrive_by)::int) filter (where on_scene_at >= @midnight and on_scene_at <= @asof) end::float8
from ticket where registered_at >= @midnight - interval '2 days'`

	selectPublicDistricts = `
select o.name,
    count(*) filter (where t.closed_at is null or t.closed_at > @asof),
    count(*) filter (where t.closed_at <= @asof)
from ticket t join org o on o.id = t.org_id
where t.registered_at between @asof::timestamptz - interval '7 days' and @asof
group by o.name order by o.name`

	selectPublicRecent = `
select date_bin('15 minutes', coalesce(t.closed_at, t.on_scene_at, t.accepted_at, t.registered_at), 'epoch'), o.name, t.subtype,
    case when t.closed_at is not null then 'closed' when t.on_scene_at is not null then 'on_site'
         when t.accepted_at is not null then 'assigned' else 'received' end
from ticket t
join org o on o.id = t.org_id
join (select org_id from ticket where registered_at between @asof::timestamptz - interval '7 days' and @asof
      group by org_id having count(*) >= @smallest) busy on busy.org_id = t.org_id
where t.status <> 'cancelled' and t.kind in ('report', 'complaint')
  and coalesce(t.closed_at, t.on_scene_at, t.accepted_at, t.registered_at) between @asof::timestamptz - interval '1 day' and @asof
order by 1 desc, t.id desc limit 8`
)

// Public reads the board for the public.
func (s *Service) Public(ctx context.Context, q pg.Queryer, now time.Time) (PublicBoard, error) {
	b := PublicBoard{AsOf: now.Add(-publicDelay).Truncate(time.Minute)}
	args := pgx.NamedArgs{"asof": b.AsOf, "midnight": midnight(now), "smallest": smallestPublic}
	err := q.QueryRow(ctx, selectPublicToday, args).Scan(&b.Today.Received, &b.Today.Closed, &b.Today.OnTimeRate)
	if err != nil {
		return b, fmt.Errorf("public figures: %w", err)
	}
	b.Today.Received, b.Today.Closed = coarse(b.Today.Received), coarse(b.Today.Closed)
	rows, _ := q.Query(ctx, selectPublicDistricts, args)
	if b.ByDistrict, err = pgx.CollectRows(rows, pgx.RowToStructByPos[PublicDistrict]); err != nil {
		return b, fmt.Errorf("public districts: %w", err)
	}
	for i := range b.ByDistrict {
		d := &b.ByDistrict[i]
		d.Open, d.Closed = coarse(d.Open), coarse(d.Closed)
	}
	rows, _ = q.Query(ctx, selectPublicRecent, args)
	if b.Recent, err = pgx.CollectRows(rows, pgx.RowToStructByPos[PublicRecent]); err != nil {
		return b, fmt.Errorf("public recent: %w", err)
	}
	return b, nil
}

// coarse leaves out a count that could single somebody out: one to four. Zero singles nobody out.
func coarse(n *int) *int {
	if n != nil && *n > 0 && *n < smallestPublic {
		return nil
	}
	return n
}
