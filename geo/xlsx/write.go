package xlsx

import (
	"archive/zip"
	"bufio"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
)

// Writer writes a workbook of one sheet. Every cell is a text, so nothing in it can act as a formula.
type Writer struct {
	zip   *zip.Writer
	sheet *bufio.Writer
	rows  int
}

// fixedParts are those of every workbook that a Writer makes.
var fixedParts = [...][2]string{
	{"[Content_Types].xml", `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>`},
	{"_rels/.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>`},
	{"xl/_rels/workbook.xml.rels", `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>`},
	{"xl/workbook.xml", `<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" ` +
		`xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships"><sheets><sheet name="1" sheetId="1" r:id="rId1"/></sheets></workbook>`},
}

// NewWriter begins a workbook on w. The caller closes the Writer, not w.
func NewWriter(w io.Writer) (*Writer, error) {
	x := &Writer{zip: zip.NewWriter(w)}
	for _, part := range fixedParts {
		f, err := x.zip.Create(part[0])
		if err == nil {
			_, err = io.WriteString(f, xml.Header+part[1])
		}
		if err != nil {
			return nil, fmt.Errorf("begin a workbook: %w", err)
		}
	}
	f, err := x.zip.Create("xl/worksheets/sheet1.xml")
	if err != nil {
		return nil, fmt.Errorf("begin a workbook: %w", err)
	}
	x.sheet = bufio.NewWriterSize(f, 64<<10)
	_, err = x.sheet.WriteString(xml.Header + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	return x, err
}

// MaxRows is how many rows a sheet can have.
const MaxRows = 1 << 20

// ErrFull says that a sheet can have no more rows.
var ErrFull = errors.New("a sheet has 1,048,576 rows at most; use CSV")

// Write appends a row. The error wraps ErrFull, or is that of the writer.
func (x *Writer) Write(cells []string) error {
	if x.rows++; x.rows > MaxRows {
		return ErrFull
	}
	fmt.Fprintf(x.sheet, `<row r="%d">`, x.rows) // a bufio.Writer keeps its error
	for _, cell := range cells {
		x.sheet.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
		if err := xml.EscapeText(x.sheet, []byte(cell)); err != nil {
			return err
		}
		x.sheet.WriteString(`</t></is></c>`)
	}
	_, err := x.sheet.WriteString(`</row>`)
	return err
}

// Close ends the workbook.
func (x *Writer) Close() error {
	x.sheet.WriteString(`</sheetData></worksheet>`)
	return errors.Join(x.sheet.Flush(), x.zip.Close())
}
