package dispatch_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/ticket"
)

// bring opens a ticket and takes it to a status, with the first unit.
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
