package tracking

import (
	"sync"
	"sync/atomic"
)

// fleet is the units of a Store. They lie in pages, in no particular order and
// without gaps; a tree of cells says where they are.
type fleet struct {
	mu    sync.RWMutex
	index unitIndex
	pages []*page
	count int // units
	cellTree
	touched atomic.Int64 // see approach
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

func (fl *fleet) init() { fl.cellTree.init() }

// page is the page of a place, and the place in it.
func (fl *fleet) page(at int32) (p *page, i int32) {
	return fl.pages[at>>pageBits], at & (pageSize - 1)
}

func (fl *fleet) mark(at int32) *mark {
	p, i := fl.page(at)
	return &p.marks[i]
}

func (fl *fleet) id(at int32) int64 {
	p, i := fl.page(at)
	return p.ids[i]
}

func (fl *fleet) pageCount() int {
	fl.mu.RLock()
	defer fl.mu.RUnlock()
	return len(fl.pages)
}

// Whoever finds the fleet locked waits for some microseconds as a rule, less
// than it takes to put a goroutine to sleep and to wake it. So many attempts
// take about 0.1 ms.
const spins = 20_000

func (fl *fleet) lock() {
	for range spins {
		if fl.mu.TryLock() {
			return
		}
	}
	fl.mu.Lock()
}

func (fl *fleet) rLock() {
	for range spins {
		if fl.mu.TryRLock() {
			return
		}
	}
	fl.mu.RLock()
}

// approach reads what update will need of the fixes numbered by mine, one kind
// of thing after the other. In a large fleet none of it is in the processor's
// caches; read like this the processor fetches many at a time, while update
// would wait for each, and those who read do not keep each other waiting. It
// notes the cells of those units that are still in the core of theirs, and the
// leaves that units come to; update looks again whether all that is still so.
// The result means nothing.
func (fl *fleet) approach(fixes []Fix, arrivals []arrival, mine []uint8) (sum int64) {
	var places, leaves, members, gone [chunk]int32
	var known [chunk]uint8
	n, moves := 0, 0
	for _, i := range mine {
		if at, ok := fl.index.place(fixes[i].UnitID); ok {
			places[n], known[n] = at, i
			n++
		}
	}
	for i, at := range places[:n] {
		m := fl.mark(at)
		leaves[i], members[i] = m.leaf, m.member
	}
	for _, at := range places[:n] {
		p, i := fl.page(at)
		sum += p.positions[i].deviceID
	}
	for i, at := range leaves[:n] {
		sum += int64(fl.leaves[at].members[members[i]].unit)
	}
	for i, at := range leaves[:n] {
		l, e := &fl.leaves[at], &arrivals[known[i]]
		if e.cell == 0 && l.holds(&e.vector) {
			e.cell = l.cell
		}
		if e.locate(&fixes[known[i]]) && l.cell != e.cell {
			e.leaf = fl.leafAt[leafKey(e.cell)]
			gone[moves] = l.members[len(l.members)-1].place()
			leaves[moves] = e.leaf
			moves++
		}
	}
	for i, at := range gone[:moves] { // those who will take the places of units that leave
		sum += int64(fl.mark(at).member)
		if l := &fl.leaves[leaves[i]]; len(l.members) > 0 {
			sum += int64(l.members[len(l.members)-1].unit)
		}
	}
	return sum
}

// update is Store.Update under the lock.
func (fl *fleet) update(f *Fix, e *arrival) bool {
	fixed := f.FixedAt.UnixMicro()
	at, known := fl.index.place(f.UnitID)
	if !known {
		at = fl.add(f.UnitID)
		page, i := fl.page(at)
		page.positions[i].pack(f, e.source)
		page.marks[i] = mark{fixed: fixed}
		fl.enter(at, &page.marks[i], e)
		return true
	}
	page, i := fl.page(at)
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
	if l := &fl.leaves[m.leaf]; l.cell == e.cell {
		l.members[m.member] = e.spot(at)
		return true
	}
	fl.leave(m)
	fl.enter(at, m, e)
	return true
}

// add makes a place for a new unit.
func (fl *fleet) add(unitID int64) int32 {
	at := int32(fl.count)
	if fl.count == len(fl.pages)*pageSize {
		fl.pages = append(fl.pages, new(page))
	}
	fl.count++
	page, i := fl.page(at)
	page.ids[i] = unitID
	fl.index.put(unitID, at, fl.count)
	return at
}

// enter puts the unit at a place into the tree.
func (fl *fleet) enter(at int32, m *mark, e *arrival) {
	m.leaf = e.leaf
	if int(m.leaf) >= len(fl.leaves) || fl.leaves[m.leaf].cell != e.cell { // it was made or went since approach
		m.leaf = fl.leafOf(e.cell, e.vector)
	}
	l := &fl.leaves[m.leaf]
	m.member = int32(len(l.members))
	l.push(e.spot(at))
}

// leave takes a unit out of the tree: the last member takes its place.
func (fl *fleet) leave(m *mark) {
	l := &fl.leaves[m.leaf]
	end := len(l.members) - 1
	last := l.members[end]
	l.members[m.member] = last
	fl.mark(last.place()).member = m.member
	l.members = l.members[:end]
	if end == 0 {
		fl.prune(m.leaf)
	} else {
		l.shrink()
	}
}

// remove is Store.Remove under the lock: the last unit takes the place.
func (fl *fleet) remove(unitID int64) bool {
	at, known := fl.index.place(unitID)
	if !known {
		return false
	}
	fl.leave(fl.mark(at))
	fl.index.drop(unitID)
	fl.count--
	if end := int32(fl.count); at != end {
		from, i := fl.page(end)
		to, j := fl.page(at)
		to.ids[j], to.marks[j], to.positions[j] = from.ids[i], from.marks[i], from.positions[i]
		m := &to.marks[j]
		spot := &fl.leaves[m.leaf].members[m.member]
		spot.unit = uint32(at) | spot.unit&spotFlags
		fl.index.put(to.ids[j], at, fl.count)
	}
	if spare := (fl.count+pageSize-1)/pageSize + 1; len(fl.pages) > spare {
		clear(fl.pages[spare:])
		fl.pages = fl.pages[:spare]
	}
	return true
}
