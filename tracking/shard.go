package tracking

import (
	"sync"
)

// shard is a part of the units of a Store. Units lie in pages, in no
// particular order and without gaps; a tree of cells says where they are.
type shard struct {
	mu    sync.RWMutex
	index unitIndex
	pages []*page
	count int // units
	cellTree
	touched int64 // see approach
}

const (
	pageBits = 9
	pageSize = 1 << pageBits
)

// page is some units: their ids, what decides about an update, and the rest.
type page struct {
	ids       [pageSize]int64
	marks     [pageSize]mark
	positions [pageSize]position
}

// mark is when a unit's fix was, and where the unit stands in the tree.
type mark struct {
	fixed  int64 // µs since 1970
	leaf   int32
	member int32 // its place among the members of the leaf
}

func (sh *shard) init() { sh.cellTree.init() }

// page is the page of a place, and the place in it.
func (sh *shard) page(at int32) (p *page, i int32) {
	return sh.pages[at>>pageBits], at & (pageSize - 1)
}

func (sh *shard) mark(at int32) *mark {
	p, i := sh.page(at)
	return &p.marks[i]
}

func (sh *shard) id(at int32) int64 {
	p, i := sh.page(at)
	return p.ids[i]
}

func (sh *shard) pageCount() int {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	return len(sh.pages)
}

// Whoever finds a shard locked waits for microseconds as a rule, less than it
// takes to put a goroutine to sleep and to wake it.
const spins = 200

func (sh *shard) tryLock() bool  { return sh.mu.TryLock() }
func (sh *shard) tryRLock() bool { return sh.mu.TryRLock() }

func (sh *shard) lock() {
	for range spins {
		if sh.mu.TryLock() {
			return
		}
	}
	sh.mu.Lock()
}

func (sh *shard) rLock() {
	for range spins {
		if sh.mu.TryRLock() {
			return
		}
	}
	sh.mu.RLock()
}

// approach reads what update will need of the fixes numbered by mine, one kind
// of thing after the other. In a large fleet none of it is in the processor's
// caches; read like this the processor fetches many at a time, while update
// would wait for each. It notes the cells of those units that are still in the
// core of theirs, and the leaves that units come to.
func (sh *shard) approach(fixes []Fix, arrivals []arrival, mine []uint8) {
	var places, leaves, members [chunk]int32
	var known [chunk]uint8
	n, sum := 0, int64(0)
	for _, i := range mine {
		if at, ok := sh.index.place(fixes[i].UnitID >> shardBits); ok {
			places[n], known[n] = at, i
			n++
		}
	}
	for i, at := range places[:n] {
		m := sh.mark(at)
		leaves[i], members[i] = m.leaf, m.member
	}
	for _, at := range places[:n] {
		p, i := sh.page(at)
		sum += p.positions[i].deviceID
	}
	for i, at := range leaves[:n] {
		sum += int64(sh.leaves[at].members[members[i]].unit)
	}
	for i, at := range leaves[:n] {
		l, e := &sh.leaves[at], &arrivals[known[i]]
		if e.cell == 0 && l.holds(&e.vector) {
			e.cell = l.cell
		}
		if e.locate(&fixes[known[i]]) && l.cell != e.cell {
			e.leaf = sh.leafAt[leafKey(e.cell)]
		}
	}
	sh.touched += sum // so that the reads have a purpose
}

// update is Store.Update under the lock.
func (sh *shard) update(f *Fix, e *arrival) bool {
	fixed := f.FixedAt.UnixMicro()
	at, known := sh.index.place(f.UnitID >> shardBits)
	if !known {
		at = sh.add(f.UnitID)
		page, i := sh.page(at)
		page.positions[i].pack(f, e.source)
		page.marks[i] = mark{fixed: fixed}
		sh.enter(at, &page.marks[i], e)
		return true
	}
	page, i := sh.page(at)
	m := &page.marks[i]
	if fixed < m.fixed {
		return false
	}
	var p position
	p.pack(f, e.source)
	if have := &page.positions[i]; fixed == m.fixed && (p.received < have.received || p.same(have)) {
		return false
	}
	page.positions[i], m.fixed = p, fixed
	if l := &sh.leaves[m.leaf]; l.cell == e.cell {
		l.members[m.member] = e.spot(at)
		return true
	}
	sh.leave(m)
	sh.enter(at, m, e)
	return true
}

// add makes a place for a new unit.
func (sh *shard) add(unitID int64) int32 {
	at := int32(sh.count)
	if sh.count == len(sh.pages)*pageSize {
		sh.pages = append(sh.pages, new(page))
	}
	sh.count++
	page, i := sh.page(at)
	page.ids[i] = unitID
	sh.index.put(unitID>>shardBits, at, sh.count)
	return at
}

// enter puts the unit at a place into the tree.
func (sh *shard) enter(at int32, m *mark, e *arrival) {
	m.leaf = e.leaf
	if int(m.leaf) >= len(sh.leaves) || sh.leaves[m.leaf].cell != e.cell { // it was made or went since approach
		m.leaf = sh.leafOf(e.cell, e.vector)
	}
	l := &sh.leaves[m.leaf]
	m.member = int32(len(l.members))
	l.push(e.spot(at))
}

// leave takes a unit out of the tree: the last member takes its place.
func (sh *shard) leave(m *mark) {
	l := &sh.leaves[m.leaf]
	end := len(l.members) - 1
	last := l.members[end]
	l.members[m.member] = last
	sh.mark(last.place()).member = m.member
	l.members = l.members[:end]
	if end == 0 {
		sh.prune(m.leaf)
	} else {
		l.shrink()
	}
}

// remove is Store.Remove under the lock: the last unit takes the place.
func (sh *shard) remove(unitID int64) bool {
	at, known := sh.index.place(unitID >> shardBits)
	if !known {
		return false
	}
	sh.leave(sh.mark(at))
	sh.index.drop(unitID >> shardBits)
	sh.count--
	if end := int32(sh.count); at != end {
		from, i := sh.page(end)
		to, j := sh.page(at)
		to.ids[j], to.marks[j], to.positions[j] = from.ids[i], from.marks[i], from.positions[i]
		m := &to.marks[j]
		spot := &sh.leaves[m.leaf].members[m.member]
		spot.unit = uint32(at) | spot.unit&spotFlags
		sh.index.put(to.ids[j]>>shardBits, at, sh.count)
	}
	if spare := (sh.count+pageSize-1)/pageSize + 1; len(sh.pages) > spare {
		clear(sh.pages[spare:])
		sh.pages = sh.pages[:spare]
	}
	return true
}
