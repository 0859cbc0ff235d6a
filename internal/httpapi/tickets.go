package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/retailer"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// actor is the principal as the domain packages know it.
func actor(p auth.Principal) ticket.Actor {
	return ticket.Actor{
		ID: p.Actor(), PersonID: p.PersonID, Role: string(p.Role), OrgPath: p.OrgPath,
		ViewPath: p.CountyPath, OrgID: p.OrgID, UnitID: p.UnitID,
	}
}

type openInput struct {
	Command
	Body struct {
		Channel           string   `json:"channel" doc:"One of /config channels"`
		Kind              string   `json:"kind" enum:"report,complaint,enquiry,suggestion"`
		Subtype           string   `json:"subtype" doc:"One of /config subtypes"`
		Narrative         string   `json:"narrative" maxLength:"4000" doc:"The caller's words, kept unchanged"`
		PlaceText         string   `json:"place_text,omitempty" maxLength:"200"`
		RetailerLicenceNo string   `json:"retailer_licence_no,omitempty" maxLength:"80"`
		Lon               *float64 `json:"lon,omitempty" minimum:"-180" maximum:"180" doc:"WGS-84; needs lat"`
		Lat               *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
		Urgency           int      `json:"urgency,omitempty" minimum:"0" maximum:"4" doc:"0 = the subtype's default"`
		UrgencyReason     string   `json:"urgency_reason,omitempty" maxLength:"200"`
		Reporter          Reporter `json:"reporter" doc:"Goes into the vault; never shown with the ticket"`
	}
}

// Reporter is who called, as the agent takes it down.
type Reporter struct {
	Mode  string `json:"mode" enum:"named,hidden,anonymous" doc:"hidden: known to the vault only; anonymous: no contact is kept"`
	Name  string `json:"name,omitempty" maxLength:"200"`
	Phone string `json:"phone,omitempty" maxLength:"200"`
	Note  string `json:"note,omitempty" maxLength:"200"`
}

// Ticket is a ticket as it is shown to one person.
type Ticket struct {
	dispatch.TicketView
	Actions []ticket.Action `json:"actions" nullable:"false" doc:"What the caller may do now, from the status machine"`
}

func ticketFor(me ticket.Actor, v dispatch.TicketView) Ticket {
	return Ticket{TicketView: v, Actions: v.Actions(me)}
}

type openAnswer struct {
	Ticket Ticket `json:"ticket"`
	Code   string `json:"code" doc:"The reporter's secret for /public/progress; shown this once"`
}

type openOutput struct{ Body openAnswer }

type ticketOutput struct{ Body Ticket }

func (s *Server) ticketRoutes() {
	const path = "/api/v1/tickets"
	tags := []string{"tickets"}
	handle(s, "POST", path, huma.Operation{Summary: "Register a demand", Tags: tags, DefaultStatus: http.StatusCreated}, s.openTicket)
	handle(s, "GET", path, huma.Operation{Summary: "Tickets of the branch, newest first; those of a squad's people are the county's", Tags: tags}, s.listTickets)
	handle(s, "GET", path+"/{id}", huma.Operation{Summary: "One ticket with appeals and timeline", Tags: tags}, s.ticketDetail)
	handle(s, "POST", path+"/{id}/actions/{action}", huma.Operation{Summary: "Take a step of the status machine", Tags: tags}, s.actOnTicket)
	handle(s, "GET", path+"/{id}/candidates", huma.Operation{Summary: "Units ranked, with a reason for each", Tags: tags}, s.candidates)
	handle(s, "POST", path+"/{id}/offers", huma.Operation{Summary: "Offer the ticket to a unit", Tags: tags}, s.makeOffer)
	handle(s, "POST", path+"/{id}/reveal", huma.Operation{Summary: "Read who reported; recorded", Tags: tags}, s.reveal)
}

func (s *Server) openTicket(ctx context.Context, in *openInput) (*openOutput, error) {
	b, me := &in.Body, actor(who(ctx))
	opening := ticket.Opening{
		Channel: b.Channel, Kind: ticket.Kind(b.Kind), Subtype: b.Subtype, Narrative: b.Narrative,
		Urgency: ticket.Urgency(b.Urgency), UrgencyReason: b.UrgencyReason,
		Reporter: ticket.Reporter(b.Reporter),
	}
	answer, err := command(ctx, s, in.Key, "POST /tickets", b, func(ctx context.Context, tx *pg.Tx) (openAnswer, error) {
		var err error
		if opening.Place, err = s.place(ctx, tx, b.PlaceText, b.RetailerLicenceNo, b.Lon, b.Lat); err != nil {
			return openAnswer{}, err
		}
		t, code, err := ticket.Open(ctx, tx, me, opening)
		if err != nil {
			return openAnswer{}, err
		}
		if err := s.checkPlace(ctx, tx, me, &t); err != nil {
			return openAnswer{}, err
		}
		// A 12313 sub-centre may register for a county outside its own branch, so the new ticket is read unscoped.
		view, err := s.deps.Dispatch.TicketViewByID(ctx, tx, "", t.ID, tx.Now())
		return openAnswer{Ticket: ticketFor(me, view), Code: code}, err
	})
	if err != nil {
		return nil, err
	}
	return &openOutput{Body: answer}, nil
}

