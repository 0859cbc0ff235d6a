package town

import (
	"math"
	"math/rand/v2"
)

// grid is a slightly bent street grid. u and v are coordinates along its two
// directions, in km; us and vs are the positions of its arterial streets.
type grid struct {
	c      *county
	rng    *rand.Rand
	place  int
	us, vs []float64
	xy     func(u, v float64) vec
	keep   func(i, j int) bool // is the block between us[i], us[i+1] and vs[j], vs[j+1] built?
	limit  func(p vec) float64 // blocks longer than this are split by another street
	class  func(along, line int) Class
	name   func(along, line int, positive bool) string
	over   func(along, line int) bool
	parks  float64 // share of small blocks that are parks
}

// overshoot makes a street that ends on another reach across it for certain;
// what stands out is trimmed when the network is built.
const overshoot = 0.012

// draw emits the grid's streets.
func (g *grid) draw() {
	for along := range 2 {
		g.arterials(along)
	}
	for i := range len(g.us) - 1 {
		for j := range len(g.vs) - 1 {
			if g.keep(i, j) {
				g.suburb(g.us[i], g.us[i+1], g.vs[j], g.vs[j+1])
				g.split(g.us[i], g.us[i+1], g.vs[j], g.vs[j+1])
			}
		}
	}
}

// arterials draws the lines along v (along 0, at each u) or along u (1, at
// each v), wherever one of the blocks beside them is built.
func (g *grid) arterials(along int) {
	lines, cross := g.us, g.vs
	if along == 1 {
		lines, cross = g.vs, g.us
	}
	built := func(line, k int) bool {
		if line < 0 || line >= len(lines)-1 {
			return false
		}
		if along == 0 {
			return g.keep(line, k)
		}
		return g.keep(k, line)
	}
	for line, at := range lines {
		// The name changes in the middle of the town, but not on the bridge.
		half := indexOf(cross, 0)
		for g.over(along, line) && half < len(cross)-1 && g.c.wet(g.point(along, at, cross[half]), 0.3) {
			half++
		}
		start := -1
		for k := 0; k < len(cross); k++ {
			on := k < len(cross)-1 && (g.over(along, line) && g.c.reach(g.point(along, at, (cross[k]+cross[k+1])/2)) < 1 || built(line-1, k) || built(line, k))
			if start >= 0 && (!on || k == half) {
				g.line(along, line, at, cross[start], cross[k])
				start = -1
			}
			if on && start < 0 {
				start = k
			}
		}
	}
}

func (g *grid) point(along int, at, t float64) vec {
	if along == 0 {
		return g.xy(at, t)
	}
	return g.xy(t, at)
}

func (g *grid) line(along, line int, at, from, to float64) {
	s := street{
		name: g.name(along, line, from+to > 0), class: g.class(along, line),
		pts: g.curve(along, at, from, to), over: g.over(along, line), start: max(from, 0), place: g.place,
	}
	if from+to < 0 { // house numbers rise from the middle of the town outwards
		s.pts, s.start = reversed(s.pts), max(-to, 0)
	}
	g.c.add(s)
}

func (g *grid) curve(along int, at, from, to float64) []vec {
	n := max(2, int(math.Ceil((to-from)/0.05)))
	pts := make([]vec, 0, n+1)
	for k := 0; k <= n; k++ {
		pts = append(pts, g.point(along, at, from+(to-from)*float64(k)/float64(n)))
	}
	return pts
}

// split divides a block by a street across its longer side, and so on, which
// gives T-junctions and blocks of uneven size, as in a town that has grown.
func (g *grid) split(u0, u1, v0, v1 float64) {
	w, h := u1-u0, v1-v0
	mid := g.xy((u0+u1)/2, (v0+v1)/2)
	limit := g.limit(mid) * (0.8 + 0.4*g.rng.Float64())
	if max(w, h) < limit {
		return
	}
	if max(w, h) < 0.5 && w*h > 0.03 && g.rng.Float64() < g.parks && !g.c.wet(mid, 0.2) {
		g.park(u0, u1, v0, v1)
		return
	}
	t := 0.38 + 0.24*g.rng.Float64()
	class := Residential
	if max(w, h) > 0.55 {
		class = Tertiary
	}
	s := street{class: class, place: g.place}
	if w > h {
		m := u0 + w*t
		s.pts, s.name = g.curve(0, m, v0-overshoot, v1+overshoot), g.c.laneName(g.rng, class, g.place)
		g.c.add(s)
		g.split(u0, m, v0, v1)
		g.split(m, u1, v0, v1)
		return
	}
	m := v0 + h*t
	s.pts, s.name = g.curve(1, m, u0-overshoot, u1+overshoot), g.c.laneName(g.rng, class, g.place)
	g.c.add(s)
	g.split(u0, u1, v0, m)
	g.split(u0, u1, m, v1)
}

// suburb marks a block of the town beyond the ring road as built-up.
func (g *grid) suburb(u0, u1, v0, v1 float64) {
	if mid := g.xy((u0+u1)/2, (v0+v1)/2); g.c.reach(mid) > 0.9 && g.c.reach(mid) < 1.4 && !g.c.wet(mid, 0.2) {
		g.c.built = append(g.c.built, g.block(u0, u1, v0, v1, -0.03))
	}
}

func (g *grid) park(u0, u1, v0, v1 float64) {
	ring := g.block(u0, u1, v0, v1, 0.02)
	g.c.greens = append(g.c.greens, area{class: "park", name: g.c.parkName(g.rng), ring: ring})
}

