package dispatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// FirstETA asks one source after the other. Each unit gets the answer of the first source that knows it; only those that
// are left are asked about further on.
//
// Sources differ: one knows the hour and what was learned from sorties, another does not. So that one ranking can hold
// answers of several, a later source is also asked about units that are answered already, and its times are multiplied by
// the median of how much longer those took by the first answer. Lengths are left as they are.
type FirstETA []ETASource

const (
	bridgeUnits = 9  // answered units that a later source is asked about at most
	bridgeLeast = 3  // fewer say nothing, and times are left as they are
	bridgeMost  = 4. // bounds the factor and its inverse: more is a mistake of one of the two
)

// ETAs fails, with the errors of all sources, when a unit has no answer.
func (f FirstETA) ETAs(ctx context.Context, to orb.Point, from []orb.Point) ([]ETA, error) {
	out := make([]ETA, len(from))
	var failed []error
	for _, s := range f {
		open, known := split(out)
		if len(open) == 0 {
			return out, nil
		}
		asked := append(open, spread(known, bridgeUnits)...)
		points := make([]orb.Point, len(asked))
		for k, i := range asked {
			points[k] = from[i]
		}
		etas, err := s.ETAs(ctx, to, points)
		if err == nil && len(etas) != len(points) {
			err = fmt.Errorf("%d times for %d units", len(etas), len(points))
		}
		if err != nil {
			failed = append(failed, err)
			continue
		}
		factor := bridge(out, asked[len(open):], etas[len(open):])
		for k, i := range open {
			out[i] = etas[k]
			out[i].Travel = time.Duration(float64(etas[k].Travel) * factor).Round(time.Second)
		}
	}
	if open, _ := split(out); len(open) > 0 {
		return nil, errors.Join(append(failed, fmt.Errorf("no source knows %d of %d units", len(open), len(from)))...)
	}
	return out, nil
}

// split lists the units that have no answer yet, and those that have one.
func split(etas []ETA) (open, known []int) {
	for i, e := range etas {
		if e.Basis == "" {
			open = append(open, i)
		} else {
			known = append(known, i)
		}
	}
	return open, known
}

// spread picks n of list at most, evenly.
func spread(list []int, n int) []int {
	if len(list) <= n {
		return list
	}
	out := make([]int, n)
	for k := range out {
		out[k] = list[k*len(list)/n]
	}
	return out
}

// bridge is the factor for the times of a source, from what it says of units that were answered before; 1 when that are
// too few.
func bridge(answered []ETA, units []int, etas []ETA) float64 {
	var ratios []float64
	for k, i := range units {
		if etas[k].Basis != "" && etas[k].Travel >= time.Minute && answered[i].Travel >= time.Minute {
			ratios = append(ratios, float64(answered[i].Travel)/float64(etas[k].Travel))
		}
	}
	if len(ratios) < bridgeLeast {
		return 1
	}
	slices.Sort(ratios)
	n := len(ratios)
	median := (ratios[(n-1)/2] + ratios[n/2]) / 2
	return min(max(median, 1/bridgeMost), bridgeMost)
}
