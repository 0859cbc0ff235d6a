package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

const (
	// Units with everything duty is derived from. @ids narrows to these unless null.
	selectUnitViews = `
select u.id, u.call_sign, u.kind, u.plate, u.crew, u.org_id, squad.name, o.path,
    u.out_of_service_since is not null, u.out_of_service_reason,
    exists (select from shift s where s.unit_id = u.id and s.span @> @now::timestamptz),
    task.id, coalesce(task.status, ''), f.ticket_id
from unit u
join org o on o.id = u.org_id
join org squad on squad.id = case when o.level = 'team' then o.parent_id else o.id end
left join lateral (select t.id, t.status from sortie s join ticket t on t.id = s.ticket_id
                   where s.unit_id = u.id and s.ended_at is null) task on true
left join offer f on f.unit_id = u.id and f.state = 'open'
where u.retired_at is null and o.path like @branch || '%' and (@ids::bigint[] is null or u.id = any(@ids))
order by u.call_sign`

	ticketViewColumns = `
select t.id, t.number, t.version, t.status, t.kind, t.subtype, t.title, t.urgency, t.urgency_reason, t.place_text,
    t.place_quality, t.division, coalesce(responsible.name, ''), t.lon, t.lat, t.registered_at, t.to_dispatch_at, t.accepted_at, t.en_route_at,
    t.on_scene_at, t.scene_done_at, t.closed_at, t.arrive_by, t.due_at, t.outcome, t.alarm, o.path, asking.due_at,
    (select count(*) from offer x where x.ticket_id = t.id and x.state in ('declined', 'expired')),
    r.licence_no, r.name, r.address, r.status,
    f.id, f.unit_id, fu.call_sign, f.offered_at, f.expires_at, f.distance_m, f.eta_s, f.eta_basis, f.mode,
    su.id, su.call_sign, so.name, exists (select from shift s where s.unit_id = su.id and s.span @> @now::timestamptz),
    coalesce(fo.path, home.path, '')
from ticket t
join org o on o.id = t.org_id
left join retailer r on r.id = t.retailer_id
left join org responsible on responsible.id = t.squad_id
left join place_check asking on asking.ticket_id = t.id and asking.settled_at is null and t.closed_at is null
left join offer f on f.ticket_id = t.id and f.state = 'open'
left join unit fu on fu.id = f.unit_id
left join org fo on fo.id = fu.org_id
left join lateral (select unit_id from sortie s where s.ticket_id = t.id and s.outcome in ('', 'done')
                   order by s.id desc limit 1) s on true
left join unit su on su.id = s.unit_id
left join org home on home.id = su.org_id
left join org so on so.id = case when home.level = 'team' then home.parent_id else home.id end
`
	selectTicketViews = ticketViewColumns + `where t.id = any(@ids) and o.path like @branch || '%' order by t.id`

	selectOpenTicketViews = ticketViewColumns + `
where t.closed_at is null and o.path like @branch || '%' order by t.urgency, t.id limit 2000`

	// The archive, newest first. @status is a status, 'open', 'closed' or 'all'; @text is a part of number, title or place.
	selectTicketPage = ticketViewColumns + `
where o.path like @branch || '%'
  and case @status::text when 'all' then true when 'open' then t.closed_at is null when 'closed' then t.closed_at is not null
      else t.status = @status end
  and (@text = '' or strpos(t.number, @text) > 0 or strpos(t.title, @text) > 0 or strpos(t.place_text, @text) > 0)
  and (@before::bigint = 0 or t.id < @before)
order by t.id desc limit @limit`
)

// UnitViews reads units of a branch ("" = all); ids nil means every one of them.
func (s *Service) UnitViews(ctx context.Context, q pg.Queryer, branch string, ids []int64, now time.Time) ([]UnitView, error) {
	rows, _ := q.Query(ctx, selectUnitViews, pgx.NamedArgs{"ids": ids, "branch": branch, "now": now})
	views, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (UnitView, error) {
		var v UnitView
		var inRepair bool
		err := row.Scan(&v.ID, &v.CallSign, &v.Kind, &v.Plate, &v.Crew, &v.OrgID, &v.Squad, &v.OrgPath,
			&inRepair, &v.RepairReason, &v.onShift, &v.TicketID, &v.SortieStatus, &v.OfferTicketID)
		v.locate(s, now)
		v.Duty = v.duty(inRepair)
		return v, err
	})
	if err != nil {
		return nil, fmt.Errorf("read units: %w", err)
	}
	return views, nil
}

