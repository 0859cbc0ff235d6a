package tracking

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
)

// Reason names why a fix was refused. Reasons are stored and counted; they
// never change their spelling.
type Reason string

// The reasons, in the order in which Accept tests them.
const (
	UnknownDevice  Reason = "unknown_device"  // nobody registered it
	DisabledDevice Reason = "disabled_device" // it was switched off here
	Invalid        Reason = "invalid"         // a field has an impossible value
	NoFix          Reason = "no_fix"          // the receiver itself says that it has no position
	ZeroPoint      Reason = "zero_point"      // 0,0 or nearly: the receiver has no position
	Future         Reason = "future"          // the receiver's clock is too far ahead
	TooOld         Reason = "too_old"         // older than history takes
	OutOfRegion    Reason = "out_of_region"   // outside the area served
	Jump           Reason = "jump"            // no vehicle gets there that fast
	Drift          Reason = "drift"           // a parked vehicle does not move
	Frozen         Reason = "frozen"          // the same coordinates while the vehicle drives
)

// Reasons is every Reason, in the order of the tests.
func Reasons() []Reason {
	return []Reason{UnknownDevice, DisabledDevice, Invalid, NoFix, ZeroPoint, Future, TooOld, OutOfRegion, Jump, Drift, Frozen}
}

// Refusal says why a fix was not accepted.
type Refusal struct {
	Reason Reason
	Field  string // the field at fault: "lon", "lat", "fixed_at", …; empty when none is
	Detail string // one sentence for the person who looks after the device
}

// Error is the reason and the detail. A Refusal is usually data, not an error.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

// Rules are the limits of Accept.
type Rules struct {
	// Region is the area served, with a generous margin, in WGS-84. The zero
	// Bound means the whole Earth.
	Region orb.Bound
	// Ahead is how far a fix may lie in the future.
	Ahead time.Duration
	// Oldest is the age above which a fix is refused.
	Oldest time.Duration
	// TopSpeedKmh and JumpSlack bound how far a unit can have come since its
	// newest fix: top speed × time + slack. The slack covers the error of two
	// receivers, and a unit with two devices that are not in the same place.
	TopSpeedKmh float64
	JumpSlack   geo.Metres
	// JumpGrace is the age of the newest fix above which nothing is a jump:
	// the unit may have been carried with its receiver off.
	JumpGrace time.Duration
	// JumpConfirm is how long after a held jump, by the receiver's clock, a fix
	// that agrees with it is believed; an earlier one says no more than the
	// held one did.
	JumpConfirm time.Duration
}

// DefaultRules serve the whole Earth: 2 min ahead, 30 days back, 250 km/h with
// 500 m of slack, 30 min of grace, 10 s to confirm.
func DefaultRules() Rules {
	return Rules{
		Ahead:       2 * time.Minute,
		Oldest:      30 * 24 * time.Hour,
		TopSpeedKmh: 250,
		JumpSlack:   500,
		JumpGrace:   30 * time.Minute,
		JumpConfirm: 10 * time.Second,
	}
}

// Accept turns what a device sent into a fix, or says why not. last is the
// newest fix of the device's unit, nil when there is none; now is the time of
// receipt.
//
// The steps below are the whole of the rules and run in this order. The first
// that refuses ends it. The Fix that comes with a refusal is filled as far as
// the steps got; with Jump it is complete, so that the caller may hold it: a
// unit that keeps reporting from the new place is believed when the next fix
// agrees with the held one. The Ingestor does that.
//
// Accept does not look for duplicates. Only the history knows what is durable,
// and a device must not be told that it may forget a fix that is not. The Cell
// of the fix stays zero; Store.Locate finds it cheaply.
func Accept(raw RawFix, dev Device, last *Fix, now time.Time, rules Rules) (Fix, *Refusal) {
	f := Fix{
		UnitID: dev.UnitID, DeviceID: dev.ID,
		FixedAt:    raw.FixedAt.UTC().Truncate(time.Microsecond), // what PostgreSQL keeps
		ReceivedAt: now.UTC().Truncate(time.Microsecond),
		Point:      orb.Point{raw.Lon, raw.Lat},
		AccuracyM:  raw.AccuracyM, SpeedKmh: raw.SpeedKmh, HeadingDeg: raw.HeadingDeg,
		Source: raw.Source,
	}
	steps := [...]func() *Refusal{
		func() *Refusal { return checkDevice(dev) },
		func() *Refusal { return raw.Unread },
		func() *Refusal { return checkPoint(f.Point) },
		func() *Refusal { return checkReadings(&f) },
		func() *Refusal { return checkTime(f.FixedAt, now, rules) },
		func() *Refusal { return toWGS84(&f, dev.Datum) },
		func() *Refusal { return checkRegion(f.Point, rules.Region) },
		func() *Refusal { return checkJump(f, last, rules) },
	}
	for _, step := range steps {
		if refusal := step(); refusal != nil {
			return f, refusal
		}
	}
	return f, nil
}

