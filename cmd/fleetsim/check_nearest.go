package main

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"strconv"
	"time"

	"jiujin/cmd/fleetsim/trace"
)

// planNearest asks every query at its moment.
func (r *replay) planNearest(path string) error {
	queries, err := trace.ReadQueries(path)
	if err != nil {
		return err
	}
	c := &nearestCheck{verdict: verdict{Check: "nearest"}}
	r.verdicts = append(r.verdicts, &c.verdict)
	for _, q := range queries {
		r.stops = append(r.stops, stop{at: q.At(), do: func(ctx context.Context) error { return c.ask(ctx, r, q) }})
	}
	return nil
}

type nearestCheck struct{ verdict }

// nearAnswer is an answer of GET /units/near: people are told the unit, gateways its number.
type nearAnswer struct {
	Units []struct {
		UnitID int64 `json:"unit_id"`
		Unit   struct {
			ID int64 `json:"id"`
		} `json:"unit"`
		DistanceM float64 `json:"distance_m"`
	} `json:"units"`
}

// near asks as the gateway that feeds, or else as the administrator.
func (r *replay) near(ctx context.Context, v url.Values) (got nearAnswer, err error) {
	path := "/units/near?" + v.Encode()
	if r.gateway == "" {
		return got, r.admin.get(ctx, path, &got)
	}
	return got, r.api.send(ctx, nil, &request{method: "GET", path: "/api/v1" + path, bearer: r.gateway}, &got)
}

// ask compares both answers to a query, of all vehicles and of the free ones.
func (c *nearestCheck) ask(ctx context.Context, r *replay, q trace.Query) error {
	for _, part := range []struct {
		free bool
		want []trace.Near
	}{{false, q.Any}, {true, q.Free}} {
		v := url.Values{
			"lon": {strconv.FormatFloat(q.Lon, 'f', -1, 64)}, "lat": {strconv.FormatFloat(q.Lat, 'f', -1, 64)},
			"k":     {strconv.Itoa(len(part.want))},
			"since": {q.At().Add(-time.Duration(q.MaxAgeS) * time.Second).Format(time.RFC3339)},
		}
		if part.free {
			v.Set("free", "true")
		}
		got, err := r.near(ctx, v)
		if err != nil {
			return err
		}
		c.compare(fmt.Sprintf("query %d, free %t", q.Number, part.free), r.named(got), part.want)
	}
	return nil
}

// named is an answer in the words of the file.
func (r *replay) named(a nearAnswer) []trace.Near {
	var list []trace.Near
	for _, u := range a.Units {
		list = append(list, trace.Near{Vehicle: r.names[max(u.UnitID, u.Unit.ID)], Metres: u.DistanceM})
	}
	return list
}

// compare takes place by place. Another vehicle than the expected one counts as the same only when it is as far away
// within half a percent: then the order is a matter of the sphere.
func (c *nearestCheck) compare(what string, got, want []trace.Near) {
	c.Expected++
	if len(got) != len(want) {
		c.differ("%s: %d vehicles, expected %d", what, len(got), len(want))
		return
	}
	swapped := false
	for i, w := range want {
		if math.Abs(got[i].Metres-w.Metres) > tolerance(w.Metres) {
			c.differ("%s, place %d: %s at %.2f m, expected %s at %.2f m", what, i+1, got[i].Vehicle, got[i].Metres, w.Vehicle, w.Metres)
			return
		}
		if got[i].Vehicle != w.Vehicle {
			swapped = true
		}
		c.off(got[i].Metres, w.Metres)
	}
	if swapped {
		c.Swapped++
		return
	}
	c.Same++
}
