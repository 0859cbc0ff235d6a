package resolve

import (
	"cmp"
	"math"
	"slices"
	"sync"

	"github.com/paulmach/orb"

	"jiujin/geo/address"
)

// Shop is one retailer as the resolution looks at it. Points are WGS-84.
type Shop struct {
	ID        int64
	LicenceNo string // "" when the list has none
	Name      string
	Operator  string // the person in charge; "" when not known
	Address   string
	District  string   // its name, when the list has it beside the address; "" when not
	PhoneTail string   // last four digits; "" when not known
	Aliases   []string // other names and places that callers have used for it
	Division  string   // code of the division; "" when not known
	Point     *orb.Point
	Over      bool // the licence is over
}

// Register is a list of shops in the form in which they are resolved. It does not change; any number of goroutines may
// use it.
type Register struct {
	shops  *shelf
	places *places
	beside *neighbours
	lists  *postings

	// How many shops have a unit in the name and in the address, a core of the name, a road, a division.
	inName, inAddress map[uint32]int32
	cores, roads      map[uint64]int32
	stems             map[uint64]int32

	bound   orb.Bound
	tallies sync.Pool
}

// NewRegister takes over shops and the places that callers may name beside them. Shops without a district get the name of
// the county that their division's code is of.
func NewRegister(shops []Shop, landmarks []Place) *Register {
	labelDistricts(shops)
	n := len(shops)
	r := &Register{
		shops: newShelf(shops), places: newPlaces(landmarks), bound: boundOf(shops),
		inName: map[uint32]int32{}, inAddress: map[uint32]int32{},
		cores: map[uint64]int32{}, roads: map[uint64]int32{}, stems: map[uint64]int32{},
	}
	r.count()
	r.lists, r.beside = newPostings(r.eachKey), newNeighbours(r.shops)
	r.tallies.New = func() any { return &tally{weights: make([]float32, n)} }
	return r
}

// labelDistricts names the districts of shops that have a code of one and no name.
func labelDistricts(shops []Shop) {
	for i := range shops {
		s := &shops[i]
		if s.District != "" || len(s.Division) < 6 {
			continue
		}
		if d, ok := address.DivisionByCode(s.Division[:6]); ok && d.Level == address.LevelCounty {
			s.District = d.Name
		}
	}
}

func boundOf(shops []Shop) orb.Bound {
	var points orb.MultiPoint
	for _, s := range shops {
		if s.Point != nil {
			points = append(points, *s.Point)
		}
	}
	if len(points) == 0 {
		return orb.Bound{Min: orb.Point{1, 1}, Max: orb.Point{-1, -1}}
	}
	return points.Bound().Pad(1)
}

// Len is the number of shops.
func (r *Register) Len() int { return r.shops.len() }

// Bound is the frame of all shops that have a place, with about a degree around; empty when none has one.
func (r *Register) Bound() orb.Bound { return r.bound }

// Shop is the shop with an id; false when there is none. It looks at each.
func (r *Register) Shop(id int64) (Shop, bool) {
	i := slices.IndexFunc(r.shops.rows, func(s row) bool { return s.id == id })
	if i < 0 {
		return Shop{}, false
	}
	return r.shops.at(int32(i)), true
}

// Compares says whether the shop with an id is among those that a query is compared with.
func (r *Register) Compares(q Query, id int64) bool {
	return slices.ContainsFunc(r.candidates(r.read(q)), func(shop int32) bool { return r.shops.rows[shop].id == id })
}

// count fills the frequencies.
func (r *Register) count() {
	for i := range r.shops.rows {
		s := r.shops.at(int32(i))
		name, address := units(s.Name), units(s.Address)
		countUnits(r.inName, name)
		countUnits(r.inAddress, address)
		n := parseName(name)
		r.cores[hash(n.core)]++
		p := scan(address, nil)
		p.within(labelled(s.District))
		for _, road := range p.roads {
			r.roads[hash(road.name)]++
		}
		for _, d := range p.divisions {
			r.stems[hash(d.stem)]++
		}
	}
}

func countUnits(into map[uint32]int32, us []unit) {
	seen := make(map[uint32]bool, len(us))
	for _, u := range us {
		if !seen[u.key] {
			seen[u.key] = true
			into[u.key]++
		}
	}
}

// eachKey calls f once for every shop and key.
func (r *Register) eachKey(f func(shop int32, key uint64)) {
	var keys []uint64
	for i := range r.shops.rows {
		s := r.shops.at(int32(i))
		keys = appendKeys(keys[:0], units(s.Name))
		keys = appendKeys(keys, units(s.Address))
		keys = appendKeys(keys, units(s.Operator))
		keys = appendKeys(keys, units(s.District))
		for _, a := range s.Aliases {
			keys = appendKeys(keys, units(a))
		}
		slices.Sort(keys)
		for _, key := range slices.Compact(keys) {
			f(int32(i), key)
		}
	}
}

