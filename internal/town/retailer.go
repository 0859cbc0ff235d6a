package town

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// Retailer is one holder of a tobacco retail licence.
type Retailer struct {
	LicenceNo    string // 12 digits: area code, kind of holder, serial; unique
	Name         string
	Operator     string
	Address      string // full, from the county on
	Division     string // code of the township
	Squad        string // Org.Key of the squad whose area it is in
	Point        orb.Point
	Road         int // index into Graph.Roads; the road of the address
	Edge         int // index into Graph.Edges; the stretch in front of the shop
	HouseNo      int // rises along the road; odd on the left side, even on the right
	Status       string
	ValidFrom    time.Time // a calendar day at 00:00 UTC
	ValidTo      time.Time // the last day, at 00:00 UTC
	BusinessForm string    // one of BusinessForms
	PhoneTail    string    // last four digits of the shop's telephone
}

// Statuses of a licence that occur in a town.
const (
	Valid     = "valid"
	Suspended = "suspended" // 停业
	Closed    = "closed"    // 歇业
	Expired   = "expired"   // 届满未延续
)

// BusinessForms are the seven forms of the national classification.
func BusinessForms() []string {
	return []string{"食杂店", "便利店", "超市", "商场", "烟酒商店", "娱乐服务类", "其他"}
}

// slot is a place for a shop beside a road.
type slot struct {
	edge  int
	at    vec // absolute
	house int
	key   float64 // shops stand in the slots with the smallest keys
}

const (
	slotKm     = 0.012 // frontage of one house
	minClearKm = 0.007 // a shop stands at least so far from every road
)

// offsets from the middle of the road to a shop, in km, by class of road.
var offsets = [...]float64{0.03, 0.028, 0.025, 0.020, 0.016, 0.012}

// drawRetailers places the shops: most beside the streets of the county town
// and of the townships' seats, the rest in villages and along country roads.
func (t *Town) drawRetailers(beats []beat) {
	rng := stream(t.Options.Seed, "retailers", 0)
	slots := t.slots(rng)
	slices.SortFunc(slots, func(a, b slot) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.edge, b.edge), cmp.Compare(a.house, b.house))
	})
	taken := map[string]bool{}
	roads := t.roadHash()
	for _, s := range slots {
		if len(t.Retailers) == t.Options.Retailers {
			break
		}
		e := t.Graph.Edges[s.edge]
		c := t.drawn[t.Graph.Roads[e.Road].County]
		if c.wet(s.at.sub(c.at), 0.012) || !clear(s.at, roads) {
			continue
		}
		place := c.townshipAt(s.at.sub(c.at))
		address := fmt.Sprintf("%s%s%s%d号", c.names.county, c.places[place].name, t.Graph.Roads[e.Road].Name, s.house)
		if taken[address] {
			continue
		}
		taken[address] = true
		r := t.retailer(rng, s, c)
		r.Address, r.Division = address, c.townshipCode(place)
		t.Retailers = append(t.Retailers, r)
	}
	t.nameShops(stream(t.Options.Seed, "shops", 0))
	for i := range t.Retailers {
		c := t.drawn[t.Graph.Roads[t.Retailers[i].Road].County]
		k := c.townshipAt(fromLonLat(t.Retailers[i].Point).sub(c.at))
		for b := range beats {
			if t.Orgs[beats[b].org].Key == fmt.Sprintf("county%d-squad%d", c.index+1, c.squadOf[k]+1) {
				beats[b].shops++
				t.Retailers[i].Squad = t.Orgs[beats[b].org].Key
			}
		}
	}
}

