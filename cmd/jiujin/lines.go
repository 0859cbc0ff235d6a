package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// lineMax is the longest line that is read; what a longer one holds is passed over.
const lineMax = 16 << 20

// errLine says that a line is too long to be read.
var errLine = fmt.Errorf("the line has more than %d bytes", lineMax)

// answerLines writes one line of JSON for each line that it reads, in order, and at once when no other line is there yet.
// answer gets the line without blanks and byte order mark around it, or errLine; a nil answer writes nothing. It ends with
// the input, when nobody reads the output, or with ctx, whose error it then returns, at the next line.
func answerLines(ctx context.Context, r io.Reader, w io.Writer, answer func(line []byte, err error) any) error {
	in, out := bufio.NewReaderSize(r, 64<<10), bufio.NewWriter(w)
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
		if a := answer(bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))), fault); a != nil {
			text, err := json.Marshal(a)
			if err != nil {
				return fmt.Errorf("write an answer: %w", err)
			}
			_, _ = out.Write(append(text, '\n')) // Flush tells
		}
		if ahead, _ := in.Peek(in.Buffered()); bytes.IndexByte(ahead, '\n') < 0 {
			if err := out.Flush(); err != nil {
				return fmt.Errorf("write standard output: %w", err)
			}
		}
	}
	return errors.Join(out.Flush(), ctx.Err())
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
