package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sync/errgroup"
)

// lineMax is the longest line that is read; what a longer one holds is passed over.
const lineMax = 16 << 20

// errLine says that a line is too long to be read.
var errLine = fmt.Errorf("the line has more than %d bytes", lineMax)

// answerLines writes one line of JSON for each line that it reads, in order, and at once when no other line is there yet.
// answer gets the line without blanks and byte order mark around it, or errLine; a nil answer writes nothing. It ends with
// the input, when nobody reads the output, or with ctx, whose error it then returns; for the latter two at the next line.
func answerLines(ctx context.Context, r io.Reader, w io.Writer, answer func(line []byte, err error) any) error {
	return answerLinesAtOnce(ctx, r, w, 1, answer)
}

// answerLinesAtOnce is answerLines with answers made by several workers at once; they are written in the order of the lines.
// Some lines for each worker are read ahead.
func answerLinesAtOnce(ctx context.Context, r io.Reader, w io.Writer, workers int, answer func(line []byte, err error) any) error {
	type job struct {
		line []byte
		err  error
		out  chan []byte // one answer; nil for none
	}
	const ahead = 16
	jobs, order := make(chan job), make(chan job, ahead*workers)
	all, ctx := errgroup.WithContext(ctx)
	for range workers {
		all.Go(func() error {
			for j := range jobs {
				text, err := answerText(answer, j.line, j.err)
				j.out <- text
				if err != nil {
					return err
				}
			}
			return nil
		})
	}
	all.Go(func() error {
		defer close(jobs)
		defer close(order)
		return eachLine(ctx, r, func(line []byte, err error) bool {
			j := job{bytes.Clone(line), err, make(chan []byte, 1)}
			select {
			case order <- j:
			case <-ctx.Done():
				return false
			}
			select {
			case jobs <- j:
				return true
			case <-ctx.Done():
				j.out <- nil
				return false
			}
		})
	})
	all.Go(func() error {
		out := bufio.NewWriter(w)
		for j := range order {
			if text := <-j.out; text != nil {
				_, _ = out.Write(text) // Flush tells
			}
			if len(order) == 0 {
				if err := out.Flush(); err != nil {
					return fmt.Errorf("write standard output: %w", err)
				}
			}
		}
		return nil
	})
	return all.Wait()
}

// answerText is an answer as a line; nil for none.
func answerText(answer func(line []byte, err error) any, line []byte, fault error) ([]byte, error) {
	a := answer(line, fault)
	if a == nil {
		return nil, nil
	}
	text, err := json.Marshal(a)
	if err != nil {
		return nil, fmt.Errorf("write an answer: %w", err)
	}
	return append(text, '\n'), nil
}

// eachLine calls f for each line without blanks and byte order mark around it, or with errLine, until f says no, the input
// or ctx ends.
func eachLine(ctx context.Context, r io.Reader, f func(line []byte, err error) bool) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for ctx.Err() == nil {
		line, tooLong, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 && !tooLong {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read standard input: %w", err)
		}
		var fault error
		if tooLong {
			fault = errLine
		}
		if !f(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))), fault) {
			break
		}
	}
	return ctx.Err()
}

// refusal is the answer to a line that has no other.
func refusal(err error) any { return map[string]string{"error": err.Error()} }

// readLine reads up to the next line end. Of a line that is too long it keeps nothing.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > lineMax; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
