package resolve

import (
	"math"
	"slices"

	"jiujin/geo"
)

// feature is one thing that speaks for or against a shop being the one that is meant.
type feature int

// What is compared. Nats are natural units of information: how surprising it were that a random shop agrees.
const (
	always         feature = iota
	size                   // logarithm of the number of shops in the register
	nameNats               // of the core of the name that the words hold
	nameMissing            // share of the core that they do not
	nameMisfit             // that share of the words that no road or landmark explains, when something else is left of them
	nameWhole              // 1: the core stands in the words as it is written
	branchNats             // of the branch
	branchDiffers          // 1: both name a branch, and not the same
	kindAgrees             // 1: the words hold the kind of shop
	kindDiffers            // 1: the words name another kind of shop
	roadNats               // of the road
	roadSlip               // 1: the road agrees but for a slip
	roadDiffers            // 1: both name a road, and not the same
	segmentDiffers         // 1: another part of the same road
	numberAgrees           // 1: the number on the same road
	numberClose            // 1: a number close by on the same road
	numberDiffers          // 1: another number on the same road
	numberAlone            // 1: the number, the road is not known
	fineAgrees             // count of buildings, floors and rooms that agree
	fineDiffers            // count of those that do not
	placeNats              // of estates, buildings and landmarks in the address
	areaNats               // of the divisions
	areaDiffers            // 1: both name a district, and not the same
	unexplained            // tens of nats of the words that the shop explains nothing of
	nearClose              // 1 at Query.Near, falling to 0
	nearFar                // logarithm of the distance from Query.Near
	landmarkClose          // 1 at a landmark of the words, falling to 0
	landmarkFar            // logarithm of the distance from it
	operatorNats           // of the person in charge
	phoneAgrees            // 1: the last four digits stand in the words
	over                   // 1: the licence is over
	features               // how many there are
)

// evidence is what is known of one shop with regard to one query.
type evidence struct {
	value  [features]float64
	shop   int32
	name   shopName
	parts  parts
	road   *road // of the shop, the one that agrees
	near   geo.Metres
	place  Place // the landmark that landmarkClose is about
	placeM geo.Metres
}

// judge compares shops with one query.
type judge struct {
	r    *Register
	q    *asked
	al   aligner
	used []bool // units of the words that the shop explains
	held []bool // units that the name may not count, because they are a road's or a landmark's
}

const mostName = 16 // nats that a name can tell

func (j *judge) evidence(shop int32) *evidence {
	s := &j.r.shops[shop]
	e := &evidence{shop: shop}
	e.value[always], e.value[size] = 1, math.Log(float64(len(j.r.shops)+1))
	clear(j.used)
	name, address := units(s.Name), units(s.Address)
	e.parts = scan(address, nil)
	j.roads(e)
	for i := range j.held {
		j.held[i] = j.used[i] || j.q.beside[i]
	}
	j.bestName(e, s, name)
	j.numbers(e)
	j.areas(e)
	j.askedArea(e, s)
	j.otherPlaces(e)
	j.people(e, s)
	j.distances(e, s)
	if s.Over {
		e.value[over] = 1
	}
	j.leftOver(e, name, address, s)
	return e
}

// bestName compares the name, and each alias in its place.
func (j *judge) bestName(e *evidence, s *Shop, name []unit) {
	j.compareName(e, name)
	for _, alias := range s.Aliases {
		other := &evidence{}
		used := append([]bool(nil), j.used...)
		j.compareName(other, units(alias))
		if other.value[nameNats] <= e.value[nameNats] {
			j.used = used
			continue
		}
		e.name = other.name
		for f := nameNats; f <= kindDiffers; f++ {
			e.value[f] = other.value[f]
		}
	}
}

func (j *judge) compareName(e *evidence, name []unit) {
	n := parseName(name)
	n.splitBrand(j.r.cores)
	e.name = n
	weights, total := j.weights(n.core, j.r.inName)
	if total > 0 {
		share := float64(j.al.align(n.core, weights, j.q.us, j.q.skip, j.held, j.used) / total)
		anywhere := share
		if share < 0.99 {
			anywhere = max(share, float64(j.al.align(n.core, weights, j.q.us, j.q.skip, nil, nil)/total))
		}
		known := j.r.rarity(j.r.cores[hash(n.core)])
		if j.r.cores[hash(n.core)] <= 1 {
			known = min(mostName, max(known, 0.7*total))
		}
		e.value[nameNats] = share * float64(min(known, total))
		e.value[nameMissing], e.value[nameMisfit] = 1-anywhere, 1-share
		if share > 0.99 {
			e.value[nameWhole] = 1
		}
	}
	if weights, total := j.weights(n.kind, j.r.inName); total > 0 {
		if j.al.align(n.kind, weights, j.q.us, j.q.skip, nil, j.used) >= 0.6*total {
			e.value[kindAgrees] = 1
		} else if j.q.kind {
			e.value[kindDiffers] = 1
		}
	}
	j.branch(e, n)
}

func (j *judge) branch(e *evidence, n shopName) {
	weights, total := j.weights(n.branch, j.r.inName)
	if total == 0 {
		return
	}
	share := j.al.align(n.branch, weights, j.q.us, j.q.skip, j.held, j.used) / total
	e.value[branchNats] = float64(share * min(total, mostName/2))
	if !n.signed || share >= 0.5 || len(j.q.branches) == 0 {
		return
	}
	for _, b := range j.q.branches {
		weights, total := j.weights(b, j.r.inName)
		if j.al.align(b, weights, n.branch, nil, nil, nil) >= 0.5*total {
			return
		}
	}
	e.value[branchDiffers] = 1
}

