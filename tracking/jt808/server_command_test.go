package jt808_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

// acknowledge answers a command with the general reply.
func (u *unit) acknowledge(f jt808.Frame, result jt808.Result) {
	u.t.Helper()
	u.send(jt808.TerminalReply{Answered: jt808.Answered{Serial: f.Serial, To: f.ID}, Result: result})
}

// later runs a command and hands its error on.
func later(fn func() error) <-chan error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	return done
}

func TestText(t *testing.T) {
	s := newSite(t, func(s *jt808.Server) { s.Limits.Answer = 30 * time.Millisecond })
	ctx := t.Context()
	for form, phone := range map[jt808.Form]string{jt808.Form2013: "13800138000", jt808.Form2019: "13900139000"} {
		id := s.device(t, phone, true)
		if _, err := s.server.SendText(ctx, id, "你好", true); !errors.Is(err, jt808.ErrOffline) {
			t.Errorf("to a terminal that is away: %v", err)
		}
		u := s.dial(t, form, phone)
		u.want(u.send(jt808.Heartbeat{}), jt808.Done)

		var replaced int
		done := later(func() (err error) { replaced, err = s.server.SendText(ctx, id, "张🐉路12号", true); return err })
		first, text := nextAs[jt808.Text](u)
		if want := jt808.TextOf(u.header.Edition(), true, "张?路12号"); text != want {
			t.Errorf("%+v, want %+v", text, want)
		}
		again, _ := nextAs[jt808.Text](u) // the first was not answered
		if again.Serial != first.Serial {
			t.Errorf("serials %d and %d", first.Serial, again.Serial)
		}
		u.acknowledge(again, jt808.Done)
		u.acknowledge(again, jt808.Done) // units answer twice
		if err := <-done; err != nil || replaced != 1 {
			t.Errorf("%v, %d characters replaced", err, replaced)
		}
	}
	if c := s.server.Counts(); c.Commands != 4 || c.Failed != 2 {
		t.Errorf("%+v", c)
	}
}

func TestCommandsThatFail(t *testing.T) {
	s := newSite(t, func(s *jt808.Server) { s.Limits.Answer = 20 * time.Millisecond })
	id := s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	u.want(u.send(jt808.Heartbeat{}), jt808.Done)
	ctx := t.Context()

	done := later(func() error { return s.server.Track(ctx, id, 5*time.Second, time.Minute) })
	for range 3 {
		if _, m := nextAs[jt808.Track](u); m != (jt808.Track{IntervalS: 5, ForS: 60}) {
			t.Errorf("%+v", m)
		}
	}
	if err := <-done; !errors.Is(err, jt808.ErrNoAnswer) {
		t.Error(err)
	}
	for result, want := range map[jt808.Result]error{jt808.Unsupported: jt808.ErrUnsupported, jt808.Failed: jt808.ErrRefused} {
		done := later(func() error { return s.server.Events(ctx, id, []jt808.Option{{ID: 1, Text: "到达"}}) })
		f, m := nextAs[jt808.SetEvents](u)
		if m.Kind != 1 || len(m.Events) != 1 {
			t.Errorf("%+v", m)
		}
		u.acknowledge(f, result)
		if err := <-done; !errors.Is(err, want) {
			t.Errorf("result %d: %v", result, err)
		}
	}
	if err := s.server.SetParameters(ctx, id, jt808.Param{ID: 0x0013, Value: []byte("evil:1")}); !errors.Is(err, jt808.ErrRefused) {
		t.Errorf("to another server: %v", err)
	}
	u.acknowledge(jt808.Frame{Serial: 999, ID: jt808.IDText}, jt808.Done) // to a command that was never sent
	u.want(u.send(jt808.Heartbeat{}), jt808.Done)
}

