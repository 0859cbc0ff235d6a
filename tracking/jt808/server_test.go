package jt808_test

import (
	"encoding/hex"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"jiujin/tracking"
	"jiujin/tracking/jt808"
	"jiujin/tracking/trackingtest"
)

// From registration to the history, in both forms of the header.
func TestLifeOfATerminal(t *testing.T) {
	s := newSite(t, nil)
	for form, phone := range map[jt808.Form]string{jt808.Form2013: "13800138000", jt808.Form2019: "13900139000"} {
		id := s.device(t, phone, false)
		u := s.dial(t, form, phone)
		u.want(u.send(jt808.Heartbeat{}), jt808.Done)
		u.want(u.send(at(0)), jt808.Failed) // not before login
		u.login()
		u.want(u.send(at(1)), jt808.Done)
		if n := s.Fixes(t, id); n != 1 {
			t.Errorf("%d fixes in the history after the acknowledgement", n)
		}
		u.want(u.send(jt808.Batch{Replay: true, Count: 3, Locations: []jt808.Location{at(3), at(2), at(1)}}), jt808.Done)
		if n := s.Fixes(t, id); n != 3 {
			t.Errorf("%d fixes after the batch, one of which was known", n)
		}
		u.want(u.send(jt808.Raw{Kind: 0x0f77}), jt808.Unsupported)
		u.want(u.send(jt808.Raw{Kind: jt808.IDLocation, Data: make([]byte, 27)}), jt808.Malformed)
		u.want(u.send(jt808.Raw{Kind: jt808.IDHeartbeat, Data: make([]byte, 17)}), jt808.Done)
		u.send(jt808.TimeRequest{})
		if _, reply := nextAs[jt808.TimeReply](u); true {
			if told, ok := reply.Time(); !ok || time.Since(told).Abs() > time.Minute {
				t.Errorf("the time is told as %v", told)
			}
		}
		u.want(u.send(jt808.Logout{}), jt808.Done)
		u.want(u.send(at(4)), jt808.Failed)
		u.auth(u.code, jt808.Done)
		u.want(u.send(at(4)), jt808.Done)
		hash := trackingtest.Value[[]byte](t, s.DB, `select auth_hash from device where id = $1`, id)
		if len(hash) != 32 || strings.Contains(string(hash), string(u.code)) {
			t.Errorf("the code is kept as %x", hash)
		}
	}
	if c := s.server.Counts(); c.Sessions != 2 || c.Connections != 2 || c.Unknown != 2 || c.Malformed != 2 || c.Strangers != 4 || c.Bad != 0 {
		t.Errorf("%+v", c)
	}
}

func TestStrangersAndWrongCodes(t *testing.T) {
	s := newSite(t, func(s *jt808.Server) { s.Limits.Refused = 20 * time.Millisecond; s.Limits.Failures = 3 })
	s.device(t, "13800138000", false)

	stranger := s.dial(t, jt808.Form2013, "13700000000")
	if reply := stranger.register(); reply.Result != jt808.NoSuchTerminal || len(reply.Code) != 0 {
		t.Errorf("%+v", reply)
	}
	stranger.want(stranger.send(at(0)), jt808.Failed)
	stranger.auth([]byte("anything"), jt808.Failed)
	stranger.ended()

	good := s.dial(t, jt808.Form2013, "13800138000").login()
	for range 3 {
		u := s.dial(t, jt808.Form2013, "13800138000")
		u.auth([]byte("K7Q2M9XPK7Q2M9XP"), jt808.Failed)
		u.ended()
	}
	u := s.dial(t, jt808.Form2013, "13800138000")
	u.auth(good.code, jt808.Failed) // not even looked at
	u.ended()
	good.want(good.send(at(0)), jt808.Done) // who was in stays in
	if c := s.server.Counts(); c.Closed["refused"] != 5 || c.Refused != 5 || c.Replaced != 0 {
		t.Errorf("%+v", c)
	}
}

func TestAnotherTerminalClaimsThePhone(t *testing.T) {
	s := newSite(t, nil)
	id := s.device(t, "13800138000", false)
	u := s.dial(t, jt808.Form2013, "13800138000").login()
	first := u.code
	if again := u.register(); again.Result != jt808.Registered || string(again.Code) == string(first) {
		t.Errorf("the same terminal again: %+v", again)
	}
	thief := s.dial(t, jt808.Form2013, "13800138000")
	thief.id = "B999999"
	if reply := thief.register(); reply.Result != jt808.VehicleRegistered || len(reply.Code) != 0 {
		t.Errorf("%+v", reply)
	}
	claim := trackingtest.Value[string](t, s.DB, `select conflict from device where id = $1 and conflict_at is not null and terminal = 'A000123'`, id)
	if !strings.Contains(claim, "B999999") || !strings.Contains(claim, "粤AD1234") {
		t.Errorf("claim %q", claim)
	}
	u.auth(u.code, jt808.Done)
	u.want(u.send(at(0)), jt808.Done)
}

