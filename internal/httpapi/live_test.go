package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

func TestStreamBeginsWithTheState(t *testing.T) {
	s := newScene(t).run(t)
	tk := s.report(t).Ticket
	l := s.listen(t, "dispatcher", "board", "")
	first := l.begin(t, "snapshot")
	var snap snapshot
	first.into(t, &snap)
	if len(snap.Units) != 4 || len(snap.Tickets) != 1 || snap.Tickets[0].ID != tk.ID || first.id != snap.Seq {
		t.Errorf("snapshot with id %d: %d units, tickets %+v", first.id, len(snap.Units), snap.Tickets)
	}
	s.offer(t, tk, s.units[0], "").into(t, 200, &tk)
	var order []string
	_, before := l.until(t, func(h heard) bool { return h.name == "unit" && strings.Contains(h.data, `"duty":"offered"`) })
	for _, h := range before {
		if h.name == "event" || h.name != "tick" && len(order) > 0 { // the ticket as it was may be told once more before
			order = append(order, h.name)
		}
	}
	if !slices.Equal(order, []string{"event", "ticket"}) { // a reader that was cut in between asks for no less than it lacks
		t.Errorf("order %v", order)
	}
	for _, path := range []string{"/live?view=officer", "/live?view=map"} {
		if a := s.get(t, "dispatcher", path); a.status != 403 && a.status != 422 {
			t.Errorf("%s: %d", path, a.status)
		}
	}
	s.get(t, "officer1", "/live?view=board").want(t, 403, "forbidden")
}

func TestResume(t *testing.T) {
	s := newScene(t).run(t)
	var snap snapshot
	s.listen(t, "dispatcher", "board", "").begin(t, "snapshot").into(t, &snap)
	s.report(t)
	again := s.listen(t, "dispatcher", "board", strconv.FormatInt(snap.Seq, 10))
	if h := again.begin(t, "snapshot"); h.id != 0 {
		t.Errorf("the snapshot has the id %d: a reader that is cut now would miss the facts behind it", h.id)
	}
	for i := range int64(2) { // registered, triaged
		if h := again.next(t); h.name != "event" || h.id != snap.Seq+1+i || h.seq(t) != h.id {
			t.Errorf("then %+v", h)
		}
	}
	head := s.count(t, `select seq from event_head`)
	foreign := s.listen(t, "dispatcher", "board", "999999") // of a database that was replaced
	if h := foreign.begin(t, "snapshot"); h.id != int64(head) {
		t.Errorf("snapshot with id %d, want %d", h.id, head)
	}
	if _, err := s.db.Pool.Exec(t.Context(), `insert into event (seq, at, type, actor, unit_id, body, prev_hash, hash)
		select $1 + n, now(), 'unit.in_service', 'test', $2, '{}', '', '' from generate_series(1, 501) n`, head, s.units[0]); err != nil {
		t.Fatal(err)
	}
	if _, err := s.db.Pool.Exec(t.Context(), `update event_head set seq = seq + 501`); err != nil {
		t.Fatal(err)
	}
	late := s.listen(t, "dispatcher", "board", strconv.Itoa(head))
	late.begin(t, "snapshot")
	h := late.next(t)
	if want := fmt.Sprintf(`{"from":%d,"to":%d}`, head+1, head+501); h.name != "gap" || h.data != want || h.id != int64(head+501) {
		t.Errorf("after 501 facts: %+v, want the gap %s", h, want)
	}
}

func TestFixesComeAtOnceAndInTheirBranch(t *testing.T) {
	s := newScene(t).run(t)
	l, other := s.listen(t, "wall", "board", ""), s.listen(t, "stranger", "board", "")
	l.begin(t, "snapshot")
	other.begin(t, "snapshot")
	var took []time.Duration
	for i := range 5 {
		s.pass(time.Second)
		sent := time.Now()
		x := lon + 0.0001*float64(i+1)
		s.fix(t, s.devices[0], x, lat+0.009)
		h, _ := l.until(t, named("fixes"))
		took = append(took, time.Since(sent))
		var frame struct {
			Now time.Time
			F   [][]any
		}
		h.into(t, &frame)
		want := []any{float64(s.units[0]), x, lat + 0.009, nil, nil, float64(s.db.Now().UnixMilli())}
		if i == 0 { // with it comes where the others were parked
			frame.F = slices.DeleteFunc(frame.F, func(row []any) bool { return row[0] != want[0] })
		}
		if len(frame.F) != 1 || !slices.Equal(frame.F[0], want) || h.id != 0 {
			t.Errorf("frame %s, want %v", h.data, want)
		}
	}
	slices.Sort(took)
	t.Logf("from the post to the frame: %v", took)
	if took[len(took)/2] > 500*time.Millisecond {
		t.Errorf("frames took %v", took)
	}
	s.fix(t, s.distant, lon, lat+0.0361)
	h, before := other.until(t, named("fixes"))
	if !strings.Contains(h.data, fmt.Sprintf(`"f":[[%d,`, s.abroad)) || strings.Count(h.data, "[") != 2 {
		t.Errorf("the next county gets %s", h.data)
	}
	for _, h := range before {
		if h.name == "unit" || h.name == "ticket" || h.name == "event" {
			t.Errorf("the next county gets %s %s", h.name, h.data)
		}
	}
}

