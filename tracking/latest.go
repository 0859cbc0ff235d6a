package tracking

// latest is Latest for the unit of each fix: last and known are filled in up to
// the length of fixes, which is at most chunk. Like fleet.approach it reads one
// kind of thing after the other; the result means nothing.
func (s *Store) latest(fixes []Fix, last *[chunk]Fix, known *[chunk]bool) (sum int64) {
	if len(fixes) == 1 {
		last[0], known[0] = s.Latest(fixes[0].UnitID)
		return 0
	}
	s.rLock()
	defer s.mu.RUnlock()
	var places, leaves [chunk]int32
	for i := range fixes {
		places[i], known[i] = s.index.place(fixes[i].UnitID)
	}
	for i, place := range places[:len(fixes)] {
		if known[i] {
			leaves[i] = s.mark(place).leaf
		}
	}
	for i, place := range places[:len(fixes)] {
		if known[i] {
			p, at := s.page(place)
			sum += p.positions[at].deviceID
		}
	}
	for i := range fixes {
		if known[i] {
			sum += int64(s.leaves[leaves[i]].cell)
		}
	}
	for i := range fixes {
		if known[i] {
			s.fix(places[i], &last[i])
		}
	}
	return sum
}
