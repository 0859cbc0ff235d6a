package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/dispatch"
	"jiujin/geo/basemap"
	"jiujin/internal/auth"
	"jiujin/internal/httpapi"
	"jiujin/internal/live"
	"jiujin/internal/pg"
	"jiujin/tracking"
)

// IngestBench measures the way of positions from a client's socket to the disk
// and on into PostgreSQL. The server is the service's own, in this process,
// with a log on the disk and no database: none is needed to acknowledge. Its
// devices are made up and held in memory.
type IngestBench struct {
	Dir         string // gets the log; removed by the caller
	Devices     int
	Connections int
	Batch       int // records in a request
	Rounds      int
	Round       time.Duration
	DrainFixes  int    // how many to carry into PostgreSQL; zero measures no drain
	DatabaseURL string // for the drain; empty starts a private cluster in Dir
}

// IngestFigures is what an IngestBench found; rates are the medians of the rounds.
type IngestFigures struct {
	Devices      int     `json:"devices"`
	Connections  int     `json:"connections"`
	Batch        int     `json:"batch"`
	Rounds       int     `json:"rounds"`
	Full         AckLoad `json:"full_load"`
	Half         AckLoad `json:"half_load"`
	Fixes        int64   `json:"fixes"`         // acknowledged in all
	BytesPerFix  float64 `json:"bytes_per_fix"` // in the spool
	DrainedFixes int     `json:"drained_fixes,omitempty"`
	DrainPerS    float64 `json:"drain_fixes_per_s,omitempty"`
}

// AckLoad is the durable acknowledgement under a load. Under half load the
// latency counts from the moment at which the request was due.
type AckLoad struct {
	FixesPerS float64 `json:"fixes_per_s"`
	P50ms     float64 `json:"ack_p50_ms"`
	P99ms     float64 `json:"ack_p99_ms"`
}

// Run measures; the error tells of an answer that was not as it should be, too.
func (b IngestBench) Run(ctx context.Context) (IngestFigures, error) {
	f := IngestFigures{Devices: b.Devices, Connections: b.Connections, Batch: b.Batch, Rounds: b.Rounds}
	s, err := b.serve(ctx, filepath.Join(b.Dir, "spool"))
	if err != nil {
		return f, err
	}
	err = s.measure(ctx, b, &f)
	if err := errors.Join(err, s.stop()); err != nil {
		return f, err
	}
	if b.DrainFixes > 0 {
		err = b.drain(ctx, &f)
	}
	return f, err
}

func (s *benchServer) measure(ctx context.Context, b IngestBench, f *IngestFigures) error {
	fleet := newBenchFleet(s, b)
	var full, half []AckLoad
	if _, err := fleet.load(ctx, b.Round/2, 0); err != nil { // warm up
		return err
	}
	for range b.Rounds {
		load, err := fleet.load(ctx, b.Round, 0)
		if err != nil {
			return err
		}
		full = append(full, load)
		if load, err = fleet.load(ctx, b.Round, load.FixesPerS/2); err != nil {
			return err
		}
		half = append(half, load)
	}
	f.Full, f.Half = medianLoad(full), medianLoad(half)
	f.Fixes = fleet.sent.Load()
	_, synced, _ := s.spool.Span()
	f.BytesPerFix = float64(synced) / float64(f.Fixes)
	return nil
}

