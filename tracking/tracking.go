// Package tracking is automatic vehicle location: units and their devices, the
// fixes they send, the rules by which a fix is accepted, the live Store of
// newest positions and the history in PostgreSQL.
//
// A fix travels device → decoder (RawFix) → Accept → Store and history. Each
// refusal has a named Reason and is kept. Times are UTC; points are WGS-84,
// longitude first.
package tracking

import (
	"encoding/json"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
)

// Unit is a vehicle or a team on foot that can be sent somewhere.
type Unit struct {
	ID       int64
	OrgID    int64  // the organisation it belongs to
	CallSign string // what the radio says, unique among units in use
	Kind     string // "vehicle" or "foot"
	Plate    string // empty on foot
	Crew     int    // people
	// OutOfServiceSince is when the unit went into repair; zero when it can go.
	OutOfServiceSince  time.Time
	OutOfServiceReason string
}

// Device is something that reports where a unit is: a terminal in a vehicle,
// or an officer's phone. A unit may have several.
type Device struct {
	// Those that every fix needs come first, side by side.
	ID       int64       // zero means that nobody knows the device
	UnitID   int64       // the unit whose position it reports
	health   *health     // nil in one that comes from no Devices
	trail    *trail      // of its newest fixes; nil in one that comes from no Devices
	Datum    datum.Datum // of the coordinates it sends; empty means WGS-84
	Disabled bool        // it or its unit is out of use; its fixes are refused
	// ClockAhead is by how much the device's clock is ahead of what its
	// protocol says it shows (a unit on Beijing time where UTC is due: 8 h).
	// Accept takes it off.
	ClockAhead time.Duration

	Kind  string // the protocol it speaks: "http", "phone", "jt808", "gt06", "osmand", "owntracks", "traccar"
	Label string // what people call it
	// Interval is how often it is expected to report; zero when nobody said.
	Interval time.Duration
	Login    *Login // how it proves who it is, beside its key; nil when it has nothing else
}

// Login is what some protocols need to let a device in.
type Login struct {
	Lenient    bool   // JT/T 808: positions are taken before authentication
	AuthHash   []byte // JT/T 808: SHA-256 of the authentication code; nil when none was given out
	Passphrase string // OwnTracks: of the payload encryption; empty when it is not encrypted
	Terminal   string // JT/T 808: the terminal id that it registered with; empty before the first time
	Conflict   bool   // another terminal claims its identity; a person has to settle that
}

func (l *Login) lenient() bool { return l != nil && l.Lenient }

func (l *Login) passphrase() string {
	if l == nil {
		return ""
	}
	return l.Passphrase
}

// Name is what a device calls itself in a protocol: a SIM number, an IMEI, a
// terminal id, "user/device". The records of a gateway's batch use "http".
type Name struct{ Protocol, Ident string }

// Gateway is a platform that forwards the fixes of many devices under one key.
type Gateway struct {
	ID    int64  `json:"id"`
	Label string `json:"label"`
}

// Reading is a measurement that a device may leave out. The zero Reading is an
// unknown one; zero that was measured is Known.
type Reading struct {
	Value float64
	Known bool
}

// Read is a known reading.
func Read(v float64) Reading { return Reading{Value: v, Known: true} }

// Ptr is the value on the heap, or nil when unknown: the form for SQL and JSON.
func (r Reading) Ptr() *float64 {
	if !r.Known {
		return nil
	}
	return &r.Value
}

// ReadPtr is the inverse of Ptr.
func ReadPtr(v *float64) Reading {
	if v == nil {
		return Reading{}
	}
	return Read(*v)
}

// MarshalJSON writes a number, or null when the reading is unknown.
func (r Reading) MarshalJSON() ([]byte, error) { return json.Marshal(r.Ptr()) }

// UnmarshalJSON reads what MarshalJSON writes.
func (r *Reading) UnmarshalJSON(b []byte) error {
	var v *float64
	if err := json.Unmarshal(b, &v); err != nil {
		return err
	}
	*r = ReadPtr(v)
	return nil
}

