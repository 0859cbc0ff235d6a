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
	always          feature = iota
	size                    // logarithm of the number of shops in the register
	nameNats                // of the core of the name that the words hold
	nameMissing             // share of the core that they do not
	nameMisfit              // that share of the words that no road or landmark explains, when something else is left of them
	nameWhole               // 1: the core stands in the words as it is written
	nameBeside              // 1: the words name the shop as what another one lies beside
	branchNats              // of the branch
	branchDiffers           // 1: both name a branch, and not the same
	kindAgrees              // 1: the words hold the kind of shop
	kindDiffers             // 1: the words name another kind of shop
	roadNats                // of the road
	roadSlip                // 1: the road agrees but for a slip
	roadDiffers             // 1: both name a road, and not the same
	segmentDiffers          // 1: another part of the same road
	numberAgrees            // 1: the number on the same road
	numberClose             // 1: a number close by on the same road
	numberDiffers           // 1: another number on the same road
	numberFar               // logarithm of how far away it is
	numberElsewhere         // 1: the number, on a road that differs
	numberAlone             // 1: the number, the road is not known
	fineAgrees              // count of buildings, floors and rooms that agree
	fineDiffers             // count of those that do not
	placeNats               // of estates, buildings and landmarks in the address
	areaNats                // of the divisions
	areaDiffers             // 1: both name a district, and not the same
	unexplained             // tens of nats of the words that the shop explains nothing of
	nearClose               // 1 at Query.Near, falling to 0
	nearFar                 // logarithm of the distance from Query.Near
	landmarkClose           // 1 at a landmark of the words, falling to 0
	landmarkFar             // logarithm of the distance from it
	operatorNats            // of the person in charge
	phoneAgrees             // 1: the last four digits stand in the words
	over                    // 1: the licence is over
	features                // how many there are
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

	// What agrees, as the register writes it.
	nameAgreed, branchAgreed string
	areaAgreed, placeAgreed  []string
}

// judge compares shops with one query.
type judge struct {
	r    *Register
	q    *asked
	al   aligner
	used []bool // units of the words that the shop explains
	road []bool // those that are its road, written as one
	held []bool // units that the name may not count, because they are a road's or a landmark's

	labels map[string][]division // of districts, read already
}

func (r *Register) judge(a *asked) *judge {
	n := len(a.us)
	return &judge{r: r, q: a, used: make([]bool, n), road: make([]bool, n), held: make([]bool, n), labels: map[string][]division{}}
}

// label is labelled, read once for a query.
func (j *judge) label(district string) []division {
	l, ok := j.labels[district]
	if !ok {
		l = labelled(district)
		j.labels[district] = l
	}
	return l
}

// tells says whether what align found is more than one unit that only sounds alike, and no mere words of a call.
func (j *judge) tells() bool {
	for _, i := range j.al.at {
		if !j.q.skip[i] {
			return len(j.al.at) > 1 || j.al.written == 1
		}
	}
	return false
}

// use marks what align found as explained.
func (j *judge) use() {
	for _, i := range j.al.at {
		j.used[i] = true
	}
}

const mostName = 16 // nats that a name can tell

func (j *judge) evidence(shop int32) *evidence {
	found := j.r.shops.at(shop)
	s := &found
	e := &evidence{shop: shop}
	e.value[always], e.value[size] = 1, math.Log(float64(j.r.shops.len()+1))
	clear(j.used)
	clear(j.road)
	name, address := units(s.Name), units(s.Address)
	e.parts = scan(address, nil)
	e.parts.within(j.label(s.District))
	j.roads(e)
	for i := range j.held {
		j.held[i] = j.road[i] || j.q.beside[i]
	}
	j.bestName(e, s, name)
	j.numbers(e)
	j.areas(e)
	j.askedArea(e, s)
	j.otherPlaces(e)
	j.people(e, s)
	j.distances(e, s, address)
	if s.Over {
		e.value[over] = 1
	}
	j.leftOver(e, name, address, s)
	return e
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

// leastPlace is the share of a place's name that must be in the words to count.
const leastPlace = 0.6

func (j *judge) otherPlaces(e *evidence) {
	for i := range j.held { // what the name has taken tells nothing again
		j.held[i] = j.used[i]
	}
	for _, p := range e.parts.places {
		weights, total := j.weights(p, j.r.inAddress)
		if covered := j.al.align(p, weights, j.q.us, j.q.skip, j.held); covered >= leastPlace*total && j.tells() {
			j.use()
			e.value[placeNats] += float64(min(covered, mostName/2))
			e.placeAgreed = append(e.placeAgreed, show(j.al.agreed))
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

func (j *judge) distances(e *evidence, s *Shop, address []unit) {
	if s.Point == nil {
		return
	}
	if j.q.Near != nil {
		e.near = geo.Distance(*j.q.Near, *s.Point)
		e.value[nearClose], e.value[nearFar] = closeAndFar(e.near)
	}
	for i, m := range j.q.mentions {
		d, place := m.distance(*s.Point)
		if soundsIn(address, j.q.us[m.from:m.to]) {
			d, place.Name = 0, show(j.q.us[m.from:m.to])
		}
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
	us, left := j.q.us, float32(0)
	for i := range us {
		switch {
		case j.used[i] || j.q.weights[i] == 0:
		case us[i].number() && (has(name, us[i]) || has(address, us[i])):
		case i > 0 && holds(name, address, us[i-1], us[i]), i+1 < len(us) && holds(name, address, us[i], us[i+1]):
		default:
			left += j.q.weights[i]
		}
	}
	e.value[unexplained] = float64(min(left, 60)) / 10
	if left <= 6 {
		e.value[nameMisfit] = 0
	}
}

func has(us []unit, u unit) bool {
	return slices.ContainsFunc(us, func(o unit) bool { return o.key == u.key })
}

// holds says whether one of two texts has two units after each other.
func holds(name, address []unit, x, y unit) bool {
	return hasPair(name, x, y) || hasPair(address, x, y)
}

func hasPair(us []unit, x, y unit) bool {
	for i := 1; i < len(us); i++ {
		if us[i].key == y.key && us[i-1].key == x.key {
			return true
		}
	}
	return false
}