func checkDevice(dev Device) *Refusal {
	switch {
	case dev.ID == 0 || dev.UnitID == 0:
		return &Refusal{Reason: UnknownDevice, Detail: "the device is not registered with a unit"}
	case dev.Disabled:
		return &Refusal{Reason: DisabledDevice, Detail: "the device, or its unit, is switched off in the register"}
	}
	return nil
}

// zeroDegrees is how near 0,0 a receiver without a position may report: about
// 100 m, in a sea that nobody serves.
const zeroDegrees = 0.001

func checkPoint(p orb.Point) *Refusal {
	if math.Abs(p[0]) < zeroDegrees && math.Abs(p[1]) < zeroDegrees {
		return &Refusal{Reason: ZeroPoint, Field: "lon", Detail: "the point is 0,0: the receiver has no position"}
	}
	err := geo.ValidPoint(p)
	if err == nil {
		return nil
	}
	field := "lon"
	if lon := geo.ValidPoint(orb.Point{p[0], 1}); lon == nil {
		field = "lat"
	}
	detail := err.Error()
	if errors.Is(err, geo.ErrOutOfRange) && geo.ValidPoint(orb.Point{p[1], p[0]}) == nil {
		detail += "; lon and lat look swapped"
	}
	return &Refusal{Reason: Invalid, Field: field, Detail: detail}
}

// topReadingKmh is the highest speed that is kept as a reading; a device that
// claims more has no idea.
const topReadingKmh = 400

func checkReadings(f *Fix) *Refusal {
	bad := func(field string, r Reading, limit float64) *Refusal {
		if !r.Known || r.Value >= 0 && r.Value <= limit { // false for NaN
			return nil
		}
		return &Refusal{
			Reason: Invalid, Field: field,
			Detail: fmt.Sprintf("%s %v is not between 0 and %v; leave it out when unknown", field, r.Value, limit),
		}
	}
	if r := bad("accuracy_m", f.AccuracyM, 1e6); r != nil {
		return r
	}
	if r := bad("speed_kmh", f.SpeedKmh, topReadingKmh); r != nil {
		return r
	}
	if r := bad("heading_deg", f.HeadingDeg, 360); r != nil {
		return r
	}
	if f.HeadingDeg.Value == 360 {
		f.HeadingDeg.Value = 0
	}
	return nil
}

func checkTime(at, now time.Time, rules Rules) *Refusal {
	switch {
	case at.IsZero():
		return &Refusal{Reason: Invalid, Field: "fixed_at", Detail: "the time of the fix is missing"}
	case at.Sub(now) > rules.Ahead:
		return &Refusal{
			Reason: Future, Field: "fixed_at",
			Detail: fmt.Sprintf("the fix is %s ahead of the clock here, at most %s is taken; check the device's clock and time zone",
				inWords(at.Sub(now)), inWords(rules.Ahead)),
		}
	case now.Sub(at) > rules.Oldest:
		return &Refusal{
			Reason: TooOld, Field: "fixed_at",
			Detail: fmt.Sprintf("the fix is more than %s old, at most %s is taken", inWords(now.Sub(at)), inWords(rules.Oldest)),
		}
	}
	return nil
}

// inWords is d in whole units as people say it, rounded down.
func inWords(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 10*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

func toWGS84(f *Fix, from datum.Datum) *Refusal {
	p, err := datum.ToWGS84(from, f.Point)
	if err != nil {
		return &Refusal{Reason: Invalid, Field: "datum", Detail: err.Error()}
	}
	f.Point = p
	return checkPoint(p) // a shift may lead over the edge of the map
}

func checkRegion(p orb.Point, region orb.Bound) *Refusal {
	if region.IsZero() || region.Contains(p) {
		return nil
	}
	detail := fmt.Sprintf("%.5f,%.5f is outside the area served", p[0], p[1])
	if region.Contains(orb.Point{p[1], p[0]}) {
		detail += "; lon and lat look swapped"
	}
	return &Refusal{Reason: OutOfRegion, Field: "lon", Detail: detail}
}

// checkJump compares with the newest fix only: one that arrives late goes to
// the history and moves nothing.
func checkJump(f Fix, last *Fix, rules Rules) *Refusal {
	if last == nil {
		return nil
	}
	gap := f.FixedAt.Sub(last.FixedAt)
	if gap <= 0 || gap > rules.JumpGrace {
		return nil
	}
	far := geo.Distance(last.Point, f.Point)
	if far <= rules.JumpSlack+geo.Metres(rules.TopSpeedKmh/3.6*gap.Seconds()) {
		return nil
	}
	return &Refusal{
		Reason: Jump, Field: "lon",
		Detail: fmt.Sprintf("%.1f km in %v would be %.0f km/h; a second fix from there will be believed",
			far/1000, gap.Round(time.Second), float64(far)/1000/gap.Hours()),
	}
}