func TestNewestConnectionWins(t *testing.T) {
	s := newSite(t, nil)
	phones := []string{"13800000001", "13800000002", "13800000003"}
	shared := s.connect(t, "tcp", s.addr)
	relay := map[string]*unit{}
	for i, phone := range phones { // a forwarding platform
		s.device(t, phone, false)
		relay[phone] = s.on(t, shared, jt808.Form2013, phone)
		if i > 0 {
			relay[phone].split = relay[phones[0]].split
		}
		relay[phone].login()
	}
	if c := s.server.Counts(); c.Connections != 1 || c.Sessions != 3 {
		t.Errorf("%+v", c)
	}
	own := s.dial(t, jt808.Form2013, phones[0])
	own.auth([]byte("wrong"), jt808.Failed)
	relay[phones[0]].want(relay[phones[0]].send(at(0)), jt808.Done) // who proves nothing takes nothing
	own = s.dial(t, jt808.Form2013, phones[0])
	own.auth(relay[phones[0]].code, jt808.Done)
	relay[phones[0]].want(relay[phones[0]].send(at(1)), jt808.Failed)
	relay[phones[1]].want(relay[phones[1]].send(at(1)), jt808.Done)

	second := s.dial(t, jt808.Form2013, phones[0])
	second.auth(relay[phones[0]].code, jt808.Done)
	own.ended()
	second.want(second.send(at(2)), jt808.Done)
	if c := s.server.Counts(); c.Sessions != 3 || c.Replaced != 2 {
		t.Errorf("%+v", c)
	}
}

// Without a place to keep positions there is no answer to them, and the connection stays.
func TestNoAnswerWithoutDurability(t *testing.T) {
	s := newSite(t, nil)
	id := s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	u.want(u.send(at(0)), jt808.Done)
	s.Unplug()
	u.send(at(1))
	u.send(jt808.Batch{Count: 1, Locations: []jt808.Location{at(2)}})
	u.want(u.send(jt808.Heartbeat{}), jt808.Done)
	if n := trackingtest.Value[int](t, s.DB, `select count(*) from fix where device_id = $1`, id); n != 1 {
		t.Errorf("%d fixes", n)
	}
	if c := s.server.Counts(); c.Unanswered != 2 {
		t.Errorf("%+v", c)
	}
}

// However the bytes are cut, and whatever is between them, every sound frame is answered.
func TestStreamsAreCutAnywhere(t *testing.T) {
	s := newSite(t, nil)
	s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	var stream []byte
	stream = append(stream, "$$"...)
	for n := range 3 {
		var err error
		if stream, _, err = jt808.Append(stream, u.header, uint16(n), at(n)); err != nil {
			t.Fatal(err)
		}
		stream = append(stream, "(lock,1,2)"...)
	}
	bad, _ := hex.DecodeString("7e0002000001380013800000050000" + "7e")
	stream = append(stream, bad...)
	for i := range stream {
		if _, err := u.conn.Write(stream[i : i+1]); err != nil {
			t.Fatal(err)
		}
	}
	u.serial = 3
	for n := range 3 {
		u.want(uint16(n), jt808.Done)
	}
	u.want(u.send(jt808.Heartbeat{}), jt808.Done)
	if c := s.server.Counts(); c.Bad != 1 || c.Texts != 3 {
		t.Errorf("%+v", c)
	}
}

func TestPeersThatAreNoTerminals(t *testing.T) {
	s := newSite(t, func(s *jt808.Server) {
		s.Limits.FirstFrame, s.Limits.Login, s.Limits.Idle = 50*time.Millisecond, 100*time.Millisecond, 150*time.Millisecond
	})
	s.device(t, "13800138000", true)
	garbage := []byte("7e0102030405060708091011121314157e")
	raw, _ := hex.DecodeString(string(garbage))
	for reason, play := range map[string]func(*unit){
		"scanner":    func(u *unit) { _, _ = u.conn.Write([]byte("GET / HTTP/1.1\r\n\r\n")) },
		"silent":     func(u *unit) { _, _ = u.conn.Write([]byte("hello")) },
		"no_login":   func(u *unit) { u.want(u.send(jt808.Heartbeat{}), jt808.Done) },
		"bad_frames": func(u *unit) { _, _ = u.conn.Write([]byte(strings.Repeat(string(raw), 20))) },
		"too_long":   func(u *unit) { _, _ = u.conn.Write([]byte("\x7e" + strings.Repeat("x", 5000))) },
		"idle": func(u *unit) {
			u.header, _ = jt808.NewHeader(jt808.Form2013, "13800138000")
			u.want(u.send(jt808.Heartbeat{}), jt808.Done)
		},
	} {
		u := s.dial(t, jt808.Form2013, "13700000000")
		play(u)
		u.ended()
		if n := s.server.Counts().Closed[reason]; n != 1 {
			t.Errorf("closed as %s: %d, all: %+v", reason, n, s.server.Counts().Closed)
		}
	}
}

