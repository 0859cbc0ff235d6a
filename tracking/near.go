package tracking

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Near is a unit and how far it is by air.
type Near struct {
	Fix      Fix
	Distance geo.Metres
}

// compareNear orders by distance, then by unit.
func compareNear(a, b Near) int {
	return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.Fix.UnitID, b.Fix.UnitID))
}

// edge is shorter than any side of a cell of the store.
var edge = geo.SmallestEdge(geo.StoreRes)

// Nearest is the k units nearest to p for which keep says yes, nearest first,
// units at the same distance by id. It is exact; with fewer such units it
// returns them all. A nil keep takes every unit; k ≤ 0 or an invalid p gives
// nil. keep is called only for units that could make the list, for some of them
// more than once; it must give the same answer each time and must not call the
// Store. The slice is the caller's.
//
// How old a fix is plays no part: keep decides.
func (s *Store) Nearest(p orb.Point, k int, keep func(unitID int64) bool) []Near {
	start, err := geo.CellAt(p, geo.StoreRes)
	if k <= 0 || err != nil {
		return nil
	}
	if found, done := s.nearestSeen(p, start, k, keep); done {
		return found
	}
	// The search met ground that nobody searched before: it needs new slots.
	s.mu.Lock()
	defer s.mu.Unlock()
	r := newRanking(p, k, keep)
	s.search(r, start, true)
	found := s.result(r)
	s.tidy()
	return found
}

// nearestSeen is Nearest for readers. It is not done when slots are missing.
func (s *Store) nearestSeen(p orb.Point, start geo.Cell, k int, keep func(int64) bool) (found []Near, done bool) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	r := newRanking(p, k, keep)
	if !s.search(r, start, false) {
		return nil, false
	}
	return s.result(r), true
}

// Within is every unit at most radius from p, nearest first, units at the same
// distance by id. The slice is the caller's. It looks at every unit.
func (s *Store) Within(p orb.Point, radius geo.Metres) []Near {
	from, reach := geo.VectorOf(p), geo.Chord2Of(radius)*(1+rounding)+1e-24
	s.mu.RLock()
	defer s.mu.RUnlock()
	var found []Near
	for i := range s.spots {
		at := &s.spots[i]
		if from.Chord2(at.vector) > reach {
			continue
		}
		if d := from.Distance(at.vector); d <= radius {
			found = append(found, Near{s.units[at.unit].fix, d})
		}
	}
	slices.SortFunc(found, compareNear)
	return found
}

// ranking is the best k units that a search has seen so far.
type ranking struct {
	from  geo.Vector
	k     int
	keep  func(unitID int64) bool
	list  []ranked // sorted, at most k
	worst float64  // no unit with a longer chord can enter the list
}

type ranked struct {
	distance geo.Metres
	unitID   int64
	unit     int32
}

// anywhere is more than any Chord2.
const anywhere = 5

// rounding covers the difference in rounding between a chord and a distance.
const rounding = 1e-9

func newRanking(p orb.Point, k int, keep func(int64) bool) *ranking {
	return &ranking{
		from: geo.VectorOf(p), k: k, keep: keep,
		list:  make([]ranked, 0, min(k, 64)),
		worst: anywhere,
	}
}

// consider enters a unit if it belongs.
func (r *ranking) consider(m *spot) {
	chord := r.from.Chord2(m.vector)
	if chord > r.worst {
		return
	}
	c := ranked{r.from.Distance(m.vector), m.unitID, m.unit}
	at, _ := slices.BinarySearchFunc(r.list, c, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(a.distance, b.distance), cmp.Compare(a.unitID, b.unitID))
	})
	if at == r.k || r.keep != nil && !r.keep(m.unitID) {
		return
	}
	if len(r.list) == r.k {
		r.list = r.list[:r.k-1]
	}
	r.list = slices.Insert(r.list, at, c)
	if len(r.list) == r.k {
		r.worst = geo.Chord2Of(r.list[r.k-1].distance)*(1+rounding) + 1e-24
	}
}

// settled says that nothing farther than d can enter the list.
func (r *ranking) settled(d geo.Metres) bool {
	return len(r.list) == r.k && r.list[r.k-1].distance < d
}

func (s *Store) result(r *ranking) []Near {
	found := make([]Near, len(r.list))
	for i, c := range r.list {
		found[i] = Near{s.units[c.unit].fix, c.distance}
	}
	return found
}
