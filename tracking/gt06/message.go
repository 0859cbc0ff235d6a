package gt06

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"time"

	"jiujin/tracking"
)

// Source is RawFix.Source of what this package reads.
const Source = "gt06"

// Types of frames that the server acts on. All others are acknowledged.
const (
	TypeLogin     = 0x01
	TypeHeartbeat = 0x13
	typeStatus    = 0x23 // the heartbeat of later models
	typeAlarm     = 0x16
	typeAlarm2    = 0x26
	typeModular   = 0x70
	typeGPS2      = 0x22
)

// offsets are the types of short frames that hold a position in the standard layout, and where in the body it begins.
// Models use the same numbers for other things: what does not look like a position is none.
var offsets = map[byte]int{
	0x10: 0, 0x11: 0, 0x12: 0, 0x16: 0, 0x22: 0, 0x26: 0, 0x27: 0, 0x2d: 0, 0x31: 0, 0x32: 0, 0x36: 0, 0x37: 0, 0x38: 0,
	0xa0: 0, 0xa2: 0, 0xa4: 0, 0x34: 4,
}

// positionLen is the length of the standard layout: date and time (6), satellites (1), latitude (4), longitude (4), speed
// (1), course and flags (2).
const positionLen = 18

// IMEI is the identity in a login frame, 15 digits (8 bytes of BCD, the first digit 0); false when the frame is no login.
func (f Frame) IMEI() (string, bool) {
	if f.Type != TypeLogin || len(f.Body) < 8 {
		return "", false
	}
	digits := hex.EncodeToString(f.Body[:8])
	if strings.Trim(digits, "0123456789") != "" {
		return "", false
	}
	return strings.TrimPrefix(digits, "0"), true
}

// Status is what a unit tells of itself in a heartbeat or an alarm.
type Status struct {
	Ignition   tracking.State
	Charging   bool
	BatteryPct tracking.Reading // from 7 steps
	SignalPct  tracking.Reading // from 5 steps
	SOS        bool
}

// Status is false when the frame has none.
func (f Frame) Status() (Status, bool) {
	switch b := f.Body; {
	case (f.Type == TypeHeartbeat || f.Type == typeStatus) && len(b) >= 3:
		return status(b), true
	case f.Type == typeAlarm || f.Type == typeAlarm2: // position, length of the cell (8, or 9 with itself), cell, status, alarm, language
		const at = positionLen + 9
		if len(b) != at+5 || b[positionLen] != 8 && b[positionLen] != 9 {
			return Status{}, false
		}
		s := status(b[at:])
		s.SOS = s.SOS || b[at+3] == 1
		return s, true
	}
	return Status{}, false
}

// status reads the info byte, the voltage (0 to 6) and the signal (0 to 4); steps beyond are another model's scale.
func status(b []byte) Status {
	s := Status{Ignition: tracking.StateOf(b[0]&0x02 != 0), Charging: b[0]&0x04 != 0, SOS: b[0]>>3&7 == 4}
	if b[1] <= 6 {
		s.BatteryPct = tracking.Read(float64(b[1]) * 100 / 6)
	}
	if b[2] <= 4 {
		s.SignalPct = tracking.Read(float64(b[2]) * 25)
	}
	return s
}

// Fix is the position in the frame; false when it has none.
func (f Frame) Fix() (tracking.RawFix, bool) {
	if f.Type == typeModular && f.Long {
		return modular(f.Body)
	}
	at, ok := offsets[f.Type]
	if !ok || f.Long || len(f.Body) < at+positionLen {
		return tracking.RawFix{}, false
	}
	b := f.Body[at:]
	date, ok := clock(b)
	if !ok {
		return tracking.RawFix{}, false
	}
	fix, ok := place(b[7:], b[15], b[16:])
	fix.FixedAt = date
	v := &tracking.Vitals{Satellites: tracking.Read(float64(b[6] & 0x0f))}
	if s, has := f.Status(); has {
		v.BatteryPct, v.SignalPct, v.SOS, fix.Ignition = s.BatteryPct, s.SignalPct, s.SOS, s.Ignition
	}
	const cell = positionLen + 8 // country (2), network (1), area (2), cell (3); then ignition, why it was sent, replay
	if n := len(f.Body); f.Type == typeGPS2 && (n == cell+3 || n == cell+7) && f.Body[cell] <= 1 && f.Body[cell+2] <= 1 {
		fix.Ignition, fix.Replay = tracking.StateOf(f.Body[cell] == 1), f.Body[cell+2] == 1
	}
	fix.Vitals = v
	return fix, ok
}

// clock reads year since 2000, month, day, hour, minute and second, a binary byte each. The zone is UTC.
func clock(b []byte) (time.Time, bool) {
	at := time.Date(2000+int(b[0]), time.Month(b[1]), int(b[2]), int(b[3]), int(b[4]), int(b[5]), 0, time.UTC)
	real := at.Month() == time.Month(b[1]) && at.Day() == int(b[2]) && at.Hour() == int(b[3]) &&
		at.Minute() == int(b[4]) && at.Second() == int(b[5])
	return at, real && b[0] < 100
}

// Flags above the course.
const (
	courseMask = 0x03ff
	flagNorth  = 0x0400
	flagWest   = 0x0800
	flagFixed  = 0x1000
)

// place reads latitude and longitude (1/1,800,000 degree), speed in km/h, and course with flags; false when that is
// nowhere.
func place(b []byte, speed byte, tail []byte) (tracking.RawFix, bool) {
	const perDegree = 1_800_000
	flags := binary.BigEndian.Uint16(tail)
	lat := float64(binary.BigEndian.Uint32(b)) / perDegree
	lon := float64(binary.BigEndian.Uint32(b[4:])) / perDegree
	course := float64(flags & courseMask)
	fix := tracking.RawFix{
		Lat: lat, Lon: lon, SpeedKmh: tracking.Read(float64(speed)), Source: Source, NoFix: flags&flagFixed == 0,
	}
	if flags&flagNorth == 0 {
		fix.Lat = -lat
	}
	if flags&flagWest != 0 {
		fix.Lon = -lon
	}
	if course <= 360 {
		fix.HeadingDeg = tracking.Read(course)
	}
	return fix, lat <= 90 && lon <= 180
}

// modular reads the frames that later models build of parts: a number (2), a length (2) and a value each. Part 0x33 is a
// position: seconds since 1970 (4), satellites (1), altitude in metres (2), then as in the standard layout.
func modular(b []byte) (tracking.RawFix, bool) {
	const part, partLen = 0x33, 18
	for len(b) >= 4 {
		id, n := binary.BigEndian.Uint16(b), int(binary.BigEndian.Uint16(b[2:]))
		if b = b[4:]; n > len(b) {
			break
		}
		if v := b[:n]; id == part && n == partLen {
			fix, ok := place(v[7:], v[15], v[16:])
			fix.FixedAt = time.Unix(int64(binary.BigEndian.Uint32(v)), 0).UTC()
			fix.AltM = tracking.Read(float64(int16(binary.BigEndian.Uint16(v[5:]))))
			fix.Vitals = &tracking.Vitals{Satellites: tracking.Read(float64(v[4]))}
			return fix, ok
		}
		b = b[n:]
	}
	return tracking.RawFix{}, false
}
