package tracking

import (
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Quality doubts accepted fixes that do not go with those before them. A
// doubted fix is kept in the history with the reason; the map and the
// statistics use the others. It is safe for concurrent use.
//
// A fix that is older than the unit's newest is not judged: it arrives late and
// moves nothing, and nothing is known of what came before it. One of the same
// time is looked at for a jump only.
//
// Jump compares with the newest position of the unit, whatever device it came
// from: farther than top speed × time + slack. The jump is held; the unit is
// there after all when a fix at least JumpConfirm later agrees with it, so that
// no bad position can lock a unit out: three fixes that agree win, unless all
// came in a burst. A fix that agrees with the old place ends the hold.
//
// Frozen and Drift compare with what the same device sent before; see trail.
// A frozen unit is not moved and grows stale: nobody knows where it drives. A
// drifting one stays where it was but is fresh: Stay.
//
// What Quality remembers is lost at a restart. Then the first jump is seen as
// always, because the Store knows the positions; a frozen receiver and a
// parked vehicle are found out anew.
type Quality struct {
	rules  Rules
	shards [64]holds
	byHand sync.Map // device id → *trail, of devices that come from no Devices
}

// holds are the held jumps of some units. Few units have one.
type holds struct {
	n  atomic.Int32 // len(of)
	mu sync.Mutex
	of map[int64]Fix // by unit: the first jump of those that agree
}

// NewQuality judges by the given rules.
func NewQuality(rules Rules) *Quality { return &Quality{rules: rules} }

// Judge says why f is doubted, and notes it in f.Doubt; nil when it is good.
// last is the newest position of the unit, nil when there is none.
func (q *Quality) Judge(f *Fix, dev *Device, last *Fix) *Refusal {
	if q.rules.TopSpeedKmh == 0 || last != nil && f.FixedAt.Before(last.FixedAt) {
		return nil
	}
	doubt, carried := q.jumped(f, last)
	newer := last == nil || f.FixedAt.After(last.FixedAt)
	if doubt == nil && newer && (f.SpeedKmh.Known || f.Ignition != Unsaid) {
		t := q.trailOf(dev)
		if carried {
			t.forget()
		}
		doubt = t.judge(f, dev, q.rules.JumpGrace)
	}
	if doubt != nil {
		f.Doubt = doubt.Reason
	}
	return doubt
}

// Release takes the anchor from a device that says that its vehicle is moved
// though it is parked. It is parked again where its next fix is.
func (q *Quality) Release(dev *Device) { q.trailOf(dev).forget() }

// Stay is a fix doubted as Drift as it goes to the Store: the unit was heard
// of at that time and is where it was.
func Stay(f Fix, last *Fix) Fix {
	f.Doubt = ""
	if last != nil {
		f.Point, f.Cell = last.Point, last.Cell
	}
	return f
}

func (q *Quality) trailOf(dev *Device) *trail {
	if dev.trail != nil {
		return dev.trail
	}
	t, ok := q.byHand.Load(dev.ID)
	if !ok {
		t, _ = q.byHand.LoadOrStore(dev.ID, new(trail))
	}
	return t.(*trail)
}

// jumped tells whether f is a jump from last that nothing confirms, or one
// that is confirmed: then the unit was carried there.
func (q *Quality) jumped(f, last *Fix) (doubt *Refusal, carried bool) {
	h := &q.shards[uint64(f.UnitID)%uint64(len(q.shards))]
	jump := checkJump(f, last, &q.rules)
	if jump == nil {
		if h.n.Load() > 0 {
			h.end(f.UnitID)
		}
		return nil, false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	held, ok := h.of[f.UnitID]
	agrees := ok && checkJump(f, &held, &q.rules) == nil
	switch {
	case ok && !f.FixedAt.After(held.FixedAt): // it says nothing new
	case agrees && f.FixedAt.Sub(held.FixedAt) >= q.rules.JumpConfirm:
		h.set(f.UnitID, nil)
		return nil, true
	case !agrees:
		h.set(f.UnitID, f)
	}
	return jump, false
}

func (h *holds) end(unitID int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.set(unitID, nil)
}

// set holds a copy of f, or nothing; the caller holds the lock.
func (h *holds) set(unitID int64, f *Fix) {
	switch {
	case f == nil:
		delete(h.of, unitID)
	case h.of == nil:
		h.of = map[int64]Fix{unitID: *f}
	default:
		h.of[unitID] = *f
	}
	h.n.Store(int32(len(h.of)))
}

// checkJump tells whether f is too far from last for the time between.
func checkJump(f, last *Fix, rules *Rules) *Refusal {
	if last == nil {
		return nil
	}
	gap := f.FixedAt.Sub(last.FixedAt)
	if gap < 0 || gap > rules.JumpGrace {
		return nil
	}
	limit := rules.JumpSlack + geo.Metres(rules.TopSpeedKmh/3.6*gap.Seconds())
	if within(last.Point, f.Point, limit) {
		return nil
	}
	far := geo.Distance(last.Point, f.Point)
	if far <= limit {
		return nil
	}
	detail := fmt.Sprintf("%.1f km from where it was at the same time", far/1000)
	if gap > 0 {
		detail = fmt.Sprintf("%.1f km in %v would be %.0f km/h", far/1000, gap.Round(time.Second), float64(far)/1000/gap.Hours())
	}
	return &Refusal{Reason: Jump, Field: "lon", Detail: detail + "; a further fix from there will be believed"}
}

// degreeM is the length of a degree of latitude, and the most of one of longitude.
const degreeM = float64(geo.EarthRadius) * 3.141592653589793 / 180

// within is true when two points are surely no farther apart than limit: it
// takes degrees of longitude as they are at the equator.
func within(a, b orb.Point, limit geo.Metres) bool {
	x, y := a[0]-b[0], a[1]-b[1]
	return (x*x+y*y)*(degreeM*degreeM) <= float64(limit)*float64(limit)
}
