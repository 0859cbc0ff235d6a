package resolve

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Sample is one query as the fitting of the weights sees it.
type Sample struct {
	values [][features]float64 // of each shop that was compared
	right  []int               // which of them are right; none when the shop is not among them
	weight float64
}

// Sample compares q with the register; want are the ids of the shops that are right, and weight is how much it counts
// against other samples.
func (r *Register) Sample(q Query, want []int64, weight float64) Sample {
	s := Sample{weight: weight}
	all, _ := r.ranked(r.read(q))
	for i, e := range all {
		right := slices.Contains(want, r.shops.rows[e.shop].id)
		if i >= mostSampled && !right {
			continue
		}
		if right {
			s.right = append(s.right, len(s.values))
		}
		s.values = append(s.values, e.value)
	}
	return s
}

const (
	mostSampled = 25 // shops of a sample; those further down change nothing
	rounds      = 1500
	rate        = 0.03
	pull        = 0.0008 // towards the weights that are in force
)

// Fit gives the weights that make the right shops likeliest, as source text: conditional logistic regression with "none
// of them" as one of the outcomes, by gradient ascent with the step of Adam.
func Fit(samples []Sample) string {
	w := weights
	var first, second [features]float64
	for round := 1; round <= rounds; round++ {
		g := gradient(samples, &w)
		step(&w, &g, &first, &second, round)
	}
	var b strings.Builder
	for f, name := range featureNames {
		fmt.Fprintf(&b, "\t%s: %.3g,\n", name, w[f])
	}
	return b.String()
}

// step goes up the gradient g, with Adam's running means of it, held back towards the weights in force.
func step(w, g, first, second *[features]float64, round int) {
	for f := range w {
		if feature(f) == numberFar {
			continue // judged: in the words of the lists no number is far off
		}
		d := g[f] - pull*(w[f]-weights[f])
		first[f] = 0.9*first[f] + 0.1*d
		second[f] = 0.999*second[f] + 0.001*d*d
		m, v := first[f]/(1-math.Pow(0.9, float64(round))), second[f]/(1-math.Pow(0.999, float64(round)))
		w[f] += rate * m / (math.Sqrt(v) + 1e-8)
	}
}

// gradient is that of the mean logarithm of the probability of what is right.
func gradient(samples []Sample, w *[features]float64) (g [features]float64) {
	total := 0.0
	for _, s := range samples {
		total += s.weight
	}
	for _, s := range samples {
		p := s.chances(w)
		rightP := 0.0
		for _, i := range s.right {
			rightP += p[i]
		}
		for i, v := range s.values {
			push := -p[i]
			if slices.Contains(s.right, i) {
				push += p[i] / max(rightP, 1e-12)
			}
			for f := range v {
				g[f] += push * v[f] * s.weight / total
			}
		}
	}
	return g
}

// chances are the probabilities of the shops of a sample; what they lack to 1 is that of none of them.
func (s *Sample) chances(w *[features]float64) (p []float64) {
	top := 0.0
	p = make([]float64, len(s.values))
	for i := range s.values {
		for f, v := range s.values[i] {
			p[i] += v * w[f]
		}
		top = max(top, p[i])
	}
	sum := math.Exp(-top)
	for i := range p {
		p[i] = math.Exp(p[i] - top)
		sum += p[i]
	}
	for i := range p {
		p[i] /= sum
	}
	return p
}

var featureNames = [features]string{
	"always", "size", "nameNats", "nameMissing", "nameMisfit", "nameWhole", "nameBeside", "branchNats", "branchDiffers", "kindAgrees", "kindDiffers", "roadNats", "roadSlip", "roadDiffers",
	"segmentDiffers", "numberAgrees", "numberClose", "numberDiffers", "numberFar", "numberElsewhere", "numberAlone", "fineAgrees", "fineDiffers", "placeNats", "areaNats",
	"areaDiffers", "unexplained", "nearClose", "nearFar", "landmarkClose", "landmarkFar", "operatorNats", "phoneAgrees", "over",
}
