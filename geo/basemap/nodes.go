package basemap

import (
	"cmp"
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
)

// nodes are the places of a file's nodes, 16 bytes each.
type nodes struct {
	list   []node
	mixed  bool // not in the order of their ids
	sorted bool
}

// node is a node in units of 1e-7 degrees, which is what OpenStreetMap keeps.
type node struct {
	id       osm.NodeID
	lon, lat int32
}

func (n *nodes) add(id osm.NodeID, lon, lat float64) {
	if k := len(n.list); k > 0 && n.list[k-1].id >= id {
		n.mixed = true
	}
	n.list = append(n.list, node{id, int32(math.Round(lon * 1e7)), int32(math.Round(lat * 1e7))})
}

// at is where a node lies; false when it is not in the file. No node is added after the first call.
func (n *nodes) at(id osm.NodeID) (orb.Point, bool) {
	if n.mixed && !n.sorted {
		slices.SortStableFunc(n.list, func(a, b node) int { return cmp.Compare(a.id, b.id) })
		n.sorted = true
	}
	i, ok := slices.BinarySearchFunc(n.list, id, func(a node, id osm.NodeID) int { return cmp.Compare(a.id, id) })
	if !ok {
		return orb.Point{}, false
	}
	return orb.Point{float64(n.list[i].lon) / 1e7, float64(n.list[i].lat) / 1e7}, true
}

// line is the way's line without repeated points; it may have fewer than two.
func (n *nodes) line(ids []osm.NodeID) orb.LineString {
	line := make(orb.LineString, 0, len(ids))
	for _, id := range ids {
		if p, ok := n.at(id); ok && (len(line) == 0 || line[len(line)-1] != p) {
			line = append(line, p)
		}
	}
	return line
}
