package basemap

import (
	"math"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// NamedPlace is a place that people name: a school, a station, a village.
type NamedPlace struct {
	ID      int64
	Name    string
	NameEN  string   // "" when none is known
	Aliases []string // other names in use; may be empty
	Kind    string   // one of Kinds, or a class of layer place such as village
	Point   orb.Point
	Source  string // SourceOSM or SourceMap for those that came with the basemap and go with it
}

// Where named places come from.
const (
	SourceOSM = "osm"     // an imported OpenStreetMap file
	SourceMap = "basemap" // a basemap made otherwise, such as the demo's
)

// NearPlace is a place and how far it is.
type NearPlace struct {
	NamedPlace
	Distance geo.Metres
}

// placesOf are the named places among features.
func placesOf(features []Feature, source string) []NamedPlace {
	var out []NamedPlace
	for _, f := range features {
		p, ok := f.Geometry.(orb.Point)
		if ok && f.Name != "" && (f.Layer == Place || f.Layer == Poi) {
			out = append(out, NamedPlace{Name: f.Name, NameEN: f.NameEN, Kind: f.Class, Point: p, Source: source})
		}
	}
	return out
}

// placeList are the named places of a file. It sees one that is in the file twice: as a point and as a building, or as
// the two sides of a stop.
type placeList struct {
	list []NamedPlace
	seen map[[2]string][]orb.Point // by name and kind
}

// twice is how near two places of one name and kind are one, in degrees: about 300 m.
const twice = 0.003

// add keeps the place; false when it is there already.
func (l *placeList) add(p NamedPlace) bool {
	key := [2]string{p.Name, p.Kind}
	for _, other := range l.seen[key] {
		if math.Abs(other[0]-p.Point[0]) < twice && math.Abs(other[1]-p.Point[1]) < twice {
			return false
		}
	}
	l.seen[key] = append(l.seen[key], p.Point)
	l.list = append(l.list, p)
	return true
}
