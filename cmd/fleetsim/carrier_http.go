package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"
)

type fixesAnswer struct {
	Stored    int `json:"stored"`
	Doubted   int `json:"doubted"`
	Duplicate int `json:"duplicate"`
	Refused   int `json:"refused"`
	Results   []struct {
		Index  int    `json:"index"`
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"results"`
}

// batches carries fixes as JSON to POST /fixes.
type batches struct {
	api    *api
	unitID int64
	key    string
	chaos  *chaos // nil = none
}

func (c *batches) out() {}

func (c *batches) carry(ctx context.Context, batch []fix, settled func([]fix, []int64) error) error {
	batch = c.chaos.shuffled(batch)
	all := append(batch[:len(batch):len(batch)], c.chaos.junk(batch)...) // what is made up is sent but not journalled
	answer, err := c.post(ctx, all)
	if err != nil {
		return err
	}
	if c.chaos.again() { // the answer was lost on the way
		if answer, err = c.post(ctx, all); err != nil {
			return err
		}
	}
	for _, r := range answer.Results {
		if r.Status == "refused" {
			c.api.measure.refusedFix(r.Reason)
		}
	}
	return settled(batch, acknowledged(batch, answer))
}

func (c *batches) post(ctx context.Context, batch []fix) (fixesAnswer, error) {
	var answer fixesAnswer
	body, err := json.Marshal(batch)
	if err != nil {
		return answer, err
	}
	newest := batch[len(batch)-1].FixedAt
	r := &request{method: "POST", path: "/api/v1/fixes", bearer: c.key, body: body, sent: func(at time.Time) { c.api.measure.fixSent(c.unitID, newest, at) }}
	begin := time.Now()
	err = c.api.send(ctx, nil, r, &answer)
	if err == nil && c.chaos == nil {
		c.api.measure.acked(time.Since(begin))
	}
	return answer, err
}

// acknowledged lists the times of the fixes that the service has, now or from before.
func acknowledged(batch []fix, answer fixesAnswer) []int64 {
	refused := make(map[int]bool)
	for _, r := range answer.Results {
		if r.Status == "refused" {
			refused[r.Index] = true
		}
	}
	var at []int64
	for i, f := range batch {
		if !refused[i] {
			at = append(at, f.FixedAt)
		}
	}
	return at
}

// phoneApp carries fixes one by one, as OsmAnd and the Traccar client do. The service answers 200 to whatever comes under
// the right key.
type phoneApp struct {
	api    *api
	unitID int64
	key    string
	chaos  *chaos // nil = none
}

func (c *phoneApp) out() {}

func (c *phoneApp) carry(ctx context.Context, batch []fix, settled func([]fix, []int64) error) error {
	for _, f := range c.chaos.shuffled(batch) {
		sends := append([]fix{f}, c.chaos.junk([]fix{f})...)
		if c.chaos.again() {
			sends = append(sends, f)
		}
		for _, one := range sends {
			if err := c.get(ctx, one); err != nil {
				return err
			}
		}
		if err := settled([]fix{f}, []int64{f.FixedAt}); err != nil {
			return err
		}
	}
	return nil
}

func (c *phoneApp) get(ctx context.Context, f fix) error {
	r := &request{method: "GET", path: osmAndPath(c.key, f), sent: func(at time.Time) { c.api.measure.fixSent(c.unitID, f.FixedAt, at) }}
	begin := time.Now()
	err := c.api.send(ctx, nil, r, nil)
	if err == nil && c.chaos == nil {
		c.api.measure.acked(time.Since(begin))
	}
	return err
}

// kmhPerKnot is one nautical mile an hour.
const kmhPerKnot = 1.852

// osmAndPath is a fix in the query form: speed in knots, time in milliseconds.
func osmAndPath(key string, f fix) string {
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	q := url.Values{
		"lat": {number(f.Lat)}, "lon": {number(f.Lon)}, "timestamp": {strconv.FormatInt(f.FixedAt, 10)},
		"speed": {number(round(f.SpeedKmh/kmhPerKnot, 1e4))}, "bearing": {number(f.HeadingDeg)}, "accuracy": {number(f.AccuracyM)},
	}
	return fmt.Sprintf("/in/osmand/%s?%s", url.PathEscape(key), q.Encode())
}
