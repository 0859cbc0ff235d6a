package retailer

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"

	"jiujin/geo/zh"
)

func newRecords(src string) *records {
	return &records{src: bufio.NewReader(strings.NewReader(src)), separator: separatorOf([]byte(src))}
}

func fieldsOf(rec record) []string {
	var out []string
	for _, f := range rec.fields {
		out = append(out, string(f))
	}
	return out
}

func TestRecords(t *testing.T) {
	type want struct {
		line   int
		fields []string
		err    error
	}
	long := strings.Repeat("x", maxLine)
	for name, tc := range map[string]struct {
		src  string
		want []want
	}{
		"plain":              {"a,b\nc,d\n", []want{{1, []string{"a", "b"}, nil}, {2, []string{"c", "d"}, nil}}},
		"CRLF, no end":       {"a;b\r\nc;d", []want{{1, []string{"a", "b"}, nil}, {2, []string{"c", "d"}, nil}}},
		"tabs":               {"a\tb,c\td", []want{{1, []string{"a", "b,c", "d"}, nil}}},
		"blank lines":        {"a,b\n\n , \nc,d", []want{{1, []string{"a", "b"}, nil}, {4, []string{"c", "d"}, nil}}},
		"quotes":             {"a,\"b, \"\"x\"\"\"\nc,", []want{{1, []string{"a", `b, "x"`}, nil}, {2, []string{"c", ""}, nil}}},
		"break within":       {"a,\"b\r\nc\"\nd,e", []want{{1, []string{"a", "b\nc"}, nil}, {3, []string{"d", "e"}, nil}}},
		"mark inside":        {"a,5\" b\nd,e", []want{{1, []string{"a", `5" b`}, nil}, {2, []string{"d", "e"}, nil}}},
		"never closed":       {"a,b\n\"c,d\ne,f\ng,h", []want{{1, []string{"a", "b"}, nil}, {2, nil, errQuote}, {3, []string{"e", "f"}, nil}, {4, []string{"g", "h"}, nil}}},
		"closed by the next": {"a,b\n\"c,d\n\"e\",f\ng,h", []want{{1, []string{"a", "b"}, nil}, {2, nil, errQuote}, {3, []string{"e", "f"}, nil}, {4, []string{"g", "h"}, nil}}},
		"too long":           {"a,b\n" + long + ",c\ng,h", []want{{1, []string{"a", "b"}, nil}, {2, nil, errLongLine}, {3, []string{"g", "h"}, nil}}},
		"long line within":   {"a,\"b\n" + long + "\nc\",d\ng,h", []want{{1, nil, errQuote}, {2, nil, errLongLine}, {3, []string{`c"`, "d"}, nil}, {4, []string{"g", "h"}, nil}}},
		"open for too long": {"\"a,b\n1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n13\n14\n15\n\"", []want{
			{1, nil, errQuote},
			{2, []string{"1"}, nil},
			{3, []string{"2"}, nil},
			{4, []string{"3"}, nil},
			{5, []string{"4"}, nil},
			{6, []string{"5"}, nil},
			{7, []string{"6"}, nil},
			{8, []string{"7"}, nil},
			{9, []string{"8"}, nil},
			{10, []string{"9"}, nil},
			{11, []string{"10"}, nil},
			{12, []string{"11"}, nil},
			{13, []string{"12"}, nil},
			{14, []string{"13"}, nil},
			{15, []string{"14"}, nil},
			{16, []string{"15"}, nil},
			{17, nil, errQuote},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			got := readAll(t, tc.src)
			if len(got) != len(tc.want) {
				t.Fatalf("%d records, want %d", len(got), len(tc.want))
			}
			for i, w := range tc.want {
				g := got[i]
				if g.line != w.line || !slices.Equal(fieldsOf(g), w.fields) || !errors.Is(g.err, w.err) || (g.err == nil) != (w.err == nil) {
					t.Errorf("record %d: line %d %q %v, want line %d %q %v", i, g.line, fieldsOf(g), g.err, w.line, w.fields, w.err)
				}
			}
		})
	}
}

