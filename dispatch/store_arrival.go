package dispatch

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// Arrival is the proposal that a unit under way has arrived; the officer decides.
type Arrival struct {
	ProposedAt time.Time `json:"proposed_at"`
	Metres     float64   `json:"metres" doc:"From the case, through the air"`
}

const (
	selectUnderWay = `
select s.unit_id, s.id, t.id, t.lon, t.lat
from sortie s join ticket t on t.id = s.ticket_id
where s.ended_at is null and s.departed_at is not null and s.arrived_at is null and s.arrival_proposed_at is null
  and t.status = 'en_route' and t.lon is not null`

	proposeArrivalSQL = `
update sortie set arrival_proposed_at = $2, arrival_proposed_m = $3
where id = $1 and ended_at is null and departed_at is not null and arrived_at is null and arrival_proposed_at is null`

	selectArrival = `
select arrival_proposed_at, arrival_proposed_m from sortie
where ticket_id = $1 and ended_at is null and arrived_at is null and arrival_proposed_at is not null`
)

// underWay is the units under way to a place, for whom no arrival has been proposed yet.
func underWay(ctx context.Context, q pg.Queryer) (map[int64]*target, error) {
	rows, err := q.Query(ctx, selectUnderWay)
	if err != nil {
		return nil, fmt.Errorf("read who is under way: %w", err)
	}
	out := make(map[int64]*target)
	var unit int64
	var t target
	_, err = pgx.ForEachRow(rows, []any{&unit, &t.sortieID, &t.ticketID, &t.point[0], &t.point[1]}, func() error {
		one := t
		out[unit] = &one
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read who is under way: %w", err)
	}
	return out, nil
}

func proposeArrival(ctx context.Context, tx *pg.Tx, sortieID int64, metres float64) (made bool, err error) {
	tag, err := tx.Exec(ctx, proposeArrivalSQL, sortieID, tx.Now(), metres)
	if err != nil {
		return false, fmt.Errorf("propose arrival of sortie %d: %w", sortieID, err)
	}
	return tag.RowsAffected() == 1, nil
}

// readArrival is the proposal that stands for a ticket's sortie, nil when none does.
func readArrival(ctx context.Context, q pg.Queryer, ticketID int64) (*Arrival, error) {
	var a Arrival
	err := q.QueryRow(ctx, selectArrival, ticketID).Scan(&a.ProposedAt, &a.Metres)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read arrival at ticket %d: %w", ticketID, err)
	}
	a.ProposedAt = a.ProposedAt.UTC()
	return &a, nil
}
