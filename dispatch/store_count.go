package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// TicketCount is how often a shop was the matter of a ticket.
type TicketCount struct {
	Open int
	Year int // registered in the last 365 days, open ones included
}

const selectTicketCounts = `
select retailer_id, count(*) filter (where closed_at is null),
    count(*) filter (where registered_at > $2::timestamptz - interval '365 days' and status <> 'cancelled')
from ticket where retailer_id = any($1) group by retailer_id`

// TicketCounts counts the tickets of shops; a shop without any is left out.
func TicketCounts(ctx context.Context, q pg.Queryer, retailers []int64, now time.Time) (map[int64]TicketCount, error) {
	out := make(map[int64]TicketCount, len(retailers))
	rows, _ := q.Query(ctx, selectTicketCounts, retailers, now)
	var id int64
	var c TicketCount
	_, err := pgx.ForEachRow(rows, []any{&id, &c.Open, &c.Year}, func() error {
		out[id] = c
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("count tickets of retailers: %w", err)
	}
	return out, nil
}
