package dispatch_test

import (
	"context"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

func (c *county) arrivals() *dispatch.Arrivals {
	return &dispatch.Arrivals{Service: c.service, Log: slog.New(slog.DiscardHandler)}
}

func look(t *testing.T, a *dispatch.Arrivals) {
	t.Helper()
	if err := a.Look(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// near gives a fix of a unit so many metres north of the scene, after some seconds.
func (c *county) near(a *dispatch.Arrivals, unit int64, metres, seconds, accuracy float64) {
	c.pass(time.Duration(seconds * float64(time.Second)))
	a.OnFix([]tracking.Fix{{
		UnitID: unit, FixedAt: c.db.Now(), Point: orb.Point{scene[0], scene[1] + metres/111195}, AccuracyM: tracking.Read(accuracy),
	}})
}

// A unit under way that stays near its case for a minute is proposed to have arrived; the ticket stays as it is until
// the officer says so.
func TestArrivalIsProposedNotSet(t *testing.T) {
	c := newCounty(t, 2)
	tk := c.bring(t, ticket.EnRoute)
	a, unit := c.arrivals(), c.units[0]
	look(t, a)
	c.near(a, unit, 600, 10, 5)
	c.near(a, unit, 100, 10, 5)
	c.near(a, unit, 90, 30, 5)
	c.near(a, unit, 170, 10, 5) // on the edge
	c.near(a, unit, 80, 10, 5)
	look(t, a)
	if s := c.officerState(t, unit); s.Case.Arrival != nil {
		t.Fatalf("proposed after 50 s: %+v", s.Case.Arrival)
	}
	c.near(a, unit, 70, 10, 5)
	look(t, a)
	s := c.officerState(t, unit)
	if s.Case.Arrival == nil || s.Case.Arrival.Metres < 69 || s.Case.Arrival.Metres > 71 || !s.Case.Arrival.ProposedAt.Equal(c.db.Now()) {
		t.Fatalf("%+v", s.Case.Arrival)
	}
	if v := c.view(t, tk.ID); v.Status != ticket.EnRoute {
		t.Errorf("the ticket is %s", v.Status)
	}
	for range 3 { // once
		c.near(a, unit, 60, 60, 5)
		look(t, a)
	}
	var n int
	if c.scan(t, &n, `select count(*) from event where type = 'arrival.proposed' and ticket_id = $1 and unit_id = $2`, tk.ID, unit); n != 1 {
		t.Errorf("%d events", n)
	}
	if _, err := c.act(c.officer(unit), tk.ID, ticket.Step{Action: ticket.ActArrive}); err != nil {
		t.Fatal(err)
	}
	if s := c.officerState(t, unit); s.Case.Arrival != nil {
		t.Error("the proposal outlived the arrival")
	}
	c.checkInvariants(t)
}

func TestWhatIsNoArrival(t *testing.T) {
	for name, path := range map[string][][2]float64{ // metres from the case, accuracy; 20 s apart
		"drives past":      {{140, 5}, {20, 5}, {130, 5}, {260, 5}, {120, 5}, {300, 5}},
		"too far":          {{160, 5}, {160, 5}, {160, 5}, {160, 5}, {160, 5}},
		"knows not where":  {{50, 500}, {50, 500}, {50, 500}, {50, 500}, {50, 500}},
		"comes and goes":   {{100, 5}, {100, 5}, {100, 5}, {900, 5}, {100, 5}, {100, 5}, {100, 5}},
		"only just stands": {{100, 5}, {100, 5}, {100, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCounty(t, 1)
			c.bring(t, ticket.EnRoute)
			a := c.arrivals()
			look(t, a)
			for _, p := range path {
				c.near(a, c.units[0], p[0], 20, p[1])
			}
			look(t, a)
			if s := c.officerState(t, c.units[0]); s.Case.Arrival != nil {
				t.Errorf("%+v", s.Case.Arrival)
			}
		})
	}
}

// Whoever has not left yet, or has another case, is not proposed anything.
func TestOnlyUnitsUnderWayArrive(t *testing.T) {
	c := newCounty(t, 2)
	c.bring(t, ticket.Accepted)
	a := c.arrivals()
	look(t, a)
	for range 5 {
		c.near(a, c.units[0], 10, 30, 5)
		c.near(a, c.units[1], 10, 30, 5)
		look(t, a)
	}
	var n int
	if c.scan(t, &n, `select count(*) from event where type = 'arrival.proposed'`); n != 0 {
		t.Errorf("%d proposals", n)
	}
}

// Sixteen nodes that see the same arrival propose it once, and an officer who is faster wins.
func TestArrivalIsProposedOnce(t *testing.T) {
	c := newWideCounty(t, 1, 16)
	tk := c.bring(t, ticket.EnRoute)
	var all []*dispatch.Arrivals
	for range 16 {
		a := c.arrivals()
		look(t, a)
		all = append(all, a)
	}
	c.pass(time.Minute)
	at := c.db.Now()
	for _, a := range all {
		for _, s := range []time.Duration{-time.Minute, 0} {
			a.OnFix([]tracking.Fix{{UnitID: c.units[0], FixedAt: at.Add(s), Point: scene}})
		}
	}
	var wg sync.WaitGroup
	for _, a := range all {
		wg.Go(func() {
			if err := a.Look(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Go(func() {
		err := c.inTx(func(ctx context.Context, tx *pg.Tx) error {
			_, err := c.service.Act(ctx, tx, c.officer(c.units[0]), tk.ID, ticket.Step{Action: ticket.ActArrive})
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
	wg.Wait()
	var n int
	if c.scan(t, &n, `select count(*) from event where type = 'arrival.proposed'`); n > 1 {
		t.Errorf("%d proposals", n)
	}
	if v := c.view(t, tk.ID); v.Status != ticket.OnScene {
		t.Errorf("the ticket is %s", v.Status)
	}
	c.checkInvariants(t)
}
