package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

const (
	pastCaseColumns = `
select t.id, t.number, t.kind, t.subtype, t.status, t.outcome, t.registered_at, t.on_scene_at, t.closed_at`

	selectPastCases = pastCaseColumns + `
from ticket t join org o on o.id = t.org_id
where t.retailer_id = @retailer and t.status <> 'cancelled' and o.path like @branch || '%' and t.id <> @ticket
order by t.registered_at desc limit 20`

	sumPastCases = `
select count(*), count(*) filter (where t.closed_at is null), count(*) filter (where t.registered_at > @now::timestamptz - interval '365 days'),
    count(*) filter (where t.outcome in ('I01', 'I02', 'I03', 'I04')), max(t.closed_at), max(t.on_scene_at)
from ticket t join org o on o.id = t.org_id
where t.retailer_id = @retailer and t.status <> 'cancelled' and o.path like @branch || '%' and t.id <> @ticket`

	// Tickets of the last days at the same shop or near the same place, with the words of their appeals.
	selectNearCases = pastCaseColumns + `, coalesce(t.retailer_id, 0), t.lon, t.lat,
    array(select a.narrative from appeal a where a.ticket_id = t.id)
from ticket t join org o on o.id = t.org_id
where t.registered_at between @since and @now and t.status <> 'cancelled' and o.path like @branch || '%' and t.id <> @ticket
    and (t.retailer_id = nullif(@retailer::bigint, 0)
        or st_dwithin(t.geog, st_setsrid(st_makepoint(@lon::float8, @lat::float8), 4326)::geography, @reach))
order by t.registered_at desc limit 100`
)

func (c *PastCase) targets() []any {
	return []any{&c.ID, &c.Number, &c.Kind, &c.Subtype, &c.Status, &c.Outcome, &c.RegisteredAt, &c.OnSceneAt, &c.ClosedAt}
}

// PastCases are the tickets of a branch about a shop: what they sum up to, and the last twenty of them, the newest
// first; without is left out of both.
func PastCases(ctx context.Context, q pg.Queryer, branch string, retailerID, without int64, now time.Time) (sum CaseSum, list []PastCase, err error) {
	args := pgx.NamedArgs{"retailer": retailerID, "branch": branch, "ticket": without, "now": now}
	err = q.QueryRow(ctx, sumPastCases, args).Scan(&sum.Total, &sum.Open, &sum.Year, &sum.Founded, &sum.LastClosed, &sum.LastVisit)
	if err != nil {
		return sum, nil, fmt.Errorf("count the cases of retailer %d: %w", retailerID, err)
	}
	rows, _ := q.Query(ctx, selectPastCases, args)
	list, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (c PastCase, err error) {
		err = row.Scan(c.targets()...)
		return c, err
	})
	if err != nil {
		return sum, nil, fmt.Errorf("past cases of retailer %d: %w", retailerID, err)
	}
	return sum, list, nil
}

// nearCase is a ticket that may be about the same matter, and its appeals' words, which go no further.
type nearCase struct {
	PastCase
	retailerID int64
	point      *orb.Point
	words      []string
}

// Duplicates are the tickets of a branch that may be about the same matter as a demand, the likeliest first, five at
// most.
func Duplicates(ctx context.Context, q pg.Queryer, branch string, m Matter, now time.Time) ([]Duplicate, error) {
	args := pgx.NamedArgs{
		"retailer": m.RetailerID, "branch": branch, "ticket": m.TicketID, "now": now, "since": now.Add(-duplicateHours * time.Hour),
		"lon": nil, "lat": nil, "reach": float64(duplicateReach),
	}
	if m.Point != nil {
		args["lon"], args["lat"] = m.Point[0], m.Point[1]
	}
	rows, _ := q.Query(ctx, selectNearCases, args)
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c nearCase, err error) {
		var lon, lat *float64
		err = row.Scan(append(c.targets(), &c.retailerID, &lon, &lat, &c.words)...)
		if lon != nil && lat != nil {
			c.point = &orb.Point{*lon, *lat}
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("look for duplicates: %w", err)
	}
	return sameMatter(m, found, now), nil
}

// UnitsNear are the k units of a branch on shift that are nearest to a point, the nearest first.
func (s *Service) UnitsNear(ctx context.Context, q pg.Queryer, branch string, p orb.Point, k int, now time.Time) ([]UnitNear, error) {
	views, err := s.UnitViews(ctx, q, branch, nil, now)
	if err != nil {
		return nil, err
	}
	return nearUnits(views, p, k), nil
}
