package crf

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
)

// table holds the weights of features: for each feature the tags that have
// one, as whole numbers between -127 and 127. It is a hash table with open
// addressing; the features are hashes already.
type table struct {
	mask uint32
	slot []slot
	list []weight
}

// slot is free when to is 0, for a feature has a weight or is left out.
type slot struct{ feature, from, to uint32 }

type weight struct {
	tag   uint8
	value int8
}

// add adds the weights of the features to the scores of the tags.
func (t *table) add(scores []float64, features []uint32, scale float64) {
	for _, feature := range features {
		for at := feature & t.mask; t.slot[at].to != 0; at = (at + 1) & t.mask {
			if t.slot[at].feature != feature {
				continue
			}
			for _, w := range t.list[t.slot[at].from:t.slot[at].to] {
				scores[w.tag] += float64(w.value) * scale
			}
			break
		}
	}
}

// entry is a feature with its weights.
type entry struct {
	feature uint32
	weights []weight
}

func newTable(entries []entry) table {
	size := uint32(4)
	for size < uint32(len(entries))*2 {
		size *= 2
	}
	t := table{mask: size - 1, slot: make([]slot, size)}
	for _, e := range entries {
		at := e.feature & t.mask
		for t.slot[at].to != 0 {
			at = (at + 1) & t.mask
		}
		from := uint32(len(t.list))
		t.list = append(t.list, e.weights...)
		t.slot[at] = slot{e.feature, from, uint32(len(t.list))}
	}
	return t
}

// ErrModel says that bytes are no model.
var ErrModel = errors.New("not a model of addresses, or a damaged one")

const magic = "CRF1"

// Write writes the model: the tags, the scale, the weights of following, then
// each feature as the distance to the one before and its weights.
func (m *Model) Write(w io.Writer) error {
	out := []byte(magic)
	n := len(m.tags.Begins)
	out = append(out, byte(n))
	out = append(out, m.tags.Begins...)
	out = binary.LittleEndian.AppendUint64(out, math.Float64bits(m.scale))
	for _, v := range slices.Concat(m.starts, m.follows) {
		out = binary.LittleEndian.AppendUint32(out, math.Float32bits(float32(v)))
	}
	used := slices.DeleteFunc(slices.Clone(m.table.slot), func(s slot) bool { return s.to == 0 })
	slices.SortFunc(used, func(a, b slot) int { return cmp.Compare(a.feature, b.feature) })
	out = binary.AppendUvarint(out, uint64(len(used)))
	last := uint32(0)
	for _, s := range used {
		out = binary.AppendUvarint(out, uint64(s.feature-last))
		out = append(out, byte(s.to-s.from))
		for _, weight := range m.table.list[s.from:s.to] {
			out = append(out, weight.tag, byte(weight.value))
		}
		last = s.feature
	}
	_, err := w.Write(out)
	return err
}

// Read reads what Write wrote. The error wraps ErrModel.
func Read(r io.Reader) (*Model, error) {
	in := bufio.NewReader(r)
	m, err := read(in)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrModel, err)
	}
	return m, nil
}

func read(in *bufio.Reader) (*Model, error) {
	head := make([]byte, len(magic)+1)
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	n := int(head[len(magic)])
	if string(head[:len(magic)]) != magic || n == 0 {
		return nil, errors.New("another head")
	}
	m := &Model{tags: Tags{make([]uint8, n)}}
	rest := make([]byte, 8+4*(n+n*n))
	if _, err := io.ReadFull(in, m.tags.Begins); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(m.tags.Begins, func(b uint8) bool { return int(b) >= n }) {
		return nil, errors.New("a tag continues one that is not there")
	}
	if _, err := io.ReadFull(in, rest); err != nil {
		return nil, err
	}
	m.scale = math.Float64frombits(binary.LittleEndian.Uint64(rest))
	for at := 8; at < len(rest); at += 4 {
		m.follows = append(m.follows, float64(math.Float32frombits(binary.LittleEndian.Uint32(rest[at:]))))
	}
	m.starts, m.follows = m.follows[:n], m.follows[n:]
	entries, err := readEntries(in, n)
	m.table = newTable(entries)
	return m.ready(), err
}

func readEntries(in *bufio.Reader, tags int) ([]entry, error) {
	count, err := binary.ReadUvarint(in)
	if err != nil {
		return nil, err
	}
	var entries []entry
	feature := uint32(0)
	for range count {
		step, err := binary.ReadUvarint(in)
		if err != nil {
			return nil, err
		}
		number, err := in.ReadByte()
		if err != nil {
			return nil, err
		}
		pairs := make([]byte, 2*int(number))
		if _, err := io.ReadFull(in, pairs); err != nil {
			return nil, err
		}
		feature += uint32(step)
		e := entry{feature: feature, weights: make([]weight, number)}
		for i := range e.weights {
			e.weights[i] = weight{pairs[2*i], int8(pairs[2*i+1])}
			if int(pairs[2*i]) >= tags {
				return nil, errors.New("a weight for a tag that is not there")
			}
		}
		if number > 0 {
			entries = append(entries, e)
		}
	}
	return entries, nil
}
