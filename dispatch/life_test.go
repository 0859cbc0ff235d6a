package dispatch_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/internal/pg"
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

func TestOverride(t *testing.T) {
	c := newCounty(t, 4)
	tk := c.report(t, 3)
	request := func(unit int64, override string) dispatch.Request {
		return dispatch.Request{TicketID: tk.ID, Version: tk.Version, UnitID: unit, Override: override, Mode: "manual"}
	}
	c.exec(t, `update unit set crew = 1 where id = $1`, c.units[1])
	if err := c.setService(c.dispatcher, c.units[2], false, "保养"); err != nil {
		t.Fatal(err)
	}
	c.exec(t, `delete from shift where unit_id = $1`, c.units[3])
	for _, reason := range []string{"", "  "} {
		if err := c.offer(c.dispatcher, request(c.units[1], reason)); !errors.Is(err, dispatch.ErrOverrideReason) {
			t.Errorf("override %q: %v", reason, err)
		}
	}
	for unit, want := range map[int64]dispatch.Reason{c.units[2]: dispatch.ReasonInRepair, c.units[3]: dispatch.ReasonOffShift} {
		var busy *dispatch.UnitBusyError
		if err := c.offer(c.dispatcher, request(unit, "离得近")); !errors.As(err, &busy) || busy.Reason != want || busy.UnitID != unit {
			t.Errorf("unit %d: %v, want %s", unit, err, want)
		}
	}
	if err := c.offer(c.dispatcher, request(c.units[0]+1000, "离得近")); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Errorf("no such unit: %v", err)
	}
	stale := request(c.units[1], "两人在途")
	stale.Version--
	if err := c.offer(c.dispatcher, stale); !errors.Is(err, ticket.ErrVersion) {
		t.Errorf("an old version: %v", err)
	}
	if err := c.offer(c.officer(c.units[0]), request(c.units[0], "")); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("an officer: %v", err)
	}
	agent := c.agent
	if err := c.offer(agent, request(c.units[0], "")); !errors.Is(err, ticket.ErrForbidden) {
		t.Errorf("an agent: %v", err)
	}
	if err := c.offer(c.dispatcher, request(c.units[1], "两人在途")); err != nil {
		t.Fatal(err)
	}
	if err := c.offer(c.dispatcher, request(c.units[0], "")); !errors.Is(err, dispatch.ErrTicketTaken) {
		t.Errorf("a ticket on offer: %v", err)
	}
	var kept string
	c.scan(t, &kept, `select override || '|' || offered_by from offer where ticket_id = $1`, tk.ID)
	if kept != "两人在途|"+c.dispatcher.ID {
		t.Errorf("kept %q", kept)
	}
	second := c.report(t, 3)
	var busy *dispatch.UnitBusyError
	err := c.offer(c.dispatcher, dispatch.Request{TicketID: second.ID, UnitID: c.units[1], Override: "x", Mode: "manual"})
	if !errors.As(err, &busy) || busy.Reason != dispatch.ReasonOffered {
		t.Errorf("a unit with an offer: %v", err)
	}
	if err := c.accept(c.leader, c.openOffer(t, tk.ID).ID); err != nil {
		t.Fatal(err)
	}
	err = c.offer(c.dispatcher, dispatch.Request{TicketID: second.ID, UnitID: c.units[1], Override: "x", Mode: "manual"})
	if !errors.As(err, &busy) || busy.Reason != dispatch.ReasonOnTask {
		t.Errorf("a unit under way: %v", err)
	}
	if _, err := c.act(c.dispatcher, second.ID, ticket.Step{Action: ticket.ActCancel, Reason: "重复"}); err != nil {
		t.Fatal(err)
	}
	var gone *ticket.TransitionError
	if err := c.offer(c.dispatcher, dispatch.Request{TicketID: second.ID, UnitID: c.units[0], Mode: "manual"}); !errors.As(err, &gone) {
		t.Errorf("a cancelled ticket: %v", err)
	}
}

