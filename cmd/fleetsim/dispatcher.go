package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// dispatcher watches the board of a county. With a delay it also does what the engine leaves to people: it offers
// tickets that wait, asks callers again who named no place, and answers what needs no visit.
type dispatcher struct {
	who   *person
	fleet *fleet
	delay time.Duration // 0 = only watches

	mu   sync.Mutex // guards open
	open map[int64]*waiting
}

// waiting is an open ticket and when to look at it next.
type waiting struct {
	ticket ticketView
	due    time.Time
}

// watch follows the board until ctx ends.
func (d *dispatcher) watch(ctx context.Context) error {
	return d.who.follow(ctx, "board", func(m message) {
		if err := d.take(m, time.Now()); err != nil {
			d.fleet.measure.trouble(fmt.Errorf("board message %s: %w", m.Name, err))
		}
	})
}

func (d *dispatcher) take(m message, now time.Time) error {
	switch m.Name {
	case "fixes":
		var frame struct {
			F [][6]*float64 `json:"f"` // unit, lon, lat, heading, speed, time in Unix milliseconds
		}
		if err := json.Unmarshal(m.Data, &frame); err != nil {
			return err
		}
		for _, f := range frame.F {
			if f[0] == nil || f[5] == nil {
				return fmt.Errorf("a fix without unit or time: %s", m.Data)
			}
			d.fleet.measure.fixSeen(int64(*f[0]), int64(*f[5]), now)
		}
	case "snapshot":
		var s struct {
			Tickets []ticketView `json:"tickets"`
		}
		if err := json.Unmarshal(m.Data, &s); err != nil {
			return err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		before := d.open
		d.open = make(map[int64]*waiting, len(s.Tickets))
		for _, t := range s.Tickets {
			d.note(t, before[t.ID], now)
		}
	case "ticket":
		var t ticketView
		if err := json.Unmarshal(m.Data, &t); err != nil {
			return err
		}
		d.mu.Lock()
		defer d.mu.Unlock()
		if t.ClosedAt != nil {
			delete(d.open, t.ID)
			d.fleet.forget(t.ID)
			return nil
		}
		d.note(t, d.open[t.ID], now)
	}
	return nil
}

// note keeps a ticket; the wait starts anew with another status. The caller holds mu.
func (d *dispatcher) note(t ticketView, before *waiting, now time.Time) {
	w := &waiting{ticket: t, due: now.Add(d.delay)}
	if t.Status != "registered" {
		d.fleet.forget(t.ID)
	}
	if t.Alarm != "" {
		d.fleet.measure.waits(t.ID)
	}
	if before != nil && before.ticket.Status == t.Status {
		w.due = before.due
	}
	d.open[t.ID] = w
}

// work looks every second for tickets that have waited long enough, until work ends.
func (d *dispatcher) work(work, hard context.Context) error {
	for d.delay > 0 && pause(work, time.Second) == nil {
		for _, t := range d.dueTickets(time.Now()) {
			err := d.serve(hard, t)
			if isRefusal(err) { // it has moved on, or the ranking has
				continue
			}
			if err != nil {
				return ended(hard, err)
			}
			if work.Err() != nil {
				return nil
			}
		}
	}
	return nil
}

// dueTickets are the tickets that have waited, the most urgent and oldest first. They come again after the delay.
func (d *dispatcher) dueTickets(now time.Time) []ticketView {
	d.mu.Lock()
	defer d.mu.Unlock()
	var due []ticketView
	for _, w := range d.open {
		if (w.ticket.Status == "to_dispatch" || w.ticket.Status == "registered") && !now.Before(w.due) {
			w.due = now.Add(d.delay)
			due = append(due, w.ticket)
		}
	}
	slices.SortFunc(due, func(a, b ticketView) int {
		if a.Urgency != b.Urgency {
			return a.Urgency - b.Urgency
		}
		return int(a.ID - b.ID)
	})
	return due
}

func (d *dispatcher) serve(ctx context.Context, t ticketView) error {
	if t.Status == "to_dispatch" {
		return d.offer(ctx, t)
	}
	call, ok := d.fleet.recall(t.ID)
	if !ok {
		return nil // somebody else's; they will look after it
	}
	sub := d.fleet.mapSubtype(t.Subtype)
	act := func(what string, body map[string]any) error {
		body["version"] = t.Version
		return d.fleet.command(ctx, d.who, what, fmt.Sprintf("/tickets/%d/actions/%s", t.ID, what), body)
	}
	switch {
	case !sub.FieldVisit && sub.Kind == "report": // such as a sale on the net, which nobody drives to
		return act("cancel", map[string]any{"reason": "已转交互联网监管部门办理"})
	case !sub.FieldVisit:
		return act("answer", map[string]any{"outcome_text": "已电话答复来电人，来电人表示清楚。"})
	}
	if _, known := t.point(); !known { // the caller is asked again
		place := map[string]any{"lon": call.Point[0], "lat": call.Point[1], "place_text": call.PlaceTxt}
		if call.Retailer >= 0 {
			place = map[string]any{"retailer_licence_no": d.fleet.town.Retailers[call.Retailer].LicenceNo}
		}
		if err := act("amend", place); err != nil {
			return err
		}
		t.Version++
	}
	return act("triage", map[string]any{})
}

// offer gives the ticket to the best candidate; without one it goes on waiting.
func (d *dispatcher) offer(ctx context.Context, t ticketView) error {
	var answer struct {
		Candidates []struct {
			UnitID   int64 `json:"unit_id"`
			Eligible bool  `json:"eligible"`
			Rank     int   `json:"rank"`
		} `json:"candidates"`
	}
	if err := d.who.get(ctx, fmt.Sprintf("/tickets/%d/candidates", t.ID), &answer); err != nil {
		return err
	}
	for _, c := range answer.Candidates {
		if c.Eligible && c.Rank == 1 {
			return d.fleet.command(ctx, d.who, "offer", fmt.Sprintf("/tickets/%d/offers", t.ID),
				map[string]any{"unit_id": c.UnitID, "version": t.Version})
		}
	}
	return nil
}

// mapSubtype finds the service's subtype for the town's code; what it does not know is another report, a complaint
// about the service, or an enquiry.
func (f *fleet) mapSubtype(code string) subtype {
	if s, ok := f.config.subtype(code); ok {
		return s
	}
	other := map[string]string{"R": "R99", "C": "C02", "S": "S01"}[code[:1]]
	if s, ok := f.config.subtype(other); ok && other != "" {
		return s
	}
	s, _ := f.config.subtype("Q02")
	return s
}

// county is the key of the county in which p lies, by the road next to it.
func (f *fleet) county(p [2]float64) string {
	edge := f.town.Graph.Edges[f.town.Graph.At(f.town.Graph.NearestNode(p))[0]]
	return fmt.Sprintf("county%d", f.town.Graph.Roads[edge.Road].County+1)
}

// countyOf is the county of an organisation's key, such as county1-squad3.
func countyOf(org string) string {
	county, _, _ := strings.Cut(org, "-")
	return county
}
