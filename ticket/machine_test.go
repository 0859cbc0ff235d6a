package ticket_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/internal/pg/pgtest"
	"jiujin/ticket"
)

// The machine once more, written down apart from the code: from | action | to | roles | needs.
const machine = `
registered  | triage     | to_dispatch | agent dispatcher engine          | point
registered  | answer     | closed      | agent dispatcher                 | outcome_text
to_dispatch | offer      | offered     | dispatcher leader engine         | unit_id
offered     | decline    | to_dispatch | officer leader                   | reason
offered     | expire     | to_dispatch | engine                           |
offered     | withdraw   | to_dispatch | dispatcher leader engine         | reason
offered     | accept     | accepted    | officer leader                   |
accepted    | depart     | en_route    | officer leader                   |
en_route    | arrive     | on_scene    | officer leader                   |
on_scene    | finish     | reporting   | officer leader                   | outcome
reporting   | close      | closed      | officer leader dispatcher        | outcome_text
accepted    | redispatch | to_dispatch | dispatcher leader officer engine | reason
en_route    | redispatch | to_dispatch | dispatcher leader officer engine | reason
on_scene    | redispatch | to_dispatch | dispatcher leader officer engine | reason
registered  | cancel     | cancelled   | dispatcher supervisor            | reason
to_dispatch | cancel     | cancelled   | dispatcher supervisor            | reason
offered     | cancel     | cancelled   | dispatcher supervisor            | reason
accepted    | cancel     | cancelled   | dispatcher supervisor            | reason
en_route    | cancel     | cancelled   | dispatcher supervisor            | reason
on_scene    | cancel     | cancelled   | dispatcher supervisor            | reason
reporting   | cancel     | cancelled   | dispatcher supervisor            | reason
registered  | amend      | registered  | agent dispatcher                 |
to_dispatch | amend      | to_dispatch | agent dispatcher                 |
`

// byTheBook is the step that leads on from each status.
var byTheBook = map[string]string{
	"registered": "triage", "to_dispatch": "offer", "offered": "accept", "accepted": "depart", "en_route": "arrive", "on_scene": "finish", "reporting": "close",
}

type rule struct {
	from, action, to string
	roles, needs     []string
}

var (
	rules   = parseMachine()
	roles   = strings.Fields("administrator agent dispatcher leader officer supervisor wall engine")
	actions = strings.Fields("triage answer offer decline expire withdraw accept depart arrive finish close redispatch cancel amend explode")
)

func parseMachine() (out []rule) {
	for _, line := range strings.Split(strings.TrimSpace(machine), "\n") {
		f := strings.Split(line, "|")
		for i := range f {
			f[i] = strings.TrimSpace(f[i])
		}
		out = append(out, rule{f[0], f[1], f[2], strings.Fields(f[3]), strings.Fields(f[4])})
	}
	return out
}

// model is what a ticket should be.
type model struct {
	kind    ticket.Kind
	located bool
	status  string
	version int
	urgency ticket.Urgency
	outcome string
	events  int
	subtype string
}

// fits: a report is not answered on the phone, it is gone to, unless there is nowhere to go.
func (m *model) fits(r rule) bool {
	return r.from == m.status && (r.action != "answer" || m.kind != ticket.Report || m.subtype == "R12" || m.subtype == "R15")
}

// answer is how the ticket should answer a step: "" and its new state, or what is wrong with it.
func (m *model) answer(role string, s ticket.Step) (string, model) {
	if s.Version != 0 && s.Version != m.version {
		return "version", *m
	}
	i := slices.IndexFunc(rules, func(r rule) bool { return m.fits(r) && r.action == string(s.Action) })
	if i < 0 {
		return "transition", *m
	}
	if !slices.Contains(rules[i].roles, role) {
		return "forbidden", *m
	}
	for _, need := range rules[i].needs {
		if map[string]bool{"reason": s.Reason == "", "outcome": s.Outcome == "", "outcome_text": s.OutcomeText == "", "unit_id": s.UnitID == 0}[need] {
			return "invalid", *m
		}
	}
	if rules[i].to == "to_dispatch" && !m.located && s.Action != "amend" {
		return "invalid", *m
	}
	next := *m
	if a := s.Amend; a != nil {
		if a.Place != nil && a.Place.Point == nil && m.status == "to_dispatch" {
			return "invalid", *m
		}
		if a.Place != nil {
			next.located = a.Place.Point != nil
		}
		if a.Urgency != 0 {
			next.urgency = a.Urgency
		}
	}
	if s.Outcome != "" {
		next.outcome = s.Outcome
	}
	next.status = rules[i].to
	next.version++
	next.events++
	return "", next
}

func (m *model) allowed(role string) []ticket.Action {
	out := []ticket.Action{}
	for _, a := range actions {
		if slices.ContainsFunc(rules, func(r rule) bool { return m.fits(r) && r.action == a && slices.Contains(r.roles, role) }) {
			out = append(out, ticket.Action(a))
		}
	}
	return out
}

