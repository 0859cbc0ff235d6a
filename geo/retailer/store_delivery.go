package retailer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgconn"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// importLock is the key of the lock that makes imports run one after the other.
const importLock = 0x6a6a_7265_6701

// lock waits until no other import runs. The lock is the connection's, so it is free again when the program dies.
func lock(ctx context.Context, db *pg.DB) (unlock func(), err error) {
	conn, err := db.Pool.Acquire(ctx)
	if err != nil {
		return nil, fmt.Errorf("wait for other imports: %w", err)
	}
	if _, err := conn.Exec(ctx, `select pg_advisory_lock($1)`, int64(importLock)); err != nil {
		conn.Release()
		return nil, fmt.Errorf("wait for other imports: %w", err)
	}
	return func() {
		// Without an answer the connection is of no more use, and closing it frees the lock as well.
		if _, err := conn.Exec(context.WithoutCancel(ctx), `select pg_advisory_unlock($1)`, int64(importLock)); err != nil {
			_ = conn.Hijack().Close(context.WithoutCancel(ctx))
			return
		}
		conn.Release()
	}, nil
}

// begin makes the delivery, or finds the one of the same list that was cut off or is held.
func (d *delivering) begin(ctx context.Context) error {
	var begun delivering
	err := d.db.InTx(ctx, func(tx *pg.Tx) error {
		begun = *d // anew when the transaction is repeated
		enter := begun.enter
		if d.id != 0 {
			enter = begun.reenter
		}
		if err := enter(ctx, tx); err != nil {
			return err
		}
		return begun.makeStaged(ctx, tx)
	})
	if err == nil {
		*d = begun
	}
	return err
}

// enter makes the row of the delivery, or finds the one that is open. One that is held is gone on with when it is
// confirmed now; what is applied is then by whoever confirmed it.
func (d *delivering) enter(ctx context.Context, tx *pg.Tx) error {
	options, err := json.Marshal(d.opts.Profile)
	if err != nil {
		return err
	}
	columns := d.rows.columns.named(d.rows.heads)
	err = tx.QueryRow(ctx, `
		insert into delivery (file_name, sha256, bytes, options, source, dry_run, confirmed, as_of, made_by, started_at, headings, columns, in_server)
		values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
		on conflict (sha256, md5(options::text), dry_run) where state in ('reading', 'applying', 'held')
		do update set confirmed = delivery.confirmed or excluded.confirmed, in_server = delivery.in_server or excluded.in_server,
			confirmed_by = case when excluded.confirmed and not delivery.confirmed then excluded.made_by else delivery.confirmed_by end,
			state = case when delivery.state = 'held' and excluded.confirmed then 'applying' else delivery.state end
		returning id, state, xmax <> 0, confirmed, coalesce(nullif(confirmed_by, ''), made_by), as_of, last_line, rows, staged, parts`,
		d.opts.File, d.sha256, d.bytes, string(options), d.opts.Source, d.opts.DryRun, d.opts.Confirm, d.asOf, d.opts.By, d.opts.Now,
		d.rows.heads, columns, d.inServer).
		Scan(&d.id, &d.state, &d.resumed, &d.opts.Confirm, &d.opts.By, &d.asOf, &d.lastLine, &d.rowCount, &d.staged, &d.parts)
	if err != nil {
		return fmt.Errorf("begin a delivery: %w", err)
	}
	return nil
}

// reenter reads how far the delivery is. The error is errOver when nothing is left to do.
func (d *delivering) reenter(ctx context.Context, tx *pg.Tx) error {
	err := tx.QueryRow(ctx, `
		select state, rows > 0 or state = 'applying', confirmed, coalesce(nullif(confirmed_by, ''), made_by), as_of,
			last_line, rows, staged, parts from delivery where id = $1`, d.id).
		Scan(&d.state, &d.resumed, &d.opts.Confirm, &d.opts.By, &d.asOf, &d.lastLine, &d.rowCount, &d.staged, &d.parts)
	if err != nil {
		return fmt.Errorf("go on with delivery %d: %w", d.id, err)
	}
	if d.state != Reading && d.state != Applying {
		return errOver
	}
	return nil
}

