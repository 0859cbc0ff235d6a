package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/ticket"
	"jiujin/tracking"
)

func device(unit int64) tracking.Device { return tracking.Device{UnitID: unit, Label: "车载终端"} }

func TestLifeOfATicketOverHTTP(t *testing.T) {
	s := newScene(t)
	made := s.report(t)
	tk := made.Ticket
	if tk.Status != ticket.ToDispatch || tk.Version != 2 || len(made.Code) != 8 || !ticket.ValidNumber(tk.Number) {
		t.Fatalf("registered as %+v", made)
	}

	var list struct {
		ETABasis   string `json:"eta_basis"`
		Candidates []dispatch.Candidate
	}
	s.get(t, "dispatcher", fmt.Sprintf("/tickets/%d/candidates", tk.ID)).into(t, 200, &list)
	want := map[int64]dispatch.Reason{
		s.units[0]: dispatch.ReasonBest, s.units[1]: dispatch.ReasonFarther, s.units[2]: dispatch.ReasonFarther, s.unit: dispatch.ReasonOffShift,
	}
	if len(list.Candidates) != len(want) || list.ETABasis == "" {
		t.Errorf("%d candidates by %q, want every unit of the county", len(list.Candidates), list.ETABasis)
	}
	for _, c := range list.Candidates {
		if c.Reason != want[c.UnitID] {
			t.Errorf("unit %d: %s, want %s", c.UnitID, c.Reason, want[c.UnitID])
		}
	}

	s.offer(t, tk, s.units[1], "").want(t, 422, "override_reason_required")
	p := s.offer(t, tk, s.unit, "就是他").want(t, 409, "unit_busy")
	if p.Reason != "off_shift" {
		t.Errorf("busy because %q", p.Reason)
	}
	s.offer(t, tk, s.units[1], "更熟悉该店").into(t, 200, &tk)
	if tk.Status != ticket.Offered || tk.Offer == nil || tk.Offer.UnitID != s.units[1] {
		t.Fatalf("offered as %+v", tk)
	}
	s.offer(t, tk, s.units[0], "").want(t, 409, "ticket_taken")

	accept := fmt.Sprintf("/offers/%d/accept", tk.Offer.ID)
	s.do(t, "officer1", accept, "").want(t, 404, "not_found") // another unit's officer
	s.do(t, "officer9", accept, "").want(t, 404, "not_found")
	var state dispatch.OfficerState
	s.get(t, "officer2", "/officer").into(t, 200, &state)
	if state.Offer == nil || state.Offer.OfferID != tk.Offer.ID || state.Offer.Narrative != "店里卖假烟" {
		t.Errorf("the officer's page: %+v", state.Offer)
	}
	offer := tk.Offer.ID
	s.pass(time.Minute)
	s.do(t, "officer2", accept, "").into(t, 200, &tk)
	s.do(t, "officer2", accept, "").want(t, 410, "offer_closed") // with another key
	s.do(t, "officer2", fmt.Sprintf("/offers/%d/decline", offer), `{"reason_code":"other"}`).want(t, 410, "offer_closed")

	s.tryAct(t, "officer1", tk, "depart", "").want(t, 409, "not_your_ticket")
	for _, step := range []struct {
		action, more string
		status       ticket.Status
	}{
		{"depart", "", ticket.EnRoute},
		{"arrive", "", ticket.OnScene},
		{"finish", `,"outcome":"I01"`, ticket.Reporting},
		{"close", `,"outcome_text":"查获假烟 3 条"`, ticket.Closed},
	} {
		s.pass(time.Minute)
		before := tk.Version
		tk = s.act(t, "officer2", tk, step.action, step.more)
		if tk.Status != step.status || tk.Version != before+1 {
			t.Errorf("after %s: %s, version %d after %d", step.action, tk.Status, tk.Version, before)
		}
	}
	d := s.detail(t, "supervisor", tk.ID)
	if got, want := eventTypes(d), "ticket.registered ticket.triaged place.unverified offer.made offer.accepted sortie.departed sortie.arrived sortie.finished ticket.closed"; got != want {
		t.Errorf("timeline %s, want %s", got, want)
	}
	if len(d.Offers) != 1 || d.Offers[0].Status != "accepted" || d.Offers[0].Override != "更熟悉该店" ||
		len(d.Sorties) != 1 || d.Sorties[0].Status != "done" || d.Sorties[0].ArrivalDistanceM == nil || d.OutcomeText != "查获假烟 3 条" {
		t.Errorf("offers %+v, sorties %+v", d.Offers, d.Sorties)
	}
}

