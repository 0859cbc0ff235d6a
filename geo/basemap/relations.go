package basemap

import (
	"context"
	"fmt"
	"io"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"github.com/paulmach/osm"

	"jiujin/geo/pbf"
)

// relation is an area made of several ways.
type relation struct {
	tags         osm.Tags
	outer, inner []osm.WayID
}

// relations are the areas of a file, and what is kept of their ways while the file is read.
type relations struct {
	list []relation
	held map[osm.WayID][]osm.NodeID // nodes of the ways that are members; nil until the way is read
	// bare are the outer ways of relations without tags of their own, which then have those of the ways.
	bare map[osm.WayID]int
	// levels is the admin_level of the highest division that a way bounds.
	levels map[osm.WayID]int
}

// readRelations reads the relations alone.
func readRelations(ctx context.Context, file io.Reader) (relations, error) {
	out := relations{held: map[osm.WayID][]osm.NodeID{}, bare: map[osm.WayID]int{}, levels: map[osm.WayID]int{}}
	s := pbf.New(ctx, file)
	s.SkipNodes, s.SkipWays = true, true
	for s.Scan() {
		if r, ok := s.Object().(*osm.Relation); ok {
			out.take(r)
		}
	}
	if err := s.Err(); err != nil {
		return relations{}, fmt.Errorf("relations: %w", err)
	}
	return out, nil
}

func (l *relations) take(r *osm.Relation) {
	kind := r.Tags.Find("type")
	if kind != "multipolygon" && kind != "boundary" {
		return
	}
	area := relation{tags: r.Tags}
	for _, m := range r.Members {
		if m.Type != osm.TypeWay {
			continue
		}
		id := osm.WayID(m.Ref)
		if level := boundaryLevel(r.Tags); level > 0 && (l.levels[id] == 0 || level < l.levels[id]) {
			l.levels[id] = level
		}
		if m.Role == "inner" {
			area.inner = append(area.inner, id)
		} else {
			area.outer = append(area.outer, id)
		}
	}
	_, isDrawn := drawnOf(r.Tags, true)
	_, _, isPlace := kindOf(r.Tags, false)
	isBare := kind == "multipolygon" && !isDrawn && !isPlace && boundaryLevel(r.Tags) == 0
	if !isDrawn && !isPlace && !isBare {
		return
	}
	for _, id := range append(area.outer[:len(area.outer):len(area.outer)], area.inner...) {
		l.held[id] = nil
	}
	if isBare {
		for _, id := range area.outer {
			l.bare[id] = len(l.list)
		}
	}
	l.list = append(l.list, area)
}

// hold keeps the nodes of a way that is a member.
func (l *relations) hold(id osm.WayID, nodes []osm.NodeID) {
	if _, ok := l.held[id]; ok {
		l.held[id] = nodes
	}
}

// adopt gives the tags of a way to the relation without tags that it bounds; the relation is drawn instead of the way.
func (l *relations) adopt(w *osm.Way) bool {
	i, ok := l.bare[w.ID]
	if !ok {
		return false
	}
	if d, ok := drawnOf(w.Tags, true); !ok || !d.area {
		return false
	}
	if d, ok := drawnOf(l.list[i].tags, true); !ok || !d.area {
		l.list[i].tags = w.Tags
	}
	return true
}

// level is the admin_level of the line that the way is, by its relations and its own tags; 0 when it is none.
func (l *relations) level(w *osm.Way) int {
	own, all := boundaryLevel(w.Tags), l.levels[w.ID]
	if own == 0 || all != 0 && all < own {
		return all
	}
	return own
}

// middle is a point to stand for an area: its centroid, or the first corner where the area is nothing.
func middle(shape orb.MultiPolygon) orb.Point {
	c, area := planar.CentroidArea(shape)
	if area == 0 {
		return shape[0][0][0]
	}
	return c
}
