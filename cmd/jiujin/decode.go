package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"jiujin/tracking/describe"
)

type decodeCmd struct {
	Protocol string `arg:"" enum:"jt808,gt06,osmand,owntracks,nmea,traccar" help:"jt808, gt06, osmand, owntracks, nmea or traccar."`
}

// Run answers standard input line by line, also with lines that are not worth it.
func (d *decodeCmd) Run() error { return decodeLines(os.Stdin, os.Stdout, d.Protocol) }

// lineMax is the longest line that is read; what a longer one holds is passed over.
const lineMax = 16 << 20

// decodeLines writes one line for each that it reads, in order and at once. It ends with the input, or when nobody reads
// the output.
func decodeLines(r io.Reader, w io.Writer, protocol string) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, tooLong, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 && !tooLong {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read standard input: %w", err)
		}
		var out []byte
		if tooLong {
			out = describe.Refused(fmt.Errorf("the line has more than %d bytes", lineMax))
		} else {
			out = decodeLine(line, protocol)
		}
		if _, err := w.Write(append(out, '\n')); err != nil {
			return fmt.Errorf("write standard output: %w", err)
		}
	}
}

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

// decodeLine is the answer to one line.
func decodeLine(line []byte, protocol string) []byte {
	line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil || keys == nil {
		return describe.Refused(errors.New(`the line is no JSON object such as {"hex":"7e…"} or {"text":"…"}`))
	}
	text := func(name string) (s string) {
		_ = json.Unmarshal(keys[name], &s) // what is not a text is not there
		return s
	}
	raw, err := hex.DecodeString(strings.Join(strings.Fields(text("hex")), ""))
	if written := text("text"); written != "" && protocol != "jt808" && protocol != "gt06" {
		raw, err = []byte(written), nil
	}
	switch {
	case err != nil:
		return describe.Refused(fmt.Errorf("hex: %w", err))
	case len(raw) == 0:
		return describe.Refused(errors.New(`nothing to decode: give "hex", or "text" for a protocol of text`))
	}
	passphrase := text("passphrase")
	if passphrase == "" {
		passphrase = text("key")
	}
	return describe.JSON(protocol, raw, passphrase)
}
