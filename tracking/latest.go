package tracking

// latest is Latest for the unit of each fix: last and known are filled in up to
// the length of fixes, which is at most chunk. It locks each shard once, and like
// shard.approach it reads one kind of thing after the other; the result means
// nothing.
func (s *Store) latest(fixes []Fix, last *[chunk]Fix, known *[chunk]bool) (sum int64) {
	if len(fixes) == 1 {
		last[0], known[0] = s.Latest(fixes[0].UnitID)
		return 0
	}
	s.visit((*shard).tryRLock, (*shard).rLock, func(at int) {
		sh := &s.shards[at]
		defer sh.mu.RUnlock()
		var mine [chunk]uint8
		var places [chunk]int32
		n := 0
		for i := range fixes {
			if fixes[i].UnitID&(shardCount-1) != int64(at) {
				continue
			}
			mine[n] = uint8(i)
			n++
		}
		for k, i := range mine[:n] {
			places[k] = -1
			if place, found := sh.index.place(fixes[i].UnitID >> shardBits); found {
				places[k] = place
			}
		}
		var leaves [chunk]int32
		for k, place := range places[:n] {
			if place >= 0 {
				leaves[k] = sh.mark(place).leaf
			}
		}
		for _, place := range places[:n] {
			if place >= 0 {
				p, i := sh.page(place)
				sum += p.positions[i].deviceID
			}
		}
		for k, place := range places[:n] {
			if place >= 0 {
				sum += int64(sh.leaves[leaves[k]].cell)
			}
		}
		for k, i := range mine[:n] {
			if known[i] = places[k] >= 0; known[i] {
				s.fix(sh, places[k], &last[i])
			}
		}
	})
	return sum
}
