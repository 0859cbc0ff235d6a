package jt808

import (
	"encoding/binary"
	"fmt"

	"jiujin/tracking"
)

const fixedLocation = 28 // bytes before the items

// Status are the status bits of a location.
type Status uint32

// The status bits that we use.
const (
	StatusACC          Status = 1 << 0
	StatusFixed        Status = 1 << 1
	StatusSouth        Status = 1 << 2
	StatusWest         Status = 1 << 3
	StatusOutOfService Status = 1 << 4
	StatusEncrypted    Status = 1 << 5 // the coordinates went through the secrecy plug-in: GCJ-02 or alike
	StatusLoad         Status = 3 << 8 // 0 empty, 1 half, 3 full
)

// Alarm are the alarm bits of a location.
type Alarm uint32

// The alarm bits that we use.
const (
	AlarmSOS       Alarm = 1 << 0
	AlarmPowerLow  Alarm = 1 << 7
	AlarmPowerLost Alarm = 1 << 8
	AlarmMoved     Alarm = 1 << 28 // illegal displacement of a parked vehicle
)

// Location is a position report (0x0200), or the one inside another message. Coordinates are as sent and may be out of
// range: nothing is repaired here.
type Location struct {
	Alarm  Alarm
	Status Status
	LatE6  uint32 // without its sign, which is in Status
	LonE6  uint32
	AltM   int16
	Speed  uint16 // 0.1 km/h
	Course uint16 // degrees clockwise from north
	Clock  Clock
	// TLV are the additional items as sent, pointing into the frame. Items walks them.
	TLV Hex
}

// ID is that of a position report.
func (Location) ID() ID { return IDLocation }

// DecodeLocation reads the body of a 0x0200. Whatever the items behind the 28 fixed bytes hold, they are no error.
func DecodeLocation(body []byte) (Location, error) {
	if len(body) < fixedLocation {
		return Location{}, fmt.Errorf("%w: a location has %d bytes, need %d", ErrBody, len(body), fixedLocation)
	}
	return Location{
		Alarm:  Alarm(binary.BigEndian.Uint32(body)),
		Status: Status(binary.BigEndian.Uint32(body[4:])),
		LatE6:  binary.BigEndian.Uint32(body[8:]),
		LonE6:  binary.BigEndian.Uint32(body[12:]),
		AltM:   int16(binary.BigEndian.Uint16(body[16:])),
		Speed:  binary.BigEndian.Uint16(body[18:]),
		Course: binary.BigEndian.Uint16(body[20:]),
		Clock:  Clock(body[22:28]),
		TLV:    body[fixedLocation:],
	}, nil
}

func (l Location) appendTo(w *writer) {
	w.u32(uint32(l.Alarm))
	w.u32(uint32(l.Status))
	w.u32(l.LatE6)
	w.u32(l.LonE6)
	w.u16(uint16(l.AltM))
	w.u16(l.Speed)
	w.u16(l.Course)
	w.bytes(l.Clock[:])
	w.bytes(l.TLV)
}

// Lat is in degrees, south negative.
func (l *Location) Lat() float64 { return signed(l.LatE6, l.Status&StatusSouth != 0) }

// Lon is in degrees, west negative.
func (l *Location) Lon() float64 { return signed(l.LonE6, l.Status&StatusWest != 0) }

func signed(e6 uint32, negative bool) float64 {
	v := float64(e6) / 1e6
	if negative && e6 != 0 {
		return -v
	}
	return v
}

// Fixed says that the receiver had a position. Without, the coordinates are old or rubbish.
func (l *Location) Fixed() bool { return l.Status&StatusFixed != 0 }

// Encrypted says that the coordinates are not what the receiver measured but GCJ-02 or alike (status bit 5).
func (l *Location) Encrypted() bool { return l.Status&StatusEncrypted != 0 }

// RawFix is the position as tracking takes it in. FixedAt is zero when the clock is no time; the caller has to say
// when. A zero coordinate stays zero.
//
// Engaged is On with a full load (bits 8 and 9 both set) or out of service (bit 4), else Off: a unit that has neither
// wired says empty and in service.
//
// The vitals are written to v, which the fix then points to; with a nil v they are left out.
func (l *Location) RawFix(replay bool, v *tracking.Vitals) tracking.RawFix {
	fix := tracking.RawFix{
		Lon: l.Lon(), Lat: l.Lat(),
		AltM:       tracking.Read(float64(l.AltM)),
		SpeedKmh:   tracking.Read(float64(l.Speed) / 10),
		HeadingDeg: tracking.Read(float64(l.Course)),
		Source:     "jt808",
		NoFix:      !l.Fixed(),
		Replay:     replay,
		Ignition:   tracking.StateOf(l.Status&StatusACC != 0),
		Engaged:    tracking.StateOf(l.Status&StatusLoad == StatusLoad || l.Status&StatusOutOfService != 0),
	}
	fix.FixedAt, _ = l.Clock.Time()
	if v != nil {
		*v = l.vitals()
		fix.Vitals = v
	}
	return fix
}

func (l *Location) vitals() tracking.Vitals {
	v := tracking.Vitals{Alarms: uint32(l.Alarm), SOS: l.Alarm&AlarmSOS != 0, Moved: l.Alarm&AlarmMoved != 0}
	for rest := l.TLV; ; {
		item, more, ok := nextItem(rest)
		if !ok {
			return v
		}
		rest = more
		switch {
		case item.ID == ItemOdometer && len(item.Value) == 4:
			v.OdometerKm = tracking.Read(float64(binary.BigEndian.Uint32(item.Value)) / 10)
		case item.ID == ItemSignal && len(item.Value) == 1 && item.Value[0] <= maxCSQ:
			v.SignalPct = tracking.Read(float64(item.Value[0]) * 100 / maxCSQ)
		case item.ID == ItemSatellites && len(item.Value) == 1:
			v.Satellites = tracking.Read(float64(item.Value[0]))
		case item.ID == itemVendorPower && len(item.Value) == 2:
			v.PowerV = tracking.Read(float64(binary.BigEndian.Uint16(item.Value)) / 10)
		case item.ID == itemVendorList:
			vendorVitals(item.Value, &v)
		}
	}
}

// vendorVitals reads a list that several makers put into item 0xeb: WORD length of what follows, WORD id, value.
func vendorVitals(list []byte, v *tracking.Vitals) {
	for len(list) >= 4 {
		n := int(binary.BigEndian.Uint16(list))
		if n < 2 || n > len(list)-2 {
			return
		}
		value := list[4 : 2+n]
		switch id := binary.BigEndian.Uint16(list[2:]); {
		case id == 0x00a8 && len(value) == 1 && value[0] <= 100:
			v.BatteryPct = tracking.Read(float64(value[0]))
		case id == 0x00ce && len(value) == 2:
			v.PowerV = tracking.Read(float64(binary.BigEndian.Uint16(value)) / 100)
		}
		list = list[2+n:]
	}
}

const maxCSQ = 31 // of 3GPP TS 27.007 +CSQ; 99 is unknown
