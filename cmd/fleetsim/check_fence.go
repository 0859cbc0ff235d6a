package main

import (
	"cmp"
	"context"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"jiujin/cmd/fleetsim/trace"
)

// airport is the closed rectangle of the expected events, west, south, east, north.
var airport = [4]float64{-122.4050, 37.6100, -122.3780, 37.6260}

// fenceCheck compares the events of a fence.
type fenceCheck struct {
	id   int64
	want []trace.Crossing
}

// drawFence makes the fence before the first row, every fix counting as it is.
func (r *replay) drawFence(ctx context.Context) (*fenceCheck, error) {
	want, err := trace.ReadCrossings(r.flags.ExpectFence)
	if err != nil {
		return nil, err
	}
	w, s, e, n := airport[0], airport[1], airport[2], airport[3]
	body := map[string]any{"name": "SFO", "plain": true, "polygon": [][2]float64{{w, s}, {e, s}, {e, n}, {w, n}}}
	var made struct {
		ID int64 `json:"id"`
	}
	if _, err := r.admin.command(ctx, "/fences", body, &made, nil); err != nil {
		return nil, err
	}
	return &fenceCheck{id: made.ID, want: want}, nil
}

// fenceEvent is one event as the service tells it.
type fenceEvent struct {
	ID     int64     `json:"id"`
	UnitID int64     `json:"unit_id"`
	At     time.Time `json:"at"`
	Kind   string    `json:"kind"`
}

// check reads the events until there are as many as expected, or have not become more for a while.
func (c *fenceCheck) check(ctx context.Context, r *replay) error {
	v := &verdict{Check: "fence", Expected: len(c.want)}
	r.verdicts = append(r.verdicts, v)
	for begin, before := time.Now(), -1; ; {
		events, err := c.events(ctx, r)
		if err != nil {
			return err
		}
		waited := time.Since(begin)
		if len(events) == len(c.want) || len(events) == before && waited > 10*settleEvery || waited > settleWithin {
			v.crossings(events, c.want)
			return nil
		}
		before = len(events)
		if err := pause(ctx, settleEvery); err != nil {
			return err
		}
	}
}

// events are all events of the file's time, page by page.
func (c *fenceCheck) events(ctx context.Context, r *replay) ([]trace.Crossing, error) {
	first, last := r.trace.Span()
	var all []trace.Crossing
	for after := int64(0); ; {
		q := url.Values{
			"from": {first.Format(time.RFC3339)}, "to": {last.Add(time.Second).Format(time.RFC3339)},
			"after": {strconv.FormatInt(after, 10)}, "limit": {"5000"},
		}
		var page struct {
			Events []fenceEvent `json:"events"`
			More   bool         `json:"more"`
		}
		if err := r.admin.get(ctx, fmt.Sprintf("/fences/%d/events?%s", c.id, q.Encode()), &page); err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			after = e.ID
			if e.Kind == "enter" || e.Kind == "exit" {
				all = append(all, trace.Crossing{Vehicle: r.names[e.UnitID], At: e.At.UTC(), Kind: e.Kind})
			}
		}
		if !page.More || len(page.Events) == 0 {
			return all, nil
		}
	}
}

// crossings compares two lists of events in any order; each counts as often as it is there.
func (v *verdict) crossings(got, want []trace.Crossing) {
	order := func(a, b trace.Crossing) int {
		return cmp.Or(strings.Compare(a.Vehicle, b.Vehicle), a.At.Compare(b.At), strings.Compare(a.Kind, b.Kind))
	}
	got, want = slices.Clone(got), slices.Clone(want)
	slices.SortFunc(got, order)
	slices.SortFunc(want, order)
	for len(got) > 0 || len(want) > 0 {
		which := 0
		switch {
		case len(got) == 0:
			which = 1
		case len(want) == 0:
			which = -1
		default:
			which = order(got[0], want[0])
		}
		switch {
		case which == 0:
			v.Same++
			got, want = got[1:], want[1:]
		case which < 0:
			v.differ("%s: %s at %s is not expected", got[0].Vehicle, got[0].Kind, got[0].At.Format(time.RFC3339))
			got = got[1:]
		default:
			v.differ("%s: %s at %s is missing", want[0].Vehicle, want[0].Kind, want[0].At.Format(time.RFC3339))
			want = want[1:]
		}
	}
}
