package dispatch

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

const (
	lockUnitSQL = `
select u.id from unit u join org o on o.id = u.org_id
where u.id = $1 and u.retired_at is null and o.path ^@ all ($2::text[]) for update of u`

	insertOfferSQL = `
insert into offer (ticket_id, unit_id, mode, offered_by, override, distance_m, eta_s, eta_basis, ranking, offered_at, expires_at)
values (@ticket, @unit, @mode, @by, @override, @distance, @eta, @basis, @ranking, @now, @expires)`

	selectOffer = `
select f.id, f.ticket_id, f.unit_id, f.state, f.expires_at
from offer f join unit u on u.id = f.unit_id join org o on o.id = u.org_id
where f.id = $1 and o.path like $2 || '%'`

	closeOfferSQL = `
update offer set state = $2, answer = $3, answered_at = greatest(offered_at, $4) where id = $1 and state = 'open'`

	insertSortieSQL = `
insert into sortie (ticket_id, unit_id, offer_id, accepted_at) values ($1, $2, $3, $4)`

	selectDueOffers = `select id from offer where state = 'open' and expires_at <= $1 order by expires_at limit 200`

	selectNextExpiry = `select min(expires_at) from offer where state = 'open'`

	// Offers that came to nothing since the last unit took the ticket.
	countFailedOffers = `
select f.ticket_id, count(*) from offer f where f.ticket_id = any($1) and f.state in ('declined', 'expired')
  and f.id > coalesce((select max(s.offer_id) from sortie s where s.ticket_id = f.ticket_id), 0)
group by f.ticket_id`

	selectProposed = `select ticket_id, coalesce(unit_id, 0) from proposal where ticket_id = any($1)`

	upsertProposal = `
insert into proposal (ticket_id, unit_id, ranking, proposed_at) values ($1, nullif($2::bigint, 0), $3, $4)
on conflict (ticket_id) do update set unit_id = excluded.unit_id, ranking = excluded.ranking, proposed_at = excluded.proposed_at`

	selectProposal = `select coalesce(unit_id, 0) from proposal where ticket_id = $1`

	deleteProposalSQL = `delete from proposal where ticket_id = $1`
)

// offerRow is the part of an offer that its answer depends on.
type offerRow struct {
	ID        int64
	TicketID  int64
	UnitID    int64
	State     string
	ExpiresAt time.Time
}

// lockUnit holds the unit's row until the transaction ends; every change of a unit's offers, sorties and repair
// state takes it. Errors: ErrUnitNotFound, also when the unit is not in every one of the branches.
func lockUnit(ctx context.Context, tx *pg.Tx, unitID int64, branches ...string) error {
	var id int64
	err := tx.QueryRow(ctx, lockUnitSQL, unitID, branches).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrUnitNotFound
	}
	if err != nil {
		return fmt.Errorf("lock unit %d: %w", unitID, err)
	}
	return nil
}

func insertOffer(ctx context.Context, tx *pg.Tx, actor ticket.Actor, r Request, c Candidate, ranking []Candidate, expires time.Time) error {
	blob, err := json.Marshal(ranking)
	if err != nil {
		return fmt.Errorf("write ranking: %w", err)
	}
	_, err = tx.Exec(ctx, insertOfferSQL, pgx.NamedArgs{
		"ticket": r.TicketID, "unit": r.UnitID, "mode": r.Mode, "by": actor.ID, "override": r.Override,
		"distance": c.DistanceM, "eta": c.ETAS, "basis": c.ETABasis, "ranking": blob, "now": tx.Now(), "expires": expires,
	})
	if err != nil {
		return fmt.Errorf("offer ticket %d to unit %d: %w", r.TicketID, r.UnitID, err)
	}
	return nil
}

