package tracking

import (
	"sync"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Store holds the newest fix of every unit in memory, indexed by H3 cell, and
// answers which units are near a point. It is safe for concurrent use.
//
// One lock guards everything. An answer is as of one moment; updates that come
// together in one call are made in chunks, each of them at one moment.
//
// What comes out is what went in, except that times are in whole microseconds
// and in UTC, readings are rounded to float32, and a Source beyond the first
// 65,535 different ones is empty.
type Store struct {
	fleet
	sources  protocols
	searches sync.Pool // of *search
}

// NewStore is an empty Store.
func NewStore() *Store {
	s := new(Store)
	s.init()
	return s
}

// Update makes f the position of its unit if it is newer than what the Store
// has, and says whether it did. Newer is the later FixedAt; of two with the
// same FixedAt and different content the one received later, by ReceivedAt and
// then by the order of the calls. A doubted fix changes nothing.
//
// f must have been accepted. Its Cell is either zero, and the Store finds it,
// or what geo.CellAt gave for its Point. The Store keeps its own copy.
func (s *Store) Update(f Fix) (moved bool) {
	var e arrival
	if !e.read(&f) {
		return false // Accept lets no such point through
	}
	if !e.locate(&f) {
		return false
	}
	e.source = s.sources.number(f.Source)
	s.lock()
	defer s.mu.Unlock()
	return s.update(&f, &e)
}

// chunk is how many fixes UpdateAll takes in hand at once. A search waits for
// no more than that.
const chunk = 128

// UpdateAll is Update for each fix in turn. It sets the Cell of each fix that
// has none, says in moved which of them moved their unit, and counts those.
// moved has the length of fixes, or is nil. Other calls may come in between.
func (s *Store) UpdateAll(fixes []Fix, moved []bool) (n int) {
	for from := 0; from < len(fixes); from += chunk {
		to := min(from+chunk, len(fixes))
		var told []bool
		if moved != nil {
			told = moved[from:to]
		}
		n += s.updateChunk(fixes[from:to], told)
	}
	return n
}

// updateChunk does what needs no look at the fleet first, then what a look is
// enough for, and has the fleet for itself only for the rest.
func (s *Store) updateChunk(fixes []Fix, moved []bool) (n int) {
	var arrivals [chunk]arrival
	var order [chunk]uint8
	mine := order[:0]
	var source string
	var number uint16
	for i := range fixes {
		f, e := &fixes[i], &arrivals[i]
		if moved != nil {
			moved[i] = false
		}
		if !e.read(f) {
			continue
		}
		if f.Source != source {
			source, number = f.Source, s.sources.number(f.Source)
		}
		e.source = number
		mine = append(mine, uint8(i))
	}
	s.rLock()
	sum := s.approach(fixes, arrivals[:], mine)
	s.mu.RUnlock()
	s.touched.Add(sum) // so that the reads have a purpose
	s.lock()
	defer s.mu.Unlock()
	for _, i := range mine {
		f, e := &fixes[i], &arrivals[i]
		if e.locate(f) && s.update(f, e) {
			n++
			if moved != nil {
				moved[i] = true
			}
		}
	}
	return n
}

// Locate is the cell of p at geo.StoreRes. Errors are those of geo.CellAt.
func (s *Store) Locate(_ int64, p orb.Point) (geo.Cell, error) {
	return geo.CellAt(p, geo.StoreRes)
}

// Remove forgets a unit, for example one that was retired, and says whether
// it was there.
func (s *Store) Remove(unitID int64) bool {
	s.lock()
	defer s.mu.Unlock()
	return s.remove(unitID)
}

// Latest is the newest fix of a unit; false when there is none.
func (s *Store) Latest(unitID int64) (f Fix, known bool) {
	s.rLock()
	defer s.mu.RUnlock()
	at, known := s.index.place(unitID)
	if known {
		s.fix(at, &f)
	}
	return f, known
}

// fix writes the fix of the unit at a place; the fleet is locked.
func (s *Store) fix(at int32, f *Fix) {
	page, i := s.page(at)
	mark := &page.marks[i]
	page.positions[i].unpack(f)
	f.UnitID, f.FixedAt, f.Cell = page.ids[i], micros(mark.fixed), s.leaves[mark.leaf].cell
	f.Source = s.sources.name(page.positions[i].source)
}

// Len is the number of units.
func (s *Store) Len() int {
	s.rLock()
	defer s.mu.RUnlock()
	return s.count
}

// All calls visit with every unit's newest fix, in no particular order, each as
// of some moment during the call. It copies some hundred units at a time and
// holds no lock while visit runs. A unit that comes during the call may be left
// out, and while units are removed another may be visited twice.
func (s *Store) All(visit func(Fix)) {
	batch := make([]Fix, pageSize)
	// From the end: a removal puts the last unit into an earlier place.
	for end := s.pageCount() - 1; end >= 0; end-- {
		for _, f := range s.copyPage(end, batch) {
			visit(f)
		}
	}
}

// copyPage fills batch with the units of one page, and returns as much of it.
func (s *Store) copyPage(page int, batch []Fix) []Fix {
	s.rLock()
	defer s.mu.RUnlock()
	n := min(max(s.count-page*pageSize, 0), pageSize)
	for i := range n {
		batch[i] = Fix{}
		s.fix(int32(page*pageSize+i), &batch[i])
	}
	return batch[:n]
}