// start puts a ticket into a status, with the first unit.
func (c *county) bring(t *testing.T, to ticket.Status) ticket.Ticket {
	t.Helper()
	tk := c.report(t, 1)
	c.look(t)
	o := c.openOffer(t, tk.ID)
	if to == ticket.Offered {
		return tk
	}
	if err := c.accept(c.officer(o.UnitID), o.ID); err != nil {
		t.Fatal(err)
	}
	for _, action := range []ticket.Action{ticket.ActDepart, ticket.ActArrive, ticket.ActFinish} {
		if c.view(t, tk.ID).Status == to {
			return tk
		}
		if _, err := c.act(c.officer(o.UnitID), tk.ID, ticket.Step{Action: action, Outcome: "I05"}); err != nil {
			t.Fatal(err)
		}
	}
	return tk
}

func TestRepairReleases(t *testing.T) {
	for _, from := range []struct {
		status ticket.Status
		to     ticket.Status
		event  string
	}{
		{ticket.Offered, ticket.ToDispatch, "offer.withdrawn"},
		{ticket.Accepted, ticket.ToDispatch, "ticket.redispatched"},
		{ticket.EnRoute, ticket.ToDispatch, "ticket.redispatched"},
		{ticket.OnScene, ticket.OnScene, "sortie.arrived"},
		{ticket.Reporting, ticket.Reporting, "sortie.finished"},
	} {
		t.Run(string(from.status), func(t *testing.T) {
			c := newCounty(t, 2)
			tk := c.bring(t, from.status)
			if err := c.setService(c.officer(c.units[1]), c.units[0], false, "爆胎"); !errors.Is(err, dispatch.ErrUnitNotFound) {
				t.Errorf("another unit's officer: %v", err)
			}
			if err := c.setService(c.officer(c.units[0]), c.units[0], false, " "); !isInvalid(err) {
				t.Errorf("no reason: %v", err)
			}
			if err := c.setService(c.officer(c.units[0]), c.units[0], false, "爆胎"); err != nil {
				t.Fatal(err)
			}
			v := c.view(t, tk.ID)
			events := c.events(t, tk.ID)
			if v.Status != from.to || events[len(events)-1] != from.event {
				t.Errorf("%s → %s, last event %s", from.status, v.Status, events[len(events)-1])
			}
			c.checkInvariants(t)
			if from.to != ticket.ToDispatch {
				return
			}
			if v.AcceptedAt != nil || v.EnRouteAt != nil || v.Unit != nil {
				t.Errorf("what the unit did is still there: %+v", v)
			}
			c.look(t)
			if o := c.openOffer(t, tk.ID); o.UnitID != c.units[1] {
				t.Errorf("offered to %d, want the other unit", o.UnitID)
			}
		})
	}
}

func TestServiceIsSetOnce(t *testing.T) {
	c := newCounty(t, 1)
	set := func(in bool, reason string) {
		t.Helper()
		c.pass(time.Minute)
		if err := c.setService(c.dispatcher, c.units[0], in, reason); err != nil {
			t.Fatal(err)
		}
	}
	set(true, "")
	set(false, "爆胎")
	set(false, "爆胎")
	set(false, "换胎中")
	var since time.Time
	c.scan(t, &since, `select out_of_service_since from unit where id = $1 and out_of_service_reason = '换胎中'`, c.units[0])
	if !since.Equal(start.Add(2 * time.Minute)) {
		t.Errorf("in repair since %v, want since it was first said", since)
	}
	set(true, "")
	set(true, "")
	var types []string
	c.scan(t, &types, `select array_agg(type order by seq) from event where unit_id = $1`, c.units[0])
	if want := []string{"unit.out_of_service", "unit.out_of_service", "unit.in_service"}; !slices.Equal(types, want) {
		t.Errorf("events %v, want %v", types, want)
	}
}

// A unit that gives a ticket back is not the first to be asked again.
func TestRedispatchAsksAnother(t *testing.T) {
	c := newCounty(t, 2)
	tk := c.bring(t, ticket.EnRoute)
	if _, err := c.act(c.officer(c.units[0]), tk.ID, ticket.Step{Action: ticket.ActRedispatch, Reason: "现场有危险"}); err != nil {
		t.Fatal(err)
	}
	c.look(t)
	if o := c.openOffer(t, tk.ID); o.UnitID != c.units[1] {
		t.Errorf("offered to %d, want %d", o.UnitID, c.units[1])
	}
	// Whoever had the ticket before has no say in the new offer.
	_, err := c.act(c.officer(c.units[0]), tk.ID, ticket.Step{Action: ticket.ActRedispatch, Reason: "x"})
	if !errors.Is(err, dispatch.ErrNotYourTicket) {
		t.Errorf("the unit that gave it back: %v", err)
	}
}

