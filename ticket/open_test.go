package ticket_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/ticket"
)

func TestOpen(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	for _, c := range []struct {
		subtype string
		located bool
		status  ticket.Status
		quality string
		title   string
		arrive  time.Duration
		due     time.Duration
		events  int
	}{
		{"R02", true, ticket.ToDispatch, "pinned", "云溪路 8 号", time.Hour, 24 * time.Hour, 2},
		{"R03", false, ticket.Registered, "text", "云溪路 8 号", 4 * time.Hour, 24 * time.Hour, 1},
		{"R12", true, ticket.Registered, "pinned", "云溪路 8 号", 0, 24 * time.Hour, 1},
		{"C07", true, ticket.ToDispatch, "pinned", "云溪路 8 号", 12 * time.Hour, 48 * time.Hour, 2},
		{"Q03", false, ticket.Registered, "text", "云溪路 8 号", 0, 4 * time.Hour, 1},
	} {
		in := report()
		sub, _ := ticket.SubtypeByCode(c.subtype)
		in.Subtype, in.Kind = c.subtype, sub.Kind
		if !c.located {
			in.Place.Point = nil
		}
		tk, code := o.open(t, in)
		if got, want := plain(o.find(t, tk.ID)), plain(tk); got != want {
			t.Errorf("%s: returned %s, stored %s", c.subtype, want, got)
		}
		if tk.Status != c.status || tk.PlaceQuality != c.quality || tk.Title != c.title || !tk.DueAt.Equal(start.Add(c.due)) {
			t.Errorf("%s: %+v", c.subtype, tk)
		}
		if c.arrive == 0 && !tk.ArriveBy.IsZero() || c.arrive != 0 && !tk.ArriveBy.Equal(start.Add(c.arrive)) {
			t.Errorf("%s: arrive by %v, want %v after the start", c.subtype, tk.ArriveBy, c.arrive)
		}
		if !ticket.ValidNumber(tk.Number) || !strings.HasPrefix(tk.Number, "12313-36-20261122-") {
			t.Errorf("number %q", tk.Number)
		}
		if events, err := ticket.Timeline(t.Context(), o.db.Pool, tk.ID); err != nil || len(events) != c.events {
			t.Errorf("%s: %d events, %v", c.subtype, len(events), err)
		}
		if p, err := ticket.FollowUp(t.Context(), o.db.Pool, tk.Number, code); err != nil || p.Status != c.status {
			t.Errorf("%s: progress %+v, %v", c.subtype, p, err)
		}
	}
}

// plain leaves out the addresses that stand in the way of comparing two tickets.
func plain(tk ticket.Ticket) string {
	var point orb.Point
	if tk.Point != nil {
		point = *tk.Point
	}
	tk.Point, tk.RegisteredAt, tk.DueAt, tk.ArriveBy = nil, tk.RegisteredAt.UTC(), tk.DueAt.UTC(), tk.ArriveBy.UTC()
	return fmt.Sprint(point, tk)
}

