package retailer

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

const (
	batchSize   = 2000
	maxProblems = 1000    // kept in a report
	maxFile     = 8 << 30 // bytes, unpacked
)

// ImportOptions say how to read a list. The zero value reads a list in
// WGS-84, finds the encoding and the columns by itself, and stores.
type ImportOptions struct {
	Profile
	Region  orb.Bound // in WGS-84; a row with a point outside is refused; the zero Bound means the whole Earth
	DryRun  bool      // count and check, change nothing
	Confirm bool      // apply the delivery even when it lacks so many licences that it would be held
	Now     time.Time // the time of the delivery; the zero time means now
	By      string    // who brings it
	File    string    // its name
	batch   int       // rows that are staged at once; 0 means 20,000
	blocks  int       // of the staged table, applied at once; 0 means 1,000
}

// Report is what an import did, or with DryRun would have done.
type Report struct {
	Delivery  int64 // its id
	State     State
	Held      []string // why: closing, mixed_datum; what a dry run would be held for, too
	Mixed     Mixed    // whether the points are in one datum
	Resumed   bool     // an earlier run of the same list was cut off, and this one went on where it was
	Rows      int      // records after the headings; the sum of the next five
	Inserted  int
	Returned  int // had gone, and are back
	Updated   int
	Unchanged int
	Refused   int
	Closed    int            // licences of the source that the list lacks; with State held, those that would be closed
	Expired   int            // of Closed, those whose last day had passed
	Had       int            // licences of the source that the register had before, gone ones not counted
	Reopened  int            // of Updated, those whose state said that they were over for good
	Changes   map[string]int // field to how many of Updated changed it; + and the heading for further columns
	Encoding  Encoding       // found or given; Auto when the list was all ASCII
	Datum     datum.Datum    // that the points were read in
	Columns   map[string]string
	Problems  []Problem // why rows were refused; of the first 1,000 rows
	Warnings  []Problem // about rows that were stored; of the first 1,000 rows
}

// Problem is one thing wrong with one row.
type Problem struct {
	Row     int    `json:"row"`     // the line of the file on which the record starts; the first line is 1
	Field   string `json:"field"`   // see Fields; "" when it is about the whole row
	Value   string `json:"value"`   // as found, shortened
	Code    string `json:"code"`    // encoding, quote, long_line, missing, too_long, unknown, licence_no, short_row, duplicate, holder, date, number, range, swapped, no_place, out_of_region, …
	Detail  string `json:"detail"`  // what varies in the message of a code: a line, a limit, a name; "" for most
	Message string `json:"message"` // English
}

// Import reads a list of retailers with headings in the first line and makes
// the register say what it says: unknown licences are inserted, known ones
// updated where something differs, and with a Source those that the list lacks
// are closed. What the list does not speak of stays as it is: a column that it
// lacks, and a point that it leaves blank. What changed is kept as history.
//
// Rows with problems are refused and reported; their licences are not closed.
// Of a licence that comes twice one row counts and the others are refused.
//
// A delivery that lacks very many licences of its source is held: nothing is
// changed until it is confirmed, see Options.Confirm.
//
// The list is staged first and applied in parts, each in its own transaction.
// When an import is cut off, at whatever moment, importing the same list once
// more goes on where it was. Imports run one after the other; a second one
// waits.
//
// The error wraps ErrList when the list as a whole cannot be read.
func Import(ctx context.Context, db *pg.DB, r io.Reader, opts ImportOptions) (Report, error) {
	if opts.Now.IsZero() {
		opts.Now = db.Now()
	}
	opts.Now = opts.Now.UTC().Truncate(time.Microsecond)
	report, err := importList(ctx, db, r, opts)
	if err != nil {
		return report, fmt.Errorf("import retailers: %w", err)
	}
	return report, nil
}

func importList(ctx context.Context, db *pg.DB, r io.Reader, opts ImportOptions) (Report, error) {
	if err := opts.Check(); err != nil {
		return Report{}, err
	}
	file, done, err := spool(r)
	if err != nil {
		return Report{}, err
	}
	defer done()
	d := &delivering{db: db, opts: opts, asOf: chinaDay(opts.Now), file: file}
	if err := d.open(); err != nil {
		return Report{}, err
	}
	if err := d.hash(); err != nil {
		return Report{}, err
	}
	return d.alone(ctx)
}

