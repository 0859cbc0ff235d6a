package crf

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"pgregory.net/rapid"
)

var twoNames = Tags{Begins: []uint8{0, 0, 2, 2}}

// drawn makes a model of any weights.
func drawn(t *rapid.T) *Model {
	weights := rapid.SliceOfN(rapid.Float64Range(-6, 6), 20, 20).Draw(t, "weights")
	m := &Model{tags: twoNames, scale: 0.5, starts: weights[:4], follows: weights[4:]}
	var entries []entry
	for feature := range uint32(6) {
		e := entry{feature: feature}
		for tag := range uint8(4) {
			if v := rapid.Int8Range(-9, 9).Draw(t, "value"); v != 0 {
				e.weights = append(e.weights, weight{tag, v})
			}
		}
		if len(e.weights) > 0 {
			entries = append(entries, e)
		}
	}
	m.table = newTable(entries)
	return m.ready()
}

// score adds up one way of tagging; impossible ways have none.
func score(m *Model, features [][]uint32, tags []uint8) float64 {
	sum := m.starts[tags[0]]
	prev := -1
	for i, tag := range tags {
		if !m.tags.mayFollow(prev, int(tag)) {
			return math.Inf(-1)
		}
		of := make([]float64, 4)
		m.table.add(of, features[i], m.scale)
		sum += of[tag]
		if i > 0 {
			sum += m.follows[prev*4+int(tag)]
		}
		prev = int(tag)
	}
	return sum
}

// Decode finds the best of all ways, and a model that is written and read
// again finds one as good.
func TestDecodeIsTheBestOfAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := drawn(t)
		features := rapid.SliceOfN(rapid.SliceOfN(rapid.Uint32Range(0, 7), 0, 3), 1, 5).Draw(t, "features")
		most := math.Inf(-1)
		for way := range 1 << (2 * len(features)) {
			tags := make([]uint8, len(features))
			for i := range tags {
				tags[i] = uint8(way >> (2 * i) & 3)
			}
			most = max(most, score(m, features, tags))
		}
		var file bytes.Buffer
		if err := m.Write(&file); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&file)
		if err != nil {
			t.Fatal(err)
		}
		for name, model := range map[string]*Model{"made": m, "read": again} {
			if got := score(m, features, model.Decode(features)); math.Abs(got-most) > 1e-4 {
				t.Fatalf("%s: %v, the best is %v", name, got, most)
			}
		}
	})
}

// Two words that differ by what follows them are told apart, and the same
// training gives the same model.
func TestTrainLearns(t *testing.T) {
	var sequences []Sequence
	for range 30 {
		sequences = append(
			sequences,
			Sequence{Features: [][]uint32{{1}, {2}, {3}}, Tags: []uint8{0, 1, 2}},
			Sequence{Features: [][]uint32{{1}, {4}, {3}}, Tags: []uint8{2, 3, 0}},
		)
	}
	settings := Settings{Passes: 10, Least: 1, Rate: 0.3, Lasso: 0.01, Ridge: 0.01, Seed: 1}
	m := Train(twoNames, sequences, settings)
	for _, seq := range sequences[:2] {
		if got := m.Decode(seq.Features); !bytes.Equal(got, seq.Tags) {
			t.Errorf("%v, want %v", got, seq.Tags)
		}
	}
	var one, two bytes.Buffer
	if err := errors.Join(m.Write(&one), Train(twoNames, sequences, settings).Write(&two)); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(one.Bytes(), two.Bytes()) {
		t.Error("trained twice, two models")
	}
}

func FuzzRead(f *testing.F) {
	var file bytes.Buffer
	m := Train(twoNames, []Sequence{{Features: [][]uint32{{1}, {2}}, Tags: []uint8{0, 1}}}, Settings{Passes: 1, Least: 1, Rate: 0.1})
	if err := m.Write(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := Read(bytes.NewReader(raw))
		if err != nil {
			if !errors.Is(err, ErrModel) {
				t.Fatal(err)
			}
			return
		}
		if got := m.Decode([][]uint32{{1, 2}, {3}}); len(got) != 2 {
			t.Fatal(got)
		}
	})
}
