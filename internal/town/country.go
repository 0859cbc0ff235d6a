package town

import (
	"math"
	"math/rand/v2"
	"sort"
	"strings"
)

// terrain is the raster over which country roads find their way: cheap where
// the land is easy or a road runs already, closed by water and by the town.
type terrain struct {
	c      *county
	w, h   int
	cost   []float64 // +Inf where no road may go
	net    []bool    // cells with a country road
	ends   map[int]vec
	placed [][]vec // the country roads so far
	reuse  float64 // cost of following a road, as a share of a new one's
}

const (
	cellKm  = 0.2
	thinned = 3 // every third cell is a corner of the finished road
)

func (c *county) newTerrain() *terrain {
	t := &terrain{c: c, w: 156, h: 108, ends: map[int]vec{}, reuse: 0.3}
	t.cost = make([]float64, t.w*t.h)
	t.net = make([]bool, t.w*t.h)
	for i := range t.cost {
		p := t.at(i)
		rough := c.relief.octaves(p.X*0.55+100, p.Y*0.55)
		t.cost[i] = 1 + 40*rough*rough*rough*rough
		if !inHexagon(p, -0.25) || c.reach(p) < 1.03 || c.wet(p, 0.27) {
			t.cost[i] = math.Inf(1)
		} else if c.wet(p, 0.5) {
			t.cost[i] += 1.5
		}
	}
	return t
}

func (t *terrain) at(i int) vec {
	return vec{(float64(i%t.w) - float64(t.w-1)/2) * cellKm, (float64(i/t.w) - float64(t.h-1)/2) * cellKm}
}

func (t *terrain) cell(p vec) int {
	x := int(math.Round(p.X/cellKm + float64(t.w-1)/2))
	y := int(math.Round(p.Y/cellKm + float64(t.h-1)/2))
	return min(max(y, 0), t.h-1)*t.w + min(max(x, 0), t.w-1)
}

// path is the cheapest way from cell from to a cell that goal accepts, both
// included; nil if there is none.
func (t *terrain) path(from int, goal func(int) bool) []int {
	cost := map[int]float64{from: 0}
	prev := map[int]int{}
	done := map[int]bool{}
	q := &queue{}
	q.push(0, from)
	for q.len() > 0 {
		_, i := q.pop()
		if done[i] {
			continue
		}
		done[i] = true
		if i != from && goal(i) {
			out := []int{i}
			for i != from {
				i = prev[i]
				out = append(out, i)
			}
			for a, b := 0, len(out)-1; a < b; a, b = a+1, b-1 {
				out[a], out[b] = out[b], out[a]
			}
			return out
		}
		for dy := -1; dy <= 1; dy++ {
			for dx := -1; dx <= 1; dx++ {
				x, y := i%t.w+dx, i/t.w+dy
				if dx == 0 && dy == 0 || x < 0 || y < 0 || x >= t.w || y >= t.h {
					continue
				}
				j := y*t.w + x
				step := t.cost[j] * math.Hypot(float64(dx), float64(dy))
				if t.net[j] {
					step *= t.reuse
				}
				if next := cost[i] + step; !done[j] && !math.IsInf(step, 1) {
					if old, ok := cost[j]; !ok || next < old {
						cost[j], prev[j] = next, i
						q.push(next, j)
					}
				}
			}
		}
	}
	return nil
}

// lay turns the new parts of a path into streets and marks its cells.
func (t *terrain) lay(cells []int, s street) {
	for a := 0; a < len(cells)-1; a++ {
		if t.net[cells[a]] && t.net[cells[a+1]] {
			continue
		}
		b := a + 1
		for b < len(cells)-1 && !t.net[cells[b]] {
			b++
		}
		t.emit(cells[a:b+1], s)
		a = b - 1
	}
	for _, i := range cells {
		t.net[i] = true
	}
}

