package dispatch_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/ticket"
)

// day is half a working day: one ticket done in time by the first squad, one arrived late by another squad of the same
// name, one that waits, one cancelled. It ends at second 4,840.
func day(t *testing.T) *county {
	c := newCounty(t, 1)
	c.exec(t, `update org set name = '一中队' where id = $1`, c.squad)
	other := c.newOrg(t, c.org, "squad", "361102-2")
	c.exec(t, `update org set name = '一中队' where id = $1`, other)
	c.unit(t, other, orb.Point{scene[0], scene[1] + 0.05})
	visit := func(unit int64, accept, arrive time.Duration) ticket.Ticket {
		t.Helper()
		tk := c.report(t, 1)
		c.look(t)
		o := c.openOffer(t, tk.ID)
		if o.UnitID != unit {
			t.Fatalf("offered to %d, want %d", o.UnitID, unit)
		}
		officer := c.officer(unit)
		if unit == c.units[1] {
			c.scan(t, &officer.OrgPath, `select path from org where id = $1`, other)
		}
		c.pass(accept)
		if err := c.accept(officer, o.ID); err != nil {
			t.Fatal(err)
		}
		for _, action := range []ticket.Action{ticket.ActDepart, ticket.ActArrive} {
			if _, err := c.act(officer, tk.ID, ticket.Step{Action: action}); err != nil {
				t.Fatal(err)
			}
			if action == ticket.ActDepart {
				c.pass(arrive)
			}
		}
		return tk
	}
	done := visit(c.units[0], 30*time.Second, 600*time.Second)
	c.pass(600 * time.Second)
	for _, step := range []ticket.Step{{Action: ticket.ActFinish, Outcome: "I01"}, {Action: ticket.ActClose, OutcomeText: "已查处"}} {
		if _, err := c.act(c.officer(c.units[0]), done.ID, step); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.setService(c.dispatcher, c.units[0], false, "爆胎"); err != nil {
		t.Fatal(err)
	}
	c.fix(c.units[1], orb.Point{scene[0], scene[1] + 0.05})
	visit(c.units[1], 10*time.Second, time.Hour)
	c.report(t, 3)
	if _, err := c.act(c.dispatcher, c.report(t, 3).ID, ticket.Step{Action: ticket.ActCancel, Reason: "重复"}); err != nil {
		t.Fatal(err)
	}
	c.fix(c.units[1], scene)
	return c
}

func figure(v *float64) string {
	if v == nil {
		return "–"
	}
	return fmt.Sprint(*v)
}

func TestKPI(t *testing.T) {
	c := day(t)
	k, err := c.service.KPI(t.Context(), c.db.Pool, c.dispatcher.OrgPath, c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	d := k.Today
	got := fmt.Sprint(d.Received, d.Closed, d.Awaiting, d.InProgress, d.Overdue, d.ArriveN, d.UnitsOnline, d.UnitsTotal, " ", figure(d.ArriveMeanS), " ", figure(d.ArriveOnTime))
	if want := fmt.Sprint(4, 1, 1, 1, 0, 2, 1, 2, " ", 2120, " ", 0.5); got != want {
		t.Errorf("today %s, want %s", got, want)
	}
	if got := figure(k.Stages.DispatchS) + " " + figure(k.Stages.AcceptS) + " " + figure(k.Stages.TravelS) + " " + figure(k.Stages.SceneS); got != "0 20 2100 600" {
		t.Errorf("stages %s", got)
	}
	squads := ""
	for _, s := range k.Squads {
		squads += fmt.Sprintf("%s %s %s %d; ", s.Squad, figure(s.OnTime), figure(s.ArriveMeanS), s.N)
	}
	if squads != "一中队 1 630 1; 一中队 0 3610 1; " {
		t.Errorf("squads %s", squads)
	}
	if len(k.Trend) != 12 || !k.Trend[11].Hour.Equal(start.Add(time.Hour)) || k.Trend[10].Received != 2 || k.Trend[10].Closed != 1 ||
		k.Trend[11].Received != 2 || k.Trend[11].Closed != 0 || k.Trend[9].Received != 0 {
		t.Errorf("trend %+v", k.Trend)
	}
	c.pass(12*time.Hour + time.Second) // the one that waits should have been visited
	if k, err := c.service.KPI(t.Context(), c.db.Pool, "", c.db.Now()); err != nil || k.Today.Overdue != 1 || k.Today.UnitsOnline != 0 {
		t.Errorf("%+v, %v", k.Today, err)
	}
	c.pass(2 * time.Hour) // midnight in Shanghai
	k, err = c.service.KPI(t.Context(), c.db.Pool, "", c.db.Now())
	if err != nil || k.Today.Received != 0 || k.Today.Awaiting != 1 || k.Today.InProgress != 1 || k.Today.ArriveOnTime != nil || len(k.Squads) != 0 {
		t.Errorf("%+v, %v", k, err)
	}
}

// No figure is made up where nothing has happened.
func TestKPIOfAnEmptyCounty(t *testing.T) {
	c := day(t)
	k, err := c.service.KPI(t.Context(), c.db.Pool, c.stranger.OrgPath, c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	d := k.Today
	if d.Received+d.Closed+d.Awaiting+d.InProgress+d.Overdue+d.ArriveN+d.UnitsTotal+len(k.Squads) != 0 || d.ArriveMeanS != nil || d.ArriveOnTime != nil ||
		k.Stages.DispatchS != nil || k.Stages.SceneS != nil || len(k.Trend) != 12 {
		t.Errorf("%+v", k)
	}
}

func TestPublicBoard(t *testing.T) {
	c := day(t)
	c.pass(30*time.Minute - time.Second)
	b, err := c.service.Public(t.Context(), c.db.Pool, c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	if b.Today.Received != nil || b.Today.Closed != nil || b.Today.OnTimeRate != nil || len(b.Recent) != 0 {
		t.Errorf("half an hour late, and few: %+v", b)
	}
	for range 4 {
		c.report(t, 3)
	}
	c.pass(31 * time.Minute)
	if b, err = c.service.Public(t.Context(), c.db.Pool, c.db.Now()); err != nil {
		t.Fatal(err)
	}
	if b.Today.Received == nil || *b.Today.Received != 8 || b.Today.Closed != nil {
		t.Errorf("%+v", b.Today)
	}
	// Six are open: the visited one, the one that waits, four more. Two ended, too few to tell.
	if len(b.ByDistrict) != 1 || b.ByDistrict[0].District != "361102" || b.ByDistrict[0].Open == nil || *b.ByDistrict[0].Open != 6 || b.ByDistrict[0].Closed != nil {
		t.Errorf("%+v", b.ByDistrict)
	}
	groups := map[string]int{}
	for _, r := range b.Recent {
		groups[r.StatusGroup]++
		if r.At.Unix()%(15*60) != 0 || r.At.After(b.AsOf) {
			t.Errorf("%+v", r)
		}
	}
	if groups["closed"] != 1 || groups["on_site"] != 1 || groups["received"] != 5 || len(b.Recent) != 7 {
		t.Errorf("%v", groups)
	}
	// A quiet district's tickets do not show up between those of a busy one, until there are five of them.
	quiet := c.newOrg(t, 2, "county", "361109")
	for i := range 5 {
		id := c.report(t, 3).ID
		c.exec(t, `update ticket set org_id = $2, registered_at = $3 where id = $1`, id, quiet, b.AsOf.Add(-time.Minute))
		if b, err = c.service.Public(t.Context(), c.db.Pool, c.db.Now()); err != nil {
			t.Fatal(err)
		}
		shown := slices.ContainsFunc(b.Recent, func(r dispatch.PublicRecent) bool { return r.District == "361109" })
		told := b.ByDistrict[len(b.ByDistrict)-1]
		if told.District != "361109" || shown != (i == 4) || (told.Open != nil) != (i == 4) {
			t.Errorf("%d tickets in a district: %+v, recent %+v", i+1, told, b.Recent)
		}
	}
}