// makeStaged makes the staged table, or makes sure that all is in it that was staged: after a crash of the database it
// may be empty, and then the list is read from its begin. The parts that are applied stay so.
func (d *delivering) makeStaged(ctx context.Context, tx *pg.Tx) error {
	if _, err := tx.Exec(ctx, fmt.Sprintf(stagedSQL, d.id)); err != nil {
		return fmt.Errorf("make the staged table of delivery %d: %w", d.id, err)
	}
	var n int
	if err := tx.QueryRow(ctx, fmt.Sprintf(`select count(*) from staged_%d`, d.id)).Scan(&n); err != nil {
		return fmt.Errorf("count the staged rows of delivery %d: %w", d.id, err)
	}
	if n == d.staged {
		return nil
	}
	d.state, d.lastLine, d.rowCount, d.staged, d.parts = Reading, 0, 0, 0, 0
	_, err := tx.Exec(ctx, fmt.Sprintf(`truncate staged_%d`, d.id))
	if err == nil {
		_, err = tx.Exec(ctx, `delete from delivery_problem where delivery_id = $1`, d.id)
	}
	if err == nil { // what they did is counted on; applied once more, their rows are unchanged
		_, err = tx.Exec(ctx, `
			update delivery_part p set part = least((select min(part) from delivery_part where delivery_id = $1), 0) - 1 - part
			where delivery_id = $1 and part >= 0`, d.id)
	}
	if err == nil {
		_, err = tx.Exec(ctx, fmt.Sprintf(`drop index if exists staged_%d_no`, d.id))
	}
	if err == nil {
		_, err = tx.Exec(ctx, `
			update delivery set state = 'reading', last_line = 0, bytes_read = 0, rows = 0, staged = 0, parts = 0 where id = $1`, d.id)
	}
	if err != nil {
		return fmt.Errorf("read delivery %d from its begin: %w", d.id, err)
	}
	return nil
}

// storeBatch stores a batch and how far the reading is.
func (d *delivering) storeBatch(ctx context.Context, tx *pg.Tx, b *batch) error {
	to := tx.Conn().PgConn()
	if b.staged > 0 {
		sql := fmt.Sprintf(`copy staged_%d (%s) from stdin`, d.id, stagedColumns)
		if _, err := to.CopyFrom(ctx, bytes.NewReader(b.rows.Bytes()), sql); err != nil {
			return err
		}
	}
	if b.noted > 0 {
		lines := prefixed(b.problems.Bytes(), d.id)
		if _, err := to.CopyFrom(ctx, lines, `copy delivery_problem (delivery_id, line, refused, licence_no, raw, problems) from stdin`); err != nil {
			return err
		}
	}
	_, err := tx.Exec(ctx, `
		update delivery set last_line = greatest(last_line, $2), bytes_read = $3, rows = rows + $4, staged = staged + $5, encoding = $6
		where id = $1`, d.id, b.lastLine, b.bytesRead, b.read, b.staged, string(b.encoding))
	return err
}

// prefixed is lines with the delivery as their first field.
func prefixed(lines []byte, id int64) io.Reader {
	var out bytes.Buffer
	for line := range bytes.Lines(lines) {
		fmt.Fprintf(&out, "%d\t", id)
		out.Write(line)
	}
	return &out
}

// indexStaged makes the index that holds each licence once; an error of the database with code 23505 says that one
// comes twice.
func (d *delivering) indexStaged(ctx context.Context, tx *pg.Tx) error {
	if _, err := tx.Exec(ctx, `select set_config('maintenance_work_mem', '256MB', true)`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`create unique index if not exists staged_%d_no on staged_%d (licence_no)`, d.id, d.id)); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, fmt.Sprintf(`analyze staged_%d`, d.id))
	return err
}

// refuseDoubles leaves one row of each licence and notes the others as problems, without their text yet.
func (d *delivering) refuseDoubles(ctx context.Context) error {
	keep, message := "min", "the licence is already in line "
	if d.opts.LastWins {
		keep, message = "max", "the licence comes again in line "
	}
	return d.refuse(ctx, fmt.Sprintf(`
		with twice as (
			select licence_no, %[2]s(line) as keep from staged_%[1]d group by licence_no having count(*) > 1
		)
		delete from staged_%[1]d s using twice t where s.licence_no = t.licence_no and s.line <> t.keep
		returning s.line, s.licence_no, 'duplicate', t.keep::text, '%[3]s' || t.keep`, d.id, keep, message))
}