func TestOpenTellsEverythingWrongAtOnce(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	long := strings.Repeat("长", 201)
	for _, c := range []struct {
		change func(*ticket.Opening)
		want   string
	}{
		{
			func(in *ticket.Opening) { *in = ticket.Opening{} },
			"[{channel unknown_value} {subtype unknown_value} {narrative required} {reporter.mode unknown_value}]",
		},
		{func(in *ticket.Opening) { in.Kind = ticket.Enquiry }, "[{kind kind_does_not_match_subtype}]"},
		{func(in *ticket.Opening) { in.Narrative = " \n" }, "[{narrative required}]"},
		{func(in *ticket.Opening) { in.Narrative = strings.Repeat("长", 4001) }, "[{narrative too_long}]"},
		{func(in *ticket.Opening) { in.Narrative = "a\x00b" }, "[{narrative not_text}]"},
		{func(in *ticket.Opening) { in.Narrative = "\xff" }, "[{narrative not_text}]"},
		{func(in *ticket.Opening) { in.Urgency = 5 }, "[{urgency out_of_range}]"},
		{func(in *ticket.Opening) { in.Urgency = -1 }, "[{urgency out_of_range}]"},
		{func(in *ticket.Opening) { in.UrgencyReason = long }, "[{urgency_reason too_long}]"},
		{func(in *ticket.Opening) { in.Place.Text = long }, "[{place_text too_long}]"},
		{func(in *ticket.Opening) { in.Place.Point = &orb.Point{181, 20} }, "[{lon not_a_point}]"},
		{func(in *ticket.Opening) { in.Reporter.Phone = "1" }, "[{reporter.mode anonymous_keeps_no_contact}]"},
		{func(in *ticket.Opening) { in.Reporter.Mode = "hidden" }, "[{reporter.phone required_unless_anonymous}]"},
		{func(in *ticket.Opening) { in.Reporter = ticket.Reporter{Mode: "named", Phone: "not-a-phone"} }, "[{reporter.phone not_a_phone}]"},
		{func(in *ticket.Opening) { in.Reporter = ticket.Reporter{Mode: "named", Name: "王五", Phone: "1234"} }, "[{reporter.phone not_a_phone}]"},
		{func(in *ticket.Opening) {
			in.Reporter = ticket.Reporter{Mode: "hidden", Phone: strings.Repeat("1", 21)}
		}, "[{reporter.phone not_a_phone}]"},
		{
			func(in *ticket.Opening) { in.Reporter = ticket.Reporter{Mode: "named", Name: long, Note: "\x00"} },
			"[{reporter.name too_long} {reporter.note not_text}]",
		},
	} {
		in := report()
		c.change(&in)
		err := o.db.InTx(t.Context(), func(tx *pg.Tx) error {
			_, _, err := ticket.Open(t.Context(), tx, o.agent, in)
			return err
		})
		var bad ticket.Invalid
		if !errors.As(err, &bad) || fmt.Sprint([]ticket.FieldError(bad)) != c.want {
			t.Errorf("%v, want %s", err, c.want)
		}
	}
	in := report()
	in.Narrative, in.Place.Text = strings.Repeat("长", 4000), strings.Repeat("长", 200)
	o.open(t, in)
	for _, number := range []string{"12313", "+86 (0793) 123-4567", strings.Repeat("1", 20)} {
		in = report()
		in.Reporter = ticket.Reporter{Mode: "named", Phone: number}
		o.open(t, in)
	}
}

// The county by division code, whoever takes the call; without one, the county of the person; above the counties,
// the node itself.
func TestOwner(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	var root, county, other, squad int64
	o.scan(t, &root, `select id from org where level = 'province'`)
	o.scan(t, &county, `select id from org where code = '361102'`)
	o.scan(t, &other, `select id from org where code = '361104'`)
	squad = o.org(t, county, "squad", "361102-1")
	for _, c := range []struct {
		division string
		actorOrg int64
		want     int64
	}{
		{"361102001", squad, county},
		{"", squad, county},
		{"361104", squad, other},
		{"999999", squad, county},
		{"361104003", root, other},
		{"", root, root},
	} {
		o.agent.OrgID = c.actorOrg
		in := report()
		in.Place.Division = c.division
		if tk, _ := o.open(t, in); tk.OrgID != c.want {
			t.Errorf("division %q taken down at %d: owner %d, want %d", c.division, c.actorOrg, tk.OrgID, c.want)
		}
	}
}

func TestScope(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	tk, _ := o.open(t, report())
	if _, err := ticket.Find(t.Context(), o.db.Pool, o.stranger, tk.ID); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("Find from another county: %v", err)
	}
	cancel := ticket.Step{Action: ticket.ActCancel, Reason: "x"}
	if _, err := o.advance(o.stranger, tk.ID, cancel); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("Advance from another county: %v", err)
	}
	if _, err := o.advance(o.dispatcher, tk.ID+1000, cancel); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("Advance of no ticket: %v", err)
	}
	err := o.db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := ticket.Reveal(t.Context(), tx, o.stranger, tk.ID, "查")
		return err
	})
	if !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("Reveal from another county: %v", err)
	}
	// Who reads the county from a squad may neither change its tickets nor see who reported.
	squad := o.person(t, "leader", o.org(t, tk.OrgID, "squad", "361102-1"))
	squad.ViewPath = tk.OrgPath
	if _, err := ticket.Find(t.Context(), o.db.Pool, squad, tk.ID); err != nil || !squad.Sees(tk.OrgPath) || squad.Sees(o.stranger.OrgPath) {
		t.Errorf("Find from a squad: %v", err)
	}
	squad.Role = "dispatcher"
	if _, err := o.advance(squad, tk.ID, cancel); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("Advance from a squad: %v", err)
	}
	err = o.db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := ticket.Reveal(t.Context(), tx, squad, tk.ID, "查")
		return err
	})
	if !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("Reveal from a squad: %v", err)
	}
	if _, err := o.advance(o.dispatcher, tk.ID, cancel); err != nil {
		t.Error(err)
	}
}