// appendKeys adds what a text is looked up by: pairs of neighbouring units as written and as they sound, runs of three
// letters, and numbers.
func appendKeys(keys []uint64, us []unit) []uint64 {
	for i, u := range us {
		if u.number() {
			keys = append(keys, uint64(u.key))
		}
		if i == 0 {
			continue
		}
		before := us[i-1]
		if before.letter() && u.letter() {
			if i > 1 && us[i-2].letter() {
				keys = append(keys, uint64(us[i-2].key)<<48|uint64(before.key)<<32|uint64(u.key))
			}
			continue
		}
		keys = append(keys, uint64(before.key)<<32|uint64(u.key))
		if before.sound != before.key || u.sound != u.key {
			keys = append(keys, uint64(before.sound)<<32|uint64(u.sound))
		}
	}
	return keys
}

// mostPostings bounds what one query reads; keys that very many shops have are left out first.
const mostPostings = 400_000

// found is a shop and the weight of the keys that it shares with a query.
type found struct {
	shop   int32
	weight float32
}

// find is the k shops that share the rarest keys with us.
func (r *Register) find(us []unit, k int) []found {
	t := r.sharing(us, nil)
	defer r.tallies.Put(t)
	defer t.clear()
	return t.best(k)
}

// sharing weighs the shops by the keys that they share with those of us that without does not mark. It is to be cleared,
// and put back to r.tallies.
func (r *Register) sharing(us []unit, without []bool) *tally {
	var keys []uint64
	for from, to := 0, 0; from < len(us); from = to + 1 {
		for to = from; to < len(us) && (without == nil || !without[to]); to++ {
		}
		keys = appendKeys(keys, us[from:to])
	}
	slices.Sort(keys)
	keys = slices.Compact(keys)
	var lists []int
	for _, key := range keys {
		if list, ok := r.lists.find(key); ok {
			lists = append(lists, list)
		}
	}
	size := func(list int) int { return int(r.lists.count[list]) }
	slices.SortFunc(lists, func(a, b int) int { return cmp.Or(cmp.Compare(size(a), size(b)), cmp.Compare(a, b)) })
	t := r.tallies.Get().(*tally)
	left := mostPostings
	for _, list := range lists {
		if left -= size(list); left < 0 {
			break
		}
		t.weight = r.rarity(r.lists.count[list])
		r.lists.each(list, t.add)
	}
	return t
}

// tally sums up the weights of shops. Between uses all weights are 0.
type tally struct {
	weights []float32 // by shop
	weight  float32   // that add adds
	touched []int32
	top     []found
}

// add counts a shop with the weight of the moment.
func (t *tally) add(shop int32) {
	if t.weights[shop] == 0 {
		t.touched = append(t.touched, shop)
	}
	t.weights[shop] += t.weight
}

func (t *tally) clear() {
	for _, s := range t.touched {
		t.weights[s] = 0
	}
	t.touched = t.touched[:0]
}

// best is the k shops of the largest weights, the largest first.
func (t *tally) best(k int) []found {
	t.top = t.top[:0]
	for _, s := range t.touched {
		f := found{s, t.weights[s]}
		switch {
		case len(t.top) < k:
			t.top = append(t.top, f)
			if len(t.top) == k {
				for i := k/2 - 1; i >= 0; i-- {
					t.sink(i)
				}
			}
		case less(t.top[0], f):
			t.top[0] = f
			t.sink(0)
		}
	}
	out := slices.Clone(t.top)
	slices.SortFunc(out, func(a, b found) int {
		return cmp.Or(cmp.Compare(b.weight, a.weight), cmp.Compare(a.shop, b.shop))
	})
	return out
}

// less orders the heap: the smallest weight on top, of equal ones the later shop.
func less(a, b found) bool { return a.weight < b.weight || a.weight == b.weight && a.shop > b.shop }

func (t *tally) sink(i int) {
	for {
		child := 2*i + 1
		if child >= len(t.top) {
			return
		}
		if child+1 < len(t.top) && less(t.top[child+1], t.top[child]) {
			child++
		}
		if !less(t.top[child], t.top[i]) {
			return
		}
		t.top[i], t.top[child] = t.top[child], t.top[i]
		i = child
	}
}

// rarity is how much it says, in nats, that a shop has what n shops have.
func (r *Register) rarity(n int32) float32 {
	return float32(math.Log(float64(r.shops.len()+1) / (float64(n) + 0.5)))
}
