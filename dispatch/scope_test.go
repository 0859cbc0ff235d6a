package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

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
