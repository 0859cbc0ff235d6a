package resolve

import (
	"math"
	"slices"
)

// PairSample is what is known of two listings that may be one place.
type PairSample struct {
	value [features]float64
	same  bool
}

// Want says whether the two are one place.
func (s PairSample) Want() bool { return s.same }

// PairSample compares q with the shop of an id.
func (r *Register) PairSample(q Query, id int64, same bool) PairSample {
	a := r.read(q)
	j := r.judge(a)
	at := slices.IndexFunc(r.shops.rows, func(s row) bool { return s.id == id })
	return PairSample{j.evidence(int32(at)).value, same}
}

// PairWeights are fitted for one kind of listings.
type PairWeights struct {
	w     [features]float64
	least float64
}

// Same says whether the two are taken for one place.
func (s PairSample) Same(w PairWeights) bool { return s.logit(w) >= w.least }

func (s PairSample) logit(w PairWeights) (sum float64) {
	for f, v := range s.value {
		sum += v * w.w[f]
	}
	return sum
}

// FitPairs is plain logistic regression, from the weights in force on; the threshold is where F1 is best.
func FitPairs(samples []PairSample) PairWeights {
	w := PairWeights{w: weights}
	var first, second [features]float64
	for round := 1; round <= rounds; round++ {
		var g [features]float64
		for _, s := range samples {
			push := -1 / (1 + math.Exp(-s.logit(w)))
			if s.same {
				push++
			}
			for f, v := range s.value {
				g[f] += push * v / float64(len(samples))
			}
		}
		step(&w.w, &g, &first, &second, round)
	}
	w.least = bestThreshold(samples, w)
	return w
}

func bestThreshold(samples []PairSample, w PairWeights) float64 {
	slices.SortFunc(samples, func(a, b PairSample) int {
		if a.logit(w) > b.logit(w) {
			return -1
		}
		return 1
	})
	want, right, best, least := 0, 0, 0.0, 0.0
	for _, s := range samples {
		if s.same {
			want++
		}
	}
	for i, s := range samples {
		if s.same {
			right++
		}
		if f1 := 2 * float64(right) / float64(i+1+want); f1 > best {
			best, least = f1, s.logit(w)
		}
	}
	return least
}
