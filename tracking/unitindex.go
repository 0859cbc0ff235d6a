package tracking

// unitIndex says at which place of a fleet a unit is. Ids are mostly numbered
// through, so those up to some times the number of units have an array; others
// have a map.
type unitIndex struct {
	dense  []int32 // by id: the place plus 1; 0 for none
	sparse map[int64]int32
}

// place is where the unit with the id is.
func (x *unitIndex) place(id int64) (at int32, known bool) {
	if uint64(id) < uint64(len(x.dense)) {
		at = x.dense[id] - 1
		return at, at >= 0
	}
	at, known = x.sparse[id]
	return at, known
}

// put sets the place of a unit. units is how many there are, about.
func (x *unitIndex) put(id int64, at int32, units int) {
	if id >= int64(len(x.dense)) && id < int64(4*units+1024) {
		x.grow(int(id) + 1)
	}
	if uint64(id) < uint64(len(x.dense)) {
		x.dense[id] = at + 1
		return
	}
	if x.sparse == nil {
		x.sparse = make(map[int64]int32)
	}
	x.sparse[id] = at
}

// grow makes the array reach up to n at least.
func (x *unitIndex) grow(n int) {
	n = max(n, len(x.dense)+len(x.dense)/4)
	dense := make([]int32, n)
	copy(dense, x.dense)
	for id, at := range x.sparse {
		if id >= 0 && id < int64(n) {
			dense[id] = at + 1
			delete(x.sparse, id)
		}
	}
	x.dense = dense
}

// drop forgets a unit.
func (x *unitIndex) drop(id int64) {
	if uint64(id) < uint64(len(x.dense)) {
		x.dense[id] = 0
		return
	}
	delete(x.sparse, id)
}
