package dispatch

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/geo/area"
	"jiujin/ticket"
	"jiujin/tracking"
)

var (
	rankNow    = time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)
	rankPolicy = Policy{Urgency: 2, Mode: "auto", OfferSeconds: 120, MaxOffers: 3, ETACapMin: 120}
	rankTicket = ticket.Ticket{ID: 1, Kind: ticket.Report, Urgency: 2, Point: &orb.Point{118, 28}}
)

// place is a unit of two that is on shift, with a position of an age and an arrival in so many minutes.
func place(id int64, minutes float64, age time.Duration) (Facts, located) {
	travel := time.Duration(minutes*float64(time.Minute)) - readiness
	at := located{at: rankNow.Add(-age), point: orb.Point{118, 28.1}, eta: ETA{Travel: travel, Metres: geo.Metres(minutes * 500), Basis: "straight_line"}}
	return Facts{UnitID: id, CallSign: fmt.Sprint(id), Crew: 2, OnShift: true}, at
}

func rankOne(t ticket.Ticket, f Facts, at located) Candidate {
	return rank(matter{t: &t, policy: rankPolicy, now: rankNow}, []Facts{f}, map[int64]located{f.UnitID: at})[0]
}

// Each obstacle, with what the screen shows beside it, and just not.
func TestObstacles(t *testing.T) {
	enquiry := rankTicket
	enquiry.Kind = ticket.Enquiry
	for _, c := range []struct {
		name   string
		t      ticket.Ticket
		change func(*Facts, *located)
		want   Reason
		params string
	}{
		{"nothing", rankTicket, func(*Facts, *located) {}, ReasonBest, "map[]"},
		{"repair", rankTicket, func(f *Facts, _ *located) { f.InRepair, f.RepairReason = true, "爆胎" }, ReasonInRepair, "map[text:爆胎]"},
		{"off shift", rankTicket, func(f *Facts, _ *located) { f.OnShift = false }, ReasonOffShift, "map[]"},
		{"task", rankTicket, func(f *Facts, _ *located) { f.TaskTicket, f.TaskStatus = "N1", "en_route" }, ReasonOnTask, "map[status:en_route ticket:N1]"},
		{"offered", rankTicket, func(f *Facts, _ *located) { f.OfferedTicket = "N2" }, ReasonOffered, "map[ticket:N2]"},
		{"no position", rankTicket, func(_ *Facts, at *located) { *at = located{} }, ReasonNoFix, "map[]"},
		{"old position", rankTicket, func(_ *Facts, at *located) { at.at = rankNow.Add(-30*time.Minute - time.Second) }, ReasonStaleFix, "map[age_s:1801]"},
		{"position of 30 minutes", rankTicket, func(_ *Facts, at *located) { at.at = rankNow.Add(-30 * time.Minute) }, ReasonBest, "map[]"},
		{"alone", rankTicket, func(f *Facts, _ *located) { f.Crew = 1 }, ReasonCrew, "map[crew:1]"},
		{"alone, for an enquiry", enquiry, func(f *Facts, _ *located) { f.Crew = 1 }, ReasonBest, "map[]"},
		{"declined", rankTicket, func(f *Facts, _ *located) {
			f.DeclinedReason, f.DeclinedAt = "danger", rankNow.Add(-30*time.Minute+time.Second)
		}, ReasonDeclined, "map[reason:danger]"},
		{"declined long ago", rankTicket, func(f *Facts, _ *located) {
			f.DeclinedReason, f.DeclinedAt = "danger", rankNow.Add(-30*time.Minute)
		}, ReasonBest, "map[]"},
		{"too far", rankTicket, func(_ *Facts, at *located) { at.eta.Travel = 118*time.Minute + time.Second }, ReasonETAOverCap, "map[cap_min:120]"},
		{"just not too far", rankTicket, func(_ *Facts, at *located) { at.eta.Travel = 118 * time.Minute }, ReasonBest, "map[]"},
	} {
		f, at := place(1, 10, 0)
		c.change(&f, &at)
		got := rankOne(c.t, f, at)
		if got.Reason != c.want || fmt.Sprint(got.Params) != c.params || got.Eligible != (c.want == ReasonBest) || (got.Rank == 1) != got.Eligible {
			t.Errorf("%s: %s %v (eligible %v, rank %d), want %s %s", c.name, got.Reason, got.Params, got.Eligible, got.Rank, c.want, c.params)
		}
	}
}

