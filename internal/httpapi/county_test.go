package httpapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/auth"
	"jiujin/internal/pg"
	"jiujin/ticket"
)

// neighbours adds a second squad of the county with a unit, farther from the case than the others.
func (s *scene) neighbours(t testing.TB) (unit int64) {
	t.Helper()
	var squad auth.Org
	err := s.db.InTx(t.Context(), func(tx *pg.Tx) (err error) {
		squad, err = auth.CreateOrg(t.Context(), tx, auth.Org{ParentID: s.county.ID, Level: "squad", Code: "c-2", Name: "二中队"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	unit, key := s.addUnit(t, "云稽21", squad.ID)
	s.fix(t, key, lon, lat+0.05)
	return unit
}

// A leader, whose organisation is a squad, reads what the county reads, and nothing of the next county.
func TestLeaderSeesTheCounty(t *testing.T) {
	s := newScene(t).run(t)
	other := s.neighbours(t)
	tk := s.report(t).Ticket
	foreign := s.foreignReport(t)

	var list struct{ Tickets []Ticket }
	s.get(t, "leader1", "/tickets").into(t, 200, &list)
	if len(list.Tickets) != 1 || list.Tickets[0].ID != tk.ID || !slices.Equal(list.Tickets[0].Actions, []ticket.Action{ticket.ActOffer}) {
		t.Errorf("tickets %s", toJSON(t, list))
	}
	if d := s.detail(t, "leader1", tk.ID); d.Narrative != "店里卖假烟" || len(d.Events) != 3 {
		t.Errorf("detail %+v", d)
	}
	var ranked struct{ Candidates []dispatch.Candidate }
	s.get(t, "leader1", fmt.Sprintf("/tickets/%d/candidates", tk.ID)).into(t, 200, &ranked)
	if len(ranked.Candidates) != 5 {
		t.Errorf("%d candidates", len(ranked.Candidates))
	}
	var units struct{ Units []dispatch.UnitView }
	s.get(t, "leader1", "/units").into(t, 200, &units)
	if len(units.Units) != 5 || slices.ContainsFunc(units.Units, func(v dispatch.UnitView) bool { return v.ID == s.abroad }) {
		t.Errorf("units %s", toJSON(t, units))
	}
	s.get(t, "leader1", fmt.Sprintf("/units/%d", other)).into(t, 200, new(dispatch.UnitView))
	var near struct{ Units []nearUnit }
	s.get(t, "leader1", fmt.Sprintf("/units/near?lon=%v&lat=%v&k=9", lon, lat)).into(t, 200, &near)
	if len(near.Units) != 4 { // the fifth has never been seen
		t.Errorf("near %s", toJSON(t, near))
	}
	var shifts struct{ Shifts []dispatch.Shift }
	s.get(t, "leader1", "/shifts").into(t, 200, &shifts)
	if len(shifts.Shifts) != 4 {
		t.Errorf("shifts %+v", shifts)
	}
	var figures dispatch.KPI
	s.get(t, "leader1", "/kpi").into(t, 200, &figures)
	if figures.Today.Received != 1 || figures.Today.UnitsTotal != 5 {
		t.Errorf("figures %+v", figures.Today)
	}
	var snap snapshot
	l := s.listen(t, "leader1", "board", "1")
	l.begin(t, "snapshot").into(t, &snap)
	if len(snap.Units) != 5 || len(snap.Tickets) != 1 {
		t.Errorf("snapshot %+v", snap)
	}
	_, missed := l.until(t, func(h heard) bool { return h.name == "event" && strings.Contains(h.data, "ticket.triaged") })
	s.act(t, "dispatcher", tk, "cancel", `,"reason":"重复"`)
	_, then := l.until(t, func(h heard) bool { return h.name == "ticket" && strings.Contains(h.data, "cancelled") })
	for _, h := range append(missed, then...) {
		if h.name == "event" && strings.Contains(h.data, fmt.Sprintf(`"ticket_id":%d,`, foreign.ID)) {
			t.Errorf("of the next county: %+v", h)
		}
	}
	s.get(t, "leader1", fmt.Sprintf("/tickets/%d", foreign.ID)).want(t, 404, "not_found")
	s.get(t, "leader1", fmt.Sprintf("/tickets/%d/candidates", foreign.ID)).want(t, 404, "not_found")
	s.get(t, "leader1", fmt.Sprintf("/units/%d", s.abroad)).want(t, 404, "not_found")
}

// foreignReport is a located report of the next county.
func (s *scene) foreignReport(t testing.TB) Ticket {
	t.Helper()
	var made openAnswer
	s.do(t, "stranger", "/tickets", opening(3, anonymous)).into(t, http.StatusCreated, &made)
	return made.Ticket
}

// What a leader changes lies in the own squad: the county's ticket goes to the own units only.
func TestLeaderSendsTheOwnUnits(t *testing.T) {
	s := newScene(t)
	other := s.neighbours(t)
	tk, second, foreign := s.report(t).Ticket, s.report(t).Ticket, s.foreignReport(t)
	offer := func(tk Ticket, unit int64) answer {
		t.Helper()
		return s.do(t, "leader1", fmt.Sprintf("/tickets/%d/offers", tk.ID),
			fmt.Sprintf(`{"unit_id":%d,"version":%d,"override_reason":"本队"}`, unit, tk.Version))
	}
	offer(tk, other).want(t, 404, "not_found")
	offer(tk, s.unit).want(t, 404, "not_found")
	offer(tk, s.abroad).want(t, 404, "not_found")
	offer(foreign, s.units[0]).want(t, 404, "not_found")
	offer(foreign, s.abroad).want(t, 404, "not_found")
	offer(tk, s.units[1]).into(t, 200, &tk)
	if tk.Offer == nil || tk.Offer.UnitID != s.units[1] || !slices.Contains(tk.Actions, ticket.ActWithdraw) {
		t.Errorf("offered %s", toJSON(t, tk))
	}
	s.offer(t, second, other, "二中队").into(t, 200, &second)
	if d := s.detail(t, "leader1", second.ID); len(d.Actions) != 0 {
		t.Errorf("with another squad's unit: %v", d.Actions)
	}
	p := s.tryAct(t, "leader1", second, "withdraw", `,"reason":"我们去"`).want(t, 409, "not_your_ticket")
	if p.Current == nil {
		t.Error("the problem does not show the ticket")
	}
	offer(second, s.units[0]).want(t, 409, "ticket_taken")
	for path, body := range map[string]string{
		fmt.Sprintf("/units/%d/service", other): `{"in_service":false,"reason":"x"}`,
		"/shifts":                               fmt.Sprintf(`{"unit_id":%d,"from":%q,"to":%q}`, other, start.Add(20*time.Hour).Format(time.RFC3339), start.Add(21*time.Hour).Format(time.RFC3339)),
	} {
		s.do(t, "leader1", path, body).want(t, 404, "not_found")
	}
}

// Whose ticket was taken away while the phone was offline is told so, with the ticket as it is.
func TestTicketTakenAwayMeanwhile(t *testing.T) {
	s := newScene(t)
	s.neighbours(t)
	cancelled := s.accepted(t)
	now := s.act(t, "dispatcher", cancelled, "cancel", `,"reason":"重复"`)
	p := s.tryAct(t, "officer1", cancelled, "depart", "").want(t, 409, "not_your_ticket")
	if current := toJSON(t, p.Current); !strings.Contains(current, `"status":"cancelled"`) || !strings.Contains(current, fmt.Sprintf(`"version":%d`, now.Version)) {
		t.Errorf("current %s", current)
	}
	moved := s.accepted(t)
	moved = s.act(t, "dispatcher", moved, "redispatch", `,"reason":"换人"`)
	s.offer(t, moved, s.units[1], "近").into(t, 200, &moved)
	s.do(t, "officer2", fmt.Sprintf("/offers/%d/accept", moved.Offer.ID), "").into(t, 200, &moved)
	p = s.tryAct(t, "officer1", moved, "depart", "").want(t, 409, "not_your_ticket")
	if current := toJSON(t, p.Current); !strings.Contains(current, `"call_sign":"云稽12"`) {
		t.Errorf("current %s", current)
	}
	s.tryAct(t, "officer9", moved, "depart", "").want(t, 404, "not_found")
	s.tryAct(t, "stranger", moved, "cancel", `,"reason":"x"`).want(t, 404, "not_found")
}

// The names of those who acted are read with the timeline and the stream, kept out of the log, and gone when erased.
func TestEventsNameWhoActed(t *testing.T) {
	s := newScene(t).run(t)
	l := s.listen(t, "leader1", "board", "")
	l.begin(t, "snapshot")
	tk := s.accepted(t)
	names := func() (out []string) {
		for _, e := range s.detail(t, "dispatcher", tk.ID).Events {
			out = append(out, e.Type+" "+e.ActorName)
		}
		return out
	}
	want := []string{"ticket.registered 人员agent", "ticket.triaged 人员agent", "place.unverified 人员agent", "offer.made 人员dispatcher", "offer.accepted 人员officer1"}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, name := range []string{"人员agent", "人员dispatcher", "人员officer1"} {
		l.until(t, func(h heard) bool { return h.name == "event" && strings.Contains(h.data, `"actor_name":"`+name+`"`) })
	}
	if n := s.count(t, `select count(*) from event where body like '%人员%' or actor like '%人员%'`); n != 0 {
		t.Errorf("%d events hold a name", n)
	}
	// Somebody of another county stays a number; so does one whose name was erased.
	for _, sql := range []string{
		`update person set org_id = ` + id(s.other.ID) + ` where login = 'agent'`,
		`update person set name = '' where login = 'officer1'`,
	} {
		if _, err := s.db.Pool.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	want = []string{"ticket.registered ", "ticket.triaged ", "place.unverified ", "offer.made 人员dispatcher", "offer.accepted "}
	if got := names(); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
