package jt808_test

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/cmd/fleetsim/terminal"
	"jiujin/tracking/trackingtest"
)

var (
	backlogUnits = flag.Int("backlog-units", 20, "vehicle units of TestBacklogs that bring what they stored")
	backlogFixes = flag.Int("backlog-fixes", 1000, "positions that each of them stored; 8640 are a day at 10 s")
	backlogAhead = flag.Int("backlog-ahead", 1, "batches of 25 that each of them sends before it waits for the answers")
)

const (
	liveUnits  = 10
	liveEvery  = 100 * time.Millisecond
	liveBefore = 30 // reports of each before the backlogs come
)

// delays are how long reports waited for their answers, in milliseconds.
type delays struct {
	N   int     `json:"n"`
	P50 float64 `json:"p50_ms"`
	P99 float64 `json:"p99_ms"`
	Max float64 `json:"max_ms"`
}

func delaysOf(list []time.Duration) delays {
	if len(list) == 0 {
		return delays{}
	}
	slices.Sort(list)
	at := func(q float64) float64 {
		return math.Round(list[int(q*float64(len(list)-1))].Seconds()*1e5) / 100
	}
	return delays{len(list), at(0.5), at(0.99), at(1)}
}

// Units come back from a long silence all at once and send what they stored: every position is in the history, once, and
// in the order in which it was sent. With -v the delays of others that report meanwhile are printed as JSON.
func TestBacklogs(t *testing.T) {
	s := newSite(t, nil)
	phone := func(i int) string { return fmt.Sprintf("139%08d", i) }
	all := make([]int64, liveUnits+*backlogUnits)
	links := make([]*terminal.Link, len(all))
	for i := range all {
		all[i] = s.device(t, phone(i), false)
		id := terminal.Identity{
			Unit:         terminal.Unit{Phone: phone(i)},
			Registration: terminal.Registration{Maker: "70111", Model: "TEST", TerminalID: fmt.Sprintf("T%06d", i), Plate: []byte("A00001")},
		}
		link, err := terminal.Dial(t.Context(), s.addr, &id, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer link.Close()
		links[i] = link
	}

	stored := make([][]terminal.Outgoing, *backlogUnits)
	for i := range stored {
		stored[i] = backlogOf(i)
	}

	var mu sync.Mutex
	var before, during []time.Duration
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var live errgroup.Group
	var warm sync.WaitGroup // the reports before the backlogs
	warm.Add(liveUnits)
	flooded := make(chan struct{})
	for i := range liveUnits {
		live.Go(func() error {
			return report(ctx, links[i], i, func(n int, took time.Duration) {
				mu.Lock()
				defer mu.Unlock()
				select {
				case <-flooded:
					during = append(during, took)
				default:
					before = append(before, took)
				}
				if n == liveBefore {
					warm.Done()
				}
			})
		})
	}
	warm.Wait()
	close(flooded)
	begin := time.Now()
	var flood errgroup.Group
	for i := range stored {
		flood.Go(func() error { return bring(t.Context(), links[liveUnits+i], stored[i]) })
	}
	if err := flood.Wait(); err != nil {
		t.Fatal(err)
	}
	took := time.Since(begin)
	stop()
	if err := live.Wait(); err != nil {
		t.Fatal(err)
	}
	if err := s.Ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	drained := time.Since(begin)

	want := *backlogUnits * *backlogFixes
	if n := trackingtest.Value[int](t, s.DB, `select count(*) from fix where device_id = any($1)`, all[liveUnits:]); n != want {
		t.Errorf("%d positions in the history, want %d", n, want)
	}
	if n := trackingtest.Value[int](t, s.DB, `
		select count(*) from (select received_at < lag(received_at) over (partition by device_id order by fixed_at) as swapped
		                        from fix where device_id = any($1)) f where swapped`, all[liveUnits:]); n != 0 {
		t.Errorf("%d positions came before older ones of their unit", n)
	}
	if n := trackingtest.Value[int](t, s.DB, `select count(*) from fix where device_id = any($1)`, all[:liveUnits]); n < len(before)+len(during) {
		t.Errorf("%d positions of the others in the history, %d were acknowledged", n, len(before)+len(during))
	}
	figures, err := json.Marshal(map[string]any{
		"units": *backlogUnits, "fixes": want, "batches_ahead": *backlogAhead, "acknowledged_after_s": took.Seconds(), "in_the_history_after_s": drained.Seconds(),
		"live_units": liveUnits, "live_before": delaysOf(before), "live_during": delaysOf(during),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s", figures)
}

// report sends one position after another until ctx ends and tells how long each waited for its answer. A report is due
// at even times, however late the answer to the one before was.
func report(ctx context.Context, link *terminal.Link, unit int, acked func(n int, took time.Duration)) error {
	tick := time.NewTicker(liveEvery)
	defer tick.Stop()
	first := time.Now().Add(-3 * time.Hour)
	due := time.Now()
	for n := 1; ; n++ {
		body := terminal.Position{
			At: first.Add(time.Duration(n) * time.Second), Lon: 110 + float64(unit)/100, Lat: 30 + float64(n)*9e-5, SpeedKmh: 36,
		}.Body()
		refused := false
		err := link.Exchange(context.WithoutCancel(ctx), []terminal.Outgoing{{ID: terminal.Location, Body: body}}, func(_ int, result byte) {
			refused = result != 0
		})
		if err == nil && refused {
			err = errors.New("it was refused")
		}
		if err != nil {
			return fmt.Errorf("live position %d of unit %d: %w", n, unit, err)
		}
		acked(n, time.Since(due))
		select {
		case due = <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// backlogOf is what a unit stored, in batches, oldest first.
func backlogOf(unit int) []terminal.Outgoing {
	first := time.Now().Add(-time.Duration(*backlogFixes) * 10 * time.Second)
	var messages []terminal.Outgoing
	var batch []terminal.Position
	for n := range *backlogFixes {
		batch = append(batch, terminal.Position{
			At: first.Add(time.Duration(n) * 10 * time.Second), Lon: 112 + float64(unit)/100, Lat: 25 + float64(n)*9e-4,
			SpeedKmh: 36, Satellites: 12,
		})
		if len(batch) == terminal.BatchMost || n == *backlogFixes-1 {
			messages = append(messages, terminal.Outgoing{ID: terminal.Batch, Body: terminal.BatchBody(batch, true)})
			batch = batch[:0]
		}
	}
	return messages
}

// bring sends what a unit stored.
func bring(ctx context.Context, link *terminal.Link, messages []terminal.Outgoing) error {
	for some := range slices.Chunk(messages, *backlogAhead) {
		refused := 0
		err := link.Exchange(ctx, some, func(_ int, result byte) {
			if result != 0 {
				refused++
			}
		})
		if err == nil && refused > 0 {
			err = fmt.Errorf("%d of %d batches were refused", refused, len(some))
		}
		if err != nil {
			return err
		}
	}
	return nil
}