func medianLoad(loads []AckLoad) AckLoad {
	median := func(of func(AckLoad) float64) float64 {
		values := make([]float64, len(loads))
		for i, l := range loads {
			values[i] = of(l)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return AckLoad{
		median(func(l AckLoad) float64 { return l.FixesPerS }),
		median(func(l AckLoad) float64 { return l.P50ms }),
		median(func(l AckLoad) float64 { return l.P99ms }),
	}
}

// benchServer is the service's HTTP server and intake.
type benchServer struct {
	addr  string
	key   string // of a gateway
	spool *tracking.Log
	stop  func() error
}

// serve starts a server with an empty log.
func (b IngestBench) serve(ctx context.Context, dir string) (*benchServer, error) {
	log := slog.New(slog.DiscardHandler)
	db, err := pg.Away(ctx, log)
	if err != nil {
		return nil, err
	}
	s := &benchServer{key: "jjg_bench"}
	if s.spool, err = tracking.OpenLog(dir, 1<<40); err != nil {
		return nil, err
	}
	passwords, err := auth.NewPasswords(auth.DefaultCost(), 1)
	if err != nil {
		return nil, err
	}
	positions := tracking.NewStore()
	ingest := tracking.NewIngestor(db, s.spool, positions, tracking.DefaultRules(), nil, log)
	core := &dispatch.Service{DB: db, Positions: positions}
	devices, names := benchDevices(b.Devices)
	api, err := httpapi.New(httpapi.Deps{
		DB: db, Passwords: passwords, Logger: log,
		Config:   func(context.Context) (httpapi.Config, error) { return httpapi.Config{}, nil },
		Dispatch: core, Devices: tracking.HoldDevices(devices, names, s.key), Ingest: ingest,
		Fences: tracking.NewFences(db, positions, log, func([]tracking.FenceEvent) {}),
		Hub:    live.NewHub(), Tiles: basemap.NewTiles(db.Pool, 1<<20),
	})
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s.addr = listener.Addr().String()
	server := &http.Server{Handler: api.Handler(), ReadHeaderTimeout: 10 * time.Second}
	intake, stopIntake := context.WithCancel(context.WithoutCancel(ctx))
	var g errgroup.Group
	g.Go(func() error { return ingest.Run(intake) })
	g.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	s.stop = func() error {
		err := server.Close()
		stopIntake()
		err = errors.Join(err, g.Wait())
		db.Close()
		return err
	}
	return s, nil
}

// benchDevices are devices that gateways call b00000000, b00000001 and so on.
func benchDevices(n int) ([]tracking.Device, [][]tracking.Name) {
	list, names := make([]tracking.Device, n), make([][]tracking.Name, n)
	for i := range list {
		list[i] = tracking.Device{ID: int64(i + 1), UnitID: int64(i + 1), Kind: "http"}
		names[i] = []tracking.Name{{Protocol: "http", Ident: fmt.Sprintf("b%08d", i)}}
	}
	return list, names
}

// drain fills a log without a database, as in an outage, and measures how fast it goes into one.
func (b IngestBench) drain(ctx context.Context, f *IngestFigures) error {
	dir := filepath.Join(b.Dir, "drained")
	s, err := b.serve(ctx, dir)
	if err != nil {
		return err
	}
	fleet := newBenchFleet(s, b)
	fleet.backLog = time.Minute + time.Duration(2*b.DrainFixes/b.Devices)*time.Second // live fixes
	for err == nil && fleet.sent.Load() < int64(b.DrainFixes) {
		_, err = fleet.load(ctx, 200*time.Millisecond, 0)
	}
	if err := errors.Join(err, s.stop()); err != nil {
		return err
	}
	f.DrainedFixes = int(fleet.sent.Load())
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))

	cfg := Config{DatabaseURL: b.DatabaseURL, DataDir: filepath.Join(b.Dir, "data")}
	return WithDatabase(ctx, cfg, log, func(ctx context.Context, url string) error {
		db, err := OpenDatabase(ctx, url, log)
		if err != nil {
			return err
		}
		defer db.Close()
		if err := tracking.EnsurePartitions(ctx, db, db.Now()); err != nil {
			return err
		}
		spool, err := tracking.OpenLog(dir, 1<<40)
		if err != nil {
			return err
		}
		in := tracking.NewIngestor(db, spool, tracking.NewStore(), tracking.DefaultRules(), nil, log)
		life, stop := context.WithCancel(ctx)
		var g errgroup.Group
		begin := time.Now()
		g.Go(func() error { return in.Run(life) })
		err = in.Flush(ctx)
		f.DrainPerS = float64(f.DrainedFixes) / time.Since(begin).Seconds()
		stop()
		return errors.Join(err, g.Wait())
	})
}
