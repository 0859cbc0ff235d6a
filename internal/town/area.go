package town

import (
	"math"

	"github.com/paulmach/orb"
)

// edge of an area before its border is bent, between rounded corners.
type side struct{ a, b vec }

func rounded(p vec) vec {
	return vec{math.Round(p.X*1000) / 1000, math.Round(p.Y*1000) / 1000}
}

// cells divides the hexagon around at among seats: each cell holds what is
// nearer to its seat than to any other. Corners are in absolute coordinates.
func cells(at vec, seats []vec) [][]side {
	out := make([][]side, len(seats))
	for i, s := range seats {
		ring := hexagon
		for j, o := range seats {
			if i != j {
				ring = clip(ring, s.lerp(o, 0.5), o.sub(s))
			}
		}
		for k, p := range ring {
			a, b := rounded(p.add(at)), rounded(ring[(k+1)%len(ring)].add(at))
			if a != b {
				out[i] = append(out[i], side{a, b})
			}
		}
	}
	return out
}

// clip keeps the part of a convex ring that lies behind the line through m
// with the normal n.
func clip(ring []vec, m, n vec) []vec {
	var out []vec
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		da, db := a.sub(m).dot(n), b.sub(m).dot(n)
		if da <= 0 {
			out = append(out, a)
		}
		if (da < 0) != (db < 0) && da != db {
			out = append(out, a.lerp(b, da/(da-db)))
		}
	}
	return out
}

// union joins neighbouring cells: sides that two of them share vanish. The
// rings that come back are anticlockwise outside and clockwise around holes.
func union(parts ...[]side) [][]vec {
	has := map[side]bool{}
	var all []side
	for _, p := range parts {
		for _, s := range p {
			has[s] = true
			all = append(all, s)
		}
	}
	next := map[vec][]vec{}
	for _, s := range all {
		if !has[side{s.b, s.a}] {
			next[s.a] = append(next[s.a], s.b)
		}
	}
	var rings [][]vec
	for _, s := range all {
		if len(next[s.a]) == 0 {
			continue
		}
		ring := []vec{}
		for p := s.a; len(next[p]) > 0; {
			ring = append(ring, p)
			to := next[p][0]
			next[p] = next[p][1:]
			p = to
		}
		rings = append(rings, ring)
	}
	return rings
}

// bent turns rings into an area with natural borders. The bend depends on the
// place alone, so that neighbours keep one border.
func bent(border field, rings [][]vec) [][]vec {
	out := make([][]vec, 0, len(rings))
	for _, r := range rings {
		var line []vec
		for i, a := range r {
			b := r[(i+1)%len(r)]
			part := dense([]vec{a, b}, 0.15)
			if b.X < a.X || b.X == a.X && b.Y < a.Y {
				part = reversed(dense([]vec{b, a}, 0.15))
			}
			line = append(line, part[:len(part)-1]...)
		}
		for i, p := range line {
			line[i] = border.bend(p, 1.15, 0.2)
		}
		out = append(out, line)
	}
	return out
}

func signedArea(ring []vec) float64 {
	sum := 0.0
	for i, a := range ring {
		sum += a.cross(ring[(i+1)%len(ring)])
	}
	return sum / 2
}

// multiPolygon assembles rings: every clockwise ring is a hole of the outer
// ring around it.
func multiPolygon(rings [][]vec) orb.MultiPolygon {
	var out orb.MultiPolygon
	var outer [][]vec
	closed := func(r []vec) orb.Ring {
		line := orb.Ring(lineLonLat(r))
		return append(line, line[0])
	}
	for _, r := range rings {
		if signedArea(r) > 0 {
			out = append(out, orb.Polygon{closed(r)})
			outer = append(outer, r)
		}
	}
	for _, r := range rings {
		for i := range outer {
			if signedArea(r) < 0 && inside(r[0], outer[i]) {
				out[i] = append(out[i], closed(r))
				break
			}
		}
	}
	return out
}

func covers(rings [][]vec, p vec) bool {
	in := false
	for _, r := range rings {
		in = in != inside(p, r)
	}
	return in
}
