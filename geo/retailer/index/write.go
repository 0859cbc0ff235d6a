package index

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"jiujin/geo/zh"
)

// fold is the form in which texts are compared.
func fold(s string) string { return zh.Simplify(zh.Fold(s)) }

// writer makes the texts and the postings of one segment.
type writer struct {
	*segment
	names, address, operators, sounds, initials, phones []entry

	runes  []rune
	hear   [][]sound
	first  [][]uint32
	voices *voices
}

// write fills in the texts and the postings.
func (s *segment) write(b *Builder, raws []raw) {
	w := writer{segment: s, voices: voice()}
	size := 0
	for _, r := range raws {
		size += int(r.end - r.at)
	}
	s.texts = make([]byte, 0, size)
	for i, r := range raws {
		s.textAt[i] = uint32(len(s.texts))
		w.doc(i, b.chunks[r.chunk][r.at:r.end])
	}
	s.textAt[len(raws)] = uint32(len(s.texts))
	var spare []entry
	for _, p := range []struct {
		to   *postings
		from []entry
	}{
		{&s.names, w.names},
		{&s.address, w.address},
		{&s.operators, w.operators},
		{&s.sounds, w.sounds},
		{&s.initials, w.initials},
		{&s.phones, w.phones},
	} {
		*p.to, _, spare = gather(p.from, spare)
	}
}

// doc takes in one document's texts, as Builder.Add has put them together.
func (w *writer) doc(n int, text []byte) {
	field := func() (f []byte) {
		f, text, _ = bytes.Cut(text, []byte{0})
		return f
	}
	begin := len(w.texts)
	w.texts = append(w.texts, make([]byte, headSize)...)
	for name := range bytes.SplitSeq(field(), []byte{nameEnd}) {
		folded := cut(fold(string(name)), longestField/8)
		if folded == "" && len(w.texts) > begin+headSize {
			continue
		}
		if len(w.texts) > begin+headSize {
			if len(w.texts)-begin > longestField/2 {
				break // more names than anybody gives
			}
			w.texts = append(w.texts, nameEnd)
		}
		w.texts = append(w.texts, folded...)
		w.name(n, folded)
	}
	names := len(w.texts) - begin - headSize
	address, operator := cut(fold(string(field())), longestField), cut(fold(string(field())), longestField)
	w.address = pairs(w.address, n, w.decode(address), false)
	w.operators = pairs(w.operators, n, w.decode(operator), true)
	licence, phone := cut(fold(string(field())), 255), fold(string(text))
	if phone != "" {
		w.phones = append(w.phones, entryOf(number(phone), n))
	}
	w.texts = append(append(append(append(w.texts, address...), operator...), licence...), phone...)
	head(w.texts[begin:], names, len(address), len(operator), len(licence))
}

const (
	headSize     = 7
	longestField = 1<<16 - 1 // bytes
)

// head writes the lengths of the fields: two bytes each, one for the licence
// number.
func head(text []byte, names, address, operator, licence int) {
	for i, n := range []int{names, address, operator} {
		text[2*i], text[2*i+1] = byte(n>>8), byte(n)
	}
	text[6] = byte(licence)
}

// cut is the begin of s, at most n bytes of whole characters.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func (w *writer) decode(s string) []rune {
	w.runes = w.runes[:0]
	for _, r := range s {
		w.runes = append(w.runes, r)
	}
	return w.runes
}

// name enters one name's pairs, sounds and initials.
func (w *writer) name(n int, folded string) {
	runes := w.decode(folded)
	if len(runes) == 0 {
		return
	}
	w.names = pairs(w.names, n, runes, true)
	w.listen(runes)
	last := []sound{0}
	for i := range len(runes) + 1 {
		next := []sound{0}
		if i < len(runes) {
			next = w.hear[i]
		}
		for _, a := range last {
			for _, b := range next {
				w.sounds = append(w.sounds, entryOf(soundPair(a, b), n))
			}
		}
		last = next
	}
	w.beginnings(n, len(runes))
}

// listen fills in hear and first, the sounds and the initials of each character.
func (w *writer) listen(runes []rune) {
	w.hear, w.first = w.hear[:0], w.first[:0]
	for _, r := range runes {
		k := w.voices.kinds(r)
		w.hear, w.first = append(w.hear, k.sounds), append(w.first, k.initials)
	}
}

// beginnings enters the initials: each three in a row, filled up with zeros
// behind the last, and the first two behind the edge.
func (w *writer) beginnings(n, length int) {
	none := []uint32{0}
	at := func(i int) []uint32 {
		if i < length {
			return w.first[i]
		}
		return none
	}
	for _, a := range at(0) {
		for _, b := range at(1) {
			w.initials = append(w.initials, entryOf(initialsKey(edgeInitial, a, b), n))
		}
	}
	for i := range length {
		for _, a := range at(i) {
			for _, b := range at(i + 1) {
				for _, c := range at(i + 2) {
					w.initials = append(w.initials, entryOf(initialsKey(a, b, c), n))
				}
			}
		}
	}
}

// edgeInitial stands before the first initial; the others are 1 to 36, and 0 is
// behind the last.
const edgeInitial = 37

func initialsKey(a, b, c uint32) uint32 { return a<<12 | b<<6 | c }

func soundPair(a, b sound) uint32 { return uint32(a)<<16 | uint32(b) }

// pairs enters the pairs of a text with the edge behind it, and with begin also
// the one before it.
func pairs(entries []entry, n int, text []rune, begin bool) []entry {
	if len(text) == 0 {
		return entries
	}
	if begin {
		entries = append(entries, entryOf(uint32(pairOf(edge, text[0])), n))
	}
	for i := range text {
		next := rune(edge)
		if i+1 < len(text) {
			next = text[i+1]
		}
		entries = append(entries, entryOf(uint32(pairOf(text[i], next)), n))
	}
	return entries
}

// number is the value of digits; 0 when they are none.
func number(digits string) uint32 {
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil {
		return 0
	}
	return uint32(n)
}
