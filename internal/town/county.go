package town

import (
	"math"
	"math/rand/v2"
)

// street is one named road before the network is cut into edges.
type street struct {
	name  string
	class Class
	pts   []vec
	over  bool    // may cross the river, on a bridge
	guide bool    // other streets do not run close beside it
	start float64 // km from the beginning of the road to pts[0]; above 0 after a gap
	place int     // index into county.places when it belongs to a township's seat; -1 otherwise
}

// place is a township: its seat, and later its area.
type place struct {
	name   string
	seat   vec
	radius float64 // of the built-up seat, in km
	urban  bool    // part of the county town
}

type village struct {
	name string
	at   vec
}

// county is one county under construction. All its coordinates are relative
// to at, the county's centre in the plane.
type county struct {
	index    int
	at       vec
	seed     uint64
	names    countyNames
	relief   field
	river    river
	lakes    []lake
	ringP    [2]float64
	rot      float64
	places   []place
	villages []village
	streets  []street
	greens   []area
	built    [][]vec
	used     map[string]bool // names given within the county
	guides   map[cell][][2]vec
	areas    [][][]vec // the bent, absolute outlines of each place
	serial   int       // of the last licence
	squadOf  []int     // the squad of each place, counted within the county
}

type area struct {
	class, name string
	ring        []vec
}

// drawCounty lays out water, town, townships, villages and every street.
func drawCounty(seed uint64, index int, at vec) *county {
	c := &county{
		index: index, at: at, seed: seed, names: namesOf(index),
		relief: field{seed ^ uint64(index+1)*0x51ed270b}, used: map[string]bool{},
	}
	rng := stream(seed, "land", index)
	c.ringP = [2]float64{rng.Float64() * 6.28, rng.Float64() * 6.28}
	c.rot = (rng.Float64() - 0.5) * 0.3
	c.river = newRiver(rng, c.names.river)
	c.placeLakes(rng)
	c.drawRing()
	c.placePonds(rng)
	c.placeTownships(rng)
	c.drawShores()
	c.drawTown(stream(seed, "streets", index))
	c.drawCountry(stream(seed, "country", index))
	c.drawSeats(stream(seed, "seats", index))
	c.drawLand(stream(seed, "green", index))
	return c
}

// ring is the radius of the ring road, in km, in a direction.
func (c *county) ring(angle float64) float64 {
	s, co := math.Sincos(angle)
	base := 3.45 * 2.85 / math.Hypot(2.85*co, 3.45*s)
	return base * (1 + 0.05*math.Sin(2*angle+c.ringP[0]) + 0.035*math.Sin(3*angle+c.ringP[1]))
}

// reach is the distance of p from the centre, as a share of the ring road's.
func (c *county) reach(p vec) float64 { return p.len() / c.ring(math.Atan2(p.Y, p.X)) }

// wet tells whether p is in water or within margin kilometres of it.
func (c *county) wet(p vec, margin float64) bool {
	if c.river.covers(p, margin) {
		return true
	}
	for _, l := range c.lakes {
		if l.covers(p, margin) {
			return true
		}
	}
	return false
}

func (c *county) placeLakes(rng *rand.Rand) {
	big := lake{name: c.names.lake, rx: 1.35 + rng.Float64()*0.3, ry: 0.9 + rng.Float64()*0.25, p2: rng.Float64() * 6.28, p3: rng.Float64() * 6.28}
	angle := math.Pi + 0.62 + rng.Float64()*0.25
	d := c.ring(angle) + 1.75
	for big.centre = polar(angle, d); c.near(big, 0.45); big.centre = polar(angle, d) {
		angle += 0.05
		d += 0.05
	}
	c.lakes = append(c.lakes, big)
	small := lake{name: c.names.reservoir, rx: 0.75, ry: 0.45, p2: rng.Float64() * 6.28, p3: rng.Float64() * 6.28}
	small.centre = vec{7.6 + rng.Float64()*1.5, 3.4 + rng.Float64()*1.2}
	for c.near(small, 0.6) {
		small.centre.Y += 0.2
	}
	c.lakes = append(c.lakes, small)
}

// placePonds puts small waters where neither the motorway nor the street that
// leads to the bridge runs.
func (c *county) placePonds(rng *rand.Rand) {
	for range 4 {
		p := lake{rx: 0.16 + rng.Float64()*0.14, ry: 0.12 + rng.Float64()*0.1, p2: rng.Float64() * 6.28, p3: rng.Float64() * 6.28}
		for range 200 {
			p.centre = vec{(rng.Float64() - 0.5) * 20, (rng.Float64() - 0.5) * 13}
			if r := c.reach(p.centre); (r < 0.8 || r > 1.6) && math.Abs(p.centre.turn(-c.rot).X) > 0.9 && c.fromMotorway(p.centre) > 0.7 && !c.near(p, 0.4) {
				c.lakes = append(c.lakes, p)
				break
			}
		}
	}
}

// near tells whether l comes within gap kilometres of other water.
func (c *county) near(l lake, gap float64) bool {
	for _, p := range l.shore(gap) {
		if c.wet(p, 0) {
			return true
		}
	}
	return c.wet(l.centre, gap)
}

