package ticket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

const (
	// The county that owns a ticket: by division code where there is one, else the nearest county or higher node
	// above the person who took it down.
	selectOwner = `
select o.id, o.path, (select code from org p where p.level = 'province' and o.path like p.path || '%')
from org o
where (o.level = 'county' and o.code = left($1, 6) and $1 <> '')
   or o.id = (select a.id from org me join org a on me.path like a.path || '%'
              where me.id = $2 and a.level in ('county', 'prefecture', 'province')
              order by length(a.path) desc limit 1)
order by (o.code = left($1, 6)) desc limit 1`

	nextSerial = `
insert into ticket_serial (day, last) values ($1, 1)
on conflict (day) do update set last = ticket_serial.last + 1 returning last`

	insertTicketSQL = `
insert into ticket (number, code_hash, org_id, kind, subtype, urgency, urgency_reason, title, place_text, retailer_id,
    division, squad_id, lon, lat, h3, place_quality, status, arrive_by, due_at, registered_at, created_by)
values (@number, @code_hash, @org_id, @kind, @subtype, @urgency, @urgency_reason, @title, @place_text, nullif(@retailer_id::bigint, 0),
    @division, nullif(@squad_id::bigint, 0), @lon, @lat, @h3, @place_quality, @status, @arrive_by, @due_at, @registered_at, @created_by)
returning id`

	insertAppealSQL = `
insert into appeal (ticket_id, channel, narrative, reporter_mode, received_at, taken_by)
values ($1, $2, $3, $4, $5, $6) returning id`

	insertReporter = `insert into vault.reporter (appeal_id, name, phone, note) values ($1, $2, $3, $4)`

	ticketColumns = `
t.id, t.number, t.org_id, o.path, t.kind, t.subtype, t.urgency, t.urgency_reason, t.title, t.place_text, t.place_quality,
t.division, coalesce(t.squad_id, 0), coalesce(t.retailer_id, 0), t.lon, t.lat, t.status, t.version, t.arrive_by, t.due_at, t.registered_at,
t.outcome, t.outcome_text, t.alarm,
greatest(t.registered_at, t.to_dispatch_at, t.first_offer_at, t.accepted_at, t.en_route_at, t.on_scene_at, t.scene_done_at)`

	lockTicket = `select ` + ticketColumns + `
from ticket t join org o on o.id = t.org_id
where t.id = $1 and o.path like $2 || '%' for update of t`

	selectTicket = `select ` + ticketColumns + `
from ticket t join org o on o.id = t.org_id
where t.id = $1 and o.path like $2 || '%'`

	selectQueue = `select ` + ticketColumns + `
from ticket t join org o on o.id = t.org_id
where t.status = 'to_dispatch' and t.closed_at is null
order by t.urgency, t.id limit 500`

	// Stamps say when a state was entered: the first time for the dispatch queue and the first offer, the latest
	// time for the steps of the unit that is on the case. Going back to the queue clears what the unit had done.
	updateTicketSQL = `
update ticket set status = @status, version = @version, urgency = @urgency, urgency_reason = @urgency_reason,
    title = @title, place_text = @place_text, place_quality = @place_quality, division = @division,
    squad_id = nullif(@squad_id::bigint, 0),
    retailer_id = nullif(@retailer_id::bigint, 0), lon = @lon, lat = @lat, h3 = @h3, arrive_by = @arrive_by,
    outcome = @outcome, outcome_text = @outcome_text,
    to_dispatch_at = case when @status = 'to_dispatch' then coalesce(to_dispatch_at, @now) else to_dispatch_at end,
    first_offer_at = case when @status = 'offered' then coalesce(first_offer_at, @now) else first_offer_at end,
    accepted_at = case when @status = 'accepted' then @now when @status = 'to_dispatch' then null else accepted_at end,
    en_route_at = case when @status = 'en_route' then @now when @status = 'to_dispatch' then null else en_route_at end,
    on_scene_at = case when @status = 'on_scene' then @now when @status = 'to_dispatch' then null else on_scene_at end,
    scene_done_at = case when @status = 'reporting' then @now else scene_done_at end,
    closed_at = case when @status in ('closed', 'cancelled') then @now end,
    alarm = case when @status in ('to_dispatch', 'registered') then alarm else '' end,
    alarm_at = case when @status in ('to_dispatch', 'registered') then alarm_at end
where id = @id`

	setAlarmSQL = `
update ticket set alarm = $2, alarm_at = case when $2 <> '' then $3::timestamptz end, version = version + 1
where id = $1 and alarm <> $2 returning version`
)

func insertTicket(ctx context.Context, tx *pg.Tx, actor Actor, t *Ticket, code string) error {
	var provinceCode *string
	err := tx.QueryRow(ctx, selectOwner, t.Division, actor.OrgID).Scan(&t.OrgID, &t.OrgPath, &provinceCode)
	if err != nil {
		return fmt.Errorf("find the county of a new ticket: %w", err)
	}
	day := localDay(tx.Now())
	var serial int
	if err := tx.QueryRow(ctx, nextSerial, day.Format(time.DateOnly)).Scan(&serial); err != nil {
		return fmt.Errorf("next ticket serial: %w", err)
	}
	t.Number = formatNumber(provinceDigits(provinceCode), day, serial)
	args, err := ticketArgs(t)
	if err != nil {
		return err
	}
	args["number"], args["code_hash"], args["org_id"] = t.Number, codeHash(t.Number, code), t.OrgID
	args["kind"], args["subtype"] = t.Kind, t.Subtype
	args["due_at"], args["registered_at"], args["created_by"] = t.DueAt, t.RegisteredAt, actor.PersonID
	if err := tx.QueryRow(ctx, insertTicketSQL, args).Scan(&t.ID); err != nil {
		return fmt.Errorf("insert ticket: %w", err)
	}
	return nil
}

