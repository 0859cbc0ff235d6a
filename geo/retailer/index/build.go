package index

import (
	"cmp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Builder gathers the documents of an index.
type Builder struct {
	raws   []raw
	chunks [][]byte // the texts of the documents
	codes  map[string]uint32
	code   []string // divisions
	size   int      // of a segment
	done   []*segment
}

// raw is a document before it is in its place.
type raw struct {
	id       int64
	cell     geo.Cell // 0 without a place
	point    orb.Point
	division uint32
	chunk    uint32
	at, end  uint32 // of its texts in the chunk
	located  bool
	over     bool
}

const chunkSize = 4 << 20

// NewBuilder is a builder without documents.
func NewBuilder() *Builder { return &Builder{codes: map[string]uint32{}, size: SegmentSize} }

// Add puts a document in; it keeps nothing of d. It is not safe for concurrent
// use. A point that is no place on Earth counts as none.
func (b *Builder) Add(d Doc) {
	size := len(d.Name) + len(d.Address) + len(d.Operator) + len(d.LicenceNo) + len(d.PhoneTail) + 8
	for _, a := range d.Aliases {
		size += len(a) + 1
	}
	if last := len(b.chunks) - 1; last < 0 || len(b.chunks[last])+size > cap(b.chunks[last]) {
		b.chunks = append(b.chunks, make([]byte, 0, max(chunkSize, size)))
	}
	last := len(b.chunks) - 1
	text := b.chunks[last]
	r := raw{id: d.ID, point: d.Point, over: d.Over, chunk: uint32(last), at: uint32(len(text)), located: d.Located && geo.ValidPoint(d.Point) == nil}
	text = clean(text, d.Name)
	for _, a := range d.Aliases {
		text = clean(append(text, nameEnd), a)
	}
	for _, field := range []string{d.Address, d.Operator, d.LicenceNo, d.PhoneTail} {
		text = clean(append(text, 0), field)
	}
	r.end = uint32(len(text))
	b.chunks[last] = text
	code, ok := b.codes[d.Division]
	if !ok {
		code = uint32(len(b.code))
		d.Division = strings.Clone(d.Division)
		b.codes[d.Division], b.code = code, append(b.code, d.Division)
	}
	r.division = code
	b.raws = append(b.raws, r)
}

// clean appends s without the characters that separate fields.
func clean(text []byte, s string) []byte {
	for i := range len(s) {
		if s[i] > nameEnd {
			text = append(text, s[i])
		}
	}
	return text
}

// Build makes the index, on all processors. The builder is empty afterwards.
func (b *Builder) Build() *Index {
	b.Settle()
	segments := b.done
	*b = Builder{codes: map[string]uint32{}, size: b.size}
	return newIndex(segments, nil)
}

// Settle makes segments of what was added since the last time, on all processors, and frees the room that it took. It
// is for very many documents that come in the order of their cells, those without a place last: then only some of them
// have to be held twice. With any other order, searches near a place get slower.
func (b *Builder) Settle() {
	b.done = append(b.done, b.segments()...)
	clear(b.raws)
	b.raws, b.chunks = b.raws[:0], nil
}

func (b *Builder) segments() []*segment {
	parallel(len(b.raws), b.size, func(from, to int) {
		for i := from; i < to; i++ {
			if r := &b.raws[i]; r.located {
				c, err := geo.CellAt(r.point, geo.RetailerRes)
				r.cell, r.located = c, err == nil
			}
		}
	})
	slices.SortFunc(b.raws, func(x, y raw) int {
		// cell 0 comes last
		return cmp.Or(cmp.Compare(uint64(x.cell)-1, uint64(y.cell)-1), cmp.Compare(x.id, y.id))
	})
	out := make([]*segment, (len(b.raws)+b.size-1)/b.size)
	parallel(len(b.raws), b.size, func(from, to int) {
		out[from/b.size] = b.segment(b.raws[from:to])
	})
	return out
}

// parallel calls f for pieces of 0..n-1 on all processors, and returns when all
// are done.
func parallel(n, piece int, f func(from, to int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), (n+piece-1)/piece) {
		workers.Go(func() {
			for {
				to := int(next.Add(int64(piece)))
				if to-piece >= n {
					return
				}
				f(to-piece, min(to, n))
			}
		})
	}
	workers.Wait()
}

// segment makes a segment of documents that are sorted by cell.
func (b *Builder) segment(raws []raw) *segment {
	n := len(raws)
	s := &segment{
		ids: make([]int64, n), places: make([]place, n), division: make([]uint16, n), over: make([]uint64, (n+63)/64),
		textAt: make([]uint32, n+1), byID: make([]uint16, n), box: noBox,
	}
	divisions := map[uint32]uint16{}
	for i, r := range raws {
		s.ids[i], s.byID[i], s.places[i] = r.id, uint16(i), nowhere
		if r.located {
			s.places[i] = placeOf(r.point)
			s.located = i + 1
		}
		if r.located && (i == 0 || r.cell != raws[i-1].cell) {
			s.cells, s.cellAt = append(s.cells, r.cell), append(s.cellAt, uint16(i))
		}
		if r.over {
			s.over[i>>6] |= 1 << (i & 63)
		}
		d, ok := divisions[r.division]
		if !ok {
			d = uint16(len(s.divisions))
			divisions[r.division] = d
			s.divisions = append(s.divisions, b.code[r.division])
		}
		s.division[i] = d
	}
	slices.SortFunc(s.byID, func(x, y uint16) int { return cmp.Compare(s.ids[x], s.ids[y]) })
	s.frame()
	s.write(b, raws)
	s.order()
	return s
}

// frame makes the boxes.
func (s *segment) frame() {
	for from := 0; from < s.located; from += boxSize {
		b := noBox
		for _, p := range s.places[from:min(from+boxSize, s.located)] {
			b.add(p)
		}
		s.boxes = append(s.boxes, b)
		if len(s.boxes)%frameSize == 1 {
			s.frames = append(s.frames, noBox)
		}
		for _, around := range []*box{&s.box, &s.frames[len(s.frames)-1]} {
			around.add(place{b.west, b.south})
			around.add(place{b.east, b.north})
		}
	}
}

// order sorts the licence numbers.
func (s *segment) order() {
	s.byLicence = make([]uint16, 0, s.len())
	for n := range s.len() {
		if len(s.of(uint16(n)).licence) > 0 {
			s.byLicence = append(s.byLicence, uint16(n))
		}
	}
	s.byLicenceEnd = slices.Clone(s.byLicence)
	slices.SortFunc(s.byLicence, func(x, y uint16) int {
		return cmp.Compare(string(s.of(x).licence), string(s.of(y).licence))
	})
	slices.SortFunc(s.byLicenceEnd, func(x, y uint16) int { return backwards(s.of(x).licence, s.of(y).licence) })
}
