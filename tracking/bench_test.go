package tracking

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

// BenchmarkSubmit is the way of a record from a decoder to durable, over real
// PostgreSQL: 16 devices at once, 100 records a call.
func BenchmarkSubmit(b *testing.B) {
	const perCall = 100
	d := newDesk(b).run(b)
	if err := EnsurePartitions(b.Context(), d.db, noon); err != nil {
		b.Fatal(err)
	}
	d.in.onFix = func([]Fix) {}
	var calls atomic.Int64
	b.SetParallelism(8)
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			call := int(calls.Add(1))
			raws := make([]RawFix, perCall)
			for i := range raws {
				at := time.Duration(call*perCall+i) * time.Millisecond
				raws[i] = rawAt(orb.Point{114.3, 30.6}, noon.Add(at-12*time.Hour))
			}
			if _, err := d.in.Submit(b.Context(), d.devices[call%3], raws); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N*perCall)/b.Elapsed().Seconds(), "fixes/s")
}

// BenchmarkAccept is all that is asked of a clean fix of a moving vehicle, for
// a million devices in turn, each with its newest fix at hand.
func BenchmarkAccept(b *testing.B) {
	const fleet = 1_000_000
	rules := DefaultRules()
	rules.Region = hubei
	list := make([]Device, fleet)
	for i := range list {
		list[i] = Device{ID: int64(i + 1), UnitID: int64(i + 1), Kind: "http"}
	}
	devices, fleetOf := HoldDevices(list, nil, ""), make([]*Device, fleet)
	for i := range fleetOf {
		fleetOf[i], _ = devices.ByID(int64(i + 1))
	}
	quality := NewQuality(rules)
	last := make([]Fix, fleet)
	raw := RawFix{Lon: 114.3, Lat: 30.6, SpeedKmh: Read(40), HeadingDeg: Read(90), Ignition: On, Source: "http"}
	now, i := noon, 0
	pass := func() {
		if i++; i >= fleet {
			i, now = 0, now.Add(10*time.Second)
			raw.Lon += 0.001
		}
		dev := fleetOf[i]
		raw.FixedAt = now
		fix, refusal := Accept(&raw, dev, now, &rules)
		if refusal != nil {
			b.Fatal(refusal)
		}
		before := &last[i]
		if before.UnitID == 0 {
			before = nil
		}
		if doubt := quality.Judge(&fix, dev, before); doubt != nil {
			b.Fatal(doubt)
		}
		last[i] = fix
	}
	for range fleet {
		pass()
	}
	b.ReportAllocs()
	for b.Loop() {
		pass()
	}
}
