package retailer

import (
	"math"
	"slices"
	"strings"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"

	"jiujin/geo/datum"
)

// division is a county with its outline, in WGS-84.
type division struct {
	code, name string
	shape      orb.MultiPolygon
	bound      orb.Bound
}

func (d *division) holds(p orb.Point) bool {
	return d.bound.Contains(p) && planar.MultiPolygonContains(d.shape, p)
}

// divisions finds the county that a row names.
type divisions struct {
	byCode map[string]*division
	byName map[string]*division // nil for a name that several have
}

func newDivisions(list []division) divisions {
	all := divisions{map[string]*division{}, map[string]*division{}}
	for i := range list {
		d := &list[i]
		all.byCode[d.code] = d
		if _, twice := all.byName[d.name]; twice {
			d = nil
		}
		all.byName[list[i].name] = d
	}
	return all
}

// named is the county of a row, by its code or else by the first name of one in its address; nil when there is none.
func (all divisions) named(code, address string) *division {
	if len(code) >= 6 {
		if d := all.byCode[code[:6]]; d != nil {
			return d
		}
	}
	runes := []rune(address)
	for end, r := range runes {
		if !strings.ContainsRune("区县市旗", r) {
			continue
		}
		for begin := max(0, end-9); begin < end; begin++ { // the longest name wins
			if d := all.byName[string(runes[begin:end+1])]; d != nil {
				return d
			}
		}
	}
	return nil
}

// hearDivisions looks for rows that lie outside of the county that they name, and inside of it when they are read in
// another datum. An address may name the county across the street, so it is counted how often the same way in the
// opposite direction leads inside: addresses err to either side, a datum to one.
func (m *Mixed) hearDivisions(given datum.Datum, list []sighting, votes [][len(hypotheses)]int) {
	var back, opposite [len(hypotheses)]int
	own := max(0, slices.Index(hypotheses[:], given)) // CGCS2000 is WGS-84 here
	for at, s := range list {
		if s.division == nil {
			continue
		}
		off, ok := errorsAt(given, s.point)
		if !ok {
			continue
		}
		m.Named++
		inside := s.division.holds(s.point)
		if !inside {
			m.Outside++
		}
		for i := range off {
			if math.Hypot(off[i][0], off[i][1]) < stays {
				continue
			}
			there := s.division.holds(moved(s.point, off[i]))
			if inside && !there {
				votes[at][own] = max(votes[at][own], 1)
			}
			if !inside && there {
				votes[at][i]++
				back[i]++
			}
			if !inside && s.division.holds(moved(s.point, orb.Point{-off[i][0], -off[i][1]})) {
				opposite[i]++
			}
		}
	}
	for i := range back {
		if back[i]-opposite[i] > m.Strayed-m.StrayByChance {
			m.Strayed, m.StrayByChance = back[i], opposite[i]
		}
	}
}

// moved is where a point is without the way off, metres east and north.
func moved(p, off orb.Point) orb.Point {
	return orb.Point{p[0] - off[0]/(metresPerDegree*math.Cos(p[1]*math.Pi/180)), p[1] - off[1]/metresPerDegree}
}
