package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

type benchTerminalsCmd struct {
	Connections int     `default:"1000" help:"Terminals that send, each on a connection of its own."`
	Units       int     `default:"1000000" help:"Terminals that are registered."`
	Seconds     float64 `default:"5" help:"How long each measurement runs."`
	Window      int     `default:"32" help:"Frames that a terminal sends before it waits for their answers, at full load."`
	Burst       int     `default:"1" help:"Frames that a terminal sends together at half load."`
	Rate        float64 `help:"Frames a second of the measurement at half load; 0 takes half of what full load reached."`
	Idle        int     `help:"Measure the memory of so many idle connections instead."`
	Dir         string  `help:"Folder for the log; its disk is part of what is measured. Empty: a new one for temporary files." type:"path"`
	Client      string  `hidden:"" help:"Hold idle connections to this address until standard input ends."`
}

// terminalFigures are printed. Client and server share the machine.
type terminalFigures struct {
	Cores       int     `json:"cores"`
	Connections int     `json:"connections"`
	Units       int     `json:"units"`
	FrameBytes  int     `json:"frame_bytes"`
	Window      int     `json:"window"`
	FramesPerS  float64 `json:"frames_per_s"`
	AckP50Ms    float64 `json:"ack_p50_ms"`
	AckP99Ms    float64 `json:"ack_p99_ms"`
	Half        struct {
		Burst      int     `json:"burst"`
		FramesPerS float64 `json:"frames_per_s"`
		AckP50Ms   float64 `json:"ack_p50_ms"`
		AckP99Ms   float64 `json:"ack_p99_ms"`
	} `json:"half_load"`
	Frames int64 `json:"frames_acknowledged"`
}

// idleFigures are printed with --idle. The clients are another process.
type idleFigures struct {
	Connections        int     `json:"connections"`
	BytesPerConnection float64 `json:"bytes_per_idle_connection"`
	HeapBytes          float64 `json:"heap_bytes_per_idle_connection"`
	StackBytes         float64 `json:"stack_bytes_per_idle_connection"`
	Goroutines         int     `json:"goroutines"`
	LeftAfterClose     int     `json:"goroutines_left_after_close"`
}

// benchCode is the authentication code of every terminal of a measurement.
const benchCode = "K7Q2M9XPK7Q2M9XP"