// weights are what each unit tells by how many shops have it, and their sum.
func (j *judge) weights(us []unit, counts map[uint32]int32) (each []float32, total float32) {
	each = make([]float32, len(us))
	for i, u := range us {
		each[i] = max(0.2, min(j.r.rarity(counts[u.key]), mostUnit))
		total += each[i]
	}
	return each, total
}

// closeNumber is how far apart the numbers of one shop may be in two lists.
const closeNumber = 6

func (j *judge) numbers(e *evidence) {
	switch gap := numberGap(e.parts.numbers, j.q.parts.numbers, houseNo); {
	case gap < 0:
	case e.road == nil && len(e.parts.roads) > 0 && len(j.q.parts.roads) > 0: // another road: the number tells nothing
	case e.road == nil:
		if gap == 0 {
			e.value[numberAlone] = 1
		}
	case gap == 0:
		e.value[numberAgrees] = 1
	case gap <= closeNumber:
		e.value[numberClose] = 1
	default:
		e.value[numberDiffers] = 1
	}
	for _, kind := range []numberKind{subNo, building, floor, room} {
		switch gap := numberGap(e.parts.numbers, j.q.parts.numbers, kind); {
		case gap == 0:
			e.value[fineAgrees]++
		case gap > 0:
			e.value[fineDiffers]++
		}
	}
}

// numberGap is the least gap between the numbers of a kind in two addresses; -1 when one of them has none.
func numberGap(a, b []number, kind numberKind) int {
	best := -1
	for _, x := range a {
		for _, y := range b {
			if x.kind != kind || y.kind != kind {
				continue
			}
			if gap := max(x.low-y.high, y.low-x.high, 0); best < 0 || gap < best {
				best = gap
			}
		}
	}
	return best
}

// indexOf is where part stands in us; -1 when it does not.
func indexOf(us, part []unit) int {
	for i := 0; i+len(part) <= len(us); i++ {
		if same(us[i:i+len(part)], part) {
			return i
		}
	}
	return -1
}

func (j *judge) otherPlaces(e *evidence) {
	for i := range j.held { // what the name has taken tells nothing again
		j.held[i] = j.used[i]
	}
	for _, p := range e.parts.places {
		weights, total := j.weights(p, j.r.inAddress)
		if covered := j.al.align(p, weights, j.q.us, j.q.skip, j.held, j.used); covered >= 0.4*total {
			e.value[placeNats] += float64(min(covered, mostName/2))
		}
	}
	e.value[placeNats] = min(e.value[placeNats], mostName)
}

func (j *judge) people(e *evidence, s *Shop) {
	if operator := units(s.Operator); len(operator) >= 2 {
		if at := indexOf(j.q.us, operator); at >= 0 {
			_, total := j.weights(operator, j.r.inName)
			e.value[operatorNats] = float64(min(total, mostName/2))
			for i := range operator {
				j.used[at+i] = true
			}
		}
	}
	if len(s.PhoneTail) == 4 {
		if at := indexOf(j.q.us, units(s.PhoneTail)); at >= 0 {
			e.value[phoneAgrees], j.used[at] = 1, true
		}
	}
}

func (j *judge) distances(e *evidence, s *Shop) {
	if s.Point == nil {
		return
	}
	if j.q.Near != nil {
		e.near = geo.Distance(*j.q.Near, *s.Point)
		e.value[nearClose], e.value[nearFar] = closeAndFar(e.near)
	}
	for i, m := range j.q.mentions {
		d, place := j.r.places.distance(m, *s.Point)
		if i > 0 && d >= e.placeM {
			continue
		}
		e.placeM, e.place = d, place
		e.value[landmarkClose], e.value[landmarkFar] = closeAndFar(d)
	}
	if e.value[landmarkClose] > 0.3 {
		for _, m := range j.q.mentions {
			for i := m.from; i < m.to; i++ {
				j.used[i] = true
			}
		}
	}
}

// closeAndFar says how close and how far a distance is, without units.
func closeAndFar(d geo.Metres) (near, far float64) {
	return math.Exp(-float64(d) / 150), math.Log1p(float64(d) / 500)
}

// leftOver sums up what the words say and the shop does not.
func (j *judge) leftOver(e *evidence, name, address []unit, s *Shop) {
	own := bigrams(bigrams(nil, name), address)
	numbers := map[uint32]bool{}
	for _, u := range slices.Concat(name, address) {
		numbers[u.key] = u.number()
	}
	left := float32(0)
	for i := range j.q.us {
		if u := j.q.us[i]; j.used[i] || j.q.weights[i] == 0 || numbers[u.key] {
			continue
		}
		if i > 0 && own[pairKey(j.q.us[i-1], j.q.us[i])] || i+1 < len(j.q.us) && own[pairKey(j.q.us[i], j.q.us[i+1])] {
			continue
		}
		left += j.q.weights[i]
	}
	e.value[unexplained] = float64(min(left, 60)) / 10
	if left <= 6 {
		e.value[nameMisfit] = 0
	}
}

func pairKey(a, b unit) uint64 { return uint64(a.key)<<32 | uint64(b.key) }
