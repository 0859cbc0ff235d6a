package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"jiujin/cmd/fleetsim/terminal"
	"jiujin/cmd/fleetsim/trace"
)

// sender sends rows and returns when the service has answered each of them.
type sender func(ctx context.Context, rows []trace.Row) error

// sender is the way that the flags ask for; done ends it.
func (r *replay) sender(ctx context.Context) (send sender, done func(), err error) {
	none := func() {}
	switch r.flags.Protocol {
	case "gateway":
		var made struct {
			Key string `json:"key"`
		}
		_, err := r.admin.command(ctx, "/gateways", map[string]any{"label": "fleetsim replay"}, &made, nil)
		r.gateway = made.Key
		return r.byGateway, none, err
	case "osmand":
		return r.eachVehicle(r.byOsmAnd), none, nil
	case "jt808":
		t := &terminals{replay: r, links: map[string]*terminal.Link{}}
		return r.eachVehicle(t.send), t.close, nil
	}
	return r.eachVehicle(r.byDevice), none, nil
}

// eachVehicle sends the rows of several vehicles at a time, those of one in their order.
func (r *replay) eachVehicle(send func(ctx context.Context, u *replayed, name string, rows []trace.Row) error) sender {
	return func(ctx context.Context, rows []trace.Row) error {
		parts := map[string][]trace.Row{}
		for _, row := range rows {
			parts[row.Vehicle] = append(parts[row.Vehicle], row)
		}
		g, ctx := errgroup.WithContext(ctx)
		g.SetLimit(feedAtOnce)
		for name, part := range parts {
			g.Go(func() error { return send(ctx, r.units[name], name, part) })
		}
		return g.Wait()
	}
}

// byGateway sends all rows in one body, in the order of the file.
func (r *replay) byGateway(ctx context.Context, rows []trace.Row) error {
	var body bytes.Buffer
	lines := json.NewEncoder(&body)
	for _, row := range rows {
		one := recordOf(row)
		one.Device = row.Vehicle
		if err := lines.Encode(one); err != nil {
			return err
		}
	}
	return r.post(ctx, r.gateway, body.Bytes(), rows)
}

// byDevice sends one vehicle's rows under the key of its device.
func (r *replay) byDevice(ctx context.Context, u *replayed, _ string, rows []trace.Row) error {
	records := make([]record, len(rows))
	for i, row := range rows {
		records[i] = recordOf(row)
	}
	body, err := json.Marshal(records)
	if err != nil {
		return err
	}
	return r.post(ctx, u.key, body, rows)
}

// post sends the records of rows under a key.
func (r *replay) post(ctx context.Context, key string, body []byte, rows []trace.Row) error {
	var answer fixesAnswer
	if err := r.api.send(ctx, nil, &request{method: "POST", path: "/api/v1/fixes", bearer: key, body: body}, &answer); err != nil {
		return err
	}
	if got := answer.Stored + answer.Doubted + answer.Duplicate + answer.Refused; got != len(rows) {
		return fmt.Errorf("%d records were sent and %d answered", len(rows), got)
	}
	r.sent.took(rows, answer)
	return nil
}

// byOsmAnd sends the rows of one vehicle one by one. The protocol does not tell which are refused.
func (r *replay) byOsmAnd(ctx context.Context, u *replayed, _ string, rows []trace.Row) error {
	for i, row := range rows {
		f := fix{FixedAt: row.At.UnixMilli(), Lon: row.Lon, Lat: row.Lat}
		if row.SpeedKmh != nil {
			f.SpeedKmh = *row.SpeedKmh
		}
		if err := r.api.send(ctx, nil, &request{method: "GET", path: osmAndPath(u.key, f)}, nil); err != nil {
			return err
		}
		r.sent.took(rows[i:i+1], fixesAnswer{Stored: 1})
	}
	return nil
}

// terminals are the vehicle units of a replay.
type terminals struct {
	replay *replay
	mu     sync.Mutex // guards links
	links  map[string]*terminal.Link
}

func (t *terminals) close() {
	for _, l := range t.links {
		l.Close()
	}
}

// link is the connection of a vehicle, made when it is first needed.
func (t *terminals) link(ctx context.Context, u *replayed, name string) (*terminal.Link, error) {
	t.mu.Lock()
	l := t.links[name]
	t.mu.Unlock()
	if l != nil {
		return l, nil
	}
	l, err := terminal.Dial(ctx, t.replay.flags.Terminals, &terminal.Identity{
		Unit: terminal.Unit{Phone: u.phone}, Registration: terminal.Registration{TerminalID: u.phone[len(u.phone)-7:]},
	}, nil)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.links[name] = l
	return l, nil
}

// send sends one position a message, or ten when there are many. The protocol does not tell which are refused.
func (t *terminals) send(ctx context.Context, u *replayed, name string, rows []trace.Row) error {
	l, err := t.link(ctx, u, name)
	if err != nil {
		return err
	}
	var messages []terminal.Outgoing
	positions := make([]terminal.Position, len(rows))
	for i, row := range rows {
		positions[i] = positionOf(row)
	}
	for len(positions) > 0 {
		if len(positions) < batchFixes {
			messages = append(messages, terminal.Outgoing{ID: terminal.Location, Body: positions[0].Body()})
			positions = positions[1:]
			continue
		}
		messages = append(messages, terminal.Outgoing{ID: terminal.Batch, Body: terminal.BatchBody(positions[:batchFixes], false)})
		positions = positions[batchFixes:]
	}
	var refused error
	err = l.Exchange(ctx, messages, func(i int, result byte) {
		if result != 0 {
			refused = fmt.Errorf("%s: message 0x%04x was answered %d", name, messages[i].ID, result)
		}
	})
	if err == nil {
		err = refused
	}
	if err == nil {
		t.replay.sent.took(rows, fixesAnswer{Stored: len(rows)})
	}
	return err
}

func positionOf(row trace.Row) terminal.Position {
	p := terminal.Position{At: row.At, Lon: row.Lon, Lat: row.Lat}
	if row.SpeedKmh != nil {
		p.SpeedKmh = *row.SpeedKmh
	}
	if row.Occupied != nil {
		p.Loaded = *row.Occupied
	}
	return p
}
