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

// Reason names why a fix was refused, or why it is doubted. Reasons are stored
// and counted; they never change their spelling.
type Reason string

// The reasons. With those of Accept a fix is refused; with those of
// Quality.Judge, the last three, it is kept in the history and moves nobody.
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
	Frozen         Reason = "frozen"          // the same coordinates while the vehicle drives
	Drift          Reason = "drift"           // a parked vehicle does not move
)

// Reasons is every Reason.
func Reasons() []Reason {
	return []Reason{UnknownDevice, DisabledDevice, Invalid, NoFix, ZeroPoint, Future, TooOld, OutOfRegion, Jump, Frozen, Drift}
}

// Refusal says why a fix was not accepted, or why it is doubted. It is shared
// and never written.
type Refusal struct {
	Reason Reason
	Field  string // the field at fault: "lon", "lat", "fixed_at", …; empty when none is
	Detail string // one sentence for the person who looks after the device
}

// Error is the reason and the detail. A Refusal is usually data, not an error.
func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Detail }

// Rules are the limits of Accept and of Quality.
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
	// Top speed 0 is the raw mode: nothing is doubted, neither as a jump nor
	// as drift nor as frozen.
	TopSpeedKmh float64
	JumpSlack   geo.Metres
	// JumpGrace is the age of the newest fix above which nothing is a jump and
	// nobody is parked any more: the unit may have been carried with its
	// receiver off.
	JumpGrace time.Duration
	// JumpConfirm is how long after a held jump, by the receiver's clock, a fix
	// that agrees with it is believed; an earlier one says no more than the
	// held one did.
	JumpConfirm time.Duration
}

// DefaultRules serve the whole Earth: 5 min ahead, 30 days back, 250 km/h with
// 500 m of slack, 30 min of grace, 10 s to confirm.
func DefaultRules() Rules {
	return Rules{
		Ahead:       5 * time.Minute,
		Oldest:      30 * 24 * time.Hour,
		TopSpeedKmh: 250,
		JumpSlack:   500,
		JumpGrace:   30 * time.Minute,
		JumpConfirm: 10 * time.Second,
	}
}

// Accept turns what a device sent into a fix, or says why not; now is the time
// of receipt. What it is given it only reads.
//
// The checks below are the whole of the rules and run in this order. The first
// that refuses ends it; the Fix that comes with a refusal is filled as far as
// the checks got.
//
// The time of the fix is what the receiver said less dev.ClockAhead. One that
// is too old and, with the 1,024 weeks added after which the GPS calendar
// begins anew, is within a day of now, gets them.
//
// Accept does not look for duplicates. Only the history knows what is durable,
// and a device must not be told that it may forget a fix that is not. Whether
// the fix is plausible beside those before it is asked of Quality.Judge. The
// Cell of the fix stays zero; Store.Locate finds it cheaply.
func Accept(raw *RawFix, dev *Device, now time.Time, rules *Rules) (Fix, *Refusal) {
	var f Fix
	refusal := accept(&f, raw, dev, now.UTC().Truncate(time.Microsecond), rules)
	return f, refusal
}

// accept is Accept into an f that is zero, at a time in UTC and whole microseconds.
func accept(f *Fix, raw *RawFix, dev *Device, now time.Time, rules *Rules) *Refusal {
	f.UnitID, f.DeviceID = dev.UnitID, dev.ID
	f.FixedAt = raw.FixedAt.UTC().Truncate(time.Microsecond) // what PostgreSQL keeps
	f.ReceivedAt = now
	f.Point = orb.Point{raw.Lon, raw.Lat}
	f.AltM, f.AccuracyM, f.SpeedKmh, f.HeadingDeg = raw.AltM, raw.AccuracyM, raw.SpeedKmh, raw.HeadingDeg
	f.Source, f.Ignition, f.Engaged = raw.Source, raw.Ignition, raw.Engaged
	if r := checkDevice(dev); r != nil {
		return r
	}
	if raw.Unread != nil {
		return raw.Unread
	}
	if raw.NoFix {
		return noFix
	}
	if r := checkPoint(f.Point); r != nil {
		return r
	}
	if r := checkReadings(f); r != nil {
		return r
	}
	if r := checkTime(f, dev.ClockAhead, now, rules); r != nil {
		return r
	}
	if r := toWGS84(f, dev.Datum); r != nil {
		return r
	}
	return checkRegion(f.Point, &rules.Region)
}

