package httpapi

import (
	"context"
	"fmt"
	"strings"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// TicketDetail is a ticket with everything that the desk may see of it: the caller's words, but never the caller.
type TicketDetail struct {
	Ticket
	Narrative   string                 `json:"narrative" doc:"The words of the first appeal"`
	OutcomeText string                 `json:"outcome_text"`
	Appeals     []ticket.Appeal        `json:"appeals" nullable:"false"`
	Offers      []OfferView            `json:"offers" nullable:"false" doc:"Oldest first"`
	Sorties     []SortieView           `json:"sorties" nullable:"false" doc:"Oldest first"`
	Events      []dispatch.EventView   `json:"events" nullable:"false" doc:"Oldest first"`
	Proposal    *dispatch.ProposalView `json:"proposal" doc:"Whom the engine would send; null when nobody has to decide"`
	PlaceCheck  *PlaceChecked          `json:"place_check" doc:"The place check; null when there was none"`
}

// OfferView is one offer of a ticket.
type OfferView struct {
	ID         int64      `json:"id"`
	UnitID     int64      `json:"unit_id"`
	CallSign   string     `json:"call_sign"`
	Status     string     `json:"status" enum:"open,accepted,declined,expired,withdrawn"`
	Mode       string     `json:"mode" enum:"manual,auto"`
	OfferedAt  time.Time  `json:"offered_at"`
	ExpiresAt  time.Time  `json:"expires_at"`
	AnsweredAt *time.Time `json:"answered_at"`
	DistanceM  float64    `json:"distance_m"`
	ETAS       int        `json:"eta_s"`
	ReasonCode string     `json:"reason_code" doc:"Why it was declined or ran out; empty otherwise"`
	Override   string     `json:"override_reason" doc:"Why another unit than the best was asked; empty otherwise"`
}

// SortieView is one unit that was sent for a ticket.
type SortieView struct {
	ID               int64      `json:"id"`
	UnitID           int64      `json:"unit_id"`
	CallSign         string     `json:"call_sign"`
	Status           string     `json:"status" enum:"accepted,en_route,on_scene,done,aborted,cancelled"`
	AcceptedAt       time.Time  `json:"accepted_at"`
	DepartedAt       *time.Time `json:"departed_at"`
	ArrivedAt        *time.Time `json:"arrived_at"`
	FinishedAt       *time.Time `json:"finished_at"`
	ArrivalDistanceM *float64   `json:"arrival_distance_m" doc:"How far the unit was from the case when it said it had arrived"`
}

type ticketDetailOutput struct{ Body TicketDetail }

func (s *Server) ticketDetail(ctx context.Context, in *ticketInput) (*ticketDetailOutput, error) {
	me, db := actor(who(ctx)), s.deps.DB.Pool
	t, err := ticket.Find(ctx, db, me, in.ID)
	if err != nil {
		return nil, err
	}
	view, err := s.deps.Dispatch.TicketViewByID(ctx, db, me.ViewPath, in.ID, s.now())
	if err != nil {
		return nil, err
	}
	d := TicketDetail{Ticket: ticketFor(me, view), OutcomeText: t.OutcomeText}
	if d.Appeals, err = ticket.Appeals(ctx, db, in.ID); err != nil {
		return nil, err
	}
	if len(d.Appeals) > 0 {
		d.Narrative = d.Appeals[0].Narrative
	}
	if d.Offers, err = offersOf(ctx, db, in.ID); err != nil {
		return nil, err
	}
	if d.Sorties, err = sortiesOf(ctx, db, in.ID); err != nil {
		return nil, err
	}
	if d.Events, err = dispatch.EventsOf(ctx, db, in.ID); err != nil {
		return nil, err
	}
	if d.PlaceCheck, err = placeCheckOf(ctx, db, in.ID, d.Events); err != nil {
		return nil, err
	}
	if d.Proposal, err = dispatch.Proposal(ctx, db, in.ID); err != nil {
		return nil, err
	}
	return &ticketDetailOutput{Body: d}, nil
}

type candidatesOutput struct {
	Body struct {
		RankedAt   time.Time            `json:"ranked_at"`
		ETABasis   string               `json:"eta_basis" doc:"How the time of the first one with a position was estimated; those of others may differ, see theirs"`
		Candidates []dispatch.Candidate `json:"candidates"`
	}
}

func (s *Server) candidates(ctx context.Context, in *ticketInput) (*candidatesOutput, error) {
	t, err := ticket.Find(ctx, s.deps.DB.Pool, actor(who(ctx)), in.ID)
	if err != nil {
		return nil, err
	}
	out := &candidatesOutput{}
	out.Body.RankedAt = s.now()
	out.Body.Candidates, err = s.deps.Dispatch.Candidates(ctx, s.deps.DB.Pool, &t, s.now())
	for _, c := range out.Body.Candidates {
		if out.Body.ETABasis == "" {
			out.Body.ETABasis = c.ETABasis
		}
	}
	return out, err
}

type revealInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		Reason string `json:"reason" minLength:"2" maxLength:"200" doc:"Why the contact is needed; recorded"`
	}
}

type revealedReporter struct {
	AppealID int64  `json:"appeal_id"`
	Name     string `json:"name"`
	Phone    string `json:"phone"`
	Note     string `json:"note"`
}

type revealOutput struct {
	CacheControl string `header:"Cache-Control"`
	Body         struct {
		Reporters []revealedReporter `json:"reporters"`
	}
}

func (s *Server) reveal(ctx context.Context, in *revealInput) (*revealOutput, error) {
	me := actor(who(ctx))
	route := fmt.Sprintf("POST /tickets/%d/reveal", in.ID)
	list, err := command(ctx, s, in.Key, route, in.Body, func(ctx context.Context, tx *pg.Tx) ([]revealedReporter, error) {
		rows, err := ticket.Reveal(ctx, tx, me, in.ID, strings.TrimSpace(in.Body.Reason))
		out := make([]revealedReporter, len(rows))
		for i, r := range rows {
			out[i] = revealedReporter(r)
		}
		return out, err
	})
	if err != nil {
		return nil, err
	}
	out := &revealOutput{CacheControl: "no-store"}
	out.Body.Reporters = list
	return out, nil
}
