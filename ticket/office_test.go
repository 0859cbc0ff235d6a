package ticket_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/ticket"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var start = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)

// office is a database with two counties of one province and a clock that stands still.
type office struct {
	db         *pg.DB
	clock      atomic.Int64 // nanoseconds after start
	agent      ticket.Actor // of the first county, as all that follow
	dispatcher ticket.Actor
	officer    ticket.Actor
	supervisor ticket.Actor
	stranger   ticket.Actor // a dispatcher of the second county
}

func newOffice(t testing.TB, db *pg.DB) *office {
	t.Helper()
	o := &office{db: db}
	db.Now = func() time.Time { return start.Add(time.Duration(o.clock.Load())) }
	root := o.org(t, 0, "province", "36")
	city := o.org(t, root, "prefecture", "3611")
	county := o.org(t, city, "county", "361102")
	other := o.org(t, city, "county", "361104")
	o.agent = o.person(t, "agent", county)
	o.dispatcher = o.person(t, "dispatcher", county)
	o.supervisor = o.person(t, "supervisor", county)
	o.stranger = o.person(t, "dispatcher", other)
	var unit int64
	o.scan(t, &unit, `insert into unit (org_id, call_sign) values ($1, '云溪01') returning id`, county)
	o.officer = o.person(t, "dispatcher", county)
	o.officer.Role, o.officer.UnitID = "officer", unit
	return o
}

func (o *office) pass(d time.Duration) { o.clock.Add(int64(d)) }

func (o *office) scan(t testing.TB, to any, sql string, args ...any) {
	t.Helper()
	if err := o.db.Pool.QueryRow(context.Background(), sql, args...).Scan(to); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func (o *office) org(t testing.TB, parent int64, level, code string) (id int64) {
	t.Helper()
	o.scan(t, &id, `insert into org (parent_id, level, code, name) values (nullif($1::bigint, 0), $2, $3, $3) returning id`, parent, level, code)
	return id
}

func (o *office) person(t testing.TB, role string, org int64) ticket.Actor {
	t.Helper()
	a := ticket.Actor{Role: role, OrgID: org}
	o.scan(t, &a.PersonID, `insert into person (login, name, password_hash, role, org_id)
		values ($1 || '-' || gen_random_uuid(), $1, 'x', $1, $2) returning id`, role, org)
	o.scan(t, &a.OrgPath, `select path from org where id = $1`, org)
	o.scan(t, &a.ID, `select 'person:' || $1::bigint`, a.PersonID)
	return a
}

// report is a located demand that needs a visit.
func report() ticket.Opening {
	return ticket.Opening{
		Channel: "phone", Kind: ticket.Report, Subtype: "R03", Narrative: "店里卖假烟",
		Place:    ticket.Place{Text: "云溪路 8 号", Point: &orb.Point{117.97, 28.45}, Division: "361102001"},
		Reporter: ticket.Reporter{Mode: "anonymous"},
	}
}

func (o *office) open(t testing.TB, in ticket.Opening) (tk ticket.Ticket, code string) {
	t.Helper()
	err := o.db.InTx(context.Background(), func(tx *pg.Tx) (err error) {
		tk, code, err = ticket.Open(context.Background(), tx, o.agent, in)
		return err
	})
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	return tk, code
}

func (o *office) advance(actor ticket.Actor, id int64, step ticket.Step) (tk ticket.Ticket, err error) {
	err = o.db.InTx(context.Background(), func(tx *pg.Tx) error {
		tk, err = ticket.Advance(context.Background(), tx, actor, id, step)
		return err
	})
	return tk, err
}

func (o *office) find(t testing.TB, id int64) ticket.Ticket {
	t.Helper()
	tk, err := ticket.Find(context.Background(), o.db.Pool, ticket.Engine, id)
	if err != nil {
		t.Fatal(err)
	}
	return tk
}
