package index

import (
	"container/heap"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// piece is a part of the index that may hold what is near: a segment, a frame
// of it, or a box.
type piece struct {
	*visit
	level  int // 0 a segment, 1 a frame, 2 a box
	at     int // which frame or box
	metres geo.Metres
}

// pieces is a heap of them, the nearest on top.
type pieces []piece

func (p pieces) Len() int           { return len(p) }
func (p pieces) Less(i, j int) bool { return p[i].metres < p[j].metres }
func (p pieces) Swap(i, j int)      { p[i], p[j] = p[j], p[i] }
func (p *pieces) Push(x any)        { *p = append(*p, x.(piece)) }
func (p *pieces) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}

// nearest is the k documents nearest to p, in order of distance. It opens the
// nearest piece again and again, until none can hold a nearer document.
func (x *Index) nearest(p orb.Point, k int, scope string) []Hit {
	var open pieces
	for i, s := range x.segments {
		if s.located == 0 {
			continue
		}
		v := &visit{segment: s, dead: x.dead[i], cos: s.box.cos() * cosine(p[1])}
		var some bool
		if v.scope, some = s.in(scope); some {
			open = append(open, piece{visit: v, metres: s.box.from(p, v.cos)})
		}
	}
	heap.Init(&open)
	var top []Hit
	at := geo.VectorOf(p)
	// An equal distance may still be that of a lower id.
	full := func(d geo.Metres) bool { return len(top) == k && d > top[k-1].Distance }
	for len(open) > 0 && !full(open[0].metres) {
		this := heap.Pop(&open).(piece)
		if this.level < 2 {
			boxes, first := this.inside()
			for i, b := range boxes {
				if d := b.from(p, this.cos); !full(d) {
					heap.Push(&open, piece{this.visit, this.level + 1, first + i, d})
				}
			}
			continue
		}
		for n := this.at * boxSize; n < min((this.at+1)*boxSize, this.located); n++ {
			if full(this.places[n].from(p, this.cos)) || this.dead != nil && this.dead.has(uint16(n)) ||
				this.scope != nil && !this.scope[this.division[n]] {
				continue
			}
			d := at.Distance(geo.VectorOf(this.places[n].point()))
			top = insert(top, Hit{ID: this.ids[n], Match: MatchNear, Score: 10 * nearness(d), Distance: d}, k)
		}
	}
	return top
}

// inside is the boxes of the next level within a segment or a frame, and the
// number of the first.
func (p *piece) inside() (boxes []box, first int) {
	if p.level == 0 {
		return p.frames, 0
	}
	first = p.at * frameSize
	return p.boxes[first:min(first+frameSize, len(p.boxes))], first
}

// Around is the k documents nearest to p among those in the cells of resolution
// geo.RetailerRes that are within so many metres, in order of distance.
func (x *Index) Around(cells []geo.Cell, p orb.Point, within geo.Metres, k int) []Hit {
	var top []Hit
	at := geo.VectorOf(p)
	x.each(cells, func(s *segment, n uint16) {
		d := at.Distance(geo.VectorOf(s.places[n].point()))
		if d <= within && k > 0 {
			top = insert(top, Hit{ID: s.ids[n], Match: MatchNear, Score: 10 * nearness(d), Distance: d}, k)
		}
	})
	return top
}

// In gives the ids of the documents in cells of resolution geo.RetailerRes, in
// no particular order: the join with what else is kept by cell.
func (x *Index) In(cells []geo.Cell) (ids []int64) {
	x.each(cells, func(s *segment, n uint16) { ids = append(ids, s.ids[n]) })
	return ids
}

// each calls f for the documents in the cells.
func (x *Index) each(cells []geo.Cell, f func(s *segment, n uint16)) {
	for i, s := range x.segments {
		if len(s.cells) == 0 {
			continue
		}
		first, last := s.cells[0], s.cells[len(s.cells)-1]
		for _, c := range cells {
			if c < first || c > last {
				continue
			}
			at, ok := slices.BinarySearch(s.cells, c)
			if !ok {
				continue
			}
			end := s.located
			if at+1 < len(s.cells) {
				end = int(s.cellAt[at+1])
			}
			for n := int(s.cellAt[at]); n < end; n++ {
				if x.dead[i] == nil || !x.dead[i].has(uint16(n)) {
					f(s, uint16(n))
				}
			}
		}
	}
}
