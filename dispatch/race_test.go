package dispatch_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

const clients = 16

// atOnce runs fn for each client from the same moment on, each with connections of its own to use.
func atOnce(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	ready, begin := sync.WaitGroup{}, make(chan struct{})
	var done sync.WaitGroup
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			ready.Done()
			<-begin
			errs[i] = fn(i)
		})
	}
	ready.Wait()
	close(begin)
	done.Wait()
	return errs
}

// oneWins checks that one client got through and that the others were told why not in a way that clear accepts.
func oneWins(t *testing.T, errs []error, clear func(error) bool) {
	t.Helper()
	won := 0
	for i, err := range errs {
		if err == nil {
			won++
		} else if !clear(err) {
			t.Errorf("client %d: %v", i, err)
		}
	}
	if won != 1 {
		t.Errorf("%d clients won", won)
	}
}

func TestOneTicketForManyUnits(t *testing.T) {
	c := newWideCounty(t, clients, clients)
	for range 8 {
		tk := c.report(t, 3)
		oneWins(t, atOnce(clients, func(i int) error {
			return c.offer(c.dispatcher, dispatch.Request{TicketID: tk.ID, Version: tk.Version, UnitID: c.units[i], Override: "试", Mode: "manual"})
		}), func(err error) bool { return errors.Is(err, dispatch.ErrTicketTaken) })
		c.checkInvariants(t)
		if _, err := c.act(c.dispatcher, tk.ID, ticket.Step{Action: ticket.ActCancel, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestOneUnitForManyTickets(t *testing.T) {
	c := newWideCounty(t, 2, clients)
	for range 8 {
		tickets := make([]ticket.Ticket, clients)
		for i := range tickets {
			tickets[i] = c.report(t, 3)
		}
		oneWins(t, atOnce(clients, func(i int) error {
			return c.offer(c.dispatcher, dispatch.Request{TicketID: tickets[i].ID, Version: tickets[i].Version, UnitID: c.units[0], Override: "试", Mode: "manual"})
		}), func(err error) bool {
			var busy *dispatch.UnitBusyError
			return errors.As(err, &busy) && busy.Reason == dispatch.ReasonOffered && busy.UnitID == c.units[0]
		})
		c.checkInvariants(t)
		for _, tk := range tickets {
			if _, err := c.act(c.dispatcher, tk.ID, ticket.Step{Action: ticket.ActCancel, Reason: "x"}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestOneOfferManyAnswers(t *testing.T) {
	c := newWideCounty(t, 2, clients)
	for round := range 8 {
		tk := c.report(t, 1)
		c.look(t)
		o := c.openOffer(t, tk.ID)
		oneWins(t, atOnce(clients, func(i int) error {
			if round%2 == 1 && i%2 == 1 {
				return c.decline(c.officer(o.UnitID), o.ID, "other")
			}
			return c.accept(c.officer(o.UnitID), o.ID)
		}), func(err error) bool { return errors.Is(err, dispatch.ErrOfferClosed) })
		c.checkInvariants(t)
		if _, err := c.act(c.dispatcher, tk.ID, ticket.Step{Action: ticket.ActCancel, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
	}
}

// Two engines and a dispatcher serve the same queue.
func TestEnginesSideBySide(t *testing.T) {
	c := newWideCounty(t, 6, clients)
	for range 10 {
		c.report(t, 1)
	}
	for i, err := range atOnce(4, func(int) error { _, err := c.engine.Look(context.Background()); return err }) {
		if err != nil {
			t.Errorf("engine %d: %v", i, err)
		}
	}
	c.look(t) // whatever they left to each other
	c.checkInvariants(t)
	var offers int
	if c.scan(t, &offers, `select count(*) from offer where state = 'open'`); offers != 6 {
		t.Errorf("%d offers for 6 units", offers)
	}
}

// expected tells whether a client who came too late, or in a wrong state, was told so in the domain's words.
func expected(err error) bool {
	var busy *dispatch.UnitBusyError
	var moved *ticket.TransitionError
	return err == nil || errors.As(err, &busy) || errors.As(err, &moved) || isInvalid(err) || slices.ContainsFunc([]error{
		dispatch.ErrOfferClosed, dispatch.ErrTicketTaken, dispatch.ErrNotYourTicket, dispatch.ErrOverrideReason, ticket.ErrVersion,
		ticket.ErrNotFound, // an officer, of a ticket that no unit has
	}, func(target error) bool { return errors.Is(err, target) })
}

// Everybody does everything at once to the same few tickets and units. Every transaction has its own idea of the
// time, as on several machines.
func TestEverybodyAtOnce(t *testing.T) {
	const units, rounds = 3, 40
	c := newWideCounty(t, units, clients)
	c.exec(t, `update dispatch_policy set max_offers = 10`)
	c.db.Now = func() time.Time {
		return start.Add(time.Duration(c.clock.Load()) + time.Duration(rand.IntN(400)-200)*time.Millisecond)
	}
	seen := map[string]int{}
	for round := range rounds {
		tickets := []ticket.Ticket{c.report(t, 1), c.report(t, 2)}
		c.look(t)
		// The first offer is about to run out: some clients find it open, some do not. Every other round is about that alone.
		quiet := round%2 == 1
		c.pass(59900*time.Millisecond + time.Duration(round%2)*200*time.Millisecond)
		offers := c.openOffers(t)
		errs := atOnce(clients, func(i int) error {
			tk := tickets[i%2].ID
			unit := c.units[rand.IntN(units)]
			officer := c.officer(unit)
			kind := (i + round) % clients
			if quiet && kind >= 6 && kind <= 9 {
				kind = 0
			}
			if quiet && (kind == 4 || kind == 5) {
				kind = 12
			}
			switch kind {
			case 0, 1:
				_, err := c.engine.Look(context.Background())
				return err
			case 2, 3, 4, 5:
				for _, o := range offers {
					if err := c.accept(c.officer(o.unit), o.id); !expected(err) {
						return err
					}
				}
				return nil
			case 6:
				return c.setService(c.dispatcher, unit, false, "故障")
			case 7:
				return c.setService(officer, unit, rand.IntN(2) == 0, "故障")
			case 8:
				_, err := c.act(c.dispatcher, tk, ticket.Step{Action: ticket.ActCancel, Reason: "重复"})
				return err
			case 9:
				_, err := c.act(c.dispatcher, tk, ticket.Step{Action: ticket.ActWithdraw, Reason: "误派"})
				return err
			case 10:
				_, err := c.act(c.dispatcher, tk, ticket.Step{Action: ticket.ActRedispatch, Reason: "改派"})
				return err
			case 11:
				return c.offer(c.dispatcher, dispatch.Request{TicketID: tk, UnitID: unit, Override: "就近", Mode: "manual"})
			case 12:
				for _, o := range offers {
					if err := c.decline(c.officer(o.unit), o.id, "other"); !expected(err) {
						return err
					}
				}
				return nil
			case 13, 14:
				for _, action := range []ticket.Action{ticket.ActDepart, ticket.ActArrive, ticket.ActFinish, ticket.ActClose} {
					if _, err := c.act(officer, tk, ticket.Step{Action: action, Outcome: "I05", OutcomeText: "查无"}); !expected(err) {
						return err
					}
				}
				return nil
			}
			_, err := c.act(c.agent, tk, ticket.Step{Action: ticket.ActAmend, Amend: &ticket.Amendment{Urgency: 1}})
			return err
		})
		for i, err := range errs {
			if !expected(err) && !errors.Is(err, ticket.ErrForbidden) {
				t.Fatalf("round %d, client %d: %v", round, i, err)
			}
		}
		c.checkInvariants(t)
		if t.Failed() {
			t.Fatalf("in round %d", round)
		}
		c.tidyUp(t, tickets, seen)
	}
	t.Log(seen)
	for _, want := range []string{"offer accepted", "offer expired", "offer withdrawn", "offer declined", "ticket cancelled", "sortie cancelled"} {
		if seen[want] == 0 {
			t.Errorf("%s never happened: %v", want, seen)
		}
	}
}

type openOffer struct{ id, unit int64 }

func (c *county) openOffers(t *testing.T) (out []openOffer) {
	t.Helper()
	var ids, units []int64
	if err := c.db.Pool.QueryRow(t.Context(), `select coalesce(array_agg(id order by id), '{}'), coalesce(array_agg(unit_id order by id), '{}')
		from offer where state = 'open'`).Scan(&ids, &units); err != nil {
		t.Fatal(err)
	}
	for i := range ids {
		out = append(out, openOffer{ids[i], units[i]})
	}
	return out
}

// tidyUp makes way for the next round and counts how things ended.
func (c *county) tidyUp(t *testing.T, tickets []ticket.Ticket, seen map[string]int) {
	t.Helper()
	c.pass(time.Minute)
	for _, tk := range tickets {
		if v := c.view(t, tk.ID); v.ClosedAt == nil {
			if _, err := c.act(c.dispatcher, tk.ID, ticket.Step{Action: ticket.ActCancel, Reason: "收"}); err != nil {
				t.Fatal(err)
			}
		} else {
			seen["ticket "+string(v.Status)]++
		}
	}
	for _, unit := range c.units {
		if err := c.setService(c.dispatcher, unit, true, ""); err != nil {
			t.Fatal(err)
		}
		if fix, ok := c.service.Positions.Latest(unit); ok {
			c.fix(unit, fix.Point)
		}
	}
	for _, table := range []string{"offer", "sortie"} {
		column := map[string]string{"offer": "state", "sortie": "outcome"}[table]
		rows, _ := c.db.Pool.Query(t.Context(), fmt.Sprintf(`select %s from %s where ticket_id = any($1)`, column, table), []int64{tickets[0].ID, tickets[1].ID})
		for rows.Next() {
			var word string
			if err := rows.Scan(&word); err != nil {
				t.Fatal(err)
			}
			seen[table+" "+word]++
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// The rule that a repair finds what came to the unit a moment ago: offer and repair at once, many times.
func TestRepairAgainstOffer(t *testing.T) {
	c := newWideCounty(t, 1, clients)
	for round := range 40 {
		tk := c.report(t, 3)
		errs := atOnce(2, func(i int) error {
			if i == 0 {
				return c.setService(c.dispatcher, c.units[0], false, "故障")
			}
			return c.inTx(func(ctx context.Context, tx *pg.Tx) error {
				_, err := c.service.Offer(ctx, tx, c.dispatcher, dispatch.Request{TicketID: tk.ID, UnitID: c.units[0], Mode: "manual"})
				return err
			})
		})
		var busy *dispatch.UnitBusyError
		if errs[0] != nil || (errs[1] != nil && !errors.As(errs[1], &busy)) {
			t.Fatalf("round %d: %v", round, errs)
		}
		c.checkInvariants(t)
		if v := c.view(t, tk.ID); v.Status != ticket.ToDispatch {
			t.Fatalf("round %d: %s with a unit in repair", round, v.Status)
		}
		if _, err := c.act(c.dispatcher, tk.ID, ticket.Step{Action: ticket.ActCancel, Reason: "x"}); err != nil {
			t.Fatal(err)
		}
		if err := c.setService(c.dispatcher, c.units[0], true, ""); err != nil {
			t.Fatal(err)
		}
	}
}
