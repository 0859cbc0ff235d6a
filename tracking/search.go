package tracking

import (
	"slices"

	"jiujin/geo"
)

// walk is the scratch paper of one search. Marks are epochs, so that a new
// search need not clear them.
type walk struct {
	seen  []uint32 // by slot: the epoch that saw it
	epoch uint32
	ring  []int32 // slots at the present distance
	next  []int32 // slots one step on
}

// begin makes w ready for a search that starts in slot at.
func (w *walk) begin(at int32) {
	w.epoch++
	if w.epoch == 0 { // every 4 billion searches the epochs start over
		clear(w.seen)
		w.epoch = 1
	}
	w.ring, w.next = w.ring[:0], w.next[:0]
	w.mark(at)
	w.advance()
}

// mark adds a slot to the next ring unless it was seen.
func (w *walk) mark(at int32) {
	if int(at) >= len(w.seen) {
		w.seen = slices.Grow(w.seen, int(at)+1-len(w.seen))
		w.seen = w.seen[:cap(w.seen)]
	}
	if w.seen[at] != w.epoch {
		w.seen[at] = w.epoch
		w.next = append(w.next, at)
	}
}

// advance makes the next ring the present one.
func (w *walk) advance() { w.ring, w.next = w.next, w.ring[:0] }

// To look at a cell costs a search as much as to look at unitsPerCell units.
// It gives up on cells and looks at every unit once it has walked so many that
// it would have been quicker to do so at once, or after maxRings, about 20 km.
// Where it could walk fewer than minWalk cells it does not begin.
const (
	maxRings = 30
	minWalk  = 256
)

// search fills r, walking outwards from cell start ring by ring. It ends when
// the list is full and no cell beyond the last ring can hold a nearer unit;
// geo.SmallestEdge proves the bound. Around a pentagon the bound does not
// hold, and in an empty country the walk is long: there it looks at all units.
//
// With grow the search makes the slots it misses and is always done; that
// needs the write lock. Without it is not done when a slot is missing.
func (s *Store) search(r *ranking, start geo.Cell, grow bool) (done bool) {
	if len(s.units) <= minWalk*s.unitsPerCell {
		s.scan(r)
		return true
	}
	at, known := s.bySlot[start]
	if !known {
		if !grow {
			return false
		}
		at = s.slotOf(start)
	}
	w, _ := s.walks.Get().(*walk)
	if w == nil {
		w = new(walk)
	}
	defer s.walks.Put(w)
	w.begin(at)
	walked := 0
	for step := 0; step < maxRings && walked*s.unitsPerCell <= len(s.units); step++ {
		walked += len(w.ring)
		for _, at := range w.ring {
			sl := &s.slots[at]
			if sl.cell.Pentagon() {
				s.scan(r)
				return true
			}
			for i := range sl.members {
				r.consider(&sl.members[i])
			}
		}
		if r.settled(geo.Metres(1.5*float64(step+1)-2) * edge) {
			return true
		}
		if !s.widen(w, grow) {
			return false
		}
	}
	s.scan(r)
	return true
}

// widen moves w to the next ring. It fails when a slot is not linked and must
// not be.
func (s *Store) widen(w *walk, grow bool) bool {
	for _, at := range w.ring {
		if !s.slots[at].linked {
			if !grow {
				return false
			}
			s.link(at)
		}
		for _, n := range s.slots[at].next {
			if n != noSlot {
				w.mark(n)
			}
		}
	}
	w.advance()
	return true
}

// link fills in the neighbours of a slot.
func (s *Store) link(at int32) {
	next := [6]int32{noSlot, noSlot, noSlot, noSlot, noSlot, noSlot}
	for i, c := range s.slots[at].cell.Neighbours() {
		next[i] = s.slotOf(c)
	}
	s.slots[at].next, s.slots[at].linked = next, true
}

// scan fills r from all units.
func (s *Store) scan(r *ranking) {
	r.list, r.worst = r.list[:0], anywhere
	for i := range s.spots {
		r.consider(&s.spots[i])
	}
}
