// Package xlsx reads and writes the first sheet of an Office Open XML workbook row by row (ECMA-376 part 1). It keeps
// the shared strings in memory and nothing else. Formulas are never run: of a formula the value is read that the
// workbook was saved with.
package xlsx

import (
	"archive/zip"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"strconv"
	"strings"
	"time"
)

// Limits against files made to fill the memory or the disk.
const (
	maxEntries = 2000
	maxPart    = 6 << 30   // bytes of a sheet, unpacked
	maxStrings = 512 << 20 // bytes of the shared strings, unpacked
	maxRatio   = 400       // unpacked to packed, from 32 MiB on
	maxCell    = 64 << 10  // bytes of a text
	maxColumns = 400
)

// ErrWorkbook says that a file is no workbook that can be read.
var ErrWorkbook = errors.New("not a workbook that can be read")

// Reader gives the rows of a sheet.
type Reader struct {
	sheet   io.ReadCloser
	xml     *xml.Decoder
	strings []string
	dates   map[int]bool // cell styles that show a date
	epoch   time.Time
	row     int
}

// Open finds the first sheet. The error wraps ErrWorkbook, or is that of r. The caller closes the Reader.
func Open(r io.ReaderAt, size int64) (*Reader, error) {
	archive, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWorkbook, err)
	}
	if err := guard(archive); err != nil {
		return nil, err
	}
	x := &Reader{dates: map[int]bool{}, epoch: time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)}
	name, err := x.workbook(archive)
	if err != nil {
		return nil, err
	}
	if err := x.sharedStrings(archive); err != nil {
		return nil, err
	}
	if err := x.styles(archive); err != nil {
		return nil, err
	}
	if x.sheet, err = archive.Open(name); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrWorkbook, err)
	}
	x.xml = xml.NewDecoder(io.LimitReader(x.sheet, maxPart))
	return x, nil
}

// guard refuses archives that unpack to far more than they are.
func guard(archive *zip.Reader) error {
	if len(archive.File) > maxEntries {
		return fmt.Errorf("%w: it has %d parts", ErrWorkbook, len(archive.File))
	}
	for _, f := range archive.File {
		limit := uint64(maxPart)
		if f.Name == "xl/sharedStrings.xml" {
			limit = maxStrings
		}
		large := f.UncompressedSize64 > 32<<20 && f.UncompressedSize64 > maxRatio*max(1, f.CompressedSize64)
		if large || f.UncompressedSize64 > limit {
			return fmt.Errorf("%w: %s unpacks to %d bytes", ErrWorkbook, f.Name, f.UncompressedSize64)
		}
	}
	return nil
}