// spool gives a file that can be read twice, unpacked when it is compressed with gzip. done removes what it made.
func spool(r io.Reader) (file io.ReadSeeker, done func(), err error) {
	f, seeks := r.(io.ReadSeeker)
	if seeks {
		_, err := f.Seek(0, io.SeekStart)
		seeks = err == nil // standard input may be a pipe
	}
	plain, packed, err := unpacked(r)
	if err != nil {
		return nil, nil, err
	}
	if seeks && !packed {
		return f, func() {}, nil
	}
	temp, err := os.CreateTemp("", "jiujin-list-")
	if err != nil {
		return nil, nil, fmt.Errorf("put the list aside: %w", err)
	}
	done = func() { _ = errors.Join(temp.Close(), os.Remove(temp.Name())) } // the list is in the database by then
	if _, err := copyList(temp, plain, maxFile); err != nil {
		done()
		return nil, nil, err
	}
	return temp, done, nil
}

// unpacked is what r holds, unpacked when it is compressed with gzip.
func unpacked(r io.Reader) (plain io.Reader, packed bool, err error) {
	begin := bufio.NewReader(r)
	magic, err := begin.Peek(2)
	if err != nil && err != io.EOF {
		return nil, false, err
	}
	if string(magic) != "\x1f\x8b" {
		return begin, false, nil
	}
	if plain, err = gzip.NewReader(begin); err != nil {
		return nil, true, &ListError{Code: "gzip", Message: "the compressed file is damaged"}
	}
	return plain, true, nil
}

// copyList copies a list of at most most bytes. The error is a *ListError when it is longer, or compressed and damaged.
func copyList(to io.Writer, from io.Reader, most int64) (n int64, err error) {
	n, err = io.Copy(to, io.LimitReader(from, most+1))
	switch {
	case errors.Is(err, gzip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrHeader):
		err = &ListError{Code: "gzip", Message: "the compressed file is damaged"}
	case err == nil && n > most:
		err = &ListError{Code: "too_long", Message: fmt.Sprintf("it is longer than %d MiB", most>>20)}
	}
	return n, err
}

// hash notes by what the list is known again.
func (d *delivering) hash() error {
	if _, err := d.file.Seek(0, io.SeekStart); err != nil {
		return err
	}
	h := sha256.New()
	n, err := io.Copy(h, d.file)
	d.bytes, d.sha256 = n, hex.EncodeToString(h.Sum(nil))
	return err
}

// open reads the headings; the next record is the first of the list.
func (d *delivering) open() error {
	from, err := datum.Parse(string(d.opts.Datum))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrList, err)
	}
	var text *decoder
	if d.list, text, err = openList(d.file, d.opts.Encoding); err != nil {
		return err
	}
	headings, err := readHeadings(d.list, text)
	if err != nil {
		return err
	}
	cols, err := findColumns(headings, d.opts.Profile)
	if err != nil {
		return err
	}
	d.given = cols.given()
	d.rows = rowReader{
		columns: cols, heads: headings, text: text, profile: d.opts.Profile, datum: from, words: d.opts.words(),
		region: d.opts.bound(d.opts.Region), today: d.asOf,
	}
	return nil
}

func readHeadings(list list, text *decoder) ([]string, error) {
	rec, err := list.next()
	if err == io.EOF {
		return nil, &ListError{Code: "empty", Message: "it is empty"}
	}
	if err != nil {
		return nil, err
	}
	if err := rec.err; err != nil {
		return nil, &ListError{Code: "first_line", Message: fmt.Sprintf("headings in line %d: %v", rec.line, err)}
	}
	out := make([]string, len(rec.fields))
	for i, f := range rec.fields {
		if out[i], err = text.text(f); err != nil {
			return nil, &ListError{Code: "first_line", Message: fmt.Sprintf("heading %d in line %d: %v", i+1, rec.line, err)}
		}
	}
	return out, nil
}