func verdict(err error) string {
	var transition *ticket.TransitionError
	var invalid ticket.Invalid
	switch {
	case err == nil:
		return ""
	case errors.Is(err, ticket.ErrVersion):
		return "version"
	case errors.As(err, &transition):
		return "transition"
	case errors.Is(err, ticket.ErrForbidden):
		return "forbidden"
	case errors.As(err, &invalid):
		return "invalid"
	}
	return err.Error()
}

// anyStep is anything at all one time in two, and else a step that a person could well take, or walks would not get far.
func anyStep(t *rapid.T, m *model) (role string, s ticket.Step) {
	s = ticket.Step{Version: m.version, Reason: "说明", Outcome: "I01", OutcomeText: "已查处", UnitID: 1}
	likely := []rule{}
	for _, r := range rules {
		ending := r.action == "cancel" || r.action == "answer"
		if m.fits(r) && (!ending || rapid.IntRange(0, 9).Draw(t, "ends") == 0) {
			likely = append(likely, r)
		}
	}
	if len(likely) > 0 && rapid.Bool().Draw(t, "likely") {
		r := rapid.SampledFrom(likely).Draw(t, "rule")
		role, s.Action = rapid.SampledFrom(r.roles).Draw(t, "role"), ticket.Action(r.action)
	} else {
		role = rapid.SampledFrom(roles).Draw(t, "any role")
		s.Action = ticket.Action(rapid.SampledFrom(actions).Draw(t, "any action"))
		s.Version = rapid.SampledFrom([]int{m.version, m.version, 0, m.version + 1, m.version - 1}).Draw(t, "version")
		s.Reason = rapid.SampledFrom([]string{"", "说明"}).Draw(t, "reason")
		s.Outcome = rapid.SampledFrom([]string{"", "I05"}).Draw(t, "outcome")
		s.OutcomeText = rapid.SampledFrom([]string{"", "已查处"}).Draw(t, "outcome text")
		s.UnitID = rapid.Int64Range(0, 3).Draw(t, "unit")
	}
	if s.Action == "amend" {
		s.Amend = &ticket.Amendment{Urgency: ticket.Urgency(rapid.IntRange(0, 4).Draw(t, "urgency"))}
		switch rapid.SampledFrom([]string{"stays", "point", "words"}).Draw(t, "place") {
		case "point":
			s.Amend.Place = &ticket.Place{Point: &orb.Point{118, 28.5}}
		case "words":
			s.Amend.Place = &ticket.Place{Text: "大桥下"}
		}
	}
	return role, s
}

func TestMachineAgainstModel(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	visited, refusals := map[string]bool{}, map[string]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		in := report()
		in.Subtype = rapid.SampledFrom([]string{"R02", "R12", "C01", "C07", "Q03", "S01"}).Draw(rt, "subtype")
		sub, _ := ticket.SubtypeByCode(in.Subtype)
		in.Kind = sub.Kind
		far := rapid.IntRange(0, 7).Draw(rt, "far") // goes so many steps by the book first
		if rapid.Bool().Draw(rt, "farther") {
			far = 7 - far
		}
		m := model{kind: sub.Kind, located: far > 0 || rapid.Bool().Draw(rt, "located"), status: "registered", version: 1, urgency: sub.Urgency, events: 1, subtype: sub.Code}
		if !m.located {
			in.Place.Point = nil
		}
		if sub.FieldVisit && m.located {
			m.status, m.version, m.events = "to_dispatch", 2, 2
		}
		tk, _ := o.open(t, in)
		for i := range far + rapid.IntRange(0, 20).Draw(rt, "steps") {
			o.pass(time.Duration(rapid.IntRange(-2000, 60_000).Draw(rt, "ms")) * time.Millisecond) // clocks are put back, too
			role, step := anyStep(rt, &m)
			if action := byTheBook[m.status]; i < far && action != "" {
				r := rules[slices.IndexFunc(rules, func(r rule) bool { return r.action == action })]
				role, step = r.roles[0], ticket.Step{Action: ticket.Action(action), Version: m.version, Outcome: "I01", OutcomeText: "已查处", UnitID: 1}
			}
			want, next := m.answer(role, step)
			actor := o.dispatcher
			actor.Role = role
			_, err := o.advance(actor, tk.ID, step)
			if got := verdict(err); got != want {
				rt.Fatalf("%s by %s on %+v: %q, want %q", step.Action, role, m, got, want)
			}
			var transition *ticket.TransitionError
			if errors.As(err, &transition) {
				sorted := slices.Sorted(slices.Values(transition.Allowed))
				if expect := slices.Sorted(slices.Values(m.allowed(role))); !slices.Equal(sorted, expect) || transition.Allowed == nil {
					rt.Fatalf("allowed to %s in %s: %v, want %v", role, m.status, sorted, expect)
				}
			}
			m = next
			visited[m.status], refusals[want] = true, true
		}
		checkModel(rt, o, tk.ID, &m)
	})
	if len(visited) != 9 || len(refusals) != 5 {
		t.Errorf("the walks saw only the states %v and the answers %v", visited, refusals)
	}
	if _, err := ticket.VerifyChain(t.Context(), o.db); err != nil {
		t.Error(err)
	}
}