func TestQuestions(t *testing.T) {
	s := newSite(t, func(s *jt808.Server) { s.Limits.Answer = 20 * time.Millisecond; s.Limits.Tries = 50 })
	id := s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	u.want(u.send(jt808.Heartbeat{}), jt808.Done)
	question := jt808.Question{Flags: 9, Text: "案件0123:是否接单?", Options: []jt808.Option{{ID: 1, Text: "接单"}, {ID: 2, Text: "拒绝"}}}

	var answer uint8
	done := later(func() (err error) { answer, err = s.server.Ask(t.Context(), id, question); return err })
	f, got := nextAs[jt808.Question](u)
	if got.Text != question.Text || !slices.Equal(got.Options, question.Options) {
		t.Errorf("%+v", got)
	}
	u.acknowledge(f, jt808.Done)
	// The driver takes time, and the terminal comes back on another connection meanwhile.
	u = s.dial(t, jt808.Form2013, "13800138000")
	u.serial = 100
	serial := u.send(jt808.Choice{Serial: f.Serial, Option: 2})
	for m := u.next(); ; m = u.next() { // perhaps the question was on its way again
		if reply, ok := m.(jt808.PlatformReply); ok {
			if reply.Serial != serial || reply.Result != jt808.Done {
				t.Errorf("%+v", reply)
			}
			break
		}
	}
	if err := <-done; err != nil || answer != 2 {
		t.Errorf("answer %d, %v", answer, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done = later(func() error { _, err := s.server.Ask(ctx, id, question); return err })
	nextAs[jt808.Question](u)
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAsking(t *testing.T) {
	s := newSite(t, nil)
	id := s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	u.want(u.send(jt808.Heartbeat{}), jt808.Done)
	ctx := t.Context()

	var raw tracking.RawFix
	done := later(func() (err error) { raw, err = s.server.Locate(ctx, id); return err })
	f, _ := nextAs[jt808.AskLocation](u)
	u.want(u.send(jt808.LocationReply{Serial: f.Serial, Location: at(7)}), jt808.Done)
	if err := <-done; err != nil || raw.Lat != float64(at(7).LatE6)/1e6 || s.Fixes(t, id) != 1 {
		t.Errorf("%+v, %v", raw, err)
	}

	var list []jt808.Param
	done = later(func() (err error) { list, err = s.server.Parameters(ctx, id, jt808.ParamHeartbeatS); return err })
	f, asked := nextAs[jt808.AskSomeParams](u)
	if !slices.Equal(asked.IDs, []uint32{jt808.ParamHeartbeatS}) {
		t.Errorf("%+v", asked)
	}
	reply := jt808.Params{Serial: f.Serial}
	reply.ParamList = jt808.SetParamsOf(jt808.Uint32Param(jt808.ParamHeartbeatS, 60)).ParamList
	u.want(u.send(reply), jt808.Done)
	if err := <-done; err != nil || len(list) != 1 || !bytes.Equal(list[0].Value, []byte{0, 0, 0, 60}) {
		t.Errorf("%+v, %v", list, err)
	}

	var media []uint32
	done = later(func() (err error) {
		media, err = s.server.TakePhoto(ctx, id, jt808.Photo{Channel: 1, Command: 1})
		return err
	})
	f, _ = nextAs[jt808.Photo](u)
	u.want(u.send(jt808.PhotoReply{Serial: f.Serial, Media: []uint32{77}}), jt808.Done)
	if err := <-done; err != nil || !slices.Equal(media, []uint32{77}) {
		t.Errorf("%v, %v", media, err)
	}
}

// told collects what a server was told.
type told struct {
	mu      sync.Mutex
	media   []jt808.Media
	buttons []uint8
	alarms  []jt808.Alarm
	cards   []jt808.Driver
	fail    error
}

func (c *told) listen(s *jt808.Server) {
	note := func(add func()) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.fail != nil {
			return c.fail
		}
		add()
		return nil
	}
	s.OnMedia = func(_ context.Context, _ *tracking.Device, m jt808.Media) error {
		return note(func() { c.media = append(c.media, m) })
	}
	s.OnButton = func(_ context.Context, _ *tracking.Device, id uint8) error {
		return note(func() { c.buttons = append(c.buttons, id) })
	}
	s.OnAlarm = func(_ context.Context, _ *tracking.Device, a jt808.Alarm) error {
		return note(func() { c.alarms = append(c.alarms, a) })
	}
	s.OnDriver = func(_ context.Context, _ *tracking.Device, d jt808.Driver) error {
		return note(func() { c.cards = append(c.cards, d) })
	}
}

// A picture in parts, one of which is lost on the way.
func TestPictures(t *testing.T) {
	var heard told
	s := newSite(t, heard.listen)
	s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	picture := jt808.Media{MediaHead: jt808.MediaHead{MediaID: 4711, Channel: 2}, Location: at(0), Data: bytes.Repeat([]byte{0xff, 0x7e, 0x7d}, 1000)}
	body, err := jt808.AppendBody(nil, picture, jt808.Edition2013)
	if err != nil {
		t.Fatal(err)
	}
	frames, err := jt808.Split(u.header, jt808.IDMedia, 500, body)
	if err != nil || len(frames) != 3 {
		t.Fatal(len(frames), err)
	}
	sendPart := func(f jt808.Frame) {
		b, err := f.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := u.conn.Write(b); err != nil {
			t.Fatal(err)
		}
	}
	sendPart(frames[0])
	u.want(500, jt808.Done)
	sendPart(frames[2])
	if _, m := nextAs[jt808.MediaReply](u); m.MediaID != 4711 || !slices.Equal(m.Missing, []uint16{2}) {
		t.Errorf("%+v", m)
	}
	if _, m := nextAs[jt808.Resend](u); m.Serial != 500 || !slices.Equal(m.Parts, []uint16{2}) { // 5 s later
		t.Errorf("%+v", m)
	}
	sendPart(frames[1])
	if _, m := nextAs[jt808.MediaReply](u); m.MediaID != 4711 || len(m.Missing) != 0 {
		t.Errorf("%+v", m)
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	if len(heard.media) != 1 || !bytes.Equal(heard.media[0].Data, picture.Data) || heard.media[0].Channel != 2 {
		t.Errorf("%d pictures", len(heard.media))
	}
}

func TestWhatTerminalsTell(t *testing.T) {
	var heard told
	s := newSite(t, heard.listen)
	id := s.device(t, "13800138000", true)
	u := s.dial(t, jt808.Form2013, "13800138000")
	u.want(u.send(jt808.Event{Event: 3}), jt808.Done)
	u.want(u.send(jt808.Driver{In: true, Clock: jt808.ClockOf(nowish), Name: "王师傅", Licence: "0029b885"}), jt808.Done)
	for n, alarm := range []jt808.Alarm{0, jt808.AlarmSOS, jt808.AlarmSOS | jt808.AlarmPowerLow, 0, jt808.AlarmSOS} {
		loc := at(n)
		loc.Alarm = alarm
		u.want(u.send(loc), jt808.Done)
	}
	heard.mu.Lock()
	heard.fail = errors.New("the database is away")
	heard.mu.Unlock()
	u.send(jt808.Event{Event: 1}) // no answer
	towed := at(5)
	towed.Alarm = 1 << 28
	u.send(towed) // no answer either, but the map is told
	u.want(u.send(jt808.Heartbeat{}), jt808.Done)
	if n := s.Fixes(t, id); n != 6 {
		t.Errorf("%d fixes, want 6", n)
	}
	heard.mu.Lock()
	defer heard.mu.Unlock()
	if !slices.Equal(heard.buttons, []uint8{3}) || len(heard.cards) != 1 || heard.cards[0].Name != "王师傅" ||
		!slices.Equal(heard.alarms, []jt808.Alarm{jt808.AlarmSOS, jt808.AlarmPowerLow, jt808.AlarmSOS}) {
		t.Errorf("%+v %+v %+v", heard.buttons, heard.cards, heard.alarms)
	}
}
