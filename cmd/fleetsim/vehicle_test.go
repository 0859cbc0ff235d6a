package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"jiujin/geo"
	"jiujin/internal/town"
)

func TestOutboxKeepsOrderAndDropsTheOldest(t *testing.T) {
	o := outbox{more: make(chan struct{}, 1)}
	for i := range outboxMax + 3 {
		o.put(fix{FixedAt: int64(i)})
	}
	batch := o.head()
	if len(batch) != batchMax || batch[0].FixedAt != 3 || batch[batchMax-1].FixedAt != batchMax+2 {
		t.Fatalf("the head is %d fixes from %d on", len(batch), batch[0].FixedAt)
	}
	for i := range 5 { // while the batch is on its way, the oldest of it are dropped
		o.put(fix{FixedAt: int64(outboxMax + 3 + i)})
	}
	o.remove(batch)
	if next := o.head(); next[0].FixedAt != batchMax+3 {
		t.Errorf("after the batch comes fix %d, want %d", next[0].FixedAt, batchMax+3)
	}
	if made, dropped, waiting := o.counts(); made != outboxMax+8 || dropped != 8 || waiting != outboxMax-batchMax+5 {
		t.Errorf("%d made, %d dropped, %d waiting", made, dropped, waiting)
	}
}

func TestAcknowledgedLeavesOutTheRefused(t *testing.T) {
	var answer fixesAnswer
	answer.Results = append(answer.Results, struct {
		Index  int    `json:"index"`
		Status string `json:"status"`
		Reason string `json:"reason"`
	}{1, "refused", "jump"})
	if got := acknowledged([]fix{{FixedAt: 1}, {FixedAt: 2}, {FixedAt: 3}}, answer); !slices.Equal(got, []int64{1, 3}) {
		t.Errorf("acknowledged %v, want 1 and 3", got)
	}
}

// A vehicle on patrol, then sent to a case, then released: its fixes stay near roads, it arrives, and goes on.
func TestVehiclePatrolsObeysAndGoesOn(t *testing.T) {
	c := town.Generate(town.County())
	r := newRoads(c.Graph)
	v := newVehicle(0, 1, "", c, r, rand.New(rand.NewPCG(1, 1)))
	now := time.Unix(1_790_000_000, 0)
	drive := func(seconds int, until func() bool) bool {
		for range seconds {
			now = now.Add(time.Second)
			f, idle := v.step(now, time.Second)
			p, _ := r.point(v.ride.here)
			if d := geo.Distance(p, [2]float64{f.Lon, f.Lat}); d > 8*noiseM {
				t.Fatalf("a fix is %.0f m from its vehicle", d)
			}
			if idle || f.SpeedKmh > town.Motorway.SpeedKmh() {
				t.Fatalf("idle %v at %.0f km/h", idle, f.SpeedKmh)
			}
			if until() {
				return true
			}
		}
		return false
	}
	start := v.ride.here
	drive(300, func() bool { return false })
	if v.ride.here == start {
		t.Error("five minutes of patrol lead nowhere")
	}
	shop := c.Retailers[0].Point
	v.goTo(7, shop)
	reached := drive(7200, func() bool { return len(v.arrived) == 1 })
	p, _ := r.point(v.ride.here)
	want, _ := r.point(r.nearest(shop))
	if !reached || <-v.arrived != 7 || geo.Distance(p, want) > 1 {
		t.Errorf("reached %v, %.0f m from the place", reached, geo.Distance(p, want))
	}
	v.release()
	parked := v.ride.here
	if !drive(120, func() bool { return v.ride.here != parked }) {
		t.Error("the vehicle stays at the case after its release")
	}
}
