package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"jiujin/dispatch"
)

func (s *scene) progressOf(t testing.TB, number, code string, header ...string) answer {
	t.Helper()
	return s.call(t, "POST", "/api/v1/public/progress", fmt.Sprintf(`{"number":%q,"code":%q}`, number, code), header...)
}

func states(a progressAnswer) string {
	var out []string
	for _, step := range a.Steps {
		text := step.State
		if step.At != nil {
			text += step.At.Format("@15:04:05")
		}
		out = append(out, text)
	}
	return a.StatusGroup + " " + strings.Join(out, " ")
}

func TestReporterFollowsTheTicket(t *testing.T) {
	s := newScene(t)
	s.pass(7*time.Minute + 3*time.Second)
	made := s.report(t)
	tk := made.Ticket
	expect := func(want string) {
		t.Helper()
		var got progressAnswer
		s.progressOf(t, " "+tk.Number+" ", strings.ToLower(made.Code[:4])+"-"+made.Code[4:]).into(t, 200, &got)
		if states(got) != want {
			t.Errorf("%s, want %s", states(got), want)
		}
		if got.District != "云溪县局" || got.SubtypeEN != "Counterfeit cigarettes" || got.ExpectedBy.Minute() != 0 {
			t.Errorf("answer %+v", got)
		}
	}
	expect("received now@06:00:00 todo todo todo")
	s.offer(t, tk, s.units[0], "").into(t, 200, &tk)
	expect("received now@06:00:00 todo todo todo") // whom we ask is nobody's business
	s.pass(time.Minute)
	s.do(t, "officer1", fmt.Sprintf("/offers/%d/accept", tk.Offer.ID), "").into(t, 200, &tk)
	expect("assigned done@06:00:00 now@06:00:00 todo todo")
	tk = s.act(t, "officer1", tk, "depart", "")
	s.pass(20 * time.Minute)
	tk = s.act(t, "officer1", tk, "arrive", "")
	expect("on_site done@06:00:00 done@06:00:00 now@06:15:00 todo")
	tk = s.act(t, "officer1", tk, "finish", `,"outcome":"I01"`)
	expect("closing done@06:00:00 done@06:00:00 done@06:15:00 now")
	s.pass(20 * time.Minute)
	tk = s.act(t, "officer1", tk, "close", `,"outcome_text":"已处理"`)
	expect("closed done@06:00:00 done@06:00:00 done@06:15:00 done@06:45:00")

	made = s.report(t)
	tk = made.Ticket
	s.act(t, "dispatcher", tk, "cancel", `,"reason":"重复"`)
	expect("cancelled done@06:45:00 todo todo done@06:45:00") // nobody went there
}

func TestWrongPairsLookAlikeAndAreThrottled(t *testing.T) {
	s := newScene(t)
	made := s.report(t)
	other := s.report(t)
	from := []string{"X-Forwarded-For", "203.0.113.9"}
	ask := func(number, code string) answer { return s.progressOf(t, number, code, from...) }
	for range 20 { // right ones cost nothing
		ask(made.Ticket.Number, made.Code).into(t, 200, new(progressAnswer))
	}
	var texts []string
	for i, pair := range [][2]string{
		{made.Ticket.Number, other.Code},
		{made.Ticket.Number, ""},
		{"12313-00-20261122-009999-1", made.Code},
		{"", ""},
		{strings.Replace(made.Ticket.Number, "12313", "12315", 1), made.Code},
		{other.Ticket.Number, made.Code},
		{"' or 1=1 --", "x"},
		{made.Ticket.Number, made.Code + "2"},
		{"12313", "12313"},
		{made.Ticket.Number, "22222222"},
	} {
		p := ask(pair[0], pair[1]).want(t, 404, "not_found")
		texts = append(texts, p.Title+p.Detail)
		if texts[i] != texts[0] || p.Errors != nil {
			t.Errorf("%v: %+v, want %s", pair, p, texts[0])
		}
	}
	p := ask(made.Ticket.Number, "22222222").want(t, 429, "throttled")
	if p.RetryAfterS != 60 {
		t.Errorf("wait %d s", p.RetryAfterS)
	}
	ask(made.Ticket.Number, made.Code).want(t, 429, "throttled") // a right one is no way round
	s.progressOf(t, made.Ticket.Number, made.Code, "X-Forwarded-For", "203.0.113.10").into(t, 200, new(progressAnswer))
	s.pass(10 * time.Minute)
	ask(made.Ticket.Number, made.Code).into(t, 200, new(progressAnswer))
}

func TestPublicBoardIsLateAndCoarse(t *testing.T) {
	s := newScene(t)
	board := func() (b dispatch.PublicBoard) {
		t.Helper()
		s.call(t, "GET", "/api/v1/public/board", "").into(t, 200, &b)
		return b
	}
	is := func(n *int, want int) bool { return n != nil && *n == want }
	for range 4 {
		s.report(t)
	}
	if b := board(); !is(b.Today.Received, 0) || len(b.ByDistrict) != 0 || len(b.Recent) != 0 {
		t.Errorf("at once: %+v", b)
	}
	s.pass(29 * time.Minute)
	if b := board(); !is(b.Today.Received, 0) {
		t.Errorf("after 29 minutes: %+v", b.Today)
	}
	s.pass(2 * time.Minute)
	b := board()
	if len(b.ByDistrict) != 1 || b.ByDistrict[0].Open != nil || !is(b.ByDistrict[0].Closed, 0) || len(b.Recent) != 0 || b.Today.Received != nil {
		t.Errorf("four reports: %s", toJSON(t, b))
	}
	s.report(t)
	s.pass(31 * time.Minute)
	b = board()
	for _, r := range b.Recent {
		if r.At.Minute()%15 != 0 || r.At.Second() != 0 {
			t.Errorf("a time of %s", r.At)
		}
	}
	if len(b.Recent) != 5 || !is(b.Today.Received, 5) || !is(b.Today.Closed, 0) {
		t.Errorf("five reports: %s", toJSON(t, b))
	}
	if len(b.ByDistrict) != 1 || !is(b.ByDistrict[0].Open, 5) || !is(b.ByDistrict[0].Closed, 0) {
		t.Errorf("five reports: %s", toJSON(t, b))
	}
}
