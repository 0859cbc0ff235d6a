package index

import (
	"bytes"
	"slices"
)

// pair is two neighbouring characters of a folded text. Pairs of the basic
// plane have a number of their own; rarer characters share numbers, so a match
// is checked on the text.
type pair uint32

// edge stands before the first and behind the last character of a name.
const edge = 0x02

func pairOf(a, b rune) pair { return pair(uint32(uint16(a))<<16 | uint32(uint16(b))) }

// shortName is the length up to which a text is compared with the edges of names.
const shortName = 4

// mayBeSimilar says whether texts with slips of the pen are looked for: in one
// word of three characters or more that is no number and no pinyin.
func (w *wanted) mayBeSimilar() bool { return w.slips > 0 && len(w.words) == 1 && w.latin == "" }

// slipPairs are the pairs of which a text that is similar shares most: with the
// edges when the text is short. need is how many it must share.
func slipPairs(text []rune, slips int) (pairs []pair, need int) {
	padded := text
	switch len(text) {
	case 3:
		padded = slices.Concat([]rune{edge}, text, []rune{edge})
	case 4:
		padded = slices.Concat([]rune{edge}, text)
	}
	for i := 1; i < len(padded); i++ {
		pairs = append(pairs, pairOf(padded[i-1], padded[i]))
	}
	slices.Sort(pairs)
	pairs = slices.Compact(pairs)
	return pairs, max(1, len(pairs)-2*slips)
}

// Points of a similar text: of a name nearly whole, of a part of a name, of a
// part of an address.
const (
	similarName    = 62
	similarPart    = 50
	similarAddress = 40
	similarSlip    = 6 // less for each slip
)

// slip judges names and address that may have slips of the pen.
func (j *judge) slip(t texts) (Match, float64) {
	if !j.w.mayBeSimilar() {
		return "", 0
	}
	best := 0.0
	for name := range bytes.SplitSeq(t.names, []byte{nameEnd}) {
		j.runes = runesOf(j.runes, name)
		if !j.shares(j.runes) {
			continue
		}
		if n := j.slips(j.runes, true); n <= j.w.slips {
			best = max(best, similarName-similarSlip*float64(n))
		} else if n := j.slips(j.runes, false); n <= j.w.slips {
			best = max(best, similarPart-similarSlip*float64(n))
		}
	}
	if best == 0 && len(j.w.runes) > shortName {
		j.runes = runesOf(j.runes, t.address)
		if j.shares(j.runes) {
			if n := j.slips(j.runes, false); n <= j.w.slips {
				best = similarAddress - similarSlip*float64(n)
			}
		}
	}
	if best == 0 {
		return "", 0
	}
	return MatchSimilar, best
}

// shares says whether text has enough of the query's pairs.
func (j *judge) shares(text []rune) bool {
	if j.pairs == nil {
		j.pairs, j.need = slipPairs(j.w.runes, j.w.slips)
	}
	j.seen = append(j.seen[:0], make([]bool, len(j.pairs))...)
	shared := 0
	last := rune(edge)
	for i := range len(text) + 1 {
		r := rune(edge)
		if i < len(text) {
			r = text[i]
		}
		if at, ok := slices.BinarySearch(j.pairs, pairOf(last, r)); ok && !j.seen[at] {
			j.seen[at] = true
			shared++
		}
		last = r
	}
	return shared >= j.need
}

// slips is how many characters must be changed, left out, put in or exchanged
// with their neighbour to make the query out of text; with whole false, out of
// the part of text that is most like it.
func (j *judge) slips(text []rune, whole bool) int {
	want := j.w.runes
	n := len(want) + 1
	j.rows = append(j.rows[:0], make([]int, 3*n)...)
	before, last, row := j.rows[:n], j.rows[n:2*n], j.rows[2*n:]
	for i := range last {
		last[i] = i
	}
	best := last[n-1]
	for at, r := range text {
		row[0] = at + 1
		if !whole {
			row[0] = 0
		}
		for i := 1; i < n; i++ {
			cost := 1
			if want[i-1] == r {
				cost = 0
			}
			row[i] = min(last[i-1]+cost, last[i]+1, row[i-1]+1)
			if at > 0 && i > 1 && want[i-1] == text[at-1] && want[i-2] == r {
				row[i] = min(row[i], before[i-2]+1)
			}
		}
		best = min(best, row[n-1])
		before, last, row = last, row, before
	}
	if whole {
		return last[n-1]
	}
	return best
}
