package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

const (
	// Everything about duty that a ranking needs, for the named units and for those of the branch that have never
	// sent a position. Units outside the ticket's branch are not considered. A unit that took the ticket and gave it
	// back has declined it as well.
	selectFacts = `
select u.id, u.call_sign, squad.name, u.crew,
    u.out_of_service_since is not null, u.out_of_service_reason,
    exists (select from shift s where s.unit_id = u.id and s.span @> @now::timestamptz),
    coalesce((select t.number from offer f join ticket t on t.id = f.ticket_id where f.unit_id = u.id and f.state = 'open'), ''),
    coalesce(task.number, ''), coalesce(task.status, ''),
    coalesce(no.answer, ''), no.answered_at,
    (select count(*) from offer f where f.unit_id = u.id and f.state in ('declined', 'expired')
        and f.answered_at > @now::timestamptz - interval '4 hours'),
    (select count(*) from sortie s where s.unit_id = u.id and s.accepted_at >= @midnight)
from unit u
join org o on o.id = u.org_id
join org squad on squad.id = case when o.level = 'team' then o.parent_id else o.id end
left join lateral (select t.number, t.status from sortie s join ticket t on t.id = s.ticket_id
                   where s.unit_id = u.id and s.ended_at is null) task on true
left join lateral (select case f.state when 'accepted' then s.outcome else f.answer end as answer,
                       coalesce(s.ended_at, f.answered_at) as answered_at
                   from offer f left join sortie s on s.offer_id = f.id
                   where f.unit_id = u.id and f.ticket_id = @ticket
                     and (f.state in ('declined', 'expired') or s.outcome = 'aborted')
                   order by f.id desc limit 1) no on true
where u.retired_at is null and o.path like @branch || '%'
  and (u.id = any(@near) or not exists (select from unit_position p where p.unit_id = u.id))
order by u.id limit 300`

	selectPolicies = `
select urgency, mode, offer_seconds, max_offers, eta_cap_min from dispatch_policy order by urgency`

	updatePolicy = `
update dispatch_policy set mode = $2, offer_seconds = $3, max_offers = $4, eta_cap_min = $5 where urgency = $1`
)

func readFacts(ctx context.Context, q pg.Queryer, t *ticket.Ticket, near []int64, now time.Time) ([]Facts, error) {
	rows, _ := q.Query(ctx, selectFacts, pgx.NamedArgs{
		"ticket": t.ID, "branch": t.OrgPath, "near": near, "now": now, "midnight": midnight(now),
	})
	facts, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Facts, error) {
		var f Facts
		var declinedAt *time.Time
		err := row.Scan(&f.UnitID, &f.CallSign, &f.Squad, &f.Crew, &f.InRepair, &f.RepairReason, &f.OnShift,
			&f.OfferedTicket, &f.TaskTicket, &f.TaskStatus, &f.DeclinedReason, &declinedAt, &f.Declines4h, &f.SortiesToday)
		if declinedAt != nil {
			f.DeclinedAt = *declinedAt
		}
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("read duty of units for ticket %s: %w", t.Number, err)
	}
	return facts, nil
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

// SetPolicy changes the policy of one urgency.
func SetPolicy(ctx context.Context, tx *pg.Tx, actor ticket.Actor, p Policy) error {
	tag, err := tx.Exec(ctx, updatePolicy, p.Urgency, p.Mode, p.OfferSeconds, p.MaxOffers, p.ETACapMin)
	if err != nil {
		return fmt.Errorf("set policy of urgency %d: %w", p.Urgency, err)
	}
	if tag.RowsAffected() == 0 {
		return ticket.Invalid{{Field: "urgency", Code: "out_of_range"}}
	}
	return ticket.Record(tx, actor, "policy.changed", 0, 0, ticket.Data{
		"urgency": p.Urgency, "mode": p.Mode, "offer_seconds": p.OfferSeconds, "max_offers": p.MaxOffers, "eta_cap_min": p.ETACapMin,
	})
}

// midnight is the start of the day of now where the hotline works.
func midnight(now time.Time) time.Time {
	y, m, d := now.In(shanghai).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, shanghai)
}

var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)
