package address

import (
	"strings"
	"unicode"

	"jiujin/geo/zh"
)

// A feature is the hash of its kind and of the characters that it is about, so
// the model holds no text.

// place is what features look at for one character.
type place struct {
	char  rune // half width, lower case, simplified; digits are 0, letters a
	kind  rune // D digit, A letter, C Chinese number, P mark, S last word of a name, H other
	gaz   rune // level and place within a division of the gazetteer, 0 = none
	above rune // the lowest level of the divisions before
	run   int  // digits or letters in a row, this one among them; 0 for others
	runTo int  // first place behind the run
	runAt int  // first place of the run
}

// lastWords end the names of divisions, roads, buildings and numbers.
const lastWords = "省市州盟区县旗镇乡村街道路巷弄里胡同段桥组社屯庄湾苑园城厦楼座幢栋号室层单元店铺厂司院校场馆所站部寓墅邸庭轩阁坊口侧边旁面后前内"

const chineseNumbers = "零一二三四五六七八九十百甲乙丙丁东南西北"

func features(text []rune) [][]uint32 {
	places := look(text)
	out := make([][]uint32, len(text))
	room := make([]uint32, 0, len(text)*featuresEach)
	for i := range places {
		from := len(room)
		room = appendFeatures(room, places, i)
		out[i] = room[from:len(room):len(room)]
	}
	return out
}

func look(text []rune) []place {
	simple := []rune(zh.Simplify(string(text)))
	places := make([]place, len(text))
	for i := range places {
		r := unicode.ToLower(zh.HalfWidth(simple[i]))
		p := &places[i]
		switch {
		case r >= '0' && r <= '9':
			p.char, p.kind = '0', 'D'
		case r >= 'a' && r <= 'z':
			p.char, p.kind = 'a', 'A'
		case strings.ContainsRune(chineseNumbers, r):
			p.char, p.kind = r, 'C'
		case strings.ContainsRune(lastWords, r):
			p.char, p.kind = r, 'S'
		case unicode.IsLetter(r):
			p.char, p.kind = r, 'H'
		default:
			p.char, p.kind = r, 'P'
		}
		simple[i] = r
	}
	for i := 0; i < len(places); {
		to := i + 1
		if k := places[i].kind; k == 'D' || k == 'A' {
			for to < len(places) && places[to].kind == k {
				to++
			}
			for at := i; at < to; at++ {
				places[at].run, places[at].runAt, places[at].runTo = to-i, i, to
			}
		}
		i = to
	}
	markDivisions(places, simple)
	return places
}

// markDivisions marks the longest names of divisions from left to right.
func markDivisions(places []place, chars []rune) {
	g := divisions()
	above := rune('0')
	for i := 0; i < len(chars); {
		length, level, short := g.longest(chars[i:])
		if length == 0 {
			places[i].above = above
			i++
			continue
		}
		for k := range length {
			within := rune('I')
			switch k {
			case 0:
				within = 'B'
			case length - 1:
				within = 'E'
			}
			if short {
				within += 'a' - 'A'
			}
			places[i+k].gaz = rune(level)<<8 | within
			places[i+k].above = above
		}
		if !short {
			above = '0' + rune(level)
		}
		i += length
	}
}

// longest is the longest name that chars begin with; a name in full wins over
// a short one of the same length. length is 0 when there is none.
func (g *gazetteer) longest(chars []rune) (length int, level Level, short bool) {
	h := uint64(hashSeed)
	for k, r := range chars {
		h = hashStep(h, r)
		n, ok := g.byName[h]
		if !ok {
			break
		}
		switch {
		case len(n.whole) > 0:
			length, level, short = k+1, g.all[n.whole[0]].Level, false
		case len(n.short) > 0:
			length, level, short = k+1, g.all[n.short[0]].Level, true
		}
		if !n.prefix {
			break
		}
	}
	return length, level, short
}

const featuresEach = 48 // at most

// feature hashes its kind and what it is about.
func feature(kind uint32, about ...rune) uint32 {
	h := uint32(2166136261) ^ kind*0x9e3779b1
	for _, r := range about {
		h = (h ^ uint32(r)) * 16777619
		h ^= h >> 15
	}
	h ^= h >> 13
	h *= 0x85ebca6b
	return h ^ h>>16
}

