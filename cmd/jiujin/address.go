package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"jiujin/geo/address"
	"jiujin/geo/zh"
)

type addressCmd struct{}

// Run splits the addresses of standard input line by line.
func (addressCmd) Run() error { return addressLines(os.Stdin, os.Stdout) }

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
func addressLines(r io.Reader, w io.Writer) error {
	in := bufio.NewReaderSize(r, 64<<10)
	out := bufio.NewWriter(w)
	for {
		line, tooLong, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 && !tooLong {
			return out.Flush()
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read standard input: %w", err)
		}
		answer, err := json.Marshal(addressLine(line, tooLong))
		if err != nil {
			return err
		}
		if _, err := out.Write(append(answer, '\n')); err != nil {
			return fmt.Errorf("write standard output: %w", err)
		}
		if in.Buffered() == 0 { // somebody may wait for the answer
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write standard output: %w", err)
			}
		}
	}
}

func addressLine(line []byte, tooLong bool) any {
	var question struct{ Text, Area string }
	if tooLong {
		return map[string]string{"error": fmt.Sprintf("the line has more than %d bytes", lineMax)}
	}
	if err := json.Unmarshal(line, &question); err != nil {
		return map[string]string{"error": `not a line like {"text": "…"}: ` + err.Error()}
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
