package road

import (
	"context"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"

	"jiujin/geo/pbf"
)

// ReadOSM reads the roads of an OpenStreetMap file in PBF: once for ways and restrictions, once more for the nodes that
// they use, so that only those are held. The error wraps ErrEmpty when the file holds no drivable road.
func ReadOSM(ctx context.Context, file io.ReadSeeker) (Net, error) {
	net := Net{Points: map[int64]orb.Point{}}
	err := scan(ctx, file, func(s *pbf.Reader) { s.SkipNodes = true }, func(o osm.Object) {
		switch o := o.(type) {
		case *osm.Way:
			if w, ok := wayOf(o); ok {
				net.Ways = append(net.Ways, w)
				for _, n := range o.Nodes { // some files have the places here, and no nodes
					if n.Lon != 0 || n.Lat != 0 {
						net.Points[int64(n.ID)] = orb.Point{n.Lon, n.Lat}
					}
				}
			}
		case *osm.Relation:
			net.Turns = append(net.Turns, turnsOf(o)...)
		}
	})
	if err != nil {
		return Net{}, fmt.Errorf("read roads: %w", err)
	}
	if len(net.Ways) == 0 {
		return Net{}, ErrEmpty
	}
	for _, w := range net.Ways {
		for _, id := range w.Nodes {
			if _, known := net.Points[id]; !known {
				net.Points[id] = orb.Point{math.NaN()}
			}
		}
	}
	err = scan(ctx, file, func(s *pbf.Reader) { s.SkipWays, s.SkipRelations = true, true }, func(o osm.Object) {
		if n, ok := o.(*osm.Node); ok {
			if _, used := net.Points[int64(n.ID)]; used {
				net.Points[int64(n.ID)] = orb.Point{n.Lon, n.Lat}
			}
		}
	})
	if err != nil {
		return Net{}, fmt.Errorf("read nodes of roads: %w", err)
	}
	for id, p := range net.Points {
		if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
			delete(net.Points, id) // not in the file
		}
	}
	return net, nil
}

// scan reads the file from its beginning.
func scan(ctx context.Context, file io.ReadSeeker, set func(*pbf.Reader), take func(osm.Object)) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	s := pbf.New(ctx, file)
	set(s)
	for s.Scan() {
		take(s.Object())
	}
	return s.Err()
}

// wayOf is false for ways that cars may not use.
func wayOf(o *osm.Way) (Way, bool) {
	class, ok := ParseClass(o.Tags.Find("highway"))
	if !ok || o.Tags.Find("area") == "yes" || forbidden(o.Tags) {
		return Way{}, false
	}
	w := Way{ID: int64(o.ID), Class: class, Name: o.Tags.Find("name"), LimitKmh: parseLimit(o.Tags.Find("maxspeed"))}
	switch oneway := o.Tags.Find("oneway"); {
	case oneway == "yes", oneway == "true", oneway == "1":
		w.Direction = Forward
	case oneway == "-1", oneway == "reverse":
		w.Direction = Backward
	case oneway == "reversible":
		return Way{}, false
	case o.Tags.HasTag("oneway"): // no, or nothing that is known: both ways, also on a motorway
	case class == Motorway, o.Tags.Find("junction") == "roundabout", o.Tags.Find("junction") == "circular":
		w.Direction = Forward
	}
	w.Nodes = make([]int64, len(o.Nodes))
	for i, n := range o.Nodes {
		w.Nodes[i] = int64(n.ID)
	}
	return w, true
}

// forbidden looks at the most particular tag that is there.
func forbidden(tags osm.Tags) bool {
	for _, key := range []string{"motorcar", "motor_vehicle", "vehicle", "access"} {
		if tag := tags.FindTag(key); tag != nil {
			return tag.Value == "no" || tag.Value == "private"
		}
	}
	return false
}

// turnsOf reads a relation of type restriction whose via is one node; those that hold at times only, or not for cars,
// are left out.
func turnsOf(r *osm.Relation) (turns []Turn) {
	kind := r.Tags.Find("restriction")
	if r.Tags.Find("type") != "restriction" || strings.Contains(r.Tags.Find("except"), "motorcar") {
		return nil
	}
	only := strings.HasPrefix(kind, "only_")
	if !only && !strings.HasPrefix(kind, "no_") {
		return nil
	}
	var from, to []int64
	via, vias := int64(0), 0
	for _, m := range r.Members {
		switch {
		case m.Role == "from" && m.Type == osm.TypeWay:
			from = append(from, m.Ref)
		case m.Role == "to" && m.Type == osm.TypeWay:
			to = append(to, m.Ref)
		case m.Role == "via":
			vias++
			if m.Type == osm.TypeNode {
				via = m.Ref
			}
		}
	}
	if vias != 1 || via == 0 {
		return nil
	}
	for _, f := range from {
		for _, t := range to {
			turns = append(turns, Turn{From: f, To: t, Via: via, Only: only})
		}
	}
	return turns
}