// UnitViewByID reads one unit. Errors: ErrUnitNotFound.
func (s *Service) UnitViewByID(ctx context.Context, q pg.Queryer, branch string, id int64, now time.Time) (UnitView, error) {
	views, err := s.UnitViews(ctx, q, branch, []int64{id}, now)
	if err != nil {
		return UnitView{}, err
	}
	if len(views) == 0 {
		return UnitView{}, ErrUnitNotFound
	}
	return views[0], nil
}

// OpenTickets reads the open tickets of a branch, the most urgent first, 2,000 at most.
func (s *Service) OpenTickets(ctx context.Context, q pg.Queryer, branch string, now time.Time) ([]TicketView, error) {
	return s.ticketViews(ctx, q, selectOpenTicketViews, pgx.NamedArgs{"branch": branch, "now": now}, now)
}

// TicketViews reads the named tickets of a branch, closed ones too.
func (s *Service) TicketViews(ctx context.Context, q pg.Queryer, branch string, ids []int64, now time.Time) ([]TicketView, error) {
	return s.ticketViews(ctx, q, selectTicketViews, pgx.NamedArgs{"ids": ids, "branch": branch, "now": now}, now)
}

// TicketViewByID reads one ticket. Errors: ticket.ErrNotFound.
func (s *Service) TicketViewByID(ctx context.Context, q pg.Queryer, branch string, id int64, now time.Time) (TicketView, error) {
	views, err := s.TicketViews(ctx, q, branch, []int64{id}, now)
	if err != nil {
		return TicketView{}, err
	}
	if len(views) == 0 {
		return TicketView{}, ticket.ErrNotFound
	}
	return views[0], nil
}

// TicketPage reads the archive, newest first: status is one of ticket's states, "open", "closed" or "all"; text a
// part of number, title or place; before the id to go on from, 0 = from the newest.
func (s *Service) TicketPage(ctx context.Context, q pg.Queryer, branch, status, text string, before int64, limit int, now time.Time) ([]TicketView, error) {
	args := pgx.NamedArgs{"branch": branch, "status": status, "text": text, "before": before, "limit": limit, "now": now}
	return s.ticketViews(ctx, q, selectTicketPage, args, now)
}

func (s *Service) ticketViews(ctx context.Context, q pg.Queryer, sql string, args pgx.NamedArgs, now time.Time) ([]TicketView, error) {
	rows, err := q.Query(ctx, sql, args)
	if err != nil {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	views, err := pgx.CollectRows(rows, scanTicketView)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read tickets: %w", err)
	}
	for i := range views {
		views[i].estimate(s, now)
	}
	return views, nil
}

func scanTicketView(row pgx.CollectableRow) (TicketView, error) {
	var v TicketView
	var licence, shop, address, status *string
	var offerID, offerUnit, unitID *int64
	var offerSign, basis, mode, callSign, squad *string
	var offeredAt, expiresAt *time.Time
	var distance *float64
	var etaS *int
	var onShift bool
	err := row.Scan(&v.ID, &v.Number, &v.Version, &v.Status, &v.Kind, &v.Subtype, &v.Title, &v.Urgency, &v.UrgencyReason,
		&v.PlaceText, &v.PlaceQuality, &v.Division, &v.Responsible, &v.Lon, &v.Lat, &v.RegisteredAt, &v.ToDispatchAt, &v.AcceptedAt,
		&v.EnRouteAt, &v.OnSceneAt, &v.SceneDoneAt, &v.ClosedAt, &v.ArriveBy, &v.DueAt, &v.Outcome, &v.Alarm, &v.OrgPath,
		&v.PlaceCheckDue, &v.Tried,
		&licence, &shop, &address, &status,
		&offerID, &offerUnit, &offerSign, &offeredAt, &expiresAt, &distance, &etaS, &basis, &mode, &unitID, &callSign, &squad,
		&onShift, &v.unitPath)
	if err != nil {
		return v, err
	}
	if licence != nil {
		v.Retailer = &RetailerRef{*licence, *shop, *address, *status}
	}
	if offerID != nil {
		v.Offer = &OfferRef{*offerID, *offerUnit, *offerSign, *offeredAt, *expiresAt, *distance, *etaS, *basis, *mode}
	}
	if unitID != nil {
		v.Unit = &UnitRef{ID: *unitID, CallSign: *callSign, Squad: *squad, onShift: onShift}
		v.Squad = *squad
	}
	return v, nil
}
