package retailer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

// pointChange says why a point is changed by hand.
type pointChange struct {
	ticketID   int64
	reason, by string
}

// setPoint sets the point of a shop, how far it can be trusted and the day on which it was verified (nil: it was not), and
// notes what changed, if anything did; a nil point takes it away.
func setPoint(ctx context.Context, tx *pg.Tx, id int64, p *orb.Point, q GeoQuality, verified *time.Time, why pointChange) error {
	lon, lat, cell, err := place(p)
	if err != nil {
		return fmt.Errorf("place of retailer %d: %w", id, err)
	}
	_, err = tx.Exec(ctx, `
		with before as (
			select *, retailer_facts(r) as facts from retailer r where id = $1 for update
		), after as (
			update retailer r set lon = $2, lat = $3, h3 = $4, geo_quality = $5, updated_at = $6, geo_verified_on = $7
			from before b where r.id = b.id
			returning r.id, b.facts as before, retailer_facts(r) as after
		)
		insert into retailer_history (retailer_id, at, made_by, kind, reason, ticket_id, changes)
		select id, $6, $8, 'edited', $9, $10, retailer_changes(before, after) from after where before <> after`,
		id, lon, lat, cell, string(q), tx.Now(), verified, why.by, why.reason, why.ticketID)
	if err != nil {
		return fmt.Errorf("place of retailer %d: %w", id, err)
	}
	return nil
}

// correction is the point that a shop had before it was corrected.
type correction struct {
	id       int64
	point    *orb.Point
	quality  GeoQuality
	verified *time.Time // nil when it was not
}

// lastCorrection is what a shop was like before it was corrected at the visit of a ticket: that of the newest correction,
// when it is another shop than id and its point has stayed since.
func lastCorrection(ctx context.Context, q pg.Queryer, id, ticketID int64) (c correction, ok bool, err error) {
	var lon, lat *float64
	err = q.QueryRow(ctx, `
		with last as (
			select * from retailer_history where ticket_id = $2 order by id desc limit 1
		), all_of_it as ( -- the corrections of that shop since it was last put back
			select h.id, h.changes from retailer_history h, last l
			where h.retailer_id = l.retailer_id and h.ticket_id = $2 and h.reason = 'scene' and h.id > coalesce((
				select max(u.id) from retailer_history u
				where u.retailer_id = l.retailer_id and u.ticket_id = $2 and u.reason = 'scene_undone'), 0)
		), old (lon, lat, quality, verified) as (
			select (select changes->'lon' from all_of_it where changes ? 'lon' order by id limit 1),
				(select changes->'lat' from all_of_it where changes ? 'lat' order by id limit 1),
				(select changes->'geo_quality' from all_of_it where changes ? 'geo_quality' order by id limit 1),
				(select changes->'geo_verified_on' from all_of_it where changes ? 'geo_verified_on' order by id limit 1)
		)
		select r.id, case when o.lon is null then r.lon else (o.lon->>0)::float8 end,
			case when o.lat is null then r.lat else (o.lat->>0)::float8 end, coalesce(o.quality->>0, r.geo_quality),
			case when o.verified is null then r.geo_verified_on else (o.verified->>0)::date end
		from last l join retailer r on r.id = l.retailer_id cross join old o
		where l.reason = 'scene' and l.retailer_id <> $1 and r.geo_quality = 'scene'
			and not exists (select from retailer_history h where h.retailer_id = r.id and h.id > l.id and h.changes ?| '{lon,lat}')`,
		id, ticketID).Scan(&c.id, &lon, &lat, &c.quality, &c.verified)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, false, nil
	}
	if err != nil {
		return c, false, fmt.Errorf("correction at the visit of ticket %d: %w", ticketID, err)
	}
	if lon != nil && lat != nil {
		c.point = &orb.Point{*lon, *lat}
	}
	return c, true, nil
}