// workbook finds the file of the first sheet, and on which day the count of days begins.
func (x *Reader) workbook(archive *zip.Reader) (string, error) {
	var book struct {
		Pr struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			ID string `xml:"http://schemas.openxmlformats.org/officeDocument/2006/relationships id,attr"`
		} `xml:"sheets>sheet"`
	}
	if err := part(archive, "xl/workbook.xml", &book); err != nil {
		return "", err
	}
	var links struct {
		Links []struct {
			ID     string `xml:"Id,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := part(archive, "xl/_rels/workbook.xml.rels", &links); err != nil {
		return "", err
	}
	if book.Pr.Date1904 == "1" || book.Pr.Date1904 == "true" {
		x.epoch = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	for _, link := range links.Links {
		if len(book.Sheets) > 0 && link.ID == book.Sheets[0].ID {
			if strings.HasPrefix(link.Target, "/") {
				return strings.TrimPrefix(link.Target, "/"), nil
			}
			return path.Join("xl", link.Target), nil
		}
	}
	return "", fmt.Errorf("%w: it has no sheet", ErrWorkbook)
}

// part reads a small part whole.
func part(archive *zip.Reader, name string, into any) error {
	f, err := archive.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrWorkbook, err)
	}
	defer f.Close()
	if err := xml.NewDecoder(io.LimitReader(f, 16<<20)).Decode(into); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrWorkbook, name, err)
	}
	return nil
}

// richText is a text, whole or in runs; the reading aid of Japanese is left out.
type richText struct {
	T string `xml:"t"`
	R []struct {
		T string `xml:"t"`
	} `xml:"r"`
}

func (t richText) String() string {
	s := t.T
	for _, r := range t.R {
		s += r.T
	}
	return s
}

func (x *Reader) sharedStrings(archive *zip.Reader) error {
	f, err := archive.Open("xl/sharedStrings.xml")
	if err != nil {
		return nil // a workbook without texts, or with all of them in their cells
	}
	defer f.Close()
	d := xml.NewDecoder(io.LimitReader(f, maxStrings))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: texts: %w", ErrWorkbook, err)
		}
		if start, ok := token.(xml.StartElement); ok && start.Name.Local == "si" {
			var t richText
			if err := d.DecodeElement(&t, &start); err != nil {
				return fmt.Errorf("%w: texts: %w", ErrWorkbook, err)
			}
			x.strings = append(x.strings, t.String())
		}
	}
}

// styles notes which styles of cells show a number as a date.
func (x *Reader) styles(archive *zip.Reader) error {
	var sheet struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if f, err := archive.Open("xl/styles.xml"); err != nil {
		return nil // a workbook need not have any
	} else if err := f.Close(); err != nil {
		return err
	}
	if err := part(archive, "xl/styles.xml", &sheet); err != nil {
		return err
	}
	dates := map[int]bool{}
	for id := 14; id <= 22; id++ {
		dates[id] = id < 18 || id == 22 // 18 to 21 are times of day
	}
	for _, id := range []int{27, 28, 29, 30, 31, 36, 50, 51, 52, 53, 54, 57, 58} { // Chinese dates
		dates[id] = true
	}
	for _, f := range sheet.Formats {
		code := strings.ToLower(f.Code)
		dates[f.ID] = strings.Contains(code, "yy") || strings.Contains(code, "年") || strings.Contains(code, "d") && strings.Contains(code, "m")
	}
	for style, cell := range sheet.Cells {
		x.dates[style] = dates[cell.Format]
	}
	return nil
}

// Next is the next row and its number, counted from 1; cells that are not there are "". A row without cells is left
// out. The error is io.EOF at the end, or wraps ErrWorkbook.
func (x *Reader) Next() (int, []string, error) {
	for {
		token, err := x.xml.Token()
		if err == io.EOF {
			return 0, nil, io.EOF
		}
		if err != nil {
			return 0, nil, fmt.Errorf("%w: after row %d: %w", ErrWorkbook, x.row, err)
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "row" {
			continue
		}
		x.row++
		if n, err := strconv.Atoi(attr(start, "r")); err == nil && n >= x.row {
			x.row = n
		}
		cells, err := x.cells()
		if err != nil {
			return 0, nil, fmt.Errorf("%w: row %d: %w", ErrWorkbook, x.row, err)
		}
		if len(cells) > 0 {
			return x.row, cells, nil
		}
	}
}

// cells reads up to the end of the row.
func (x *Reader) cells() (out []string, err error) {
	for {
		token, err := x.xml.Token()
		if err != nil {
			return nil, err
		}
		switch t := token.(type) {
		case xml.EndElement:
			if t.Name.Local == "row" {
				return out, nil
			}
		case xml.StartElement:
			if t.Name.Local != "c" {
				continue
			}
			at := column(attr(t, "r"), len(out))
			if at >= maxColumns {
				if err := x.xml.Skip(); err != nil {
					return nil, err
				}
				continue
			}
			text, err := x.cell(t)
			if err != nil {
				return nil, err
			}
			for len(out) <= at {
				out = append(out, "")
			}
			out[at] = text
		}
	}
}

func (x *Reader) cell(start xml.StartElement) (string, error) {
	var c struct {
		V  string   `xml:"v"`
		Is richText `xml:"is"`
	}
	if err := x.xml.DecodeElement(&c, &start); err != nil {
		return "", err
	}
	text := c.V
	switch attr(start, "t") {
	case "s":
		n, err := strconv.Atoi(c.V)
		if err != nil || n < 0 || n >= len(x.strings) {
			return "", fmt.Errorf("text %q is not there", c.V)
		}
		text = x.strings[n]
	case "inlineStr":
		text = c.Is.String()
	case "e":
		text = "" // #N/A and the like
	case "", "n":
		style, _ := strconv.Atoi(attr(start, "s")) // none is the first
		text = x.number(c.V, style)
	}
	if len(text) > maxCell {
		return "", fmt.Errorf("a cell of %d bytes", len(text))
	}
	return text, nil
}

// number writes a number as it reads: a date as a date, and whole numbers without an exponent.
func (x *Reader) number(v string, style int) string {
	f, err := strconv.ParseFloat(v, 64)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return v
	}
	if x.dates[style] && f >= 1 && f < 3_000_000 {
		return x.epoch.AddDate(0, 0, int(f)).Format(time.DateOnly)
	}
	if strings.ContainsAny(v, "eE") && f == math.Trunc(f) && math.Abs(f) < 1e15 {
		return strconv.FormatFloat(f, 'f', 0, 64)
	}
	return v
}

// column is the place of a cell such as AB12, counted from 0; next when its name says nothing.
func column(name string, next int) int {
	n := 0
	for _, r := range name {
		if r < 'A' || r > 'Z' {
			break
		}
		if n = n*26 + int(r-'A') + 1; n > maxColumns {
			return maxColumns
		}
	}
	if n == 0 {
		return next
	}
	return n - 1
}

func attr(start xml.StartElement, name string) string {
	for _, a := range start.Attr {
		if a.Name.Local == name && a.Name.Space == "" {
			return a.Value
		}
	}
	return ""
}

// Close lets go of the sheet.
func (x *Reader) Close() error { return x.sheet.Close() }
