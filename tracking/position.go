package tracking

import (
	"math"
	"sync"
	"sync/atomic"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// position is what the Store keeps of a fix, apart from what orders and finds
// it. Unknown readings are NaN.
type position struct {
	deviceID          int64
	received          int64 // µs since 1970
	point             orb.Point
	alt, acc          float32
	speed, heading    float32
	source            uint16
	ignition, engaged State
}

// pack makes p hold f.
func (p *position) pack(f *Fix, source uint16) {
	p.deviceID, p.received, p.point = f.DeviceID, f.ReceivedAt.UnixMicro(), f.Point
	p.alt, p.acc, p.speed, p.heading = short(f.AltM), short(f.AccuracyM), short(f.SpeedKmh), short(f.HeadingDeg)
	if p.heading >= 360 { // a heading just below 360° rounds up
		p.heading = 0
	}
	p.source, p.ignition, p.engaged = source, f.Ignition, f.Engaged
}

// unpack writes into f what p holds.
func (p *position) unpack(f *Fix) {
	f.DeviceID, f.ReceivedAt, f.Point = p.deviceID, micros(p.received), p.point
	f.AltM, f.AccuracyM, f.SpeedKmh, f.HeadingDeg = long(p.alt), long(p.acc), long(p.speed), long(p.heading)
	f.Ignition, f.Engaged = p.ignition, p.engaged
}

// same says whether p and q hold the same content, whenever it was received.
func (p *position) same(q *position) bool {
	return p.deviceID == q.deviceID && p.point == q.point && p.source == q.source &&
		p.ignition == q.ignition && p.engaged == q.engaged &&
		alike(p.alt, q.alt) && alike(p.acc, q.acc) && alike(p.speed, q.speed) && alike(p.heading, q.heading)
}

func alike(a, b float32) bool { return a == b || a != a && b != b }

func short(r Reading) float32 {
	if !r.Known {
		return float32(math.NaN())
	}
	return float32(r.Value)
}

func long(v float32) Reading {
	if v != v {
		return Reading{}
	}
	return Read(float64(v))
}

func micros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// arrival is what can be told of a fix before the fleet is locked.
type arrival struct {
	vector geo.Vector
	cell   geo.Cell // zero until locate
	leaf   int32    // that of the cell, if approach found it
	flags  uint32   // of a spot
	source uint16
}

// spot is the arrival as a member of a leaf.
func (e *arrival) spot(unit int32) spot {
	return spot{float32(e.vector[0]), float32(e.vector[1]), float32(e.vector[2]), uint32(unit) | e.flags}
}

// read takes from f what needs no look at the Store. It says false for a fix
// that moves nobody.
func (e *arrival) read(f *Fix) bool {
	if f.Doubt != "" || !onEarth(f.Point) {
		return false
	}
	e.vector, e.cell, e.leaf, e.flags = geo.VectorOf(f.Point), f.Cell, 0, 0
	if f.Engaged == On {
		e.flags = engagedFlag
	}
	if f.Source == PhoneSource {
		e.flags |= phoneFlag
	}
	return true
}

// locate works out the cell of f, unless it is known. It says false where the
// Earth has none.
func (e *arrival) locate(f *Fix) bool {
	if e.cell == 0 {
		var err error
		if e.cell, err = geo.CellFrom(&e.vector, f.Point, geo.StoreRes); err != nil {
			return false
		}
	}
	f.Cell = e.cell
	return true
}

// protocols numbers the few names of protocols. Readers take the table as it is;
// who adds a name puts a new one in its place.
type protocols struct {
	mu    sync.Mutex
	table atomic.Pointer[sourceTable]
}

type sourceTable struct {
	names   []string // names[0] is empty
	numbers map[string]uint16
}

// number is the number of a name, new if need be; 0 when there are too many.
func (s *protocols) number(name string) uint16 {
	if name == "" {
		return 0
	}
	if t := s.table.Load(); t != nil {
		if n, ok := t.numbers[name]; ok {
			return n
		}
	}
	return s.add(name)
}

func (s *protocols) add(name string) uint16 {
	s.mu.Lock()
	defer s.mu.Unlock()
	grown := sourceTable{names: []string{""}, numbers: make(map[string]uint16)}
	if t := s.table.Load(); t != nil {
		if n, ok := t.numbers[name]; ok {
			return n // somebody else was quicker
		}
		if len(t.names) > math.MaxUint16 {
			return 0
		}
		grown.names = append(grown.names, t.names[1:]...)
	}
	grown.names = append(grown.names, name)
	for n, name := range grown.names {
		grown.numbers[name] = uint16(n)
	}
	s.table.Store(&grown)
	return uint16(len(grown.names) - 1)
}

func (s *protocols) name(number uint16) string {
	if number == 0 {
		return ""
	}
	return s.table.Load().names[number]
}