// Run measures and prints.
func (b *benchTerminalsCmd) Run(ctx context.Context) error {
	if b.Client != "" {
		return holdIdle(b.Client, b.Idle)
	}
	dir := b.Dir
	if dir == "" {
		made, err := os.MkdirTemp("", "jiujin-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(made)
		dir = made
	}
	site, err := openBenchSite(dir, max(b.Units, b.Connections, b.Idle))
	if err != nil {
		return err
	}
	if b.Idle > 0 {
		return site.measureIdle(ctx, b.Idle)
	}
	return site.serve(ctx, func(addr string) error { return b.measure(ctx, site, addr) })
}

// benchSite is the server with the real log on disk and registered terminals, without a database.
type benchSite struct {
	log    *tracking.Log
	ingest *tracking.Ingestor
	server *jt808.Server
}

func openBenchSite(dir string, units int) (*benchSite, error) {
	spool, err := tracking.OpenLog(dir, 16<<30)
	if err != nil {
		return nil, err
	}
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	hash := sha256.Sum256([]byte(benchCode))
	login := &tracking.Login{AuthHash: hash[:]}
	list, names := make([]tracking.Device, units), make([][]tracking.Name, units)
	for i := range list {
		list[i] = tracking.Device{ID: int64(i + 1), UnitID: int64(i + 1), Kind: "jt808", Login: login}
		names[i] = []tracking.Name{{Protocol: "jt808", Ident: benchPhone(i)}}
	}
	s := &benchSite{log: spool}
	db := &pg.DB{Now: time.Now} // the log is not drained here
	s.ingest = tracking.NewIngestor(db, spool, tracking.NewStore(), tracking.DefaultRules(), nil, quiet)
	s.server = &jt808.Server{
		Devices: tracking.HoldDevices(list, names, ""), Ingest: s.ingest, Log: quiet, Limits: jt808.DefaultLimits(),
	}
	return s, nil
}

// benchPhone is the number of terminal i: eleven digits.
func benchPhone(i int) string { return fmt.Sprintf("1%010d", i) }

// serve runs the server while fn runs.
func (s *benchSite) serve(ctx context.Context, fn func(addr string) error) error {
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	logCtx, stopLog := context.WithCancel(context.WithoutCancel(ctx))
	defer stopLog()
	var g errgroup.Group
	g.Go(func() error { return s.log.Run(logCtx) })
	g.Go(func() error {
		defer stopLog()
		return s.server.Run(ctx, tcp, nil)
	})
	err = fn(tcp.Addr().String())
	stop()
	return errors.Join(err, g.Wait())
}

// measure sends at full load, then at half of what that reached.
func (b *benchTerminalsCmd) measure(ctx context.Context, s *benchSite, addr string) error {
	f := terminalFigures{Cores: runtime.NumCPU(), Connections: b.Connections, Units: b.Units, Window: b.Window}
	fleet, err := dialBenchFleet(addr, b.Connections)
	if err != nil {
		return err
	}
	defer fleet.close()
	f.FrameBytes = fleet.frameBytes()
	during := time.Duration(b.Seconds * float64(time.Second))
	runtime.GC()
	full, err := fleet.flood(ctx, during, b.Window)
	if err != nil {
		return err
	}
	f.FramesPerS, f.AckP50Ms, f.AckP99Ms = full.perSecond(), full.quantile(0.5), full.quantile(0.99)
	rate := b.Rate
	if rate == 0 {
		rate = f.FramesPerS / 2
	}
	runtime.GC()
	half, err := fleet.pace(ctx, during, rate, b.Burst)
	if err != nil {
		return err
	}
	f.Half.Burst, f.Half.FramesPerS = b.Burst, half.perSecond()
	f.Half.AckP50Ms, f.Half.AckP99Ms = half.quantile(0.5), half.quantile(0.99)
	f.Frames = full.frames + half.frames
	if c := s.ingest.Counts(); c.Stored != f.Frames || len(c.Refused) > 0 || c.Doubted > 0 {
		return fmt.Errorf("%d frames were acknowledged, but the intake counts %+v", f.Frames, c)
	}
	return printFigures(f)
}

// measureIdle holds connections from another process that log in and then say nothing.
func (s *benchSite) measureIdle(ctx context.Context, n int) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return s.serve(ctx, func(addr string) error {
		before, goroutines := benchMemory(), runtime.NumGoroutine()
		child := exec.CommandContext(ctx, self, "bench", "terminals", "--client", addr, "--idle", fmt.Sprint(n))
		child.Stderr = os.Stderr
		hold, err := child.StdinPipe()
		if err != nil {
			return err
		}
		says, err := child.StdoutPipe()
		if err != nil {
			return err
		}
		if err := child.Start(); err != nil {
			return err
		}
		line, err := bufio.NewReader(says).ReadString('\n')
		if err != nil || strings.TrimSpace(line) != "ready" {
			return errors.Join(fmt.Errorf("the idle clients did not connect: %q, %w", line, err), child.Wait())
		}
		if c := s.server.Counts(); c.Sessions != int64(n) {
			return fmt.Errorf("%d sessions, want %d", c.Sessions, n)
		}
		after := benchMemory()
		f := idleFigures{Connections: n, Goroutines: runtime.NumGoroutine() - goroutines}
		f.HeapBytes, f.StackBytes = per(after.HeapInuse, before.HeapInuse, n), per(after.StackInuse, before.StackInuse, n)
		f.BytesPerConnection = f.HeapBytes + f.StackBytes
		if err := errors.Join(hold.Close(), child.Wait()); err != nil {
			return err
		}
		for s.server.Counts().Connections > 0 && ctx.Err() == nil {
			time.Sleep(10 * time.Millisecond)
		}
		f.LeftAfterClose = runtime.NumGoroutine() - goroutines
		return printFigures(f)
	})
}

func per(after, before uint64, n int) float64 { return float64(int64(after-before)) / float64(n) }

// benchMemory is what is in use after a collection.
func benchMemory() (m runtime.MemStats) {
	debug.FreeOSMemory()
	runtime.ReadMemStats(&m)
	return m
}
