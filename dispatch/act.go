package dispatch

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// Act takes one named step on a ticket and keeps its offer and sortie in step, in one transaction. Offers are made
// with Offer and answered with Accept and Decline; Act refuses those three.
//
// Those who go out need not belong to the ticket's county office: a ticket in the hands of a unit of the actor's
// branch is in scope, too. An officer acts for the own unit only.
//
// Errors: those of ticket.Advance, ErrNotYourTicket when the actor may read the ticket but it is not, or no longer, in
// the actor's hands.
func (s *Service) Act(ctx context.Context, tx *pg.Tx, actor ticket.Actor, ticketID int64, step ticket.Step) (ticket.Ticket, error) {
	t, err := ticket.Lock(ctx, tx, ticket.Engine, ticketID)
	if err != nil {
		return t, err
	}
	by, err := readHolder(ctx, tx, ticketID)
	if err != nil {
		return t, err
	}
	if err := mayAct(actor, &t, by); err != nil {
		return ticket.Ticket{}, err
	}
	offered := []ticket.Action{ticket.ActOffer, ticket.ActAccept, ticket.ActDecline, ticket.ActExpire}
	if slices.Contains(offered, step.Action) {
		return t, &ticket.TransitionError{Action: step.Action, Status: t.Status, Allowed: ticket.Allowed(t.Status, t.Subtype, actor.Role)}
	}
	step.UnitID = by.UnitID
	if step.Action == ticket.ActArrive {
		if metres, ok := s.distanceTo(&t, by); ok {
			step.Data = ticket.Data{"distance_m": round1(float64(metres))}
		}
	}
	// The step comes first: it checks version, status and role before anything else is touched.
	actor.OrgPath = ""
	t, err = ticket.Advance(ctx, tx, actor, ticketID, step)
	if err != nil {
		return t, err
	}
	return t, s.follow(ctx, tx, &t, by, step.Action)
}

// inHands tells whether a ticket, or the unit that has it, lies in the branch that the actor may change. unitPath is ""
// when no unit has the ticket.
func inHands(actor ticket.Actor, ticketPath, unitPath string) bool {
	return strings.HasPrefix(ticketPath, actor.OrgPath) || unitPath != "" && strings.HasPrefix(unitPath, actor.OrgPath)
}

// follow brings offer and sortie in line with a step that was taken.
func (s *Service) follow(ctx context.Context, tx *pg.Tx, t *ticket.Ticket, by holder, action ticket.Action) error {
	switch action {
	case ticket.ActDepart:
		return stampSortie(ctx, tx, by.SortieID, departSortie)
	case ticket.ActArrive:
		if err := stampSortie(ctx, tx, by.SortieID, arriveSortie); err != nil {
			return err
		}
		if metres, ok := s.distanceTo(t, by); ok {
			return noteArrival(ctx, tx, by.SortieID, float64(metres))
		}
		return nil
	case ticket.ActFinish:
		return endSortie(ctx, tx, by.SortieID, "done")
	case ticket.ActRedispatch:
		return endSortie(ctx, tx, by.SortieID, "aborted")
	case ticket.ActWithdraw:
		return withdrawOffer(ctx, tx, t.ID)
	case ticket.ActCancel:
		if err := withdrawOffer(ctx, tx, t.ID); err != nil {
			return err
		}
		if err := deleteProposal(ctx, tx, t.ID); err != nil {
			return err
		}
		if by.active {
			return endSortie(ctx, tx, by.SortieID, "cancelled")
		}
		return nil
	case ticket.ActAmend:
		return deleteProposal(ctx, tx, t.ID)
	}
	return nil
}

// distanceTo is how far the newest position of the unit that has a case is from it, through the air.
func (s *Service) distanceTo(t *ticket.Ticket, by holder) (geo.Metres, bool) {
	fix, ok := s.position(by.UnitID, by.onShift)
	if !ok || t.Point == nil {
		return 0, false
	}
	return geo.Distance(fix.Point, *t.Point), true
}

// SetService puts a unit in repair (inService false, with a reason) or back in service. A unit in repair loses its
// open offer, and the case it had accepted or was driving to goes back to the queue, from where the engine proposes
// it anew. A unit that is already on scene stays there. Setting what is already so changes nothing.
//
// Errors: ticket.Invalid, ErrUnitNotFound (for officers: any unit but their own).
func (s *Service) SetService(ctx context.Context, tx *pg.Tx, actor ticket.Actor, unitID int64, inService bool, reason string) error {
	if !inService && strings.TrimSpace(reason) == "" {
		return ticket.Invalid{{Field: "reason", Code: "required"}}
	}
	if actor.Role == "officer" && actor.UnitID != unitID {
		return ErrUnitNotFound
	}
	held, err := lockUnitAndTickets(ctx, tx, unitID, actor.OrgPath)
	if err != nil {
		return err
	}
	changed, err := setOutOfService(ctx, tx, unitID, !inService, reason)
	if err != nil || !changed {
		return err
	}
	if inService {
		return ticket.Record(tx, actor, "unit.in_service", 0, unitID, nil)
	}
	if err := ticket.Record(tx, actor, "unit.out_of_service", 0, unitID, ticket.Data{"reason": reason}); err != nil {
		return err
	}
	for _, h := range held {
		if err := s.release(ctx, tx, unitID, h, reason); err != nil {
			return fmt.Errorf("release ticket %d: %w", h.TicketID, err)
		}
	}
	return nil
}

// release takes a ticket away from a unit that cannot go. The engine is the actor of the ticket's step: whoever
// reported the repair need not have the right to dispatch.
func (s *Service) release(ctx context.Context, tx *pg.Tx, unitID int64, h heldTicket, reason string) error {
	step := ticket.Step{UnitID: unitID, Reason: "in_repair", Data: ticket.Data{"note": reason}}
	switch {
	case h.SortieID != 0 && (h.Status == ticket.Accepted || h.Status == ticket.EnRoute):
		if err := endSortie(ctx, tx, h.SortieID, "aborted"); err != nil {
			return err
		}
		step.Action = ticket.ActRedispatch
	case h.SortieID == 0 && h.Status == ticket.Offered:
		if err := withdrawOffer(ctx, tx, h.TicketID); err != nil {
			return err
		}
		step.Action = ticket.ActWithdraw
	default:
		return nil
	}
	_, err := ticket.Advance(ctx, tx, ticket.Engine, h.TicketID, step)
	return err
}
