package gt06

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"jiujin/internal/pg/pgtest"
	"jiujin/tracking"
	"jiujin/tracking/trackingtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const imei = "123456789012345"

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

// site is a running server with a database in which one unit is registered under imei.
type site struct {
	*trackingtest.Site
	t      *testing.T
	server *Server
	addr   string
	stop   func() // of the server; waits for its end
}

// newSite starts a server; set changes it before.
func newSite(t *testing.T, set func(*Limits)) *site {
	t.Helper()
	s := &site{Site: trackingtest.NewSite(t, func() time.Time { return noon }), t: t}
	s.server = &Server{Devices: s.Devices, Ingest: s.Ingest, Log: s.Log, Limits: DefaultLimits()}
	if set != nil {
		set(&s.server.Limits)
	}
	s.register(imei)
	listener, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	s.stop = trackingtest.Background(t, func(ctx context.Context) error { return s.server.Run(ctx, listener) })
	return s
}

// register makes a unit with a device of that name.
func (s *site) register(name string) { s.Device(s.t, "gt06", name, nil) }

func (s *site) fixes() int { return s.Fixes(s.t, 0) }

// unit is a unit as a test plays it.
type unit struct {
	t    *testing.T
	conn net.Conn
	buf  []byte
}

func (s *site) dial() *unit {
	s.t.Helper()
	conn, err := net.Dial("tcp", s.addr)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.Close() })
	return &unit{t: s.t, conn: conn}
}

func (u *unit) write(b ...[]byte) {
	u.t.Helper()
	if _, err := u.conn.Write(slices.Concat(b...)); err != nil {
		u.t.Fatal(err)
	}
}

// want reads the answer to each of the frames, in order.
func (u *unit) want(frames ...Frame) {
	u.t.Helper()
	for _, f := range frames {
		want := f.Reply()
		for len(u.buf) < len(want) {
			if err := u.conn.SetReadDeadline(time.Now().Add(trackingtest.Patience)); err != nil {
				u.t.Fatal(err)
			}
			b := make([]byte, 256)
			n, err := u.conn.Read(b)
			if err != nil {
				u.t.Fatalf("instead of %x: %v", want, err)
			}
			u.buf = append(u.buf, b[:n]...)
		}
		if !bytes.HasPrefix(u.buf, want) {
			u.t.Fatalf("answer %x, want %x", u.buf, want)
		}
		u.buf = u.buf[len(want):]
	}
}

func (u *unit) send(frames ...Frame) *unit {
	u.t.Helper()
	for _, f := range frames {
		u.write(f.Encode())
	}
	u.want(frames...)
	return u
}

// ended waits for the server to close the connection, without an answer before.
func (u *unit) ended() {
	u.t.Helper()
	if err := u.conn.SetReadDeadline(time.Now().Add(trackingtest.Patience)); err != nil {
		u.t.Fatal(err)
	}
	n, err := u.conn.Read(make([]byte, 256))
	if n > 0 || err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		u.t.Fatalf("%d bytes, %v; want the end", n, err)
	}
}

func loginOf(imei string) Frame {
	return Frame{Type: TypeLogin, Serial: 1, Body: unhex("0" + imei)}
}

// at is a position some seconds after noon.
func at(second int) Frame {
	when := noon.Add(time.Duration(second) * time.Second)
	body := []byte{byte(when.Year() - 2000), byte(when.Month()), byte(when.Day()), byte(when.Hour()), byte(when.Minute()), byte(when.Second()), 0xc8}
	body = append(body, unhex("027ac8040c465810001c6f0901cc00287d001f71")...) // 23.1, 114.4
	body[15], body[16] = 0, 0x14
	return Frame{Type: 0x12, Serial: uint16(1000 + second), Body: body}
}

func TestLifeOfAUnit(t *testing.T) {
	s := newSite(t, nil)
	u := s.dial()
	u.write(at(-9).Encode()) // not before the login
	u.send(loginOf(imei), Frame{Type: TypeHeartbeat, Serial: 2, Body: unhex("4606040002")}, at(-8))
	if n := s.fixes(); n != 1 {
		t.Errorf("%d fixes after the acknowledgement, want 1", n)
	}
	u.write(at(-7).Encode(), at(-6).Encode(), Frame{Long: true, Type: 0x94, Serial: 77, Body: []byte("ALM1=45")}.Encode(), at(-5).Encode()[:9])
	u.want(at(-7), at(-6), Frame{Long: true, Type: 0x94, Serial: 77})
	u.write(at(-5).Encode()[9:])
	u.want(at(-5))
	if n := s.fixes(); n != 4 {
		t.Errorf("%d fixes, want 4", n)
	}
	if c := s.server.Counts(); c.Connections != 1 || c.Units != 1 || c.Logins != 1 || c.Frames != 8 || c.Bad != 0 || c.Unknown != 0 {
		t.Errorf("%+v", c)
	}
}

func TestJunkAndBadFramesAreNotAnswered(t *testing.T) {
	s := newSite(t, func(l *Limits) { l.BadFrames = 3 })
	u := s.dial().send(loginOf(imei))
	broken := at(-8).Encode()
	broken[10] ^= 1
	u.write(unhex("00ff0d0a"), broken, at(-7).Encode())
	u.want(at(-7))
	for range 3 {
		u.write(broken)
	}
	u.ended()
	if n := s.fixes(); n != 1 {
		t.Errorf("%d fixes, want 1", n)
	}
}

