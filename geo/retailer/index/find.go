package index

import "slices"

// rooms is what one search uses again and again.
type rooms struct {
	lists []list
	few   list   // what several lists have in common
	wide  []list // bitmaps
	used  int    // of wide

	counts []uint8 // of the documents of a segment; all zero between two uses
}

// start makes all bitmaps free again.
func (r *rooms) start() { r.used = 0 }

// bitmap is an empty one.
func (r *rooms) bitmap() list {
	if r.used == len(r.wide) {
		r.wide = append(r.wide, make(list, fullLength))
	}
	l := r.wide[r.used]
	r.used++
	clear(l)
	return l
}

// all is what the gathered lists have in common.
func (r *rooms) all() list {
	if cap(r.few) == 0 {
		r.few = make(list, 0, fullLength)
	}
	if len(r.lists) == 0 {
		return nil
	}
	return common(r.lists, r.few)
}

// gather adds a list to those that have to have a document in common; false
// when it is empty, so that none has.
func (r *rooms) gather(l list) bool {
	r.lists = append(r.lists, l)
	return len(l) > 0
}

// holding is the documents with all pairs of a text, and with an edge before or
// behind it.
func (r *rooms) holding(p *postings, text []rune, begin, end bool) list {
	r.lists = r.lists[:0]
	if len(text) == 1 && !begin && !end {
		l := r.bitmap()
		first := uint32(uint16(text[0])) << 16
		p.between(first, first|0xffff, l)
		return l
	}
	if begin && !r.gather(p.of(uint32(pairOf(edge, text[0])))) {
		return nil
	}
	last := len(text) - 1
	if end && !r.gather(p.of(uint32(pairOf(text[last], edge)))) {
		return nil
	}
	for i := range last {
		if !r.gather(p.of(uint32(pairOf(text[i], text[i+1])))) {
			return nil
		}
	}
	return r.all()
}

// spelt is the documents with a name that can be read as one of the spellings.
func (r *rooms) spelt(p *postings, spellings [][]token, begin, end bool) list {
	if len(spellings) == 1 {
		return r.spelling(p, spellings[0], begin, end)
	}
	out := r.bitmap()
	for _, so := range spellings {
		r.spelling(p, so, begin, end).addTo(out)
	}
	return out
}

func (r *rooms) spelling(p *postings, so []token, begin, end bool) list {
	r.lists = r.lists[:0]
	v, last := voice(), len(so)-1
	if end && (!so[last].whole() || !r.gather(p.of(soundPair(v.sounds[so[last].from], 0)))) {
		return nil
	}
	if last == 0 && !begin && !end {
		l := r.bitmap()
		for _, s := range v.soundsIn(so[0]) {
			p.between(soundPair(s, 0), soundPair(s, 0xffff), l)
		}
		return l
	}
	if begin && !r.gather(r.pair(p, []sound{0}, v.soundsIn(so[0]))) {
		return nil
	}
	for i := range last {
		if !r.gather(r.pair(p, v.soundsIn(so[i]), v.soundsIn(so[i+1]))) {
			return nil
		}
	}
	return r.all()
}

// pair is the documents with one of the pairs of a sound of first and one of
// second behind it.
func (r *rooms) pair(p *postings, first, second []sound) list {
	if len(first) == 1 && len(second) == 1 {
		return p.of(soundPair(first[0], second[0]))
	}
	var out list
	some := 0
	for _, a := range first {
		for _, b := range second {
			l := p.of(soundPair(a, b))
			switch {
			case len(l) == 0:
				continue
			case some == 0:
				out = l
			case some == 1:
				before := out
				out = r.bitmap()
				before.addTo(out)
			}
			if some > 0 {
				l.addTo(out)
			}
			some++
		}
	}
	return out
}

// soundsIn is the sounds of the syllables of t.
func (v *voices) soundsIn(t token) []sound {
	if t.whole() {
		return v.sounds[t.from:t.to]
	}
	return v.unfinished[t]
}

// sounding is the documents with a name that sounds like a text: whole, or in a
// part of it.
func (r *rooms) sounding(p *postings, sounds [][]sound, whole bool) list {
	r.lists = r.lists[:0]
	edge := []sound{0}
	last := len(sounds) - 1
	if whole && !r.gather(r.pair(p, edge, sounds[0])) {
		return nil
	}
	if whole && !r.gather(r.pair(p, sounds[last], edge)) {
		return nil
	}
	for i := range last {
		if !r.gather(r.pair(p, sounds[i], sounds[i+1])) {
			return nil
		}
	}
	return r.all()
}

// begun is the documents with a name whose initials are the letters, two or
// more: from the begin, to the end, or anywhere when there are three or more.
func (r *rooms) begun(p *postings, letters string, begin, end bool) list {
	r.lists = r.lists[:0]
	v := voice()
	at := func(i int) uint32 { return v.first[letters[i]] }
	if begin && !r.gather(p.of(initialsKey(edgeInitial, at(0), at(1)))) {
		return nil
	}
	n := len(letters)
	if end && !r.gather(p.of(initialsKey(at(n-2), at(n-1), 0))) {
		return nil
	}
	for i := range n - 2 {
		if !r.gather(p.of(initialsKey(at(i), at(i+1), at(i+2)))) {
			return nil
		}
	}
	return r.all()
}

// everywhere is the documents that have each of the words in one field or
// another.
func (r *rooms) everywhere(s *segment, words [][]rune) list {
	var out list
	for _, word := range words {
		here := r.bitmap()
		for _, p := range []*postings{&s.names, &s.address, &s.operators} {
			r.holding(p, word, false, false).addTo(here)
		}
		if out == nil {
			out = here
			continue
		}
		for i := range out {
			out[i] &= here[i]
		}
	}
	return out
}

// sharing is the documents that have at least need of the pairs. When any
// need-n lists are set aside, such a document is in at least n of the others:
// the longest are, so that those to be counted are short.
func (r *rooms) sharing(p *postings, pairs []pair, need int) list {
	r.lists = r.lists[:0]
	for _, key := range pairs {
		r.lists = append(r.lists, p.of(uint32(key)))
	}
	lists := r.lists
	slices.SortFunc(lists, func(a, b list) int { return len(a) - len(b) })
	least, short, counted := 1, len(lists)-need+1, 0
	for _, l := range lists[:short] {
		counted += len(l)
	}
	if counted == 0 {
		return nil
	}
	// A list that is no longer than those before it spares more than it costs.
	for least < need && len(lists[short]) <= counted && !lists[short].bitmap() {
		counted += len(lists[short])
		least, short = least+1, short+1
	}
	r.count(lists[:short])
	out := r.bitmap()
	for _, l := range lists[:short] {
		l.each(func(n uint16) bool {
			if r.counts[n] >= uint8(least) && among(lists[short:], n, need-int(r.counts[n])) {
				out[n>>4] |= 1 << (n & 15)
			}
			r.counts[n] = 0
			return true
		})
	}
	return out
}

// count fills counts with how many of the lists have each document.
func (r *rooms) count(lists []list) {
	if r.counts == nil {
		r.counts = make([]uint8, SegmentSize)
	}
	for _, l := range lists {
		if !l.bitmap() {
			for _, n := range l {
				r.counts[n]++
			}
			continue
		}
		l.each(func(n uint16) bool { r.counts[n]++; return true })
	}
}

// among says whether at least need of the lists have n.
func among(lists []list, n uint16, need int) bool {
	for i, l := range lists {
		if need <= 0 || len(lists)-i < need {
			break
		}
		if l.has(n) {
			need--
		}
	}
	return need <= 0
}
