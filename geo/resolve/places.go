package resolve

import (
	"cmp"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Place is a named place that callers name beside a shop: a school, an estate, a station.
type Place struct {
	Name  string
	Kind  string
	Point orb.Point // WGS-84
}

// places finds the places that a text names.
type places struct {
	all    []Place
	byName map[uint64][]int32 // of the folded name
	length []int              // lengths of names that occur, descending
}

const (
	shortestPlace = 2  // units of a place's name
	longestPlace  = 16 // longer names are not looked for
	mostPlaces    = 40 // places of one name; more say nothing
)

func newPlaces(all []Place) *places {
	p := &places{all: all, byName: map[uint64][]int32{}}
	lengths := map[int]bool{}
	for i, place := range all {
		us := units(place.Name)
		if len(us) < shortestPlace || len(us) > longestPlace {
			continue
		}
		h := hash(us)
		p.byName[h] = append(p.byName[h], int32(i))
		lengths[len(us)] = true
	}
	for n := range lengths {
		p.length = append(p.length, n)
	}
	slices.SortFunc(p.length, func(a, b int) int { return cmp.Compare(b, a) })
	return p
}

// mention is a place's name in a text.
type mention struct {
	from, to int
	places   []int32
}

// mentions are the names of places in us, longer names first; none overlaps another.
func (p *places) mentions(us []unit) []mention {
	var out []mention
	for _, n := range p.length {
		for i := 0; i+n <= len(us); i++ {
			ids := p.byName[hash(us[i:i+n])]
			if len(ids) == 0 || len(ids) > mostPlaces || slices.ContainsFunc(out, func(m mention) bool { return i < m.to && m.from < i+n }) {
				continue
			}
			out = append(out, mention{i, i + n, ids})
		}
	}
	return out
}

// distance is how far a point is from the nearest place of the mention, and which place that is.
func (p *places) distance(m mention, from orb.Point) (geo.Metres, Place) {
	best, nearest := geo.Metres(-1), Place{}
	for _, id := range m.places {
		if d := geo.Distance(from, p.all[id].Point); best < 0 || d < best {
			best, nearest = d, p.all[id]
		}
	}
	return best, nearest
}
