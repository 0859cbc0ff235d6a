// Package resolve finds the licensed retailer that a caller means.
//
// Callers give a fragment of a name, a road, a landmark, in any order and with slips of the tongue. Each shop that shares
// something with their words is compared part by part. What agrees counts by how rare it is, as Fellegi and Sunter do when
// they link records; what contradicts counts against the shop; weights fitted on labelled shops turn both into a
// probability, which also says how likely it is that the shop is none of them.
package resolve

import (
	"cmp"
	"math"
	"slices"
)

// Answer is what is known of the place that a caller means.
type Answer struct {
	// Sure says that the first candidate is the shop; else a person has to ask or choose.
	Sure bool
	// Candidates are the shops that can be meant, the likeliest first.
	Candidates []Candidate
	// Unknown is the probability, 0 to 1, that the shop is none of the candidates.
	Unknown float64
	// Question is the one that tells the candidates apart best; nil when the answer is sure.
	Question *Question
}

// Candidate is a shop that can be meant.
type Candidate struct {
	Shop  Shop
	Score float64 // probability, 0 to 1, that it is the one
	Why   []Reason
}

const (
	mostCandidates = 10 // of an answer

	surely = 0.75
	margin = 0.3 // by which the first must be ahead of the second
)

// Resolve finds the shops that q can mean. A licence number among the words tells the shop, whatever else they say.
func (r *Register) Resolve(q Query) Answer {
	if i, ok := r.licensed(q.Text); ok {
		shop := r.shops.at(i)
		why := []Reason{{"许可证号相符：" + shop.LicenceNo, "the licence number fits: " + shop.LicenceNo}}
		return Answer{Sure: true, Candidates: []Candidate{{Shop: shop, Score: 1, Why: why}}}
	}
	a := r.read(q)
	all, unknown := r.ranked(a)
	answer := Answer{Unknown: unknown}
	for _, e := range all[:min(mostCandidates, len(all))] {
		if e.p < 0.001 && len(answer.Candidates) >= 5 {
			break
		}
		answer.Candidates = append(answer.Candidates, Candidate{Shop: r.shops.at(e.shop), Score: e.p, Why: e.reasons(r)})
	}
	if len(all) > 0 {
		second := 0.0
		if len(all) > 1 {
			second = all[1].p
		}
		answer.Sure = all[0].p >= surely && all[0].p-second >= margin
	}
	if !answer.Sure {
		answer.Question = r.question(all, a)
	}
	return answer
}

// weighed is the evidence about a shop and what follows from it.
type weighed struct {
	*evidence
	logit float64
	p     float64
}

// ranked weighs the shops that share something with the words, the likeliest first.
func (r *Register) ranked(a *asked) (all []weighed, unknown float64) {
	for _, e := range r.compare(a) {
		all = append(all, weighed{evidence: e, logit: e.logit(&weights)})
	}
	slices.SortFunc(all, func(a, b weighed) int { return cmp.Or(cmp.Compare(b.logit, a.logit), cmp.Compare(a.shop, b.shop)) })
	top := 0.0 // the logit of none of them
	if len(all) > 0 {
		top = max(top, all[0].logit)
	}
	sum := math.Exp(-top)
	for i := range all {
		all[i].p = math.Exp(all[i].logit - top)
		sum += all[i].p
	}
	for i := range all {
		all[i].p /= sum
	}
	return all, math.Exp(-top) / sum
}

// compare is the evidence about every shop that shares something with the words.
func (r *Register) compare(a *asked) []*evidence {
	j := r.judge(a)
	shops := r.candidates(a)
	out := make([]*evidence, len(shops))
	for i, shop := range shops {
		out[i] = j.evidence(shop)
	}
	return out
}

func (e *evidence) logit(w *[features]float64) float64 {
	sum := 0.0
	for f, v := range e.value {
		sum += v * w[f]
	}
	return sum
}
