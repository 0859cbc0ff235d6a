package basemap

import (
	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/osm"
)

// rings joins ways, given by their nodes, end to end into closed rings; open counts the ways that are left over. The
// first and the last node of a ring are the same. Where more than two ways meet, the one given first goes on.
func rings(ways [][]osm.NodeID) (closed [][]osm.NodeID, open int) {
	ends := map[osm.NodeID][]int{} // ways by each of their ends
	for i, w := range ways {
		if len(w) >= 2 {
			ends[w[0]] = append(ends[w[0]], i)
			ends[w[len(w)-1]] = append(ends[w[len(w)-1]], i)
		}
	}
	used := make([]bool, len(ways))
	for i, w := range ways {
		if used[i] || len(w) < 2 {
			continue
		}
		used[i] = true
		ring, parts := append([]osm.NodeID(nil), w...), 1
		for ring[0] != ring[len(ring)-1] {
			next := follower(ends[ring[len(ring)-1]], used)
			if next < 0 {
				break
			}
			used[next] = true
			ring = append(ring, onward(ways[next], ring[len(ring)-1])...)
			parts++
		}
		if ring[0] == ring[len(ring)-1] && len(ring) >= 4 {
			closed = append(closed, ring)
		} else {
			open += parts
		}
	}
	return closed, open
}

// follower is the first of the ways that is not used, or -1.
func follower(at []int, used []bool) int {
	for _, i := range at {
		if !used[i] {
			return i
		}
	}
	return -1
}

// onward is the way's nodes after the one that it begins or ends with, turned round where it ends with it.
func onward(way []osm.NodeID, from osm.NodeID) []osm.NodeID {
	if way[0] == from {
		return way[1:]
	}
	back := make([]osm.NodeID, 0, len(way)-1)
	for i := len(way) - 2; i >= 0; i-- {
		back = append(back, way[i])
	}
	return back
}

// polygons gives each hole to the smallest of the outer rings that holds it; holes outside of all are dropped.
func polygons(outer, inner []orb.Ring) orb.MultiPolygon {
	out := make(orb.MultiPolygon, len(outer))
	areas := make([]float64, len(outer))
	for i, r := range outer {
		out[i] = orb.Polygon{r}
		areas[i] = planar.Area(orb.Polygon{r})
	}
	for _, hole := range inner {
		best := -1
		for i, r := range outer {
			if (best < 0 || areas[i] < areas[best]) && holds(r, hole) {
				best = i
			}
		}
		if best >= 0 {
			out[best] = append(out[best], hole)
		}
	}
	return out
}

// holds says whether the hole lies in the ring: by the first of its points that is not one of the ring's own, for
// holes may touch.
func holds(r, hole orb.Ring) bool {
	if !r.Bound().Contains(hole[0]) {
		return false
	}
	own := make(map[orb.Point]bool, len(r))
	for _, p := range r {
		own[p] = true
	}
	for _, p := range hole {
		if !own[p] {
			return planar.RingContains(r, p)
		}
	}
	return false
}