// What the standard library writes is read back the same.
func TestRecordsReadWhatCSVWrites(t *testing.T) {
	field := rapid.StringOfN(rapid.RuneFrom([]rune("a红\",;\t \n")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		comma := rapid.SampledFrom([]rune{',', ';', '\t'}).Draw(t, "comma")
		rows := rapid.SliceOfN(rapid.SliceOfN(field, 3, 3), 1, 6).Draw(t, "rows")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		w.Comma = comma
		if err := w.WriteAll(rows); err != nil {
			t.Fatal(err)
		}
		r := &records{src: bufio.NewReader(&b), separator: byte(comma)}
		for _, row := range rows {
			if strings.TrimSpace(strings.Join(row, "")) == "" {
				continue
			}
			rec, err := r.next()
			if err != nil || rec.err != nil || !slices.Equal(fieldsOf(rec), row) {
				t.Fatalf("got %q %v %v, want %q", fieldsOf(rec), rec.err, err, row)
			}
		}
		if _, err := r.next(); err != io.EOF {
			t.Fatalf("after the last record: %v", err)
		}
	})
}

func TestSniff(t *testing.T) {
	encode := func(s string) string {
		b, err := simplifiedchinese.GB18030.NewEncoder().String(s)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	for _, tc := range []struct {
		name, head string
		want       Encoding
	}{
		{"ASCII", "licence_no,name\n1,a\n", Auto},
		{"BOM", utf8BOM + "a", UTF8},
		{"UTF-8", "许可证号,店名\n", UTF8},
		{"UTF-8 with a damaged line", "许可证号,店名\n红塔,\xd6\n", UTF8},
		{"UTF-8 cut within a character", "许可证号\n红塔\xe7", UTF8},
		{"GB18030", encode("许可证号,店名\n红塔\n"), GB18030},
		{"GB18030 with a line that is UTF-8", encode("许可证号,店名\n红塔\n福兴\n") + "隆\n", GB18030},
	} {
		if got := sniff([]byte(tc.head)); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

// Whatever comes, every byte is read, line numbers grow, and text that is
// accepted can be stored.
func FuzzRecords(f *testing.F) {
	f.Add([]byte("许可证号,店名\n421182100001,红塔\n"), "auto")
	f.Add([]byte("\xd0\xed\xbf\xc9\xd6\xa4\xba\xc5,\xb5\xea\xc3\xfb\n\"a\nb\",\x81\n"), "gb18030")
	f.Add([]byte("\"a,b\n\"c\"d\n\xff\xfe"), "utf-8")
	f.Fuzz(func(t *testing.T, src []byte, enc string) {
		d, err := newDecoder(Encoding(enc), src)
		if err != nil {
			if !errors.Is(err, ErrList) {
				t.Fatalf("unexpected kind of error: %v", err)
			}
			return
		}
		r := &records{src: bufio.NewReaderSize(bytes.NewReader(src), 16), separator: separatorOf(src)}
		last := 0
		for {
			rec, err := r.next()
			if err == io.EOF {
				break
			}
			if err != nil || rec.line <= last {
				t.Fatalf("record in line %d after line %d: %v", rec.line, last, err)
			}
			last = rec.line
			for _, field := range rec.fields {
				s, err := d.text(field)
				if err == nil && (strings.ContainsRune(s, 0) || strings.ToValidUTF8(s, "") != s) {
					t.Fatalf("%q was accepted as %q", field, s)
				}
				zh.Pinyin(zh.Fold(s))
			}
		}
		if r.read != bytes.Count(src, []byte{'\n'})+btoi(len(src) > 0 && src[len(src)-1] != '\n') {
			t.Fatalf("%d lines read of %q", r.read, src)
		}
	})
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}
