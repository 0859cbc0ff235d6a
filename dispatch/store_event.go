package dispatch

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// ScopedEvent is an event with the branch it belongs to: that of its ticket, else of its unit. OrgPath "" means that
// it concerns neither and is for administrators only.
type ScopedEvent struct {
	ticket.Event
	OrgPath string `json:"-"`
}

const selectScopedEvents = `
select e.seq, e.at, e.type, e.actor, coalesce(e.ticket_id, 0), coalesce(e.unit_id, 0), e.body, coalesce(o.path, '')
from event e
left join ticket t on t.id = e.ticket_id
left join unit u on u.id = e.unit_id
left join org o on o.id = coalesce(t.org_id, u.org_id)
where e.seq > $1 and ($2 = '' or o.path like $2 || '%')
order by e.seq limit $3`

// EventsAfter reads events of a branch ("" = all) with numbers above seq, in order.
func EventsAfter(ctx context.Context, q pg.Queryer, branch string, seq int64, limit int) ([]ScopedEvent, error) {
	rows, _ := q.Query(ctx, selectScopedEvents, seq, branch, limit)
	events, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (ScopedEvent, error) {
		var e ScopedEvent
		var body string
		err := row.Scan(&e.Seq, &e.At, &e.Type, &e.Actor, &e.TicketID, &e.UnitID, &body, &e.OrgPath)
		e.At, e.Data = e.At.UTC(), []byte(body)
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read events after %d: %w", seq, err)
	}
	return events, nil
}
