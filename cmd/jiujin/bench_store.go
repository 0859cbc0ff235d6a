package main

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"time"

	"github.com/paulmach/orb"

	"jiujin/tracking"
)

type benchStoreCmd struct {
	Units   int     `default:"1000000" help:"Units in the store."`
	Seconds float64 `default:"5" help:"How long each measurement runs."`
}

type storeFigures struct {
	Units       int     `json:"units"`
	Updates     int     `json:"updates"`
	UpdatesPerS float64 `json:"updates_per_s"`
}

// Run measures and prints.
func (b *benchStoreCmd) Run(ctx context.Context) error {
	world := newBenchWorld(b.Units)
	store := tracking.NewStore()
	store.UpdateAll(world.fixes)
	runtime.GC()
	f := storeFigures{Units: b.Units}
	start := time.Now()
	for time.Since(start).Seconds() < b.Seconds && ctx.Err() == nil {
		from := world.drive(256)
		store.UpdateAll(from)
		f.Updates += len(from)
	}
	f.UpdatesPerS = float64(f.Updates) / time.Since(start).Seconds()
	return printFigures(f)
}

// benchWorld is vehicles over a province in towns and countryside: three in ten are parked, the rest do 3 to 25 m/s.
type benchWorld struct {
	fixes []tracking.Fix
	steps []orb.Point // degrees in 10 s
	at    int
}

func newBenchWorld(n int) *benchWorld {
	random := rand.New(rand.NewPCG(7, 7))
	towns := make([]orb.Point, 100)
	for i := range towns {
		towns[i] = orb.Point{110 + 5*random.Float64(), 29.5 + 3.5*random.Float64()}
	}
	w := &benchWorld{fixes: make([]tracking.Fix, n), steps: make([]orb.Point, n)}
	now := time.Now().UTC().Truncate(time.Second)
	for i := range w.fixes {
		p := orb.Point{110 + 5*random.Float64(), 29.5 + 3.5*random.Float64()}
		if random.IntN(10) > 0 {
			town := towns[int(100*math.Pow(random.Float64(), 2))]
			p = orb.Point{town[0] + 0.06*random.NormFloat64(), town[1] + 0.05*random.NormFloat64()}
		}
		w.fixes[i] = tracking.Fix{UnitID: int64(i + 1), DeviceID: int64(i + 1), FixedAt: now, ReceivedAt: now, Point: p, Source: "bench"}
		if i%10 >= 3 {
			d := (30 + 220*random.Float64()) / 111_000
			sin, cos := math.Sincos(2 * math.Pi * random.Float64())
			w.steps[i] = orb.Point{d * sin, d * cos}
		}
	}
	return w
}

// drive moves the next n vehicles on by 10 s; the slice is the world's.
func (w *benchWorld) drive(n int) []tracking.Fix {
	if w.at+n > len(w.fixes) {
		w.at = 0
	}
	batch := w.fixes[w.at:min(w.at+n, len(w.fixes))]
	for i := range batch {
		f, step := &batch[i], w.steps[w.at+i]
		f.FixedAt = f.FixedAt.Add(10 * time.Second)
		f.Point[0] += step[0]
		f.Point[1] += step[1]
	}
	w.at += n
	return batch
}