// Numbers of a day go up by one, whoever takes the calls; the next day begins at one.
func TestSerials(t *testing.T) {
	db, err := pg.Open(t.Context(), pgtest.NewURL(t), pg.Options{MaxConns: writers})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	o := newOffice(t, db)
	numbers := make([]string, 64)
	var calls errgroup.Group
	calls.SetLimit(writers)
	for i := range numbers {
		calls.Go(func() error {
			return db.InTx(t.Context(), func(tx *pg.Tx) error {
				tk, _, err := ticket.Open(t.Context(), tx, o.agent, report())
				numbers[i] = tk.Number
				return err
			})
		})
	}
	if err := calls.Wait(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(numbers)
	for i, number := range numbers {
		if want := fmt.Sprintf("12313-36-20261122-%06d-", i+1); !strings.HasPrefix(number, want) {
			t.Errorf("number %s, want %s", number, want)
		}
	}
	o.pass(15 * time.Hour) // midnight in Shanghai
	if tk, _ := o.open(t, report()); !strings.HasPrefix(tk.Number, "12313-36-20261123-000001-") {
		t.Errorf("the next day begins with %s", tk.Number)
	}
}

func TestFollowUp(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	tk, code := o.open(t, report())
	other, otherCode := o.open(t, report())
	for _, pair := range [][2]string{
		{tk.Number, otherCode}, {other.Number, code}, {tk.Number, ""}, {"", code}, {"12313-36-20261122-000099-1", code}, {tk.Number + "'", code},
	} {
		if _, err := ticket.FollowUp(t.Context(), o.db.Pool, pair[0], pair[1]); !errors.Is(err, ticket.ErrNotFound) {
			t.Errorf("%v: %v", pair, err)
		}
	}
	for _, s := range []ticket.Step{
		{Action: ticket.ActOffer, UnitID: 1},
		{Action: ticket.ActAccept},
		{Action: ticket.ActDepart},
		{Action: ticket.ActArrive},
		{Action: ticket.ActFinish, Outcome: "I01"},
		{Action: ticket.ActClose, OutcomeText: "已查处"},
	} {
		o.pass(time.Minute)
		actor := o.officer
		if s.Action == ticket.ActOffer {
			actor = o.dispatcher
		}
		if _, err := o.advance(actor, tk.ID, s); err != nil {
			t.Fatal(s.Action, err)
		}
	}
	p, err := ticket.FollowUp(t.Context(), o.db.Pool, tk.Number, strings.ToLower(code[:4])+"-"+code[4:])
	if err != nil {
		t.Fatal(err)
	}
	at := func(minutes time.Duration) time.Time { return start.Add(minutes * time.Minute) }
	if p.Status != ticket.Closed || !p.AcceptedAt.Equal(at(2)) || !p.OnSceneAt.Equal(at(4)) || !p.DoneAt.Equal(at(6)) || p.Org != "361102" {
		t.Errorf("%+v", p)
	}
}

func TestAmend(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	tk, _ := o.open(t, report())
	var shop int64
	o.scan(t, &shop, `insert into retailer (licence_no, name) values ('361102100001', '老王烟酒') returning id`)
	o.pass(time.Hour)
	place := ticket.Place{RetailerID: shop, RetailerName: "老王烟酒", Point: &orb.Point{117.98, 28.46}, Division: "361102002"}
	got, err := o.advance(o.agent, tk.ID, ticket.Step{
		Action: ticket.ActAmend, Version: tk.Version,
		Amend: &ticket.Amendment{Urgency: 1, UrgencyReason: "正在卸货", Place: &place},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got.Title != "老王烟酒" || got.PlaceQuality != "retailer" || got.PlaceText != "云溪路 8 号" || !got.ArriveBy.Equal(start.Add(time.Hour)) {
		t.Errorf("%+v", got)
	}
	if stored := o.find(t, tk.ID); stored.Title != got.Title || stored.RetailerID != shop || *stored.Point != *place.Point || stored.Urgency != 1 {
		t.Errorf("stored %+v", stored)
	}
	for _, c := range []struct {
		amend ticket.Amendment
		want  string
	}{
		{ticket.Amendment{Urgency: 9}, "[{urgency out_of_range}]"},
		{ticket.Amendment{Place: &ticket.Place{Text: "大桥下"}}, "[{lon place_needed_for_dispatch}]"},
		{ticket.Amendment{Place: &ticket.Place{Point: &orb.Point{0, 99}}}, "[{lon not_a_point}]"},
		{
			ticket.Amendment{UrgencyReason: "\x00", Place: &ticket.Place{Point: place.Point, Text: strings.Repeat("x", 201)}},
			"[{urgency_reason not_text} {place_text too_long}]",
		},
	} {
		_, err := o.advance(o.agent, tk.ID, ticket.Step{Action: ticket.ActAmend, Amend: &c.amend})
		var bad ticket.Invalid
		if !errors.As(err, &bad) || fmt.Sprint([]ticket.FieldError(bad)) != c.want {
			t.Errorf("%+v: %v, want %s", c.amend, err, c.want)
		}
	}
}

func TestAlarm(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	tk, _ := o.open(t, report())
	raise := func(what string) (raised bool) {
		t.Helper()
		err := o.db.InTx(t.Context(), func(tx *pg.Tx) (err error) {
			raised, err = ticket.RaiseAlarm(t.Context(), tx, tk.ID, what, ticket.Data{"offers": 3})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		return raised
	}
	if !raise("no_candidate") || raise("no_candidate") || !raise("offers_exhausted") {
		t.Error("an alarm is raised when it is another than before, and only then")
	}
	if got := o.find(t, tk.ID); got.Alarm != "offers_exhausted" || got.Version != tk.Version+2 {
		t.Errorf("%+v", got)
	}
	clear := func(tx *pg.Tx) error { return ticket.ClearAlarm(t.Context(), tx, tk.ID) }
	for range 2 {
		if err := o.db.InTx(t.Context(), clear); err != nil {
			t.Fatal(err)
		}
	}
	if got := o.find(t, tk.ID); got.Alarm != "" || got.Version != tk.Version+3 {
		t.Errorf("%+v", got)
	}
	raise("no_candidate")
	if got, err := o.advance(o.dispatcher, tk.ID, ticket.Step{Action: ticket.ActOffer, UnitID: 1}); err != nil || o.find(t, got.ID).Alarm != "" {
		t.Errorf("an offered ticket still has its alarm: %+v, %v", got, err)
	}
	if events, err := ticket.Timeline(t.Context(), o.db.Pool, tk.ID); err != nil || len(events) != 7 {
		t.Errorf("%d events, %v", len(events), err)
	}
}

func TestQueueIsUrgentFirst(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	var want []int64
	for _, urgency := range []ticket.Urgency{3, 1, 4, 1} {
		in := report()
		in.Urgency = urgency
		tk, _ := o.open(t, in)
		want = append(want, tk.ID)
	}
	gone, _ := o.open(t, report())
	if _, err := o.advance(o.dispatcher, gone.ID, ticket.Step{Action: ticket.ActCancel, Reason: "重复"}); err != nil {
		t.Fatal(err)
	}
	queue, err := ticket.Queue(t.Context(), o.db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for _, tk := range queue {
		got = append(got, tk.ID)
	}
	if want = []int64{want[1], want[3], want[0], want[2]}; !slices.Equal(got, want) {
		t.Errorf("queue %v, want %v", got, want)
	}
}
