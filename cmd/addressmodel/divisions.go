package main

import (
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
)

// writeDivisions turns the CSV of code, level, name and parent into sorted
// lines of level, code and name.
func writeDivisions(file string, out io.Writer) error {
	in, err := open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	records := csv.NewReader(in)
	if _, err := records.Read(); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	levels := map[string]string{"province": "1", "prefecture": "2", "county": "3", "township": "4"}
	var lines []string
	for {
		record, err := records.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file, err)
		}
		if len(record) < 3 || levels[record[1]] == "" {
			return fmt.Errorf("%s: %q is no division", file, record)
		}
		lines = append(lines, levels[record[1]]+record[0]+record[2]+"\n")
	}
	slices.Sort(lines)
	zip, _ := gzip.NewWriterLevel(out, gzip.BestCompression)
	if _, err := io.WriteString(zip, strings.Join(lines, "")); err != nil {
		return err
	}
	return zip.Close()
}

// open opens a file, which may be compressed.
func open(file string) (io.ReadCloser, error) {
	f, err := os.Open(file)
	if err != nil || !strings.HasSuffix(file, ".gz") {
		return f, err
	}
	return gzip.NewReader(f)
}