func TestConflictsSayWhatIsSo(t *testing.T) {
	s := newScene(t)
	tk := s.accepted(t)
	stale := tk
	stale.Version--
	for _, login := range []string{"officer1", "dispatcher"} { // the officer's team does not contain the county
		p := s.tryAct(t, login, stale, "redispatch", `,"reason":"x"`).want(t, 409, "version_conflict")
		var current Ticket
		if err := json.Unmarshal([]byte(toJSON(t, p.Current)), &current); err != nil || current.Version != tk.Version || current.Status != ticket.Accepted {
			t.Errorf("%s is told of version %d, %s (%v)", login, current.Version, current.Status, err)
		}
	}
	p := s.tryAct(t, "officer1", tk, "finish", `,"outcome":"I01"`).want(t, 422, "illegal_transition")
	if got := toJSON(t, p.Allowed); got != `["depart","redispatch"]` {
		t.Errorf("allowed %s", got)
	}
	p = s.tryAct(t, "dispatcher", tk, "cancel", "").want(t, 422, "validation")
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.reason" {
		t.Errorf("faults %+v", p.Errors)
	}
	s.tryAct(t, "dispatcher", tk, "fly", "").want(t, 422, "illegal_transition")

	second := s.report(t).Ticket
	for unit, reason := range map[int64]string{s.units[0]: "on_task", s.unit: "off_shift"} {
		if p := s.offer(t, second, unit, "y").want(t, 409, "unit_busy"); p.Reason != reason {
			t.Errorf("unit %d is busy because %q, want %q", unit, p.Reason, reason)
		}
	}
	s.offer(t, second, s.units[1], "").into(t, 200, &second)
	third := s.report(t).Ticket
	if p := s.offer(t, third, s.units[1], "y").want(t, 409, "unit_busy"); p.Reason != "offered" || !strings.Contains(p.Detail, "open offer") {
		t.Errorf("busy because %q", p.Reason)
	}
	s.do(t, "dispatcher", fmt.Sprintf("/units/%d/service", s.units[2]), `{"in_service":false,"reason":"爆胎"}`).into(t, 200, new(dispatch.UnitView))
	if p := s.offer(t, third, s.units[2], "y").want(t, 409, "unit_busy"); p.Reason != "in_repair" || !strings.Contains(p.Detail, "in repair") {
		t.Errorf("busy because %q", p.Reason)
	}
}

