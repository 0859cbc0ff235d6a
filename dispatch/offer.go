package dispatch

import (
	"context"
	"slices"
	"strings"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// Request is a wish to offer a ticket to a unit.
type Request struct {
	TicketID int64
	Version  int // of the ticket the caller saw; 0 for the engine, which ranks inside the transaction
	UnitID   int64
	// Override is the reason for not taking the best candidate; needed exactly then.
	Override string
	Mode     string // "manual" or "auto"
}

// Offer asks a unit of the actor's own branch to take a ticket that the actor may read. The ticket is locked, the units
// are ranked afresh, the unit is locked and its duty read again, so two requests cannot both win; the named constraints
// would refuse the second.
//
// Errors: those of ticket.Advance, ErrTicketTaken, *UnitBusyError, ErrOverrideReason, ErrUnitNotFound.
func (s *Service) Offer(ctx context.Context, tx *pg.Tx, actor ticket.Actor, r Request) (ticket.Ticket, error) {
	t, err := ticket.Lock(ctx, tx, actor.Viewer(), r.TicketID)
	if err != nil {
		return t, err
	}
	if err := mayOffer(&t, actor, r.Version); err != nil {
		return t, err
	}
	if err := lockUnit(ctx, tx, r.UnitID, t.OrgPath, actor.OrgPath); err != nil {
		return t, err
	}
	ranking, err := s.Candidates(ctx, tx, &t, tx.Now())
	if err != nil {
		return t, err
	}
	i := slices.IndexFunc(ranking, func(c Candidate) bool { return c.UnitID == r.UnitID })
	if i < 0 {
		return t, ErrUnitNotFound
	}
	chosen := ranking[i]
	if chosen.Reason.Hard() {
		return t, &UnitBusyError{UnitID: r.UnitID, Reason: chosen.Reason}
	}
	if chosen.Reason != ReasonBest && strings.TrimSpace(r.Override) == "" {
		return t, ErrOverrideReason
	}
	policies, err := Policies(ctx, tx)
	if err != nil {
		return t, err
	}
	t, err = ticket.Advance(ctx, tx, actor.Viewer(), r.TicketID, ticket.Step{
		Action: ticket.ActOffer, Version: r.Version, UnitID: r.UnitID, Reason: r.Override,
		Data: ticket.Data{
			"mode": r.Mode, "call_sign": chosen.CallSign, "eta_s": chosen.ETAS, "distance_m": round1(chosen.DistanceM),
			"rank": chosen.Rank, "next": nextBest(ranking, r.UnitID),
		},
	})
	if err != nil {
		return t, err
	}
	expires := tx.Now().Add(policies[int(t.Urgency)].OfferFor())
	if err := insertOffer(ctx, tx, actor, r, chosen, ranking, expires); err != nil {
		return t, refereed(err, r.UnitID)
	}
	return t, deleteProposal(ctx, tx, r.TicketID)
}

// mayOffer tells a loser of a race first that the ticket is gone: a ranking made now would speak of something else.
func mayOffer(t *ticket.Ticket, actor ticket.Actor, version int) error {
	switch t.Status {
	case ticket.Offered, ticket.Accepted, ticket.EnRoute, ticket.OnScene:
		return ErrTicketTaken
	case ticket.ToDispatch:
	default:
		return &ticket.TransitionError{
			Action: ticket.ActOffer, Status: t.Status, Allowed: ticket.Allowed(t.Status, t.Subtype, actor.Role),
		}
	}
	if version != 0 && version != t.Version {
		return ticket.ErrVersion
	}
	return nil
}

// nextBest names the two next eligible units, for the log.
func nextBest(ranking []Candidate, chosen int64) []string {
	next := []string{}
	for _, c := range ranking {
		if c.Eligible && c.UnitID != chosen && len(next) < 2 {
			next = append(next, c.CallSign)
		}
	}
	return next
}

// Accept answers yes: the offer closes, a sortie begins, the ticket is accepted. Only a person of the unit, or a
// squad leader above it, may answer. Errors: ErrOfferNotFound, ErrOfferClosed, those of ticket.Advance.
func (s *Service) Accept(ctx context.Context, tx *pg.Tx, actor ticket.Actor, offerID int64) (ticket.Ticket, error) {
	o, err := s.lockOffer(ctx, tx, actor, offerID)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if err := closeOffer(ctx, tx, o.ID, "accepted", ""); err != nil {
		return ticket.Ticket{}, err
	}
	if err := insertSortie(ctx, tx, o); err != nil {
		return ticket.Ticket{}, refereed(err, o.UnitID)
	}
	actor.OrgPath = "" // the unit is in the actor's branch; the ticket is the county's
	return ticket.Advance(ctx, tx, actor, o.TicketID, ticket.Step{
		Action: ticket.ActAccept, UnitID: o.UnitID, Data: ticket.Data{"offer_id": o.ID},
	})
}

// Decline answers no, with one of ticket.DeclineReasons and an optional note. Errors as for Accept, and
// ticket.Invalid.
func (s *Service) Decline(ctx context.Context, tx *pg.Tx, actor ticket.Actor, offerID int64, reason, note string) (ticket.Ticket, error) {
	if !ticket.KnownDeclineReason(reason) {
		return ticket.Ticket{}, ticket.Invalid{{Field: "reason_code", Code: "unknown_value"}}
	}
	o, err := s.lockOffer(ctx, tx, actor, offerID)
	if err != nil {
		return ticket.Ticket{}, err
	}
	if err := closeOffer(ctx, tx, o.ID, "declined", reason); err != nil {
		return ticket.Ticket{}, err
	}
	data := ticket.Data{"offer_id": o.ID}
	if note != "" {
		data["note"] = note
	}
	actor.OrgPath = "" // as in Accept
	return ticket.Advance(ctx, tx, actor, o.TicketID, ticket.Step{
		Action: ticket.ActDecline, UnitID: o.UnitID, Reason: reason, Data: data,
	})
}

// lockOffer locks the offer's ticket and unit and checks that the actor may answer it and that it is still open.
func (s *Service) lockOffer(ctx context.Context, tx *pg.Tx, actor ticket.Actor, offerID int64) (offerRow, error) {
	o, err := readOffer(ctx, tx, offerID, actor.OrgPath)
	if err != nil {
		return o, err
	}
	if actor.Role == "officer" && actor.UnitID != o.UnitID {
		return o, ErrOfferNotFound
	}
	t, err := ticket.Lock(ctx, tx, ticket.Actor{ID: actor.ID, Role: actor.Role}, o.TicketID)
	if err != nil {
		return o, err
	}
	if err := lockUnit(ctx, tx, o.UnitID, t.OrgPath); err != nil {
		return o, err
	}
	if o, err = readOffer(ctx, tx, offerID, actor.OrgPath); err != nil {
		return o, err
	}
	if o.State != "open" || !o.ExpiresAt.After(tx.Now()) {
		return o, ErrOfferClosed
	}
	return o, nil
}

// expire closes an offer that nobody answered in time; it reports false when somebody did after all.
func (s *Service) expire(ctx context.Context, tx *pg.Tx, offerID int64) (bool, error) {
	o, err := readOffer(ctx, tx, offerID, "")
	if err != nil {
		return false, err
	}
	if _, err := ticket.Lock(ctx, tx, ticket.Engine, o.TicketID); err != nil {
		return false, err
	}
	if o, err = readOffer(ctx, tx, offerID, ""); err != nil || o.State != "open" || o.ExpiresAt.After(tx.Now()) {
		return false, err
	}
	if err := closeOffer(ctx, tx, o.ID, "expired", "no_answer"); err != nil {
		return false, err
	}
	_, err = ticket.Advance(ctx, tx, ticket.Engine, o.TicketID, ticket.Step{
		Action: ticket.ActExpire, UnitID: o.UnitID, Data: ticket.Data{"offer_id": o.ID},
	})
	return err == nil, err
}
