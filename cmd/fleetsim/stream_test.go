package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func readAll(text string) (got []message, lastID string, err error) {
	d := newDecoder(strings.NewReader(text))
	for {
		m, err := d.next()
		if err != nil {
			return got, d.lastID, err
		}
		got = append(got, m)
	}
}

func TestDecoderReadsWhatBrowsersRead(t *testing.T) {
	for name, c := range map[string]struct {
		text, want, lastID string
	}{
		"plain":            {"event: tick\ndata: {}\n\n", "tick {}", ""},
		"no space":         {"event:tick\ndata:{}\n\n", "tick {}", ""},
		"unnamed":          {"data: 1\n\n", "message 1", ""},
		"several lines":    {"data: a\ndata:\ndata: b\n\n", "message a\n\nb", ""},
		"carriage returns": {"event: tick\r\ndata: {}\r\n\r\n", "tick {}", ""},
		"heartbeat, retry": {"retry: 1500\n: alive\n\n: alive\n\nevent: x\ndata: y\n\n", "x y", ""},
		"without data":     {"event: x\nid: 7\n\ndata: y\n\n", "message y", "7"},
		"ids stay":         {"id: 7\ndata: a\n\ndata: b\n\n", "message a|message b", "7"},
		"cut short":        {"data: a\n\nevent: x\ndata: b\n", "message a", ""},
		"marked":           {"\xef\xbb\xbfdata: a\n\n", "message a", ""},
	} {
		got, lastID, err := readAll(c.text)
		var texts []string
		for _, m := range got {
			texts = append(texts, m.Name+" "+string(m.Data))
		}
		if joined := strings.Join(texts, "|"); joined != c.want || lastID != c.lastID || !errors.Is(err, io.EOF) {
			t.Errorf("%s: read %q, last id %q, error %v; want %q, %q", name, joined, lastID, err, c.want, c.lastID)
		}
	}
}

func TestDecoderReadsLongLinesAndRefusesEndlessOnes(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	got, _, _ := readAll("data: " + long + "\n\n")
	if len(got) != 1 || string(got[0].Data) != long {
		t.Fatalf("a line of 1 MiB gave %d messages", len(got))
	}
	_, err := newDecoder(io.MultiReader(strings.NewReader("data: "), endless{})).next()
	if !errors.Is(err, errLine) {
		t.Fatalf("an endless line gave %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestDecoderReadsBackWhatWasWritten(t *testing.T) {
	word := rapid.StringMatching(`[a-z]{1,8}`)
	line := rapid.StringMatching(`[a-z{}": 我]{0,30}`)
	rapid.Check(t, func(t *rapid.T) {
		var text bytes.Buffer
		var want []message
		for range rapid.IntRange(0, 8).Draw(t, "messages") {
			name := word.Draw(t, "name")
			lines := rapid.SliceOfN(line, 1, 4).Draw(t, "lines")
			fmt.Fprintf(&text, ": beat\nevent: %s\n", name)
			for _, l := range lines {
				fmt.Fprintf(&text, "data: %s\n", l)
			}
			text.WriteString("\n")
			want = append(want, message{name, []byte(strings.Join(lines, "\n"))})
		}
		got, _, _ := readAll(text.String())
		if len(got) != len(want) {
			t.Fatalf("%d messages, want %d", len(got), len(want))
		}
		for i := range want {
			if got[i].Name != want[i].Name || !bytes.Equal(got[i].Data, want[i].Data) {
				t.Fatalf("message %d: %s %q, want %s %q", i, got[i].Name, got[i].Data, want[i].Name, want[i].Data)
			}
		}
	})
}

func FuzzDecoder(f *testing.F) {
	f.Add("event: tick\ndata: {}\n\n")
	f.Add("\xef\xbb\xbfid: 1\r\ndata\r\n\r\n: x\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		got, lastID, err := readAll(text)
		if !errors.Is(err, io.EOF) {
			t.Fatalf("error %v", err)
		}
		size := len(lastID)
		for _, m := range got {
			size += len(m.Data)
			if m.Name == "" {
				t.Fatal("a message without a name")
			}
		}
		if size > len(text) {
			t.Fatalf("%d bytes read out of %d", size, len(text))
		}
	})
}