func TestOtherCountiesAndRolesAreKeptOut(t *testing.T) {
	s := newScene(t)
	tk := s.accepted(t)
	path := fmt.Sprintf("/tickets/%d", tk.ID)
	for _, a := range []answer{
		s.get(t, "stranger", path),
		s.get(t, "stranger", path+"/candidates"),
		s.tryAct(t, "stranger", tk, "cancel", `,"reason":"x"`),
		s.offer(t, tk, s.abroad, "x"), // the county's own dispatcher, a unit from next door
		s.do(t, "stranger", path+"/offers", fmt.Sprintf(`{"unit_id":%d,"version":1}`, s.abroad)),
		s.get(t, "stranger", fmt.Sprintf("/units/%d", s.units[0])),
		s.do(t, "stranger", fmt.Sprintf("/units/%d/service", s.units[0]), `{"in_service":true}`),
		s.do(t, "officer2", fmt.Sprintf("/units/%d/service", s.units[0]), `{"in_service":false,"reason":"x"}`),
	} {
		if a.status != 404 && a.problem(t).Code != "ticket_taken" {
			t.Errorf("%d %s", a.status, a.body)
		}
	}
	s.get(t, "wall", path).want(t, 403, "forbidden")
	s.get(t, "wall", "/tickets").want(t, 403, "forbidden")
	s.get(t, "officer1", path).want(t, 403, "forbidden")

	var tickets struct{ Tickets []Ticket }
	s.get(t, "stranger", "/tickets?status=all").into(t, 200, &tickets)
	var units struct{ Units []dispatch.UnitView }
	s.get(t, "stranger", "/units").into(t, 200, &units)
	if len(tickets.Tickets) != 0 || len(units.Units) != 1 || units.Units[0].ID != s.abroad {
		t.Errorf("the next county sees %d tickets and units %+v", len(tickets.Tickets), units.Units)
	}
	var near struct {
		Units []struct{ Unit dispatch.UnitView }
	}
	s.get(t, "stranger", fmt.Sprintf("/units/near?lon=%v&lat=%v&k=9", lon, lat)).into(t, 200, &near)
	if len(near.Units) != 1 || near.Units[0].Unit.ID != s.abroad {
		t.Errorf("near: %+v", near.Units)
	}
}

// readers change nothing: what they are asked is too long, or too private, for an address.
var readers = []string{"/api/v1/dossier", "/api/v1/resolve", "/api/v1/retailers/preview"}

