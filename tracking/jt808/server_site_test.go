package jt808_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"jiujin/internal/pg/pgtest"
	"jiujin/tracking"
	"jiujin/tracking/jt808"
	"jiujin/tracking/trackingtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// site is a running server with a database.
type site struct {
	*trackingtest.Site
	server *jt808.Server
	addr   string
	udp    string
	stop   func() // of the server; waits for its end
}

// newSite starts a server; set changes it before.
func newSite(t *testing.T, set func(*jt808.Server)) *site {
	t.Helper()
	s := &site{Site: trackingtest.NewSite(t, nil)}
	s.server = &jt808.Server{Devices: s.Devices, Ingest: s.Ingest, DB: s.DB, Log: s.Log, Limits: jt808.DefaultLimits()}
	if set != nil {
		set(s.server)
	}
	tcp, udp, err := jt808.Listen("127.0.0.1:0", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s.addr, s.udp = tcp.Addr().String(), udp.LocalAddr().String()
	s.stop = trackingtest.Background(t, func(ctx context.Context) error { return s.server.Run(ctx, tcp, udp) })
	return s
}

// device registers a terminal of a unit of its own.
func (s *site) device(t *testing.T, phone string, lenient bool) int64 {
	t.Helper()
	return s.Device(t, "jt808", phone, &tracking.Login{Lenient: lenient})
}

// unit is a terminal as a test plays it.
type unit struct {
	t      *testing.T
	conn   net.Conn
	header jt808.Header
	split  *jt808.Splitter
	serial uint16
	code   []byte
	id     string // terminal id
}

func (s *site) dial(t *testing.T, form jt808.Form, phone string) *unit {
	t.Helper()
	return s.on(t, s.connect(t, "tcp", s.addr), form, phone)
}

func (s *site) connect(t *testing.T, network, addr string) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func (s *site) on(t *testing.T, conn net.Conn, form jt808.Form, phone string) *unit {
	t.Helper()
	header, err := jt808.NewHeader(form, phone)
	if err != nil {
		t.Fatal(err)
	}
	return &unit{t: t, conn: conn, header: header, split: new(jt808.Splitter), id: "A000123"}
}

// send sends a message and returns its serial.
func (u *unit) send(m jt808.Message) uint16 {
	u.t.Helper()
	b, n, err := jt808.Append(nil, u.header, u.serial, m)
	if err != nil {
		u.t.Fatal(err)
	}
	if _, err := u.conn.Write(b); err != nil {
		u.t.Fatal(err)
	}
	serial := u.serial
	u.serial += uint16(n)
	return serial
}

// frame is the next frame that comes; an error when the server closed the connection.
func (u *unit) frame() (jt808.Frame, error) {
	u.t.Helper()
	for {
		chunk, _, ok, err := u.split.Next()
		if err != nil {
			u.t.Fatal(err)
		}
		if ok {
			f, err := jt808.Decode(chunk)
			if err != nil {
				u.t.Fatal(err)
			}
			return f, nil
		}
		_ = u.conn.SetReadDeadline(time.Now().Add(trackingtest.Patience))
		if err := u.split.Fill(u.conn); err != nil {
			return jt808.Frame{}, err
		}
	}
}

// next is the next message that comes.
func (u *unit) next() jt808.Message {
	u.t.Helper()
	f, err := u.frame()
	if err != nil {
		u.t.Fatal(err)
	}
	if f.Header.Phone() != u.header.Phone() || f.Form != u.header.Form {
		u.t.Fatalf("a frame for %s", f.Phone())
	}
	m, err := f.Message()
	if err != nil {
		u.t.Fatal(err)
	}
	return m
}

// nextAs is the next message, which must be of that kind.
func nextAs[M jt808.Message](u *unit) (jt808.Frame, M) {
	u.t.Helper()
	f, err := u.frame()
	if err != nil {
		u.t.Fatal(err)
	}
	m, err := f.Message()
	if err != nil {
		u.t.Fatal(err)
	}
	as, ok := m.(M)
	if !ok {
		u.t.Fatalf("got %s %+v", m.ID(), m)
	}
	return f, as
}

// want checks that the next message is the general reply to a serial.
func (u *unit) want(serial uint16, result jt808.Result) {
	u.t.Helper()
	_, reply := nextAs[jt808.PlatformReply](u)
	if reply.Serial != serial || reply.Result != result {
		u.t.Fatalf("reply %+v, want result %d to %d", reply, result, serial)
	}
}

// ended waits for the server to close the connection.
func (u *unit) ended() {
	u.t.Helper()
	f, err := u.frame()
	var timeout net.Error
	if err == nil || errors.As(err, &timeout) && timeout.Timeout() {
		u.t.Fatalf("the connection is still there: %+v, %v", f, err)
	}
	if !errors.Is(err, io.EOF) && !errors.As(err, new(*net.OpError)) {
		u.t.Fatal(err)
	}
}

// register registers and keeps the code.
func (u *unit) register() jt808.RegisterReply {
	u.t.Helper()
	serial := u.send(jt808.Register{Province: 44, City: 106, Maker: "70111", Model: "FD-200", TerminalID: u.id, Colour: 1, Plate: "粤AD1234"})
	_, reply := nextAs[jt808.RegisterReply](u)
	if reply.Serial != serial {
		u.t.Fatalf("reply to %d, not to %d", reply.Serial, serial)
	}
	u.code = append([]byte(nil), reply.Code...)
	return reply
}

func (u *unit) auth(code []byte, result jt808.Result) {
	u.t.Helper()
	u.want(u.send(jt808.Auth{Code: code, IMEI: "866496077582164", Software: "1.2.3"}), result)
}

// login registers and proves itself.
func (u *unit) login() *unit {
	u.t.Helper()
	if reply := u.register(); reply.Result != jt808.Registered || len(reply.Code) != 16 {
		u.t.Fatalf("registration: %+v", reply)
	}
	u.auth(u.code, jt808.Done)
	return u
}

var nowish = time.Now().UTC().Truncate(time.Second).Add(-time.Hour)

// at is a position on a straight drive, ten seconds and 100 m after the one before.
func at(n int) jt808.Location {
	return jt808.Location{
		Status: jt808.StatusACC | jt808.StatusFixed, LatE6: 23_129_163 + uint32(n)*900, LonE6: 113_264_435, AltM: 21, Speed: 365,
		Clock: jt808.ClockOf(nowish.Add(time.Duration(n) * 10 * time.Second)),
	}
}

func phoneNo(n int) string { return fmt.Sprintf("138001%05d", n) }
