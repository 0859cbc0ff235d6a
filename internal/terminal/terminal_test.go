package terminal_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/ticket"
	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

// The offer is shown, asked and accepted at the screen; the sortie is tracked closely until it ends.
func TestOfferIsAcceptedAtTheScreen(t *testing.T) {
	s := newSite(t)
	c := s.connect(t)
	id, _ := s.report(t)

	if _, m := next[jt808.SetEvents](c); m.Kind != 1 || len(m.Events) != 3 || m.Events[0].Text != "到达现场" {
		t.Errorf("buttons %+v", m)
	}
	_, text := next[jt808.Text](c)
	number := strings.Split(value[string](t, s.db, `select number from ticket where id = $1`, id), "-")[3]
	for _, part := range []string{number, "特急", "销售假冒伪劣卷烟", "云溪路 8 号", "约1.3公里"} {
		if !strings.Contains(text.Text, part) {
			t.Errorf("%q lacks %q", text.Text, part)
		}
	}
	for _, secret := range []string{"慕容", "139876", "口信", "辞令"} {
		if strings.Contains(text.Text, secret) {
			t.Errorf("%q tells who reported, or what", text.Text)
		}
	}
	if text.Flags != jt808.TextUrgent|jt808.TextScreen|jt808.TextSpeech {
		t.Errorf("flags %x", text.Flags)
	}
	f, question := next[jt808.Question](c)
	if !strings.Contains(question.Text, number) || len(question.Options) != 2 || question.Options[0] != (jt808.Option{ID: 1, Text: "接单"}) {
		t.Errorf("%+v", question)
	}
	c.send(jt808.Choice{Serial: f.Serial, Option: 1})

	_, yes := next[jt808.Text](c)
	if !strings.Contains(yes.Text, "已接单") || !strings.Contains(yes.Text, "云溪路 8 号") {
		t.Errorf("%q", yes.Text)
	}
	if _, m := next[jt808.Track](c); m != (jt808.Track{IntervalS: 5, ForS: 1800}) {
		t.Errorf("%+v", m)
	}
	actor := value[string](t, s.db, `select actor from event where ticket_id = $1 and type = 'offer.accepted'`, id)
	if want := fmt.Sprintf("terminal:%d", s.device); actor != want {
		t.Errorf("accepted by %s, want %s", actor, want)
	}
	for _, step := range []ticket.Step{{Action: ticket.ActDepart}, {Action: ticket.ActArrive}, {Action: ticket.ActFinish, Outcome: "I01"}} {
		s.act(t, s.officer, id, step)
	}
	if _, m := next[jt808.Track](c); m != (jt808.Track{}) {
		t.Errorf("after the end: %+v", m)
	}
}

func TestOfferIsDeclinedAtTheScreen(t *testing.T) {
	s := newSite(t)
	c := s.connect(t)
	id, offer := s.report(t)
	f, _ := next[jt808.Question](c)
	c.send(jt808.Choice{Serial: f.Serial, Option: 2})
	if _, m := next[jt808.Text](c); !strings.Contains(m.Text, "已拒绝") {
		t.Errorf("%q", m.Text)
	}
	if state := value[string](t, s.db, `select state from offer where id = $1`, offer); state != "declined" {
		t.Error(state)
	}
	if status := value[string](t, s.db, `select status from ticket where id = $1`, id); status != "to_dispatch" {
		t.Error(status)
	}
}

// Each end of an offer that is not the screen's own is told there, and an answer after it changes nothing.
func TestEndsOfAnOffer(t *testing.T) {
	s := newSite(t)
	c := s.connect(t)
	for name, play := range map[string]struct {
		says string
		end  func(id, offer int64)
	}{
		"withdrawn": {"撤回", func(id, _ int64) { s.act(t, s.dispatch, id, ticket.Step{Action: ticket.ActWithdraw, Reason: "改派"}) }},
		"expired": {"超时", func(id, _ int64) {
			s.later.Add(int64(2 * time.Minute))
			if _, err := s.engine.Look(t.Context()); err != nil {
				t.Error(err)
			}
		}},
		"accepted": {"已接单", func(_, offer int64) {
			if err := s.accept(s.officer, offer); err != nil {
				t.Error(err)
			}
		}},
	} {
		id, offer := s.report(t)
		f, _ := next[jt808.Question](c)
		play.end(id, offer)
		if _, m := next[jt808.Text](c); !strings.Contains(m.Text, play.says) {
			t.Errorf("%s: %q", name, m.Text)
		}
		before := value[int](t, s.db, `select count(*) from event`)
		c.send(jt808.Choice{Serial: f.Serial, Option: 1})
		if _, m := next[jt808.Text](c); !strings.Contains(m.Text, "应答无效") {
			t.Errorf("%s, then the answer: %q", name, m.Text)
		}
		if after := value[int](t, s.db, `select count(*) from event`); after != before {
			t.Errorf("%s: the late answer changed something", name)
		}
		s.act(t, s.dispatch, id, ticket.Step{Action: ticket.ActCancel, Reason: "完"})
		if _, err := s.db.Pool.Exec(t.Context(), `update unit set out_of_service_since = null`); err != nil {
			t.Fatal(err)
		}
		s.service.Positions.Update(tracking.Fix{UnitID: s.unit, FixedAt: s.db.Now(), ReceivedAt: s.db.Now(), Point: scene})
	}
}

