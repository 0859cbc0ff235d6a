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

func BenchmarkAccept(b *testing.B) {
	last := fixAt(7, orb.Point{114.3, 30.6}, noon.Add(-10*time.Second))
	raw := rawAt(orb.Point{114.301, 30.6}, noon)
	rules := DefaultRules()
	rules.Region = hubei
	b.ReportAllocs()
	for b.Loop() {
		if _, refusal := Accept(raw, terminal, &last, noon, rules); refusal != nil {
			b.Fatal(refusal)
		}
	}
}
