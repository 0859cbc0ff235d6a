package terminal_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/internal/terminal"
	"jiujin/ticket"
	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const patience = 15 * time.Second

var scene = orb.Point{117.97, 28.45}

// site is a county with one unit on duty, its terminal's server and the bridge, all running.
type site struct {
	db       *pg.DB
	service  *dispatch.Service
	engine   *dispatch.Engine
	server   *jt808.Server
	bridge   *terminal.Bridge
	addr     string
	unit     int64
	device   int64
	later    atomic.Int64 // nanoseconds that the clock is ahead
	agent    ticket.Actor
	officer  ticket.Actor // of the unit, with a phone
	dispatch ticket.Actor
}

const phone = "13800138000"

func newSite(t *testing.T) *site {
	t.Helper()
	url := pgtest.NewURL(t)
	db, err := pg.Open(t.Context(), url, pg.Options{MaxConns: 20, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	s := &site{db: db}
	begin := time.Now
	db.Now = func() time.Time { return begin().Add(time.Duration(s.later.Load())) }
	s.people(t)

	positions := tracking.NewStore()
	positions.Update(tracking.Fix{UnitID: s.unit, DeviceID: s.device, FixedAt: db.Now(), ReceivedAt: db.Now(), Point: orb.Point{scene[0], scene[1] + 0.009}})
	s.service = &dispatch.Service{DB: db, Positions: positions}
	s.engine = &dispatch.Engine{Service: s.service, Log: slog.New(slog.DiscardHandler)}
	log := slog.New(slog.DiscardHandler)
	spool, err := tracking.OpenLog(t.TempDir(), 1<<30)
	if err != nil {
		t.Fatal(err)
	}
	ingest := tracking.NewIngestor(db, spool, positions, tracking.DefaultRules(), nil, log)
	s.server = &jt808.Server{Devices: tracking.NewDevices(db), Ingest: ingest, DB: db, Log: log, Limits: jt808.DefaultLimits()}
	s.server.Limits.Answer = 2 * time.Second
	wake := make(chan struct{}, 1)
	s.bridge = terminal.New(s.service, s.server, log, wake)
	tcp, _, err := jt808.Listen("127.0.0.1:0", "")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = tcp.Addr().String()
	background(t, ingest.Run)
	background(t, func(ctx context.Context) error { return s.server.Run(ctx, tcp, nil) })
	background(t, s.bridge.Run)
	background(t, func(ctx context.Context) error {
		return pg.Listen(ctx, url, ticket.EventChannel, func() {
			select {
			case wake <- struct{}{}:
			default:
			}
		})
	})
	return s
}

func background(t *testing.T, fn func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- fn(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func (s *site) people(t *testing.T) {
	t.Helper()
	org := func(parent int64, level, code string) int64 {
		return value[int64](t, s.db, `with x as (insert into org (parent_id, level, code, name) values (nullif($1::bigint, 0), $2, $3, $3)
			returning id) select id from x`, parent, level, code)
	}
	county := org(org(org(0, "province", "36"), "prefecture", "3611"), "county", "361102")
	squad := org(county, "squad", "361102-1")
	person := func(role string, org int64) ticket.Actor {
		a := ticket.Actor{Role: role, OrgID: org}
		a.PersonID = value[int64](t, s.db, `with x as (insert into person (login, name, password_hash, role, org_id)
			values ($1, $1, 'x', $1, $2) returning id) select id from x`, role, org)
		a.OrgPath = value[string](t, s.db, `select path from org where id = $1`, org)
		a.ID = fmt.Sprintf("person:%d", a.PersonID)
		return a
	}
	s.agent, s.dispatch, s.officer = person("agent", county), person("dispatcher", county), person("leader", squad)
	s.unit = value[int64](t, s.db, `with x as (insert into unit (org_id, call_sign) values ($1, '云稽11') returning id) select id from x`, squad)
	s.officer.Role, s.officer.UnitID = "officer", s.unit
	if _, err := s.db.Pool.Exec(t.Context(), `insert into shift (unit_id, span) values ($1, tstzrange(now() - interval '1 hour', now() + interval '9 hours'))`, s.unit); err != nil {
		t.Fatal(err)
	}
	var err error
	s.device, _, err = tracking.AddDevice(t.Context(), s.db.Pool, tracking.Device{
		UnitID: s.unit, Label: "车载终端", Kind: "jt808", Login: &tracking.Login{Lenient: true},
	}, tracking.Name{Protocol: "jt808", Ident: phone})
	if err != nil {
		t.Fatal(err)
	}
}

func value[T any](t *testing.T, db *pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.Pool.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func (s *site) tx(fn func(ctx context.Context, tx *pg.Tx) error) error {
	ctx := context.Background()
	return s.db.InTx(ctx, func(tx *pg.Tx) error { return fn(ctx, tx) })
}

// report opens an urgent ticket, told by somebody with a name, and has the engine offer it.
func (s *site) report(t *testing.T) (id, offer int64) {
	t.Helper()
	point := scene
	err := s.tx(func(ctx context.Context, tx *pg.Tx) error {
		tk, _, err := ticket.Open(ctx, tx, s.agent, ticket.Opening{
			Channel: "phone", Kind: ticket.Report, Subtype: "R03", Narrative: "辞令庚辛壬", Urgency: 1,
			Place:    ticket.Place{Text: "云溪路 8 号", Point: &point, Division: "361102001"},
			Reporter: ticket.Reporter{Mode: "named", Name: "慕容甲乙丙", Phone: "13987654321", Note: "口信丁戊己"},
		})
		id = tk.ID
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id, s.offered(t, id)
}

// offered has the engine look, and is the open offer of a ticket then.
func (s *site) offered(t *testing.T, id int64) int64 {
	t.Helper()
	if _, err := s.engine.Look(context.Background()); err != nil {
		t.Fatal(err)
	}
	return value[int64](t, s.db, `select id from offer where ticket_id = $1 and state = 'open'`, id)
}

func (s *site) accept(actor ticket.Actor, offer int64) error {
	return s.tx(func(ctx context.Context, tx *pg.Tx) error {
		_, err := s.service.Accept(ctx, tx, actor, offer)
		return err
	})
}

func (s *site) act(t *testing.T, actor ticket.Actor, id int64, step ticket.Step) {
	t.Helper()
	err := s.tx(func(ctx context.Context, tx *pg.Tx) error {
		_, err := s.service.Act(ctx, tx, actor, id, step)
		return err
	})
	if err != nil {
		t.Fatal(step.Action, err)
	}
}

// screen is a terminal that acknowledges whatever it is sent, and keeps it.
type screen struct {
	t      *testing.T
	conn   net.Conn
	header jt808.Header
	got    chan received
	serial atomic.Uint32
}

type received struct {
	frame   jt808.Frame
	message jt808.Message
}

// connect puts the unit's terminal on the network.
func (s *site) connect(t *testing.T) *screen {
	t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	c := &screen{t: t, conn: conn, got: make(chan received, 64)}
	c.header, _ = jt808.NewHeader(jt808.Form2013, phone)
	done := make(chan struct{})
	go func() { defer close(done); c.read() }()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	c.send(jt808.Heartbeat{})
	c.reply(jt808.IDHeartbeat)
	return c
}

func (c *screen) send(m jt808.Message) {
	c.t.Helper()
	b, n, err := jt808.Append(nil, c.header, uint16(c.serial.Load()), m)
	if err != nil {
		c.t.Fatal(err)
	}
	c.serial.Add(uint32(n))
	if _, err := c.conn.Write(b); err != nil {
		c.t.Error(err)
	}
}

func (c *screen) read() {
	split := new(jt808.Splitter)
	for {
		chunk, _, ok, err := split.Next()
		if err != nil {
			return
		}
		if !ok {
			if split.Fill(c.conn) != nil {
				return
			}
			continue
		}
		f, err := jt808.Decode(append([]byte(nil), chunk...))
		if err != nil {
			c.t.Error(err)
			return
		}
		m, err := f.Message()
		if err != nil {
			c.t.Error(err)
			return
		}
		switch m.(type) {
		case jt808.Text, jt808.Question, jt808.SetEvents, jt808.Track:
			c.send(jt808.TerminalReply{Answered: jt808.Answered{Serial: f.Serial, To: f.ID}})
		}
		c.got <- received{f, m}
	}
}

// next is the next message of a kind; the others before it are passed over.
func next[M jt808.Message](c *screen) (jt808.Frame, M) {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case r := <-c.got:
			if m, ok := r.message.(M); ok {
				return r.frame, m
			}
		case <-deadline:
			var zero M
			c.t.Fatalf("no %T came", zero)
		}
	}
}

// reply waits for the general reply to a message of that kind.
func (c *screen) reply(to jt808.ID) jt808.Result {
	c.t.Helper()
	for {
		if _, r := next[jt808.PlatformReply](c); r.To == to {
			return r.Result
		}
	}
}