// A terminal that comes while the offer is open is shown it; one that lost the connection is shown it again only when
// it had not arrived.
func TestTerminalComesLater(t *testing.T) {
	s := newSite(t)
	id, _ := s.report(t)
	c := s.connect(t)
	f, _ := next[jt808.Question](c)
	_ = c.conn.Close()
	c = s.connect(t) // the screen still shows it
	c.send(jt808.Choice{Serial: f.Serial, Option: 1})
	if _, m := next[jt808.Text](c); !strings.Contains(m.Text, "已接单") {
		t.Errorf("%q", m.Text)
	}
	if status := value[string](t, s.db, `select status from ticket where id = $1`, id); status != "accepted" {
		t.Error(status)
	}
}

// Sixteen answers at once, half from the vehicle's screen and half from the crew's phone: one counts.
func TestScreenAgainstPhone(t *testing.T) {
	s := newSite(t)
	const clients = 16
	for round := range 6 {
		id, offer := s.report(t)
		errs := make([]error, clients)
		begin := make(chan struct{})
		var all sync.WaitGroup
		for i := range clients {
			all.Go(func() {
				<-begin
				switch {
				case i%2 == 0:
					errs[i] = s.accept(s.officer, offer)
				case round%2 == 0:
					errs[i] = s.bridge.Answer(t.Context(), s.device, s.unit, offer, 1)
				default:
					errs[i] = s.bridge.Answer(t.Context(), s.device, s.unit, offer, 2)
				}
			})
		}
		close(begin)
		all.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, dispatch.ErrOfferClosed) {
				t.Errorf("client %d: %v", i, err)
			}
		}
		if sorties := value[int](t, s.db, `select count(*) from sortie where offer_id = $1`, offer); won != 1 || sorties > 1 {
			t.Errorf("%d answers counted, %d sorties", won, sorties)
		}
		s.act(t, s.dispatch, id, ticket.Step{Action: ticket.ActCancel, Reason: "完"})
	}
}

// Another unit's terminal, or one that is switched off, answers for nobody.
func TestOnlyTheUnitsTerminalAnswers(t *testing.T) {
	s := newSite(t)
	_, offer := s.report(t)
	if err := s.bridge.Answer(t.Context(), s.device, s.unit+1, offer, 1); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Error(err)
	}
	if err := s.bridge.Answer(t.Context(), s.device, s.unit, offer, 7); err == nil {
		t.Error("an answer that was not among the choices")
	}
	if _, err := s.db.Pool.Exec(t.Context(), `update device set disabled_at = now()`); err != nil {
		t.Fatal(err)
	}
	if err := s.bridge.Answer(t.Context(), s.device, s.unit, offer, 1); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Error(err)
	}
}

// What a terminal tells is recorded with the ticket and changes no state; a driver's card goes into the vault only.
func TestWhatTheTerminalTells(t *testing.T) {
	s := newSite(t)
	c := s.connect(t)
	id, offer := s.report(t)
	if err := s.accept(s.officer, offer); err != nil {
		t.Fatal(err)
	}
	for _, button := range []uint8{1, 3, 77} {
		c.send(jt808.Event{Event: button})
		if r := c.reply(jt808.IDEvent); r != jt808.Done {
			t.Errorf("button %d: result %d", button, r)
		}
	}
	alarm := jt808.Location{Status: jt808.StatusFixed, LatE6: 28_450_000, LonE6: 117_970_000, Clock: jt808.ClockOf(time.Now()), Alarm: jt808.AlarmSOS}
	for range 2 { // the edge counts
		c.send(alarm)
		c.reply(jt808.IDLocation)
	}
	c.send(jt808.Driver{In: true, Clock: jt808.ClockOf(time.Now()), Name: "王某某", Licence: "0029b885"})
	c.reply(jt808.IDDriver)

	picture := jt808.Media{MediaHead: jt808.MediaHead{MediaID: 9, Channel: 1}, Location: alarm, Data: bytes.Repeat([]byte("\xff\xd8~}"), 700)}
	for range 2 { // once again, because the answer was lost
		c.send(picture)
		if _, m := next[jt808.MediaReply](c); m.MediaID != 9 || len(m.Missing) != 0 {
			t.Errorf("%+v", m)
		}
	}
	list, err := ticket.Attachments(t.Context(), s.db.Pool, id)
	if err != nil || len(list) != 1 || list[0].Bytes != len(picture.Data) || list[0].DeviceID != s.device || list[0].Point == nil {
		t.Errorf("%+v, %v", list, err)
	}
	events, err := ticket.Timeline(t.Context(), s.db.Pool, id)
	if err != nil {
		t.Fatal(err)
	}
	var types []string
	for _, e := range events {
		types = append(types, e.Type)
		if strings.Contains(string(e.Data), "王某某") {
			t.Errorf("the log names the driver: %s", e.Data)
		}
	}
	want := "offer.accepted terminal.arrived terminal.help terminal.sos ticket.attached"
	if got := strings.Join(types, " "); !strings.HasSuffix(got, want) {
		t.Errorf("events %s, want %s at the end", got, want)
	}
	if status := value[string](t, s.db, `select status from ticket where id = $1`, id); status != "accepted" {
		t.Errorf("a button made the ticket %s", status)
	}
	if name := value[string](t, s.db, `select name from vault.driver_card where device_id = $1`, s.device); name != "王某某" {
		t.Errorf("card of %q", name)
	}
}
