package main

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/cmd/fleetsim/trace"
)

const (
	settleEvery  = 500 * time.Millisecond
	settleWithin = 2 * time.Minute // for what is acknowledged to be in the history
)

// tally is what GET /units/{id}/history tells.
type tally struct {
	Fixes         int        `json:"fixes"`
	First         *time.Time `json:"first"`
	Last          *time.Time `json:"last"`
	Metres        *float64   `json:"metres"`
	EngagedMetres *float64   `json:"engaged_metres"`
	LongestGapS   *float64   `json:"longest_gap_s"`
	SameSecond    *int       `json:"same_second"`
	FastSteps     *int       `json:"fast_steps"`
	Pickups       *int       `json:"pickups"`
}

// checkStats compares the history of every vehicle with the file.
func (r *replay) checkStats(ctx context.Context) error {
	want, err := trace.ReadStats(r.flags.ExpectStats)
	if err != nil {
		return err
	}
	v := &verdict{Check: "history", Expected: len(want)}
	r.verdicts = append(r.verdicts, v)
	fixes := 0
	for _, w := range want {
		fixes += w.Pings
	}
	got, err := r.tallies(ctx, want, fixes)
	if err != nil {
		return err
	}
	for _, w := range want {
		v.tally(w, got[w.Vehicle])
	}
	return nil
}

// tallies reads all histories until they hold as many fixes as expected, or have not grown for a while.
func (r *replay) tallies(ctx context.Context, want []trace.Stats, expected int) (map[string]tally, error) {
	first, last := r.trace.Span()
	q := url.Values{"from": {first.Format(time.RFC3339Nano)}, "to": {last.Add(time.Second).Format(time.RFC3339Nano)}}.Encode()
	grown, before := time.Now(), -1
	for begin := time.Now(); ; {
		got, sum, err := r.read(ctx, want, q)
		if err != nil {
			return nil, err
		}
		if sum != before {
			grown, before = time.Now(), sum
		}
		if sum == expected || time.Since(grown) > 10*settleEvery || time.Since(begin) > settleWithin {
			return got, nil
		}
		if err := pause(ctx, settleEvery); err != nil {
			return nil, err
		}
	}
}

// settle waits until what was acknowledged is in the history: the spool is drained a moment later.
func (r *replay) settle(ctx context.Context) error {
	var all []trace.Stats
	for _, name := range r.trace.Vehicles() {
		all = append(all, trace.Stats{Vehicle: name})
	}
	_, err := r.tallies(ctx, all, r.sent.kept(r.trace))
	return err
}

func (r *replay) read(ctx context.Context, want []trace.Stats, query string) (got map[string]tally, fixes int, err error) {
	var mu sync.Mutex
	got = map[string]tally{}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(registerAtOnce)
	for _, w := range want {
		g.Go(func() error {
			u := r.units[w.Vehicle]
			if u == nil {
				return fmt.Errorf("%s is expected but not in the replayed file", w.Vehicle)
			}
			var t tally
			if err := r.admin.get(ctx, fmt.Sprintf("/units/%d/history?%s", u.unitID, query), &t); err != nil {
				return err
			}
			mu.Lock()
			defer mu.Unlock()
			got[w.Vehicle] = t
			fixes += t.Fixes
			return nil
		})
	}
	return got, fixes, g.Wait()
}

// tally compares one vehicle; what the service does not tell is a difference.
func (v *verdict) tally(want trace.Stats, got tally) {
	before := v.Differences
	count := func(name string, got *int, want int) {
		if got == nil {
			v.differ("%s is not told", name)
		} else if *got != want {
			v.differ("%s %d, expected %d", name, *got, want)
		}
	}
	metres := func(name string, got *float64, want float64) {
		switch {
		case got == nil:
			v.differ("%s is not told", name)
		case math.Abs(*got-want) > tolerance(want):
			v.differ("%s %.1f, expected %.1f", name, *got, want)
		default:
			v.off(*got, want)
		}
	}
	name := want.Vehicle + ": "
	count(name+"fixes", &got.Fixes, want.Pings)
	if got.First == nil || got.Last == nil || !got.First.Equal(want.First) || !got.Last.Equal(want.Last) {
		v.differ("%sspan %v to %v, expected %v to %v", name, got.First, got.Last, want.First, want.Last)
	}
	metres(name+"metres", got.Metres, want.Metres)
	metres(name+"engaged metres", got.EngagedMetres, want.OccupiedMetres)
	if got.LongestGapS == nil || *got.LongestGapS != float64(want.LongestGapS) {
		v.differ("%slongest gap %v s, expected %d", name, told(got.LongestGapS), want.LongestGapS)
	}
	count(name+"pairs in a second", got.SameSecond, want.SameSecondPairs)
	count(name+"steps above 200 km/h", got.FastSteps, want.FastSteps)
	count(name+"pick-ups", got.Pickups, want.Pickups)
	if v.Differences == before {
		v.Same++
	}
}

func told(v *float64) any {
	if v == nil {
		return "not told"
	}
	return *v
}
