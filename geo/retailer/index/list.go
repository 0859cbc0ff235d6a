package index

import (
	"math/bits"
	"slices"
)

// SegmentSize is the largest number of documents of a segment: their numbers
// within it then fit into 16 bits.
const SegmentSize = 1 << 16

// list is a set of documents of one segment, by their numbers, ascending. A
// list of exactly fullLength elements is a bitmap of all documents instead, so
// that a list never takes more than 8 KiB.
type list []uint16

const fullLength = SegmentSize / 16

func (l list) bitmap() bool { return len(l) == fullLength }

// has says whether n is in l.
func (l list) has(n uint16) bool {
	if l.bitmap() {
		return l[n>>4]>>(n&15)&1 != 0
	}
	_, ok := slices.BinarySearch(l, n)
	return ok
}

// each calls f for the members until it says no.
func (l list) each(f func(n uint16) bool) {
	if !l.bitmap() {
		for _, n := range l {
			if !f(n) {
				return
			}
		}
		return
	}
	for i, word := range l {
		for ; word != 0; word &= word - 1 {
			if !f(uint16(i<<4 | bits.TrailingZeros16(word))) {
				return
			}
		}
	}
}

// addTo puts the members of l into a bitmap.
func (l list) addTo(bitmap list) {
	if l.bitmap() {
		for i, word := range l {
			bitmap[i] |= word
		}
		return
	}
	for _, n := range l {
		bitmap[n>>4] |= 1 << (n & 15)
	}
}

// common is what is in all of the lists, of which there is at least one. It
// sorts them, and writes into room, which holds the result until it is used
// again; a single list is returned as it is.
func common(lists []list, room list) list {
	slices.SortFunc(lists, func(a, b list) int { return len(a) - len(b) })
	if len(lists) == 1 || len(lists[0]) == 0 {
		return lists[0]
	}
	first := 0 // the bitmaps that have to be joined first, when there is nothing else
	if lists[0].bitmap() {
		room = append(room[:0], lists[0]...)
		for _, l := range lists[1:] {
			for i := range room {
				room[i] &= l[i]
			}
		}
		return room
	}
	room = append(room[:0], lists[first]...)
	for _, l := range lists[1:] {
		room = kept(room, l)
	}
	return room
}

// kept is the part of few that is also in l, in the room of few.
func kept(few, l list) list {
	out := few[:0]
	if l.bitmap() || len(l) > 16*len(few) {
		for _, n := range few {
			if l.has(n) {
				out = append(out, n)
			}
		}
		return out
	}
	at := 0
	for _, n := range few {
		for at < len(l) && l[at] < n {
			at++
		}
		if at == len(l) {
			break
		}
		if l[at] == n {
			out = append(out, n)
		}
	}
	return out
}

// postings is a list for each key.
type postings struct {
	keys  []uint32 // ascending
	start []uint32 // of the list of each key in docs, and the end of the last
	docs  []uint16
}

// of is the list of key; empty when nothing has it.
func (p *postings) of(key uint32) list {
	at, ok := slices.BinarySearch(p.keys, key)
	if !ok {
		return nil
	}
	return p.at(at)
}

func (p *postings) at(i int) list { return p.docs[p.start[i]:p.start[i+1]:p.start[i+1]] }

// between adds to a bitmap what has a key of from..to.
func (p *postings) between(from, to uint32, bitmap list) {
	at, _ := slices.BinarySearch(p.keys, from)
	for ; at < len(p.keys) && p.keys[at] <= to; at++ {
		p.at(at).addTo(bitmap)
	}
}

func (p *postings) bytes() int { return 4*len(p.keys) + 4*len(p.start) + 2*len(p.docs) }

// entry is a key in the upper 32 bits and a document's number in the lower 16.
type entry uint64

func entryOf(key uint32, n int) entry { return entry(key)<<32 | entry(n) }

// gather makes postings out of entries, which are in the order of documents. It
// uses entries and spare as room and returns both for the next time.
func gather(entries, spare []entry) (postings, []entry, []entry) {
	entries, spare = sortByKey(entries, spare)
	entries = slices.Compact(entries)
	keys, docs := 0, 0
	for i := 0; i < len(entries); {
		n := run(entries[i:])
		keys, docs, i = keys+1, docs+min(n, fullLength), i+n
	}
	p := postings{keys: make([]uint32, 0, keys), start: make([]uint32, 1, keys+1), docs: make([]uint16, 0, docs)}
	for i := 0; i < len(entries); {
		n := run(entries[i:])
		p.keys = append(p.keys, uint32(entries[i]>>32))
		if n < fullLength {
			for _, e := range entries[i : i+n] {
				p.docs = append(p.docs, uint16(e))
			}
		} else {
			bitmap := p.docs[len(p.docs) : len(p.docs)+fullLength]
			for _, e := range entries[i : i+n] {
				bitmap[uint16(e)>>4] |= 1 << (e & 15)
			}
			p.docs = p.docs[:len(p.docs)+fullLength]
		}
		p.start = append(p.start, uint32(len(p.docs)))
		i += n
	}
	return p, entries[:0], spare
}

// run is how many of the first entries have the same key.
func run(entries []entry) int {
	n := 1
	for n < len(entries) && entries[n]>>32 == entries[0]>>32 {
		n++
	}
	return n
}

const digitBits = 11

// sortByKey sorts by key and keeps the order of equal keys: three rounds of
// counting, one for each digit of eleven bits.
func sortByKey(entries, spare []entry) (sorted, other []entry) {
	spare = slices.Grow(spare[:0], len(entries))[:len(entries)]
	for shift := 32; shift < 64; shift += digitBits {
		var at [1 << digitBits]int
		for _, e := range entries {
			at[e>>shift&(1<<digitBits-1)]++
		}
		sum := 0
		for i, n := range at {
			at[i], sum = sum, sum+n
		}
		for _, e := range entries {
			digit := e >> shift & (1<<digitBits - 1)
			spare[at[digit]] = e
			at[digit]++
		}
		entries, spare = spare, entries
	}
	return entries, spare
}
