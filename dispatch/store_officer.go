package dispatch

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// OfficerState is all that an officer's page shows: the own unit and the one case in hand.
type OfficerState struct {
	Unit      UnitView  `json:"unit"`
	Shift     *Shift    `json:"shift"`
	Offer     *CaseCard `json:"offer"`
	Case      *CaseCard `json:"sortie"`
	DoneToday int       `json:"tickets_done_today"`
}

// CaseCard is a ticket as the officer who goes there sees it: with the caller's words, never with the caller.
type CaseCard struct {
	OfferID      int64      `json:"id"`         // 0 on a sortie
	OfferedAt    *time.Time `json:"offered_at"` // nil on a sortie
	ExpiresAt    *time.Time `json:"expires_at"` // nil on a sortie
	DistanceM    *float64   `json:"distance_m"`
	ETAS         *int       `json:"eta_s"`
	Ticket       TicketView `json:"ticket"`
	Narrative    string     `json:"narrative"`
	ReporterMode string     `json:"reporter_mode"`
	ReportsYear  int        `json:"reports_year"` // earlier tickets about the same shop in 365 days
	Arrival      *Arrival   `json:"arrival"`      // the proposal that the unit has arrived; null when there is none
}

const (
	// The ticket in a unit's hands: on offer, under way, or back from the scene with the report still to write.
	selectOfficerTicket = `
select t.id from ticket t
where t.closed_at is null and (
    exists (select from offer f where f.ticket_id = t.id and f.unit_id = $1 and f.state = 'open')
    or t.id in (select s.ticket_id from sortie s where s.unit_id = $1 and (s.ended_at is null or s.outcome = 'done')
                and s.id = (select max(id) from sortie l where l.ticket_id = s.ticket_id)))
order by t.status = 'reporting', t.id limit 2`

	selectCaseText = `
select a.narrative, a.reporter_mode,
    (select count(*) from ticket e where e.retailer_id = t.retailer_id and e.id <> t.id
        and e.registered_at > $2::timestamptz - interval '365 days')
from appeal a join ticket t on t.id = a.ticket_id where a.ticket_id = $1 order by a.id limit 1`

	countDoneToday = `
select count(*) from sortie where unit_id = $1 and outcome = 'done' and ended_at >= $2`
)

// Officer reads the state of a unit for its officers. Errors: ErrUnitNotFound.
func (s *Service) Officer(ctx context.Context, q pg.Queryer, unitID int64, now time.Time) (OfficerState, error) {
	unit, err := s.UnitViewByID(ctx, q, "", unitID, now)
	if err != nil {
		return OfficerState{}, err
	}
	state := OfficerState{Unit: unit}
	if state.Shift, err = runningShift(ctx, q, unitID, now); err != nil {
		return state, err
	}
	if err := q.QueryRow(ctx, countDoneToday, unitID, midnight(now)).Scan(&state.DoneToday); err != nil {
		return state, fmt.Errorf("count sorties of unit %d: %w", unitID, err)
	}
	rows, _ := q.Query(ctx, selectOfficerTicket, unitID)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return state, fmt.Errorf("read case of unit %d: %w", unitID, err)
	}
	views, err := s.TicketViews(ctx, q, "", ids, now)
	if err != nil {
		return state, err
	}
	for i := range views {
		card, err := caseCard(ctx, q, views[i], now)
		if err != nil {
			return state, err
		}
		if o := views[i].Offer; views[i].Status == ticket.Offered && o != nil {
			card.OfferID, card.OfferedAt, card.ExpiresAt = o.ID, &o.OfferedAt, &o.ExpiresAt
			card.DistanceM, card.ETAS = &o.DistanceM, &o.ETAS
			state.Offer = &card
		} else if state.Case == nil || views[i].Status != ticket.Reporting {
			if u := views[i].Unit; u != nil {
				card.DistanceM, card.ETAS = u.DistanceM, u.ETAS
			}
			if card.Arrival, err = readArrival(ctx, q, views[i].ID); err != nil {
				return state, err
			}
			state.Case = &card
		}
	}
	return state, nil
}

func caseCard(ctx context.Context, q pg.Queryer, v TicketView, now time.Time) (CaseCard, error) {
	card := CaseCard{Ticket: v}
	err := q.QueryRow(ctx, selectCaseText, v.ID, now).Scan(&card.Narrative, &card.ReporterMode, &card.ReportsYear)
	if err != nil {
		return card, fmt.Errorf("read appeal of ticket %s: %w", v.Number, err)
	}
	return card, nil
}
