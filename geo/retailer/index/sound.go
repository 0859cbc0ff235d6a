package index

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"jiujin/geo/zh"
)

// syllable is a number for one syllable of pinyin without its tone, or for one
// Latin letter or digit, which stands for itself. Numbers ascend with the
// spelling. 0 means none.
type syllable uint16

// sound is a number for syllables that callers and clerks mix up. 0 means none.
type sound uint16

// voices is how characters are read: made once, then only read.
type voices struct {
	spelt  []string     // by syllable
	sounds []sound      // by syllable
	start  []uint32     // by character of the basic plane: where in heard its readings begin
	heard  []syllable   // the readings of all characters
	first  [0x80]uint32 // by ASCII letter or digit: its number among the initials, 1 to 36
	kind   []uint16     // by character of the basic plane: its place in of
	of     []kind       // the first is of characters without a reading

	unfinished map[token][]sound // of the syllables that begin alike
}

// kind is what the readings of a character come to; each sound and each initial
// is there once. The slices are shared and must not be changed.
type kind struct {
	sounds   []sound
	initials []uint32
	set      uint64 // of the initials: bit n for number n
}

// voice builds the table on first use: some 28,000 characters, under 100 ms.
var voice = sync.OnceValue(func() *voices {
	read := make([][]string, 0x10000)
	known := map[string]bool{}
	for r := range rune(0x10000) {
		switch {
		case r >= '0' && r <= '9', r >= 'a' && r <= 'z':
			read[r] = []string{string(r)}
		case r >= 0x3400 && r <= 0x9fff, r >= 0xf900 && r <= 0xfaff, r == '〇':
			read[r] = slices.DeleteFunc(zh.Readings(r), rare)
		}
		for _, s := range read[r] {
			known[s] = true
		}
	}
	v := &voices{spelt: []string{""}, sounds: []sound{0}, start: make([]uint32, 0x10001)}
	for s := range known {
		v.spelt = append(v.spelt, s)
	}
	slices.Sort(v.spelt)
	classes := map[string]sound{}
	for _, s := range v.spelt[1:] {
		class := soundOf(s)
		if classes[class] == 0 {
			classes[class] = sound(len(classes) + 1)
		}
		v.sounds = append(v.sounds, classes[class])
	}
	for r := range read {
		v.start[r] = uint32(len(v.heard))
		for _, s := range read[r] {
			n, _ := slices.BinarySearch(v.spelt, s)
			v.heard = append(v.heard, syllable(n))
		}
	}
	v.start[len(read)] = uint32(len(v.heard))
	for i := range 36 {
		v.first["0123456789abcdefghijklmnopqrstuvwxyz"[i]] = uint32(i + 1)
	}
	v.sort()
	v.finish()
	return v
})

// sort gives each character its kind. Characters with the same readings share
// one.
func (v *voices) sort() {
	v.kind, v.of = make([]uint16, 0x10000), []kind{{}}
	known := map[string]uint16{"[]": 0}
	for r := range rune(0x10000) {
		heard := v.read(r)
		key := fmt.Sprint(heard)
		if _, ok := known[key]; !ok {
			known[key] = uint16(len(v.of))
			v.of = append(v.of, v.kindOf(heard))
		}
		v.kind[r] = known[key]
	}
}

func (v *voices) kindOf(heard []syllable) (k kind) {
	for _, s := range heard {
		if !slices.Contains(k.sounds, v.sounds[s]) {
			k.sounds = append(k.sounds, v.sounds[s])
		}
		if in := v.first[v.spelt[s][0]]; !slices.Contains(k.initials, in) {
			k.initials = append(k.initials, in)
			k.set |= 1 << in
		}
	}
	return k
}

// finish gathers the sounds of all unfinished syllables.
func (v *voices) finish() {
	v.unfinished = map[token][]sound{}
	for _, s := range v.spelt[1:] {
		for n := range len(s) {
			t := v.beginning(s[:n+1])
			if v.unfinished[t] != nil {
				continue
			}
			for i := t.from; i < t.to; i++ {
				if !slices.Contains(v.unfinished[t], v.sounds[i]) {
					v.unfinished[t] = append(v.unfinished[t], v.sounds[i])
				}
			}
		}
	}
}

// kinds is what the readings of r come to.
func (v *voices) kinds(r rune) *kind {
	if r < 0 || r > 0xffff {
		return &v.of[0]
	}
	return &v.of[v.kind[r]]
}

// rare says whether a reading has other letters than a to z, as ê has.
func rare(s string) bool {
	return s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < 'a' || r > 'z' })
}

// soundOf is the key of the syllables that sound alike to many. A letter that
// stands for itself is alike to none.
func soundOf(s string) string {
	if len(s) < 2 {
		return s
	}
	return zh.Blur(s)
}

// read is every reading of r; nil when none is known. It belongs to v.
func (v *voices) read(r rune) []syllable {
	if r < 0 || r > 0xffff {
		return nil
	}
	return v.heard[v.start[r]:v.start[r+1]]
}

// soundsOf is, for each character, the sounds that it can have, each once; nil
// for a text of less than two characters.
func soundsOf(text []rune) [][]sound {
	if len(text) < 2 {
		return nil
	}
	v := voice()
	out := make([][]sound, len(text))
	for i, r := range text {
		out[i] = v.kinds(r).sounds
	}
	return out
}

// token is one step of a spelling: the syllables from..to-1. A whole syllable
// is one; the unfinished last one is all that begin with it.
type token struct{ from, to syllable }

func (t token) whole() bool { return t.to == t.from+1 }

const maxSpellings = 8

// spellings is how letters can be cut into syllables, those with the fewest
// lone letters: xian is xian and xi-an. The last syllable may be unfinished.
func spellings(letters string) [][]token {
	v := voice()
	var out [][]token
	best := len(letters) + 1
	var cut func(at, lone int, so []token)
	steps := 0
	cut = func(at, lone int, so []token) {
		if steps++; steps > 2000 || lone > best {
			return
		}
		if at == len(letters) {
			if lone < best {
				best, out = lone, out[:0]
			}
			if len(out) < maxSpellings {
				out = append(out, slices.Clone(so))
			}
			return
		}
		for n := min(6, len(letters)-at); n >= 1; n-- {
			part := letters[at : at+n]
			if s, ok := slices.BinarySearch(v.spelt, part); ok {
				cost := 0
				if n == 1 && part[0] > '9' {
					cost = 1
				}
				cut(at+n, lone+cost, append(so, token{syllable(s), syllable(s) + 1}))
			}
			if t := v.beginning(part); at+n == len(letters) && n > 0 && !t.whole() && t.from < t.to {
				cut(len(letters), lone, append(so, t))
			}
		}
	}
	cut(0, 0, nil)
	return out
}

// beginning is the syllables that begin with part.
func (v *voices) beginning(part string) token {
	from, _ := slices.BinarySearch(v.spelt, part)
	to, _ := slices.BinarySearch(v.spelt, part+"{") // the character after z
	return token{syllable(from), syllable(to)}
}

// fits says how well t fits a character: 2 as it is spelt, 1 as it sounds, 0
// not at all.
func (v *voices) fits(t token, r rune) int {
	best := 0
	for _, s := range v.read(r) {
		if s >= t.from && s < t.to {
			return 2
		}
		if t.whole() && v.sounds[s] == v.sounds[t.from] {
			best = 1
		}
	}
	return best
}

// runesOf decodes text into the room of buf.
func runesOf(buf []rune, text []byte) []rune {
	buf = buf[:0]
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		buf = append(buf, r)
		text = text[n:]
	}
	return buf
}