func (t *terrain) emit(cells []int, s street) {
	var pts []vec
	for k, i := range cells {
		if k == 0 || k%thinned == 0 && len(cells)-1-k >= 2 || k == len(cells)-1 {
			pts = append(pts, t.at(i))
		}
	}
	pts[0] = t.join(cells[0], pts[0], pts[1])
	n := len(pts)
	pts[n-1] = t.join(cells[len(cells)-1], pts[n-1], pts[n-2])
	s.pts, s.place, s.guide = dense(chaikin(pts, 3), 0.08), -1, true
	t.placed = append(t.placed, s.pts)
	t.c.add(s)
}

// join moves the end of a new road onto the road that it meets, and a little
// beyond, so that the two cross.
func (t *terrain) join(cell int, end, before vec) vec {
	if p, ok := t.ends[cell]; ok {
		return p
	}
	if !t.net[cell] {
		return end
	}
	best, found := end, 0.7
	for _, line := range t.placed {
		for i := 1; i < len(line); i++ {
			p := closest(end, line[i-1], line[i])
			if d := p.sub(end).len(); d < found {
				best, found = p, d
			}
		}
	}
	return best.add(best.sub(before).unit().times(overshoot))
}

// drawCountry draws the roads outside the town: through roads to the county's
// gates, roads to the townships, links between them, and lanes to villages.
func (c *county) drawCountry(rng *rand.Rand) {
	t := c.newTerrain()
	t.openTown()
	onNet := func(i int) bool { return t.net[i] }
	first := c.names.first()
	for k, gate := range []vec{{0, 10}, {0, -10}, {-gateX, -gateY}, {gateX, gateY}} {
		name := []string{first + "北公路", first + "南公路", first + "西公路", first + "东公路"}[k]
		i := t.cell(gate)
		t.ends[i] = gate
		t.lay(t.path(i, onNet), street{name: name, class: Trunk})
	}
	var rural []int
	for k, p := range c.places {
		if !p.urban {
			rural = append(rural, k)
		}
	}
	sort.SliceStable(rural, func(a, b int) bool { return c.places[rural[a]].seat.len() < c.places[rural[b]].seat.len() })
	for _, k := range rural {
		p := c.places[k]
		i := t.cell(p.seat)
		t.ends[i] = p.seat
		t.lay(t.path(i, onNet), street{name: first + runeAt(p.name, 0) + "公路", class: Primary})
	}
	for _, k := range rural {
		for _, m := range c.nearestPlaces(k, rural, 2) {
			a, b := c.places[k], c.places[m]
			to := t.cell(b.seat)
			t.lay(t.path(t.cell(a.seat), func(i int) bool { return i == to }), street{name: runeAt(a.name, 0) + runeAt(b.name, 0) + "公路", class: Secondary})
		}
	}
	c.placeVillages(rng)
	for _, v := range c.villages {
		i := t.cell(v.at)
		if !t.net[i] {
			t.ends[i] = v.at
			t.lay(t.path(i, onNet), street{name: strings.TrimSuffix(v.name, "村") + "路", class: Tertiary})
		}
	}
	t.reuse = 0.7
	for k, v := range c.villages {
		if to := c.nextVillage(k); rng.Float64() < 0.5 && to >= 0 {
			goal := t.cell(c.villages[to].at)
			t.lay(t.path(t.cell(v.at), func(i int) bool { return i == goal }), street{name: runeAt(v.name, 0) + runeAt(c.villages[to].name, 0) + "路", class: Tertiary})
		}
	}
}

// openTown makes the places where large streets of the town meet the ring
// road the first cells of the country's network.
func (t *terrain) openTown() {
	for _, s := range t.c.streets {
		if s.class != Primary && s.class != Secondary || s.guide {
			continue
		}
		for i := 1; i < len(s.pts); i++ {
			a, b := s.pts[i-1], s.pts[i]
			ra, rb := t.c.reach(a), t.c.reach(b)
			if (ra < 1) == (rb < 1) || t.c.wet(a, 0.2) {
				continue
			}
			out := a.lerp(b, (1-ra)/(rb-ra)).unit()
			k := t.cell(out.times(t.c.ring(math.Atan2(out.Y, out.X)) * 1.02))
			if _, taken := t.ends[k]; taken {
				continue
			}
			t.ends[k] = out.times(t.c.ring(math.Atan2(out.Y, out.X)) - overshoot)
			t.net[k] = true
			t.cost[k] = 1
		}
	}
}