// refuseOthers refuses the rows whose number is that of another list's licence: two suppliers may use the same numbers.
func (d *delivering) refuseOthers(ctx context.Context) error {
	return d.refuse(ctx, fmt.Sprintf(`
		delete from staged_%d s using retailer r where r.licence_no = s.licence_no and r.source <> '%s'
		returning s.line, s.licence_no, 'other_source', r.source, 'a licence of ' || case r.source when '' then 'no list' else 'the list ' || r.source end
			|| ' has this number'`, d.id, d.opts.Source))
}

// refuse runs a statement that deletes staged rows and returns their line, licence, code, detail and message.
func (d *delivering) refuse(ctx context.Context, deletion string) error {
	return d.db.InTx(ctx, func(tx *pg.Tx) error {
		tag, err := tx.Exec(ctx, `
			with lost (line, licence_no, code, detail, message) as (`+deletion+`)
			insert into delivery_problem (delivery_id, line, refused, licence_no, raw, problems)
			select $1, line, true, licence_no, '[]', jsonb_build_array(jsonb_build_object(
				'row', line, 'field', 'licence_no', 'value', licence_no, 'code', code, 'detail', detail, 'message', message))
			from lost
			on conflict (delivery_id, line) do update set refused = true, raw = '[]', problems = excluded.problems`, d.id)
		if err != nil {
			return err
		}
		d.staged -= int(tag.RowsAffected())
		_, err = tx.Exec(ctx, `update delivery set staged = $2 where id = $1`, d.id, d.staged)
		return err
	})
}