// block is the outline of a block, moved in by so many kilometres.
func (g *grid) block(u0, u1, v0, v1, in float64) []vec {
	u0, u1, v0, v1 = u0+in, u1-in, v0+in, v1-in
	ring := g.curve(1, v0, u0, u1)
	ring = append(ring, g.curve(0, u1, v0, v1)...)
	ring = append(ring, reversed(g.curve(1, v1, u0, u1))...)
	return append(ring, reversed(g.curve(0, u0, v0, v1))...)
}

func reversed(pts []vec) []vec {
	out := make([]vec, len(pts))
	for i, p := range pts {
		out[len(pts)-1-i] = p
	}
	return out
}

// positions are the places of arterial streets, zero among them.
func positions(rng *rand.Rand, reach, least, most float64) []float64 {
	var back, ahead []float64
	for x := -(least + rng.Float64()*(most-least)); x > -reach; x -= least + rng.Float64()*(most-least) {
		back = append(back, x)
	}
	for x := 0.0; x < reach; x += least + rng.Float64()*(most-least) {
		ahead = append(ahead, x)
	}
	out := make([]float64, 0, len(back)+len(ahead))
	for i := len(back) - 1; i >= 0; i-- {
		out = append(out, back[i])
	}
	return append(out, ahead...)
}

// drawTown draws the county town: arterials, lanes and suburbs beyond the
// ring road.
func (c *county) drawTown(rng *rand.Rand) {
	us, vs := positions(rng, 4.6, 0.52, 0.76), positions(rng, 4.2, 0.5, 0.72)
	zeroU, zeroV := indexOf(us, 0), indexOf(vs, 0)
	suburb := make(map[[2]int]bool)
	for i := range us {
		for j := range vs {
			suburb[[2]int{i, j}] = rng.Float64() < 0.34
		}
	}
	g := &grid{c: c, rng: rng, place: -1, us: us, vs: vs, parks: 0.05}
	g.xy = func(u, v float64) vec { return c.relief.bend(vec{u, v}.turn(c.rot), 0.34, 0.3) }
	g.keep = func(i, j int) bool {
		near := 9.0
		for k := range 4 {
			near = min(near, c.reach(g.xy(us[i+k&1], vs[j+k>>1])))
		}
		mid := c.reach(g.xy((us[i]+us[i+1])/2, (vs[j]+vs[j+1])/2))
		return near < 0.9 && mid < 1.05 || mid < 1.32 && suburb[[2]int{i, j}]
	}
	g.limit = func(p vec) float64 { return 0.20 + 0.16*smooth(c.reach(p)-0.15) }
	g.over = func(along, line int) bool { return along == 0 && line == zeroU }
	zero := [2]int{zeroU, zeroV}
	g.class = func(along, line int) Class {
		switch off := line - zero[along]; {
		case off == 0:
			return Primary
		case off%3 == 0:
			return Primary
		case off%2 == 0:
			return Secondary
		default:
			return Tertiary
		}
	}
	g.name = func(along, line int, positive bool) string {
		return arterialName(along, line-zero[along], positive)
	}
	g.draw()
}

func indexOf(xs []float64, x float64) int {
	for i, v := range xs {
		if v == x {
			return i
		}
	}
	return -1
}

// drawSeats draws the small grids of the townships' seats and the villages.
func (c *county) drawSeats(rng *rand.Rand) {
	for k, p := range c.places {
		if p.urban {
			continue
		}
		c.seat(rng, p.seat, p.radius, 0.17, k, func(along, line int) string {
			return c.laneName(rng, Tertiary, k)
		})
	}
	for _, v := range c.villages {
		n := 0
		c.seat(rng, v.at, 0.10+rng.Float64()*0.12, 0.15, -1, func(along, line int) string {
			n++
			return villageLane(v.name, n-1)
		})
	}
}

func (c *county) seat(rng *rand.Rand, at vec, radius, block float64, place int, name func(along, line int) string) {
	rot := rng.Float64() * 1.5
	spacing := min(0.3, radius*0.9)
	us, vs := positions(rng, radius+0.01, spacing*0.8, spacing*1.2), positions(rng, radius*0.8+0.01, spacing*0.8, spacing*1.2)
	if len(us) < 2 {
		us = []float64{0, spacing}
	}
	if len(vs) < 2 {
		vs = []float64{-spacing, 0}
	}
	g := &grid{c: c, rng: rng, place: place, us: us, vs: vs, parks: 0.02}
	shift := at.sub(c.relief.bend(at, 0.12, 0.8)) // keeps the centre where the road to it ends
	g.xy = func(u, v float64) vec { return c.relief.bend(at.add(vec{u, v}.turn(rot)), 0.12, 0.8).add(shift) }
	g.keep = func(i, j int) bool {
		mid := vec{(us[i] + us[i+1]) / 2, (vs[j] + vs[j+1]) / 2}
		return mid.len() < radius*1.02
	}
	g.limit = func(vec) float64 { return block }
	g.class = func(along, line int) Class {
		if place >= 0 && line == [2]int{indexOf(us, 0), indexOf(vs, 0)}[along] {
			return Tertiary
		}
		return Residential
	}
	g.name = func(along, line int, _ bool) string { return name(along, line) }
	g.over = func(int, int) bool { return false }
	g.draw()
}
