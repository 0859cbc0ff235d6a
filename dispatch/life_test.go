package dispatch_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/ticket"
)

// A ticket from the call to the report, by squad people below the county that owns it.
func TestLifeOfATicket(t *testing.T) {
	c := newCounty(t, 3)
	tk := c.report(t, 1)
	officer := c.officer(c.units[0])
	at := func(minutes int) *time.Time { at := start.Add(time.Duration(minutes) * time.Minute); return &at }

	c.pass(time.Minute)
	if next := c.look(t); next != 5*time.Second {
		t.Errorf("the engine looks again in %v, want its heartbeat", next)
	}
	o := c.openOffer(t, tk.ID)
	if o.UnitID != c.units[0] || o.Mode != "auto" || !o.ExpiresAt.Equal(*at(2)) || o.DistanceM < 1300 || o.DistanceM > 1340 {
		t.Errorf("offer %+v", o)
	}
	state := c.officerState(t, c.units[0])
	if state.Offer == nil || state.Offer.OfferID != o.ID || state.Case != nil || state.Unit.Duty != dispatch.DutyOffered ||
		state.Offer.Narrative != "店里卖假烟" || state.Shift == nil {
		t.Errorf("%+v", state)
	}
	c.clock.Add(int64(59 * time.Second))
	if err := c.accept(officer, o.ID); err != nil {
		t.Fatal(err)
	}
	c.clock.Store(int64(3 * time.Minute))
	if _, err := c.act(officer, tk.ID, ticket.Step{Action: ticket.ActDepart}); err != nil {
		t.Fatal(err)
	}
	c.pass(5 * time.Minute)
	c.fix(c.units[0], orb.Point{scene[0], scene[1] + 0.0009})
	if v := c.view(t, tk.ID); v.Unit == nil || v.Unit.ID != c.units[0] || v.Unit.DistanceM == nil || *v.Unit.DistanceM > 140 {
		t.Errorf("under way: %+v", v.Unit)
	}
	for _, step := range []ticket.Step{
		{Action: ticket.ActArrive}, {Action: ticket.ActFinish, Outcome: "I01"}, {Action: ticket.ActClose, OutcomeText: "已查处"},
	} {
		if _, err := c.act(officer, tk.ID, step); err != nil {
			t.Fatal(step.Action, err)
		}
		if step.Action == ticket.ActFinish {
			if state := c.officerState(t, c.units[0]); state.Case == nil || state.Case.Ticket.ID != tk.ID || state.DoneToday != 1 || state.Unit.Duty != dispatch.DutyAvailable {
				t.Errorf("with the report to write: %+v", state)
			}
		}
		c.pass(10 * time.Minute)
	}
	v := c.view(t, tk.ID)
	if v.Status != ticket.Closed || v.Outcome != "I01" || v.Unit.ID != c.units[0] || v.Version != 8 {
		t.Errorf("%+v", v)
	}
	for name, pair := range map[string][2]*time.Time{
		"to dispatch": {v.ToDispatchAt, at(0)}, "en route": {v.EnRouteAt, at(3)}, "on scene": {v.OnSceneAt, at(8)},
		"scene done": {v.SceneDoneAt, at(18)}, "closed": {v.ClosedAt, at(28)},
	} {
		if pair[0] == nil || !pair[0].Equal(*pair[1]) {
			t.Errorf("%s at %v, want %v", name, pair[0], pair[1])
		}
	}
	want := "ticket.registered ticket.triaged offer.made offer.accepted sortie.departed sortie.arrived sortie.finished ticket.closed"
	if got := strings.Join(c.events(t, tk.ID), " "); got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	var distance float64
	c.scan(t, &distance, `select arrival_distance_m from sortie where ticket_id = $1 and outcome = 'done'
		and accepted_at = $2 and departed_at = $3 and arrived_at = $4 and ended_at = $5`,
		tk.ID, start.Add(119*time.Second), at(3), at(8), at(18))
	if distance < 99 || distance > 101 {
		t.Errorf("arrived at %v m from the scene", distance)
	}
	c.checkInvariants(t)
}

