package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// KPI is the figures of the big screen. A nil figure has no base yet ("–" on screen), which is not the same as zero.
type KPI struct {
	At     time.Time  `json:"at"`
	Today  KPIToday   `json:"today"`
	Squads []KPISquad `json:"squads"`
	Stages KPIStages  `json:"stages"`
	Trend  []KPIHour  `json:"trend"`
}

// KPIToday counts since midnight in Asia/Shanghai, except awaiting, in progress and overdue, which are of now.
type KPIToday struct {
	Received     int      `json:"received"`
	Closed       int      `json:"closed"`
	Awaiting     int      `json:"awaiting"`    // registered or waiting for a unit
	InProgress   int      `json:"in_progress"` // offered until reporting
	Overdue      int      `json:"overdue"`     // open, not arrived by the target, or past the handling limit
	ArriveMeanS  *float64 `json:"arrive_mean_s"`
	ArriveOnTime *float64 `json:"arrive_on_time"` // share of arrivals within the target
	ArriveN      int      `json:"arrive_n"`
	UnitsOnline  int      `json:"units_online"` // position not older than 5 minutes
	UnitsTotal   int      `json:"units_total"`
}

// KPISquad is a squad's arrivals of today.
type KPISquad struct {
	Squad       string   `json:"squad"`
	OnTime      *float64 `json:"on_time"`
	ArriveMeanS *float64 `json:"arrive_mean_s"`
	N           int      `json:"n"`
}

// KPIStages are today's median seconds per stage: registered → offered → accepted → arrived → scene done.
type KPIStages struct {
	DispatchS *float64 `json:"dispatch_s"`
	AcceptS   *float64 `json:"accept_s"`
	TravelS   *float64 `json:"travel_s"`
	SceneS    *float64 `json:"scene_s"`
}

// KPIHour is one hour of the trend; Hour is its beginning.
type KPIHour struct {
	Hour     time.Time `json:"hour"`
	Received int       `json:"received"`
	Closed   int       `json:"closed"`
}

const (
	selectToday = `
select count(*) filter (where t.registered_at >= @midnight),
    count(*) filter (where t.closed_at >= @midnight and t.status = 'closed'),
    count(*) filter (where t.status in ('registered', 'to_dispatch')),
    count(*) filter (where t.status in ('offered', 'accepted', 'en_route', 'on_scene', 'reporting')),
    count(*) filter (where t.closed_at is null and (t.due_at < @now or (t.arrive_by < @now and t.on_scene_at is null))),
    extract(epoch from avg(t.on_scene_at - t.registered_at) filter (where t.on_scene_at >= @midnight))::float8,
    avg((t.on_scene_at <= t.arrive_by)::int) filter (where t.on_scene_at >= @midnight)::float8,
    count(t.on_scene_at) filter (where t.on_scene_at >= @midnight)
from ticket t join org o on o.id = t.org_id
where o.path like @branch || '%' and (t.closed_at is null or t.registered_at >= @midnight or t.closed_at >= @midnight)`

	selectSquads = `
select squad.name, avg((s.arrived_at <= t.arrive_by)::int)::float8,
    extract(epoch from avg(s.arrived_at - t.registered_at))::float8, count(*)
from sortie s join ticket t on t.id = s.ticket_id join unit u on u.id = s.unit_id join org o on o.id = u.org_id
join org squad on squad.id = case when o.level = 'team' then o.parent_id else o.id end
where s.arrived_at >= @midnight and o.path like @branch || '%'
group by squad.id, squad.name order by 2 desc nulls last, 3 limit 50`

	selectStages = `
select percentile_cont(0.5) within group (order by extract(epoch from t.first_offer_at - t.registered_at)) filter (where t.first_offer_at >= @midnight),
    percentile_cont(0.5) within group (order by extract(epoch from t.accepted_at - t.first_offer_at)) filter (where t.accepted_at >= @midnight),
    percentile_cont(0.5) within group (order by extract(epoch from t.on_scene_at - t.accepted_at)) filter (where t.on_scene_at >= @midnight),
    percentile_cont(0.5) within group (order by extract(epoch from t.scene_done_at - t.on_scene_at)) filter (where t.scene_done_at >= @midnight)
from ticket t join org o on o.id = t.org_id
where o.path like @branch || '%' and t.registered_at >= @midnight - interval '1 day'`

	selectTrend = `
select h, (select count(*) from ticket t join org o on o.id = t.org_id
           where o.path like @branch || '%' and t.registered_at >= h and t.registered_at < h + interval '1 hour'),
    (select count(*) from ticket t join org o on o.id = t.org_id
     where o.path like @branch || '%' and t.status = 'closed' and t.closed_at >= h and t.closed_at < h + interval '1 hour')
from generate_series(date_trunc('hour', @now::timestamptz) - interval '11 hours', date_trunc('hour', @now::timestamptz), interval '1 hour') h
order by h`
)

// KPI computes the figures of a branch ("" = all).
func (s *Service) KPI(ctx context.Context, q pg.Queryer, branch string, now time.Time) (KPI, error) {
	args := pgx.NamedArgs{"branch": branch, "now": now, "midnight": midnight(now)}
	k := KPI{At: now}
	d := &k.Today
	err := q.QueryRow(ctx, selectToday, args).Scan(&d.Received, &d.Closed, &d.Awaiting, &d.InProgress, &d.Overdue,
		&d.ArriveMeanS, &d.ArriveOnTime, &d.ArriveN)
	if err != nil {
		return k, fmt.Errorf("count today: %w", err)
	}
	if err := q.QueryRow(ctx, selectStages, args).Scan(&k.Stages.DispatchS, &k.Stages.AcceptS, &k.Stages.TravelS, &k.Stages.SceneS); err != nil {
		return k, fmt.Errorf("measure stages: %w", err)
	}
	rows, _ := q.Query(ctx, selectSquads, args)
	if k.Squads, err = pgx.CollectRows(rows, pgx.RowToStructByPos[KPISquad]); err != nil {
		return k, fmt.Errorf("rank squads: %w", err)
	}
	rows, _ = q.Query(ctx, selectTrend, args)
	if k.Trend, err = pgx.CollectRows(rows, pgx.RowToStructByPos[KPIHour]); err != nil {
		return k, fmt.Errorf("count trend: %w", err)
	}
	units, err := s.UnitViews(ctx, q, branch, nil, now)
	if err != nil {
		return k, err
	}
	d.UnitsTotal = len(units)
	for _, u := range units {
		if u.Freshness == tracking.Live || u.Freshness == tracking.Recent {
			d.UnitsOnline++
		}
	}
	return k, nil
}
