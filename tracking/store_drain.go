package tracking

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"jiujin/internal/pg"
)

// batch is what one transaction of the drain writes.
type batch struct {
	fixes    []Fix
	contents []int32 // of the fixes
	refused  []refused
}

// refused is a fix that was turned down, as it is kept.
type refused struct {
	fix    Fix // ids and time of receipt
	reason Reason
	detail string
	raw    string // JSON
}

// add takes an entry of the log in.
func (b *batch) add(e *taken) error {
	if e.refused {
		b.refused = append(b.refused, refused{e.fix, e.reason, e.detail, string(e.raw)})
		return nil
	}
	b.fixes, b.contents = append(b.fixes, e.fix), append(b.contents, e.content)
	return nil
}

func (b *batch) clear() {
	b.fixes, b.contents, b.refused = b.fixes[:0], b.contents[:0], b.refused[:0]
}

// beginDrain is up to where the log with an id has been drained; a log that the
// database has not seen begins at first.
func beginDrain(ctx context.Context, db *pg.DB, id string, first Position) (at Position, err error) {
	_, err = db.Pool.Exec(ctx, `
		INSERT INTO spool (log_id, position, drained_at) VALUES ($1, $2, $3) ON CONFLICT (log_id) DO NOTHING`, id, first, db.Now())
	if err == nil {
		err = db.Pool.QueryRow(ctx, `SELECT position FROM spool WHERE log_id = $1`, id).Scan(&at)
	}
	if err != nil {
		return 0, fmt.Errorf("read how far the spool was drained: %w", err)
	}
	return at, nil
}

// errMoved says that somebody else drained the log meanwhile, or a COMMIT whose
// outcome was unknown had succeeded.
var errMoved = errors.New("the spool was drained further than expected")

// saveBatch writes a batch.
func saveBatch(ctx context.Context, tx *pg.Tx, b *batch) error {
	if len(b.fixes) > 0 {
		if err := saveFixes(ctx, tx, b.fixes, b.contents); err != nil {
			return err
		}
	}
	if len(b.refused) > 0 {
		return saveRefused(ctx, tx, b.refused)
	}
	return nil
}

// advance notes how far the log has come, and that it was where we think.
func advance(ctx context.Context, tx *pg.Tx, id string, from, to Position) error {
	tag, err := tx.Exec(ctx, `
		UPDATE spool SET position = $3, drained_at = $4 WHERE log_id = $1 AND position = $2`, id, from, to, tx.Now())
	if err != nil {
		return fmt.Errorf("note how far the spool was drained: %w", err)
	}
	if tag.RowsAffected() == 0 {
		return errMoved
	}
	return nil
}

