package dispatch

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

const (
	// In whose hands a ticket is: the unit it is offered to, else the one that went or goes there.
	selectHolder = `
select u.id, o.path, coalesce(s.id, 0), s.id is not null and s.ended_at is null,
    exists (select from shift d where d.unit_id = u.id and d.span @> $2::timestamptz)
from ticket t
left join offer f on f.ticket_id = t.id and f.state = 'open'
left join lateral (select id, unit_id, ended_at from sortie where ticket_id = t.id and outcome in ('', 'done')
                   order by id desc limit 1) s on f.id is null
join unit u on u.id = coalesce(f.unit_id, s.unit_id)
join org o on o.id = u.org_id
where t.id = $1`

	// A transaction that waited for a lock may have begun before the step it follows; times stay in order all the same.
	departSortie = `update sortie set departed_at = greatest(accepted_at, $2) where id = $1 and ended_at is null`
	arriveSortie = `update sortie set arrived_at = greatest(departed_at, $2) where id = $1 and ended_at is null`

	noteArrivalSQL = `update sortie set arrival_distance_m = $2 where id = $1`

	endSortieSQL = `
update sortie set ended_at = greatest(accepted_at, departed_at, arrived_at, $2), outcome = $3
where id = $1 and ended_at is null`

	withdrawOfferSQL = `
update offer set state = 'withdrawn', answered_at = greatest(offered_at, $2) where ticket_id = $1 and state = 'open'`

	// What a unit holds: the ticket of its open offer and that of its active sortie.
	selectHeld = `
select t.id, t.status, coalesce(s.id, 0)
from ticket t
left join sortie s on s.ticket_id = t.id and s.unit_id = $1 and s.ended_at is null
where s.id is not null
   or exists (select from offer f where f.ticket_id = t.id and f.unit_id = $1 and f.state = 'open')
order by t.id`

	setOutOfServiceSQL = `
update unit set out_of_service_since = case when $2 then coalesce(out_of_service_since, $3::timestamptz) end,
    out_of_service_reason = case when $2 then $4 else '' end
where id = $1 and ((out_of_service_since is not null) <> $2 or ($2 and out_of_service_reason <> $4))`
)

// holder is the unit that has a ticket in its hands; the zero holder means that none has.
type holder struct {
	UnitID   int64
	OrgPath  string
	SortieID int64 // 0 = the ticket is only offered
	active   bool  // the sortie has not ended
	onShift  bool
}

// heldTicket is a ticket in a unit's hands; SortieID 0 means it is only offered.
type heldTicket struct {
	TicketID int64
	Status   ticket.Status
	SortieID int64
}

func readHolder(ctx context.Context, tx *pg.Tx, ticketID int64) (holder, error) {
	var h holder
	err := tx.QueryRow(ctx, selectHolder, ticketID, tx.Now()).Scan(&h.UnitID, &h.OrgPath, &h.SortieID, &h.active, &h.onShift)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return h, fmt.Errorf("read who has ticket %d: %w", ticketID, err)
	}
	return h, nil
}

func stampSortie(ctx context.Context, tx *pg.Tx, id int64, stamp string) error {
	if _, err := tx.Exec(ctx, stamp, id, tx.Now()); err != nil {
		return fmt.Errorf("stamp sortie %d: %w", id, err)
	}
	return nil
}

func noteArrival(ctx context.Context, tx *pg.Tx, id int64, metres float64) error {
	if _, err := tx.Exec(ctx, noteArrivalSQL, id, metres); err != nil {
		return fmt.Errorf("note arrival of sortie %d: %w", id, err)
	}
	return nil
}

func endSortie(ctx context.Context, tx *pg.Tx, id int64, outcome string) error {
	if _, err := tx.Exec(ctx, endSortieSQL, id, tx.Now(), outcome); err != nil {
		return fmt.Errorf("end sortie %d: %w", id, err)
	}
	return nil
}

func withdrawOffer(ctx context.Context, tx *pg.Tx, ticketID int64) error {
	if _, err := tx.Exec(ctx, withdrawOfferSQL, ticketID, tx.Now()); err != nil {
		return fmt.Errorf("withdraw offer of ticket %d: %w", ticketID, err)
	}
	return nil
}

// lockUnitAndTickets locks what a unit holds, then the unit, in the order everybody uses. A ticket that came to the
// unit between reading and locking is locked after the unit; the database breaks the deadlock that could follow by
// running the transaction again. Once the unit is locked no further ticket can come to it.
func lockUnitAndTickets(ctx context.Context, tx *pg.Tx, unitID int64, branch string) ([]heldTicket, error) {
	if err := lockHeld(ctx, tx, unitID); err != nil {
		return nil, err
	}
	if err := lockUnit(ctx, tx, unitID, branch); err != nil {
		return nil, err
	}
	if err := lockHeld(ctx, tx, unitID); err != nil {
		return nil, err
	}
	return readHeld(ctx, tx, unitID)
}

func lockHeld(ctx context.Context, tx *pg.Tx, unitID int64) error {
	held, err := readHeld(ctx, tx, unitID)
	if err != nil {
		return err
	}
	for _, h := range held {
		if _, err := ticket.Lock(ctx, tx, ticket.Engine, h.TicketID); err != nil {
			return err
		}
	}
	return nil
}

func readHeld(ctx context.Context, tx *pg.Tx, unitID int64) ([]heldTicket, error) {
	rows, _ := tx.Query(ctx, selectHeld, unitID)
	held, err := pgx.CollectRows(rows, pgx.RowToStructByPos[heldTicket])
	if err != nil {
		return nil, fmt.Errorf("read what unit %d holds: %w", unitID, err)
	}
	return held, nil
}

func setOutOfService(ctx context.Context, tx *pg.Tx, unitID int64, out bool, reason string) (changed bool, err error) {
	tag, err := tx.Exec(ctx, setOutOfServiceSQL, unitID, out, tx.Now(), reason)
	if err != nil {
		return false, fmt.Errorf("set service of unit %d: %w", unitID, err)
	}
	return tag.RowsAffected() == 1, nil
}