func TestScope(t *testing.T) {
	c := newCounty(t, 2)
	tk := c.bring(t, ticket.Offered)
	o := c.openOffer(t, tk.ID)
	otherSquad := c.newOrg(t, c.org, "squad", "361102-2")
	otherLeader := c.person(t, "leader", otherSquad)
	strangerOfficer := c.officer(c.units[0])
	strangerOfficer.OrgPath = c.stranger.OrgPath // the unit's number, but another county
	cancel := ticket.Step{Action: ticket.ActCancel, Reason: "x"}
	for name, actor := range map[string]ticket.Actor{"dispatcher of another county": c.stranger, "leader of another squad": otherLeader} {
		if _, err := c.act(actor, tk.ID, cancel); !errors.Is(err, ticket.ErrNotFound) {
			t.Errorf("%s cancels: %v", name, err)
		}
		if err := c.offer(actor, dispatch.Request{TicketID: tk.ID, UnitID: c.units[0]}); !errors.Is(err, ticket.ErrNotFound) {
			t.Errorf("%s offers: %v", name, err)
		}
		if err := c.accept(actor, o.ID); !errors.Is(err, dispatch.ErrOfferNotFound) {
			t.Errorf("%s accepts: %v", name, err)
		}
		if err := c.setService(actor, c.units[0], false, "x"); !errors.Is(err, dispatch.ErrUnitNotFound) {
			t.Errorf("%s sends to repair: %v", name, err)
		}
	}
	for name, actor := range map[string]ticket.Actor{"officer of another unit": c.officer(c.units[1]), "officer of another county": strangerOfficer} {
		if err := c.accept(actor, o.ID); !errors.Is(err, dispatch.ErrOfferNotFound) {
			t.Errorf("%s accepts: %v", name, err)
		}
		if err := c.decline(actor, o.ID, "danger"); !errors.Is(err, dispatch.ErrOfferNotFound) {
			t.Errorf("%s declines: %v", name, err)
		}
	}
	if err := c.accept(c.dispatcher, o.ID); !errors.Is(err, ticket.ErrForbidden) {
		t.Errorf("a dispatcher accepts for the unit: %v", err)
	}
	if err := c.accept(c.officer(c.units[0]), o.ID+1000); !errors.Is(err, dispatch.ErrOfferNotFound) {
		t.Errorf("no such offer: %v", err)
	}
	if err := c.accept(c.officer(c.units[0]), o.ID); err != nil {
		t.Fatal(err)
	}
	for name, actor := range map[string]ticket.Actor{"officer of another unit": c.officer(c.units[1]), "officer of none": c.officer(0)} {
		if _, err := c.act(actor, tk.ID, ticket.Step{Action: ticket.ActDepart}); !errors.Is(err, dispatch.ErrNotYourTicket) {
			t.Errorf("%s departs: %v", name, err)
		}
	}
	if _, err := c.act(strangerOfficer, tk.ID, ticket.Step{Action: ticket.ActDepart}); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("an officer of another county departs: %v", err)
	}
	var moved *ticket.TransitionError
	for _, action := range []ticket.Action{ticket.ActOffer, ticket.ActAccept, ticket.ActDecline, ticket.ActExpire, ticket.ActFinish} {
		if _, err := c.act(c.leader, tk.ID, ticket.Step{Action: action, UnitID: 1, Reason: "x", Outcome: "I01"}); !errors.As(err, &moved) {
			t.Errorf("%s by name: %v", action, err)
		}
	}
	if _, err := c.act(c.leader, tk.ID, ticket.Step{Action: ticket.ActDepart}); err != nil {
		t.Errorf("the squad's leader departs: %v", err)
	}
	// A unit of another county is no candidate.
	next := c.newOrg(t, 2, "county", "361103")
	unit := c.unit(t, next, scene)
	second := c.report(t, 1)
	err := c.offer(c.dispatcher, dispatch.Request{TicketID: second.ID, UnitID: unit, Override: "最近"})
	if !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Errorf("a unit of another county: %v", err)
	}
}