func TestWallGetsNoEvents(t *testing.T) {
	s := newScene(t).run(t)
	wall, desk := s.listen(t, "wall", "board", ""), s.listen(t, "agent", "board", "")
	wall.begin(t, "snapshot")
	desk.begin(t, "snapshot")
	tk := s.accepted(t)
	isDone := func(h heard) bool { return h.name == "ticket" && strings.Contains(h.data, `"status":"accepted"`) }
	_, before := wall.until(t, isDone)
	for _, h := range before {
		if h.name == "event" || h.id != 0 {
			t.Errorf("the wall gets %+v", h)
		}
	}
	_, before = desk.until(t, isDone)
	if !slices.ContainsFunc(before, func(h heard) bool { return h.name == "event" && strings.Contains(h.data, "offer.accepted") }) {
		t.Errorf("the desk has not heard that ticket %d was accepted", tk.ID)
	}
}

// officerHears waits for a state of the officer's page.
func officerHears(t *testing.T, l *listener, what string, is func(dispatch.OfficerState) bool) {
	t.Helper()
	for range 20 {
		h, _ := l.until(t, named("officer"))
		var state dispatch.OfficerState
		h.into(t, &state)
		if is(state) {
			return
		}
	}
	t.Errorf("never heard: %s", what)
}

func TestOfficerStream(t *testing.T) {
	s := newScene(t).run(t)
	l := s.listen(t, "officer1", "officer", "")
	var state dispatch.OfficerState
	l.begin(t, "officer").into(t, &state)
	if state.Unit.ID != s.units[0] || state.Offer != nil {
		t.Fatalf("state %+v", state)
	}
	// What concerns another unit is not heard: the next message is about the own one.
	foreign := s.report(t).Ticket
	s.offer(t, foreign, s.units[1], "x").into(t, 200, &foreign)
	tk := s.report(t).Ticket
	s.offer(t, tk, s.units[0], "").into(t, 200, &tk)
	h, before := l.until(t, named("officer"))
	for _, b := range append(before, h) {
		if b.name != "tick" && b.name != "officer" || strings.Contains(b.data, foreign.Number) {
			t.Errorf("the officer gets %s %s", b.name, b.data)
		}
	}
	hasOffer := func(st dispatch.OfficerState) bool { return st.Offer != nil && st.Offer.Ticket.ID == tk.ID }
	h.into(t, &state)
	if !hasOffer(state) {
		t.Errorf("heard %s", h.data)
	}
	free := func(st dispatch.OfficerState) bool { return st.Offer == nil && st.Case == nil }
	s.runEngine(t)
	s.pass(6 * time.Minute)
	officerHears(t, l, "the offer ran out", free)

	s.park(t)
	tk = s.accepted(t)
	officerHears(t, l, "a case in hand", func(st dispatch.OfficerState) bool { return st.Case != nil && st.Case.Ticket.ID == tk.ID })
	s.act(t, "dispatcher", tk, "cancel", `,"reason":"重复"`)
	officerHears(t, l, "the case was cancelled", free)

	s.offer(t, s.report(t).Ticket, s.units[0], "").into(t, 200, &tk)
	officerHears(t, l, "an offer", func(st dispatch.OfficerState) bool { return st.Offer != nil })
	s.do(t, "dispatcher", fmt.Sprintf("/units/%d/service", s.units[0]), `{"in_service":false,"reason":"爆胎"}`).into(t, 200, new(dispatch.UnitView))
	officerHears(t, l, "in repair", func(st dispatch.OfficerState) bool { return free(st) && st.Unit.Duty == dispatch.DutyInRepair })
}

// A duty that changes because time passes is shown although nothing was committed.
func TestTimeAloneIsShown(t *testing.T) {
	s := newScene(t).run(t)
	l, officer := s.listen(t, "wall", "board", ""), s.listen(t, "officer2", "officer", "")
	l.begin(t, "snapshot")
	officer.begin(t, "officer")
	s.pass(13 * time.Hour)
	left := map[int64]bool{s.units[0]: true, s.units[1]: true, s.units[2]: true}
	for len(left) > 0 {
		h, _ := l.until(t, named("unit"))
		var u dispatch.UnitView
		h.into(t, &u)
		if u.Duty != dispatch.DutyOffShift || u.Freshness != "lost" {
			t.Errorf("unit %d: %s, %s", u.ID, u.Duty, u.Freshness)
		}
		delete(left, u.ID)
	}
	officerHears(t, officer, "off shift", func(st dispatch.OfficerState) bool { return st.Unit.Duty == dispatch.DutyOffShift && st.Shift == nil })
}

