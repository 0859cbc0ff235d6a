package dispatch_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/ticket"
)

// partial is a source that takes so many times as long as the straight line, and knows the units west of a longitude.
type partial struct {
	times float64
	west  float64
	asked *int // the units of the last question
}

func (p partial) ETAs(_ context.Context, to orb.Point, from []orb.Point) ([]dispatch.ETA, error) {
	if *p.asked = len(from); p.times == 0 {
		return nil, errors.New("down")
	}
	out := make([]dispatch.ETA, len(from))
	for i, f := range from {
		if f[0] < p.west {
			out[i] = dispatch.DefaultStraightLine.ETA(f, to)
			out[i].Travel, out[i].Basis = time.Duration(float64(out[i].Travel)*p.times), "road"
		}
	}
	return out, nil
}

// Units that a source does not know get times that can be compared with those of the others.
func TestChainBridgesSources(t *testing.T) {
	to := orb.Point{104, 30}
	for _, c := range []struct {
		name          string
		first, second partial
		units         int
		known         [2]int // units that the first knows, that the second knows besides
		factor        float64
		asked         int // of the second
	}{
		{"one unit is left over", partial{times: 2}, partial{times: 0}, 6, [2]int{5, 0}, 2, 6},
		{"few are known", partial{times: 2}, partial{times: 0}, 3, [2]int{2, 0}, 1, 3},
		{"a mistake is bounded", partial{times: 100}, partial{times: 0}, 6, [2]int{5, 0}, 4, 6},
		{"the first is down", partial{times: 0}, partial{times: 0}, 6, [2]int{}, 1, 6},
		{"many are known", partial{times: 0.5}, partial{times: 0}, 50, [2]int{49, 0}, 0.5, 10},
		{"three sources", partial{times: 3}, partial{times: 1.5}, 12, [2]int{6, 4}, 3, 12},
	} {
		var from []orb.Point
		for i := range c.units {
			from = append(from, orb.Point{104 + 0.03*float64(i+1), 30.01})
		}
		var asked [2]int
		c.first.west, c.first.asked = 104.015+0.03*float64(c.known[0]), &asked[0]
		c.second.west, c.second.asked = c.first.west+0.03*float64(c.known[1]), &asked[1]
		got, err := dispatch.FirstETA{c.first, c.second, dispatch.DefaultStraightLine}.ETAs(t.Context(), to, from)
		if err != nil || len(got) != c.units || asked[0] != c.units || asked[1] != c.asked {
			t.Fatalf("%s: asked about %v, %+v, %v", c.name, asked, got, err)
		}
		for i, e := range got {
			line, factor, basis := dispatch.DefaultStraightLine.ETA(from[i], to), c.factor, "straight_line"
			if i < c.known[0] {
				factor, basis = c.first.times, "road"
			} else if i < c.known[0]+c.known[1] {
				basis = "road" // bridged to the first
			}
			if ratio := float64(e.Travel) / float64(line.Travel); e.Basis != basis || ratio < factor*0.99 || ratio > factor*1.01 || e.Metres != line.Metres {
				t.Errorf("%s: unit %d: %+v is %.3f of the straight line, want %s and %.1f", c.name, i, e, ratio, basis, factor)
			}
		}
	}
	if got, err := (dispatch.FirstETA{dispatch.DefaultStraightLine}).ETAs(t.Context(), to, nil); err != nil || len(got) != 0 {
		t.Errorf("of nobody: %+v, %v", got, err)
	}
	none := 0
	if got, err := (dispatch.FirstETA{partial{asked: &none}}).ETAs(t.Context(), to, []orb.Point{to}); err == nil {
		t.Errorf("without an answer: %+v", got)
	}
}

// A unit beyond the roads does not take the roads from the others, and its offer says how its time was estimated.
func TestUnitBeyondTheRoads(t *testing.T) {
	c := newCounty(t, 4)
	c.lay(t)
	far := c.unit(t, c.squad, orb.Point{scene[0] + 0.15, scene[1] + 0.02})
	tk := c.report(t, 1)
	ranked, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
	if err != nil || len(ranked) != 5 {
		t.Fatalf("%+v, %v", ranked, err)
	}
	for _, r := range ranked {
		want := dispatch.BasisRoad
		if r.UnitID == far {
			want = dispatch.BasisStraight
		}
		if r.ETABasis != want {
			t.Errorf("unit %d by %s", r.UnitID, r.ETABasis)
		}
	}
	if err := c.offer(c.dispatcher, dispatch.Request{TicketID: tk.ID, UnitID: far, Version: tk.Version, Override: "a test"}); err != nil {
		t.Fatal(err)
	}
	offer := c.openOffer(t, tk.ID)
	if offer.ETABasis != dispatch.BasisStraight {
		t.Errorf("%+v", offer)
	}
	if err := c.accept(c.officer(far), offer.ID); err != nil {
		t.Fatal(err)
	}
	if v := c.view(t, tk.ID); v.Status != ticket.Accepted || v.Unit.ETABasis != dispatch.BasisStraight {
		t.Errorf("%+v", v.Unit)
	}
}
