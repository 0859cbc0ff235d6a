package dispatch

import (
	"context"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// Locate corrects the place of a ticket to what was found on the spot, for those who have the ticket in their hands, as
// with Act. It gives the ticket as it is then and as it was before.
//
// Errors: those of ticket.Locate, ErrNotYourTicket.
func (s *Service) Locate(ctx context.Context, tx *pg.Tx, actor ticket.Actor, id int64, version int, place ticket.Place) (now, before ticket.Ticket, err error) {
	t, err := ticket.Lock(ctx, tx, ticket.Engine, id)
	if err != nil {
		return t, before, err
	}
	by, err := readHolder(ctx, tx, id)
	if err != nil {
		return t, before, err
	}
	if err := mayAct(actor, &t, by); err != nil {
		return ticket.Ticket{}, before, err
	}
	actor.OrgPath = ""
	return ticket.Locate(ctx, tx, actor, id, version, place, by.UnitID)
}

// mayAct is why an actor may not act on a ticket that by has in hand; nil when the actor may.
func mayAct(actor ticket.Actor, t *ticket.Ticket, by holder) error {
	switch {
	case !inHands(actor, t.OrgPath, by.OrgPath) && !actor.Sees(t.OrgPath):
		return ticket.ErrNotFound
	case !inHands(actor, t.OrgPath, by.OrgPath), actor.Role == "officer" && (by.UnitID == 0 || by.UnitID != actor.UnitID):
		return ErrNotYourTicket
	}
	return nil
}
