package basemap

import "github.com/paulmach/osm"

// kind says what named places of one sort are called here and from which zoom on they are drawn.
type kind struct {
	name    string
	minZoom int
}

// kinds are the named places that are taken from OpenStreetMap, by key and value, in the order in which the keys are
// looked at; "*" is any other value but no.
var kinds = []struct {
	key    string
	values map[string]kind
}{
	{"aeroway", map[string]kind{"aerodrome": {"airport", 10}}},
	{"railway", map[string]kind{"station": {"station", 12}, "halt": {"station", 13}, "tram_stop": {"station", 14}}},
	{"public_transport", map[string]kind{"station": {"station", 13}}},
	{"amenity", map[string]kind{
		"school": {"school", 14}, "kindergarten": {"kindergarten", 14}, "college": {"university", 13}, "university": {"university", 13},
		"hospital": {"hospital", 13}, "clinic": {"clinic", 14}, "doctors": {"clinic", 14}, "pharmacy": {"pharmacy", 14},
		"marketplace": {"market", 14}, "bus_station": {"bus_station", 13}, "fuel": {"fuel", 14}, "bank": {"bank", 14},
		"police": {"police", 14}, "fire_station": {"fire_station", 14}, "townhall": {"government", 13}, "courthouse": {"government", 14},
		"public_building": {"government", 14}, "post_office": {"post_office", 14}, "library": {"library", 14},
		"theatre": {"theatre", 14}, "cinema": {"theatre", 14}, "community_centre": {"community_centre", 14}, "place_of_worship": {"temple", 14},
		"restaurant": {"restaurant", 14}, "fast_food": {"restaurant", 14}, "cafe": {"restaurant", 14}, "bar": {"restaurant", 14}, "pub": {"restaurant", 14},
		"parking": {"parking", 14},
	}},
	{"shop", map[string]kind{
		"mall": {"mall", 13}, "department_store": {"mall", 14}, "supermarket": {"supermarket", 14}, "convenience": {"shop", 14}, "*": {"shop", 14},
	}},
	{"tourism", map[string]kind{
		"hotel": {"hotel", 14}, "hostel": {"hotel", 14}, "guest_house": {"hotel", 14}, "motel": {"hotel", 14},
		"attraction": {"attraction", 13}, "museum": {"museum", 13}, "zoo": {"attraction", 13}, "theme_park": {"attraction", 13}, "viewpoint": {"attraction", 14},
	}},
	{"historic", map[string]kind{"*": {"attraction", 14}}},
	{"leisure", map[string]kind{"park": {"park", 13}, "stadium": {"stadium", 13}, "sports_centre": {"stadium", 14}}},
	{"highway", map[string]kind{"bus_stop": {"bus_stop", 14}, "motorway_junction": {"junction", 14}}},
	{"office", map[string]kind{"government": {"government", 14}, "*": {"office", 14}}},
	{"landuse", map[string]kind{"residential": {"residential", 14}, "industrial": {"industrial", 14}, "commercial": {"commercial", 14}, "retail": {"commercial", 14}}},
	{"building", map[string]kind{"*": {"building", 14}}},
}

// settlements are the classes of layer Place, by the tag place.
var settlements = map[string]kind{
	"city": {"city", 4}, "town": {"town", 8}, "borough": {"suburb", 10}, "suburb": {"suburb", 11}, "quarter": {"neighbourhood", 13},
	"neighbourhood": {"neighbourhood", 13}, "village": {"village", 12}, "hamlet": {"hamlet", 13}, "locality": {"locality", 14},
	"isolated_dwelling": {"hamlet", 14}, "square": {"square", 14},
}

// Kinds is every kind that the import of an OpenStreetMap file gives to a named place, those of settlements included.
func Kinds() []string {
	seen := map[string]bool{}
	var out []string
	add := func(values map[string]kind) {
		for _, k := range values {
			if !seen[k.name] {
				seen[k.name] = true
				out = append(out, k.name)
			}
		}
	}
	add(settlements)
	for _, k := range kinds {
		add(k.values)
	}
	return out
}

// kindOf is what a named thing is; false when it is nothing that people are sent to. point says that it is a point: a
// settlement that is drawn as an area has a point as well.
func kindOf(tags osm.Tags, point bool) (Layer, kind, bool) {
	if k, ok := settlements[tags.Find("place")]; ok && point {
		return Place, k, true
	}
	for _, group := range kinds {
		value := tags.Find(group.key)
		if value == "" || value == "no" {
			continue
		}
		if k, ok := group.values[value]; ok {
			return Poi, k, true
		}
		if k, ok := group.values["*"]; ok {
			return Poi, k, true
		}
	}
	return "", kind{}, false
}
