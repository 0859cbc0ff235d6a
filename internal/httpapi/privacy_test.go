package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"jiujin/dispatch"
	"jiujin/internal/auth"
)

// What a reporter said and who it is, as marks that occur nowhere else.
const (
	markName      = "慕容甲乙丙"
	markPhone     = "13987654321"
	markNote      = "口信丁戊己"
	markNarrative = "辞令庚辛壬"
)

var contact = []string{markName, markPhone, markNote}

// Three reports with marks go their ways: one waits, one is with officer1, one is closed. Then every GET route is
// asked in every role, every stream is listened to, and the log is read. Contact is nowhere; the words of the caller
// are only where somebody works on the case.
func TestReportersStayHidden(t *testing.T) {
	s := newScene(t).run(t)
	boards := map[string]*listener{}
	for _, login := range []string{"agent", "dispatcher", "supervisor", "administrator", "leader1", "wall", "chief"} {
		boards[login] = s.listen(t, login, "board", "")
		boards[login].begin(t, "snapshot")
	}
	own, foreign := s.listen(t, "officer1", "officer", ""), s.listen(t, "officer2", "officer", "")
	own.begin(t, "officer")
	foreign.begin(t, "officer")

	tickets, codes := s.markedTickets(t)
	s.do(t, "agent", fmt.Sprintf("/tickets/%d/reveal", tickets[0].ID), `{"reason":"回访"}`)
	// A call that fails with the marks in it does not repeat them.
	for _, bad := range []string{
		strings.Replace(marked, markName, strings.Repeat(markName, 99), 1),
		strings.Replace(marked, `"note"`, `"email"`, 1),
		strings.Replace(marked, `"channel"`, markNarrative, 1),
		strings.Replace(marked, `"named"`, `"anonymous"`, 1),
	} {
		a := s.do(t, "agent", "/tickets", bad)
		if a.status != 422 && a.status != 400 {
			t.Errorf("%d for %s", a.status, bad)
		}
		lacks(t, "a refusal", string(a.body), append([]string{markNarrative}, contact...)...)
	}

	none := append([]string{markNarrative}, contact...)
	for login, l := range boards {
		for _, h := range s.flush(t, l) {
			lacks(t, "stream of "+login, h.data, none...)
		}
	}
	words := 0
	for _, h := range s.flush(t, own) {
		lacks(t, "stream of officer1", h.data, contact...)
		words += strings.Count(h.data, markNarrative)
	}
	if words == 0 {
		t.Error("officer1 is not told what the case is about")
	}
	for _, h := range s.flush(t, foreign) {
		lacks(t, "stream of officer2", h.data, none...)
	}

	for _, rule := range accessTable() {
		if rule.method != "GET" || rule.stream {
			continue
		}
		for _, tk := range tickets {
			path := strings.Replace(rule.path, "/tickets/{id}", fmt.Sprintf("/tickets/%d", tk.ID), 1)
			path = strings.Replace(path, "/units/{id}", fmt.Sprintf("/units/%d", s.units[0]), 1)
			path = strings.Replace(samplePath(path, ""), "/history", "/history?from=2026-11-22T00:00:00Z&to=2026-11-23T00:00:00Z", 1)
			if path == "/api/v1/tickets" {
				path += "?status=all"
			}
			body := string(s.call(t, "GET", path, "").body)
			lacks(t, "nobody's "+path, body, none...)
			for _, login := range append(rolesAsLogins(), "officer1", "officer2", "leader1", "stranger", "chief") {
				body := string(s.call(t, "GET", path, "", "Cookie", s.cookie(t, login)).body)
				lacks(t, login+"'s "+path, body, contact...)
				detail := rule.path == "/api/v1/tickets/{id}" && login != "wall" && login != "stranger"
				if !detail && (rule.path != "/api/v1/officer" || login != "officer1") {
					lacks(t, login+"'s "+path, body, markNarrative)
				}
			}
		}
	}
	for i, tk := range tickets {
		body := fmt.Sprintf(`{"number":%q,"code":%q}`, tk.Number, codes[i])
		a := s.call(t, "POST", "/api/v1/public/progress", body)
		a.into(t, 200, new(progressAnswer))
		lacks(t, "the public progress", string(a.body), append(none, "云溪路", "云稽", fmt.Sprint(lon))...)
	}
	log := s.log.String()
	lacks(t, "the log", log, append(none, codes...)...)
	for _, table := range []string{"event", "ticket", "offer", "proposal", "idempotency"} {
		var text string
		if err := s.db.Pool.QueryRow(t.Context(), `select coalesce(string_agg(x::text, ' '), '') from `+table+` x`).Scan(&text); err != nil {
			t.Fatal(err)
		}
		lacks(t, "the table "+table, text, append(none, codes...)...)
	}
}

var marked = opening(3, fmt.Sprintf(`{"mode":"named","name":%q,"phone":%q,"note":%q}`, markName, markPhone, markNote))

// markedTickets makes the three reports and returns them as they are at the end, with the reporters' codes.
func (s *scene) markedTickets(t *testing.T) (tickets []Ticket, codes []string) {
	t.Helper()
	for _, last := range []string{"", "arrive", "close"} {
		var made openAnswer
		a := s.do(t, "agent", "/tickets", strings.Replace(marked, "店里卖假烟", markNarrative, 1))
		a.into(t, 201, &made)
		lacks(t, "the agent's own answer", string(a.body), append([]string{markNarrative}, contact...)...)
		tk := made.Ticket
		if last != "" {
			unit, officer := s.units[0], "officer1"
			if last == "close" {
				unit, officer = s.units[2], "officer3"
			}
			s.offer(t, tk, unit, "较近").into(t, 200, &tk)
			s.do(t, officer, fmt.Sprintf("/offers/%d/accept", tk.Offer.ID), "").into(t, 200, &tk)
			for _, step := range []string{"depart", "arrive", "finish", "close"} {
				tk = s.act(t, officer, tk, step, `,"outcome":"I01","outcome_text":"已处理"`)
				if step == last {
					break
				}
			}
		}
		tickets, codes = append(tickets, tk), append(codes, made.Code)
	}
	return tickets, codes
}

// flush reads a stream until everything that has happened up to now has passed: every unit is reported broken once
// more, for another reason each time, and that is waited for.
func (s *scene) flush(t *testing.T, l *listener) []heard {
	t.Helper()
	mark := fmt.Sprintf("洗车%d次", s.keys.Add(1))
	for _, unit := range s.units {
		path, body := fmt.Sprintf("/units/%d/service", unit), fmt.Sprintf(`{"in_service":false,"reason":%q}`, mark)
		s.do(t, "dispatcher", path, body).into(t, 200, new(dispatch.UnitView))
	}
	last, before := l.until(t, func(h heard) bool {
		return (h.name == "unit" || h.name == "officer") && strings.Contains(h.data, mark)
	})
	return append(before, last)
}

func rolesAsLogins() (logins []string) {
	for _, r := range auth.Roles() {
		logins = append(logins, string(r))
	}
	return logins
}

func lacks(t testing.TB, where, body string, marks ...string) {
	t.Helper()
	for _, mark := range marks {
		if strings.Contains(body, mark) {
			t.Errorf("%s has %q: %.300s", where, mark, body)
		}
	}
}