// place puts together where a demand points to: a licence number wins over a pin.
func (s *Server) place(ctx context.Context, q pg.Queryer, words, licenceNo string, lon, lat *float64) (ticket.Place, error) {
	p := ticket.Place{Text: strings.TrimSpace(words)}
	if (lon == nil) != (lat == nil) {
		return p, invalid{"body.lon", text{"经度和纬度要么都填，要么都不填。", "Give both lon and lat, or neither."}}
	}
	if lon != nil {
		p.Point = &orb.Point{*lon, *lat}
		if err := s.served(*p.Point); err != nil {
			return p, err
		}
	}
	if licenceNo == "" {
		return p, s.placeInAreas(ctx, q, &p)
	}
	r, err := shopOf(ctx, q, licenceNo)
	if errors.Is(err, retailer.ErrNotFound) {
		return p, invalid{"body.retailer_licence_no", text{"登记册中没有这个许可证号。", "No retailer in the register has this licence number."}}
	}
	if err != nil {
		return p, err
	}
	p.RetailerID, p.RetailerName, p.Division = r.ID, r.Name, r.DivisionCode
	if r.Point != nil {
		p.Point = r.Point
	}
	if p.Text == "" {
		p.Text = r.Address
	}
	return p, s.placeInAreas(ctx, q, &p)
}

// served refuses a point outside the region, and says so when it looks swapped.
func (s *Server) served(p orb.Point) error {
	region := s.deps.Region
	switch {
	case region.IsZero() || region.Contains(p):
		return nil
	case region.Contains(orb.Point{p[1], p[0]}):
		return invalid{"body.lon", text{"位置不在本服务的区域内；经度和纬度是否写反？", "This is outside the service's region; are lon and lat swapped?"}}
	}
	return invalid{"body.lon", text{"位置不在本服务的区域内。", "This is outside the service's region."}}
}

type listTicketsInput struct {
	Status string `query:"status" default:"open" enum:"open,closed,all,registered,to_dispatch,offered,accepted,en_route,on_scene,reporting,cancelled"`
	Text   string `query:"q" maxLength:"60" doc:"Part of number, title or place"`
	Limit  int    `query:"limit" default:"100" minimum:"1" maximum:"500"`
	Before int64  `query:"before" doc:"Go on below this id"`
}

type listTicketsOutput struct {
	Body struct {
		Tickets []Ticket `json:"tickets" nullable:"false"`
	}
}

func (s *Server) listTickets(ctx context.Context, in *listTicketsInput) (*listTicketsOutput, error) {
	me := actor(who(ctx))
	views, err := s.deps.Dispatch.TicketPage(ctx, s.deps.DB.Pool, me.ViewPath, in.Status, in.Text, in.Before, in.Limit, s.now())
	if err != nil {
		return nil, err
	}
	out := &listTicketsOutput{}
	out.Body.Tickets = make([]Ticket, len(views))
	for i, v := range views {
		out.Body.Tickets[i] = ticketFor(me, v)
	}
	return out, nil
}

type ticketInput struct {
	ID int64 `path:"id"`
}

type actInput struct {
	Command
	ID     int64  `path:"id"`
	Action string `path:"action" maxLength:"20"`
	Body   struct {
		Version           int      `json:"version" minimum:"1" doc:"The version of the ticket the decision was made on"`
		Reason            string   `json:"reason,omitempty" maxLength:"500"`
		Outcome           string   `json:"outcome,omitempty" maxLength:"10"`
		OutcomeText       string   `json:"outcome_text,omitempty" maxLength:"4000"`
		Urgency           int      `json:"urgency,omitempty" minimum:"0" maximum:"4"`
		PlaceText         string   `json:"place_text,omitempty" maxLength:"200"`
		RetailerLicenceNo string   `json:"retailer_licence_no,omitempty" maxLength:"80"`
		Lon               *float64 `json:"lon,omitempty" minimum:"-180" maximum:"180"`
		Lat               *float64 `json:"lat,omitempty" minimum:"-90" maximum:"90"`
	}
}

