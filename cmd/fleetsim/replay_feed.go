package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"jiujin/cmd/fleetsim/trace"
)

const (
	feedAtOnce = 8    // requests under way
	feedMost   = 2000 // rows that are sent before the next are looked at
	feedTick   = 100 * time.Millisecond
)

// sent counts what became of the rows. It is safe for concurrent use.
type sent struct {
	mu      sync.Mutex // guards the rest
	begun   time.Time
	rows    int
	stored  int
	doubted int
	again   int
	refused map[string]int       // by reason
	newest  map[string]trace.Row // taken ones, by vehicle
	behind  time.Duration        // the most by which the feed was late, by the file's clock
}

func newSent() *sent {
	return &sent{begun: time.Now(), refused: map[string]int{}, newest: map[string]trace.Row{}}
}

// took notes the answer to rows that were sent in this order.
func (s *sent) took(rows []trace.Row, a fixesAnswer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows += len(rows)
	s.stored += a.Stored
	s.doubted += a.Doubted
	s.again += a.Duplicate
	moves := make([]bool, len(rows))
	for i := range moves {
		moves[i] = true
	}
	for _, r := range a.Results {
		if r.Status == "refused" {
			s.refused[r.Reason]++
		}
		if r.Status != "stored" && r.Index >= 0 && r.Index < len(rows) {
			moves[r.Index] = false
		}
	}
	for i, row := range rows {
		if before, ok := s.newest[row.Vehicle]; moves[i] && (!ok || !row.At.Before(before.At)) {
			s.newest[row.Vehicle] = row
		}
	}
}

// kept is how many fixes the history must have: each different row once, but for the refused ones. A repeated row can be
// answered as stored; the history drops it.
func (s *sent) kept(t trace.Trace) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := t.Distinct()
	for _, refused := range s.refused {
		n -= refused
	}
	return n
}

// totals are the figures of a replay.
type totals struct {
	Replay    string         `json:"replay"`
	Seconds   float64        `json:"seconds"`
	Rows      int            `json:"rows_acknowledged"`
	Stored    int            `json:"stored"`
	Doubted   int            `json:"doubted"`
	Duplicate int            `json:"duplicate"`
	Refused   map[string]int `json:"refused"`
	BehindS   float64        `json:"most_behind_s"` // of the file's time
}

func (s *sent) totals() totals {
	s.mu.Lock()
	defer s.mu.Unlock()
	return totals{
		Replay: "rows", Seconds: round(time.Since(s.begun).Seconds(), 10), Rows: s.rows, Stored: s.stored, Doubted: s.doubted,
		Duplicate: s.again, Refused: s.refused, BehindS: round(s.behind.Seconds(), 10),
	}
}

// pace tells the time of the file. With speed 0 it is always late enough.
type pace struct {
	speed float64
	began time.Time // here
	from  time.Time // the service's clock then
}

func (p pace) now() time.Time {
	return p.from.Add(time.Duration(float64(time.Since(p.began)) * p.speed))
}

// due is how many of the rows may be sent now, in their order.
func (p pace) due(rows []trace.Row) int {
	most := min(len(rows), feedMost)
	if p.speed == 0 {
		return most
	}
	now := p.now()
	for i, row := range rows[:most] {
		if row.At.After(now) {
			return i
		}
	}
	return most
}

// keepPace reads the service's clock. It is an error when that is so far past the first row that the file would come as
// one backlog.
func (r *replay) keepPace(ctx context.Context) (pace, error) {
	p := pace{speed: r.flags.Speed}
	var config struct {
		ServerTime time.Time `json:"server_time"`
	}
	if err := r.api.send(ctx, nil, &request{method: "GET", path: "/api/v1/config"}, &config); err != nil {
		return p, err
	}
	p.began, p.from = time.Now(), config.ServerTime
	first, last := r.trace.Span()
	switch late := p.from.Sub(first); {
	case p.speed > 0 && late > r.flags.Late:
		return p, fmt.Errorf("the service's clock is %s past the first row, at most %s is taken; start it with --clock-start %s --clock-speed %v",
			late.Round(time.Minute), r.flags.Late, first.Add(-r.flags.Late/2).Format(time.RFC3339), p.speed)
	case p.speed == 0 && p.from.Before(last):
		return p, fmt.Errorf("the service's clock is at %s, before the last row; start it with --clock-start %s --clock-speed 1",
			p.from.Format(time.RFC3339), last.Add(time.Minute).Format(time.RFC3339))
	}
	return p, nil
}

// feed sends the file, and does what is to be done at each stop when everything before it is acknowledged.
func (r *replay) feed(ctx context.Context) error {
	p, err := r.keepPace(ctx)
	if err != nil {
		return err
	}
	send, done, err := r.sender(ctx)
	if err != nil {
		return err
	}
	defer done()
	moments := make([]time.Time, len(r.stops))
	for i, s := range r.stops {
		moments[i] = s.at
	}
	for i, rows := range r.trace.Stages(moments) {
		if err := r.stage(ctx, p, rows, send); err != nil {
			return err
		}
		if i < len(r.stops) {
			if err := r.stops[i].do(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// stage sends rows as they become due and returns when the last is acknowledged.
func (r *replay) stage(ctx context.Context, p pace, rows []trace.Row, send sender) error {
	for len(rows) > 0 {
		n := p.due(rows)
		if n == 0 {
			wait := time.Duration(float64(rows[0].At.Sub(p.now())) / p.speed)
			if err := pause(ctx, max(min(wait, time.Second), feedTick)); err != nil {
				return err
			}
			continue
		}
		if err := send(ctx, rows[:n]); err != nil {
			return err
		}
		if p.speed > 0 {
			r.sent.behind = max(r.sent.behind, p.now().Sub(rows[n-1].At))
		}
		rows = rows[n:]
	}
	return nil
}
