package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/retailer"
	"jiujin/internal/httpapi"
	"jiujin/internal/live"
	"jiujin/internal/pg"
	"jiujin/tracking"
)

type benchNearCmd struct {
	Units       int     `default:"1000000" help:"Units in the store."`
	Connections int     `default:"16" help:"Clients at once, each on one connection that stays open."`
	Seconds     float64 `default:"5" help:"How long to measure."`
	Nearest     int     `default:"10" help:"How many of the nearest free units to ask for."`
	Load        int     `default:"200000" help:"Updates a second that run beside the searches."`
}

type nearFigures struct {
	Units       int `json:"units"`
	Connections int `json:"connections"`
	searchFigures
	Checked int `json:"checked"` // answers compared with a look at every unit
	Wrong   int `json:"wrong"`
}

// benchKey is the key of the gateway that asks.
const benchKey = "jjg_bench"

// Run serves the real routes on loopback, with clients in the same process, and prints what they measured.
func (b *benchNearCmd) Run(ctx context.Context) error {
	if b.Units < 1 || b.Connections < 1 {
		return errors.New("it takes a unit and a connection at least")
	}
	world, store := newBenchWorld(b.Units), tracking.NewStore()
	store.UpdateAll(world.fixes, nil)
	server, err := nearServer(store)
	if err != nil {
		return err
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends with Close
	f, err := b.measure(ctx, world, store, listener.Addr().String())
	err = errors.Join(err, server.Close())
	serving.Wait()
	if err = errors.Join(err, printFigures(f)); err == nil && f.Wrong > 0 {
		err = fmt.Errorf("%d of %d answers are wrong", f.Wrong, f.Checked)
	}
	return err
}

// nearServer is the service with a store and one gateway, and without a database: nothing that it is asked here needs
// one.
func nearServer(store *tracking.Store) (*http.Server, error) {
	db := &pg.DB{Now: time.Now}
	log := slog.New(slog.NewTextHandler(io.Discard, &slog.HandlerOptions{Level: slog.LevelInfo}))
	api, err := httpapi.New(httpapi.Deps{
		DB: db, Logger: log, Importer: retailer.NewImporter(db, "", 0, orb.Bound{}, log),
		Dispatch: &dispatch.Service{DB: db, Positions: store},
		Devices:  tracking.HoldDevices(nil, nil, benchKey), Hub: live.NewHub(),
	})
	if err != nil {
		return nil, err
	}
	return &http.Server{Handler: api.Handler(), ReadHeaderTimeout: time.Minute}, nil
}

func (b *benchNearCmd) measure(ctx context.Context, world *benchWorld, store *tracking.Store, address string) (nearFigures, error) {
	f := nearFigures{Units: b.Units, Connections: b.Connections}
	asked := make([]orb.Point, 20_000)
	for i := range asked {
		asked[i] = roundPoint(world.place(), 1e6) // as it goes over the wire
	}
	within, stop := context.WithTimeout(ctx, time.Duration(b.Seconds*float64(time.Second)))
	defer stop()
	took, errs := make([][]time.Duration, b.Connections), make([]error, b.Connections)
	var all sync.WaitGroup
	updates := 0
	start := time.Now()
	all.Go(func() { updates = world.keepMoving(within, store, b.Load) })
	for i := range b.Connections {
		all.Go(func() { took[i], errs[i] = b.ask(within, address, asked[i*len(asked)/b.Connections:]) })
	}
	all.Wait()
	spent := time.Since(start).Seconds()
	var every []time.Duration
	for _, t := range took {
		every = append(every, t...)
	}
	f.searchFigures = searchFigures{
		PerS: float64(len(every)) / spent, P50us: percentile(every, 50), P99us: percentile(every, 99),
		Queries: len(every), UpdatesPerS: float64(updates) / spent,
	}
	if err := errors.Join(errs...); err != nil {
		return f, err
	}
	// Now that nothing moves, each answer over the wire must be that of a look at every unit.
	client, err := dialNear(ctx, address)
	if err != nil {
		return f, err
	}
	defer client.Close()
	for _, p := range asked[:min(200, 1+20_000_000/b.Units)] {
		body, err := client.near(p, b.Nearest)
		if err != nil {
			return f, err
		}
		f.Checked++
		if !sameUnits(body, world.scan(p, b.Nearest)) {
			f.Wrong++
		}
	}
	return f, ctx.Err()
}

// roundPoint rounds the coordinates of p to whole parts of a degree.
func roundPoint(p orb.Point, parts float64) orb.Point {
	return orb.Point{math.Round(p[0]*parts) / parts, math.Round(p[1]*parts) / parts}
}

// ask sends one search after the other on a connection and notes how long each took.
func (b *benchNearCmd) ask(ctx context.Context, address string, places []orb.Point) ([]time.Duration, error) {
	client, err := dialNear(ctx, address)
	if err != nil {
		return nil, err
	}
	defer client.Close()
	var took []time.Duration
	for ctx.Err() == nil {
		start := time.Now()
		if _, err := client.near(places[len(took)%len(places)], b.Nearest); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
	}
	return took, nil
}

// nearClient is one HTTP connection. It does no more than this takes, so that the figures are those of the server.
type nearClient struct {
	net.Conn
	reader  *bufio.Reader
	headers *textproto.Reader
	request []byte
	body    []byte
}

func dialNear(ctx context.Context, address string) (*nearClient, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	r := bufio.NewReader(conn)
	return &nearClient{Conn: conn, reader: r, headers: textproto.NewReader(r)}, nil
}

// near asks for the k nearest free units, and returns the body of the answer until the next call.
func (c *nearClient) near(p orb.Point, k int) ([]byte, error) {
	c.request = fmt.Appendf(c.request[:0], "GET /api/v1/units/near?lon=%v&lat=%v&k=%d&free=true HTTP/1.1\r\n"+
		"Host: localhost\r\nAuthorization: Bearer %s\r\n\r\n", p[0], p[1], k, benchKey)
	if _, err := c.Write(c.request); err != nil {
		return nil, err
	}
	status, err := c.headers.ReadLineBytes()
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 200")) {
		return nil, fmt.Errorf("the server answers %s", status)
	}
	length := -1
	for {
		line, err := c.headers.ReadLineBytes()
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			break
		}
		if v, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(v)); err != nil {
				return nil, err
			}
		}
	}
	if length < 0 {
		return nil, errors.New("the answer does not tell its length")
	}
	c.body = append(c.body[:0], make([]byte, length)...)
	_, err = io.ReadFull(c.reader, c.body)
	return c.body, err
}

// sameUnits says whether an answer names the units of a list, in its order.
func sameUnits(body []byte, want []tracking.Near) bool {
	named := bytes.Count(body, []byte(`"unit_id":`))
	for _, n := range want {
		id := fmt.Appendf(nil, `"unit_id":%d,`, n.Fix.UnitID)
		at := bytes.Index(body, id)
		if at < 0 {
			return false
		}
		body = body[at+len(id):]
	}
	return named == len(want)
}