// When several things stand in the way, the one that lasts longest is named.
func TestObstaclesInOrder(t *testing.T) {
	f, at := place(1, 200, 31*time.Minute)
	f.InRepair, f.OnShift, f.TaskTicket, f.OfferedTicket, f.Crew = true, false, "N1", "N2", 1
	f.DeclinedReason, f.DeclinedAt = "danger", rankNow
	fresh := at
	fresh.at = rankNow
	for _, step := range []struct {
		want  Reason
		clear func()
	}{
		{ReasonInRepair, func() { f.InRepair = false }},
		{ReasonOffShift, func() { f.OnShift = true }},
		{ReasonOnTask, func() { f.TaskTicket = "" }},
		{ReasonOffered, func() { f.OfferedTicket = "" }},
		{ReasonStaleFix, func() { at = located{} }},
		{ReasonNoFix, func() { at = fresh }},
		{ReasonCrew, func() { f.Crew = 2 }},
		{ReasonDeclined, func() { f.DeclinedAt = time.Time{} }},
		{ReasonETAOverCap, func() { at.eta.Travel = time.Minute }},
		{ReasonBest, func() {}},
	} {
		if got := rankOne(rankTicket, f, at); got.Reason != step.want {
			t.Errorf("%s, want %s", got.Reason, step.want)
		}
		step.clear()
	}
	for reason, hard := range map[Reason]bool{
		ReasonInRepair: true, ReasonOffShift: true, ReasonOnTask: true, ReasonOffered: true, ReasonNoFix: false, ReasonStaleFix: false,
		ReasonCrew: false, ReasonDeclined: false, ReasonETAOverCap: false, ReasonBest: false, ReasonFarther: false,
		ReasonPenalised: false, ReasonOtherSquad: false,
	} {
		if reason.Hard() != hard {
			t.Errorf("%s: hard is %v", reason, !hard)
		}
	}
}

func TestScore(t *testing.T) {
	for _, c := range []struct {
		minutes  float64
		age      time.Duration
		declines int
		want     float64
	}{
		{10, 0, 0, 10},
		{10, 5 * time.Minute, 0, 10},
		{10, 15 * time.Minute, 0, 10.5},
		{10, 0, 1, 13},
		{10, 0, 3, 19},
		{10, 0, 30, 19},
		{7.26, 29 * time.Minute, 2, 14.5},
	} {
		f, at := place(1, c.minutes, c.age)
		f.Declines4h = c.declines
		got := rankOne(rankTicket, f, at)
		sum := got.Terms["eta"] + got.Terms["decline"] + got.Terms["age"]
		if got.ScoreMin != c.want || round1(sum) != c.want {
			t.Errorf("%+v: score %v of %v, want %v", c, got.ScoreMin, got.Terms, c.want)
		}
	}
}

func TestRankOrder(t *testing.T) {
	facts := []Facts{}
	where := map[int64]located{}
	add := func(id int64, minutes float64, change func(*Facts)) {
		f, at := place(id, minutes, time.Minute)
		if change(&f); minutes > 0 {
			where[id] = at
		}
		facts = append(facts, f)
	}
	fine := func(*Facts) {}
	add(9, 0, fine) // no position
	add(8, 3, func(f *Facts) { f.InRepair = true })
	add(7, 2, func(f *Facts) { f.OnShift, f.Declines4h = false, 3 }) // nearer; what it would score does not matter
	add(6, 20, fine)
	add(5, 12, fine)
	add(4, 12, fine)                                    // a tie: the lower id
	add(3, 11.98, fine)                                 // the same score in tenths, but nearer
	add(2, 10, func(f *Facts) { f.Declines4h = 1 })     // 13: farther than it looks
	add(1, 0, func(f *Facts) { f.OfferedTicket = "N" }) // no position, and more
	got := rank(matter{t: &rankTicket, policy: rankPolicy, now: rankNow}, facts, where)
	order := []int64{}
	for _, c := range got {
		order = append(order, c.UnitID)
	}
	if want := []int64{3, 4, 5, 2, 6, 7, 8, 1, 9}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
	if got[0].Reason != ReasonBest || got[0].Params["more_s"] != nil {
		t.Errorf("%+v", got[0])
	}
	if c := got[3]; c.Rank != 4 || c.Reason != ReasonPenalised || fmt.Sprint(c.Params) != "map[age_min:0 decline_min:3]" {
		t.Errorf("%+v", c)
	}
	if c := got[4]; c.Reason != ReasonFarther || c.Params["more_s"] != 482 || c.Params["more_min"] != 8.0 {
		t.Errorf("%+v", c)
	}
	if c := got[5]; c.Rank != 0 || c.Eligible {
		t.Errorf("%+v", c)
	}
	if next := nextBest(got, 4); !slices.Equal(next, []string{"3", "5"}) {
		t.Errorf("next %v", next)
	}
	if c := got[8]; c.Lon != nil || c.FixedAt != nil || c.ETAS != 0 || c.Freshness != tracking.Lost {
		t.Errorf("%+v", c)
	}
}

