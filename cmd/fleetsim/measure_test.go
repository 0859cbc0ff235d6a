package main

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestPercentile(t *testing.T) {
	ten := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}
	for _, c := range []struct {
		p    int
		want float64
	}{{50, 5}, {95, 10}, {90, 9}, {100, 10}, {0, 1}} {
		if got := percentile(ten, c.p); got != c.want {
			t.Errorf("percentile %d of 1..10 is %v, want %v", c.p, got, c.want)
		}
	}
	if got := percentile(nil, 95); got != 0 {
		t.Errorf("percentile of nothing is %v", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		samples := rapid.SliceOfN(rapid.Float64Range(0, 1e6), 1, 200).Draw(t, "samples")
		p := rapid.IntRange(1, 100).Draw(t, "p")
		slices.Sort(samples)
		got := percentile(samples, p)
		below, upTo := 0, 0
		for _, s := range samples {
			if s < got {
				below++
			}
			if s <= got {
				upTo++
			}
		}
		if 100*upTo < p*len(samples) || 100*below >= p*len(samples) {
			t.Fatalf("percentile %d: %d of %d are at most, %d below", p, upTo, len(samples), below)
		}
	})
}

func TestSeriesKeepsTheNewest(t *testing.T) {
	var s series
	for i := range samplesMax + 10 {
		s.add(time.Duration(i) * time.Millisecond)
	}
	sorted := slices.Sorted(slices.Values(s.samples))
	if s.n != samplesMax+10 || len(sorted) != samplesMax || sorted[0] != 10 {
		t.Errorf("%d seen, %d kept, the oldest is %v", s.n, len(sorted), sorted[0])
	}
}

func TestReportToOfferIsTimedInEitherOrder(t *testing.T) {
	now := time.Now()
	at := func(ms int) time.Time { return now.Add(time.Duration(ms) * time.Millisecond) }
	m := newMeasure(now)
	m.reportFiled(1, at(0))
	m.offerSeen(1, true, at(40))
	m.offerSeen(1, true, at(9000)) // the second offer of a ticket
	m.offerSeen(2, true, at(60))   // seen before the answer to the report
	m.reportFiled(2, at(40))
	m.reportFiled(3, at(0)) // went through a dispatcher
	m.offerSeen(3, false, at(5000))
	m.reportFiled(4, at(0)) // no unit was free
	m.waits(4)
	m.offerSeen(4, true, at(90_000))
	if got := m.toOffer.samples; !slices.Equal(got, []float64{40, 20}) {
		t.Errorf("samples %v, want 40 and 20", got)
	}
}

func TestFixToMapTakesTheNewestAndForgetsTheOvertaken(t *testing.T) {
	now := time.Now()
	m := newMeasure(now)
	m.fixSent(1, 1000, now)
	m.fixSent(1, 2000, now.Add(time.Second))
	m.fixSent(1, 3000, now.Add(2*time.Second))
	m.fixSeen(1, 2000, now.Add(1100*time.Millisecond))
	m.fixSeen(2, 2000, now) // nobody's
	if got := m.fixToMap.samples; !slices.Equal(got, []float64{100}) || len(m.fixes[1]) != 1 {
		t.Errorf("samples %v and %d fixes kept, want 100 ms and 1", got, len(m.fixes[1]))
	}
}
