package crf

import (
	"maps"
	"math"
	"math/rand/v2"
	"slices"
)

// Sequence is a sequence with its right tags: one list of features and one tag
// for each place.
type Sequence struct {
	Features [][]uint32
	Tags     []uint8
}

// Settings of the training. The zero value of a field is no good.
type Settings struct {
	Passes   int     // over all sequences
	Least    int     // a feature must be seen as often as this
	Rate     float64 // alpha of FTRL
	Lasso    float64 // lambda 1: what a weight must be worth
	Ridge    float64 // lambda 2
	Seed     uint64  // of the order
	Progress func(pass int, loss float64)
}

// Train learns a model by the maximum likelihood of the right tags, with the
// FTRL-Proximal steps of McMahan et al., "Ad Click Prediction: a View from the
// Trenches" (KDD 2013), whose lasso keeps most weights at zero. The same
// sequences and settings give the same model.
func Train(tags Tags, sequences []Sequence, s Settings) *Model {
	t := newTrainer(tags, sequences, s)
	order := rand.New(rand.NewPCG(s.Seed, 0))
	for pass := range s.Passes {
		loss := 0.0
		for _, at := range order.Perm(len(sequences)) {
			loss += t.learn(sequences[at], at)
		}
		if s.Progress != nil {
			s.Progress(pass, loss/float64(len(sequences)))
		}
	}
	return t.model()
}

// trainer holds for each weight the two sums of FTRL: z of the corrected
// gradients, sumG of their squares. The weights of feature f are at [f*tags,
// (f+1)*tags); the rows after those of the features are of the start and of
// each tag before.
type trainer struct {
	tags    Tags
	n       int // tags
	s       Settings
	index   map[uint32]int32
	w       []float64
	z, sumG []float64
	pairs   [][2]int // tags that may follow each other
	rows    [][][]int32
	lattice
}

// lattice holds the sums of one sequence, for each place and tag; those of a
// place are scaled to the sum 1.
type lattice struct {
	score   [][]float64 // logarithms
	weight  [][]float64 // the same as factors, the greatest of a place 1
	forward [][]float64
	back    [][]float64
	scale   []float64
	follow  []float64 // factor of a pair of tags
}

func newTrainer(tags Tags, sequences []Sequence, s Settings) *trainer {
	t := &trainer{tags: tags, n: len(tags.Begins), s: s}
	t.number(sequences)
	size := (len(t.index) + 1 + t.n) * t.n
	t.w, t.z, t.sumG = make([]float64, size), make([]float64, size), make([]float64, size)
	longest := 0
	for _, seq := range sequences {
		longest = max(longest, len(seq.Tags))
		rows := make([][]int32, len(seq.Features))
		for i, place := range seq.Features {
			for _, feature := range place {
				if row, ok := t.index[feature]; ok {
					rows[i] = append(rows[i], row)
				}
			}
		}
		if len(rows) > 0 {
			rows[0] = append(rows[0], int32(t.startRow()))
		}
		t.rows = append(t.rows, rows)
	}
	for range longest {
		t.score, t.weight = append(t.score, make([]float64, t.n)), append(t.weight, make([]float64, t.n))
		t.forward, t.back = append(t.forward, make([]float64, t.n)), append(t.back, make([]float64, t.n))
	}
	t.scale, t.follow = make([]float64, longest), make([]float64, t.n*t.n)
	for prev := range t.n {
		for tag := range t.n {
			if tags.mayFollow(prev, tag) {
				t.pairs = append(t.pairs, [2]int{prev, tag})
			}
		}
	}
	return t
}

// number numbers the features that are seen often enough, in ascending order.
func (t *trainer) number(sequences []Sequence) {
	seen := map[uint32]int{}
	for _, seq := range sequences {
		for _, place := range seq.Features {
			for _, feature := range place {
				seen[feature]++
			}
		}
	}
	maps.DeleteFunc(seen, func(_ uint32, times int) bool { return times < t.s.Least })
	t.index = make(map[uint32]int32, len(seen))
	for i, feature := range slices.Sorted(maps.Keys(seen)) {
		t.index[feature] = int32(i)
	}
}

func (t *trainer) startRow() int         { return len(t.index) }
func (t *trainer) afterRow(prev int) int { return len(t.index) + 1 + prev }

// learn takes one step with sequence number at and gives the loss before it.
func (t *trainer) learn(seq Sequence, at int) float64 {
	if len(seq.Tags) == 0 {
		return 0
	}
	rows := t.rows[at]
	t.scores(rows)
	total := t.sums(len(rows))
	gold := t.gold(seq)
	t.step(seq, rows)
	return total - gold
}

