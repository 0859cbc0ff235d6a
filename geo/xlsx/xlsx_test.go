package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// book is a workbook with the given sheet; further parts come in pairs of name and text.
func book(t testing.TB, sheet string, more ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	parts := append([]string{"xl/worksheets/sheet1.xml", sheet}, more...)
	for _, p := range fixedParts {
		if !slices.Contains(more, p[0]) {
			parts = append(parts, p[0], p[1])
		}
	}
	for i := 0; i < len(parts); i += 2 {
		f, err := w.Create(parts[i])
		if err == nil {
			_, err = io.WriteString(f, parts[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func read(t testing.TB, file []byte) (rows [][]string, err error) {
	t.Helper()
	x, err := Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, err
	}
	defer x.Close()
	for {
		n, row, err := x.Next()
		if err == io.EOF {
			return rows, nil
		}
		if err != nil {
			return rows, err
		}
		for len(rows) < n-1 {
			rows = append(rows, nil)
		}
		rows = append(rows, row)
	}
}

func TestCells(t *testing.T) {
	sheet := `<worksheet><sheetData><row r="1"><c r="A1" t="s"><v>1</v></c><c r="C1" t="inlineStr"><is><r><t>红</t></r><r><t>塔</t></r></is></c></row>
		<row r="3"><c r="A3" s="1"><v>45352</v></c><c r="B3"><v>4.21182100001E11</v></c><c r="C3" t="str"><f>A1&amp;"x"</f><v>kept</v></c><c r="D3" t="e"><v>#N/A</v></c><c r="ZZZ3"><v>9</v></c></row>
		</sheetData></worksheet>`
	rows, err := read(t, book(t, sheet,
		"xl/sharedStrings.xml", `<sst><si><t>none</t></si><si><t>许可证号</t><rPh><t>x</t></rPh></si></sst>`,
		"xl/styles.xml", `<styleSheet><numFmts><numFmt numFmtId="164" formatCode="yyyy/m/d"/></numFmts><cellXfs><xf numFmtId="0"/><xf numFmtId="164"/></cellXfs></styleSheet>`))
	want := [][]string{{"许可证号", "", "红塔"}, nil, {"2024-03-01", "421182100001", "kept", ""}}
	if err != nil || !slices.EqualFunc(rows, want, slices.Equal) {
		t.Errorf("%q, %v, want %q", rows, err, want)
	}
}

func TestRefused(t *testing.T) {
	for name, file := range map[string][]byte{
		"no archive":        []byte("PK\x03\x04x"),
		"no parts":          book(t, "", "xl/workbook.xml", "<workbook/>"),
		"unpacks to 64 MiB": book(t, strings.Repeat(" ", 64<<20)),
		"a text of its own": book(t, `<worksheet><sheetData><row><c t="s"><v>7</v></c></row></sheetData></worksheet>`),
		"no XML":            book(t, `<worksheet><sheetData><row><c>`),
		"a huge cell":       book(t, `<worksheet><sheetData><row><c t="inlineStr"><is><t>`+strings.Repeat("x", 70<<10)+`</t></is></c></row></sheetData></worksheet>`),
	} {
		if _, err := read(t, file); !errors.Is(err, ErrWorkbook) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is written is read back.
func TestRoundTrip(t *testing.T) {
	cell := rapid.StringOfN(rapid.RuneFrom([]rune("a红<&>\"' \n=+\t0")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.SliceOfN(cell, 2, 4), 1, 6).Draw(t, "rows")
		var b bytes.Buffer
		w, err := NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			if err := w.Write(row); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		x, err := Open(bytes.NewReader(b.Bytes()), int64(b.Len()))
		if err != nil {
			t.Fatal(err)
		}
		for i, row := range rows {
			n, got, err := x.Next()
			if err != nil || n != i+1 || !slices.Equal(got, row) {
				t.Fatalf("row %d: %q %v, want %q", n, got, err, row)
			}
		}
		if _, _, err := x.Next(); err != io.EOF {
			t.Fatal(err)
		}
	})
}