func TestStreamsEnd(t *testing.T) {
	s := newScene(t).run(t)
	s.recheck = 10 * time.Millisecond
	signedOut, moved, stays := s.listen(t, "agent", "board", ""), s.listen(t, "officer1", "officer", ""), s.listen(t, "wall", "board", "")
	for l, state := range map[*listener]string{signedOut: "snapshot", moved: "officer", stays: "snapshot"} {
		l.begin(t, state)
	}
	if a := s.call(t, "DELETE", "/api/v1/session", "", "Cookie", s.cookies["agent"]); a.status != http.StatusNoContent {
		t.Fatalf("sign out: %d", a.status)
	}
	if !signedOut.ends() {
		t.Error("the stream of somebody who signed out goes on")
	}
	if _, err := s.db.Pool.Exec(t.Context(), `update person set unit_id = $1 where login = 'officer1'`, s.units[1]); err != nil {
		t.Fatal(err)
	}
	if !moved.ends() {
		t.Error("an officer who changed units still hears of the old one")
	}
	stays.until(t, named("tick"))
	s.board.Hub.Close()
	if !stays.ends() {
		t.Error("a closed hub leaves a stream open")
	}
}

// A unit that is taken out of the register while its officer's page is open holds nobody up.
func TestRetiredUnitHoldsNobodyUp(t *testing.T) {
	s := newScene(t).run(t)
	l, officer := s.listen(t, "wall", "board", ""), s.listen(t, "officer1", "officer", "")
	l.begin(t, "snapshot")
	officer.begin(t, "officer")
	tk := s.accepted(t)
	if _, err := s.db.Pool.Exec(t.Context(), `update unit set retired_at = now() where id = $1`, s.units[0]); err != nil {
		t.Fatal(err)
	}
	s.act(t, "dispatcher", tk, "cancel", `,"reason":"车辆报废"`)
	l.until(t, func(h heard) bool { return h.name == "ticket" && strings.Contains(h.data, `"status":"cancelled"`) })
}

// narrow makes the connections of a server hold little, so that a reader who does not read is felt soon.
type narrow struct{ net.Listener }

func (n narrow) Accept() (net.Conn, error) {
	c, err := n.Listener.Accept()
	if err == nil {
		err = c.(*net.TCPConn).SetWriteBuffer(4096)
	}
	return c, err
}

func TestSlowReaderIsCutAndOthersGoOn(t *testing.T) {
	s := newScene(t).run(t)
	socket, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: s.Handler(), ReadHeaderTimeout: time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(narrow{socket}) }()
	t.Cleanup(func() {
		server.Close()
		<-served
	})
	slow, err := net.Dial("tcp", socket.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { slow.Close() })
	if err := slow.(*net.TCPConn).SetReadBuffer(4096); err != nil {
		t.Fatal(err)
	}
	fast := s.listen(t, "dispatcher", "board", "")
	fast.begin(t, "snapshot")
	fmt.Fprintf(slow, "GET /api/v1/live HTTP/1.1\r\nHost: x\r\nCookie: %s\r\n\r\n", s.cookie(t, "dispatcher"))
	if _, err := slow.Read(make([]byte, 1)); err != nil { // it is subscribed now, and reads no more
		t.Fatal(err)
	}
	for made := 0; ; made++ {
		tk := s.report(t).Ticket
		sent := time.Now()
		fast.until(t, func(h heard) bool {
			return h.name == "ticket" && strings.Contains(h.data, fmt.Sprintf(`"number":%q`, tk.Number))
		})
		if took := time.Since(sent); took > 5*time.Second {
			t.Errorf("the fast reader waited %s", took)
		}
		if open, cuts := s.board.Hub.Stats(); cuts == 1 && open == 1 {
			break
		}
		if made == 400 {
			t.Fatal("the slow reader is not cut")
		}
	}
}

// plain is JSON with what differs by caller left out.
func plain(t testing.TB, v any) string {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal([]byte(toJSON(t, v)), &m); err != nil {
		t.Fatal(err)
	}
	delete(m, "actions")
	return toJSON(t, m)
}

// While the event log cannot be read positions go on, and the facts come afterwards, none left out.
func TestPositionsGoOnWhileFactsWait(t *testing.T) {
	s := newScene(t).run(t)
	l := s.listen(t, "chief", "board", "")
	var snap snapshot
	l.begin(t, "snapshot").into(t, &snap)
	locked, release, done := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		done <- s.db.InTx(context.Background(), func(tx *pg.Tx) error {
			for range 3 { // facts that become known when the lock is gone
				if err := ticket.Record(tx, ticket.Engine, "unit.in_service", 0, s.units[0], nil); err != nil {
					return err
				}
			}
			_, err := tx.Exec(context.Background(), `lock table event_head in access exclusive mode`)
			close(locked)
			<-release
			return err
		})
	}()
	<-locked
	for i := range 3 {
		s.pass(time.Second)
		s.fix(t, s.devices[0], lon+0.0001*float64(i), lat+0.009)
		if _, before := l.until(t, named("fixes")); slices.ContainsFunc(before, named("event")) {
			t.Error("a fact is told before it is so")
		}
	}
	close(release)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	for i := range int64(3) {
		if h, _ := l.until(t, named("event")); h.id != snap.Seq+1+i {
			t.Errorf("fact %d comes where %d should", h.id, snap.Seq+1+i)
		}
	}
}
