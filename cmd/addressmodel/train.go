package main

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"math"
	"os"
	"time"

	"jiujin/geo/address"
	"jiujin/geo/address/crf"
)

// settings are those that did best on the tuning part of measure.
func settings() crf.Settings {
	return crf.Settings{
		Passes: 12, Least: 2, Rate: 0.12, Lasso: 0.6, Ridge: 0.5, Seed: 1,
		Progress: func(pass int, loss float64) {
			fmt.Fprintf(os.Stderr, "pass %d: loss %.3f an address\n", pass+1, loss)
		},
	}
}

// train learns from the samples that are not held out.
func train(file string, out io.Writer) error {
	samples, err := read(file)
	if err != nil {
		return err
	}
	learn, held := split(samples)
	m, err := address.Train(learn, settings())
	if err != nil {
		return err
	}
	report(os.Stderr, held, func(text string) []address.Part { return address.ParseBy(m, text) })
	zip, _ := gzip.NewWriterLevel(out, gzip.BestCompression)
	if err := m.Write(zip); err != nil {
		return err
	}
	return zip.Close()
}

// measure tries the model of this program on the samples that it has not seen.
func measure(file string, out io.Writer) error {
	samples, err := read(file)
	if err != nil {
		return err
	}
	_, held := split(samples)
	return report(out, held, address.Parse)
}

// split holds a fifth of the samples out, by the hash of their text.
func split(samples []address.Sample) (learn, held []address.Sample) {
	for _, s := range samples {
		h := fnv.New32a()
		h.Write([]byte(s.Text))
		if h.Sum32()%5 == 0 {
			held = append(held, s)
		} else {
			learn = append(learn, s)
		}
	}
	return learn, held
}

func report(out io.Writer, held []address.Sample, parse func(string) []address.Part) error {
	parse("") // loads the model
	begun := time.Now()
	scores := address.Measure(held, parse)
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", " ")
	return encoder.Encode(map[string]any{
		"held_out": len(held), "scores": scores,
		"addresses_per_second": math.Round(float64(len(held)) / time.Since(begun).Seconds()),
	})
}

// read reads samples, one JSON object on each line.
func read(file string) ([]address.Sample, error) {
	in, err := open(file)
	if err != nil {
		return nil, err
	}
	defer in.Close()
	var samples []address.Sample
	for decoder := json.NewDecoder(in); ; {
		var row struct {
			Text  string
			Spans [][4]any
		}
		if err := decoder.Decode(&row); errors.Is(err, io.EOF) {
			return samples, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s, sample %d: %w", file, len(samples)+1, err)
		}
		s := address.Sample{Text: row.Text}
		for _, span := range row.Spans {
			label, ok1 := span[0].(string)
			start, ok2 := span[1].(float64)
			end, ok3 := span[2].(float64)
			if !ok1 || !ok2 || !ok3 {
				return nil, fmt.Errorf("%s, sample %d: %v is no span", file, len(samples)+1, span)
			}
			s.Parts = append(s.Parts, address.Part{Label: address.Label(label), Start: int(start), End: int(end)})
		}
		samples = append(samples, s)
	}
}
