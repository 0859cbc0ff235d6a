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
	selectTerminal = `
select u.id, u.org_id, o.path
from device d join unit u on u.id = d.unit_id join org o on o.id = u.org_id
where d.id = $1 and u.id = $2 and d.disabled_at is null and u.retired_at is null`

	// Every unit that has an open offer or an active sortie; the database lets it have one of each at most.
	selectTasks = `
select coalesce(f.unit_id, s.unit_id), coalesce(s.id, 0), coalesce(s.ticket_id, 0),
    coalesce(f.id, 0), coalesce(f.distance_m, 0), coalesce(t.number, ''), coalesce(t.urgency, 0), coalesce(t.subtype, ''),
    coalesce(t.place_text, ''), coalesce(r.name, ''), coalesce(r.address, '')
from (select * from offer where state = 'open') f
full join (select * from sortie where ended_at is null) s on s.unit_id = f.unit_id
left join ticket t on t.id = coalesce(f.ticket_id, s.ticket_id)
left join retailer r on r.id = t.retailer_id`

	selectSortieTicket = `select ticket_id from sortie where unit_id = $1 and ended_at is null`

	selectOfferEnd = `select state from offer where id = $1`
)

// TerminalActor is the terminal of a unit's vehicle as an actor: whoever sits at its screen may answer for the unit
// and for no other. The event log names the device, "terminal:17". Errors: ErrUnitNotFound when the device is not, or
// no longer, that unit's, or is switched off.
func TerminalActor(ctx context.Context, q pg.Queryer, deviceID, unitID int64) (ticket.Actor, error) {
	a := ticket.Actor{ID: fmt.Sprintf("terminal:%d", deviceID), Role: "officer"}
	err := q.QueryRow(ctx, selectTerminal, deviceID, unitID).Scan(&a.UnitID, &a.OrgID, &a.OrgPath)
	if errors.Is(err, pgx.ErrNoRows) {
		return a, ErrUnitNotFound
	}
	if err != nil {
		return a, fmt.Errorf("terminal %d of unit %d: %w", deviceID, unitID, err)
	}
	return a, nil
}

// Task is what a unit is asked to do, or does, as its vehicle's screen may show it: nothing that the caller said, and
// nothing about the caller. A unit with neither an offer nor a sortie has none.
type Task struct {
	UnitID    int64
	SortieID  int64   // 0 = no sortie is active
	TicketID  int64   // of the sortie; 0 without one
	OfferID   int64   // 0 = no offer is open
	DistanceM float64 // of the offer, as it was estimated
	// What follows is of the ticket on offer, or else of that of the sortie.
	Number    string
	Urgency   ticket.Urgency
	Subtype   string
	PlaceText string
	ShopName  string // "" when no shop is known
	Address   string // of the shop
}

// Tasks reads what all units have to do now, by unit.
func Tasks(ctx context.Context, q pg.Queryer) (map[int64]Task, error) {
	rows, _ := q.Query(ctx, selectTasks)
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Task])
	if err != nil {
		return nil, fmt.Errorf("read what units have to do: %w", err)
	}
	tasks := make(map[int64]Task, len(list))
	for _, t := range list {
		tasks[t.UnitID] = t
	}
	return tasks, nil
}

// OfferState is where an offer stands: "open", "accepted", "declined", "expired", "withdrawn". Errors: ErrOfferNotFound.
func OfferState(ctx context.Context, q pg.Queryer, id int64) (string, error) {
	var state string
	err := q.QueryRow(ctx, selectOfferEnd, id).Scan(&state)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", ErrOfferNotFound
	}
	if err != nil {
		return "", fmt.Errorf("read offer %d: %w", id, err)
	}
	return state, nil
}

// SortieOf is the ticket of a unit's active sortie, 0 when it has none.
func SortieOf(ctx context.Context, q pg.Queryer, unitID int64) (ticketID int64, err error) {
	err = q.QueryRow(ctx, selectSortieTicket, unitID).Scan(&ticketID)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, fmt.Errorf("read sortie of unit %d: %w", unitID, err)
	}
	return ticketID, nil
}