// provinceDigits is the two-digit province of a ticket number, 00 when the organisation has no numeric code.
func provinceDigits(code *string) string {
	if code == nil || len(*code) < 2 || strings.Trim((*code)[:2], "0123456789") != "" {
		return "00"
	}
	return (*code)[:2]
}

func ticketArgs(t *Ticket) (pgx.NamedArgs, error) {
	args := pgx.NamedArgs{
		"id": t.ID, "urgency": t.Urgency, "urgency_reason": t.UrgencyReason, "title": t.Title, "place_text": t.PlaceText,
		"retailer_id": t.RetailerID, "division": t.Division, "squad_id": t.SquadID, "place_quality": t.PlaceQuality, "status": t.Status,
		"version": t.Version, "outcome": t.Outcome, "outcome_text": t.OutcomeText,
		"lon": nil, "lat": nil, "h3": nil, "arrive_by": nil,
	}
	if !t.ArriveBy.IsZero() {
		args["arrive_by"] = t.ArriveBy
	}
	if t.Point != nil {
		cell, err := geo.CellAt(*t.Point, geo.RetailerRes)
		if err != nil {
			return nil, Invalid{{"lon", "not_a_point"}}
		}
		args["lon"], args["lat"], args["h3"] = t.Point.Lon(), t.Point.Lat(), int64(cell)
	}
	return args, nil
}

func insertAppeal(ctx context.Context, tx *pg.Tx, actor Actor, ticketID int64, in Opening) error {
	var id int64
	err := tx.QueryRow(ctx, insertAppealSQL, ticketID, in.Channel, in.Narrative, in.Reporter.Mode, tx.Now(), actor.PersonID).Scan(&id)
	if err != nil {
		return fmt.Errorf("insert appeal: %w", err)
	}
	if in.Reporter.Mode == "anonymous" {
		return nil
	}
	if _, err := tx.Exec(ctx, insertReporter, id, in.Reporter.Name, in.Reporter.Phone, in.Reporter.Note); err != nil {
		return fmt.Errorf("insert reporter: %w", err)
	}
	return nil
}

// Lock reads a ticket and holds its row until the transaction ends. Errors: ErrNotFound, also when the ticket lies
// outside the branch that the actor may change.
func Lock(ctx context.Context, tx *pg.Tx, actor Actor, id int64) (Ticket, error) {
	rows, _ := tx.Query(ctx, lockTicket, id, actor.OrgPath)
	t, err := pgx.CollectExactlyOneRow(rows, scanTicket)
	if errors.Is(err, pgx.ErrNoRows) {
		return Ticket{}, ErrNotFound
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("lock ticket %d: %w", id, err)
	}
	return t, nil
}

// Find reads a ticket without locking it. Errors: ErrNotFound, also outside the branch that the actor may read.
func Find(ctx context.Context, q pg.Queryer, actor Actor, id int64) (Ticket, error) {
	rows, _ := q.Query(ctx, selectTicket, id, actor.Viewer().OrgPath)
	t, err := pgx.CollectExactlyOneRow(rows, scanTicket)
	if errors.Is(err, pgx.ErrNoRows) {
		return Ticket{}, ErrNotFound
	}
	if err != nil {
		return Ticket{}, fmt.Errorf("find ticket %d: %w", id, err)
	}
	return t, nil
}

// Queue reads the tickets that wait for a unit, the most urgent first, 500 at most.
func Queue(ctx context.Context, q pg.Queryer) ([]Ticket, error) {
	rows, _ := q.Query(ctx, selectQueue)
	queue, err := pgx.CollectRows(rows, scanTicket)
	if err != nil {
		return nil, fmt.Errorf("read dispatch queue: %w", err)
	}
	return queue, nil
}

func scanTicket(row pgx.CollectableRow) (Ticket, error) {
	var t Ticket
	var lon, lat *float64
	var arriveBy *time.Time
	err := row.Scan(&t.ID, &t.Number, &t.OrgID, &t.OrgPath, &t.Kind, &t.Subtype, &t.Urgency, &t.UrgencyReason, &t.Title,
		&t.PlaceText, &t.PlaceQuality, &t.Division, &t.SquadID, &t.RetailerID, &lon, &lat, &t.Status, &t.Version, &arriveBy,
		&t.DueAt, &t.RegisteredAt, &t.Outcome, &t.OutcomeText, &t.Alarm, &t.lastAt)
	if lon != nil {
		t.Point = &orb.Point{*lon, *lat}
	}
	if arriveBy != nil {
		t.ArriveBy = arriveBy.UTC()
	}
	t.DueAt, t.RegisteredAt, t.lastAt = t.DueAt.UTC(), t.RegisteredAt.UTC(), t.lastAt.UTC()
	return t, err
}

func updateTicket(ctx context.Context, tx *pg.Tx, t *Ticket) error {
	args, err := ticketArgs(t)
	if err != nil {
		return err
	}
	// A transaction that waited for the ticket's lock may have begun before the step it follows.
	args["now"] = tx.Now()
	if t.lastAt.After(tx.Now()) {
		args["now"] = t.lastAt
	}
	if _, err := tx.Exec(ctx, updateTicketSQL, args); err != nil {
		return fmt.Errorf("update ticket %s: %w", t.Number, err)
	}
	return nil
}

// setAlarm returns the ticket's new version, 0 when the alarm stood already.
func setAlarm(ctx context.Context, tx *pg.Tx, id int64, what string) (version int, err error) {
	err = tx.QueryRow(ctx, setAlarmSQL, id, what, tx.Now()).Scan(&version)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("set alarm of ticket %d: %w", id, err)
	}
	return version, nil
}
