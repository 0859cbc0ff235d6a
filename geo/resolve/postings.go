package resolve

import (
	"encoding/binary"
	"slices"
)

// postings are lists of shops by key. A list is the gaps between the numbers of its shops, ascending, each in as few bytes
// as it takes.
type postings struct {
	keys  []uint64 // ascending
	count []int32  // shops of each key
	from  []uint32 // where each list begins, and at last where the last one ends
	gaps  []byte
}

// newPostings builds the lists. each calls its argument once for every shop, ascending, and key.
func newPostings(each func(f func(shop int32, key uint64))) *postings {
	sizes := map[uint64]*growing{}
	each(func(shop int32, key uint64) {
		g := sizes[key]
		if g == nil {
			g = &growing{last: -1}
			sizes[key] = g
		}
		g.size += uint32(gapLength(uint64(shop - g.last)))
		g.last = shop
		g.count++
	})
	p := &postings{keys: make([]uint64, 0, len(sizes)), count: make([]int32, 0, len(sizes)), from: make([]uint32, 1, len(sizes)+1)}
	for key := range sizes {
		p.keys = append(p.keys, key)
	}
	slices.Sort(p.keys)
	end := uint32(0)
	for _, key := range p.keys {
		g := sizes[key]
		p.count = append(p.count, g.count)
		g.at, g.last = end, -1
		end += g.size
		p.from = append(p.from, end)
	}
	p.gaps = make([]byte, end)
	each(func(shop int32, key uint64) {
		g := sizes[key]
		g.at += uint32(binary.PutUvarint(p.gaps[g.at:], uint64(shop-g.last)))
		g.last = shop
	})
	return p
}

// growing is a list while it is built.
type growing struct {
	count, last int32
	size, at    uint32
}

func gapLength(gap uint64) (n int) {
	for n = 1; gap >= 0x80; n++ {
		gap >>= 7
	}
	return n
}

// find is the number of the list of a key; false when no shop has it.
func (p *postings) find(key uint64) (int, bool) { return slices.BinarySearch(p.keys, key) }

// each calls f for the shops of a list, ascending.
func (p *postings) each(list int, f func(shop int32)) {
	shop := int32(-1)
	for gaps := p.gaps[p.from[list]:p.from[list+1]]; len(gaps) > 0; {
		gap, n := uint64(gaps[0]), 1
		if gap >= 0x80 {
			gap, n = binary.Uvarint(gaps)
		}
		shop += int32(gap)
		gaps = gaps[n:]
		f(shop)
	}
}