func (s *Server) actOnTicket(ctx context.Context, in *actInput) (*ticketOutput, error) {
	b := &in.Body
	step := ticket.Step{
		Action: ticket.Action(in.Action), Version: b.Version, Reason: strings.TrimSpace(b.Reason),
		Outcome: b.Outcome, OutcomeText: strings.TrimSpace(b.OutcomeText),
	}
	return s.ticketCommand(ctx, in.Key, fmt.Sprintf("POST /tickets/%d/actions/%s", in.ID, in.Action), in.ID, b,
		func(ctx context.Context, tx *pg.Tx, me ticket.Actor) (ticket.Ticket, error) {
			if step.Action == ticket.ActAmend {
				var err error
				if step.Amend, err = s.amendment(ctx, tx, in); err != nil {
					return ticket.Ticket{}, err
				}
			}
			t, err := s.deps.Dispatch.Act(ctx, tx, me, in.ID, step)
			if err != nil || step.Amend == nil || step.Amend.Place == nil {
				return t, err
			}
			if err := untaught(ctx, tx, t); err != nil || t.PlaceQuality != "retailer" {
				return t, err
			}
			return t, corrected(ctx, tx, t.ID)
		})
}

// amendment reads what is to be corrected; a place that is not mentioned stays.
func (s *Server) amendment(ctx context.Context, tx *pg.Tx, in *actInput) (*ticket.Amendment, error) {
	b := &in.Body
	a := &ticket.Amendment{Urgency: ticket.Urgency(b.Urgency), UrgencyReason: strings.TrimSpace(b.Reason)}
	if b.RetailerLicenceNo == "" && b.Lon == nil && b.Lat == nil && b.PlaceText == "" {
		return a, nil
	}
	p, err := s.place(ctx, tx, b.PlaceText, b.RetailerLicenceNo, b.Lon, b.Lat)
	p.Text = strings.TrimSpace(b.PlaceText) // without others the caller's words stay
	a.Place = &p
	return a, err
}

// ticketCommand runs a command on one ticket and answers with the ticket as it is then. After a conflict the problem
// carries the ticket as it is now.
func (s *Server) ticketCommand(ctx context.Context, key, route string, id int64, body any,
	fn func(context.Context, *pg.Tx, ticket.Actor) (ticket.Ticket, error),
) (*ticketOutput, error) {
	me := actor(who(ctx))
	view, err := command(ctx, s, key, route, body, func(ctx context.Context, tx *pg.Tx) (Ticket, error) {
		t, err := fn(ctx, tx, me)
		if err != nil {
			return Ticket{}, err
		}
		view, err := s.deps.Dispatch.TicketViewByID(ctx, tx, "", t.ID, tx.Now())
		return ticketFor(me, view), err
	})
	if err == nil {
		return &ticketOutput{Body: view}, nil
	}
	conflict := errors.Is(err, ticket.ErrVersion) || errors.Is(err, dispatch.ErrTicketTaken) || errors.Is(err, dispatch.ErrNotYourTicket)
	if id != 0 && conflict {
		p := s.problem(ctx, err)
		// Whoever is told of a conflict may read the ticket.
		if current, viewErr := s.deps.Dispatch.TicketViewByID(ctx, s.deps.DB.Pool, "", id, s.now()); viewErr == nil {
			p.Current = ticketFor(me, current)
		}
		return nil, p
	}
	return nil, err
}

type offerInput struct {
	Command
	ID   int64 `path:"id"`
	Body struct {
		UnitID         int64  `json:"unit_id" minimum:"1"`
		Version        int    `json:"version" minimum:"1"`
		OverrideReason string `json:"override_reason,omitempty" maxLength:"500" doc:"Needed when the unit is not the best candidate"`
	}
}

func (s *Server) makeOffer(ctx context.Context, in *offerInput) (*ticketOutput, error) {
	b := &in.Body
	return s.ticketCommand(ctx, in.Key, fmt.Sprintf("POST /tickets/%d/offers", in.ID), in.ID, b,
		func(ctx context.Context, tx *pg.Tx, me ticket.Actor) (ticket.Ticket, error) {
			return s.deps.Dispatch.Offer(ctx, tx, me, dispatch.Request{
				TicketID: in.ID, Version: b.Version, UnitID: b.UnitID, Override: b.OverrideReason, Mode: "manual",
			})
		})
}
