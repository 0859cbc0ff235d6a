package tracking

import (
	"context"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// busyFleet is n devices, each of a unit of its own, spread over Hubei.
func busyFleet(n int) []Device {
	list := make([]Device, n)
	for i := range list {
		list[i] = Device{ID: int64(i + 1), UnitID: int64(i + 1)}
	}
	return list
}

// settle puts every unit of a fleet into the Store.
func settle(s *Store, devices []Device, at time.Time) []orb.Point {
	random := rand.New(rand.NewPCG(1, 2))
	places := make([]orb.Point, len(devices))
	fixes := make([]Fix, len(devices))
	for i, d := range devices {
		places[i] = orb.Point{109 + 6*random.Float64(), 29.5 + 3*random.Float64()}
		fixes[i] = Fix{
			UnitID: d.UnitID, DeviceID: d.ID, FixedAt: at, ReceivedAt: at, Point: places[i], Source: "http", SpeedKmh: Read(30),
		}
	}
	s.UpdateAll(fixes, nil)
	return places
}

// BenchmarkEnter is the whole way of a fix of a known unit to durable, but for
// the network and its parsing: 1,000,000 units, 256 fixes a call.
func BenchmarkEnter(b *testing.B) {
	const units, perCall = 1_000_000, 256
	spool, err := OpenLog(b.TempDir(), 64<<30)
	if err != nil {
		b.Fatal(err)
	}
	d := newDesk(b)
	in := NewIngestor(d.db, spool, NewStore(), DefaultRules(), nil, quiet)
	devices := busyFleet(units)
	places := settle(in.store, devices, noon)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- spool.Run(ctx) }()
	b.ReportAllocs()
	b.SetParallelism(4)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		random := rand.New(rand.NewPCG(rand.Uint64(), 3))
		reports, outcomes := make([]Report, perCall), make([]Outcome, perCall)
		tick := noon
		for p.Next() {
			tick = tick.Add(time.Millisecond)
			for i := range reports {
				u := random.IntN(units)
				reports[i] = Report{&devices[u], RawFix{
					FixedAt: tick, Lon: places[u][0] + 1e-4*random.Float64(), Lat: places[u][1], SpeedKmh: Read(30), Source: "http",
				}}
			}
			receipt, err := in.Enter(ctx, reports, outcomes)
			if err == nil {
				err = receipt.Wait(ctx)
			}
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.StopTimer()
	b.ReportMetric(float64(b.N*perCall)/b.Elapsed().Seconds(), "fixes/s")
	_, _, end := spool.Span()
	b.ReportMetric(float64(end)/float64(b.N*perCall), "B/fix")
	stop()
	if err := <-ended; err != nil {
		b.Fatal(err)
	}
}

// BenchmarkDrain carries fixes of 100,000 units, ten each, from the log into PostgreSQL.
func BenchmarkDrain(b *testing.B) {
	const units, fixes = 100_000, 1_000_000
	d := newDesk(b)
	if err := EnsurePartitions(b.Context(), d.db, noon); err != nil {
		b.Fatal(err)
	}
	for range b.N {
		b.StopTimer()
		spool, err := OpenLog(b.TempDir(), 64<<30)
		if err != nil {
			b.Fatal(err)
		}
		random := rand.New(rand.NewPCG(1, 2))
		var record []byte
		for i := 0; i < fixes; {
			record = beginRecord(record[:0], noon)
			for range 256 {
				f := fixAt(int64(1+random.IntN(units)), orb.Point{109 + 6*random.Float64(), 30}, noon.Add(time.Duration(i)*time.Millisecond))
				f.SpeedKmh, f.HeadingDeg, f.Cell = Read(30), Read(90), 0x88411c8b1bfffff
				record = appendFix(record, &f, noon.UnixMicro())
				i++
			}
			if _, err := spool.append(b.Context(), record); err != nil {
				b.Fatal(err)
			}
			if err := spool.flush(); err != nil {
				b.Fatal(err)
			}
		}
		drain := newDrain(d.db, spool, quiet)
		ctx, stop := context.WithCancel(context.Background())
		_, synced, _ := spool.Span()
		b.StartTimer()
		go drain.run(ctx)
		if err := drain.await(b.Context(), synced); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		stop()
		b.ReportMetric(fixes/b.Elapsed().Seconds()*float64(b.N), "fixes/s")
	}
}