func appendFeatures(out []uint32, places []place, i int) []uint32 {
	at := func(k int) place {
		if i+k < 0 {
			return place{char: '^', kind: '^'}
		}
		if i+k >= len(places) {
			return place{char: '$', kind: '$'}
		}
		return places[i+k]
	}
	p := places[i]
	a, b, c, d, e := at(-2), at(-1), at(1), at(2), at(3)
	z := at(-3)
	out = append(out,
		feature(0),
		feature(1, p.char), feature(2, b.char), feature(3, c.char), feature(4, a.char), feature(5, d.char),
		feature(6, b.char, p.char), feature(7, p.char, c.char), feature(8, a.char, b.char), feature(9, c.char, d.char),
		feature(10, b.char, c.char),
		feature(11, a.char, b.char, p.char), feature(12, b.char, p.char, c.char), feature(13, p.char, c.char, d.char),
		feature(14, z.char, a.char, b.char, p.char), feature(15, p.char, c.char, d.char, e.char),
		feature(16, a.char, b.char, p.char, c.char), feature(17, b.char, p.char, c.char, d.char),
		feature(18, c.char, d.char, e.char),
		feature(20, b.kind, p.kind, c.kind), feature(21, a.kind, b.kind, p.kind, c.kind, d.kind),
		feature(22, z.kind, a.kind, b.kind, p.kind, c.kind, d.kind, e.kind),
		feature(23, p.gaz, p.above), feature(24, b.gaz, p.gaz, c.gaz), feature(25, p.gaz, p.char), feature(26, b.gaz, b.char, p.char),
		feature(27, p.above, p.kind, c.char),
		feature(28, rune(min(i, 3)), rune(min(len(places)-i, 4))), feature(29, rune(min(i, 3)), p.char), feature(30, p.gaz, c.gaz, d.gaz, p.above),
	)
	out = appendRun(out, places, i)
	out = appendLastWords(out, places, i)
	return appendRepeats(out, places, i)
}

// appendRun adds what stands around a number or a row of letters.
func appendRun(out []uint32, places []place, i int) []uint32 {
	p := places[i]
	if p.run == 0 {
		return out
	}
	before, behind, behind2 := place{char: '^'}, place{char: '$'}, place{char: '$'}
	if p.runAt > 0 {
		before = places[p.runAt-1]
	}
	if p.runTo < len(places) {
		behind = places[p.runTo]
	}
	if p.runTo+1 < len(places) {
		behind2 = places[p.runTo+1]
	}
	first, length := rune(min(i-p.runAt, 1)), rune(min(p.run, 5))
	return append(out,
		feature(40, first, behind.char), feature(41, first, before.char), feature(42, first, before.char, behind.char),
		feature(43, first, length, behind.char), feature(44, first, length, before.char), feature(45, first, behind.char, behind2.char),
	)
}

const farthest = 8 // characters that the next last word may be away

// appendLastWords adds the next and the last word that ends a name.
func appendLastWords(out []uint32, places []place, i int) []uint32 {
	next, away := rune('$'), 0
	for k := i; k < len(places) && k < i+farthest; k++ {
		if kind := places[k].kind; kind == 'S' {
			next, away = places[k].char, k-i
			break
		} else if kind == 'D' && places[i].kind != 'D' || kind == 'P' && k > i {
			next, away = kind, k-i
			break
		}
	}
	last, back := rune('^'), 0
	for k := i - 1; k >= 0 && k > i-farthest; k-- {
		if kind := places[k].kind; kind == 'S' || kind == 'D' || kind == 'P' {
			last, back = places[k].char, i-k
			break
		}
	}
	return append(out,
		feature(50, next), feature(51, next, rune(away)), feature(52, last), feature(53, last, rune(back)),
		feature(54, last, next), feature(55, last, rune(back), next, rune(away)),
	)
}

// appendRepeats says whether this character and its neighbour stand in the
// text before or behind as well.
func appendRepeats(out []uint32, places []place, i int) []uint32 {
	if i+1 >= len(places) || places[i].kind == 'D' || places[i+1].kind == 'D' {
		return out
	}
	for k := range len(places) - 1 {
		if k == i || places[k].char != places[i].char || places[k+1].char != places[i+1].char {
			continue
		}
		if k < i {
			return append(out, feature(60, 'b'), feature(61, 'b', places[i].gaz))
		}
		return append(out, feature(60, 'f'), feature(61, 'f', places[i].gaz))
	}
	return out
}