// Whatever the facts: everybody is listed once with one reason, ranks count up from 1, and the order in which the
// database answered plays no part.
func TestRankHolds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "units")
		facts, where := make([]Facts, n), map[int64]located{}
		for i := range facts {
			f, at := place(int64(i+1), rapid.Float64Range(2, 150).Draw(t, "minutes"), time.Duration(rapid.IntRange(0, 40).Draw(t, "age"))*time.Minute)
			f.OnShift, f.InRepair = rapid.IntRange(0, 4).Draw(t, "shift") > 0, rapid.IntRange(0, 4).Draw(t, "repair") == 0
			f.Crew, f.Declines4h = rapid.IntRange(1, 3).Draw(t, "crew"), rapid.IntRange(0, 4).Draw(t, "declines")
			f.OrgPath, f.CountyID = rapid.SampledFrom([]string{"1.2.3.4.", "1.2.3.5.", "1.2.6.7."}).Draw(t, "squad"), 3
			if strings.HasPrefix(f.OrgPath, "1.2.6.") {
				f.CountyID = 6
			}
			if facts[i] = f; rapid.IntRange(0, 4).Draw(t, "located") > 0 {
				where[f.UnitID] = at
			}
		}
		m := matter{t: &rankTicket, policy: rankPolicy, now: rankNow}
		m.policy.BorderMin = rapid.IntRange(0, 60).Draw(t, "border")
		m.responsible = rapid.SliceOfN(rapid.SampledFrom([]area.Body{
			{OrgID: 4, Path: "1.2.3.4.", CountyID: 3}, {OrgID: 5, Path: "1.2.3.5.", CountyID: 3}, {OrgID: 7, Path: "1.2.6.7.", CountyID: 6},
		}), 0, 3).Draw(t, "responsible")
		got := rank(m, facts, where)
		if want := naiveOrder(m, facts, where); !slices.Equal(ids(got)[:len(want)], want) {
			t.Fatalf("order %v, want %v first", ids(got), want)
		}
		seen := map[int64]bool{}
		for i, c := range got {
			if seen[c.UnitID] = true; c.Reason == "" {
				t.Fatalf("unit %d has no reason", c.UnitID)
			}
			wasEligible := i == 0 || got[i-1].Eligible
			switch {
			case c.Eligible && (!wasEligible || c.Rank != i+1 || (c.Reason == ReasonBest) != (i == 0)),
				c.Eligible && i > 0 && c.ScoreMin < got[i-1].ScoreMin, !c.Eligible && (c.Rank != 0 || c.Reason == ReasonBest || c.Reason == ReasonFarther || sooner(c)),
				sooner(c) != (c.Eligible && c.ETAS < got[0].ETAS), c.Reason == ReasonFarther && c.Params["more_s"].(int) < 0:
				t.Fatalf("place %d: %+v", i, c)
			}
		}
		if len(seen) != n || len(got) != n {
			t.Fatalf("%d of %d units are ranked", len(seen), n)
		}
		shuffled := rapid.Permutation(facts).Draw(t, "shuffled")
		if again := rank(m, shuffled, where); fmt.Sprint(ids(again)) != fmt.Sprint(ids(got)) {
			t.Fatalf("order %v becomes %v", ids(got), ids(again))
		}
	})
}

func sooner(c Candidate) bool { return c.Reason == ReasonPenalised || c.Reason == ReasonOtherSquad }

// naiveOrder puts who may go in order by the words of the rule: minutes to arrive, 3 for each refusal (9 at most), a
// twentieth of the age of the position above 5 minutes, the border (four times for another county); each in tenths.
func naiveOrder(m matter, units []Facts, where map[int64]located) []int64 {
	tenth := func(minutes float64) int { return int(math.Floor(minutes*10 + 0.5)) }
	score := map[int64]int{}
	var fit []int64
	for _, u := range units {
		at, ok := where[u.UnitID]
		if !ok || obstacle(m.t, m.policy, u, at, m.now, map[string]any{}) != "" {
			continue
		}
		border := 0
		if len(m.responsible) > 0 {
			border = 4
			for _, b := range m.responsible {
				if u.CountyID == b.CountyID {
					border = min(border, 1)
				}
				if strings.HasPrefix(u.OrgPath, b.Path) {
					border = 0
				}
			}
		}
		old := min(max(m.now.Sub(at.at).Minutes()-5, 0), 60)
		score[u.UnitID] = tenth(at.eta.Travel.Minutes()+2) + 10*min(3*u.Declines4h, 9) + tenth(old/20) + 10*border*m.policy.BorderMin
		fit = append(fit, u.UnitID)
	}
	slices.SortFunc(fit, func(a, b int64) int {
		return cmp.Or(cmp.Compare(score[a], score[b]), cmp.Compare(where[a].eta.Metres, where[b].eta.Metres), cmp.Compare(a, b))
	})
	return fit
}

func ids(list []Candidate) (out []int64) {
	for _, c := range list {
		out = append(out, c.UnitID)
	}
	return out
}

func TestStraightLine(t *testing.T) {
	from, to := orb.Point{118, 28}, orb.Point{118, 28.1}
	eta := DefaultStraightLine.ETA(from, to)
	way := 1.32 * float64(geo.Distance(from, to))
	if got := float64(eta.Metres); got != way || way < 14_600 || way > 14_700 {
		t.Errorf("%v m, want %v", got, way)
	}
	if want := time.Duration(way / 38_000 * float64(time.Hour)).Round(time.Second); eta.Travel != want || eta.Basis != "straight_line" {
		t.Errorf("%+v, want %v", eta, want)
	}
	if here := DefaultStraightLine.ETA(from, from); here.Travel != 0 || here.Metres != 0 {
		t.Errorf("no way at all: %+v", here)
	}
}