func readOffer(ctx context.Context, tx *pg.Tx, id int64, branch string) (offerRow, error) {
	rows, _ := tx.Query(ctx, selectOffer, id, branch)
	o, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByPos[offerRow])
	if errors.Is(err, pgx.ErrNoRows) {
		return o, ErrOfferNotFound
	}
	if err != nil {
		return o, fmt.Errorf("read offer %d: %w", id, err)
	}
	return o, nil
}

// closeOffer is a compare-and-set: ErrOfferClosed when the offer was not open.
func closeOffer(ctx context.Context, tx *pg.Tx, id int64, state, answer string) error {
	tag, err := tx.Exec(ctx, closeOfferSQL, id, state, answer, tx.Now())
	if err != nil {
		return fmt.Errorf("close offer %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return ErrOfferClosed
	}
	return nil
}

func insertSortie(ctx context.Context, tx *pg.Tx, o offerRow) error {
	if _, err := tx.Exec(ctx, insertSortieSQL, o.TicketID, o.UnitID, o.ID, tx.Now()); err != nil {
		return fmt.Errorf("begin sortie of unit %d: %w", o.UnitID, err)
	}
	return nil
}

func dueOffers(ctx context.Context, q pg.Queryer, now time.Time) ([]int64, error) {
	rows, _ := q.Query(ctx, selectDueOffers, now)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read due offers: %w", err)
	}
	return ids, nil
}

// nextExpiry is when the next open offer runs out; the zero time when none is open.
func nextExpiry(ctx context.Context, q pg.Queryer) (time.Time, error) {
	var at *time.Time
	if err := q.QueryRow(ctx, selectNextExpiry).Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("read next offer expiry: %w", err)
	}
	if at == nil {
		return time.Time{}, nil
	}
	return *at, nil
}

// failedOffers counts by ticket; a ticket without any is left out.
func failedOffers(ctx context.Context, q pg.Queryer, tickets []int64) (map[int64]int, error) {
	return readPairs[int](ctx, q, countFailedOffers, tickets)
}

// proposedUnits is the standing proposal by ticket: a unit, or 0 when none was fit. A ticket without one is left out.
func proposedUnits(ctx context.Context, q pg.Queryer, tickets []int64) (map[int64]int64, error) {
	return readPairs[int64](ctx, q, selectProposed, tickets)
}

func readPairs[V any](ctx context.Context, q pg.Queryer, sql string, tickets []int64) (map[int64]V, error) {
	out := map[int64]V{}
	var id int64
	var v V
	rows, _ := q.Query(ctx, sql, tickets)
	_, err := pgx.ForEachRow(rows, []any{&id, &v}, func() error {
		out[id] = v
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read offers and proposals of the queue: %w", err)
	}
	return out, nil
}

func writeProposal(ctx context.Context, tx *pg.Tx, ticketID int64, ranking []Candidate) error {
	blob, err := json.Marshal(ranking)
	if err != nil {
		return fmt.Errorf("write proposal: %w", err)
	}
	var best int64
	if len(ranking) > 0 && ranking[0].Eligible {
		best = ranking[0].UnitID
	}
	if _, err := tx.Exec(ctx, upsertProposal, ticketID, best, blob, tx.Now()); err != nil {
		return fmt.Errorf("propose for ticket %d: %w", ticketID, err)
	}
	return nil
}

func deleteProposal(ctx context.Context, tx *pg.Tx, ticketID int64) error {
	if _, err := tx.Exec(ctx, deleteProposalSQL, ticketID); err != nil {
		return fmt.Errorf("drop proposal of ticket %d: %w", ticketID, err)
	}
	return nil
}

// readProposal tells which unit stands proposed (0 = none is fit), and whether there is a proposal at all.
func readProposal(ctx context.Context, tx *pg.Tx, ticketID int64) (unitID int64, known bool, err error) {
	err = tx.QueryRow(ctx, selectProposal, ticketID).Scan(&unitID)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("read proposal of ticket %d: %w", ticketID, err)
	}
	return unitID, true, nil
}
