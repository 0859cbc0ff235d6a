package road

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Drive is a way that somebody drove: where it ended, what the roads said, and what it took.
type Drive struct {
	To           orb.Point
	RoadS, TookS float64
}

// Factors say how much longer a way takes than the roads say, as learned from drives. The zero Factors know nothing: all
// factors are 1.
type Factors struct {
	all    float64 // logarithm
	cells  map[geo.Cell]float64
	Drives int // learned from
}

const (
	// factorRes is the size of a factor's area: H3 cells of about 36 km².
	factorRes = 6
	// weightOfNothing is how many drives it takes for a factor to move half the way from what it would be without them.
	weightOfNothing = 10
	// factorMost bounds a factor and its inverse: what says more is not a drive but a rest.
	factorMost = 4
)

// Learn takes the median of the ratios, in which a few wrong ones do not count, over all drives and over those that
// ended in each cell. Few drives say little: a cell's factor is drawn towards that of all, and that towards 1.
func Learn(drives []Drive) Factors {
	var all []float64
	byCell := map[geo.Cell][]float64{}
	for _, d := range drives {
		ratio := d.TookS / d.RoadS
		if !(d.RoadS >= 30 && ratio >= 1.0/(2*factorMost) && ratio <= 2*factorMost) {
			continue // too short to say anything, or not one drive
		}
		all = append(all, math.Log(ratio))
		if c, err := geo.CellAt(d.To, factorRes); err == nil {
			byCell[c] = append(byCell[c], math.Log(ratio))
		}
	}
	f := Factors{all: shrunk(all, 0), cells: map[geo.Cell]float64{}, Drives: len(all)}
	for c, list := range byCell {
		f.cells[c] = shrunk(list, f.all)
	}
	return f
}

// shrunk is the median of list, drawn towards what is believed without it.
func shrunk(list []float64, believed float64) float64 {
	if len(list) == 0 {
		return believed
	}
	slices.Sort(list)
	n := len(list)
	median := (list[(n-1)/2] + list[n/2]) / 2
	most := math.Log(factorMost)
	return min(max((float64(n)*median+weightOfNothing*believed)/float64(n+weightOfNothing), -most), most)
}

// At is the factor for ways that end at a point.
func (f Factors) At(p orb.Point) float64 {
	if c, err := geo.CellAt(p, factorRes); err == nil {
		if v, ok := f.cells[c]; ok {
			return math.Exp(v)
		}
	}
	return math.Exp(f.all)
}
