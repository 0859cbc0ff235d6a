package tracking

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// Keep is how long the history is kept, by the time of the fix.
type Keep struct {
	Fixes  time.Duration // and refused fixes, by the time of receipt; zero keeps all
	Tracks time.Duration // zero keeps all
}

// dropWithin is how long the drop of a day waits for those who use the history;
// behind it everybody else waits.
const dropWithin = 2 * time.Second

// DropOld drops the days of the history that ended Keep.Fixes before now, the
// fixes and refused fixes as old as that which lie elsewhere, and the tracks
// that ended Keep.Tracks before now. It returns the days it dropped. A day whose
// tracks are not all built stays until they are. Nothing else keeps a day: a
// case that is open for longer than that has the tracks.
func DropOld(ctx context.Context, db *pg.DB, keep Keep, now time.Time) (days []string, err error) {
	if keep.Fixes > 0 {
		before := now.Add(-keep.Fixes)
		if days, err = dropDays(ctx, db, before); err != nil {
			return days, err
		}
		if _, err := db.Pool.Exec(ctx, `DELETE FROM fix_default WHERE fixed_at < $1`, before); err != nil {
			return days, fmt.Errorf("delete old fixes that have no partition: %w", err)
		}
		if _, err := db.Pool.Exec(ctx, `DELETE FROM refused_fix WHERE received_at < $1`, before); err != nil {
			return days, fmt.Errorf("delete old refused fixes: %w", err)
		}
	}
	if keep.Tracks > 0 {
		if _, err := db.Pool.Exec(ctx, `DELETE FROM track WHERE hour < $1`, now.Add(-keep.Tracks-hour)); err != nil {
			return days, fmt.Errorf("delete old tracks: %w", err)
		}
	}
	return days, nil
}

// dropDays drops the partitions of days that ended before a moment, oldest
// first, and returns their dates. It stops at a day that is in use.
func dropDays(ctx context.Context, db *pg.DB, before time.Time) (dropped []string, err error) {
	rows, _ := db.Pool.Query(ctx, `
		SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
		 WHERE i.inhparent = 'fix'::regclass AND c.relname ~ '^fix_[0-9]{8}$' ORDER BY c.relname`)
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list the days of the history: %w", err)
	}
	for _, name := range names {
		from, err := time.Parse("fix_20060102", name)
		if err != nil || from.Add(day).After(before) {
			continue
		}
		gone := false
		err = db.InTx(ctx, func(tx *pg.Tx) error {
			gone, err = dropDay(ctx, tx, name, from)
			return err
		})
		if err != nil {
			return dropped, fmt.Errorf("drop the history of %s: %w", from.Format(time.DateOnly), err)
		}
		if gone {
			dropped = append(dropped, from.Format(time.DateOnly))
		}
	}
	return dropped, nil
}

func dropDay(ctx context.Context, tx *pg.Tx, name string, from time.Time) (gone bool, err error) {
	var done bool
	err = tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM track_progress WHERE hour >= $2)
		   AND NOT EXISTS (SELECT FROM track_due WHERE hour >= $1 AND hour < $2)`, from, from.Add(day)).Scan(&done)
	if err != nil || !done {
		return false, err
	}
	if _, err := tx.Exec(ctx, fmt.Sprintf(`SET LOCAL lock_timeout = '%dms'`, dropWithin.Milliseconds())); err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `DROP TABLE IF EXISTS `+pgx.Identifier{name}.Sanitize())
	return err == nil, err
}
