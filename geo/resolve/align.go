package resolve

import "slices"

// aligner finds a short text within a longer one. Its buffers are used again; it belongs to one goroutine.
type aligner struct {
	score []float32
	from  []uint8

	// What agreed at the last call of align: units of the pattern, in its order, and how many of them as written.
	agreed  []unit
	at      []int // where they stand in the text, the last first
	written int
}

// Where the best score of a cell comes from.
const (
	begin uint8 = iota
	both
	skipPattern
	skipText
)

const (
	soundCredit  = 0.8  // of the weight of a unit that only sounds alike
	textCost     = 0.5  // of the mean weight, for a unit of the text between two that match
	patternCost  = 0.25 // of the mean weight, for a unit of the pattern that is left out
	replacedCost = 0.5  // of the mean weight, for a unit in place of another
)

// align looks for pattern in text, in order, with few units between: Smith and Waterman's local alignment. weights are
// those of the pattern's units. Units of the text that skip marks cost nothing to pass, those that taken marks fit
// nothing; both may be nil. It gives the weight found, less the cost of what does not fit, and notes what agreed.
func (a *aligner) align(pattern []unit, weights []float32, text []unit, skip, taken []bool) float32 {
	a.agreed, a.at, a.written = a.agreed[:0], a.at[:0], 0
	rows, cols := len(pattern)+1, len(text)+1
	if rows == 1 || cols == 1 {
		return 0
	}
	if need := rows * cols; cap(a.score) < need {
		a.score, a.from = make([]float32, need), make([]uint8, need)
	}
	score, from := a.score[:rows*cols], a.from[:rows*cols]
	clear(score[:cols])
	clear(from[:cols])
	mean := float32(0)
	for _, w := range weights {
		mean += w / float32(len(weights))
	}
	best, at := float32(0), 0
	for i := 1; i < rows; i++ {
		score[i*cols], from[i*cols] = 0, begin
		for j := 1; j < cols; j++ {
			v, f := float32(0), begin
			if taken == nil || !taken[j-1] {
				if d := score[(i-1)*cols+j-1] + pairScore(pattern[i-1], text[j-1], weights[i-1], mean); d > v {
					v, f = d, both
				}
			}
			if u := score[(i-1)*cols+j] - patternCost*mean; u > v {
				v, f = u, skipPattern
			}
			cost := textCost * mean
			if skip != nil && skip[j-1] {
				cost = 0
			}
			if l := score[i*cols+j-1] - cost; l > v {
				v, f = l, skipText
			}
			score[i*cols+j], from[i*cols+j] = v, f
			if v > best {
				best, at = v, i*cols+j
			}
		}
	}
	a.note(pattern, text, at, cols)
	return best
}

func pairScore(p, t unit, weight, mean float32) float32 {
	switch {
	case p.key == t.key:
		return weight
	case p.sound == t.sound:
		return soundCredit * weight
	}
	return -replacedCost * mean
}

// note walks back from the best cell.
func (a *aligner) note(pattern, text []unit, at, cols int) {
	for a.from[at] != begin {
		i, j := at/cols, at%cols
		switch a.from[at] {
		case both:
			if p, t := pattern[i-1], text[j-1]; p.sound == t.sound {
				a.agreed, a.at = append(a.agreed, p), append(a.at, j-1)
				if p.key == t.key {
					a.written++
				}
			}
			at -= cols + 1
		case skipPattern:
			at -= cols
		case skipText:
			at--
		}
	}
	slices.Reverse(a.agreed)
}