var noFix = &Refusal{Reason: NoFix, Detail: "the receiver says that it has no position; what it sends is old or made up"}

func checkDevice(dev *Device) *Refusal {
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
	if p[0] >= zeroDegrees && p[0] <= 180 && p[1] >= -90 && p[1] <= 90 { // most of them
		return nil
	}
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
	if r := checkReading("accuracy_m", f.AccuracyM, 1e6); r != nil {
		return r
	}
	if r := checkReading("speed_kmh", f.SpeedKmh, topReadingKmh); r != nil {
		return r
	}
	if r := checkReading("heading_deg", f.HeadingDeg, 360); r != nil {
		return r
	}
	if f.HeadingDeg.Value == 360 {
		f.HeadingDeg.Value = 0
	}
	if !(math.Abs(f.AltM.Value) <= topAltM) { // it costs no position; false for NaN
		f.AltM = Reading{}
	}
	return nil
}

// topAltM bounds altitudes: no vehicle is higher or deeper.
const topAltM = 12_000

func checkReading(field string, r Reading, limit float64) *Refusal {
	if !r.Known || r.Value >= 0 && r.Value <= limit { // false for NaN
		return nil
	}
	return &Refusal{
		Reason: Invalid, Field: field,
		Detail: fmt.Sprintf("%s %v is not between 0 and %v; leave it out when unknown", field, r.Value, limit),
	}
}

// rollover is after how long the GPS calendar of 10-bit weeks begins anew. A
// receiver that does not know is wrong by so much.
const rollover = 1024 * 7 * 24 * time.Hour

func checkTime(f *Fix, ahead time.Duration, now time.Time, rules *Rules) *Refusal {
	if f.FixedAt.IsZero() {
		return &Refusal{Reason: Invalid, Field: "fixed_at", Detail: "the time of the fix is missing"}
	}
	if ahead != 0 {
		f.FixedAt = f.FixedAt.Add(-ahead)
	}
	age := now.Sub(f.FixedAt)
	switch {
	case age < -rules.Ahead: // -age of the farthest time there is would be less than zero
		return &Refusal{
			Reason: Future, Field: "fixed_at",
			Detail: fmt.Sprintf("the fix is %s ahead of the clock here, at most %s is taken; check the device's clock and time zone",
				inWords(age.Abs()), inWords(rules.Ahead)) + aheadHint(age.Abs()),
		}
	case age <= rules.Oldest:
		return nil
	case (age - rollover).Abs() <= 24*time.Hour:
		f.FixedAt = f.FixedAt.Add(rollover)
		return nil
	}
	return &Refusal{
		Reason: TooOld, Field: "fixed_at",
		Detail: fmt.Sprintf("the fix is more than %s old, at most %s is taken", inWords(age), inWords(rules.Oldest)),
	}
}

// aheadHint names the setting for a clock that is ahead by what a time zone may be.
func aheadHint(ahead time.Duration) string {
	if zone, ok := ZoneError(ahead); ok {
		return fmt.Sprintf("; a time zone would explain it: clock_ahead_s %d", int(zone/time.Second))
	}
	return ""
}

// ZoneError says by which multiple of a quarter of an hour, at most 14 h, a
// clock is off that is off by d to two minutes. It is false when d is none.
func ZoneError(d time.Duration) (time.Duration, bool) {
	zone := d.Round(15 * time.Minute)
	return zone, zone != 0 && zone.Abs() <= 14*time.Hour && (d-zone).Abs() <= 2*time.Minute
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
	if from == "" {
		return nil
	}
	p, err := datum.ToWGS84(from, f.Point)
	if err != nil {
		return &Refusal{Reason: Invalid, Field: "datum", Detail: err.Error()}
	}
	f.Point = p
	return checkPoint(p) // a shift may lead over the edge of the map
}

func checkRegion(p orb.Point, region *orb.Bound) *Refusal {
	if region.Contains(p) || region.IsZero() {
		return nil
	}
	detail := fmt.Sprintf("%.5f,%.5f is outside the area served", p[0], p[1])
	if region.Contains(orb.Point{p[1], p[0]}) {
		detail += "; lon and lat look swapped"
	}
	return &Refusal{Reason: OutOfRegion, Field: "lon", Detail: detail}
}
