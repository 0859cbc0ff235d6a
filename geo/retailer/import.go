package retailer

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

const (
	batchSize   = 2000
	maxProblems = 1000 // kept in a report
)

// ImportOptions say how to read a list. The zero value reads a list in
// WGS-84, finds the encoding and the columns by itself, and stores.
type ImportOptions struct {
	Encoding Encoding
	Datum    datum.Datum
	Region   orb.Bound         // in WGS-84; a row with a point outside is refused; the zero Bound means the whole Earth
	Mapping  map[string]string // field (see Fields) to heading, where the usual headings do not fit
	DryRun   bool              // count and check, store nothing
	Now      time.Time         // the zero time means now
}

// Report is what an import did, or with DryRun would have done.
type Report struct {
	Rows      int // records after the headings; the sum of the next four
	Inserted  int
	Updated   int
	Unchanged int
	Refused   int
	Encoding  Encoding          // found or given; Auto when the list was all ASCII
	Datum     datum.Datum       // that the points were read in
	Columns   map[string]string // field to the heading that it was found under
	Problems  []Problem         // why rows were refused; the first 1,000
	Warnings  []Problem         // about rows that were stored; the first 1,000
}

// Problem is one thing wrong with one row.
type Problem struct {
	Row     int    // the line of the file on which the record starts; the first line is 1
	Field   string // see Fields; "" when it is about the whole row
	Value   string // as found, shortened
	Code    string // encoding, quote, long_line, missing, too_long, unknown, licence_no, short_row, duplicate, holder, date, number, range, no_place, out_of_region, …
	Message string // English
}

// Import reads a list of retailers with headings in the first line and stores
// it, licence by licence: unknown licences are inserted, known ones updated
// where something differs. What the list does not speak of stays as it is: a
// column that it lacks, and a point that it leaves blank.
//
// Rows with problems are refused and reported; the others are stored. Rows are
// stored in batches, each in its own transaction, so after an error some are
// stored and some not; to import the list once more is always safe. A licence
// that comes twice counts the first time.
//
// The error wraps ErrList when the list as a whole cannot be read.
func Import(ctx context.Context, db *pg.DB, r io.Reader, opts ImportOptions) (Report, error) {
	if opts.Now.IsZero() {
		opts.Now = db.Now()
	}
	im, err := newImporter(r, opts)
	if err != nil {
		return Report{}, fmt.Errorf("import retailers: %w", err)
	}
	im.db = db
	err = im.run(ctx)
	im.report.Encoding = im.rows.text.encoding
	if err != nil {
		return im.report, fmt.Errorf("import retailers: %w", err)
	}
	return im.report, nil
}

type importer struct {
	db     *pg.DB
	opts   ImportOptions
	src    *records
	rows   rowReader
	report Report
	batch  []Retailer
	seen   map[LicenceNo]int // the line of each licence
}

// newImporter reads the headings.
func newImporter(r io.Reader, opts ImportOptions) (*importer, error) {
	from, err := datum.Parse(string(opts.Datum))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrList, err)
	}
	src := bufio.NewReaderSize(r, sniffLength)
	head, err := src.Peek(sniffLength)
	if err != nil && err != io.EOF {
		return nil, err
	}
	text, err := newDecoder(opts.Encoding, head)
	if err != nil {
		return nil, err
	}
	if len(head) >= len(utf8BOM) && string(head[:len(utf8BOM)]) == utf8BOM {
		_, _ = src.Discard(len(utf8BOM)) // has been peeked
	}
	im := &importer{opts: opts, src: &records{src: src, separator: separatorOf(head)}, seen: map[LicenceNo]int{}}
	headings, err := im.headings(text)
	if err != nil {
		return nil, err
	}
	cols, err := findColumns(headings, opts.Mapping)
	if err != nil {
		return nil, err
	}
	im.report.Datum = from
	im.report.Columns = make(map[string]string, len(cols))
	for field, at := range cols {
		im.report.Columns[field] = headings[at]
	}
	china := opts.Now.In(time.FixedZone("Asia/Shanghai", 8*60*60))
	today := time.Date(china.Year(), china.Month(), china.Day(), 0, 0, 0, 0, time.UTC)
	im.rows = rowReader{columns: cols, width: len(headings), text: text, datum: from, region: opts.Region, today: today}
	return im, nil
}

func (im *importer) headings(text *decoder) ([]string, error) {
	rec, err := im.src.next()
	if err == io.EOF {
		return nil, &ListError{Code: "empty", message: "it is empty"}
	}
	if err != nil {
		return nil, err
	}
	if err := rec.err; err != nil {
		return nil, &ListError{Code: "first_line", message: fmt.Sprintf("headings in line %d: %v", rec.line, err)}
	}
	out := make([]string, len(rec.fields))
	for i, f := range rec.fields {
		if out[i], err = text.text(f); err != nil {
			return nil, &ListError{Code: "first_line", message: fmt.Sprintf("heading %d in line %d: %v", i+1, rec.line, err)}
		}
	}
	return out, nil
}

func (im *importer) run(ctx context.Context) error {
	for {
		rec, err := im.src.next()
		if err == io.EOF {
			return im.end(ctx)
		}
		if err != nil {
			return err
		}
		im.take(rec)
		if len(im.batch) == batchSize {
			if err := im.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (im *importer) end(ctx context.Context) error {
	if err := im.flush(ctx); err != nil || im.opts.DryRun {
		return err
	}
	return settle(ctx, im.db.Pool, Counts{Inserted: im.report.Inserted, Updated: im.report.Updated})
}

func (im *importer) take(rec record) {
	im.report.Rows++
	shop, problems, warnings := im.rows.read(rec)
	if at, again := im.seen[shop.LicenceNo]; again && len(problems) == 0 {
		problems = []Problem{{
			Row: rec.line, Field: "licence_no", Value: string(shop.LicenceNo),
			Code: "duplicate", Message: fmt.Sprintf("the licence is already in line %d", at),
		}}
	}
	if len(problems) > 0 {
		im.report.Refused++
		im.report.Problems = keep(im.report.Problems, problems)
		return
	}
	im.report.Warnings = keep(im.report.Warnings, warnings)
	im.seen[shop.LicenceNo] = rec.line
	im.batch = append(im.batch, shop)
}

func keep(list, more []Problem) []Problem {
	return append(list, more[:min(len(more), maxProblems-len(list))]...)
}

// errDry rolls a batch back.
var errDry = errors.New("dry run")

func (im *importer) flush(ctx context.Context) error {
	if len(im.batch) == 0 {
		return nil
	}
	var done Counts
	err := im.db.InTx(ctx, func(tx *pg.Tx) (err error) {
		if done, err = put(ctx, tx, im.batch, im.rows.columns, im.opts.Now); err == nil && im.opts.DryRun {
			return errDry
		}
		return err
	})
	if err != nil && !errors.Is(err, errDry) {
		return err
	}
	im.report.Inserted += done.Inserted
	im.report.Updated += done.Updated
	im.report.Unchanged += len(im.batch) - done.Inserted - done.Updated
	im.batch = im.batch[:0]
	return nil
}