// slots lists every place for a shop, with a random key that makes places on
// busy streets likelier.
func (t *Town) slots(rng *rand.Rand) []slot {
	byClass := [...]float64{0, 0.12, 0.8, 1.3, 1.2, 0.75}
	var out []slot
	for i, e := range t.Graph.Edges {
		w := byClass[e.Class]
		if w == 0 || e.Bridge {
			continue
		}
		pts := make([]vec, len(e.Line))
		for k, p := range e.Line {
			pts[k] = fromLonLat(p)
		}
		c := t.drawn[t.Graph.Roads[e.Road].County]
		length, start := lengthOf(pts), float64(e.Start)/1000
		for n := int(math.Ceil((start + 0.01) / slotKm)); float64(n)*slotKm < start+length-0.01; n++ {
			at, dir := along(pts, float64(n)*slotKm-start)
			weight := w * c.busy(at.sub(c.at))
			for side, sign := range []float64{1, -1} {
				off := offsets[e.Class] + (rng.Float64()-0.4)*0.004
				key := -math.Log(1-rng.Float64()) / weight
				out = append(out, slot{edge: i, at: at.add(dir.left().times(sign * off)), house: 2*n + 1 + side, key: key})
			}
		}
	}
	return out
}

// busy is the density of trade at p (relative to the county).
func (c *county) busy(p vec) float64 {
	w := 0.02 + 1.6*math.Exp(-p.dot(p)/(2*2.1*2.1))
	for _, q := range c.places {
		if !q.urban {
			d := p.sub(q.seat).len()
			w += 1.1 * math.Exp(-d*d/(2*q.radius*q.radius))
		}
	}
	for _, v := range c.villages {
		if d := p.sub(v.at).len(); d < 0.4 {
			w += 0.35
		}
	}
	return w
}

func (t *Town) roadHash() map[cell][][2]vec {
	out := map[cell][][2]vec{}
	for _, e := range t.Graph.Edges {
		for k := 1; k < len(e.Line); k++ {
			a, b := fromLonLat(e.Line[k-1]), fromLonLat(e.Line[k])
			ca, cb := cellOf(a, 0.1), cellOf(b, 0.1)
			for x := min(ca[0], cb[0]); x <= max(ca[0], cb[0]); x++ {
				for y := min(ca[1], cb[1]); y <= max(ca[1], cb[1]); y++ {
					out[cell{x, y}] = append(out[cell{x, y}], [2]vec{a, b})
				}
			}
		}
	}
	return out
}

// clear tells whether p stands off every road.
func clear(p vec, roads map[cell][][2]vec) bool {
	lo, hi := cellOf(p.sub(vec{minClearKm, minClearKm}), 0.1), cellOf(p.add(vec{minClearKm, minClearKm}), 0.1)
	for x := lo[0]; x <= hi[0]; x++ {
		for y := lo[1]; y <= hi[1]; y++ {
			for _, s := range roads[cell{x, y}] {
				if closest(p, s[0], s[1]).sub(p).len() < minClearKm {
					return false
				}
			}
		}
	}
	return true
}

// retailer fills in the licence, the place and the telephone.
func (t *Town) retailer(rng *rand.Rand, s slot, c *county) Retailer {
	e := t.Graph.Edges[s.edge]
	kind := 1
	if rng.Float64() < 0.17 {
		kind = 2
	}
	c.serial++
	r := Retailer{
		LicenceNo: fmt.Sprintf("%s%d%05d", c.code(), kind, c.serial*7%100000),
		Point:     toLonLat(s.at), Road: e.Road, Edge: s.edge, HouseNo: s.house,
		PhoneTail: fmt.Sprintf("%04d", rng.IntN(10000)),
	}
	t.validity(rng, &r)
	return r
}

// validity draws the status and dates that go with it: a licence runs five
// years, and a valid one ends after the day of the town.
func (t *Town) validity(rng *rand.Rand, r *Retailer) {
	day := t.Options.Date
	left := 1 + rng.IntN(5*365-1)
	switch x := rng.Float64(); {
	case x < 0.92:
		r.Status = Valid
	case x < 0.95:
		r.Status = Suspended
	case x < 0.98:
		r.Status = Closed
	default:
		r.Status = Expired
		left = -1 - rng.IntN(300)
	}
	r.ValidTo = day.AddDate(0, 0, left)
	r.ValidFrom = r.ValidTo.AddDate(-5, 0, 1)
}