func (c *county) officerState(t *testing.T, unit int64) dispatch.OfficerState {
	t.Helper()
	state, err := c.service.Officer(t.Context(), c.db.Pool, unit, c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	return state
}

func TestDeclineGoesToTheNext(t *testing.T) {
	c := newCounty(t, 3)
	tk := c.report(t, 1)
	c.look(t)
	o := c.openOffer(t, tk.ID)
	if err := c.decline(c.officer(c.units[0]), o.ID, "no_answer"); !isInvalid(err) {
		t.Errorf("a reason that is none: %v", err)
	}
	if err := c.decline(c.officer(c.units[0]), o.ID, "conflict"); err != nil {
		t.Fatal(err)
	}
	if err := c.decline(c.officer(c.units[0]), o.ID, "conflict"); !errors.Is(err, dispatch.ErrOfferClosed) {
		t.Errorf("the second answer: %v", err)
	}
	if err := c.accept(c.officer(c.units[0]), o.ID); !errors.Is(err, dispatch.ErrOfferClosed) {
		t.Errorf("yes after no: %v", err)
	}
	c.look(t)
	if next := c.openOffer(t, tk.ID); next.UnitID != c.units[1] {
		t.Errorf("offered to unit %d, want %d", next.UnitID, c.units[1])
	}
	if v := c.view(t, tk.ID); v.Tried != 1 {
		t.Errorf("tried %d", v.Tried)
	}
}

func isInvalid(err error) bool {
	var bad ticket.Invalid
	return errors.As(err, &bad)
}

func TestThreeMissedOffersRaiseTheAlarm(t *testing.T) {
	c := newCounty(t, 5)
	tk := c.report(t, 1)
	c.look(t)
	for i := range 3 {
		o := c.openOffer(t, tk.ID)
		if o.UnitID != c.units[i] {
			t.Fatalf("offer %d to unit %d, want %d", i, o.UnitID, c.units[i])
		}
		c.pass(58 * time.Second)
		if next := c.look(t); next != 2*time.Second {
			t.Errorf("the engine looks again in %v, want when the offer runs out", next)
		}
		if again := c.openOffer(t, tk.ID); again.ID != o.ID {
			t.Fatal("the offer ran out too early")
		}
		c.pass(2 * time.Second)
		if err := c.accept(c.officer(o.UnitID), o.ID); !errors.Is(err, dispatch.ErrOfferClosed) {
			t.Fatalf("yes at the last moment and after: %v", err)
		}
		for _, unit := range c.units { // the fleet goes on reporting
			fix, _ := c.service.Positions.Latest(unit)
			c.fix(unit, fix.Point)
		}
		c.look(t)
	}
	v := c.view(t, tk.ID)
	if v.Status != ticket.ToDispatch || v.Alarm != "offers_exhausted" || v.Tried != 3 {
		t.Errorf("%+v", v)
	}
	c.look(t)
	if n := len(c.events(t, tk.ID)); n != 2+6+1 || c.view(t, tk.ID).Version != v.Version {
		t.Errorf("%d events: a look that finds nothing new says something", n)
	}
	// A dispatcher may go on by hand, and the alarm ends.
	if err := c.offer(c.dispatcher, dispatch.Request{TicketID: tk.ID, Version: v.Version, UnitID: c.units[3], Mode: "manual"}); err != nil {
		t.Fatal(err)
	}
	if v := c.view(t, tk.ID); v.Alarm != "" || v.Offer.Mode != "manual" {
		t.Errorf("%+v", v)
	}
	c.checkInvariants(t)
}

func TestNoCandidate(t *testing.T) {
	c := newCounty(t, 1)
	c.exec(t, `delete from shift`)
	auto, suggest := c.report(t, 1), c.report(t, 3)
	c.look(t)
	for _, tk := range []ticket.Ticket{auto, suggest} {
		if v := c.view(t, tk.ID); v.Status != ticket.ToDispatch || v.Alarm != "no_candidate" {
			t.Errorf("%+v", v)
		}
	}
	p := c.proposal(t, auto.ID)
	if p.UnitID != nil || len(p.Ranking) != 1 || p.Ranking[0].Reason != dispatch.ReasonOffShift {
		t.Errorf("proposal %+v", p)
	}
	c.exec(t, `insert into shift (unit_id, span) values ($1, tstzrange($2, $3))`, c.units[0], start, start.Add(time.Hour))
	c.look(t)
	if v := c.view(t, auto.ID); v.Status != ticket.Offered || v.Alarm != "" {
		t.Errorf("with a unit: %+v", v)
	}
	if v := c.view(t, suggest.ID); v.Alarm != "no_candidate" {
		t.Errorf("the only unit is gone to the urgent ticket: %+v", v)
	}
	if err := c.decline(c.officer(c.units[0]), c.openOffer(t, auto.ID).ID, "danger"); err != nil {
		t.Fatal(err)
	}
	c.look(t)
	if v := c.view(t, suggest.ID); v.Alarm != "" || *c.proposal(t, suggest.ID).UnitID != c.units[0] {
		t.Errorf("there is a candidate again: %+v", v)
	}
}

func (c *county) proposal(t *testing.T, id int64) dispatch.ProposalView {
	t.Helper()
	p, err := dispatch.Proposal(t.Context(), c.db.Pool, id)
	if err != nil || p == nil {
		t.Fatalf("proposal %v, %v", p, err)
	}
	return *p
}

func TestSuggest(t *testing.T) {
	c := newCounty(t, 3)
	tk := c.report(t, 3)
	c.look(t)
	c.look(t)
	if p := c.proposal(t, tk.ID); *p.UnitID != c.units[0] || len(p.Ranking) != 3 {
		t.Errorf("%+v", p)
	}
	if err := c.setService(c.dispatcher, c.units[0], false, "爆胎"); err != nil {
		t.Fatal(err)
	}
	c.look(t)
	p := c.proposal(t, tk.ID)
	if *p.UnitID != c.units[1] || p.Ranking[2].Reason != dispatch.ReasonInRepair || p.Ranking[2].Params["text"] != "爆胎" {
		t.Errorf("%+v", p)
	}
	want := "ticket.registered ticket.triaged dispatch.proposed dispatch.proposed"
	if got := strings.Join(c.events(t, tk.ID), " "); got != want {
		t.Errorf("events %s, want %s", got, want)
	}
	if v := c.view(t, tk.ID); v.Status != ticket.ToDispatch {
		t.Errorf("%+v", v)
	}
	err := c.offer(c.dispatcher, dispatch.Request{TicketID: tk.ID, Version: tk.Version, UnitID: c.units[1], Mode: "manual"})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := dispatch.Proposal(t.Context(), c.db.Pool, tk.ID); p != nil || err != nil {
		t.Errorf("the proposal outlives the offer: %+v, %v", p, err)
	}
}

// Nearby work waits for the unit that is near, though an older ticket would take any.
func TestBestPairFirst(t *testing.T) {
	c := newCounty(t, 1)
	far := c.reportAt(t, 1, orb.Point{scene[0], scene[1] + 0.2})
	near := c.reportAt(t, 1, scene)
	c.look(t)
	if c.view(t, near.ID).Status != ticket.Offered || c.view(t, far.ID).Status != ticket.ToDispatch {
		t.Error("the unit crosses the county for the older ticket")
	}
	urgent := newCounty(t, 1)
	low := urgent.reportAt(t, 2, scene)
	high := urgent.reportAt(t, 1, orb.Point{scene[0], scene[1] + 0.2})
	urgent.look(t)
	if urgent.view(t, high.ID).Status != ticket.Offered || urgent.view(t, low.ID).Status != ticket.ToDispatch {
		t.Error("the less urgent ticket got the unit")
	}
}

func (c *county) reportAt(t *testing.T, urgency ticket.Urgency, at orb.Point) ticket.Ticket {
	t.Helper()
	tk := c.report(t, urgency)
	_, err := c.act(c.agent, tk.ID, ticket.Step{Action: ticket.ActAmend, Amend: &ticket.Amendment{Place: &ticket.Place{Point: &at}}})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}
