package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo/area"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

const (
	// Everything about the units of a branch that a ranking needs, except who refused which ticket.
	selectFacts = `
select u.id, u.call_sign, squad.name, o.path, case squad.level when 'squad' then squad.parent_id else squad.id end, u.crew,
    u.out_of_service_since is not null, u.out_of_service_reason,
    exists (select from shift s where s.unit_id = u.id and s.span @> @now::timestamptz),
    coalesce((select t.number from offer f join ticket t on t.id = f.ticket_id where f.unit_id = u.id and f.state = 'open'), ''),
    coalesce(task.number, ''), coalesce(task.status, ''),
    coalesce(recent.refusals, 0), coalesce(today.sorties, 0)
from unit u
join org o on o.id = u.org_id
join org squad on squad.id = case when o.level = 'team' then o.parent_id else o.id end
left join lateral (select t.number, t.status from sortie s join ticket t on t.id = s.ticket_id
                   where s.unit_id = u.id and s.ended_at is null) task on true
left join (select unit_id, count(*) refusals from offer where state in ('declined', 'expired')
               and answered_at > @now::timestamptz - interval '4 hours' group by unit_id) recent on recent.unit_id = u.id
left join (select unit_id, count(*) sorties from sortie where accepted_at >= @midnight group by unit_id) today on today.unit_id = u.id
where u.retired_at is null and o.path like @branch || '%'
order by u.id`

	// The last refusal of each unit and ticket. Who took a ticket and gave it back has refused it as well.
	selectRefusals = `
select distinct on (f.ticket_id, f.unit_id) f.ticket_id, f.unit_id,
    case f.state when 'accepted' then s.outcome else f.answer end, coalesce(s.ended_at, f.answered_at)
from offer f left join sortie s on s.offer_id = f.id
where f.ticket_id = any($1) and (f.state in ('declined', 'expired') or s.outcome = 'aborted')
order by f.ticket_id, f.unit_id, f.id desc`

	selectPolicies = `
select urgency, mode, offer_seconds, max_offers, eta_cap_min, border_min from dispatch_policy order by urgency`

	updatePolicy = `
update dispatch_policy set mode = $2, offer_seconds = $3, max_offers = $4, eta_cap_min = $5, border_min = $6 where urgency = $1`
)

// readDuty reads in a few statements, however many tickets there are.
func readDuty(ctx context.Context, q pg.Queryer, tickets []ticket.Ticket, now time.Time) (*duty, error) {
	d := &duty{now: now, units: map[string][]Facts{}}
	var err error
	if d.policies, err = Policies(ctx, q); err != nil {
		return nil, err
	}
	ids := make([]int64, len(tickets))
	for i, t := range tickets {
		ids[i] = t.ID
		if _, done := d.units[t.OrgPath]; done {
			continue
		}
		if d.units[t.OrgPath], err = readFacts(ctx, q, t.OrgPath, now); err != nil {
			return nil, err
		}
	}
	if d.refusals, err = readRefusals(ctx, q, ids); err != nil {
		return nil, err
	}
	d.bodies, err = readBodies(ctx, q, tickets, now)
	return d, err
}

// readBodies tells by ticket who is responsible for its place today.
func readBodies(ctx context.Context, q pg.Queryer, tickets []ticket.Ticket, now time.Time) (map[int64][]area.Body, error) {
	var ids []int64
	var places []orb.Point
	for i := range tickets {
		if t := &tickets[i]; t.Point != nil {
			ids, places = append(ids, t.ID), append(places, *t.Point)
		}
	}
	bodies, err := area.Responsible(ctx, q, places, midnight(now), BorderMargin)
	if err != nil {
		return nil, err
	}
	out := make(map[int64][]area.Body, len(ids))
	for i, id := range ids {
		out[id] = bodies[i]
	}
	return out, nil
}

func readFacts(ctx context.Context, q pg.Queryer, branch string, now time.Time) ([]Facts, error) {
	rows, _ := q.Query(ctx, selectFacts, pgx.NamedArgs{"branch": branch, "now": now, "midnight": midnight(now)})
	facts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Facts, err error) {
		err = row.Scan(&f.UnitID, &f.CallSign, &f.Squad, &f.OrgPath, &f.CountyID, &f.Crew, &f.InRepair, &f.RepairReason, &f.OnShift,
			&f.OfferedTicket, &f.TaskTicket, &f.TaskStatus, &f.Declines4h, &f.SortiesToday)
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("read duty of the units of branch %q: %w", branch, err)
	}
	return facts, nil
}

func readRefusals(ctx context.Context, q pg.Queryer, tickets []int64) (map[int64]map[int64]refusal, error) {
	out := map[int64]map[int64]refusal{}
	var ticketID, unitID int64
	var no refusal
	rows, _ := q.Query(ctx, selectRefusals, tickets)
	_, err := pgx.ForEachRow(rows, []any{&ticketID, &unitID, &no.Reason, &no.At}, func() error {
		if out[ticketID] == nil {
			out[ticketID] = map[int64]refusal{}
		}
		out[ticketID][unitID] = no
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read refusals: %w", err)
	}
	return out, nil
}

// Policies reads the policy of every urgency.
func Policies(ctx context.Context, q pg.Queryer) (map[int]Policy, error) {
	rows, _ := q.Query(ctx, selectPolicies)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Policy])
	if err != nil {
		return nil, fmt.Errorf("read dispatch policy: %w", err)
	}
	byUrgency := make(map[int]Policy, len(list))
	for _, p := range list {
		byUrgency[p.Urgency] = p
	}
	return byUrgency, nil
}

// SetPolicy changes the policy of one urgency. Errors: ticket.Invalid.
func SetPolicy(ctx context.Context, tx *pg.Tx, actor ticket.Actor, p Policy) error {
	if bad := p.check(); len(bad) > 0 {
		return bad
	}
	_, err := tx.Exec(ctx, updatePolicy, p.Urgency, p.Mode, p.OfferSeconds, p.MaxOffers, p.ETACapMin, p.BorderMin)
	if err != nil {
		return fmt.Errorf("set policy of urgency %d: %w", p.Urgency, err)
	}
	return ticket.Record(tx, actor, "policy.changed", 0, 0, ticket.Data{
		"urgency": p.Urgency, "mode": p.Mode, "offer_seconds": p.OfferSeconds, "max_offers": p.MaxOffers, "eta_cap_min": p.ETACapMin,
		"border_min": p.BorderMin,
	})
}

// midnight is the start of the day of now where the hotline works.
func midnight(now time.Time) time.Time {
	y, m, d := now.In(shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, shanghai)
}

var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)
