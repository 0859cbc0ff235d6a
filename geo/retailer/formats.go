package retailer

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"jiujin/geo/xlsx"
)

// list gives the records of a file, one after the other; the first is the headings.
type list interface {
	// next is the next record that is not blank. The error is io.EOF at the end.
	next() (record, error)
	// offset is how much of the file has been read, in bytes; an estimate.
	offset() int64
}

func (r *records) offset() int64 { return r.bytes }

// workbook is a list in XLSX.
type workbook struct {
	*xlsx.Reader
	rows int64
}

func openWorkbook(file io.ReadSeeker) (list, error) {
	at, ok := file.(io.ReaderAt)
	if !ok {
		return nil, &ListError{Code: "workbook", Message: "this workbook cannot be read from a stream; save it as CSV"}
	}
	size, err := file.Seek(0, io.SeekEnd)
	if err != nil {
		return nil, err
	}
	r, err := xlsx.Open(at, size)
	if errors.Is(err, xlsx.ErrWorkbook) {
		return nil, &ListError{Code: "workbook", Message: err.Error()}
	}
	return &workbook{Reader: r}, err
}

func (w *workbook) next() (record, error) {
	for {
		line, cells, err := w.Next()
		if errors.Is(err, xlsx.ErrWorkbook) {
			return record{}, &ListError{Code: "workbook", Message: err.Error()}
		}
		if err != nil {
			return record{}, err
		}
		w.rows++
		rec := record{line: line, fields: make([][]byte, len(cells))}
		for i, cell := range cells {
			rec.fields[i] = []byte(cell)
		}
		if !blank(rec.fields) {
			return rec, nil
		}
	}
}

func (w *workbook) offset() int64 { return w.rows }

const (
	maxProperties = 300
	maxFeature    = 1 << 20 // bytes
)

// features is a list in GeoJSON: the properties are its columns, and the point of the geometry those named lon and lat.
type features struct {
	json     *json.Decoder
	headings []string
	line     int // features read, the headings counted as the first
}

// openFeatures reads the file once for the names of the properties. The features of a collection are records 2, 3, …
func openFeatures(file io.ReadSeeker) (list, error) {
	f := &features{}
	if err := f.rewind(file); err != nil {
		return nil, err
	}
	seen := map[string]bool{}
	for {
		one, err := f.feature()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		var more []string
		for name := range one.Properties {
			if !seen[name] && len(seen) < maxProperties {
				seen[name] = true
				more = append(more, name)
			}
		}
		slices.Sort(more)
		f.headings = append(f.headings, more...)
	}
	f.headings = slices.DeleteFunc(f.headings, func(s string) bool { return s == "lon" || s == "lat" })
	f.headings = append(f.headings, "lon", "lat")
	return f, f.rewind(file)
}

// rewind goes to the first feature.
func (f *features) rewind(file io.ReadSeeker) error {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	src := bufio.NewReader(file)
	if bom, err := src.Peek(len(utf8BOM)); err == nil && string(bom) == utf8BOM {
		_, _ = src.Discard(len(utf8BOM)) // has been peeked
	}
	f.json, f.line = json.NewDecoder(src), 0
	for {
		token, err := f.json.Token()
		if err != nil {
			return notFeatures(err)
		}
		if token == "features" {
			if token, err = f.json.Token(); err != nil || token != json.Delim('[') {
				return notFeatures(err)
			}
			return nil
		}
		if name, ok := token.(string); ok && name != "features" { // a member of the collection: pass over its value
			var value json.RawMessage
			if err := f.json.Decode(&value); err != nil {
				return notFeatures(err)
			}
		}
	}
}

func notFeatures(err error) error {
	if err == nil || err == io.EOF {
		err = errors.New("no features")
	}
	return &ListError{Code: "geojson", Message: fmt.Sprintf("not a GeoJSON collection of features: %v", err)}
}

type feature struct {
	Geometry *struct {
		Type        string          `json:"type"`
		Coordinates json.RawMessage `json:"coordinates"`
	} `json:"geometry"`
	Properties map[string]json.RawMessage `json:"properties"`
}

func (f *features) feature() (feature, error) {
	var one feature
	if !f.json.More() {
		return one, io.EOF
	}
	if err := f.json.Decode(&one); err != nil {
		return one, notFeatures(err)
	}
	return one, nil
}

func (f *features) next() (record, error) {
	if f.line++; f.line == 1 {
		rec := record{line: 1}
		for _, h := range f.headings {
			rec.fields = append(rec.fields, []byte(h))
		}
		return rec, nil
	}
	one, err := f.feature()
	if err != nil {
		return record{}, err
	}
	rec := record{line: f.line, fields: make([][]byte, len(f.headings))}
	for i, h := range f.headings {
		rec.fields[i] = plain(one.Properties[h])
	}
	if one.Geometry != nil && one.Geometry.Type == "Point" {
		var at []float64
		if err := json.Unmarshal(one.Geometry.Coordinates, &at); err == nil && len(at) >= 2 {
			n := len(f.headings)
			rec.fields[n-2] = strconv.AppendFloat(nil, at[0], 'f', -1, 64)
			rec.fields[n-1] = strconv.AppendFloat(nil, at[1], 'f', -1, 64)
		}
	}
	return rec, nil
}

func (f *features) offset() int64 { return f.json.InputOffset() }

// plain is a JSON value as a field: a text without its quotation marks, nothing for null.
func plain(raw json.RawMessage) []byte {
	if len(raw) == 0 || string(raw) == "null" {
		return nil
	}
	var s string
	if raw[0] == '"' && json.Unmarshal(raw, &s) == nil {
		return []byte(s)
	}
	return raw
}

// openList finds out what a file is and gives its records, the headings first.
func openList(file io.ReadSeeker, enc Encoding) (list, *decoder, error) {
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return nil, nil, err
	}
	src := bufio.NewReaderSize(file, sniffLength)
	head, err := src.Peek(sniffLength)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	begin := bytes.TrimLeft(bytes.TrimPrefix(head, []byte(utf8BOM)), " \r\n\t")
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		l, err := openWorkbook(file)
		return l, utf8Decoder(), err
	case bytes.HasPrefix(begin, []byte("{")) && strings.Contains(string(head), `"`):
		l, err := openFeatures(file)
		return l, utf8Decoder(), err
	}
	text, err := newDecoder(enc, head)
	if err != nil {
		return nil, nil, err
	}
	if bytes.HasPrefix(head, []byte(utf8BOM)) {
		_, _ = src.Discard(len(utf8BOM)) // has been peeked
	}
	return &records{src: src, separator: separatorOf(head)}, text, nil
}
