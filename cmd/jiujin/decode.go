package main

import (
	"context"
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
func (d *decodeCmd) Run(ctx context.Context) error {
	return decodeLines(ctx, os.Stdin, os.Stdout, d.Protocol)
}

// decodeLines answers each line with what its frame says.
func decodeLines(ctx context.Context, r io.Reader, w io.Writer, protocol string) error {
	return answerLines(ctx, r, w, func(line []byte, err error) any {
		if err != nil {
			return json.RawMessage(describe.Refused(err))
		}
		return json.RawMessage(decodeLine(line, protocol))
	})
}

// decodeLine is the answer to one line.
func decodeLine(line []byte, protocol string) []byte {
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
