package tracking

import (
	"math"
	"sync"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Store holds the newest fix of every unit in memory, indexed by H3 cell, and
// answers which units are near a point. It is safe for concurrent use. One lock
// guards it: an update holds it for about a microsecond; a search shares it
// with other searches, except that the first search in a new place holds it
// alone for up to some milliseconds.
//
// Every occupied cell (of resolution geo.StoreRes) has a slot with the units
// in it. A search also makes slots for the empty cells that it walks over,
// and links each slot to its neighbours, so that the next search there needs
// neither the H3 library nor a map. Empty slots are a cache; they are thrown
// away when they outnumber the units many times over.
type Store struct {
	mu     sync.RWMutex
	index  map[int64]int32 // unit → its place in units and spots
	units  []entry
	spots  []spot // what a scan looks at, apart from the rest
	bySlot map[geo.Cell]int32
	slots  []slot

	walks sync.Pool // of *walk

	unitsPerCell int // see search; tests set 0 to walk always
	minSlots     int // never clean up below this many slots
}

// entry is one unit of the fleet, in no particular order.
type entry struct {
	slot   int32
	member int32 // its place in the slot's members
	fix    Fix
}

// slot is one cell. The inscribed circle is measured when the first unit
// enters; until then, and near the poles, it has no size.
type slot struct {
	cell    geo.Cell
	linked  bool // next is filled
	members []spot
	next    [6]int32 // neighbours' slots; noSlot for the missing sixth of a pentagon

	centre orb.Point
	cosLat float64
	inner  float64 // squared radius of the inscribed circle in degrees of latitude
}

// spot is where a unit is. Every unit has one among the Store's spots and one
// among the members of its slot, next to those that a search looks at with it.
type spot struct {
	vector geo.Vector
	unitID int64
	unit   int32
}

const noSlot = int32(-1)

// NewStore is an empty Store.
func NewStore() *Store {
	return &Store{
		index:        make(map[int64]int32),
		bySlot:       make(map[geo.Cell]int32),
		unitsPerCell: 16,
		minSlots:     1 << 19,
	}
}

// Update makes f the position of its unit if it is newer (by FixedAt) than
// what the Store has, and says whether it did. An older fix, or one of the
// same time, changes nothing.
//
// f must have been accepted. Its Cell is either zero, and the Store finds it,
// or what Locate or geo.CellAt gave for its Point. The Store keeps its own copy.
func (s *Store) Update(f Fix) (moved bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.update(f)
}

// UpdateAll is Update for each fix in turn, under one lock. It counts those
// that moved.
func (s *Store) UpdateAll(fixes []Fix) (moved int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range fixes {
		if s.update(f) {
			moved++
		}
	}
	return moved
}

func (s *Store) update(f Fix) bool {
	at, known := s.index[f.UnitID]
	if known && !f.FixedAt.After(s.units[at].fix.FixedAt) {
		return false
	}
	if f.Cell == 0 {
		cell, err := s.locate(f.UnitID, f.Point)
		if err != nil {
			return false // Accept lets no such point through
		}
		f.Cell = cell
	}
	if !known {
		at = int32(len(s.units))
		s.units = append(s.units, entry{slot: noSlot})
		s.spots = append(s.spots, spot{unitID: f.UnitID, unit: at})
		s.index[f.UnitID] = at
	}
	u := &s.units[at]
	u.fix = f
	vector := geo.VectorOf(f.Point)
	s.spots[at].vector = vector
	if u.slot != noSlot && s.slots[u.slot].cell == f.Cell {
		s.slots[u.slot].members[u.member].vector = vector
		return true
	}
	s.leave(at)
	s.enter(at, s.slotOf(f.Cell))
	s.tidy()
	return true
}

// Locate is the cell of p at geo.StoreRes, found without the H3 library when p
// still lies within the circle inscribed in the cell of unitID's newest fix. A
// unit that the Store does not have is fine. Errors are those of geo.CellAt.
func (s *Store) Locate(unitID int64, p orb.Point) (geo.Cell, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.locate(unitID, p)
}

func (s *Store) locate(unitID int64, p orb.Point) (geo.Cell, error) {
	if at, known := s.index[unitID]; known {
		if sl := &s.slots[s.units[at].slot]; sl.surrounds(p) {
			return sl.cell, nil
		}
	}
	return geo.CellAt(p, geo.StoreRes)
}

// surrounds says that p is inside the circle inscribed in the cell. It treats
// the ground around the centre as flat. That is off by less than 1 in 1,000 up
// to 80° of latitude, for which the 2 % that measure takes off the circle make
// up; nearer to the poles the circle has no size.
func (sl *slot) surrounds(p orb.Point) bool {
	x, y := (p[0]-sl.centre[0])*sl.cosLat, p[1]-sl.centre[1]
	return x*x+y*y < sl.inner
}

// measure sets the inscribed circle.
func (sl *slot) measure() {
	sl.centre = sl.cell.Centre()
	if math.Abs(sl.centre[1]) > 80 {
		return
	}
	sl.cosLat = math.Cos(sl.centre[1] * math.Pi / 180)
	degrees := 0.98 * float64(sl.cell.InnerRadius()/geo.EarthRadius) * 180 / math.Pi
	sl.inner = degrees * degrees
}

// slotOf is the slot of cell c, made when there is none.
func (s *Store) slotOf(c geo.Cell) int32 {
	if at, ok := s.bySlot[c]; ok {
		return at
	}
	at := int32(len(s.slots))
	s.slots = append(s.slots, slot{cell: c})
	s.bySlot[c] = at
	return at
}

// enter puts a unit into a slot.
func (s *Store) enter(at, into int32) {
	u, sl := &s.units[at], &s.slots[into]
	if sl.inner == 0 {
		sl.measure()
	}
	u.slot, u.member = into, int32(len(sl.members))
	sl.members = append(sl.members, s.spots[at])
}

// leave takes a unit out of its slot, if it is in one: the last member takes
// its place.
func (s *Store) leave(at int32) {
	u := &s.units[at]
	if u.slot == noSlot {
		return
	}
	sl := &s.slots[u.slot]
	end := len(sl.members) - 1
	last := sl.members[end]
	sl.members[u.member] = last
	s.units[last.unit].member = u.member
	sl.members = sl.members[:end]
	u.slot = noSlot
}

// tidy forgets all slots and makes those of the units anew, once most are
// empty.
func (s *Store) tidy() {
	if len(s.slots) <= max(s.minSlots, 8*len(s.units)) {
		return
	}
	s.bySlot = make(map[geo.Cell]int32, len(s.units))
	s.slots = nil
	for at := range s.units {
		s.enter(int32(at), s.slotOf(s.units[at].fix.Cell))
	}
}

// Remove forgets a unit, for example one that was retired, and says whether
// it was there.
func (s *Store) Remove(unitID int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	at, known := s.index[unitID]
	if !known {
		return false
	}
	s.leave(at)
	delete(s.index, unitID)
	end := int32(len(s.units) - 1)
	if at != end {
		u := s.units[end]
		s.units[at], s.spots[at] = u, s.spots[end]
		s.spots[at].unit = at
		s.index[u.fix.UnitID] = at
		s.slots[u.slot].members[u.member].unit = at
	}
	s.units[end] = entry{}
	s.units, s.spots = s.units[:end], s.spots[:end]
	return true
}

// Latest is the newest fix of a unit; false when there is none.
func (s *Store) Latest(unitID int64) (Fix, bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	at, known := s.index[unitID]
	if !known {
		return Fix{}, false
	}
	return s.units[at].fix, true
}

// Len is the number of units.
func (s *Store) Len() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.units)
}

// All calls visit with every unit's newest fix, in no particular order, as of
// one moment. visit must be quick and must not call the Store: updates wait.
func (s *Store) All(visit func(Fix)) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	for i := range s.units {
		visit(s.units[i].fix)
	}
}