// Many connections send without waiting; each frame is answered once it is in the log, and all are in the history.
func TestPipelining(t *testing.T) {
	s := newSite(t, nil)
	const units, frames = 16, 200
	var all sync.WaitGroup
	ids := make([]int64, units)
	for i := range units {
		ids[i] = s.device(t, phoneNo(i), true)
	}
	for i := range units {
		u := s.dial(t, jt808.Form2013, phoneNo(i))
		all.Go(func() {
			var stream []byte
			for n := range frames {
				stream, _, _ = jt808.Append(stream, u.header, uint16(n), at(n))
			}
			if _, err := u.conn.Write(stream); err != nil {
				t.Error(err)
				return
			}
			for n := range frames {
				f, err := u.frame()
				if err != nil {
					t.Error(err)
					return
				}
				m, _ := f.Message()
				if reply, ok := m.(jt808.PlatformReply); !ok || reply.Serial != uint16(n) || reply.Result != jt808.Done {
					t.Errorf("answer %d: %+v", n, m)
					return
				}
			}
		})
	}
	all.Wait()
	for _, id := range ids {
		if n := s.Fixes(t, id); n != frames {
			t.Errorf("device %d: %d fixes, want %d", id, n, frames)
		}
	}
}

func TestUDP(t *testing.T) {
	s := newSite(t, nil)
	id := s.device(t, "13800138000", false)
	u := s.on(t, s.connect(t, "udp", s.udp), jt808.Form2013, "13800138000").login()
	two, _, _ := jt808.Append(nil, u.header, 10, at(0))
	two, _, _ = jt808.Append(two, u.header, 11, at(1))
	if _, err := u.conn.Write(two); err != nil {
		t.Fatal(err)
	}
	u.want(10, jt808.Done)
	u.want(11, jt808.Done)
	if n := s.Fixes(t, id); n != 2 {
		t.Errorf("%d fixes", n)
	}
	moved := s.on(t, s.connect(t, "udp", s.udp), jt808.Form2013, "13800138000")
	moved.want(moved.send(jt808.Heartbeat{}), jt808.Done) // the carrier gave it another port
	done := make(chan error, 1)
	go func() { _, err := s.server.SendText(t.Context(), id, "你好", false); done <- err }()
	f, text := nextAs[jt808.Text](moved)
	if text.Text != "你好" {
		t.Errorf("%+v", text)
	}
	moved.send(jt808.TerminalReply{Answered: jt808.Answered{Serial: f.Serial, To: f.ID}})
	if err := <-done; err != nil {
		t.Error(err)
	}
}

// Nothing is left running of connections that went away, and of those that were there at the stop.
func TestNothingIsLeftRunning(t *testing.T) {
	s := newSite(t, nil)
	before := goleak.IgnoreCurrent()
	for i := range 20 {
		s.device(t, phoneNo(i), true)
	}
	for round := range 5 {
		for i := range 20 {
			u := s.dial(t, jt808.Form2013, phoneNo(i))
			u.want(u.send(at(round*20+i)), jt808.Done)
			if round%2 == 0 {
				_ = u.conn.Close()
			}
		}
	}
	s.stop()
	s.Unplug()
	if c := s.server.Counts(); c.Connections != 0 || c.Sessions != 0 {
		t.Errorf("%+v", c)
	}
	s.DB.Close()
	goleak.VerifyNone(t, before, goleak.IgnoreTopFunction("github.com/jackc/pgx/v5/pgxpool.(*Pool).backgroundHealthCheck"))
}

// A terminal without a clock gets the service's for what it reports live; coordinates of the secrecy plug-in are GCJ-02.
func TestClockAndDatum(t *testing.T) {
	s := newSite(t, nil)
	id := s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	live := at(0)
	live.Clock = jt808.Clock{}
	u.want(u.send(live), jt808.Done)
	s.Fixes(t, id)
	if got := trackingtest.Value[time.Time](t, s.DB, `select fixed_at from fix where device_id = $1`, id); time.Since(got).Abs() > time.Minute {
		t.Errorf("fixed at %v", got)
	}
	stored := jt808.Batch{Replay: true, Count: 1, Locations: []jt808.Location{live}}
	u.want(u.send(stored), jt808.Done)
	s.Fixes(t, id)
	if reason := trackingtest.Value[string](t, s.DB, `select reason from refused_fix where device_id = $1`, id); reason != string(tracking.Invalid) {
		t.Errorf("a stored position without a time: %s", reason)
	}
	shifted := at(1)
	shifted.Status |= jt808.StatusEncrypted
	u.want(u.send(jt808.Batch{Count: 1, Locations: []jt808.Location{shifted}}), jt808.Done)
	s.Fixes(t, id)
	if lon := trackingtest.Value[float64](t, s.DB, `select lon from fix where device_id = $1 order by fixed_at limit 1`, id); lon > 113.262 {
		t.Errorf("lon %v was not taken back to WGS-84", lon)
	}
}
