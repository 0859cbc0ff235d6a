package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/app"
	"jiujin/internal/pg"
	"jiujin/tracking"
)

type benchHistoryCmd struct {
	Units   int           `default:"1000" help:"Vehicles."`
	Every   time.Duration `default:"10s" help:"Between two fixes of a vehicle."`
	Hours   int           `default:"24" help:"Of yesterday that are stored, 24 at most."`
	Looks   int           `default:"40" help:"Unit-days that are read each way."`
	DataDir string        `help:"Folder for the database of the bench, which is removed afterwards." type:"path" name:"scratch"`
}

type historyFigures struct {
	Units          int     `json:"units"`
	EveryS         float64 `json:"every_s"`
	Hours          int     `json:"hours"`
	Fixes          int64   `json:"fixes"`
	MovingShare    float64 `json:"moving_share"`     // of the vehicles' time
	StoredPerS     float64 `json:"stored_per_s"`     // taken in and drained into PostgreSQL
	BuiltHours     int     `json:"built_unit_hours"` // tracks
	BuiltPerS      float64 `json:"built_unit_hours_per_s"`
	FixBytes       float64 `json:"bytes_per_fix"`         // with the index
	TrackBytes     float64 `json:"track_bytes_per_fix"`   // with the index
	RawMs          latency `json:"unit_day_raw_ms"`       // every fix of a unit and day
	TrackMs        latency `json:"unit_day_track_ms"`     // its track
	TakenMeanwhile float64 `json:"taken_per_s_meanwhile"` // acknowledged; the drain stores as many as it can
}

type latency struct {
	P50 float64 `json:"p50"`
	Max float64 `json:"max"`
}

// Run stores a day of a fleet, builds the tracks, and reads unit-days while the next day is being stored.
func (b *benchHistoryCmd) Run(ctx context.Context, cfg *app.Config) (err error) {
	own, err := newScratch(cfg, b.DataDir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, own.remove()) }()
	return own.database(ctx, "history", func(ctx context.Context, db *pg.DB, _ string) error {
		noon := time.Now().UTC().Truncate(24 * time.Hour).Add(12 * time.Hour)
		db.Now = func() time.Time { return noon }
		if err := tracking.EnsurePartitions(ctx, db, noon); err != nil {
			return err
		}
		spool, err := tracking.OpenLog(own.path("spool"), 8<<30)
		if err != nil {
			return err
		}
		h := &historyBench{benchHistoryCmd: b, db: db, fleet: newFleet(b.Units, b.Every), day: noon.Add(-36 * time.Hour)}
		h.in = tracking.NewIngestor(db, spool, tracking.NewStore(), tracking.DefaultRules(), nil, own.log)
		running, stop := context.WithCancel(ctx)
		ended := make(chan error, 1)
		go func() { ended <- h.in.Run(running) }()
		err = h.measure(ctx)
		stop()
		return errors.Join(err, <-ended)
	})
}

type historyBench struct {
	*benchHistoryCmd
	db    *pg.DB
	in    *tracking.Ingestor
	fleet *fleet
	day   time.Time // that is stored first
}

func (h *historyBench) measure(ctx context.Context) error {
	f := historyFigures{Units: h.Units, EveryS: h.Every.Seconds(), Hours: min(h.Hours, 24)}
	begin := time.Now()
	steps := int(time.Duration(f.Hours) * time.Hour / h.Every)
	for i := range steps {
		if err := h.step(ctx, h.day.Add(time.Duration(i)*h.Every)); err != nil {
			return err
		}
	}
	if err := h.in.Flush(ctx); err != nil {
		return err
	}
	f.StoredPerS = float64(steps*h.Units) / time.Since(begin).Seconds()
	f.MovingShare = h.fleet.movingShare()

	begin = time.Now()
	var err error
	if f.BuiltHours, err = (&tracking.TrackBuilder{DB: h.db}).Build(ctx); err != nil {
		return err
	}
	f.BuiltPerS = float64(f.BuiltHours) / time.Since(begin).Seconds()
	size, err := tracking.SizeOf(ctx, h.db.Pool)
	if err != nil {
		return err
	}
	if f.Fixes = int64(steps * h.Units); size.Fixes != f.Fixes {
		return fmt.Errorf("%d fixes are stored of %d", size.Fixes, f.Fixes)
	}
	f.FixBytes, f.TrackBytes = float64(size.FixBytes)/float64(size.Fixes), float64(size.TrackBytes)/float64(size.TrackFixes)
	if err := h.look(ctx, steps, &f); err != nil {
		return err
	}
	return printFigures(f)
}

// step takes in one fix of each vehicle.
func (h *historyBench) step(ctx context.Context, at time.Time) error {
	reports := h.fleet.drive(at)
	outcomes := make([]tracking.Outcome, len(reports))
	receipt, err := h.in.Enter(ctx, reports, outcomes)
	if err != nil {
		return err
	}
	for i := range outcomes {
		if o := &outcomes[i]; o.Status == tracking.Refused {
			return fmt.Errorf("a fix was refused: %s %s", o.Reason, o.Detail)
		}
	}
	return receipt.Wait(ctx)
}

