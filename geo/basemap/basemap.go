// Package basemap keeps the map that everything else is drawn on, and serves
// it as vector tiles.
//
// Geometries are WGS-84, longitude first; tiles are the usual square tiles of
// Web Mercator; see Layer for what is on them.
package basemap

import (
	"errors"
	"fmt"
	"slices"

	"github.com/paulmach/orb"
)

// MaxZoom is the deepest zoom that tiles are made for; a client stretches them
// beyond.
const MaxZoom = 16

var (
	// ErrNone says that no basemap has been loaded.
	ErrNone = errors.New("there is no basemap")
	// ErrFeature says that a feature cannot be part of a basemap.
	ErrFeature = errors.New("not a feature of a basemap")
)

// Layer is a layer of the tiles.
type Layer string

// The layers, in the order in which they stand in a tile.
const (
	Land     Layer = "land"  // built-up land and grounds: residential, industrial, school …
	Green    Layer = "green" // parks, woods, grass
	Water    Layer = "water" // areas, and rivers and canals as lines
	Building Layer = "building"
	Path     Layer = "path" // what cars do not use: footways, and runways
	Rail     Layer = "rail"
	Road     Layer = "road"
	District Layer = "district" // outlines or lines
	Place    Layer = "place"    // towns and villages, as points
	Poi      Layer = "poi"      // named points of interest
)

// Layers is every layer, the lowest first.
func Layers() []Layer {
	return []Layer{Land, Green, Water, Building, Path, Rail, Road, District, Place, Poi}
}

// Feature is one thing on the map.
type Feature struct {
	Layer    Layer
	Class    string // of roads: trunk, primary, secondary, tertiary, residential; may be ""
	Name     string // may be ""
	NameEN   string // the English name; may be ""
	MinZoom  int    // 0 to MaxZoom; coarser tiles leave the feature out
	Geometry orb.Geometry
}

// Info says which map this is. Screens show Name, Approval and Source.
type Info struct {
	Name      string
	Approval  string // the approval number (审图号); "" when there is none
	Source    string // who made the data, with the credit that its licence asks for
	Fictional bool   // an invented place
	Bounds    orb.Bound
	Version   int64 // grows by one with every Replace
}

// mercatorLat is the latitude at which Web Mercator ends.
const mercatorLat = 85.0511287798

// check says whether f can be stored and drawn. The error wraps ErrFeature.
func (f Feature) check() error {
	if !slices.Contains(Layers(), f.Layer) {
		return fmt.Errorf("%w: layer %q", ErrFeature, f.Layer)
	}
	if f.MinZoom < 0 || f.MinZoom > MaxZoom {
		return fmt.Errorf("%w: min zoom %d is not 0 to %d", ErrFeature, f.MinZoom, MaxZoom)
	}
	if f.Geometry == nil {
		return fmt.Errorf("%w: no geometry", ErrFeature)
	}
	switch f.Geometry.(type) {
	case orb.Ring, orb.Bound:
		return fmt.Errorf("%w: a %T; make it a polygon", ErrFeature, f.Geometry)
	}
	b := f.Geometry.Bound()
	if b.IsEmpty() || !inWorld(b.Min) || !inWorld(b.Max) {
		return fmt.Errorf("%w: bounds %v are not within ±180 and ±%v degrees", ErrFeature, b, mercatorLat)
	}
	return nil
}

// inWorld is false for what is not a number.
func inWorld(p orb.Point) bool {
	return p[0] >= -180 && p[0] <= 180 && p[1] >= -mercatorLat && p[1] <= mercatorLat
}