func TestUnknownUnitsAreNotAnswered(t *testing.T) {
	s := newSite(t, func(l *Limits) { l.Login = 200 * time.Millisecond })
	u := s.dial()
	u.write(loginOf("999999999999999").Encode(), at(-8).Encode())
	u.ended()
	silent := s.dial()
	silent.ended()
	if c := s.server.Counts(); c.Unknown != 1 || c.Logins != 0 {
		t.Errorf("%+v", c)
	}
	if n := s.fixes(); n != 0 {
		t.Errorf("%d fixes of nobody", n)
	}
	s.register("999999999999999") // and then it works
	s.dial().send(loginOf("999999999999999"), at(-7))
}

func TestNewestConnectionWins(t *testing.T) {
	s := newSite(t, nil)
	old := s.dial().send(loginOf(imei))
	s.dial().send(loginOf(imei), at(-8))
	old.ended()
	if c := s.server.Counts(); c.Units != 1 {
		t.Errorf("%+v", c)
	}
}

// Two units may come over one connection; each position belongs to the one that logged in before it.
func TestUnitsThatShareAConnection(t *testing.T) {
	s := newSite(t, nil)
	s.register("888888888888888")
	u := s.dial()
	u.write(loginOf(imei).Encode(), at(-8).Encode(), at(-7).Encode(), loginOf("888888888888888").Encode(), at(-8).Encode())
	u.want(loginOf(imei), at(-8), at(-7), loginOf("888888888888888"), at(-8))
	var units string
	s.fixes()
	err := s.DB.Pool.QueryRow(t.Context(), `select string_agg(n::text, ' ' order by n) from (select count(*) as n from fix group by unit_id) as c`).Scan(&units)
	if err != nil || units != "1 2" {
		t.Errorf("fixes by unit %q, %v", units, err)
	}
}

// What is changed in the register is heeded on a connection that stays.
func TestTheRegisterIsHeededAfterTheLogin(t *testing.T) {
	s := newSite(t, nil)
	u := s.dial().send(loginOf(imei), at(-8))
	exec := func(sql string) {
		t.Helper()
		if _, err := s.DB.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec(`update device set disabled_at = now()`)
	u.send(at(-7)) // answered, and refused
	if n := s.fixes(); n != 1 {
		t.Errorf("%d fixes, want the one before", n)
	}
	exec(`update device set disabled_at = null`)
	exec(`update device_name set ident = '42'`)
	u.write(at(-6).Encode())
	u.ended()
}

// The last frame of a unit, and the battery and signal of its heartbeats, are on the page of the device.
func TestHeartbeatsTellHowAUnitFares(t *testing.T) {
	s := newSite(t, nil)
	trackingtest.Background(t, func(ctx context.Context) error { return s.server.Devices.Run(ctx, slog.New(slog.DiscardHandler)) })
	for s.server.Devices.Len() == 0 {
		if _, err := s.server.Devices.ByName(t.Context(), Source, imei); err != nil {
			t.Fatal(err)
		}
	}
	beat := Frame{Type: TypeHeartbeat, Body: []byte{0, 3, 2, 0, 0}}
	s.dial().send(loginOf(imei), beat)
	if err := s.server.Devices.WriteHealth(t.Context()); err != nil {
		t.Fatal(err)
	}
	list, err := tracking.HealthOf(t.Context(), s.DB.Pool, "", 0, true, noon)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, %v", list, err)
	}
	h := list[0]
	if h.BatteryPct == nil || *h.BatteryPct != 50 || h.SignalPct == nil || *h.SignalPct != 50 || h.Raw == nil || !strings.HasPrefix(*h.Raw, "7878") {
		t.Errorf("%+v", h)
	}
}

func TestSilentUnitsAreLetGo(t *testing.T) {
	s := newSite(t, func(l *Limits) { l.Idle = 100 * time.Millisecond })
	s.dial().send(loginOf(imei)).ended()
}

func TestTooManyConnections(t *testing.T) {
	s := newSite(t, func(l *Limits) { l.Total = 1 })
	first := s.dial().send(loginOf(imei))
	s.dial().ended()
	first.send(at(-8))
	if c := s.server.Counts(); c.Crowded != 1 {
		t.Errorf("%+v", c)
	}
}

// What cannot be made durable is not acknowledged: the connection ends.
func TestNoAnswerWhenTheIntakeHasStopped(t *testing.T) {
	s := newSite(t, nil)
	u := s.dial().send(loginOf(imei))
	s.Unplug()
	u.write(at(-8).Encode())
	u.ended()
}

// A stop answers what was taken in, and leaves nothing running.
func TestStop(t *testing.T) {
	before := goleak.IgnoreCurrent()
	s := newSite(t, nil)
	u := s.dial().send(loginOf(imei), at(-8))
	s.stop()
	u.ended()
	if _, err := net.Dial("tcp", s.addr); err == nil {
		t.Error("the address is still served")
	}
	s.Unplug()
	s.DB.Close()
	goleak.VerifyNone(t, before)
}

func TestServerWithoutAnAddress(t *testing.T) {
	listener, err := Listen("")
	if listener != nil || err != nil {
		t.Fatalf("%v, %v", listener, err)
	}
	if err := new(Server).Run(t.Context(), nil); err != nil {
		t.Error(err)
	}
	taken, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := Listen(taken.Addr().String()); err == nil || !strings.Contains(err.Error(), "--gt06-listen") {
		t.Errorf("an address that is taken: %v", err)
	}
}
