package resolve

import (
	"hash/fnv"
	"strconv"
	"strings"
	"unicode"
)

// unit is the smallest thing that texts are compared by: a Chinese character, a Latin letter, or a whole number. Numbers
// written in Chinese are numbers too, so 二段 and 2段 are the same units.
type unit struct {
	key    uint32 // the character; a number has numberBit set
	sound  uint32 // equal for units that sound alike; key itself when a unit has no sound of its own
	sep    rune   // the last blank, mark or bracket before it; 0 when it follows the unit before it at once
	depth  uint8  // 1 inside brackets
	digits string // of a number, as it is written
}

// numberBit marks the key of a number; the bits below are its value, or with oddBit a hash of how it is written.
const (
	numberBit = 1 << 31
	oddBit    = 1 << 30
)

func (u unit) number() bool { return u.key&numberBit != 0 }

// value is the number that u is, and whether it is one that can be compared by size.
func (u unit) value() (int, bool) {
	return int(u.key &^ numberBit), u.number() && u.key&oddBit == 0
}

func (u unit) letter() bool { return u.key < unicode.MaxASCII && !u.number() }

// units reads a text: repaired, simplified, half width, lower case, without punctuation.
func units(s string) []unit {
	runes := []rune(plain(s))
	out := make([]unit, 0, len(runes))
	sep, depth := ' ', uint8(0)
	for i := 0; i < len(runes); {
		if n, key := readNumber(runes[i:]); n > 0 {
			out = append(out, unit{key: key, sound: key, sep: sep, depth: depth, digits: string(runes[i : i+n])})
			sep, i = 0, i+n
			continue
		}
		switch r := runes[i]; {
		case unicode.IsLetter(r) || unicode.IsNumber(r):
			out = append(out, unit{key: uint32(r), sound: soundOf(r), sep: sep, depth: depth})
			sep = 0
		case strings.ContainsRune("([{<【《「〔", r):
			sep, depth = r, 1
		case strings.ContainsRune(")]}>】》」〕", r):
			sep, depth = r, 0
		default:
			sep = r
		}
		i++
	}
	return out
}

// readNumber reads a number at the begin of runes, in Arabic or Chinese digits; n is 0 when there is none.
func readNumber(runes []rune) (n int, key uint32) {
	for n < len(runes) && runes[n] >= '0' && runes[n] <= '9' {
		n++
	}
	if n > 0 {
		return n, numberKey(string(runes[:n]))
	}
	return readChineseNumber(runes)
}

func numberKey(digits string) uint32 {
	if v, err := strconv.Atoi(digits); err == nil && v < oddBit && (digits[0] != '0' || digits == "0") {
		return numberBit | uint32(v)
	}
	h := fnv.New32a()
	h.Write([]byte(digits))
	return numberBit | oddBit | h.Sum32()&(oddBit-1)
}

// chineseDigit is the value of a digit; -1 for what is none.
func chineseDigit(r rune) int {
	switch r {
	case '零', '〇':
		return 0
	case '一', '幺':
		return 1
	case '二', '两':
		return 2
	case '三':
		return 3
	case '四':
		return 4
	case '五':
		return 5
	case '六':
		return 6
	case '七':
		return 7
	case '八':
		return 8
	case '九':
		return 9
	}
	return -1
}

func chineseScale(r rune) int {
	switch r {
	case '十':
		return 10
	case '百':
		return 100
	case '千':
		return 1000
	}
	return 0
}

// readChineseNumber reads 一百二十三, 十二 and digits in a row such as 二三八. 百 and 千 begin no number, so 百货 is none.
func readChineseNumber(runes []rune) (n int, key uint32) {
	if len(runes) == 0 || chineseDigit(runes[0]) < 0 && runes[0] != '十' {
		return 0, 0
	}
	total, digit, scaled, written := 0, -1, false, ""
digits:
	for ; n < len(runes) && n < 9; n++ {
		scale, d := chineseScale(runes[n]), chineseDigit(runes[n])
		switch {
		case d >= 0:
			digit, written = d, written+strconv.Itoa(d)
			continue
		case scale == 10 && digit < 0 && n == 0:
			total, scaled = 10, true
			continue
		case scale > 0 && digit >= 0:
			total, digit, scaled = total+digit*scale, -1, true
			continue
		}
		break digits
	}
	switch {
	case n == 0:
		return 0, 0
	case !scaled:
		return n, numberKey(written)
	case digit > 0:
		total += digit
	}
	return n, numberKey(strconv.Itoa(total))
}

// show is how units are shown to people: numbers as they are written.
func show(us []unit) string {
	var b strings.Builder
	for _, u := range us {
		if u.number() {
			b.WriteString(u.digits)
		} else {
			b.WriteRune(rune(u.key))
		}
	}
	return b.String()
}

// same says whether two runs of units are equal, whatever stands around them.
func same(a, b []unit) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i].key != b[i].key {
			return false
		}
	}
	return true
}

// hash is a number for a run of units.
func hash(us []unit) uint64 {
	h := uint64(14695981039346656037)
	for _, u := range us {
		h = (h ^ uint64(u.key)) * 1099511628211
	}
	return h
}

// word is a word of the tables in this package, as the keys of its units.
type word []uint32

func wordOf(s string) word {
	var w word
	for _, u := range units(s) {
		w = append(w, u.key)
	}
	return w
}

func wordsOf(list ...string) []word {
	out := make([]word, len(list))
	for i, s := range list {
		out[i] = wordOf(s)
	}
	return out
}

// starts says whether us begins with w.
func starts(us []unit, w word) bool {
	if len(w) > len(us) {
		return false
	}
	for i, key := range w {
		if us[i].key != key {
			return false
		}
	}
	return true
}

// ends says whether us ends with w.
func ends(us []unit, w word) bool { return len(w) <= len(us) && starts(us[len(us)-len(w):], w) }

// isOneOf says whether us ends with one of the words.
func isOneOf(us []unit, words []word) bool {
	for _, w := range words {
		if ends(us, w) {
			return true
		}
	}
	return false
}
