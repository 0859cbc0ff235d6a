package tracking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// markDue notes the hours of fixes that are over already, so that their tracks
// are built anew. It belongs into the transaction that stores the fixes. Live
// fixes cost nothing here.
func markDue(ctx context.Context, tx *pg.Tx, fixes []Fix) error {
	type key struct {
		unitID int64
		hour   time.Time
	}
	this := tx.Now().Truncate(hour)
	seen := make(map[key]bool)
	var units []int64
	var hours []time.Time
	for i := range fixes {
		if fixes[i].FixedAt.Before(this) {
			k := key{fixes[i].UnitID, fixes[i].FixedAt.UTC().Truncate(hour)}
			if !seen[k] {
				seen[k] = true
				units, hours = append(units, k.unitID), append(hours, k.hour)
			}
		}
	}
	if len(units) == 0 {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO track_due (unit_id, hour) SELECT * FROM unnest($1::bigint[], $2::timestamptz[])`, units, hours)
	if err != nil {
		return fmt.Errorf("note %d tracks as due: %w", len(units), err)
	}
	return nil
}

// oneBuilder is false while another transaction builds tracks. The lock ends
// with the transaction.
func oneBuilder(ctx context.Context, tx *pg.Tx) (ours bool, err error) {
	err = tx.QueryRow(ctx, `SELECT pg_try_advisory_xact_lock(hashtext('tracks'))`).Scan(&ours)
	return ours, err
}

// closeHours notes the oldest hours, a day of them at most, that are over and
// were not looked through yet as due for all units that have fixes in them. It
// is false when there are none. The first call notes where to begin: with the
// present hour.
func closeHours(ctx context.Context, tx *pg.Tx) (bool, error) {
	if ours, err := oneBuilder(ctx, tx); err != nil || !ours {
		return false, err
	}
	this := tx.Now().Truncate(hour)
	var next time.Time
	err := tx.QueryRow(ctx, `SELECT hour FROM track_progress`).Scan(&next)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return false, err
	}
	if err != nil || next.After(this) { // the first time, or the clock was set back
		_, err := tx.Exec(ctx, `
			INSERT INTO track_progress (hour) VALUES ($1) ON CONFLICT (only_row) DO UPDATE SET hour = excluded.hour`, this)
		return false, err
	}
	until := earlier(tx.Now().Add(-closeAfter).Truncate(hour), next.Add(day))
	if !until.After(next) {
		return false, nil
	}
	if _, err := tx.Exec(ctx, `
		INSERT INTO track_due (unit_id, hour)
		SELECT u.id, h.hour
		  FROM generate_series($1::timestamptz, $2::timestamptz - interval '1 hour', interval '1 hour') AS h (hour)
		 CROSS JOIN unit u
		 WHERE EXISTS (SELECT FROM fix f WHERE f.unit_id = u.id AND f.fixed_at >= h.hour AND f.fixed_at < h.hour + interval '1 hour')`,
		next, until); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE track_progress SET hour = $1`, until)
	return true, err
}

// takeDue takes up to limit hours that are over from those due, the oldest
// first. Whoever stores a fix of such an hour after this statement makes it due
// once more.
func takeDue(ctx context.Context, tx *pg.Tx, limit int) ([]window, error) {
	ours, err := oneBuilder(ctx, tx)
	if err != nil || !ours {
		return nil, err
	}
	rows, _ := tx.Query(ctx, `
		WITH next AS (SELECT DISTINCT hour, unit_id FROM track_due WHERE hour < $1 ORDER BY hour, unit_id LIMIT $2),
		     gone AS (DELETE FROM track_due d USING next n WHERE d.hour = n.hour AND d.unit_id = n.unit_id)
		SELECT unit_id, hour FROM next ORDER BY hour, unit_id`, tx.Now().Truncate(hour), limit)
	windows, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (w window, err error) {
		err = row.Scan(&w.unitID, &w.from)
		w.to = w.from.Add(hour)
		return w, err
	})
	if err != nil {
		return nil, fmt.Errorf("read which tracks are due: %w", err)
	}
	return windows, nil
}
