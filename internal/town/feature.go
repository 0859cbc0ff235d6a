package town

import "github.com/paulmach/orb"

// Feature is one thing of the base map.
type Feature struct {
	// Layer is road, water, green, district, building or place.
	Layer string
	// Class within the layer. road: as Class.String. water: river, lake,
	// river-label (a line to write the name along). green: park or hill.
	// district: prefecture, county, township or squad. building: builtup, the
	// outline of built-up land. place: town, township, village, bridge.
	Class    string
	Name     string       // may be empty
	Geometry orb.Geometry // WGS-84, longitude first
	MinZoom  int          // the smallest zoom at which it is worth drawing
}

// Features lists the base map, the lowest layer of the drawing order first.
// The geometries are shared with the town: do not change them.
func (t *Town) Features() []Feature {
	var out []Feature
	for _, c := range t.drawn {
		out = append(out, c.landFeatures()...)
	}
	for _, c := range t.drawn {
		out = append(out, t.waterFeatures(c)...)
	}
	out = append(out, t.roadFeatures()...)
	out = append(out, t.districtFeatures()...)
	for _, c := range t.drawn {
		for _, v := range c.villages {
			out = append(out, Feature{"place", "village", v.name, toLonLat(v.at.add(c.at)), 12})
		}
	}
	return out
}

func (c *county) absolute(pts []vec) []vec {
	out := make([]vec, len(pts))
	for i, p := range pts {
		out[i] = p.add(c.at)
	}
	return out
}

func (c *county) landFeatures() []Feature {
	var out []Feature
	for i, b := range c.built {
		zoom := 9
		if i > 40 {
			zoom = 11
		}
		out = append(out, Feature{"building", "builtup", "", orb.Polygon{ringLonLat(c.absolute(b))}, zoom})
	}
	for _, g := range c.greens {
		zoom := 12
		if g.class == "hill" {
			zoom = 8
		}
		out = append(out, Feature{"green", g.class, g.name, orb.Polygon{ringLonLat(c.absolute(g.ring))}, zoom})
	}
	return out
}

// waterFeatures draws the river on beyond the border where no county follows.
func (t *Town) waterFeatures(c *county) []Feature {
	x0, x1 := -gateX-2.5, gateX+2.5
	for _, o := range t.drawn {
		switch o.at.sub(c.at) {
		case vec{-2 * gateX, 2 * gateY}:
			x0 = -gateX
		case vec{2 * gateX, -2 * gateY}:
			x1 = gateX
		}
	}
	out := []Feature{{"water", "river", c.river.name, orb.Polygon{ringLonLat(c.absolute(c.river.polygon(x0, x1)))}, 7}}
	for x := -12.0; x < 12; x += 6 {
		out = append(out, Feature{"water", "river-label", c.river.name, lineLonLat(c.absolute(c.river.line(x, x+4, 0))), 10})
	}
	for i, l := range c.lakes {
		zoom := 11
		if i == 0 {
			zoom = 8
		}
		out = append(out, Feature{"water", "lake", l.name, orb.Polygon{ringLonLat(c.absolute(l.shore(0)))}, zoom})
	}
	return out
}

// roadFeatures joins the edges of each road to as few lines as possible.
func (t *Town) roadFeatures() []Feature {
	zooms := [...]int{7, 8, 9, 10, 11, 13}
	lines := make([]orb.MultiLineString, len(t.Graph.Roads))
	var out []Feature
	for _, e := range t.Graph.Edges {
		ml := lines[e.Road]
		if n := len(ml); n > 0 && ml[n-1][len(ml[n-1])-1] == e.Line[0] {
			ml[n-1] = append(ml[n-1], e.Line[1:]...)
		} else {
			ml = append(ml, append(orb.LineString{}, e.Line...))
		}
		lines[e.Road] = ml
		if e.Bridge && e.Class != Motorway {
			river := t.drawn[t.Graph.Roads[e.Road].County].river.name
			out = append(out, Feature{"place", "bridge", river + "大桥", e.Line[len(e.Line)/2], 14})
		}
	}
	for cl := Residential; ; cl-- {
		for i, r := range t.Graph.Roads {
			if r.Class == cl && len(lines[i]) > 0 {
				out = append(out, Feature{"road", r.Class.String(), r.Name, lines[i], zooms[r.Class]})
			}
		}
		if cl == Motorway {
			return out
		}
	}
}

func (t *Town) districtFeatures() []Feature {
	var out []Feature
	for _, d := range t.Divisions {
		switch len(d.Code) {
		case 4:
			out = append(out, Feature{"district", "prefecture", d.Name, d.Area, 5})
		case 6:
			out = append(out, Feature{"district", "county", d.Name, d.Area, 7}, Feature{"place", "town", d.Name, d.Seat, 6})
		case 9:
			out = append(out, Feature{"district", "township", d.Name, d.Area, 10}, Feature{"place", "township", d.Name, d.Seat, 10})
		}
	}
	for _, o := range t.Orgs {
		if o.Area != nil {
			out = append(out, Feature{"district", "squad", o.Name, o.Area, 10})
		}
	}
	return out
}
