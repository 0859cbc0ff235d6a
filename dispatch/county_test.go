package dispatch_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/ticket"
	"jiujin/tracking"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var (
	start = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	scene = orb.Point{117.97, 28.45}
)

// county is a database with a county of squads, units on shift with positions, and a clock that stands still.
// The squad and its people are below the county, which the tickets belong to.
type county struct {
	db         *pg.DB
	service    *dispatch.Service
	engine     *dispatch.Engine
	clock      atomic.Int64 // nanoseconds after start
	org, squad int64
	agent      ticket.Actor
	dispatcher ticket.Actor
	leader     ticket.Actor // of the squad
	stranger   ticket.Actor // a dispatcher of the next county
	units      []int64      // the nearest to the scene first, 1 km apart
}

func newCounty(t testing.TB, units int) *county { return newCountyOn(t, pgtest.New(t), units) }

// newWideCounty has connections for as many clients at once.
func newWideCounty(t testing.TB, units, clients int) *county {
	t.Helper()
	db, err := pg.Open(context.Background(), pgtest.NewURL(t), pg.Options{
		MaxConns: int32(clients) + 2, Logger: slog.New(slog.DiscardHandler), // deadlocks are looked for
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return newCountyOn(t, db, units)
}

func newCountyOn(t testing.TB, db *pg.DB, units int) *county {
	t.Helper()
	c := &county{db: db, service: &dispatch.Service{DB: db, Positions: tracking.NewStore()}}
	c.engine = &dispatch.Engine{Service: c.service, Log: slog.New(slog.DiscardHandler)}
	db.Now = func() time.Time { return start.Add(time.Duration(c.clock.Load())) }
	root := c.newOrg(t, 0, "province", "36")
	city := c.newOrg(t, root, "prefecture", "3611")
	c.org = c.newOrg(t, city, "county", "361102")
	c.squad = c.newOrg(t, c.org, "squad", "361102-1")
	other := c.newOrg(t, city, "county", "361104")
	c.agent = c.person(t, "agent", c.org)
	c.dispatcher = c.person(t, "dispatcher", c.org)
	c.leader = c.person(t, "leader", c.squad)
	c.stranger = c.person(t, "dispatcher", other)
	for i := range units {
		c.unit(t, c.squad, orb.Point{scene[0], scene[1] + 0.009*float64(i+1)})
	}
	return c
}

func (c *county) pass(d time.Duration) { c.clock.Add(int64(d)) }

func (c *county) scan(t testing.TB, to any, sql string, args ...any) {
	t.Helper()
	if err := c.db.Pool.QueryRow(context.Background(), sql, args...).Scan(to); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (c *county) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	if _, err := c.db.Pool.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (c *county) newOrg(t testing.TB, parent int64, level, code string) (id int64) {
	t.Helper()
	c.scan(t, &id, `insert into org (parent_id, level, code, name) values (nullif($1::bigint, 0), $2, $3, $3) returning id`, parent, level, code)
	return id
}

func (c *county) person(t testing.TB, role string, org int64) ticket.Actor {
	t.Helper()
	a := ticket.Actor{Role: role, OrgID: org}
	c.scan(t, &a.PersonID, `insert into person (login, name, password_hash, role, org_id)
		values ($1 || '-' || gen_random_uuid(), $1, 'x', $1, $2) returning id`, role, org)
	c.scan(t, &a.OrgPath, `select path from org where id = $1`, org)
	a.ID = fmt.Sprintf("person:%d", a.PersonID)
	return a
}

// unit adds a unit on a long shift, with a fresh position.
func (c *county) unit(t testing.TB, org int64, at orb.Point) (id int64) {
	t.Helper()
	c.scan(t, &id, `insert into unit (org_id, call_sign) values ($1, '云溪' || lpad(((select count(*) from unit) + 1)::text, 2, '0')) returning id`, org)
	c.exec(t, `insert into shift (unit_id, span) values ($1, tstzrange($2, $3))`, id, start.Add(-time.Hour), start.Add(23*time.Hour))
	c.fix(id, at)
	c.units = append(c.units, id)
	return id
}

func (c *county) fix(unit int64, at orb.Point) {
	c.service.Positions.Update(tracking.Fix{UnitID: unit, FixedAt: c.db.Now(), ReceivedAt: c.db.Now(), Point: at})
}

// officer is somebody of a unit; the organisation is the squad, as in life.
func (c *county) officer(unit int64) ticket.Actor {
	a := c.leader
	a.ID, a.Role, a.UnitID = fmt.Sprintf("person:9%d", unit), "officer", unit
	return a
}

func (c *county) inTx(fn func(ctx context.Context, tx *pg.Tx) error) error {
	ctx := context.Background()
	return c.db.InTx(ctx, func(tx *pg.Tx) error { return fn(ctx, tx) })
}

// report opens a ticket at the scene and returns it as it waits for a unit.
func (c *county) report(t testing.TB, urgency ticket.Urgency) (tk ticket.Ticket) {
	t.Helper()
	point := scene
	err := c.inTx(func(ctx context.Context, tx *pg.Tx) (err error) {
		tk, _, err = ticket.Open(ctx, tx, c.agent, ticket.Opening{
			Channel: "phone", Kind: ticket.Report, Subtype: "R03", Narrative: "店里卖假烟", Urgency: urgency,
			Place:    ticket.Place{Text: "云溪路 8 号", Point: &point, Division: "361102001"},
			Reporter: ticket.Reporter{Mode: "anonymous"},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tk
}

func (c *county) look(t testing.TB) time.Duration {
	t.Helper()
	next, err := c.engine.Look(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func (c *county) act(actor ticket.Actor, id int64, step ticket.Step) (tk ticket.Ticket, err error) {
	err = c.inTx(func(ctx context.Context, tx *pg.Tx) (err error) {
		tk, err = c.service.Act(ctx, tx, actor, id, step)
		return err
	})
	return tk, err
}

func (c *county) offer(actor ticket.Actor, r dispatch.Request) error {
	return c.inTx(func(ctx context.Context, tx *pg.Tx) error {
		_, err := c.service.Offer(ctx, tx, actor, r)
		return err
	})
}

func (c *county) accept(actor ticket.Actor, offer int64) error {
	return c.inTx(func(ctx context.Context, tx *pg.Tx) error {
		_, err := c.service.Accept(ctx, tx, actor, offer)
		return err
	})
}

func (c *county) decline(actor ticket.Actor, offer int64, reason string) error {
	return c.inTx(func(ctx context.Context, tx *pg.Tx) error {
		_, err := c.service.Decline(ctx, tx, actor, offer, reason, "")
		return err
	})
}

func (c *county) setService(actor ticket.Actor, unit int64, in bool, reason string) error {
	return c.inTx(func(ctx context.Context, tx *pg.Tx) error {
		return c.service.SetService(ctx, tx, actor, unit, in, reason)
	})
}

func (c *county) view(t testing.TB, id int64) dispatch.TicketView {
	t.Helper()
	v, err := c.service.TicketViewByID(context.Background(), c.db.Pool, "", id, c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// openOffer is the offer a ticket waits on.
func (c *county) openOffer(t testing.TB, id int64) dispatch.OfferRef {
	t.Helper()
	v := c.view(t, id)
	if v.Offer == nil || v.Status != ticket.Offered {
		t.Fatalf("ticket %d is %s, without an offer", id, v.Status)
	}
	return *v.Offer
}

// events are the types of what happened to a ticket.
func (c *county) events(t testing.TB, id int64) (types []string) {
	t.Helper()
	events, err := ticket.Timeline(context.Background(), c.db.Pool, id)
	if err != nil {
		t.Fatal(err)
	}
	for _, ev := range events {
		types = append(types, ev.Type)
	}
	return types
}
