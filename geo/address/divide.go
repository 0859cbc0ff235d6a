package address

import (
	"cmp"
	"slices"
	"strings"
	"unicode"

	"jiujin/geo/zh"
)

// Mention is a division that a text names. Start and End count characters of
// the text.
type Mention struct {
	Division
	Start, End int
}

// Divide finds the divisions that a text names, with or without their last
// word (四川, 武穴), in the order of the text. Which of several divisions of one
// name is meant is decided by the others in the text and by within, the code
// or the beginning of the code of the area the caller speaks of ("" = none);
// a name that stays open is left out, and so is a name that is the beginning
// of a road or a place (朝阳路).
func Divide(text, within string) []Mention {
	chars := []rune(zh.Simplify(text))
	for i, r := range chars {
		chars[i] = unicode.ToLower(zh.HalfWidth(r))
	}
	g := divisions()
	names := g.names(chars)
	within = significant(within)
	var mentions []Mention
	for i, n := range names {
		best, second := -1, -1
		var meant int32
		for _, d := range n.divisions {
			if v := g.fit(d, n, names, i, within); v > best {
				best, second, meant = v, best, d
			} else if v > second {
				second = v
			}
		}
		if best == second || best < 0 {
			continue
		}
		mentions = append(mentions, Mention{g.all[meant], n.start, n.end})
	}
	return mentions
}

// named is a name of divisions in a text.
type named struct {
	start, end int
	divisions  []int32
	short      bool // without its last word
	weak       bool // says little by itself: the short name of a township, or amid other words
}

const mostNames = 12 // of divisions in one text; what follows is not looked at

// names are the names in a text, the longest from left to right.
func (g *gazetteer) names(chars []rune) []named {
	var found []named
	end := 0 // of the name before
	for i := 0; i < len(chars) && len(found) < mostNames; {
		length, _, short := g.longest(chars[i:])
		if length == 0 || short && g.partOfAnother(chars[i+length:]) {
			i++
			continue
		}
		n := g.byName[hashOf(chars[i:i+length])]
		next := named{start: i, end: i + length, divisions: n.whole, short: short}
		if short {
			next.divisions = n.short
			next.weak = i != end || g.all[n.short[0]].Level == LevelTownship
		}
		found = append(found, next)
		i += length
		end = i
	}
	return found
}

func hashOf(chars []rune) uint64 {
	h := uint64(hashSeed)
	for _, r := range chars {
		h = hashStep(h, r)
	}
	return h
}

// partOfAnother says that the short name is but the beginning of the name of
// a road, a place or a shop: 朝阳路, 朝阳中路. It is not when the name of a
// division follows.
func (g *gazetteer) partOfAnother(behind []rune) bool {
	const things = "路街巷道弄桥站店厦苑园城社院校楼馆行场厂湖山寺庙河江"
	if len(behind) == 0 {
		return false
	}
	if length, _, short := g.longest(behind); length > 0 && !short {
		return false
	}
	return strings.ContainsRune(things, behind[0]) || strings.ContainsRune("大公新东南西北中国小老一二三四五烟酒超便百副食商", behind[0])
}

// fit is how well division d agrees with the other names of the text and with
// the caller's area: 8 for the area, 4 for each name that holds it or that it
// holds, 1 for each level upwards; -1 when it says too little by itself.
func (g *gazetteer) fit(d int32, n named, names []named, at int, within string) int {
	division, score := g.all[d], 0
	if within != "" && (strings.HasPrefix(division.Code, within) || strings.HasPrefix(within, significant(division.Code))) {
		score += 8
	}
	for i, other := range names {
		if i == at {
			continue
		}
		if slices.ContainsFunc(other.divisions, func(o int32) bool { return related(division, g.all[o]) }) {
			score += 4
		}
	}
	if score == 0 && n.weak {
		return -1
	}
	return score + int(LevelTownship-division.Level)
}

// related says that one division holds the other.
func related(a, b Division) bool {
	if a.Level > b.Level {
		a, b = b, a
	}
	return a.Level < b.Level && strings.HasPrefix(b.Code, significant(a.Code))
}

// significant is a code without the zeros that stand for all divisions below.
func significant(code string) string {
	for strings.HasSuffix(code, "00") && len(code) <= 6 {
		code = code[:len(code)-2]
	}
	return code
}

// Lowest is the mention of the lowest level, the first of equals. ok is false
// when there is none.
func Lowest(mentions []Mention) (m Mention, ok bool) {
	if len(mentions) == 0 {
		return Mention{}, false
	}
	return slices.MaxFunc(mentions, func(a, b Mention) int { return cmp.Compare(a.Level, b.Level) }), true
}
