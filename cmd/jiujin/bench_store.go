package main

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"sync"
	"time"

	"jiujin/tracking"
)

type benchStoreCmd struct {
	Units   []int   `default:"10000,100000,1000000" help:"Sizes of the fleet."`
	Seconds float64 `default:"3" help:"How long each measurement runs."`
	Nearest int     `default:"10" help:"How many of the nearest free units to ask for."`
	Load    int     `default:"200000" help:"Updates a second that run beside the searches."`
}

type storeFigures struct {
	Cores int         `json:"cores"`
	Go    string      `json:"go"`
	Sizes []storeSize `json:"sizes"`
}

type storeSize struct {
	Units        int             `json:"units"`
	BuildS       float64         `json:"build_s"` // from a slice of fixes to all units in the store
	BytesPerUnit float64         `json:"bytes_per_unit"`
	Updates      []updateFigures `json:"updates"`
	Quiet        searchFigures   `json:"nearest"`
	Busy         searchFigures   `json:"nearest_during_updates"`
	Checked      int             `json:"checked"` // answers compared with a look at every unit
	Wrong        int             `json:"wrong"`
}

type updateFigures struct {
	Goroutines int     `json:"goroutines"`
	PerS       float64 `json:"updates_per_s"` // the median round
	Updates    int     `json:"updates"`
	Rounds     int     `json:"rounds"`
}

type searchFigures struct {
	PerS        float64 `json:"queries_per_s"`
	P50us       float64 `json:"p50_us"`
	P99us       float64 `json:"p99_us"`
	Queries     int     `json:"queries"`
	UpdatesPerS float64 `json:"updates_per_s"`
}

// Run measures each size and prints; it fails when an answer was wrong.
func (b *benchStoreCmd) Run(ctx context.Context) error {
	f := storeFigures{Cores: runtime.GOMAXPROCS(0), Go: runtime.Version()}
	wrong := 0
	for _, units := range b.Units {
		if units < 1 {
			return fmt.Errorf("a fleet of %d units is none", units)
		}
		size, err := b.measure(ctx, units)
		if err != nil {
			return err
		}
		f.Sizes = append(f.Sizes, size)
		wrong += size.Wrong
	}
	if err := printFigures(f); err != nil {
		return err
	}
	if wrong > 0 {
		return fmt.Errorf("%d answers are wrong", wrong)
	}
	return nil
}

func (b *benchStoreCmd) measure(ctx context.Context, units int) (storeSize, error) {
	world := newBenchWorld(units)
	size := storeSize{Units: units}
	before := heapBytes()
	start := time.Now()
	store := tracking.NewStore()
	store.UpdateAll(world.fixes, nil)
	size.BuildS = time.Since(start).Seconds()
	size.Updates = []updateFigures{b.update(ctx, world, store, 1), b.update(ctx, world, store, 2)}
	size.BytesPerUnit = float64(heapBytes()-before) / float64(units)
	size.Quiet = b.search(ctx, world, store, 0)
	size.Busy = b.search(ctx, world, store, b.Load)
	size.Checked = min(200, 1+40_000_000/units)
	size.Wrong = world.wrong(store, b.Nearest, size.Checked)
	return size, ctx.Err()
}

// heapBytes is what is in use on the heap.
func heapBytes() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// perRound is how many updates each goroutine makes in a round.
const perRound = 200_000

// update measures how fast goroutines at once bring in batches. The fixes of a round are made before its time is taken.
func (b *benchStoreCmd) update(ctx context.Context, world *benchWorld, store *tracking.Store, goroutines int) updateFigures {
	var rates []float64
	f := updateFigures{Goroutines: goroutines}
	for spent := 0.0; spent < b.Seconds && ctx.Err() == nil; f.Rounds++ {
		rounds := make([][]tracking.Fix, goroutines)
		for i := range rounds {
			rounds[i] = world.drive(perRound)
		}
		var all sync.WaitGroup
		start := time.Now()
		for _, round := range rounds {
			all.Go(func() {
				for batch := range slices.Chunk(round, 256) {
					store.UpdateAll(batch, nil)
				}
			})
		}
		all.Wait()
		took := time.Since(start).Seconds()
		spent += took
		rates = append(rates, float64(goroutines*perRound)/took)
		f.Updates += goroutines * perRound
	}
	slices.Sort(rates)
	if len(rates) > 0 {
		f.PerS = rates[len(rates)/2]
	}
	return f
}

// search measures searches one after the other while load updates a second come in, in batches of 256.
func (b *benchStoreCmd) search(ctx context.Context, world *benchWorld, store *tracking.Store, load int) searchFigures {
	asked := make([][2]float64, 20_000)
	for i := range asked {
		asked[i] = world.place()
	}
	ctx, stop := context.WithTimeout(ctx, time.Duration(b.Seconds*float64(time.Second)))
	defer stop()
	var f searchFigures
	var updates int
	var all sync.WaitGroup
	if load > 0 {
		all.Go(func() { updates = world.keepMoving(ctx, store, load) })
	}
	took := make([]time.Duration, 0, 1<<20)
	var near []tracking.Near
	start := time.Now()
	for ctx.Err() == nil {
		at := time.Now()
		near = store.AppendNearest(near[:0], asked[len(took)%len(asked)], b.Nearest, tracking.Wanted{Free: true})
		took = append(took, time.Since(at))
	}
	spent := time.Since(start).Seconds()
	all.Wait()
	f.Queries, f.PerS = len(took), float64(len(took))/spent
	f.P50us, f.P99us = percentile(took, 50), percentile(took, 99)
	f.UpdatesPerS = float64(updates) / spent
	return f
}

// keepMoving brings in updates at a rate, until ctx ends, and counts them.
func (w *benchWorld) keepMoving(ctx context.Context, store *tracking.Store, perS int) (updates int) {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	start := time.Now()
	for {
		select {
		case <-ctx.Done():
			return updates
		case <-tick.C:
		}
		for updates < int(time.Since(start).Seconds()*float64(perS)) && ctx.Err() == nil {
			batch := w.drive(256)
			store.UpdateAll(batch, nil)
			updates += len(batch)
		}
	}
}

// percentile sorts took and is its p-th percentile in microseconds.
func percentile(took []time.Duration, p int) float64 {
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return float64(took[min(len(took)*p/100, len(took)-1)]) / float64(time.Microsecond)
}
