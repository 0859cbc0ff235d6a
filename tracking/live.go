package tracking

import (
	"sync"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Store holds the newest fix of every unit in memory, indexed by H3 cell, and
// answers which units are near a point. It is safe for concurrent use.
//
// A unit belongs to one of two shards by its id. Each shard is a store of its
// own under its own lock; a call that needs several locks them one after the
// other, never two at once. So each unit is read and written as if at one
// moment during the call, and nobody sees it go back in time, but two units in
// one answer may be as of moments some microseconds apart.
//
// What comes out is what went in, except that times are in whole microseconds
// and in UTC, readings are rounded to float32, and a Source beyond the first
// 65,535 different ones is empty.
type Store struct {
	shards   [shardCount]shard
	sources  protocols
	searches sync.Pool // of *search
}

const (
	shardCount = 2
	shardBits  = 1
)

// NewStore is an empty Store.
func NewStore() *Store {
	s := new(Store)
	for i := range s.shards {
		s.shards[i].init()
	}
	return s
}

// shardOf is the shard of a unit, and the unit's id within it.
func (s *Store) shardOf(unitID int64) (*shard, int64) {
	return &s.shards[unitID&(shardCount-1)], unitID >> shardBits
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
	sh, _ := s.shardOf(f.UnitID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.update(&f, &e)
}

// chunk is how many fixes UpdateAll takes in hand at once. A search waits for
// no more than that.
const chunk = 256

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

// updateChunk does what needs no look at the Store first, for all fixes; then
// it visits each shard once, those that are free first.
func (s *Store) updateChunk(fixes []Fix, moved []bool) (n int) {
	var arrivals [chunk]arrival
	var order [shardCount][chunk]uint8
	var count [shardCount]int
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
		at := f.UnitID & (shardCount - 1)
		order[at][count[at]] = uint8(i)
		count[at]++
	}
	s.visit((*shard).tryLock, (*shard).lock, func(at int) {
		sh := &s.shards[at]
		defer sh.mu.Unlock()
		mine := order[at][:count[at]]
		sh.approach(fixes, arrivals[:], mine)
		for _, i := range mine {
			f, e := &fixes[i], &arrivals[i]
			if e.locate(f) && sh.update(f, e) {
				n++
				if moved != nil {
					moved[i] = true
				}
			}
		}
	})
	return n
}

// visit locks each shard once and calls do, which unlocks it. It begins with
// those that nobody holds.
func (s *Store) visit(try func(*shard) bool, lock func(*shard), do func(at int)) {
	var later [shardCount]bool
	for at := range s.shards {
		if try(&s.shards[at]) {
			do(at)
		} else {
			later[at] = true
		}
	}
	for at := range s.shards {
		if later[at] {
			lock(&s.shards[at])
			do(at)
		}
	}
}

// Locate is the cell of p at geo.StoreRes. Errors are those of geo.CellAt.
func (s *Store) Locate(_ int64, p orb.Point) (geo.Cell, error) {
	return geo.CellAt(p, geo.StoreRes)
}

// Remove forgets a unit, for example one that was retired, and says whether
// it was there.
func (s *Store) Remove(unitID int64) bool {
	sh, _ := s.shardOf(unitID)
	sh.mu.Lock()
	defer sh.mu.Unlock()
	return sh.remove(unitID)
}

// Latest is the newest fix of a unit; false when there is none.
func (s *Store) Latest(unitID int64) (f Fix, known bool) {
	sh, id := s.shardOf(unitID)
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	at, known := sh.index.place(id)
	if known {
		s.fix(sh, at, &f)
	}
	return f, known
}

// fix writes the fix of the unit at a place of a shard; the shard is locked.
func (s *Store) fix(sh *shard, at int32, f *Fix) {
	page, i := sh.page(at)
	mark := &page.marks[i]
	page.positions[i].unpack(f)
	f.UnitID, f.FixedAt, f.Cell = page.ids[i], micros(mark.fixed), sh.leaves[mark.leaf].cell
	f.Source = s.sources.name(page.positions[i].source)
}

// Len is the number of units.
func (s *Store) Len() int {
	n := 0
	for i := range s.shards {
		sh := &s.shards[i]
		sh.mu.RLock()
		n += sh.count
		sh.mu.RUnlock()
	}
	return n
}

// All calls visit with every unit's newest fix, in no particular order, each as
// of some moment during the call. It copies some hundred units at a time and
// holds no lock while visit runs. A unit that comes during the call may be left
// out, and while units are removed another may be visited twice.
func (s *Store) All(visit func(Fix)) {
	batch := make([]Fix, pageSize)
	for i := range s.shards {
		sh := &s.shards[i]
		// From the end: a removal puts the last unit into an earlier place.
		for end := sh.pageCount() - 1; end >= 0; end-- {
			for _, f := range s.copyPage(sh, end, batch) {
				visit(f)
			}
		}
	}
}

// copyPage fills batch with the units of one page, and returns as much of it.
func (s *Store) copyPage(sh *shard, page int, batch []Fix) []Fix {
	sh.mu.RLock()
	defer sh.mu.RUnlock()
	n := min(max(sh.count-page*pageSize, 0), pageSize)
	for i := range n {
		batch[i] = Fix{}
		s.fix(sh, int32(page*pageSize+i), &batch[i])
	}
	return batch[:n]
}
