// Package town draws a county that does not exist, with its roads, water,
// townships, shops, squads, vehicles and callers. The same options give the
// same bytes. Nothing in it is taken from a real register or map.
package town

import (
	"time"

	"github.com/paulmach/orb"
)

// Options sets the size of what Generate draws. A zero count takes the value
// that County has, times the number of counties.
type Options struct {
	Seed uint64
	// Counties is the number of counties of the one prefecture; zero means 1.
	// Area, towns and roads grow with it.
	Counties int
	// Retailers is cut to 50,000 for each county, and to the places beside the
	// roads, of which a county has more than that.
	Retailers int
	Units     int
	// Squads is cut to 11 for each county: no squad is smaller than a township.
	Squads int
	// Date is the calendar day from which licence dates are counted back and
	// forward; zero means 22 November 2026.
	Date time.Time
}

// County is one county: 5,200 retailers, 40 units, 7 squads.
func County() Options {
	return Options{Seed: 12313, Counties: 1, Retailers: 5200, Units: 40, Squads: 7}
}

// Prefecture is ten counties: 52,000 retailers, 400 units, 70 squads.
func Prefecture() Options {
	return Options{Seed: 12313, Counties: 10, Retailers: 52000, Units: 400, Squads: 70}
}

func (o Options) filled() Options {
	o.Counties = max(o.Counties, 1)
	def := func(v *int, each int) {
		if *v <= 0 {
			*v = each * o.Counties
		}
	}
	def(&o.Retailers, 5200)
	def(&o.Units, 40)
	def(&o.Squads, 7)
	o.Retailers = min(o.Retailers, 50000*o.Counties)
	o.Squads = min(max(o.Squads, o.Counties), 11*o.Counties)
	if o.Date.IsZero() {
		o.Date = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	}
	o.Date = time.Date(o.Date.Year(), o.Date.Month(), o.Date.Day(), 0, 0, 0, 0, time.UTC)
	return o
}

// Town is everything that Generate draws. It is not changed afterwards and may
// be read by several goroutines. All points are WGS-84, longitude first.
type Town struct {
	Options Options // as used, zero values replaced
	Bounds  orb.Bound
	Centre  orb.Point // the middle of the first county's town
	Graph   *Graph
	// Divisions lists the province, the prefecture, then each county followed
	// by its townships.
	Divisions []Division
	Orgs      []Org
	Units     []Unit
	Users     []User
	Retailers []Retailer

	drawn []*county
}

// Generate draws a town. It cannot fail: any options give a town.
func Generate(o Options) *Town {
	o = o.filled()
	t := &Town{Options: o, Centre: toLonLat(vec{})}
	for i := range o.Counties {
		t.drawn = append(t.drawn, drawCounty(o.Seed, i, tile(i)))
	}
	t.Graph = buildGraph(t.drawn)
	beats := t.drawOrgs()
	t.drawRetailers(beats)
	t.drawUnits(beats)
	t.drawUsers()
	t.Bounds = t.Divisions[0].Area.Bound()
	return t
}

// tile is the centre of county i: the hexagons of a spiral around the first.
func tile(i int) vec {
	if i == 0 {
		return vec{}
	}
	steps := []vec{{26, 10}, {0, 20}, {-26, 10}, {-26, -10}, {0, -20}, {26, -10}}
	ring := 1
	for i > 6*ring {
		i -= 6 * ring
		ring++
	}
	i--
	side, k := i/ring, i%ring
	return steps[side].times(float64(ring)).add(steps[(side+2)%6].times(float64(k)))
}
