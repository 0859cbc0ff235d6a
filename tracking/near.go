package tracking

import (
	"cmp"
	"math"
	"slices"
	"time"

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

// Wanted says which units a search may name; the zero Wanted is every unit.
type Wanted struct {
	// Free leaves out the units whose newest fix says that they are engaged.
	Free bool
	// Vehicles leaves out the units whose newest fix came from a person's phone.
	Vehicles bool
	// Since leaves out the units whose newest fix is from before; zero is no bound.
	Since time.Time
	// Keep, unless nil, is asked last, only about units that could make the
	// list, about some of them more than once. It must give the same answer
	// each time and must not call the Store.
	Keep func(unitID int64) bool
}

// Nearest is the k units nearest to p for which keep says yes, nearest first,
// units at the same distance by id. It is exact; with fewer such units it
// returns them all. A nil keep takes every unit; k ≤ 0 or an invalid p gives
// nil. About keep see Wanted. The slice is the caller's.
//
// How old a fix is plays no part: keep decides.
func (s *Store) Nearest(p orb.Point, k int, keep func(unitID int64) bool) []Near {
	return s.AppendNearest(nil, p, k, Wanted{Keep: keep})
}

// AppendNearest is Nearest with more conditions. It appends to list, and so
// spares those who ask often a new one each time.
func (s *Store) AppendNearest(list []Near, p orb.Point, k int, w Wanted) []Near {
	if k <= 0 || !onEarth(p) {
		return list
	}
	q, _ := s.searches.Get().(*search)
	if q == nil {
		q = new(search)
	}
	defer s.searches.Put(q)
	q.begin(p, k, w)
	s.rLock()
	defer s.mu.RUnlock()
	q.in(&s.fleet)
	list = slices.Grow(list, len(q.best))
	for i := range q.best {
		b := &q.best[i]
		list = append(list, Near{Distance: b.metres(&q.from)})
		s.fix(b.unit, &list[len(list)-1].Fix)
	}
	q.end()
	return list
}

func onEarth(p orb.Point) bool { return math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90 }

// Within is every unit at most radius from p, nearest first, units at the same
// distance by id. The slice is the caller's; nil when p is invalid.
func (s *Store) Within(p orb.Point, radius geo.Metres) []Near {
	if !onEarth(p) {
		return nil
	}
	from, reach := geo.VectorOf(p), geo.Chord2Of(radius)*(1+rounding)+tiny
	var found []Near
	s.rLock()
	s.within(&from, reach, func(unit int32) {
		page, i := s.page(unit)
		if d := from.Distance(geo.VectorOf(page.positions[i].point)); d <= radius {
			found = append(found, Near{Distance: d})
			s.fix(unit, &found[len(found)-1].Fix)
		}
	})
	s.mu.RUnlock()
	slices.SortFunc(found, compareNear)
	return found
}