// look reads unit-days while the next day is being taken in as fast as it goes.
func (h *historyBench) look(ctx context.Context, steps int, f *historyFigures) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	begin, taken := time.Now(), make(chan int, 1)
	go func() {
		n := 0
		for at := h.day.Add(24 * time.Hour); at.Before(h.db.Now()) && h.step(ctx, at) == nil; at = at.Add(h.Every) {
			n += h.Units
		}
		taken <- n
	}()
	var raw, track []float64
	from, to := h.day, h.day.Add(24*time.Hour)
	for i := range h.Looks {
		unit := int64(1 + i*h.Units/h.Looks)
		for _, way := range []struct {
			ms   *[]float64
			read func(context.Context, pg.Queryer, int64, time.Time, time.Time, func(*tracking.Fix) bool) (tracking.Track, error)
		}{{&raw, tracking.ReadRaw}, {&track, tracking.ReadTrack}} {
			start := time.Now()
			t, err := way.read(ctx, h.db.Pool, unit, from, to, nil)
			if err != nil {
				return err
			}
			*way.ms = append(*way.ms, time.Since(start).Seconds()*1000)
			if t.Fixes < steps*9/10 {
				return fmt.Errorf("unit %d has %d good fixes of %d", unit, t.Fixes, steps)
			}
		}
	}
	stop()
	f.TakenMeanwhile = float64(<-taken) / time.Since(begin).Seconds()
	f.RawMs, f.TrackMs = latencyOf(raw), latencyOf(track)
	return nil
}

func latencyOf(ms []float64) latency {
	slices.Sort(ms)
	return latency{P50: ms[len(ms)/2], Max: ms[len(ms)-1]}
}

// fleet is vehicles that drive along the streets of a grid, 7 to 17 m/s with a bend every minute or so, and halt for
// some minutes in between. Receivers err by 2 m while driving and by half a metre while standing.
type fleet struct {
	random  *rand.Rand
	every   time.Duration
	cars    []car
	reports []tracking.Report
	moved   int
	steps   int
}

type car struct {
	device  tracking.Device
	at      orb.Point
	course  float64 // radians from north
	speed   float64 // m/s
	moving  bool
	further int // steps until it turns, halts or goes on
}

func newFleet(n int, every time.Duration) *fleet {
	f := &fleet{random: rand.New(rand.NewPCG(11, 3)), every: every, cars: make([]car, n), reports: make([]tracking.Report, n)}
	for i := range f.cars {
		c := &f.cars[i]
		id := int64(i + 1)
		c.device = tracking.Device{ID: id, UnitID: id, Kind: "jt808", Interval: every}
		c.at = orb.Point{113 + 2*f.random.Float64(), 30 + f.random.Float64()}
		f.reports[i].Device = &c.device
	}
	return f
}

func (f *fleet) drive(at time.Time) []tracking.Report {
	const degree = 111_195.0
	for i := range f.cars {
		c := &f.cars[i]
		if c.further--; c.further < 0 {
			c.turn(f)
		}
		wander := 0.5
		if c.moving {
			wander = 2
			f.moved++
			metres := c.speed * f.every.Seconds()
			c.at[0] += metres * math.Sin(c.course) / (degree * math.Cos(c.at[1]*math.Pi/180))
			c.at[1] += metres * math.Cos(c.course) / degree
		}
		raw := tracking.RawFix{
			FixedAt: at, Lon: c.at[0] + wander*f.random.NormFloat64()/degree, Lat: c.at[1] + wander*f.random.NormFloat64()/degree,
			AltM: tracking.Read(30), SpeedKmh: tracking.Read(0), HeadingDeg: tracking.Read(c.course * 180 / math.Pi), Source: "jt808", Ignition: tracking.StateOf(c.moving),
		}
		if c.moving {
			raw.SpeedKmh = tracking.Read(c.speed * 3.6)
		}
		f.reports[i].Raw = raw
	}
	f.steps += len(f.cars)
	return f.reports
}

// turn is what a car does next.
func (c *car) turn(f *fleet) {
	minutes := func(least, most float64) int {
		return int((least + (most-least)*f.random.Float64()) * 60 / f.every.Seconds())
	}
	if c.moving && f.random.IntN(8) == 0 {
		c.moving, c.further = false, minutes(3, 20)
		return
	}
	c.moving, c.further = true, minutes(0.3, 2)
	c.course = math.Mod(c.course+[]float64{-math.Pi / 2, math.Pi / 2, 0}[f.random.IntN(3)]+2*math.Pi, 2*math.Pi)
	c.speed = 7 + 10*f.random.Float64()
}

func (f *fleet) movingShare() float64 { return float64(f.moved) / float64(f.steps) }