// Every mutating route is called twice with the same key: one effect, one answer.
func TestRepeatsHaveOneEffect(t *testing.T) {
	s := newScene(t)
	offered := s.report(t).Ticket
	s.offer(t, offered, s.units[0], "").into(t, 200, &offered)
	declined := s.report(t).Ticket
	s.offer(t, declined, s.units[1], "").into(t, 200, &declined)
	waiting := s.report(t).Ticket
	named := openAnswer{}
	s.do(t, "agent", "/tickets", opening(3, `{"mode":"named","name":"王五","phone":"13800001234"}`)).into(t, 201, &named)
	csv := "许可证号,企业名称,经度,纬度\n110101100001,东风烟酒店,117.9,28.4\n"
	var shift dispatch.Shift
	s.do(t, "dispatcher", "/shifts", fmt.Sprintf(`{"unit_id":%d,"from":"2026-11-25T00:00:00Z","to":"2026-11-25T08:00:00Z"}`, s.unit)).into(t, 201, &shift)

	var fence fenceView
	s.do(t, "dispatcher", "/fences", `{"name":"汽车站","circle":{"lon":117.9,"lat":28.4,"radius_m":300}}`).into(t, 201, &fence)
	var device newDevice
	s.do(t, "administrator", fmt.Sprintf("/units/%d/devices", s.units[0]), `{"label":"备用"}`).into(t, 201, &device)

	routes := map[string]bool{} // covered ones
	tries := append(s.triesOfPlaces(t), []try{
		{"agent", "POST", "/tickets", "/tickets", opening(3, anonymous)},
		{"dispatcher", "POST", "/tickets/{id}/offers", fmt.Sprintf("/tickets/%d/offers", waiting.ID), fmt.Sprintf(`{"unit_id":%d,"version":%d}`, s.units[2], waiting.Version)},
		{"officer1", "POST", "/offers/{id}/accept", fmt.Sprintf("/offers/%d/accept", offered.Offer.ID), ""},
		{"officer2", "POST", "/offers/{id}/decline", fmt.Sprintf("/offers/%d/decline", declined.Offer.ID), `{"reason_code":"danger"}`},
		{"officer1", "POST", "/tickets/{id}/actions/{action}", fmt.Sprintf("/tickets/%d/actions/depart", offered.ID), fmt.Sprintf(`{"version":%d}`, offered.Version+1)},
		{"officer1", "POST", "/tickets/{id}/actions/{action}", fmt.Sprintf("/tickets/%d/actions/arrive", offered.ID), fmt.Sprintf(`{"version":%d}`, offered.Version+2)},
		{"officer1", "POST", "/tickets/{id}/place", fmt.Sprintf("/tickets/%d/place", offered.ID), fmt.Sprintf(`{"version":%d,"retailer_licence_no":"510104100009"}`, offered.Version+3)},
		{"agent", "POST", "/tickets/{id}/reveal", fmt.Sprintf("/tickets/%d/reveal", named.Ticket.ID), `{"reason":"回访核实"}`},
		{"administrator", "POST", "/units", "/units", fmt.Sprintf(`{"call_sign":"云稽20","org_id":%d,"crew":2}`, s.county.ID)},
		{"dispatcher", "POST", "/units/{id}/service", fmt.Sprintf("/units/%d/service", s.units[1]), `{"in_service":false,"reason":"爆胎"}`},
		{"administrator", "POST", "/units/{id}/devices", fmt.Sprintf("/units/%d/devices", s.units[0]), `{"label":"备用"}`},
		{"leader", "POST", "/shifts", "/shifts", fmt.Sprintf(`{"unit_id":%d,"from":"2026-11-24T00:00:00Z","to":"2026-11-24T08:00:00Z"}`, s.units[0])},
		{"leader", "DELETE", "/shifts/{id}", fmt.Sprintf("/shifts/%d", shift.ID), ""},
		{"administrator", "PUT", "/policy/{urgency}", "/policy/4", `{"mode":"auto","offer_seconds":60,"max_offers":2,"eta_cap_min":60,"border_min":5}`},
		{"administrator", "POST", "/retailers/import", "/retailers/import", csv},
		{"administrator", "POST", "/people", "/people", fmt.Sprintf(`{"login":"new.one","name":"新人","role":"agent","org_id":%d}`, s.county.ID)},
		{"administrator", "POST", "/people/{id}/disable", fmt.Sprintf("/people/%d/disable", s.people["wall"].ID), ""},
		{"administrator", "POST", "/people/{id}/password", fmt.Sprintf("/people/%d/password", s.people["supervisor"].ID), ""},
		{"administrator", "POST", "/orgs", "/orgs", s.orgBody("s9")},
		{"dispatcher", "POST", "/fences", "/fences", `{"name":"码头","circle":{"lon":117.9,"lat":28.4,"radius_m":300}}`},
		{"dispatcher", "PATCH", "/fences/{id}", fmt.Sprintf("/fences/%d", fence.ID), `{"name":"汽车站","circle":{"lon":117.9,"lat":28.4,"radius_m":200}}`},
		{"dispatcher", "DELETE", "/fences/{id}", fmt.Sprintf("/fences/%d", fence.ID), ""},
		{"administrator", "PATCH", "/devices/{id}", fmt.Sprintf("/devices/%d", device.DeviceID), `{"interval_s":30}`},
		{"administrator", "POST", "/devices/{id}/settle-conflict", fmt.Sprintf("/devices/%d/settle-conflict", device.DeviceID), ""},
		{"keeper", "POST", "/gateways", "/gateways", `{"label":"市局平台"}`},
	}...)
	for i, c := range tries {
		key := fmt.Sprintf("the-same-key-again-%04d", i)
		before := s.count(t, `select count(*) from event`)
		first := s.doKey(t, c.login, c.method, c.path, c.body, key)
		after := s.count(t, `select count(*) from event`)
		rows := s.count(t, `select (select count(*) from org) + (select count(*) from vault.reveal) + (select count(*) from ticket)`)
		again := s.doKey(t, c.login, c.method, c.path, c.body, key)
		if first.status >= 300 || again.status != first.status || string(again.body) != string(first.body) {
			t.Errorf("%s %s: first %d %s, then %d %s", c.method, c.path, first.status, first.body, again.status, again.body)
		}
		if n := s.count(t, `select count(*) from event`); n != after || c.route != "/orgs" && after == before {
			t.Errorf("%s %s: %d events, then %d more", c.method, c.path, after-before, n-after)
		}
		if n := s.count(t, `select (select count(*) from org) + (select count(*) from vault.reveal) + (select count(*) from ticket)`); n != rows {
			t.Errorf("%s %s: %d rows more", c.method, c.path, n-rows)
		}
		s.doKey(t, c.login, c.method, c.path, c.body, "short").want(t, 422, "validation")
		routes[c.method+" /api/v1"+c.route] = true
	}
	for _, r := range accessTable() {
		exempt := strings.HasPrefix(r.path, "/api/v1/session") || strings.HasPrefix(r.path, "/in/") || r.path == "/api/v1/fixes" || r.path == "/api/v1/public/progress" ||
			slices.Contains(readers, r.path)
		if r.method != http.MethodGet && !exempt && !routes[r.method+" "+r.path] {
			t.Errorf("%s %s is not tried", r.method, r.path)
		}
	}
}

