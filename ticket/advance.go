package ticket

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"jiujin/internal/pg"
)

// Step is one command on a ticket.
type Step struct {
	Action  Action
	Version int // the version the caller saw; 0 = the caller holds the ticket's lock already
	Reason  string
	// Outcome and OutcomeText are needed by finish and close.
	Outcome, OutcomeText string
	UnitID               int64 // of offers and sorties, for the log
	Amend                *Amendment
	Data                 Data // further details for the log
}

// Amendment corrects what intake got wrong. Nil fields stay.
type Amendment struct {
	Urgency       Urgency // 0 = stays
	UrgencyReason string
	Place         *Place
}

// Advance takes one step of the status machine inside tx: it locks the ticket, checks version, status, role and
// needed fields, writes the new state with its time stamp and records the event. It knows nothing of offers and
// sorties: package dispatch keeps those in step within the same transaction.
//
// Errors: ErrNotFound, ErrVersion, *TransitionError, ErrForbidden, Invalid.
func Advance(ctx context.Context, tx *pg.Tx, actor Actor, id int64, s Step) (Ticket, error) {
	t, err := Lock(ctx, tx, actor, id)
	if err != nil {
		return Ticket{}, err
	}
	if s.Version != 0 && s.Version != t.Version {
		return t, ErrVersion
	}
	row, ok := TransitionFor(s.Action, t.Status, t.Subtype)
	if !ok {
		return t, &TransitionError{Action: s.Action, Status: t.Status, Allowed: Allowed(t.Status, t.Subtype, actor.Role)}
	}
	if !slices.Contains(row.Roles, actor.Role) {
		return t, fmt.Errorf("%s: %w", s.Action, ErrForbidden)
	}
	if bad := s.check(row, &t); len(bad) > 0 {
		return t, bad
	}
	from := t.Status
	if row.To != "" {
		t.Status = row.To
	}
	if s.Outcome != "" {
		t.Outcome = s.Outcome
	}
	if s.OutcomeText != "" {
		t.OutcomeText = s.OutcomeText
	}
	if s.Amend != nil {
		t.amend(*s.Amend)
	}
	t.Version++
	if err := updateTicket(ctx, tx, &t); err != nil {
		return Ticket{}, err
	}
	data := Data{"from": from, "to": t.Status, "version": t.Version}
	if s.Reason != "" {
		data["reason"] = s.Reason
	}
	if s.Outcome != "" {
		data["outcome"] = s.Outcome
	}
	if s.Amend != nil {
		data["urgency"], data["urgency_reason"], data["place_quality"] = t.Urgency, t.UrgencyReason, t.PlaceQuality
	}
	maps.Copy(data, s.Data)
	return t, Record(tx, actor, row.Event, t.ID, s.UnitID, data)
}

func (s *Step) check(row Transition, t *Ticket) Invalid {
	var bad Invalid
	given := map[string]bool{
		"reason": filled(s.Reason), "outcome": s.Outcome != "", "outcome_text": filled(s.OutcomeText), "unit_id": s.UnitID != 0,
	}
	for _, need := range row.Needs {
		if !given[need] {
			bad.add(need, "required")
		}
	}
	if s.Outcome != "" && !known(Outcomes, s.Outcome) {
		bad.add("outcome", "unknown_value")
	}
	if row.To == ToDispatch && t.Point == nil {
		bad.add("lon", "place_needed_for_dispatch")
	}
	bad.text("reason", s.Reason, maxText)
	bad.text("outcome_text", s.OutcomeText, maxText)
	if s.Amend != nil {
		bad = append(bad, s.Amend.check(t.Status)...)
	}
	return bad
}

func (a *Amendment) check(status Status) Invalid {
	var bad Invalid
	if a.Urgency < 0 || a.Urgency > 4 {
		bad.add("urgency", "out_of_range")
	}
	bad.text("urgency_reason", a.UrgencyReason, maxLine)
	if a.Place != nil {
		bad = append(bad, a.Place.check()...)
		if a.Place.Point == nil && status == ToDispatch {
			bad.add("lon", "place_needed_for_dispatch")
		}
	}
	return bad
}

// amend applies a correction; the arrival target counts from registration, as before.
func (t *Ticket) amend(a Amendment) {
	if a.Urgency != 0 {
		t.Urgency, t.UrgencyReason = a.Urgency, a.UrgencyReason
		if !t.ArriveBy.IsZero() {
			t.ArriveBy = t.RegisteredAt.Add(ArriveWithin(a.Urgency))
		}
	}
	if p := a.Place; p != nil {
		t.RetailerID, t.Point, t.Division, t.PlaceQuality = p.RetailerID, p.Point, p.Division, p.quality()
		t.SquadID = p.SquadID
		if p.Text != "" {
			t.PlaceText = p.Text
		}
		if sub, ok := SubtypeByCode(t.Subtype); ok {
			t.Title = title(Place{Text: t.PlaceText, RetailerName: p.RetailerName}, sub)
		}
	}
}

// RaiseAlarm marks a ticket that the engine could not place, for the desk to see and hear; what is a stable word
// ("offers_exhausted", "no_candidate"). Raising the alarm that already stands does nothing and reports false.
func RaiseAlarm(ctx context.Context, tx *pg.Tx, id int64, what string, data Data) (bool, error) {
	version, err := setAlarm(ctx, tx, id, what)
	if err != nil || version == 0 {
		return false, err
	}
	all := Data{"alarm": what, "version": version}
	maps.Copy(all, data)
	return true, Record(tx, Engine, "ticket.alarm", id, 0, all)
}

// ClearAlarm takes back an alarm whose cause is gone; without one it does nothing.
func ClearAlarm(ctx context.Context, tx *pg.Tx, id int64) error {
	version, err := setAlarm(ctx, tx, id, "")
	if err != nil || version == 0 {
		return err
	}
	return Record(tx, Engine, "ticket.alarm", id, 0, Data{"alarm": "", "version": version})
}
