package ticket

import "slices"

// Action is a step of the status machine, the word used in the API, in the log and for the buttons.
type Action string

// The actions. Offer, decline, expire, withdraw and accept happen through offers (package dispatch); the others
// are called by name.
const (
	ActTriage     Action = "triage"
	ActAnswer     Action = "answer"
	ActOffer      Action = "offer"
	ActDecline    Action = "decline"
	ActExpire     Action = "expire"
	ActWithdraw   Action = "withdraw"
	ActAccept     Action = "accept"
	ActDepart     Action = "depart"
	ActArrive     Action = "arrive"
	ActFinish     Action = "finish"
	ActClose      Action = "close"
	ActRedispatch Action = "redispatch"
	ActCancel     Action = "cancel"
	ActAmend      Action = "amend"
)

// Transition is one row of the machine: who may take Action from which states, where it leads, what it needs.
type Transition struct {
	Action Action
	From   []Status
	To     Status // "" = the status stays
	Roles  []string
	Needs  []string // input fields that must not be empty
	Event  string   // type of the event that records it
	Kinds  []Kind   // only for these kinds; nil = all
	// NoVisit: only for subtypes that nobody has to go out for (FieldVisit false).
	NoVisit bool
}

var (
	beforeDispatch = []Status{Registered, ToDispatch}
	assigned       = []Status{Accepted, EnRoute, OnScene}
	anyOpen        = []Status{Registered, ToDispatch, Offered, Accepted, EnRoute, OnScene, Reporting}
)

const (
	roleAgent      = "agent"
	roleDispatcher = "dispatcher"
	roleLeader     = "leader"
	roleOfficer    = "officer"
	roleSupervisor = "supervisor"
)

// Transitions is the whole status machine (after domain A8, first cut: one task per ticket, no review stages yet).
// The API checks against it, the screens draw their buttons from it. It must not be changed at run time.
var Transitions = []Transition{
	{ActTriage, []Status{Registered}, ToDispatch, []string{roleAgent, roleDispatcher, roleEngine}, nil, "ticket.triaged", nil, false},
	{ActAnswer, []Status{Registered}, Closed, []string{roleAgent, roleDispatcher}, []string{"outcome_text"}, "ticket.closed", []Kind{Enquiry, Suggestion, Complaint}, false},
	{ActAnswer, []Status{Registered}, Closed, []string{roleAgent, roleDispatcher}, []string{"outcome_text"}, "ticket.closed", []Kind{Report}, true},
	{ActOffer, []Status{ToDispatch}, Offered, []string{roleDispatcher, roleLeader, roleEngine}, []string{"unit_id"}, "offer.made", nil, false},
	{ActDecline, []Status{Offered}, ToDispatch, []string{roleOfficer, roleLeader}, []string{"reason"}, "offer.declined", nil, false},
	{ActExpire, []Status{Offered}, ToDispatch, []string{roleEngine}, nil, "offer.expired", nil, false},
	{ActWithdraw, []Status{Offered}, ToDispatch, []string{roleDispatcher, roleLeader, roleEngine}, []string{"reason"}, "offer.withdrawn", nil, false},
	{ActAccept, []Status{Offered}, Accepted, []string{roleOfficer, roleLeader}, nil, "offer.accepted", nil, false},
	{ActDepart, []Status{Accepted}, EnRoute, []string{roleOfficer, roleLeader}, nil, "sortie.departed", nil, false},
	{ActArrive, []Status{EnRoute}, OnScene, []string{roleOfficer, roleLeader}, nil, "sortie.arrived", nil, false},
	{ActFinish, []Status{OnScene}, Reporting, []string{roleOfficer, roleLeader}, []string{"outcome"}, "sortie.finished", nil, false},
	{ActClose, []Status{Reporting}, Closed, []string{roleOfficer, roleLeader, roleDispatcher}, []string{"outcome_text"}, "ticket.closed", nil, false},
	{ActRedispatch, assigned, ToDispatch, []string{roleDispatcher, roleLeader, roleOfficer, roleEngine}, []string{"reason"}, "ticket.redispatched", nil, false},
	{ActCancel, anyOpen, Cancelled, []string{roleDispatcher, roleSupervisor}, []string{"reason"}, "ticket.cancelled", nil, false},
	{ActAmend, beforeDispatch, "", []string{roleAgent, roleDispatcher}, nil, "ticket.amended", nil, false},
}

// fits tells whether the row is for tickets of a subtype. One that is not in Subtypes gets the rows for all kinds.
func (t *Transition) fits(subtype string) bool {
	sub, _ := SubtypeByCode(subtype)
	return (t.Kinds == nil || slices.Contains(t.Kinds, sub.Kind)) && !(t.NoVisit && sub.FieldVisit)
}

// TransitionFor returns the row for an action from a status, for tickets of a subtype.
func TransitionFor(a Action, from Status, subtype string) (Transition, bool) {
	for _, t := range Transitions {
		if t.Action == a && slices.Contains(t.From, from) && t.fits(subtype) {
			return t, true
		}
	}
	return Transition{}, false
}

// Allowed lists the actions a role may take on a ticket of this status and subtype, in the table's order; never nil.
// Whether the actor's own unit is concerned is checked by package dispatch.
func Allowed(s Status, subtype, role string) []Action {
	out := []Action{}
	for _, t := range Transitions {
		if slices.Contains(t.From, s) && slices.Contains(t.Roles, role) && t.fits(subtype) {
			out = append(out, t.Action)
		}
	}
	return out
}
