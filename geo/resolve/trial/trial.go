// Package trial measures the resolution of shops: on labelled lists, and on words made from a register by adding the
// noise of a telephone call. It also fits the weights.
package trial

import (
	"time"

	"jiujin/geo/resolve"
)

// Case is one query and the shops that are right.
type Case struct {
	Query resolve.Query
	Want  []int64 // ids; none means that the shop is not in the register
	Kind  string  // of noise
	Group uint64  // cases of one group go into one half
}

// Figures are what a set of cases came to.
type Figures struct {
	Kind     string  `json:"kind"`
	Cases    int     `json:"cases"`
	Top1     float64 `json:"top1"` // of cases whose shop is in the register
	Top3     float64 `json:"top3"`
	Top5     float64 `json:"top5"`
	Compared float64 `json:"compared"` // share of those whose shop is among those that the words are compared with
	Sure     float64 `json:"sure"`     // share of those that were answered for sure
	Right    float64 `json:"right"`    // share of the sure answers that are right, of all cases
	Absent   int     `json:"absent"`   // cases whose shop is not in the register
	NotSure  float64 `json:"not_sure"` // share of those that were answered "not sure"
	// Of the cases whose shop is in the register and whose answer was a question: how many, the share whose shop was the
	// first already, and the shares whose shop is the first, and is surely the first, when the question is answered.
	Asked    int     `json:"asked"`
	Before   float64 `json:"asked_first_before"`
	After    float64 `json:"asked_first"`
	SureNext float64 `json:"asked_sure"`
	P50      float64 `json:"p50_ms"`
	P95      float64 `json:"p95_ms"`

	top1, top3, top5, sure, right, surely, notSure int
	before, after, sureNext, compared              int
	took                                           []time.Duration
}
