package main

import (
	"context"
	"math"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/town"
)

const (
	patrolShare = 0.8 // of the roads' speed
	sortieShare = 1.0
	parkedEvery = 30 * time.Second // how often a vehicle that is off shift sends
	patrolReach = geo.Metres(2500) // of the base
	noiseM      = 4.0              // standard deviation of a receiver's error
	noiseMemory = 0.9              // how much of the error is that of the second before
)

// vehicle drives and reports. An officer gives it orders; without one it patrols near its base.
type vehicle struct {
	index    int // into the town's units
	unitID   int64
	callSign string
	offShift bool // stays at its base
	beat     []int
	out      outbox
	carrier  carrier        // set before it drives
	numbers  *atomic.Uint32 // of the fixes of all vehicles; nil = they have none

	arrived chan int64 // the ticket whose place was reached; holds one

	mu    sync.Mutex // guards the rest
	rng   *rand.Rand
	ride  ride
	order int64         // ticket it drives to or waits at; 0 = none
	dwell time.Duration // how much longer it stands, on patrol
	drift [2]float64    // error of the receiver, metres east and north
}

func newVehicle(index int, unitID int64, key string, t *town.Town, r *roads, rng *rand.Rand) *vehicle {
	u := t.Units[index]
	v := &vehicle{
		index: index, unitID: unitID, callSign: u.CallSign, offShift: u.OffShift || u.InRepair,
		beat: beatOf(t, u), out: newOutbox(unitID, key),
		arrived: make(chan int64, 1), rng: rng, ride: ride{roads: r, here: r.atNode(u.BaseNode)},
	}
	if len(v.beat) > 0 && !v.offShift { // the shift began a while ago
		v.ride.here = r.atNode(v.beat[rng.IntN(len(v.beat))])
	}
	return v
}

// beatOf is the nodes of the squad's area that are near the unit's base.
func beatOf(t *town.Town, u town.Unit) []int {
	var area orb.MultiPolygon
	for _, o := range t.Orgs {
		if o.Key == u.Squad {
			area = o.Area
		}
	}
	var nodes []int
	for n, p := range t.Graph.Nodes {
		if geo.Distance(p, u.Base) <= patrolReach && inside(area, p) {
			nodes = append(nodes, n)
		}
	}
	return nodes
}

// inside counts how often a line from p to the east crosses the rings; holes come out right by themselves.
func inside(area orb.MultiPolygon, p orb.Point) bool {
	in := false
	for _, polygon := range area {
		for _, ring := range polygon {
			for k := 1; k < len(ring); k++ {
				a, b := ring[k-1], ring[k]
				if (a[1] > p[1]) != (b[1] > p[1]) && p[0] < a[0]+(p[1]-a[1])/(b[1]-a[1])*(b[0]-a[0]) {
					in = !in
				}
			}
		}
	}
	return in
}

// place puts the vehicle on the road nearest to p, before it drives.
func (v *vehicle) place(p orb.Point) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ride.here = v.ride.roads.nearest(p)
}

// goTo sends the vehicle to the place of a ticket; when it has parked there, the ticket's number is put on arrived.
// Saying it again changes nothing.
func (v *vehicle) goTo(ticketID int64, p orb.Point) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.order == ticketID {
		return
	}
	v.order, v.dwell = ticketID, 0
	v.ride.set(v.ride.roads.way(v.ride.here, v.ride.roads.nearest(p)))
}

// release lets the vehicle patrol again.
func (v *vehicle) release() {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.order != 0 {
		v.order, v.dwell = 0, 5*time.Second
		v.ride.set(nil)
	}
}

// where returns the vehicle's place and whether it has no order.
func (v *vehicle) where() (spot, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.ride.here, v.order == 0
}

