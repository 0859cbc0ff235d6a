package main

import (
	"context"
	"fmt"
	"math"
	"os"

	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
	"github.com/paulmach/osm/osmpbf"

	"jiujin/geo"
)

// roadmap is the streets of a real city, to find out how far from them somebody is. It has nothing to do with the
// service's own basemap.
type roadmap struct {
	cells map[[2]int][][2]orb.Point // pieces of road by the squares that they touch
}

// squareDeg is the side of a square of the roadmap: about 200 m.
const squareDeg = 0.002

// drivable are the values of the tag highway that cars use.
var drivable = map[string]bool{
	"motorway": true, "trunk": true, "primary": true, "secondary": true, "tertiary": true,
	"motorway_link": true, "trunk_link": true, "primary_link": true, "secondary_link": true, "tertiary_link": true,
	"unclassified": true, "residential": true, "living_street": true, "service": true, "road": true,
}

// readRoadmap reads the drivable ways of an OpenStreetMap file in PBF.
func readRoadmap(ctx context.Context, path string) (*roadmap, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s := osmpbf.New(ctx, f, 1)
	s.SkipRelations = true
	defer s.Close()
	m := &roadmap{cells: map[[2]int][][2]orb.Point{}}
	nodes := map[osm.NodeID]orb.Point{}
	for s.Scan() {
		switch e := s.Object().(type) {
		case *osm.Node:
			nodes[e.ID] = orb.Point{e.Lon, e.Lat}
		case *osm.Way:
			if !mayDrive(e.Tags) {
				continue
			}
			for i := 1; i < len(e.Nodes); i++ {
				a, okA := nodes[e.Nodes[i-1].ID]
				b, okB := nodes[e.Nodes[i].ID]
				if okA && okB {
					m.add(a, b)
				}
			}
		}
	}
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(m.cells) == 0 {
		return nil, fmt.Errorf("%s holds no roads", path)
	}
	return m, nil
}

// mayDrive is whether a car may use a way: the first of the tags about access that is there decides.
func mayDrive(tags osm.Tags) bool {
	if !drivable[tags.Find("highway")] || tags.Find("area") == "yes" {
		return false
	}
	for _, key := range []string{"motorcar", "motor_vehicle", "vehicle", "access"} {
		if v := tags.Find(key); v != "" {
			return v != "no" && v != "private"
		}
	}
	return true
}

func square(v float64) int { return int(math.Floor(v / squareDeg)) }

func (m *roadmap) add(a, b orb.Point) {
	for x := square(min(a[0], b[0])); x <= square(max(a[0], b[0])); x++ {
		for y := square(min(a[1], b[1])); y <= square(max(a[1], b[1])); y++ {
			m.cells[[2]int{x, y}] = append(m.cells[[2]int{x, y}], [2]orb.Point{a, b})
		}
	}
}

// ringsMost is how many squares away the nearest road is looked for: half a kilometre to the north.
const ringsMost = 3

// metres is how far p is from the nearest road; +Inf when none is within half a kilometre or so.
func (m *roadmap) metres(p orb.Point) float64 {
	best := math.Inf(1)
	cx, cy := square(p[0]), square(p[1])
	east := math.Cos(p[1] * math.Pi / 180)
	side := squareDeg * east * math.Pi / 180 * float64(geo.EarthRadius)
	for ring := 0; ring <= ringsMost && best > float64(ring-1)*side; ring++ {
		for x := cx - ring; x <= cx+ring; x++ {
			for y := cy - ring; y <= cy+ring; y++ {
				if max(abs(x-cx), abs(y-cy)) != ring {
					continue
				}
				for _, piece := range m.cells[[2]int{x, y}] {
					best = min(best, toPiece(p, piece[0], piece[1], east))
				}
			}
		}
	}
	return best
}

func abs(n int) int { return max(n, -n) }

// toPiece is the distance from p to the straight piece from a to b, on the plane through p. east is the cosine of the
// latitude.
func toPiece(p, a, b orb.Point, east float64) float64 {
	perDeg := float64(geo.EarthRadius) * math.Pi / 180
	ax, ay := (a[0]-p[0])*east*perDeg, (a[1]-p[1])*perDeg
	bx, by := (b[0]-p[0])*east*perDeg, (b[1]-p[1])*perDeg
	dx, dy := bx-ax, by-ay
	f := 0.0
	if n := dx*dx + dy*dy; n > 0 {
		f = min(max(-(ax*dx+ay*dy)/n, 0), 1)
	}
	return math.Hypot(ax+f*dx, ay+f*dy)
}
