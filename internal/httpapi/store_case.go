package httpapi

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	selectOffersOf = `
select f.id, f.unit_id, u.call_sign, f.state, f.mode, f.offered_at, f.expires_at, f.answered_at, f.distance_m, f.eta_s,
    f.answer, f.override
from offer f join unit u on u.id = f.unit_id where f.ticket_id = $1 order by f.id`

	selectSortiesOf = `
select s.id, s.unit_id, u.call_sign,
    case when s.outcome <> '' then s.outcome when s.arrived_at is not null then 'on_scene'
         when s.departed_at is not null then 'en_route' else 'accepted' end,
    s.accepted_at, s.departed_at, s.arrived_at, s.ended_at, s.arrival_distance_m
from sortie s join unit u on u.id = s.unit_id where s.ticket_id = $1 order by s.id`
)

// offersOf and sortiesOf read the attempts of a ticket; the caller has checked that the ticket may be seen.
func offersOf(ctx context.Context, q pg.Queryer, ticketID int64) ([]OfferView, error) {
	rows, _ := q.Query(ctx, selectOffersOf, ticketID)
	offers, err := pgx.CollectRows(rows, pgx.RowToStructByPos[OfferView])
	if err != nil {
		return nil, fmt.Errorf("read offers of ticket %d: %w", ticketID, err)
	}
	return offers, nil
}

func sortiesOf(ctx context.Context, q pg.Queryer, ticketID int64) ([]SortieView, error) {
	rows, _ := q.Query(ctx, selectSortiesOf, ticketID)
	sorties, err := pgx.CollectRows(rows, pgx.RowToStructByPos[SortieView])
	if err != nil {
		return nil, fmt.Errorf("read sorties of ticket %d: %w", ticketID, err)
	}
	return sorties, nil
}
