package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/ticket"
)

// brokenRoads is a road source that fails or answers nonsense.
type brokenRoads struct{ err error }

func (b brokenRoads) ETAs(context.Context, orb.Point, []orb.Point) ([]dispatch.ETA, error) {
	return []dispatch.ETA{{Travel: time.Second, Basis: "road"}}, b.err
}

// roads says that the nearest by air is the farthest by road.
type roads struct{}

func (roads) ETAs(_ context.Context, to orb.Point, from []orb.Point) ([]dispatch.ETA, error) {
	out := make([]dispatch.ETA, len(from))
	for i, p := range from {
		out[i] = dispatch.ETA{Travel: time.Hour - dispatch.DefaultStraightLine.ETA(p, to).Travel, Metres: 1, Basis: "road"}
	}
	return out, nil
}

func TestETASource(t *testing.T) {
	c := newCounty(t, 3)
	tk := c.report(t, 1)
	for _, source := range []struct {
		source dispatch.ETASource
		basis  string
		best   int64
	}{
		{nil, "straight_line", c.units[0]},
		{brokenRoads{errors.New("down")}, "straight_line", c.units[0]},
		{brokenRoads{}, "straight_line", c.units[0]},
		{roads{}, "road", c.units[2]},
	} {
		c.service.External = source.source
		got, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
		if err != nil || len(got) != 3 || got[0].UnitID != source.best {
			t.Fatalf("%T: %+v, %v", source.source, got, err)
		}
		for _, candidate := range got {
			if candidate.ETABasis != source.basis {
				t.Errorf("%T: basis %s", source.source, candidate.ETABasis)
			}
		}
	}
	tk.Point = nil
	if _, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now()); !isInvalid(err) {
		t.Errorf("a ticket without a place: %v", err)
	}
}

// What SQL says about each unit, read through the ranking.
func TestFactsFromTheDatabase(t *testing.T) {
	c := newCounty(t, 8)
	c.exec(t, `update dispatch_policy set max_offers = 10`)
	busy := c.bring(t, ticket.EnRoute) // units[0]
	tk := c.report(t, 1)
	c.look(t)
	if err := c.decline(c.officer(c.units[1]), c.openOffer(t, tk.ID).ID, "conflict"); err != nil {
		t.Fatal(err)
	}
	c.look(t)
	c.pass(time.Minute)
	other := c.report(t, 1)
	c.look(t) // units[2] misses its offer; units[3] and another one are asked
	if _, err := c.act(c.dispatcher, tk.ID, ticket.Step{Action: ticket.ActWithdraw, Reason: "重排"}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.act(c.dispatcher, other.ID, ticket.Step{Action: ticket.ActWithdraw, Reason: "重排"}); err != nil {
		t.Fatal(err)
	}
	if err := c.offer(c.dispatcher, dispatch.Request{TicketID: other.ID, UnitID: c.units[3], Override: "x", Mode: "manual"}); err != nil {
		t.Fatal(err)
	}
	if err := c.setService(c.dispatcher, c.units[4], false, "保养"); err != nil {
		t.Fatal(err)
	}
	c.exec(t, `delete from shift where unit_id = $1`, c.units[5])
	c.exec(t, `update unit set crew = 1 where id = $1`, c.units[6])
	c.exec(t, `update unit set retired_at = now() where id = $1`, c.units[7])
	var silent int64
	c.scan(t, &silent, `insert into unit (org_id, call_sign) values ($1, '无信号') returning id`, c.squad)
	c.exec(t, `insert into shift (unit_id, span) values ($1, tstzrange($2, $3))`, silent, start, start.Add(time.Hour))

	got, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	want := map[int64]dispatch.Reason{
		c.units[0]: dispatch.ReasonOnTask, c.units[1]: dispatch.ReasonDeclined, c.units[2]: dispatch.ReasonDeclined, c.units[3]: dispatch.ReasonOffered,
		c.units[4]: dispatch.ReasonInRepair, c.units[5]: dispatch.ReasonOffShift, c.units[6]: dispatch.ReasonCrew, silent: dispatch.ReasonNoFix,
	}
	if len(got) != len(want) {
		t.Errorf("%d candidates, want %d", len(got), len(want))
	}
	params := map[int64]map[string]any{
		c.units[0]: {"ticket": busy.Number, "status": ticket.EnRoute}, c.units[1]: {"reason": "conflict"},
		c.units[2]: {"reason": "no_answer"}, c.units[3]: {"ticket": other.Number},
	}
	for _, candidate := range got {
		if candidate.Reason != want[candidate.UnitID] {
			t.Errorf("unit %d: %s, want %s", candidate.UnitID, candidate.Reason, want[candidate.UnitID])
		}
		for name, value := range params[candidate.UnitID] {
			if candidate.Params[name] != value {
				t.Errorf("unit %d: %s is %v, want %v", candidate.UnitID, name, candidate.Params[name], value)
			}
		}
		if candidate.UnitID == c.units[0] && candidate.Load != 1 || candidate.UnitID == c.units[1] && candidate.Terms["decline"] != 3 {
			t.Errorf("unit %d: load %d, terms %v", candidate.UnitID, candidate.Load, candidate.Terms)
		}
		if candidate.Squad != "361102-1" {
			t.Errorf("unit %d is of squad %q", candidate.UnitID, candidate.Squad)
		}
	}
	// After half an hour a unit may be asked again; after four its refusal is forgotten.
	c.pass(4 * time.Hour)
	c.fix(c.units[1], orb.Point{scene[0], scene[1] + 0.01})
	got, err = c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
	if err != nil || got[0].UnitID != c.units[1] || got[0].Terms["decline"] != 0 {
		t.Errorf("%+v, %v", got[0], err)
	}
}

// A crowd of units that may not go must not hide the one that may.
func TestTheOneFreeUnitIsFound(t *testing.T) {
	c := newCounty(t, 70)
	free := c.units[69]
	c.pass(time.Second)
	for i, unit := range c.units {
		c.fix(unit, orb.Point{scene[0], scene[1] + 0.001*float64(i+1)})
	}
	c.exec(t, `delete from shift where unit_id <> $1`, free)
	tk := c.report(t, 1)
	c.look(t)
	if o := c.openOffer(t, tk.ID); o.UnitID != free {
		t.Errorf("offered to %d, want %d", o.UnitID, free)
	}
}
