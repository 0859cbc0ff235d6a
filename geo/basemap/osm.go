package basemap

import (
	"context"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/geo"
	"github.com/paulmach/osm"

	"jiujin/geo/pbf"
)

// OSMCredit is what the licence of OpenStreetMap data asks to be shown.
const OSMCredit = "© OpenStreetMap contributors, ODbL"

// osmFile reads the features of an OpenStreetMap file in PBF, one after the other. In memory it holds the places of all
// nodes, 16 bytes each, and the ways that relations are made of.
type osmFile struct {
	scanner   *pbf.Reader
	nodes     nodes
	relations relations
	queue     []Feature
	places    placeList
	bounds    orb.Bound // of the roads so far
	extent    orb.Bound // of all features so far
	report    OSMReport
	ended     bool
	err       error
}

// newOSMFile reads the relations of the file, then begins again to read the rest.
func newOSMFile(ctx context.Context, file io.ReadSeeker) (*osmFile, error) {
	start, err := file.Seek(0, io.SeekCurrent)
	if err != nil {
		return nil, err
	}
	members, err := readRelations(ctx, file)
	if err != nil {
		return nil, err
	}
	if _, err := file.Seek(start, io.SeekStart); err != nil {
		return nil, err
	}
	s := pbf.New(ctx, file)
	s.SkipRelations = true
	return &osmFile{scanner: s, relations: members, places: placeList{seen: map[[2]string][]orb.Point{}}, report: OSMReport{Layers: map[Layer]int{}}}, nil
}

// Next goes to the next feature; false at the end or when the file cannot be read, which err then says.
func (o *osmFile) Next() bool {
	if len(o.queue) > 0 {
		o.queue = o.queue[1:]
	}
	for len(o.queue) == 0 && o.err == nil && !o.ended {
		if o.scanner.Scan() {
			o.take(o.scanner.Object())
			continue
		}
		if o.err = o.scanner.Err(); o.err == nil {
			o.areasOfRelations()
		}
		o.ended = true
	}
	return o.err == nil && len(o.queue) > 0
}

// Values are the columns of the next feature.
func (o *osmFile) Values() ([]any, error) { return columns(o.queue[0]), nil }

// Err says why Next ended before the end of the file.
func (o *osmFile) Err() error { return o.err }

func (o *osmFile) take(object osm.Object) {
	switch e := object.(type) {
	case *osm.Node:
		o.nodes.add(e.ID, e.Lon, e.Lat)
		if len(e.Tags) > 0 {
			o.place(e.Tags, orb.Point{degrees(e.Lon), degrees(e.Lat)}, true)
		}
	case *osm.Way:
		o.way(e)
	}
}

// degrees takes off what the library adds by multiplying: OpenStreetMap keeps seven decimals.
func degrees(v float64) float64 { return math.Round(v*1e7) / 1e7 }

// way queues what a way is drawn as: a line between divisions, a line or an area, and a named place.
func (o *osmFile) way(w *osm.Way) {
	ids := w.Nodes.NodeIDs()
	o.relations.hold(w.ID, ids)
	if level := o.relations.level(w); level >= 4 {
		o.line(districts[level], nil, ids)
	}
	closed := len(ids) >= 4 && ids[0] == ids[len(ids)-1]
	d, ok := drawnOf(w.Tags, closed)
	switch {
	case ok && !d.area:
		o.line(d, w.Tags, ids)
	case o.relations.adopt(w):
	case closed:
		ring := orb.Ring(o.nodes.line(ids))
		if len(ring) < 4 || !ring.Closed() {
			if ok {
				o.report.Broken++
			}
			return
		}
		o.area(d, ok, w.Tags, orb.MultiPolygon{{ring}})
	}
}

