package index

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// nearest is the k documents nearest to p, in order of distance.
func (x *Index) nearest(p orb.Point, k int, scope string) []Hit {
	type away struct {
		visit
		metres geo.Metres
	}
	type piece struct {
		from, to int // documents
		metres   geo.Metres
	}
	var segments []away
	var pieces []piece
	for i, s := range x.segments {
		if s.located == 0 {
			continue
		}
		v := visit{segment: s, dead: x.dead[i], cos: s.box.cos() * cosine(p[1])}
		var some bool
		if v.scope, some = s.in(scope); some {
			segments = append(segments, away{v, s.box.from(p, v.cos)})
		}
	}
	slices.SortFunc(segments, func(a, b away) int { return cmp.Compare(a.metres, b.metres) })
	var top []Hit
	at := geo.VectorOf(p)
	// An equal distance may still be that of a lower id.
	full := func(d geo.Metres) bool { return len(top) == k && d > top[k-1].Distance }
	for _, s := range segments {
		if full(s.metres) {
			break
		}
		pieces = pieces[:0]
		for i, b := range s.boxes {
			if d := b.from(p, s.cos); !full(d) {
				pieces = append(pieces, piece{i * boxSize, min((i+1)*boxSize, s.located), d})
			}
		}
		slices.SortFunc(pieces, func(a, b piece) int { return cmp.Compare(a.metres, b.metres) })
		for _, piece := range pieces {
			if full(piece.metres) {
				break
			}
			for n := piece.from; n < piece.to; n++ {
				if s.dead != nil && s.dead.has(uint16(n)) || s.scope != nil && !s.scope[s.division[n]] {
					continue
				}
				d := at.Distance(geo.VectorOf(s.places[n].point()))
				top = insert(top, Hit{ID: s.ids[n], Match: MatchNear, Score: 10 * nearness(d), Distance: d}, k)
			}
		}
	}
	return top
}

// In gives the ids of the documents in cells of resolution geo.RetailerRes, in
// no particular order: the join with what else is kept by cell.
func (x *Index) In(cells []geo.Cell) []int64 {
	var out []int64
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
					out = append(out, s.ids[n])
				}
			}
		}
	}
	return out
}