// The events of an offer name the unit it was made to, also when another unit had the ticket before.
func TestEventsNameTheUnit(t *testing.T) {
	c := newCounty(t, 2)
	tk := c.bring(t, ticket.Accepted)
	for _, step := range []ticket.Step{
		{Action: ticket.ActRedispatch, Reason: "车辆故障"}, {Action: ticket.ActWithdraw, Reason: "误派"}, {Action: ticket.ActCancel, Reason: "重复"},
	} {
		if step.Action == ticket.ActWithdraw {
			c.look(t)
		}
		if _, err := c.act(c.dispatcher, tk.ID, step); err != nil {
			t.Fatal(err)
		}
	}
	events, err := ticket.Timeline(t.Context(), c.db.Pool, tk.ID)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]int64{"offer.accepted": c.units[0], "ticket.redispatched": c.units[0], "offer.withdrawn": c.units[1], "ticket.cancelled": 0}
	for _, ev := range events {
		if unit, ok := want[ev.Type]; ok && ev.UnitID != unit {
			t.Errorf("%s names unit %d, want %d", ev.Type, ev.UnitID, unit)
		}
	}
	c.checkInvariants(t)
}

func TestShifts(t *testing.T) {
	c := newCounty(t, 1)
	c.exec(t, `delete from shift`)
	add := func(actor ticket.Actor, unit int64, from, to time.Duration) (s dispatch.Shift, err error) {
		err = c.inTx(func(ctx context.Context, tx *pg.Tx) (err error) {
			s, err = c.service.AddShift(ctx, tx, actor, dispatch.Shift{UnitID: unit, From: start.Add(from), To: start.Add(to)})
			return err
		})
		return s, err
	}
	end := func(actor ticket.Actor, id int64) error {
		return c.inTx(func(ctx context.Context, tx *pg.Tx) error { return c.service.EndShift(ctx, tx, actor, id) })
	}
	early, err := add(c.leader, c.units[0], -8*time.Hour, 8*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	late, err := add(c.dispatcher, c.units[0], 8*time.Hour, 16*time.Hour) // to is exclusive
	if err != nil {
		t.Fatal(err)
	}
	if _, err := add(c.leader, c.units[0], 7*time.Hour, 9*time.Hour); !errors.Is(err, dispatch.ErrShiftOverlap) {
		t.Errorf("overlap: %v", err)
	}
	if _, err := add(c.stranger, c.units[0], 20*time.Hour, 21*time.Hour); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Errorf("another county: %v", err)
	}
	for _, span := range [][2]time.Duration{{20 * time.Hour, 20 * time.Hour}, {21 * time.Hour, 20 * time.Hour}, {20 * time.Hour, 57 * time.Hour}} {
		if _, err := add(c.leader, c.units[0], span[0], span[1]); !isInvalid(err) {
			t.Errorf("%v: %v", span, err)
		}
	}
	if duty := c.officerState(t, c.units[0]).Unit.Duty; duty != dispatch.DutyAvailable {
		t.Errorf("on shift: %s", duty)
	}
	if err := end(c.stranger, early.ID); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Errorf("another county ends: %v", err)
	}
	for _, s := range []dispatch.Shift{early, late} {
		if err := end(c.leader, s.ID); err != nil {
			t.Fatal(err)
		}
	}
	left, err := dispatch.Shifts(t.Context(), c.db.Pool, c.leader.OrgPath, start.Add(-24*time.Hour), start.Add(24*time.Hour))
	if err != nil || len(left) != 1 || left[0].ID != early.ID || !left[0].To.Equal(start) {
		t.Errorf("left %+v, %v", left, err)
	}
	if state := c.officerState(t, c.units[0]); state.Unit.Duty != dispatch.DutyOffShift || state.Shift != nil {
		t.Errorf("off shift: %+v", state)
	}
}
