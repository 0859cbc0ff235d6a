package retailer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"jiujin/internal/pg"
)

// ErrNotHeld says that a delivery does not wait for a decision.
var ErrNotHeld = errors.New("the delivery is not held")

// ErrLost says that the rows of a held delivery are gone with a crash of the database; the list must be sent again.
var ErrLost = errors.New("the rows of the delivery are gone; import the list again")

// Confirm has an Importer apply a delivery that is held; wake it after tx. The error wraps ErrNoDelivery or ErrNotHeld.
func Confirm(ctx context.Context, tx *pg.Tx, id int64, by string) error {
	if err := setConfirmed(ctx, tx, id, by); err != nil {
		return fmt.Errorf("confirm delivery %d: %w", id, err)
	}
	return nil
}

// Reject ends a delivery that is held; the register stays as it is. The error wraps ErrNoDelivery or ErrNotHeld.
func Reject(ctx context.Context, tx *pg.Tx, id int64) error {
	err := setRejected(ctx, tx, id) // first, as it locks the delivery
	if err == nil {
		err = dropStaged(ctx, tx, id)
	}
	if err != nil {
		return fmt.Errorf("reject delivery %d: %w", id, err)
	}
	return nil
}

// Preview is how the begin of a list reads.
type Preview struct {
	Headings []string
	Columns  map[string]string // field to heading
	Encoding Encoding
	Rows     [][]string // the first, as they came
	Missing  string     // the field that the list cannot do without and that no column was found for; "" when all is there
}

// previewRows is how many rows a preview shows.
const previewRows = 8

// Look reads the begin of a list. The error wraps ErrList when even the headings cannot be read.
func Look(r io.Reader, p Profile) (Preview, error) {
	file, done, err := spool(r)
	if err != nil {
		return Preview{}, err
	}
	defer done()
	list, text, err := openList(file, p.Encoding)
	if err != nil {
		return Preview{}, err
	}
	out := Preview{}
	if out.Headings, err = readHeadings(list, text); err != nil {
		return Preview{}, err
	}
	cols, err := findColumns(out.Headings, p)
	if fault, ok := errors.AsType[*ListError](err); ok {
		out.Missing, err = fault.Field, nil
	}
	if err != nil {
		return Preview{}, err
	}
	out.Columns = cols.named(out.Headings)
	d := delivering{rows: rowReader{text: text}}
	for len(out.Rows) < previewRows {
		rec, err := list.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Preview{}, err
		}
		if rec.err == nil {
			out.Rows = append(out.Rows, d.raw(rec))
		}
	}
	out.Encoding = text.encoding
	return out, nil
}

// named is the headings of each field that the list has.
func (c columns) named(headings []string) map[string]string {
	out := map[string]string{}
	for f := range fieldCount {
		for _, at := range c.at[f] {
			if out[f.String()] != "" {
				out[f.String()] += " + "
			}
			out[f.String()] += headings[at]
		}
	}
	return out
}
