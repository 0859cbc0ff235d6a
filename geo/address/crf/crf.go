// Package crf is a linear-chain conditional random field: it gives each place
// of a sequence a tag, from features of the places and from which tag follows
// which. A feature is a number, the hash of what was seen; the package knows
// nothing about text.
package crf

import (
	"math"
	"slices"
)

// Tags says which tags there are. A tag that continues may only follow itself
// or the tag that it continues.
type Tags struct {
	// Begins holds, for each tag, itself or the tag that it continues.
	Begins []uint8
}

// mayFollow says whether next may come after prev; prev is -1 at the start.
func (t Tags) mayFollow(prev, next int) bool {
	begin := int(t.Begins[next])
	return begin == next || prev == begin || prev == next
}

// Model gives tags. It is not changed once made and may be used by many at a
// time. The nil Model knows nothing.
type Model struct {
	tags  Tags
	scale float64 // of all weights
	// follows[prev*n+next] is the weight of next after prev; spread is how far
	// apart the greatest and the least of them are.
	follows []float64
	spread  float64
	starts  []float64
	table   table
}

// ready computes what Decode needs beside the weights.
func (m *Model) ready() *Model {
	m.spread = slices.Max(m.follows) - slices.Min(m.follows)
	return m
}

// Decode gives the most likely tags of a sequence, of which features holds one
// list for each place.
func (m *Model) Decode(features [][]uint32) []uint8 {
	n, length := len(m.tags.Begins), len(features)
	if length == 0 {
		return nil
	}
	best := make([]float64, n)
	next := make([]float64, n)
	from := make([]uint8, length*n)
	hopeful := make([]uint8, 0, n)
	m.table.add(best, features[0], m.scale)
	for tag := range best {
		best[tag] += m.starts[tag]
		if !m.tags.mayFollow(-1, tag) {
			best[tag] = math.Inf(-1)
		}
	}
	for i := 1; i < length; i++ {
		hopeful = m.hopeful(hopeful[:0], best)
		for tag := range next {
			from[i*n+tag], next[tag] = m.bestBefore(best, hopeful, tag)
		}
		m.table.add(next, features[i], m.scale)
		best, next = next, best
		clear(next)
	}
	out := make([]uint8, length)
	for tag := range best {
		if best[tag] > best[out[length-1]] {
			out[length-1] = uint8(tag)
		}
	}
	for i := length - 1; i > 0; i-- {
		out[i-1] = from[i*n+int(out[i])]
	}
	return out
}

// hopeful are the tags that can still be the best before another: a tag that
// is further behind than following can make up for never is.
func (m *Model) hopeful(out []uint8, best []float64) []uint8 {
	least := slices.Max(best) - m.spread
	for tag, score := range best {
		if score >= least {
			out = append(out, uint8(tag))
		}
	}
	return out
}

// bestBefore is the tag after which tag does best, and how well.
func (m *Model) bestBefore(best []float64, hopeful []uint8, tag int) (uint8, float64) {
	n, begin := len(best), int(m.tags.Begins[tag])
	if begin != tag {
		fresh, going := best[begin]+m.follows[begin*n+tag], best[tag]+m.follows[tag*n+tag]
		if fresh > going {
			return uint8(begin), fresh
		}
		return uint8(tag), going
	}
	at, most := uint8(0), math.Inf(-1)
	for _, prev := range hopeful {
		if score := best[prev] + m.follows[int(prev)*n+tag]; score > most {
			at, most = prev, score
		}
	}
	return at, most
}
