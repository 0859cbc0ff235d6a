package basemap

import (
	"strings"

	"github.com/paulmach/osm"
)

// drawn is how a tagged thing is drawn. Areas need a closed way or a relation of several; their zoom grows later when
// they are small.
type drawn struct {
	layer   Layer
	class   string
	minZoom int
	area    bool
}

// roads are the ways that cars use, by the tag highway. Links carry the class of the road that they lead to, and ways
// that are only driven to reach a house are drawn late.
var roads = map[string]drawn{
	"motorway": {Road, "motorway", 6, false}, "motorway_link": {Road, "motorway", 11, false},
	"trunk": {Road, "trunk", 6, false}, "trunk_link": {Road, "trunk", 11, false},
	"primary": {Road, "primary", 8, false}, "primary_link": {Road, "primary", 12, false},
	"secondary": {Road, "secondary", 10, false}, "secondary_link": {Road, "secondary", 13, false},
	"tertiary": {Road, "tertiary", 12, false}, "tertiary_link": {Road, "tertiary", 14, false},
	"unclassified": {Road, "residential", 13, false}, "residential": {Road, "residential", 13, false}, "road": {Road, "residential", 14, false},
	"living_street": {Road, "residential", 14, false}, "service": {Road, "residential", 14, false},
	"pedestrian": {Path, "pedestrian", 13, false}, "track": {Path, "track", 14, false},
	"footway": {Path, "footway", 14, false}, "path": {Path, "footway", 14, false}, "steps": {Path, "footway", 14, false},
	"cycleway": {Path, "footway", 14, false}, "bridleway": {Path, "footway", 14, false},
}

// lines are the other things drawn as lines, by key and value, in the order in which the keys are looked at.
var lines = []struct {
	key    string
	values map[string]drawn
}{
	{"railway", map[string]drawn{
		"rail": {Rail, "rail", 9, false}, "subway": {Rail, "subway", 11, false}, "light_rail": {Rail, "subway", 11, false},
		"monorail": {Rail, "subway", 12, false}, "tram": {Rail, "tram", 13, false}, "narrow_gauge": {Rail, "rail", 11, false},
	}},
	{"waterway", map[string]drawn{
		"river": {Water, "river", 8, false}, "canal": {Water, "canal", 11, false}, "stream": {Water, "stream", 13, false},
		"drain": {Water, "stream", 14, false}, "ditch": {Water, "stream", 14, false},
	}},
	{"aeroway", map[string]drawn{"runway": {Path, "runway", 11, false}, "taxiway": {Path, "taxiway", 13, false}}},
}

// areas are the things drawn as areas, by key and value, in the order in which the keys are looked at.
var areas = []struct {
	key    string
	values map[string]drawn
}{
	{"natural", map[string]drawn{
		"water": {Water, "lake", 5, true}, "wood": {Green, "wood", 8, true}, "grassland": {Green, "grass", 11, true},
		"scrub": {Green, "wood", 10, true}, "heath": {Green, "grass", 11, true}, "wetland": {Green, "wetland", 10, true},
	}},
	{"waterway", map[string]drawn{"riverbank": {Water, "river", 5, true}, "dock": {Water, "lake", 8, true}}},
	{"leisure", map[string]drawn{
		"park": {Green, "park", 9, true}, "garden": {Green, "park", 11, true}, "nature_reserve": {Green, "park", 9, true},
		"golf_course": {Green, "grass", 10, true}, "pitch": {Green, "pitch", 13, true}, "stadium": {Land, "sport", 12, true},
		"sports_centre": {Land, "sport", 12, true},
	}},
	{"building", nil}, // any value but no
	{"landuse", map[string]drawn{
		"reservoir": {Water, "lake", 6, true}, "basin": {Water, "lake", 10, true},
		"forest": {Green, "wood", 8, true}, "grass": {Green, "grass", 11, true}, "meadow": {Green, "grass", 11, true},
		"village_green": {Green, "grass", 11, true}, "recreation_ground": {Green, "park", 11, true}, "cemetery": {Green, "cemetery", 11, true},
		"orchard": {Green, "orchard", 11, true}, "vineyard": {Green, "orchard", 11, true},
		"residential": {Land, "residential", 8, true}, "commercial": {Land, "commercial", 9, true}, "retail": {Land, "commercial", 9, true},
		"industrial": {Land, "industrial", 9, true}, "education": {Land, "school", 11, true},
	}},
	{"amenity", map[string]drawn{
		"school": {Land, "school", 12, true}, "kindergarten": {Land, "school", 13, true}, "university": {Land, "school", 10, true},
		"college": {Land, "school", 11, true}, "hospital": {Land, "hospital", 11, true},
	}},
	{"aeroway", map[string]drawn{"aerodrome": {Land, "aerodrome", 9, true}, "apron": {Land, "aerodrome", 12, true}}},
}

// drawnOf is how a thing with these tags is drawn: closed says that it has an area. False when it is not drawn.
func drawnOf(tags osm.Tags, closed bool) (drawn, bool) {
	isArea := tags.Find("area") == "yes"
	if r, ok := roads[tags.Find("highway")]; ok {
		return r, !isArea
	}
	if !isArea {
		for _, l := range lines {
			if d, ok := l.values[tags.Find(l.key)]; ok {
				return lateWhenHidden(d, tags), true
			}
		}
	}
	if !closed {
		return drawn{}, false
	}
	for _, a := range areas {
		value := tags.Find(a.key)
		if a.key == "building" && value != "" && value != "no" {
			return drawn{Building, "building", 13, true}, true
		}
		if d, ok := a.values[value]; ok {
			if d.class == "lake" && (tags.Find("water") == "river" || tags.Find("water") == "canal") {
				d.class = "river"
			}
			return d, true
		}
	}
	return drawn{}, false
}

// lateWhenHidden draws sidings and what runs in tunnels late; streets lie over them.
func lateWhenHidden(d drawn, tags osm.Tags) drawn {
	switch {
	case d.layer == Rail && tags.Find("service") != "":
		d.minZoom, d.class = 14, "siding"
	case d.layer == Water && tags.Find("tunnel") != "" && tags.Find("tunnel") != "no":
		d.minZoom = 14
	}
	return d
}

// named is how a thing is called: the Chinese name before the local one, the English one, and its other names.
func named(tags osm.Tags) (name, english string, aliases []string) {
	name, english = tags.Find("name"), tags.Find("name:en")
	if zh := tags.Find("name:zh"); zh != "" {
		name = zh
	}
	for _, key := range []string{"name", "alt_name", "short_name", "old_name", "official_name", "loc_name", "brand"} {
		for _, alias := range strings.Split(tags.Find(key), ";") {
			if alias = strings.TrimSpace(alias); alias != "" && alias != name {
				aliases = append(aliases, alias)
			}
		}
	}
	return strings.TrimSpace(name), strings.TrimSpace(english), aliases
}

// boundaryLevel is the admin_level of a boundary as a class of District; 0 to 3 and what has none are no boundary of
// ours: national borders are not taken over, for only the authorities' drawing of them may be shown.
func boundaryLevel(tags osm.Tags) int {
	if tags.Find("boundary") != "administrative" {
		return 0
	}
	switch level := tags.Find("admin_level"); level {
	case "2", "3", "4", "5", "6", "7", "8":
		return int(level[0] - '0')
	}
	return 0
}

// districts are the classes of the lines between divisions, by admin_level.
var districts = map[int]drawn{
	4: {District, "province", 4, false}, 5: {District, "prefecture", 6, false}, 6: {District, "county", 8, false},
	7: {District, "township", 11, false}, 8: {District, "township", 11, false},
}
