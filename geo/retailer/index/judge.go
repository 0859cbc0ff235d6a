package index

import (
	"bytes"
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// texts is what a document says, folded.
type texts struct {
	names    []byte // the name, then other names behind nameEnd
	address  []byte
	operator []byte
	licence  []byte
	phone    []byte
}

// nameEnd stands between the names of one shop. Folded texts do not hold it.
const nameEnd = 0x01

// Points of each kind of match, of 100. Nearness and the share of the name
// that was given come on top.
const (
	licenceWhole = 100
	nameWhole    = 90
	licencePart  = 85
	licenceBit   = 72 // of five digits or fewer, which are rather those of a telephone
	operatorAll  = 82
	nameBegin    = 80
	pinyinWhole  = 78
	phoneWhole   = 74
	initialsAll  = 72
	namePart     = 70
	operatorPart = 70
	pinyinBegin  = 66
	addressPart  = 64
	soundWhole   = 64
	initialsSome = 60
	soundPart    = 56
	pinyinPart   = 50
	initialsPart = 46
	otherName    = 2 // less for a name that is not the first
	fuzzy        = 6 // less for pinyin that only sounds alike

	nearPoints = 10 // at the very place; half at one kilometre
	areaPoints = 10 // in the area, or in the frame
	namePoints = 4  // when the text is as long as the name
	overPoints = 8  // less when the licence is over
)

// judge finds the best way in which a document fits, and its points; 0 means
// that it does not fit. It has room of its own for decoding: one judge serves
// one search.
type judge struct {
	w       *wanted
	needles [][]byte // w.words
	joined  []byte
	longest []byte
	runes   []rune
	rows    []int
	similar bool // slips of the pen count too
	pairs   []pair
	need    int
	seen    []bool
}

func newJudge(w *wanted) *judge {
	j := &judge{w: w, joined: []byte(w.joined), longest: []byte(w.longest)}
	for _, word := range w.words {
		j.needles = append(j.needles, []byte(word))
	}
	return j
}

// points judges t.
func (j *judge) points(t texts) (best Match, points float64) {
	better := func(m Match, p float64) {
		if p > points {
			best, points = m, p
		}
	}
	if j.w.number != "" {
		better(MatchLicence, j.licence(t))
	}
	if j.w.phone != "" && string(t.phone) == j.w.phone {
		better(MatchPhone, phoneWhole)
	}
	penalty := 0.0
	for name := range bytes.SplitSeq(t.names, []byte{nameEnd}) {
		m, p := j.name(name)
		if penalty > 0 && m == MatchName {
			m = MatchAlias
		}
		better(m, p-penalty)
		penalty = otherName
	}
	switch {
	case len(j.w.runes) < 2:
	case bytes.Equal(t.operator, j.joined):
		better(MatchOperator, operatorAll)
	case bytes.HasPrefix(t.operator, j.joined):
		better(MatchOperator, operatorPart)
	}
	if len(j.w.words) == 1 {
		if len(j.w.runes) >= 2 && bytes.Contains(t.address, j.joined) {
			better(MatchAddress, addressPart)
		}
	} else if m, p := j.all(t); p > 0 {
		better(m, p)
	}
	if points == 0 && j.similar {
		return j.slip(t)
	}
	return best, points
}

func (j *judge) licence(t texts) float64 {
	switch {
	case string(t.licence) == j.w.number:
		return licenceWhole
	case !bytes.HasPrefix(t.licence, j.joined) && !bytes.HasSuffix(t.licence, j.joined):
		return 0
	case len(j.joined) < 6:
		return licenceBit
	}
	return licencePart
}

// name judges one name against the words joined.
func (j *judge) name(name []byte) (best Match, points float64) {
	switch at := bytes.Index(name, j.joined); {
	case at == 0 && len(name) == len(j.joined):
		return MatchName, nameWhole
	case at == 0:
		return MatchName, nameBegin
	case at > 0:
		return MatchName, namePart
	}
	if j.w.latin == "" && j.w.sounds == nil {
		return "", 0
	}
	j.runes = runesOf(j.runes, name)
	if j.w.latin == "" {
		return MatchSound, j.sound(j.runes)
	}
	p, in := j.pinyin(j.runes), j.initials(j.runes)
	if in > p {
		return MatchInitials, in
	}
	return MatchPinyin, p
}

// pinyin is the points of a name that begins with, holds or is the spelling.
func (j *judge) pinyin(name []rune) (best float64) {
	v := voice()
	for _, so := range j.w.spellings {
		for at := 0; at+len(so) <= len(name); at++ {
			if at > 0 && len(j.w.latin) < 3 {
				break
			}
			fit := 2
			for i := 0; i < len(so) && fit > 0; i++ {
				fit = min(fit, v.fits(so[i], name[at+i]))
			}
			if fit == 0 {
				continue
			}
			points := float64(pinyinPart)
			switch {
			case at == 0 && len(so) == len(name) && so[len(so)-1].whole():
				points = pinyinWhole
			case at == 0:
				points = pinyinBegin
			}
			if fit == 1 {
				points -= fuzzy
			}
			best = max(best, points)
		}
	}
	return best
}

// initials is the points of a name whose initials begin with, hold or are the
// letters: two at the begin, three or more anywhere.
func (j *judge) initials(name []rune) (best float64) {
	v, letters := voice(), j.w.latin
	if len(letters) < 2 {
		return 0
	}
	for at := 0; at+len(letters) <= len(name); at++ {
		if at > 0 && len(letters) < 3 {
			break
		}
		fit := true
		for i := 0; i < len(letters) && fit; i++ {
			fit = v.kinds(name[at+i]).set>>v.first[letters[i]]&1 != 0
		}
		switch {
		case !fit:
		case at == 0 && len(letters) == len(name):
			return initialsAll
		case at == 0:
			return initialsSome
		default:
			best = initialsPart
		}
	}
	return best
}

// sound is the points of a name that sounds like the text, or holds what does.
func (j *judge) sound(name []rune) (best float64) {
	v, want := voice(), j.w.sounds
	for at := 0; at+len(want) <= len(name); at++ {
		fit := true
		for i := 0; i < len(want) && fit; i++ {
			fit = v.sharesSound(name[at+i], want[i])
		}
		switch {
		case !fit:
		case at == 0 && len(want) == len(name):
			return soundWhole
		default:
			best = soundPart
		}
	}
	return best
}

// sharesSound says whether r can have one of the sounds.
func (v *voices) sharesSound(r rune, sounds []sound) bool {
	for _, s := range v.kinds(r).sounds {
		if slices.Contains(sounds, s) {
			return true
		}
	}
	return false
}

// all judges a document in which each word has to be somewhere: by where the
// longest is.
func (j *judge) all(t texts) (Match, float64) {
	for _, word := range j.needles {
		if !bytes.Contains(t.names, word) && !bytes.Contains(t.address, word) && !bytes.Contains(t.operator, word) {
			return "", 0
		}
	}
	switch {
	case bytes.Contains(t.names, j.longest):
		return MatchName, namePart
	case bytes.Contains(t.address, j.longest):
		return MatchAddress, addressPart
	}
	return MatchOperator, operatorPart - 10
}

// bonus is what the place and the state of a shop add to its points.
type bonus struct {
	near   *geo.Vector
	at     orb.Point // near as a point
	area   string
	view   *orb.Bound
	length int // characters of the text
}

func (b *bonus) score(points float64, nameRunes int, d *placed) float64 {
	points += namePoints * min(1, float64(b.length)/max(1, float64(nameRunes)))
	if d.distance >= 0 {
		points += nearness(d.distance)
	}
	if b.area != "" && strings.HasPrefix(d.division, b.area) || b.view != nil && d.located && b.view.Contains(d.point) {
		points += areaPoints
	}
	if d.over {
		points -= overPoints
	}
	return max(0, min(100, points))
}

func nearness(d geo.Metres) float64 { return nearPoints / (1 + float64(d)/1000) }

// placed is where a document is and what state it is in.
type placed struct {
	division string
	point    orb.Point
	located  bool
	over     bool
	distance geo.Metres // negative when not known
}

// distanceTo is the distance from near; negative when one of the places is not
// known.
func (p *placed) distanceTo(near *geo.Vector) geo.Metres {
	if near == nil || !p.located {
		return -1
	}
	return near.Distance(geo.VectorOf(p.point))
}