// checkModel compares row, model and the state that the event log tells.
func checkModel(t *rapid.T, o *office, id int64, m *model) {
	var tk ticket.Ticket
	var stamps []*time.Time
	var inOrder bool
	tk, err := ticket.Find(t.Context(), o.db.Pool, ticket.Engine, id)
	if err != nil {
		t.Fatal(err)
	}
	got := model{tk.Kind, tk.Point != nil, string(tk.Status), tk.Version, tk.Urgency, tk.Outcome, m.events, tk.Subtype}
	if got != *m {
		t.Fatalf("row %+v, model %+v", got, *m)
	}
	err = o.db.Pool.QueryRow(t.Context(), `select
		array[registered_at, to_dispatch_at, first_offer_at, accepted_at, en_route_at, on_scene_at, scene_done_at, closed_at],
		(select bool_and(later >= earlier) from (
			select at as later, lag(at) over (order by n) as earlier from unnest(
				array[registered_at, to_dispatch_at, first_offer_at, accepted_at, en_route_at, on_scene_at, scene_done_at, closed_at]
			) with ordinality as x(at, n) where at is not null) y where earlier is not null) is not false
		from ticket where id = $1`, id).Scan(&stamps, &inOrder)
	if err != nil {
		t.Fatal(err)
	}
	if !inOrder {
		t.Fatalf("stamps go backwards: %v", stamps)
	}
	if open := tk.Open(); open != (stamps[7] == nil) {
		t.Fatalf("open %v, closed at %v", open, stamps[7])
	}
	events, err := ticket.Timeline(t.Context(), o.db.Pool, id)
	if err != nil {
		t.Fatal(err)
	}
	if len(events) != m.events {
		t.Fatalf("%d events, want %d", len(events), m.events)
	}
	replayed := replay(t, events)
	replayed.located, replayed.events = m.located, m.events
	if replayed != *m {
		t.Fatalf("the log tells %+v, the row is %+v", replayed, *m)
	}
}

// replay builds a ticket's state from its events alone.
func replay(t *rapid.T, events []ticket.Event) model {
	m := model{status: "registered", version: 1}
	for i, ev := range events {
		var d struct {
			Kind              ticket.Kind
			Subtype           string
			From, To, Outcome string
			Version           int
			Urgency           ticket.Urgency
		}
		if err := json.Unmarshal(ev.Data, &d); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			m.kind, m.subtype, m.urgency = d.Kind, d.Subtype, d.Urgency
			continue
		}
		if d.From != m.status || d.Version != m.version+1 {
			t.Fatalf("event %s goes on from %s version %d, not from %s version %d", ev.Type, d.From, d.Version-1, m.status, m.version)
		}
		m.status, m.version = d.To, d.Version
		if d.Outcome != "" {
			m.outcome = d.Outcome
		}
		if d.Urgency != 0 {
			m.urgency = d.Urgency
		}
		if ev.At.Before(events[i-1].At) {
			t.Fatalf("event %d is earlier than the one before it", ev.Seq)
		}
	}
	return m
}

// The table the screens draw from must say no less and no more than the machine.
func TestTransitionTable(t *testing.T) {
	for _, sub := range ticket.Subtypes {
		for _, status := range strings.Fields("registered to_dispatch offered accepted en_route on_scene reporting closed cancelled") {
			m := model{kind: sub.Kind, subtype: sub.Code, status: status}
			for _, role := range roles {
				got := slices.Sorted(slices.Values(ticket.Allowed(ticket.Status(status), sub.Code, role)))
				if want := slices.Sorted(slices.Values(m.allowed(role))); !slices.Equal(got, want) {
					t.Errorf("%s may do %v with a %s that is %s, want %v", role, got, sub.Code, status, want)
				}
			}
		}
	}
	for _, row := range ticket.Transitions {
		if len(row.From) == 0 || len(row.Roles) == 0 || !strings.Contains(row.Event, ".") {
			t.Errorf("%+v is incomplete", row)
		}
	}
}

func TestTransitionErrorSpeaks(t *testing.T) {
	err := fmt.Errorf("close: %w", &ticket.TransitionError{Action: "close", Status: "offered"})
	if got := err.Error(); got != "close: cannot close a ticket that is offered" {
		t.Error(got)
	}
}
