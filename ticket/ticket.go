// Package ticket holds what a citizen asked for and what became of it: appeals, tickets, their status machine
// and limits, the vault that keeps reporters apart, and the append-only event log that every fact goes through.
//
// Functions that change state take the caller's transaction and announce nothing: the event they record is read
// by followers after commit.
package ticket

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/paulmach/orb"
)

// Errors a caller can act on. They are matched with errors.Is.
var (
	// ErrNotFound: there is no such ticket, or it lies outside the actor's branch of the organisation.
	ErrNotFound = errors.New("ticket not found")
	// ErrVersion: the ticket changed since the caller read it.
	ErrVersion = errors.New("ticket has changed in the meantime")
	// ErrForbidden: the action exists in this status, but not for this actor.
	ErrForbidden = errors.New("not allowed for this role")
)

// TransitionError says that the status machine has no such step; Allowed lists the actions the actor may take instead.
type TransitionError struct {
	Action  Action
	Status  Status
	Allowed []Action
}

func (e *TransitionError) Error() string {
	return fmt.Sprintf("cannot %s a ticket that is %s", e.Action, e.Status)
}

// FieldError is one thing wrong with one input field. Code is a stable word that the API translates.
type FieldError struct {
	Field string
	Code  string
}

// Invalid collects everything wrong with an input, so that the person corrects it once.
type Invalid []FieldError

func (e Invalid) Error() string {
	parts := make([]string, len(e))
	for i, f := range e {
		parts[i] = f.Field + ": " + f.Code
	}
	return "invalid input: " + strings.Join(parts, "; ")
}

func (e *Invalid) add(field, code string) { *e = append(*e, FieldError{field, code}) }

// text refuses what is longer than limit characters or cannot be stored as text.
func (e *Invalid) text(field, s string, limit int) {
	if utf8.RuneCountInString(s) > limit {
		e.add(field, "too_long")
	}
	if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
		e.add(field, "not_text")
	}
}

// filled tells whether s says anything.
func filled(s string) bool { return strings.TrimSpace(s) != "" }

// Kind is the first sorting of a demand (Z4, W01): 举报, 投诉, 咨询, 建议.
type Kind string

// The four kinds.
const (
	Report     Kind = "report"
	Complaint  Kind = "complaint"
	Enquiry    Kind = "enquiry"
	Suggestion Kind = "suggestion"
)

// Status is where a ticket stands. Closed and Cancelled are final.
type Status string

// The states of the machine in machine.go.
const (
	Registered Status = "registered"
	ToDispatch Status = "to_dispatch"
	Offered    Status = "offered"
	Accepted   Status = "accepted"
	EnRoute    Status = "en_route"
	OnScene    Status = "on_scene"
	Reporting  Status = "reporting"
	Closed     Status = "closed"
	Cancelled  Status = "cancelled"
)

// Urgency is 1 特急, 2 紧急, 3 一般, 4 低.
type Urgency int

// Actor is who does something: a signed-in person, or the dispatch engine. It is passed as an argument, never in
// a context, and written into the event log by its ID alone.
type Actor struct {
	ID       string // "person:12", "terminal:17" (a vehicle's, by its device) or "engine"
	PersonID int64  // 0 for the engine and for terminals
	Role     string // an auth role, or "engine"
	OrgPath  string // branch the actor may change; "" = everything (engine only)
	// ViewPath is the branch whose tickets the actor may read, and offer to units of the own branch: a squad's leader
	// sees the county. It holds OrgPath; "" = OrgPath.
	ViewPath string
	OrgID    int64
	UnitID   int64 // the officer's unit, else 0
}

// Viewer is the actor with the right to reach every ticket that it may read. What is done with one must be checked
// apart.
func (a Actor) Viewer() Actor {
	if a.ViewPath != "" {
		a.OrgPath = a.ViewPath
	}
	return a
}

// Sees tells whether the actor may read the tickets of an organisation.
func (a Actor) Sees(orgPath string) bool { return strings.HasPrefix(orgPath, a.Viewer().OrgPath) }

// Engine is the actor of everything the dispatch engine does by itself.
var Engine = Actor{ID: "engine", Role: roleEngine}

const roleEngine = "engine"

// Ticket is the unit of work as stored. Zero times mean "has not happened".
type Ticket struct {
	ID            int64
	Number        string
	OrgID         int64
	OrgPath       string
	Kind          Kind
	Subtype       string
	Urgency       Urgency
	UrgencyReason string
	Title         string
	PlaceText     string
	PlaceQuality  string
	SquadID       int64 // organisation that is responsible for the place, 0 = unknown
	Division      string
	RetailerID    int64      // 0 = no retailer known
	Point         *orb.Point // WGS-84; nil = place unknown
	Status        Status
	Version       int
	ArriveBy      time.Time // target for the first arrival (domain A4)
	DueAt         time.Time // limit of the whole handling (domain A9)
	RegisteredAt  time.Time
	Outcome       string
	OutcomeText   string
	Alarm         string

	lastAt time.Time // the latest stamp; no later step may be stamped earlier
}

// Open tells whether work on the ticket may still happen.
func (t *Ticket) Open() bool { return t.Status != Closed && t.Status != Cancelled }

// Arrival targets by urgency (domain A4) and handling limits by kind (domain A9, profiles REPORT, COMPLAINT,
// ENQUIRY, SUGGESTION). Both run in natural time.
var (
	arriveWithin = map[Urgency]time.Duration{1: time.Hour, 2: 4 * time.Hour, 3: 12 * time.Hour, 4: 24 * time.Hour}
	handleWithin = map[Kind]time.Duration{
		Report: 24 * time.Hour, Complaint: 48 * time.Hour, Enquiry: 4 * time.Hour, Suggestion: 48 * time.Hour,
	}
)

// ArriveWithin is the arrival target of an urgency; 0 for an unknown urgency.
func ArriveWithin(u Urgency) time.Duration { return arriveWithin[u] }
