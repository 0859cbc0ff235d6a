package main

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"sync"
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
		beat: beatOf(t, u), out: outbox{unitID: unitID, key: key, more: make(chan struct{}, 1), ended: make(chan struct{})},
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
		if !idle || now.Sub(sent) >= parkedEvery {
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
}

const (
	outboxMax = 20_000 // fixes; five hours and a half at one a second. Beyond, the oldest are lost
	batchMax  = 1000
)

// outbox keeps a device's fixes, oldest first, until the service has acknowledged them.
type outbox struct {
	unitID int64
	key    string
	more   chan struct{} // holds one
	ended  chan struct{} // closed when nothing more will be put

	mu      sync.Mutex // guards the rest
	waiting []fix
	made    int
	dropped int
}

func (o *outbox) put(f fix) {
	o.mu.Lock()
	if len(o.waiting) >= outboxMax {
		o.waiting = o.waiting[1:]
		o.dropped++
	}
	o.waiting = append(o.waiting, f)
	o.made++
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// head copies the oldest fixes.
func (o *outbox) head() []fix {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]fix(nil), o.waiting[:min(len(o.waiting), batchMax)]...)
}

// remove drops everything up to the last fix of a batch.
func (o *outbox) remove(batch []fix) {
	o.mu.Lock()
	defer o.mu.Unlock()
	last := batch[len(batch)-1].FixedAt
	for len(o.waiting) > 0 && o.waiting[0].FixedAt <= last {
		o.waiting = o.waiting[1:]
	}
}

func (o *outbox) counts() (made, dropped, waiting int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.made, o.dropped, len(o.waiting)
}

type fixesAnswer struct {
	Stored    int `json:"stored"`
	Doubted   int `json:"doubted"`
	Duplicate int `json:"duplicate"`
	Refused   int `json:"refused"`
	Results   []struct {
		Index  int    `json:"index"`
		Status string `json:"status"`
		Reason string `json:"reason"`
	} `json:"results"`
}

// deliver sends the outbox, oldest first, until nothing more is put and all is sent, or ctx ends. Only what the service
// acknowledged leaves the outbox.
func (o *outbox) deliver(ctx context.Context, a *api, l *ledger) error {
	for {
		batch := o.head()
		if len(batch) == 0 {
			select {
			case <-o.more:
				continue
			case <-o.ended:
				if _, _, waiting := o.counts(); waiting == 0 {
					return nil
				}
				continue
			}
		}
		answer, err := o.post(ctx, a, batch)
		switch {
		case ctx.Err() != nil:
			return nil
		case isRefusal(err): // the key is not known, or the whole body is wrong: keep the fixes, slowly
			a.measure.trouble(err)
			if pause(ctx, lastBackoff) != nil {
				return nil
			}
			continue
		case err != nil:
			return err
		}
		o.remove(batch)
		if err := l.fixes(o.unitID, acknowledged(batch, answer)); err != nil {
			return err
		}
		for _, r := range answer.Results {
			if r.Status == "refused" {
				a.measure.refusedFix(r.Reason)
			}
		}
	}
}

func (o *outbox) post(ctx context.Context, a *api, batch []fix) (fixesAnswer, error) {
	var answer fixesAnswer
	body, err := json.Marshal(batch)
	if err != nil {
		return answer, err
	}
	newest := batch[len(batch)-1].FixedAt
	r := &request{method: "POST", path: "/api/v1/fixes", bearer: o.key, body: body, sent: func(at time.Time) { a.measure.fixSent(o.unitID, newest, at) }}
	return answer, a.send(ctx, nil, r, &answer)
}

// acknowledged lists the times of the fixes that the service has, now or from before.
func acknowledged(batch []fix, answer fixesAnswer) []int64 {
	refused := make(map[int]bool)
	for _, r := range answer.Results {
		if r.Status == "refused" {
			refused[r.Index] = true
		}
	}
	var at []int64
	for i, f := range batch {
		if !refused[i] {
			at = append(at, f.FixedAt)
		}
	}
	return at
}
