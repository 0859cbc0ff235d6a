package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"jiujin/geo/address"
	"jiujin/geo/zh"
)

type addressCmd struct{}

// Run splits the addresses of standard input line by line.
func (addressCmd) Run(ctx context.Context) error { return addressLines(ctx, os.Stdin, os.Stdout) }

type addressAnswer struct {
	Spans     [][4]any          `json:"spans"` // label, first character, the one behind the last, text
	Divisions []addressDivision `json:"divisions"`
	Repaired  string            `json:"repaired,omitempty"` // the text as it was meant, when it was damaged
	Damaged   bool              `json:"damaged,omitempty"`  // some of it is lost
}

type addressDivision struct {
	Code string `json:"code"`
	Name string `json:"name"`
}

// addressLines answers {"text": …, "area": …} with the parts and divisions of the text, one line for each that it reads.
// The area, optional, is the code of the division that the caller speaks of.
func addressLines(ctx context.Context, r io.Reader, w io.Writer) error {
	return answerLines(ctx, r, w, addressLine)
}

func addressLine(line []byte, err error) any {
	var question struct{ Text, Area string }
	if err != nil {
		return refusal(err)
	}
	if err := json.Unmarshal(line, &question); err != nil {
		return refusal(fmt.Errorf(`not a line like {"text": "…"}: %w`, err))
	}
	answer := addressAnswer{Spans: [][4]any{}, Divisions: []addressDivision{}}
	text, damaged := zh.Repair(question.Text)
	answer.Damaged = damaged
	if text != question.Text {
		answer.Repaired = text
	}
	for _, p := range address.Parse(text) {
		answer.Spans = append(answer.Spans, [4]any{p.Label, p.Start, p.End, p.Text})
	}
	for _, d := range address.Divide(text, question.Area) {
		answer.Divisions = append(answer.Divisions, addressDivision{d.Code, d.Name})
	}
	return answer
}
