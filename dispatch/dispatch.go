// Package dispatch is where a place in the world meets a matter to attend to: which unit is near, on duty and free;
// who was asked, who said yes; who is on the way. It owns shifts, offers, sorties and the engine that makes offers,
// and the transactions that change a ticket together with them.
//
// Locks are taken in one order everywhere: ticket, then unit. The named constraints of 00005_dispatch.sql are the
// referee should code ever race past it.
package dispatch

import (
	"errors"
	"fmt"
	"time"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// Errors a caller can act on.
var (
	// ErrOfferClosed: the offer was answered, withdrawn or ran out before.
	ErrOfferClosed = errors.New("the offer is no longer open")
	// ErrTicketTaken: another offer or sortie holds the ticket.
	ErrTicketTaken = errors.New("the ticket is already offered or taken")
	// ErrUnitNotFound: no such unit in the actor's branch.
	ErrUnitNotFound = errors.New("unit not found")
	// ErrOfferNotFound: no such offer, or it was made to somebody else's unit.
	ErrOfferNotFound = errors.New("offer not found")
	// ErrOverrideReason: the unit is not the best candidate and no reason was given.
	ErrOverrideReason = errors.New("choosing another unit than the best needs a reason")
	// ErrShiftOverlap: the unit already has a shift in that time.
	ErrShiftOverlap = errors.New("the unit already has a shift in that time")
	// ErrNotYourTicket: the actor may read the ticket, but only the unit that has it, or who is above either, may act on
	// it. It may have been taken away meanwhile.
	ErrNotYourTicket = errors.New("this ticket is not with your unit")
)

// UnitBusyError says why a unit cannot take an offer; Reason is one of the candidate reasons.
type UnitBusyError struct {
	UnitID int64
	Reason Reason
}

func (e *UnitBusyError) Error() string {
	return fmt.Sprintf("unit %d cannot take an offer: %s", e.UnitID, e.Reason)
}

// refereed turns a violated constraint into the error it stands for; other errors pass.
func refereed(err error, unitID int64) error {
	switch pg.Constraint(err) {
	case "offer_one_open_per_ticket", "sortie_one_active_per_ticket":
		return ErrTicketTaken
	case "offer_one_open_per_unit":
		return &UnitBusyError{UnitID: unitID, Reason: ReasonOffered}
	case "sortie_one_active_per_unit":
		return &UnitBusyError{UnitID: unitID, Reason: ReasonOnTask}
	case "sortie_one_per_offer":
		return ErrOfferClosed
	case "shift_no_overlap":
		return ErrShiftOverlap
	}
	return err
}

// Policy says how tickets of one urgency find their unit (domain C5).
type Policy struct {
	Urgency      int    `json:"urgency"`
	Mode         string `json:"mode"` // "suggest": a dispatcher clicks; "auto": the engine offers by itself
	OfferSeconds int    `json:"offer_seconds"`
	MaxOffers    int    `json:"max_offers"` // unanswered or declined offers before the alarm
	ETACapMin    int    `json:"eta_cap_min"`
	// BorderMin is how many minutes sooner than a unit of the responsible squad one of another squad of the county must
	// be there to rank level with it; from another county it is four times as many. 0 = whoever is there first.
	BorderMin int `json:"border_min"`
}

// OfferFor is how long an offer stays open.
func (p Policy) OfferFor() time.Duration { return time.Duration(p.OfferSeconds) * time.Second }

// check holds the limits of table dispatch_policy.
func (p Policy) check() (bad ticket.Invalid) {
	if p.Mode != "suggest" && p.Mode != "auto" {
		bad = append(bad, ticket.FieldError{Field: "mode", Code: "unknown_value"})
	}
	for _, limit := range []struct {
		field         string
		value, lo, hi int
	}{
		{"urgency", p.Urgency, 1, 4},
		{"offer_seconds", p.OfferSeconds, 10, 3600},
		{"max_offers", p.MaxOffers, 1, 10},
		{"eta_cap_min", p.ETACapMin, 5, 1440},
		{"border_min", p.BorderMin, 0, 60},
	} {
		if limit.value < limit.lo || limit.value > limit.hi {
			bad = append(bad, ticket.FieldError{Field: limit.field, Code: "out_of_range"})
		}
	}
	return bad
}