// fillRaw reads the list once more for the rows that were refused after they had been staged.
func (d *delivering) fillRaw(ctx context.Context) error {
	rows, err := d.db.Pool.Query(ctx, `select line from delivery_problem where delivery_id = $1 and raw = '[]' order by line`, d.id)
	if err != nil {
		return err
	}
	lines := map[int]bool{}
	for rows.Next() {
		var line int
		if err := rows.Scan(&line); err != nil {
			rows.Close()
			return err
		}
		lines[line] = true
	}
	if err := rows.Err(); err != nil || len(lines) == 0 {
		return err
	}
	if err := d.open(); err != nil {
		return err
	}
	var at []int
	var raw []string
	flush := func() error {
		_, err := d.db.Pool.Exec(ctx, `
			update delivery_problem p set raw = l.raw::jsonb from unnest($2::int[], $3::text[]) as l (line, raw)
			where p.delivery_id = $1 and p.line = l.line`, d.id, at, raw)
		at, raw = at[:0], raw[:0]
		return err
	}
	for len(lines) > 0 {
		rec, err := d.list.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if !lines[rec.line] {
			continue
		}
		delete(lines, rec.line)
		fields, _ := json.Marshal(d.raw(rec)) // strings
		if at, raw = append(at, rec.line), append(raw, string(fields)); len(at) == batchSize {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
}

// countParts is into how many parts the staged table falls; it is noted with the delivery.
func (d *delivering) countParts(ctx context.Context) (parts int, err error) {
	err = d.db.Pool.QueryRow(ctx, fmt.Sprintf(`
		update delivery set parts = (pg_relation_size('staged_%d') / current_setting('block_size')::int + $2 - 1) / $2
		where id = $1 returning parts`, d.id), d.id, d.partBlocks()).Scan(&parts)
	if err != nil {
		return 0, fmt.Errorf("count the parts of delivery %d: %w", d.id, err)
	}
	return parts, nil
}

// note stores the state of the delivery.
func (d *delivering) note(ctx context.Context, state State) error {
	if _, err := d.db.Pool.Exec(ctx, `update delivery set state = $2 where id = $1`, d.id, string(state)); err != nil {
		return fmt.Errorf("note delivery %d as %s: %w", d.id, state, err)
	}
	return nil
}

// leftParts are the parts that are not applied yet.
func (d *delivering) leftParts(ctx context.Context) ([]int, error) {
	var left []int
	err := d.db.Pool.QueryRow(ctx, `
		select coalesce(array_agg(n order by n), '{}') from generate_series(0, $2 - 1) n
		where not exists (select from delivery_part where delivery_id = $1 and part = n)`, d.id, d.parts).Scan(&left)
	if err != nil {
		return nil, fmt.Errorf("parts of delivery %d: %w", d.id, err)
	}
	return left, nil
}

// sum adds up what the parts did, and which fields changed.
func (d *delivering) sum(ctx context.Context, tx *pg.Tx, report *Report) error {
	err := tx.QueryRow(ctx, `
		select coalesce(sum(inserted), 0), coalesce(sum(returned), 0), coalesce(sum(updated), 0),
			coalesce(sum(unchanged) filter (where part >= 0), 0) - coalesce(sum(inserted + returned + updated) filter (where part < 0), 0),
			coalesce(sum(odd), 0),
			(select coalesce(jsonb_object_agg(field, n), '{}') from (
				select field, count(*) as n from retailer_history, jsonb_object_keys(changes) field
				where delivery_id = $1 and kind = 'changed' group by field) f)
		from delivery_part where delivery_id = $1`, d.id).
		Scan(&report.Inserted, &report.Returned, &report.Updated, &report.Unchanged, &report.Reopened, &report.Changes)
	if err != nil {
		return fmt.Errorf("sum up delivery %d: %w", d.id, err)
	}
	return nil
}

// end notes the delivery's state and outcome.
func (d *delivering) end(ctx context.Context, tx *pg.Tx, state State, report *Report) error {
	outcome, err := d.outcome(state, report)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `update delivery set state = $2, report = $3, ended_at = $4 where id = $1`,
		d.id, string(state), outcome, d.db.Now())
	if err != nil {
		return fmt.Errorf("end delivery %d: %w", d.id, err)
	}
	return nil
}

// outcome completes the report and gives it as it is stored.
func (d *delivering) outcome(state State, report *Report) (string, error) {
	report.State, report.Rows, report.Refused = state, d.rowCount, d.rowCount-d.staged
	text, err := json.Marshal(report)
	return string(text), err
}

// setHeld leaves the delivery held, unless somebody has confirmed it meanwhile: then who did is taken over. The error is
// errOver when it was rejected meanwhile.
func (d *delivering) setHeld(ctx context.Context, tx *pg.Tx, report *Report) (confirmed bool, err error) {
	outcome, err := d.outcome(Held, report)
	if err != nil {
		return false, err
	}
	tag, err := tx.Exec(ctx, `
		update delivery set state = 'held', report = $2 where id = $1 and state in ('reading', 'held') and not confirmed`, d.id, outcome)
	if err != nil {
		return false, fmt.Errorf("hold delivery %d: %w", d.id, err)
	}
	if tag.RowsAffected() == 1 {
		return false, nil
	}
	return true, d.reenter(ctx, tx)
}

// describe adds to a report how the list was read and what was wrong with its rows.
func describe(ctx context.Context, q pg.Queryer, report *Report) error {
	var read string
	err := q.QueryRow(ctx, `select encoding, columns, coalesce(options->>'datum', '') from delivery where id = $1`, report.Delivery).
		Scan(&report.Encoding, &report.Columns, &read)
	if err == nil {
		report.Datum, err = datum.Parse(read)
	}
	if err != nil {
		return fmt.Errorf("delivery %d: %w", report.Delivery, err)
	}
	if report.Problems, err = problems(ctx, q, report.Delivery, true); err != nil {
		return err
	}
	report.Warnings, err = problems(ctx, q, report.Delivery, false)
	return err
}

// problems are those of the first rows that were refused, or stored with a warning.
func problems(ctx context.Context, q pg.Queryer, id int64, refused bool) ([]Problem, error) {
	rows, err := q.Query(ctx, `
		select problems from delivery_problem where delivery_id = $1 and refused = $2 order by line limit $3`, id, refused, maxProblems)
	if err != nil {
		return nil, fmt.Errorf("problems of delivery %d: %w", id, err)
	}
	defer rows.Close()
	var out []Problem
	for rows.Next() {
		var list []Problem
		if err := rows.Scan(&list); err != nil {
			return nil, fmt.Errorf("problems of delivery %d: %w", id, err)
		}
		out = append(out, list...)
	}
	return out, rows.Err()
}

// isDouble says that a unique index found a licence twice.
func isDouble(err error) bool {
	double, ok := errors.AsType[*pgconn.PgError](err)
	return ok && double.Code == "23505"
}