func (t *trainer) scores(rows [][]int32) {
	for i := range rows {
		clear(t.score[i])
		for _, row := range rows[i] {
			for tag, w := range t.w[int(row)*t.n : (int(row)+1)*t.n] {
				t.score[i][tag] += w
			}
		}
	}
}

// sums fills the lattice and gives the logarithm of the sum over all ways.
func (t *trainer) sums(length int) (total float64) {
	for _, p := range t.pairs {
		t.follow[p[0]*t.n+p[1]] = math.Exp(t.w[t.afterRow(p[0])*t.n+p[1]])
	}
	for i := range length {
		most := slices.Max(t.score[i])
		for tag, v := range t.score[i] {
			t.weight[i][tag] = math.Exp(v - most)
		}
		clear(t.forward[i])
		if i == 0 {
			for tag := range t.n {
				if t.tags.mayFollow(-1, tag) {
					t.forward[0][tag] = t.weight[0][tag]
				}
			}
		} else {
			for _, p := range t.pairs {
				t.forward[i][p[1]] += t.forward[i-1][p[0]] * t.follow[p[0]*t.n+p[1]]
			}
			for tag := range t.n {
				t.forward[i][tag] *= t.weight[i][tag]
			}
		}
		t.scale[i] = normalize(t.forward[i])
		total += most + math.Log(t.scale[i])
	}
	for tag := range t.n {
		t.back[length-1][tag] = 1
	}
	for i := length - 2; i >= 0; i-- {
		clear(t.back[i])
		for _, p := range t.pairs {
			t.back[i][p[0]] += t.follow[p[0]*t.n+p[1]] * t.weight[i+1][p[1]] * t.back[i+1][p[1]]
		}
		for tag := range t.n {
			t.back[i][tag] /= t.scale[i+1]
		}
	}
	return total
}

// normalize scales the values to the sum 1 and gives the sum they had.
func normalize(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	for i := range values {
		values[i] /= sum
	}
	return sum
}

func (t *trainer) gold(seq Sequence) (score float64) {
	for i, tag := range seq.Tags {
		score += t.score[i][tag]
		if i > 0 {
			score += t.w[t.afterRow(int(seq.Tags[i-1]))*t.n+int(tag)]
		}
	}
	return score
}

// step moves every weight that took part by its gradient: the expected number
// of its uses less the right number.
func (t *trainer) step(seq Sequence, rows [][]int32) {
	const negligible = 1e-5
	for i, gold := range seq.Tags {
		for tag := range t.n {
			g := t.forward[i][tag] * t.back[i][tag]
			if tag == int(gold) {
				g--
			}
			if math.Abs(g) < negligible {
				continue
			}
			for _, row := range rows[i] {
				t.move(int(row)*t.n+tag, g)
			}
		}
	}
	for i := 1; i < len(seq.Tags); i++ {
		for _, p := range t.pairs {
			g := t.forward[i-1][p[0]] * t.follow[p[0]*t.n+p[1]] * t.weight[i][p[1]] * t.back[i][p[1]] / t.scale[i]
			if p[0] == int(seq.Tags[i-1]) && p[1] == int(seq.Tags[i]) {
				g--
			}
			if math.Abs(g) >= negligible {
				t.move(t.afterRow(p[0])*t.n+p[1], g)
			}
		}
	}
}

func (t *trainer) move(at int, g float64) {
	grown := t.sumG[at] + g*g
	t.z[at] += g - (math.Sqrt(grown)-math.Sqrt(t.sumG[at]))/t.s.Rate*t.w[at]
	t.sumG[at] = grown
	if math.Abs(t.z[at]) <= t.s.Lasso {
		t.w[at] = 0
		return
	}
	t.w[at] = -(t.z[at] - math.Copysign(t.s.Lasso, t.z[at])) / ((1+math.Sqrt(grown))/t.s.Rate + t.s.Ridge)
}

// model rounds the weights to whole numbers of 1/127 of the greatest.
func (t *trainer) model() *Model {
	most := 1e-9
	for _, w := range t.w[:len(t.index)*t.n] {
		most = max(most, math.Abs(w))
	}
	m := &Model{tags: t.tags, scale: most / 127}
	m.starts = slices.Clone(t.w[t.startRow()*t.n : t.afterRow(0)*t.n])
	m.follows = slices.Clone(t.w[t.afterRow(0)*t.n:])
	var entries []entry
	for feature, row := range t.index {
		e := entry{feature: feature}
		for tag, w := range t.w[int(row)*t.n : (int(row)+1)*t.n] {
			if v := int8(math.Round(w / m.scale)); v != 0 {
				e.weights = append(e.weights, weight{uint8(tag), v})
			}
		}
		if len(e.weights) > 0 {
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, func(a, b entry) int { return int(int64(a.feature) - int64(b.feature)) })
	m.table = newTable(entries)
	return m.ready()
}