// line queues a line; one of which fewer than two nodes are in the file is counted as broken.
func (o *osmFile) line(d drawn, tags osm.Tags, ids []osm.NodeID) {
	line := o.nodes.line(ids)
	if len(line) < 2 {
		o.report.Broken++
		return
	}
	name, english, _ := named(tags)
	o.add(Feature{Layer: d.layer, Class: d.class, Name: name, NameEN: english, MinZoom: d.minZoom, Geometry: line})
	if d.layer == Road {
		if o.report.Roads++; o.report.Roads == 1 {
			o.bounds = line.Bound()
		}
		o.bounds = o.bounds.Union(line.Bound())
	}
}

// area queues an area (when it is drawn) and the place that it is.
func (o *osmFile) area(d drawn, isDrawn bool, tags osm.Tags, shape orb.MultiPolygon) {
	if isDrawn {
		f := Feature{Layer: d.layer, Class: d.class, MinZoom: zoomOf(shape, d.minZoom), Geometry: shape}
		f.Name, f.NameEN, _ = named(tags)
		if len(shape) == 1 {
			f.Geometry = shape[0]
		}
		o.add(f)
	}
	o.place(tags, middle(shape), false)
}

func (o *osmFile) add(f Feature) {
	if err := f.check(); err != nil {
		o.err = fmt.Errorf("%s %q: %w", f.Layer, f.Name, err)
		return
	}
	if len(o.report.Layers) == 0 {
		o.extent = f.Geometry.Bound()
	}
	o.extent = o.extent.Union(f.Geometry.Bound())
	o.report.Layers[f.Layer]++
	o.queue = append(o.queue, f)
}

// place queues the named place that a thing with these tags is and keeps it for the table of places.
func (o *osmFile) place(tags osm.Tags, at orb.Point, point bool) {
	name, english, aliases := named(tags)
	if name == "" {
		return
	}
	layer, k, ok := kindOf(tags, point)
	if !ok || !o.places.add(NamedPlace{Name: name, NameEN: english, Aliases: aliases, Kind: k.name, Point: at, Source: SourceOSM}) {
		return
	}
	o.add(Feature{Layer: layer, Class: k.name, Name: name, NameEN: english, MinZoom: k.minZoom, Geometry: at})
}

// areasOfRelations queues the areas that several ways make together.
func (o *osmFile) areasOfRelations() {
	for _, r := range o.relations.list {
		d, ok := drawnOf(r.tags, true)
		if ok && !d.area {
			continue
		}
		if _, _, named := kindOf(r.tags, false); !ok && !named {
			continue
		}
		shape, open := o.shape(r)
		o.report.Open += open
		if len(shape) > 0 {
			o.area(d, ok, r.tags, shape)
		}
	}
}

// shape assembles the ways of a relation; open counts those that close no ring.
func (o *osmFile) shape(r relation) (shape orb.MultiPolygon, open int) {
	ringsOf := func(ways []osm.WayID) (out []orb.Ring) {
		var lists [][]osm.NodeID
		for _, id := range ways {
			if ids, ok := o.relations.held[id]; ok && len(ids) > 0 {
				lists = append(lists, ids)
			} else {
				open++
			}
		}
		closed, left := rings(lists)
		open += left
		for _, ids := range closed {
			if ring := orb.Ring(o.nodes.line(ids)); len(ring) >= 4 && ring.Closed() {
				out = append(out, ring)
			}
		}
		return out
	}
	outer, inner := ringsOf(r.outer), ringsOf(r.inner)
	return polygons(outer, inner), open
}

// smallest is how many pixels an area should measure across to be worth drawing.
const smallest = 6

// zoomOf is the first zoom at which the area is worth drawing, from least to 14: clients stretch tiles beyond.
func zoomOf(shape orb.MultiPolygon, least int) int {
	const metresPerPixel = 2 * math.Pi * 6378137 / 512 // at zoom 0 on the equator
	across := math.Sqrt(math.Abs(geo.Area(shape)))
	if across == 0 {
		return 14
	}
	cos := math.Cos(shape.Bound().Center()[1] * math.Pi / 180)
	z := math.Ceil(math.Log2(smallest * metresPerPixel * cos / across))
	return int(math.Max(float64(least), math.Min(z, 14)))
}
