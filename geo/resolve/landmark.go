package resolve

import (
	"slices"

	"jiujin/geo"
)

// tyingWords are the words that tie a shop to a landmark before them.
var tyingWords = wordsOf(
	"斜对面", "正对面", "旁边", "边上", "对面", "附近", "隔壁", "楼下", "楼上", "里面", "里头", "门口", "后面", "前面", "侧面", "旁",
)

// placedAt is the word that begins a landmark after a name: 克莉丝汀在南苑小学旁边.
var placedAt = wordOf("在")

const (
	longestLandmark = 14
	leastLandmark   = 3  // units of a landmark that is looked for in the register
	mostLandmarks   = 6  // places that one can be; more say nothing
	mostHolders     = 60 // shops that are looked at for it
	onePlace        = geo.Metres(300)
)

// landmarks marks the landmarks of words such as 阳光小区旁边的利民超市, and finds where those lie that are no named places:
// at shops of that name, and at those that have it in the address. When nothing is left that can be the shop, none are
// marked.
func (r *Register) landmarks(a *asked) {
	a.beside = make([]bool, len(a.us))
	marked := 0
	var found []mention
	for i := range a.us {
		if !slices.ContainsFunc(tyingWords, func(w word) bool { return starts(a.us[i:], w) }) {
			continue
		}
		k := i
		for k > 0 && k > i-longestLandmark && !a.beside[k-1] && !starts(a.us[k-1:], placedAt) {
			k--
			if a.beside[k] = true; a.us[k].sep != 0 {
				break
			}
		}
		if marked += i - k; i-k >= leastLandmark {
			found = append(found, mention{from: k, to: i})
		}
	}
	if len(a.us)-marked < 4 {
		clear(a.beside)
		return
	}
	for _, m := range found {
		overlaps := func(o mention) bool { return o.from < m.to && m.from < o.to }
		if m.from = afterFillers(a.skip, m); m.to-m.from < leastLandmark || slices.ContainsFunc(a.mentions, overlaps) {
			continue
		}
		if m.places = r.holders(a.us[m.from:m.to]); len(m.places) > 0 {
			a.mentions = append(a.mentions, m)
		}
	}
}

func afterFillers(skip []bool, m mention) int {
	for m.from < m.to && skip[m.from] {
		m.from++
	}
	return m.from
}

// holders are the places of shops whose name or address holds a landmark; those named like it go before all others.
func (r *Register) holders(us []unit) []Place {
	var named, others []Place
	short := dropDivision(us)
	for _, f := range r.find(us, mostHolders) {
		s := r.shops.at(f.shop)
		if s.Point == nil {
			continue
		}
		name, place := units(s.Name), Place{Name: show(us), Point: *s.Point}
		switch {
		case soundsSame(dropDivision(name), short):
			named = addPlace(named, place)
		case soundsIn(name, short) || soundsIn(units(s.Address), short):
			others = addPlace(others, place)
		}
	}
	if len(named) == 0 {
		named = others
	}
	if len(named) > mostLandmarks {
		return nil
	}
	return named
}

// addPlace adds a place unless it is one of those that are there.
func addPlace(to []Place, p Place) []Place {
	if slices.ContainsFunc(to, func(o Place) bool { return geo.Distance(o.Point, p.Point) < onePlace }) {
		return to
	}
	return append(to, p)
}

// soundsIn says whether us holds part, or units that sound like it.
func soundsIn(us, part []unit) bool {
	for i := 0; i+len(part) <= len(us); i++ {
		if soundsSame(us[i:i+len(part)], part) {
			return true
		}
	}
	return false
}

func soundsSame(a, b []unit) bool {
	return slices.EqualFunc(a, b, func(x, y unit) bool { return x.sound == y.sound })
}