// saveFixes writes fixes to the history; those that it has already are dropped.
// COPY into a temporary table and one INSERT from there is the quickest way
// that takes repetitions.
func saveFixes(ctx context.Context, tx *pg.Tx, fixes []Fix, contents []int32) error {
	fail := func(err error) error { return fmt.Errorf("save %d fixes: %w", len(fixes), err) }
	if _, err := tx.Exec(ctx, `
		CREATE TEMPORARY TABLE IF NOT EXISTS fix_in (
			unit_id bigint, device_id bigint, fixed_at timestamptz, received_at timestamptz,
			lon float8, lat float8, alt_m real, accuracy_m real, speed_kmh real, heading_deg real,
			h3 bigint, source text, ignition boolean, engaged boolean, doubt text, content integer
		) ON COMMIT DELETE ROWS`); err != nil {
		return fail(err)
	}
	rows := bytes.NewReader(copyRows(fixes, contents))
	if _, err := tx.Conn().PgConn().CopyFrom(ctx, rows, `COPY fix_in FROM STDIN (FORMAT binary)`); err != nil {
		return fail(err)
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO fix (unit_id, device_id, fixed_at, received_at, lon, lat, alt_m, accuracy_m, speed_kmh, heading_deg,
		                 h3, source, ignition, engaged, doubt, content)
		SELECT unit_id, device_id, fixed_at, received_at, lon, lat, alt_m, accuracy_m, speed_kmh, heading_deg,
		       h3, source, ignition, engaged, doubt, content
		  FROM fix_in
		    ON CONFLICT DO NOTHING`); err != nil {
		return fail(err)
	}
	return nil
}

// copyColumns is how many columns fix_in has.
const copyColumns = 16

// copyRows is fixes in PostgreSQL's binary format of COPY, in the order of the
// columns of fix_in.
func copyRows(fixes []Fix, contents []int32) []byte {
	b := make([]byte, 0, 32+180*len(fixes))
	b = append(b, "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00"...)
	for i := range fixes {
		f := &fixes[i]
		b = binary.BigEndian.AppendUint16(b, copyColumns)
		b = copyInt(b, f.UnitID)
		b = copyInt(b, f.DeviceID)
		b = copyTime(b, f.FixedAt)
		b = copyTime(b, f.ReceivedAt)
		b = copyInt(b, int64(math.Float64bits(f.Point[0])))
		b = copyInt(b, int64(math.Float64bits(f.Point[1])))
		for _, r := range [...]*Reading{&f.AltM, &f.AccuracyM, &f.SpeedKmh, &f.HeadingDeg} {
			b = copyReading(b, r)
		}
		b = copyInt(b, int64(f.Cell))
		b = copyText(b, plain(f.Source))
		b = copyState(b, f.Ignition)
		b = copyState(b, f.Engaged)
		if f.Doubt == "" {
			b = append(b, 0xff, 0xff, 0xff, 0xff)
		} else {
			b = copyText(b, string(f.Doubt))
		}
		b = binary.BigEndian.AppendUint32(b, 4)
		b = binary.BigEndian.AppendUint32(b, uint32(contents[i]))
	}
	return append(b, 0xff, 0xff)
}

// copyInt is eight bytes, also of a double.
func copyInt(b []byte, v int64) []byte {
	b = append(b, 0, 0, 0, 8)
	return binary.BigEndian.AppendUint64(b, uint64(v))
}

// copyTime counts, like PostgreSQL, from the year 2000.
func copyTime(b []byte, t time.Time) []byte {
	const since1970 = 946_684_800_000_000
	return copyInt(b, t.UnixMicro()-since1970)
}

func copyReading(b []byte, r *Reading) []byte {
	if !r.Known {
		return append(b, 0xff, 0xff, 0xff, 0xff)
	}
	b = append(b, 0, 0, 0, 4)
	return binary.BigEndian.AppendUint32(b, math.Float32bits(float32(r.Value)))
}

func copyText(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s)))
	return append(b, s...)
}

func copyState(b []byte, s State) []byte {
	switch s {
	case On:
		return append(b, 0, 0, 0, 1, 1)
	case Off:
		return append(b, 0, 0, 0, 1, 0)
	}
	return append(b, 0xff, 0xff, 0xff, 0xff)
}

// saveRefused keeps refused fixes with the records as they came.
func saveRefused(ctx context.Context, tx *pg.Tx, list []refused) error {
	n := len(list)
	devices, units := make([]*int64, n), make([]*int64, n)
	received := make([]time.Time, n)
	reasons, details, raws := make([]string, n), make([]string, n), make([]string, n)
	for i, r := range list {
		devices[i], units[i] = known(r.fix.DeviceID), known(r.fix.UnitID)
		received[i] = r.fix.ReceivedAt
		reasons[i], details[i], raws[i] = plain(string(r.reason)), plain(r.detail), r.raw
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO refused_fix (device_id, unit_id, received_at, reason, detail, raw)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::jsonb[])`,
		devices, units, received, reasons, details, raws)
	if err != nil {
		return fmt.Errorf("keep %d refused fixes: %w", n, err)
	}
	return nil
}

// known is nil for the id zero.
func known(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// plain is s without what PostgreSQL does not take in text.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
}
