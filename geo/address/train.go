package address

import (
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"jiujin/geo/address/crf"
)

// The model is made by cmd/addressmodel; docs/adr/0026 says from what.
//
//go:embed model.bin.gz
var modelFile []byte

var model = sync.OnceValue(func() *crf.Model {
	m, err := readModel(modelFile)
	if err != nil {
		panic("the model of addresses in this program: " + err.Error())
	}
	return m
})

func readModel(zipped []byte) (*crf.Model, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", crf.ErrModel, err)
	}
	return crf.Read(unzipped)
}

// The tags of the model: for each label one that begins a part and one that
// goes on with it.

func tagOf(label int, first bool) uint8 {
	if first {
		return uint8(2 * label)
	}
	return uint8(2*label + 1)
}

func begins(tag uint8) bool { return tag%2 == 0 }

func labelOf(tag uint8) Label { return Labels()[tag/2] }

func tags() crf.Tags {
	t := crf.Tags{Begins: make([]uint8, 2*len(Labels()))}
	for tag := range t.Begins {
		t.Begins[tag] = uint8(tag) &^ 1
	}
	return t
}

// Sample is an address with its right parts, which follow each other without a
// gap. A label may have other capitals than the constants.
type Sample struct {
	Text  string
	Parts []Part
}

// Train learns a model from the samples. The error names the first sample
// whose parts do not cover its text or have an unknown label.
func Train(samples []Sample, s crf.Settings) (*crf.Model, error) {
	var sequences []crf.Sequence
	for _, sample := range samples {
		seq, err := sequence(sample)
		if err != nil {
			return nil, err
		}
		if len(seq.Tags) > 0 {
			sequences = append(sequences, seq)
		}
	}
	return crf.Train(tags(), sequences, s), nil
}

func sequence(sample Sample) (crf.Sequence, error) {
	chars := []rune(sample.Text)
	seq := crf.Sequence{Features: features(chars)}
	for _, p := range sample.Parts {
		label := slices.IndexFunc(Labels(), func(l Label) bool { return strings.EqualFold(string(l), string(p.Label)) })
		if label < 0 || p.Start != len(seq.Tags) || p.End <= p.Start {
			return seq, fmt.Errorf("%q: the part %q at %d is unknown or does not follow the one before",
				sample.Text, p.Label, p.Start)
		}
		for i := p.Start; i < p.End; i++ {
			seq.Tags = append(seq.Tags, tagOf(label, i == p.Start))
		}
	}
	if len(seq.Tags) != len(chars) {
		return seq, fmt.Errorf("%q: the parts end at %d of %d", sample.Text, len(seq.Tags), len(chars))
	}
	return seq, nil
}
