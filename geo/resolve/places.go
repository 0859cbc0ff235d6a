package resolve

import (
	"cmp"
	"math"
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
	places   []Place
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
			m := mention{from: i, to: i + n}
			for _, id := range ids {
				m.places = append(m.places, p.all[id])
			}
			out = append(out, m)
		}
	}
	return out
}

// distance is how far a point is from the nearest place of the mention, and which place that is.
func (m *mention) distance(from orb.Point) (geo.Metres, Place) {
	best, nearest := geo.Metres(-1), Place{}
	for _, p := range m.places {
		if d := geo.Distance(from, p.Point); best < 0 || d < best {
			best, nearest = d, p
		}
	}
	return best, nearest
}

// neighbours are the shops of a register by where they lie.
type neighbours struct {
	cells []uint64 // ascending; of each shop with a place
	shops []int32  // beside cells
}

// square is the side of a cell, in degrees: about 330 m from south to north.
const square = 0.003

func cellOf(p orb.Point) (x, y int32) {
	return int32(math.Floor(p[0] / square)), int32(math.Floor(p[1] / square))
}

func cellKey(x, y int32) uint64 { return uint64(uint32(x))<<32 | uint64(uint32(y)) }

func newNeighbours(shops *shelf) *neighbours {
	n := &neighbours{}
	for i := range shops.rows {
		if shops.located(int32(i)) {
			n.shops = append(n.shops, int32(i))
		}
	}
	of := func(shop int32) uint64 { return cellKey(cellOf(shops.rows[shop].point)) }
	slices.SortFunc(n.shops, func(a, b int32) int { return cmp.Or(cmp.Compare(of(a), of(b)), cmp.Compare(a, b)) })
	n.cells = make([]uint64, len(n.shops))
	for i, shop := range n.shops {
		n.cells[i] = of(shop)
	}
	return n
}

// around calls f for the shops in the cell of p and those beside it.
func (n *neighbours) around(p orb.Point, f func(shop int32)) {
	x, y := cellOf(p)
	for dx := int32(-1); dx <= 1; dx++ {
		for dy := int32(-1); dy <= 1; dy++ {
			key := cellKey(x+dx, y+dy)
			for i, _ := slices.BinarySearch(n.cells, key); i < len(n.cells) && n.cells[i] == key; i++ {
				f(n.shops[i])
			}
		}
	}
}
