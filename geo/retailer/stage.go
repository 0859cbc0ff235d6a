package retailer

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/geo"
	"jiujin/internal/pg"
)

const (
	stageRows  = 20_000  // of a batch
	stageBytes = 8 << 20 // of a batch
)

// batch is rows on their way into the staged table, in PostgreSQL's text form.
type batch struct {
	rows, problems      bytes.Buffer
	read, staged, noted int
	lastLine            int
	bytesRead           int64
	encoding            Encoding
}

// stage reads the list from where it was left and puts its rows into the staged table. Reading and storing go on at
// the same time, with two batches between them.
func (d *delivering) stage(ctx context.Context) error {
	if err := d.open(); err != nil {
		return err
	}
	work, ctx := errgroup.WithContext(ctx)
	ready := make(chan *batch, 1)
	work.Go(func() error {
		defer close(ready)
		return d.readBatches(ctx, ready)
	})
	work.Go(func() error {
		for b := range ready {
			if err := d.db.InTx(ctx, func(tx *pg.Tx) error { return d.storeBatch(ctx, tx, b) }); err != nil {
				return fmt.Errorf("stage up to line %d: %w", b.lastLine, err)
			}
			d.rowCount += b.read
			d.staged += b.staged
		}
		return nil
	})
	return work.Wait()
}

func (d *delivering) readBatches(ctx context.Context, ready chan<- *batch) error {
	b := &batch{}
	hand := func() error {
		b.encoding, b.bytesRead = d.rows.text.encoding, d.list.offset()
		select {
		case ready <- b:
			b = &batch{}
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for {
		rec, err := d.list.next()
		if err == io.EOF {
			return hand()
		}
		if err != nil {
			return err
		}
		if rec.line <= d.lastLine {
			continue // staged by an earlier run
		}
		if err := d.add(b, rec); err != nil {
			return err
		}
		if b.read >= cmp.Or(d.opts.batch, stageRows) || b.rows.Len()+b.problems.Len() >= stageBytes {
			if err := hand(); err != nil {
				return err
			}
		}
	}
}

// add puts a record into b, as a row or as a problem.
func (d *delivering) add(b *batch, rec record) error {
	shop, problems, warnings := d.rows.read(rec)
	b.read++
	b.lastLine = rec.line
	if len(problems) > 0 {
		b.problem(rec.line, true, string(shop.LicenceNo), d.raw(rec), problems)
		return nil
	}
	if len(warnings) > 0 {
		b.problem(rec.line, false, string(shop.LicenceNo), d.raw(rec), warnings)
	}
	if err := b.row(rec.line, &shop); err != nil {
		return fmt.Errorf("line %d: %w", rec.line, err)
	}
	b.staged++
	return nil
}

// raw is the fields of a record as text, damaged characters shown as �.
func (d *delivering) raw(rec record) []string {
	out := make([]string, len(rec.fields))
	for i, f := range rec.fields {
		s, err := d.rows.text.text(f)
		if err != nil {
			s = strings.ReplaceAll(strings.ToValidUTF8(string(d.rows.text.rough(f)), "�"), "\x00", "�")
		}
		out[i] = s
	}
	return out
}

func (b *batch) problem(line int, refused bool, no string, raw []string, list []Problem) {
	b.noted++
	t := copyText{&b.problems}
	fields, _ := json.Marshal(raw)    // strings
	problems, _ := json.Marshal(list) // strings and numbers
	t.int(int64(line))
	t.text(strconv.FormatBool(refused))
	t.text(no)
	t.text(string(fields))
	t.text(string(problems))
	t.end()
}

// row appends a record in the order of stagedColumns.
func (b *batch) row(line int, r *Record) error {
	t := copyText{&b.rows}
	t.int(int64(line))
	for _, s := range [...]string{string(r.LicenceNo), r.Name, r.Operator, r.Address, r.PhoneTail, string(r.Form), string(r.Status)} {
		t.text(s)
	}
	t.date(r.ValidFrom)
	t.date(r.ValidTo)
	t.text(r.DivisionCode)
	if r.Point == nil {
		t.null()
		t.null()
		t.null()
	} else {
		cell, err := geo.CellAt(*r.Point, geo.RetailerRes)
		if err != nil {
			return err
		}
		t.float(&r.Point[0])
		t.float(&r.Point[1])
		t.int(int64(cell))
	}
	for _, s := range [...]string{
		r.USCC, r.Tier, r.MarketType, r.GridUnit, r.Squad, r.MarketOfficer, r.CustomerManager, r.DeliveryRoute,
		r.Scope, r.Supplier, r.Issuer,
	} {
		t.text(s)
	}
	t.date(r.IssuedOn)
	t.float(r.SchoolM)
	t.float(r.RiskScore)
	t.date(r.LastInspectedOn)
	t.text(r.Replaces)
	t.text(string(r.GeoQuality))
	if len(r.Extra) == 0 {
		t.text("{}")
	} else {
		extra, _ := json.Marshal(r.Extra) // strings
		t.text(string(extra))
	}
	t.end()
	return nil
}

// copyText writes rows in the text form of COPY: fields end in a tab, the last in a line feed.
type copyText struct{ *bytes.Buffer }

func (t copyText) text(s string) {
	if strings.ContainsAny(s, "\\\t\n\r") {
		s = copyMarks.Replace(s)
	}
	t.WriteString(s)
	t.WriteByte('\t')
}

var copyMarks = strings.NewReplacer("\\", "\\\\", "\t", "\\t", "\n", "\\n", "\r", "\\r")

func (t copyText) null() { t.WriteString("\\N\t") }

func (t copyText) int(n int64) {
	t.Write(strconv.AppendInt(t.AvailableBuffer(), n, 10))
	t.WriteByte('\t')
}

func (t copyText) float(v *float64) {
	if v == nil {
		t.null()
		return
	}
	t.Write(strconv.AppendFloat(t.AvailableBuffer(), *v, 'g', -1, 64))
	t.WriteByte('\t')
}

func (t copyText) date(day time.Time) {
	if day.IsZero() {
		t.null()
		return
	}
	t.Write(day.AppendFormat(t.AvailableBuffer(), time.DateOnly))
	t.WriteByte('\t')
}

// end turns the tab behind the last field into the end of the row.
func (t copyText) end() {
	t.Truncate(t.Len() - 1)
	t.WriteByte('\n')
}
