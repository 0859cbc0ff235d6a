package basemap

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"
)

// OSMCredit is what the licence of OpenStreetMap data asks to be shown.
const OSMCredit = "© OpenStreetMap contributors, ODbL"

// road is how a kind of way is drawn.
type road struct {
	class   string // a class of Feature
	minZoom int
}

// roads are the ways that cars use, by the tag highway. Links carry the class of the road that they lead to, and ways
// that are only driven to reach a house are drawn late.
var roads = map[string]road{
	"motorway": {"motorway", 6}, "motorway_link": {"motorway", 11},
	"trunk": {"trunk", 6}, "trunk_link": {"trunk", 11},
	"primary": {"primary", 8}, "primary_link": {"primary", 12},
	"secondary": {"secondary", 10}, "secondary_link": {"secondary", 13},
	"tertiary": {"tertiary", 12}, "tertiary_link": {"tertiary", 14},
	"unclassified": {"residential", 13}, "residential": {"residential", 13}, "road": {"residential", 14},
	"living_street": {"residential", 14}, "service": {"residential", 14},
}

// roadOf is the feature of a way, without its line; false when cars do not use it.
func roadOf(tags osm.Tags) (Feature, bool) {
	r, ok := roads[tags.Find("highway")]
	if !ok || tags.Find("area") == "yes" {
		return Feature{}, false
	}
	name := tags.Find("name")
	if zh := tags.Find("name:zh"); zh != "" {
		name = zh
	}
	return Feature{Layer: Road, Class: r.class, Name: name, MinZoom: r.minZoom}, true
}

// osmRoads reads the roads of an OpenStreetMap file in PBF, one after the other. It holds the places of all nodes in
// memory, about 50 bytes each, for ways name their nodes and follow them in the file.
type osmRoads struct {
	scanner *osmpbf.Scanner
	nodes   map[osm.NodeID]orb.Point
	next    Feature
	bounds  orb.Bound // of the roads so far
	roads   int
	broken  int // ways of which fewer than two nodes are in the file
	err     error
}

func newOSMRoads(ctx context.Context, r io.Reader) *osmRoads {
	s := osmpbf.New(ctx, r, 1)
	s.SkipRelations = true
	return &osmRoads{scanner: s, nodes: map[osm.NodeID]orb.Point{}}
}

// Next goes to the next road; false at the end or when the file cannot be read, which err then says.
func (o *osmRoads) Next() bool {
	for o.err == nil && o.scanner.Scan() {
		switch e := o.scanner.Object().(type) {
		case *osm.Node:
			o.nodes[e.ID] = orb.Point{degrees(e.Lon), degrees(e.Lat)}
		case *osm.Way:
			if f, ok := roadOf(e.Tags); ok && o.take(f, e.Nodes) {
				return true
			}
		}
	}
	if o.err == nil {
		o.err = o.scanner.Err()
	}
	return false
}

// degrees takes off what the library adds by multiplying: OpenStreetMap keeps seven decimals.
func degrees(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// take makes the way the next road; false when it has no line.
func (o *osmRoads) take(f Feature, nodes osm.WayNodes) bool {
	line := make(orb.LineString, 0, len(nodes))
	for _, n := range nodes {
		if p, ok := o.nodes[n.ID]; ok && (len(line) == 0 || line[len(line)-1] != p) {
			line = append(line, p)
		}
	}
	if len(line) < 2 {
		o.broken++
		return false
	}
	f.Geometry = line
	if o.err = f.check(); o.err != nil {
		o.err = fmt.Errorf("road %q: %w", f.Name, o.err)
		return false
	}
	if o.bounds = o.bounds.Union(line.Bound()); o.roads == 0 {
		o.bounds = line.Bound()
	}
	o.next = f
	o.roads++
	return true
}

// Values are the columns of the next road.
func (o *osmRoads) Values() ([]any, error) { return columns(o.next), nil }

// Err says why Next ended before the end of the file.
func (o *osmRoads) Err() error { return o.err }
