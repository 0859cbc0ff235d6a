package address

import (
	"math"
	"strings"
)

// Score says how well parts were found: a part is right when its label, start
// and end are. The figures are rounded to three places.
type Score struct {
	Gold      int     `json:"gold"` // parts that are right
	Precision float64 `json:"precision"`
	Recall    float64 `json:"recall"`
	F1        float64 `json:"f1"`
}

// AllLabels is the key under which Measure counts all parts.
const AllLabels = "ALL"

// Measure parses the samples and scores each label and all together. Labels
// that differ in capitals only count as one, under the name of the constant.
func Measure(samples []Sample, parse func(text string) []Part) map[string]Score {
	type count struct{ gold, found, right int }
	counts := map[string]*count{AllLabels: {}}
	of := func(l Label) *count {
		name := constant(l)
		if counts[name] == nil {
			counts[name] = &count{}
		}
		return counts[name]
	}
	type key struct {
		label      string
		start, end int
	}
	for _, s := range samples {
		gold := map[key]bool{}
		for _, p := range s.Parts {
			gold[key{constant(p.Label), p.Start, p.End}] = true
			of(p.Label).gold++
			counts[AllLabels].gold++
		}
		for _, p := range parse(s.Text) {
			right := 0
			if gold[key{constant(p.Label), p.Start, p.End}] {
				right = 1
			}
			of(p.Label).found++
			of(p.Label).right += right
			counts[AllLabels].found++
			counts[AllLabels].right += right
		}
	}
	scores := map[string]Score{}
	for label, c := range counts {
		precision, recall := ratio(c.right, c.found), ratio(c.right, c.gold)
		f1 := 0.0
		if precision+recall > 0 {
			f1 = 2 * precision * recall / (precision + recall)
		}
		scores[label] = Score{c.gold, round3(precision), round3(recall), round3(f1)}
	}
	return scores
}

func constant(l Label) string {
	for _, known := range Labels() {
		if strings.EqualFold(string(known), string(l)) {
			return string(known)
		}
	}
	return string(l)
}

func ratio(part, whole int) float64 { return float64(part) / float64(max(whole, 1)) }

func round3(x float64) float64 { return math.Round(x*1000) / 1000 }