func (c *county) placeTownships(rng *rand.Rand) {
	urban := []vec{{-0.9, 1.3}, {1.5, 0.9}, {-2.6, -1.2}, {0.9, -2.4}}
	for i, p := range urban {
		if i == 2 {
			p = c.lakes[0].centre.unit()
			p = p.times(0.85 * c.ring(math.Atan2(p.Y, p.X)))
			for c.wet(p, 0.2) {
				p.Y -= 0.1
			}
		}
		c.places = append(c.places, place{name: c.names.streets[i], seat: p, radius: 1.2, urban: true})
	}
	start := rng.Float64() * 0.5
	for i, name := range c.names.towns {
		angle := start + (float64(i)+rng.Float64()*0.4)*2*math.Pi/float64(len(c.names.towns))
		for k := 0; ; k++ {
			s, co := math.Sincos(angle)
			p := vec{9.6 * co, 6.9 * s}.times(0.86 + rng.Float64()*0.22)
			if !c.wet(p, 0.75) && c.fromMotorway(p) > 1.3 && c.reach(p) > 1.6 && inHexagon(p, 1.2) && c.fromSeats(p) > 3.4-0.02*float64(k) {
				c.places = append(c.places, place{name: name, seat: p, radius: 0.55 + rng.Float64()*0.3})
				break
			}
			angle += 0.06
		}
	}
}

func (c *county) fromMotorway(p vec) float64 {
	d := math.Inf(1)
	for _, s := range c.streets {
		for i := 1; s.class == Motorway && i < len(s.pts); i++ {
			d = min(d, closest(p, s.pts[i-1], s.pts[i]).sub(p).len())
		}
	}
	return d
}

// drawRing draws the ring road in four named quarters, and the motorway.
func (c *county) drawRing() {
	names := []string{"环城东路", "环城北路", "环城西路", "环城南路"}
	corners := []int{-60, 45, 135, 240, 300} // in degrees, away from the river
	for q, name := range names {
		var pts []vec
		for a := corners[q]; a <= corners[q+1]; a++ {
			t := float64(a) * math.Pi / 180
			pts = append(pts, polar(t, c.ring(t)))
		}
		c.add(street{name: name, class: Trunk, pts: pts, over: true, guide: true, place: -1})
	}
	way := chaikin([]vec{{-13.8, -3}, {-11.4, -1.9}, {-9.6, 0.6}, {-8.6, 3.6}, {-6.5, 5.6}, {-2, 5.5}, {3, 5.4}, {7.4, 6.4}, {12.2, 7}}, 4)
	for i, p := range way {
		e := smooth(min(float64(i), float64(len(way)-1-i)) / 12)
		way[i] = p.lerp(c.relief.bend(p, 0.35, 0.3), e)
	}
	for _, l := range c.lakes { // the motorway stays off the reservoir
		for i, p := range way {
			d := p.sub(l.centre)
			if r := l.radius(math.Atan2(d.Y, d.X)) + 0.3; d.len() < r {
				way[i] = l.centre.add(d.unit().times(r))
			}
		}
	}
	c.add(street{name: c.names.first() + "北高速", class: Motorway, pts: dense(way, 0.08), over: true, guide: true, place: -1})
}

// drawShores draws the roads along the river, within the ring road, and
// around the large lake.
func (c *county) drawShores() {
	for _, side := range []float64{1, -1} {
		name := "滨江北路"
		if side < 0 {
			name = "滨江南路"
		}
		var pts []vec
		for _, p := range c.river.bank(-6, 6, quay, side) {
			if c.reach(p) < 1.006 {
				pts = append(pts, p)
			}
		}
		c.add(street{name: name, class: Secondary, pts: pts, guide: true, place: -1})
	}
	shore := c.lakes[0].shore(0.09)
	var dry []vec
	for _, p := range append(shore, shore[0]) {
		if !c.river.covers(p, waterMargin) {
			dry = append(dry, p)
		}
	}
	c.add(street{name: "环湖路", class: Tertiary, pts: dry, guide: true, place: -1})
	// A causeway-free link from the ring road to the lakeside.
	dir := c.lakes[0].centre.unit()
	angle := math.Atan2(dir.Y, dir.X)
	d := dir.times(-1)
	end := c.lakes[0].centre.add(d.times(c.lakes[0].radius(math.Atan2(d.Y, d.X)) + 0.08))
	c.add(street{name: "湖滨路", class: Secondary, pts: dense([]vec{polar(angle, c.ring(angle)-0.1), end}, 0.06), guide: true, place: -1})
}

func (c *county) add(s street) {
	c.used[s.name] = true
	if len(s.pts) > 1 {
		c.streets = append(c.streets, s)
	}
}

// hexagon is the county's area before its border is bent: a flat-topped
// six-sided cell, 29.8 km by 20 km. Counties of a prefecture tile the plane.
var hexagon = []vec{{14.92, 0}, {11.08, 10}, {-11.08, 10}, {-14.92, 0}, {-11.08, -10}, {11.08, -10}}

// inHexagon tells whether p is at least margin kilometres inside the county.
func inHexagon(p vec, margin float64) bool {
	for i, a := range hexagon {
		b := hexagon[(i+1)%len(hexagon)]
		if b.sub(a).unit().cross(p.sub(a)) < margin {
			return false
		}
	}
	return true
}