// RawFix is one position as a decoder read it, before anything was checked.
// Coordinates are degrees in the datum of the device that sent it.
type RawFix struct {
	FixedAt    time.Time // the receiver's clock; zero when it sent none
	Lon, Lat   float64
	AltM       Reading // above sea level
	AccuracyM  Reading // radius of likely error
	SpeedKmh   Reading
	HeadingDeg Reading // clockwise from north
	Source     string  // the protocol it came by: "http", "jt808", "osmand", …

	NoFix bool // the receiver said that it has no position; the coordinates are old or rubbish
	// Replay: the device had stored it while it was out of coverage (JT/T 808
	// 0x0704 of type 1, Traccar's archive). Where a unit is, the time of the fix
	// decides alone, here too: one that is older than the unit's newest goes to
	// the history, one that is newer moves the unit, who is seen where it last
	// was and as fresh as that is. A replay says nothing of the device's clock.
	Replay   bool
	Ignition State // of the vehicle's ignition (ACC)
	Engaged  State // the crew's own sign that it is busy (a taxi's load, a driver's button)
	// Vitals are what else the device told of itself; nil when nothing.
	Vitals *Vitals

	// Unread is why the decoder could not read the record, nil when it could.
	// Accept refuses with it, so that the record is kept like any other refused one.
	Unread *Refusal
	// Text is the record as it came, kept with the refusal when it has Unread.
	Text string
}

// State is a switch that a device may leave out: the zero State is unknown.
type State int8

// The states.
const (
	Unsaid State = 0
	On     State = 1
	Off    State = -1
)

// StateOf is On or Off.
func StateOf(on bool) State {
	if on {
		return On
	}
	return Off
}

// Vitals are what a device tells of itself beside the position.
type Vitals struct {
	BatteryPct Reading // of its own battery
	PowerV     Reading // of the vehicle's supply
	SignalPct  Reading // of the mobile network
	Satellites Reading // in use
	OdometerKm Reading
	Alarms     uint32 // JT/T 808 alarm bits
	SOS        bool   // somebody pressed the button
	Moved      bool   // the device says that its parked vehicle is moved: towed, ferried or stolen
	Mock       bool   // the phone says that its position is faked
}

// Fix is an accepted position of a unit.
type Fix struct {
	UnitID     int64
	DeviceID   int64
	FixedAt    time.Time // when the receiver measured it; orders the fixes of a unit
	ReceivedAt time.Time // when it reached the service
	Point      orb.Point // WGS-84
	AltM       Reading
	AccuracyM  Reading
	SpeedKmh   Reading
	HeadingDeg Reading  // 0 ≤ heading < 360
	Cell       geo.Cell // at geo.StoreRes; zero until it has been located
	Source     string
	Ignition   State
	Engaged    State
	// Doubt is why the fix is in the history only and moves nobody (Jump, Drift,
	// Frozen); empty for a good one.
	Doubt Reason
}

// PhoneSource is the Source of fixes that a person's phone sent. They are the
// only ones that tell where a person is, and not a vehicle.
const PhoneSource = "phone"

// Freshness says how far a position can still be trusted.
type Freshness string

// The freshness classes by the age of a fix.
const (
	Live   Freshness = "live"   // at most 60 s
	Recent Freshness = "recent" // at most 5 min
	Stale  Freshness = "stale"  // at most 30 min
	Lost   Freshness = "lost"   // older, or never seen
)

// FreshnessAt is the class, at now, of a position that was fixed at fixedAt.
// The zero time is Lost. A fix from the near future (a clock that is a little
// fast) is Live. A parked vehicle that only sends heartbeats ages like any
// other: heartbeats are not fixes and do not come here.
func FreshnessAt(fixedAt, now time.Time) Freshness {
	if fixedAt.IsZero() {
		return Lost
	}
	switch age := now.Sub(fixedAt); {
	case age <= time.Minute:
		return Live
	case age <= 5*time.Minute:
		return Recent
	case age <= 30*time.Minute:
		return Stale
	default:
		return Lost
	}
}
