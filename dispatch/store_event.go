package dispatch

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// EventView is an event as the screens see it, with what is joined when it is read and never stored in the log.
type EventView struct {
	ticket.Event
	// ActorName is the name of the person who acted: one who works in the branch that the event belongs to, or above it;
	// or the label of the vehicle's terminal. It is "" for others, for the engine, and once the name was erased.
	ActorName string `json:"actor_name"`
	// OrgPath is the branch of the event's ticket, else of its unit. "" means that it concerns neither and is for
	// administrators only.
	OrgPath string `json:"-"`
}

const (
	eventViews = `
select e.seq, e.at, e.type, e.actor, coalesce(e.ticket_id, 0), coalesce(e.unit_id, 0), e.body, coalesce(o.path, ''),
    case when home.path ^@ o.path or o.path ^@ home.path then p.name else coalesce(terminal.label, '') end
from event e
left join ticket t on t.id = e.ticket_id
left join unit u on u.id = e.unit_id
left join org o on o.id = coalesce(t.org_id, u.org_id)
left join person p on p.id = substring(e.actor from '^person:([0-9]+)$')::bigint
left join org home on home.id = p.org_id
left join device terminal on terminal.id = substring(e.actor from '^terminal:([0-9]+)$')::bigint
`
	selectEventsAfter = eventViews + `where e.seq > $1 and ($2 = '' or o.path like $2 || '%') order by e.seq limit $3`

	selectEventsOf = eventViews + `where e.ticket_id = $1 order by e.seq`
)

// EventsAfter reads events of a branch ("" = all) with numbers above seq, in order.
func EventsAfter(ctx context.Context, q pg.Queryer, branch string, seq int64, limit int) ([]EventView, error) {
	rows, _ := q.Query(ctx, selectEventsAfter, seq, branch, limit)
	events, err := pgx.CollectRows(rows, scanEventView)
	if err != nil {
		return nil, fmt.Errorf("read events after %d: %w", seq, err)
	}
	return events, nil
}

// EventsOf reads everything that happened to a ticket, oldest first. The caller has checked that it may be seen.
func EventsOf(ctx context.Context, q pg.Queryer, ticketID int64) ([]EventView, error) {
	rows, _ := q.Query(ctx, selectEventsOf, ticketID)
	events, err := pgx.CollectRows(rows, scanEventView)
	if err != nil {
		return nil, fmt.Errorf("read events of ticket %d: %w", ticketID, err)
	}
	return events, nil
}

func scanEventView(row pgx.CollectableRow) (e EventView, err error) {
	var body string
	err = row.Scan(&e.Seq, &e.At, &e.Type, &e.Actor, &e.TicketID, &e.UnitID, &body, &e.OrgPath, &e.ActorName)
	e.At, e.Data = e.At.UTC(), []byte(body)
	return e, err
}