func (c *county) nearestPlaces(k int, among []int, n int) []int {
	at := c.places[k].seat
	out := make([]int, 0, len(among))
	for _, m := range among {
		if m != k {
			out = append(out, m)
		}
	}
	sort.SliceStable(out, func(a, b int) bool {
		return c.places[out[a]].seat.sub(at).len() < c.places[out[b]].seat.sub(at).len()
	})
	return out[:min(n, len(out))]
}

func (c *county) placeVillages(rng *rand.Rand) {
	for range 900 {
		p := vec{(rng.Float64() - 0.5) * 29, (rng.Float64() - 0.5) * 19.4}
		if !inHexagon(p, 0.7) || c.reach(p) < 1.5 || c.wet(p, 0.45) {
			continue
		}
		free := true
		for _, q := range c.villages {
			free = free && q.at.sub(p).len() > 1.35
		}
		for _, q := range c.places {
			free = free && q.seat.sub(p).len() > q.radius+0.8
		}
		if free && len(c.villages) < 90 {
			c.villages = append(c.villages, village{name: c.villageName(rng), at: p})
		}
	}
}

// nextVillage is the nearest village of those that come after k; -1 if none.
func (c *county) nextVillage(k int) int {
	best, found := -1, 3.5
	for m := k + 1; m < len(c.villages); m++ {
		if d := c.villages[m].at.sub(c.villages[k].at).len(); d < found {
			best, found = m, d
		}
	}
	return best
}

// drawLand adds hills, parks by the water, and the outlines of built-up land.
func (c *county) drawLand(rng *rand.Rand) {
	for range 60 {
		s, co := math.Sincos(rng.Float64() * 2 * math.Pi)
		p := vec{12 * co, 8.2 * s}.times(0.72 + rng.Float64()*0.33)
		ring := blob(rng, p, 0.8+rng.Float64()*0.9, 0.6+rng.Float64()*0.6, 0.4)
		if c.wet(p, 1.2) || c.fromSeats(p) < 1.7 || c.fromHills(p) < 2.6 || c.reach(p) < 1.9 {
			continue
		}
		for k, q := range ring {
			ring[k] = c.relief.bend(q, 0.5, 0.8)
		}
		c.greens = append(c.greens, area{class: "hill", name: c.hillName(rng), ring: ring})
	}
	for _, side := range []float64{1, -1} { // riverside parks
		x := -2.4 + rng.Float64()*3
		ring := append(c.river.bank(x, x+1.1, 0.008, side), reversed(c.river.bank(x+0.1, x+1, 0.06, side))...)
		c.greens = append(c.greens, area{class: "park", name: "滨江公园", ring: ring})
	}
	var town []vec
	for a := 0; a < 360; a += 4 {
		t := float64(a) * math.Pi / 180
		town = append(town, polar(t, c.ring(t)*(1.02+0.06*c.relief.at(10*math.Cos(t), 10*math.Sin(t)))))
	}
	c.built = append(c.built, town)
	for _, p := range c.places {
		if !p.urban {
			c.built = append(c.built, blob(rng, p.seat, p.radius*1.25, p.radius*1.1, 0.25))
		}
	}
	for _, v := range c.villages {
		c.built = append(c.built, blob(rng, v.at, 0.26, 0.22, 0.3))
	}
}

func (c *county) fromSeats(p vec) float64 {
	d := math.Inf(1)
	for _, q := range c.places {
		d = min(d, q.seat.sub(p).len()-q.radius)
	}
	return d
}

func (c *county) fromHills(p vec) float64 {
	d := math.Inf(1)
	for _, g := range c.greens {
		if g.class == "hill" {
			d = min(d, g.ring[0].sub(p).len(), g.ring[len(g.ring)/2].sub(p).len())
		}
	}
	return d
}
