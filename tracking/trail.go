package tracking

import (
	"slices"
	"sync"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// The limits of Frozen and Drift. Those of Drift are from the practice of
// other trackers: a receiver among houses wanders by 5 to 80 m.
const (
	frozenKmh   = 10.0             // a vehicle that says it is faster does not keep its coordinates
	frozenFixes = 3                // so many with the same coordinates are too many
	frozenSpan  = 60 * time.Second // and so long is with two of them

	slowKmh   = 3.0             // below it a vehicle without an ignition wire may be parked
	slowSpan  = 3 * time.Minute // after so long it is
	driveKmh  = 5.0             // above it, with the ignition on, it drives
	driftM    = 10.0            // nearer to the anchor a fix is as good as the anchor
	leaveM    = 50.0            // farther, or 3 × accuracy, with a speed it may have left
	leaveFarM = 100.0           // farther it may have left whatever its speed
	leaveFix  = 2               // so many such fixes in a row and it has
)

// trail is what is remembered of the newest fixes of a device, 64 bytes and,
// once it has been parked, 96 more.
//
// Frozen: the third fix in a row with exactly the same coordinates, all of them
// with more than 10 km/h, or the second after a minute. It ends with other
// coordinates or a lower speed.
//
// Drift: the vehicle is parked when its ignition is off, or, without an
// ignition wire, after 3 min of fixes below 3 km/h. Its anchor is the median
// of its last 5 fixes. A fix 10 m or more from the anchor is drift. The
// vehicle leaves with the ignition on and more than 5 km/h, or by two fixes in
// a row that are beyond 100 m, or beyond 50 m and 3 × accuracy with more than
// 5 km/h, of which the first counts as a jump; and when nothing was heard of it
// for JumpGrace, or when the device itself says that it is moved (Release).
// Phones are carried by people who walk a few steps: they have
// no anchor.
type trail struct {
	mu        sync.Mutex
	at        int64 // of the newest fix, Unix microseconds; zero when there is none
	point     orb.Point
	slowSince int64 // all fixes since have been slow; zero when the newest was not
	sameSince int64 // of the first fix of the run
	same      int32 // fast fixes in a row with the same coordinates
	parking   *parking
}

// parking is where a vehicle stands.
type parking struct {
	ring [5]orb.Point
	n    int8 // points that came in, at most 5 counted; zero when it drives
	next int8
	away int8 // fixes in a row that lie too far off
}

var (
	frozen = &Refusal{Reason: Frozen, Field: "lon", Detail: "the same coordinates again while the vehicle drives: the receiver hangs"}
	drift  = &Refusal{Reason: Drift, Field: "lon", Detail: "the vehicle is parked and does not move"}
	spike  = &Refusal{Reason: Jump, Field: "lon", Detail: "the vehicle is parked elsewhere; a second fix away from there will be believed"}
)

func (t *trail) judge(f *Fix, dev *Device, grace time.Duration) *Refusal {
	at := f.FixedAt.UnixMicro()
	t.mu.Lock()
	defer t.mu.Unlock()
	if at <= t.at {
		return nil
	}
	if t.at != 0 && at-t.at > grace.Microseconds() {
		t.restart()
	}
	hangs := t.hangs(f, at)
	var strays *Refusal
	if dev.Kind != "phone" {
		strays = t.strays(f, at)
	}
	t.at, t.point = at, f.Point
	if hangs {
		return frozen
	}
	return strays
}

// forget makes the next fix the first.
func (t *trail) forget() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.restart()
}

func (t *trail) restart() {
	t.same, t.slowSince = 0, 0
	if t.parking != nil {
		*t.parking = parking{}
	}
}

// hangs is the rule of Frozen.
func (t *trail) hangs(f *Fix, at int64) bool {
	if f.SpeedKmh.Value <= frozenKmh { // or unknown
		t.same = 0
		return false
	}
	if t.same == 0 || f.Point != t.point {
		t.same, t.sameSince = 1, at
		return false
	}
	t.same++
	return t.same >= frozenFixes || at-t.sameSince >= frozenSpan.Microseconds()
}

// strays is the rule of Drift.
func (t *trail) strays(f *Fix, at int64) *Refusal {
	if p := t.parking; p != nil && p.n > 0 {
		if !p.left(f) {
			return p.stray(f)
		}
		*p, t.slowSince = parking{}, 0
		return nil
	}
	if !t.parks(f, at) {
		return nil
	}
	if t.parking == nil {
		t.parking = new(parking)
	}
	t.parking.add(f.Point)
	return nil
}

// parks tells whether the vehicle, which drove until now, is parked.
func (t *trail) parks(f *Fix, at int64) bool {
	switch {
	case f.Ignition == Off:
		return true
	case f.Ignition == On || !f.SpeedKmh.Known || f.SpeedKmh.Value >= slowKmh:
		t.slowSince = 0
		return false
	case t.slowSince == 0:
		t.slowSince = at
	}
	return at-t.slowSince >= slowSpan.Microseconds()
}

// left tells whether the vehicle has left its anchor with f, and counts the signs.
func (p *parking) left(f *Fix) bool {
	drives := f.SpeedKmh.Value > driveKmh
	if f.Ignition == On && drives {
		return true
	}
	far, radius := geo.Distance(p.anchor(), f.Point), geo.Metres(leaveM)
	if f.AccuracyM.Known {
		radius = max(radius, geo.Metres(3*f.AccuracyM.Value))
	}
	if far <= max(leaveFarM, radius) && !(drives && far > radius) {
		p.away = 0
		return false
	}
	p.away++
	return p.away >= leaveFix
}

// stray is what to think of f, with which the vehicle has not left. A sign of
// leaving does not pull the anchor.
func (p *parking) stray(f *Fix) *Refusal {
	if p.away > 0 {
		return spike
	}
	far := geo.Distance(p.anchor(), f.Point)
	p.add(f.Point)
	if far > driftM {
		return drift
	}
	return nil
}

func (p *parking) add(at orb.Point) {
	p.ring[p.next] = at
	p.next = (p.next + 1) % int8(len(p.ring))
	p.n = min(p.n+1, int8(len(p.ring)))
}

// anchor is the median of the points, in each direction; the lower of two.
func (p *parking) anchor() orb.Point {
	var lon, lat [5]float64
	for i, q := range p.ring[:p.n] {
		lon[i], lat[i] = q[0], q[1]
	}
	slices.Sort(lon[:p.n])
	slices.Sort(lat[:p.n])
	return orb.Point{lon[(p.n-1)/2], lat[(p.n-1)/2]}
}
