package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	selectSceneUnits = `
select u.id, u.call_sign, u.kind, squad.name, lower(h.span), s.ticket_id
from unit u
join org o on o.id = u.org_id
join org squad on squad.id = case when o.level = 'team' then o.parent_id else o.id end
left join shift h on h.unit_id = u.id and h.span @> $2::timestamptz
left join lateral (select ticket_id from sortie s where s.unit_id = u.id and s.accepted_at <= $2
                       and (s.ended_at is null or s.ended_at > $2) order by s.id desc limit 1) s on true
where (u.retired_at is null or u.retired_at > $2) and o.path like $1 || '%'
order by u.call_sign`

	// The status of a ticket is where its last step before the moment led. A ticket without a step was just registered.
	selectSceneTickets = `
select t.id, t.number, coalesce(e.status, 'registered'), t.urgency, t.title, t.lon, t.lat, t.registered_at,
    coalesce(s.unit_id, f.unit_id)
from ticket t
join org o on o.id = t.org_id
left join lateral (select e.data->>'to' status from event e where e.ticket_id = t.id and e.at <= $2 and e.data ? 'to'
                   order by e.seq desc limit 1) e on true
left join lateral (select unit_id from sortie s where s.ticket_id = t.id and s.accepted_at <= $2
                       and (s.ended_at is null or s.ended_at > $2) order by s.id desc limit 1) s on true
left join lateral (select unit_id from offer f where f.ticket_id = t.id and f.offered_at <= $2
                       and (f.answered_at is null or f.answered_at > $2) order by f.id desc limit 1) f on true
where t.registered_at <= $2 and (t.closed_at is null or t.closed_at > $2) and o.path like $1 || '%'
order by t.urgency, t.id limit 2000`
)

func sceneUnits(ctx context.Context, q pg.Queryer, branch string, at time.Time) ([]SceneUnit, error) {
	rows, _ := q.Query(ctx, selectSceneUnits, branch, at)
	units, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (u SceneUnit, err error) {
		err = row.Scan(&u.UnitID, &u.CallSign, &u.Kind, &u.Squad, &u.phoneFrom, &u.SortieTicketID)
		u.OnShift = u.phoneFrom != nil
		return u, err
	})
	if err != nil {
		return nil, fmt.Errorf("read units at %s: %w", at.UTC().Format(time.RFC3339), err)
	}
	return units, nil
}

func sceneTickets(ctx context.Context, q pg.Queryer, branch string, at time.Time) ([]SceneTicket, error) {
	rows, _ := q.Query(ctx, selectSceneTickets, branch, at)
	tickets, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SceneTicket])
	if err != nil {
		return nil, fmt.Errorf("read tickets at %s: %w", at.UTC().Format(time.RFC3339), err)
	}
	return tickets, nil
}