// drive moves the vehicle and puts its fixes in the outbox until ctx ends.
func (v *vehicle) drive(ctx context.Context, every time.Duration) error {
	defer close(v.out.ended)
	v.mu.Lock()
	offset := time.Duration(v.rng.Int64N(int64(every)))
	v.mu.Unlock()
	if pause(ctx, offset) != nil { // not all at the same instant
		return nil
	}
	tick := time.NewTicker(every)
	defer tick.Stop()
	last, sent := time.Now(), time.Time{}
	for {
		now := time.Now()
		f, idle := v.step(now, min(now.Sub(last), 5*time.Second))
		last = now
		// Two ticks of a computer that was late may fall on one millisecond: a receiver has no two positions then.
		if fresh := now.UnixMilli() > sent.UnixMilli(); fresh && (!idle || now.Sub(sent) >= parkedEvery) {
			if v.numbers != nil {
				f.number = v.numbers.Add(1)
			}
			v.out.put(f)
			sent = now
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// step moves the vehicle on by d and takes a fix. idle tells that it stands at its base, off shift.
func (v *vehicle) step(now time.Time, d time.Duration) (f fix, idle bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.order != 0 {
		v.ride.advance(d, sortieShare)
		if v.ride.parked() {
			select {
			case v.arrived <- v.order:
			default: // the officer has not read that of before; it is told again with the next step
			}
		}
	} else if !v.offShift {
		v.patrol(d)
	}
	return v.fix(now), v.offShift && v.order == 0
}

func (v *vehicle) patrol(d time.Duration) {
	if v.dwell > 0 {
		v.dwell -= d
		return
	}
	if v.ride.parked() && len(v.beat) > 0 {
		v.ride.set(v.ride.roads.way(v.ride.here, v.ride.roads.atNode(v.beat[v.rng.IntN(len(v.beat))])))
	}
	legs := len(v.ride.legs)
	v.ride.advance(d, patrolShare)
	switch {
	case v.ride.parked():
		v.dwell = time.Duration(5+v.rng.IntN(25)) * time.Second
	case len(v.ride.legs) < legs && v.rng.Float64() < 0.04: // a red light
		v.dwell, v.ride.speedMS = time.Duration(4+v.rng.IntN(12))*time.Second, 0
	}
}

// fix is where the receiver believes to be. Its error wanders while driving and stays while parked.
func (v *vehicle) fix(now time.Time) fix {
	p, _ := v.ride.roads.point(v.ride.here)
	if v.ride.speedMS > 0 {
		fresh := noiseM * math.Sqrt(1-noiseMemory*noiseMemory)
		for i := range v.drift {
			v.drift[i] = noiseMemory*v.drift[i] + fresh*v.rng.NormFloat64()/math.Sqrt2
		}
	}
	lon, lat := moved(p, v.drift)
	return fix{
		FixedAt: now.UnixMilli(), Lon: round(lon, 1e7), Lat: round(lat, 1e7), AccuracyM: 5,
		SpeedKmh: round(v.ride.speedMS*3.6, 10), HeadingDeg: round(v.ride.heading, 1),
	}
}

// moved is p with metres east and north added.
func moved(p orb.Point, by [2]float64) (lon, lat float64) {
	perDeg := float64(geo.EarthRadius) * math.Pi / 180
	return p[0] + by[0]/perDeg/math.Cos(p[1]*math.Pi/180), p[1] + by[1]/perDeg
}

func round(x, parts float64) float64 { return math.Round(x*parts) / parts }

// fix is one record of POST /fixes.
type fix struct {
	FixedAt    int64   `json:"fixed_at"` // Unix milliseconds
	Lon        float64 `json:"lon"`      // WGS-84 degrees
	Lat        float64 `json:"lat"`
	AccuracyM  float64 `json:"accuracy_m"`
	SpeedKmh   float64 `json:"speed_kmh"`
	HeadingDeg float64 `json:"heading_deg"`

	number uint32 // of all positions of a run; what a terminal tells as its odometer
	noFix  bool   // a terminal's receiver had no position
}