func TestRevealIsRecorded(t *testing.T) {
	s := newScene(t)
	var made openAnswer
	s.do(t, "agent", "/tickets", opening(3, `{"mode":"hidden","name":"王五","phone":"13800001234","note":"晚上打"}`)).into(t, 201, &made)
	path := fmt.Sprintf("/tickets/%d/reveal", made.Ticket.ID)
	for _, login := range []string{"dispatcher", "leader", "wall", "administrator", "officer1"} {
		s.do(t, login, path, `{"reason":"好奇"}`).want(t, 403, "forbidden")
	}
	s.do(t, "agent", path, `{"reason":"  "}`).want(t, 422, "validation")
	var got struct{ Reporters []revealedReporter }
	s.do(t, "supervisor", path, `{"reason":"回访核实"}`).into(t, 200, &got)
	if len(got.Reporters) != 1 || got.Reporters[0].Name != "王五" || got.Reporters[0].Phone != "13800001234" || got.Reporters[0].Note != "晚上打" {
		t.Errorf("revealed %+v", got.Reporters)
	}
	if n := s.count(t, fmt.Sprintf(`select count(*) from vault.reveal where person_id = %d and reason = '回访核实'`, s.people["supervisor"].ID)); n != 1 {
		t.Errorf("%d looks recorded", n)
	}
	d := s.detail(t, "dispatcher", made.Ticket.ID)
	if !slices.ContainsFunc(d.Events, func(e dispatch.EventView) bool { return e.Type == "vault.revealed" }) {
		t.Errorf("timeline %s", eventTypes(d))
	}
}

// A case lies in the area served: a point elsewhere is refused, when it is registered and when it is corrected.
func TestCaseOutsideTheRegionIsRefused(t *testing.T) {
	s := newScene(t)
	const here = `"lon":117.97,"lat":28.45`
	body := opening(3, anonymous)
	if !strings.Contains(body, here) {
		t.Fatalf("the sample has another point: %s", body)
	}
	elsewhere := func(point string) string {
		return strings.Replace(body, here, point, 1)
	}
	p := s.do(t, "agent", "/tickets", elsewhere(`"lon":2.35,"lat":48.8`)).want(t, 422, "validation")
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.lon" || !strings.Contains(p.Errors[0].Message, "region") || strings.Contains(p.Errors[0].Message, "swapped") {
		t.Errorf("%+v", p.Errors)
	}
	tk := s.report(t).Ticket
	p = s.tryAct(t, "agent", tk, "amend", `,"lon":2.35,"lat":48.8,"reason":"x"`).want(t, 422, "validation")
	if len(p.Errors) != 1 || p.Errors[0].Location != "body.lon" {
		t.Errorf("amend: %+v", p.Errors)
	}
	s.deps.Region = orb.Bound{Min: orb.Point{70, 3}, Max: orb.Point{136, 54}}
	p = s.do(t, "agent", "/tickets", elsewhere(`"lon":40.1,"lat":80.2`)).want(t, 422, "validation")
	if len(p.Errors) != 1 || !strings.Contains(p.Errors[0].Message, "swapped") {
		t.Errorf("swapped: %+v", p.Errors)
	}
	s.deps.Region = orb.Bound{} // the whole Earth
	s.do(t, "agent", "/tickets", elsewhere(`"lon":2.35,"lat":48.8`)).into(t, 201, &openAnswer{})
}
