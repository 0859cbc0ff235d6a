package tracking

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	partitionsAhead = 7              // days after today that have a partition
	partitionsEvery = 6 * time.Hour  // how often they are looked after
	day             = 24 * time.Hour // days of history are days of UTC
)

// RunPartitions keeps partitions of the history made ahead, and drops what is
// older than keep says, until ctx ends, then returns nil. A failure is logged
// and tried again: fixes meanwhile go to the default partition and are moved
// later. How many fixes remain there is logged: a few are late arrivals of older
// days, many are a fault.
func RunPartitions(ctx context.Context, db *pg.DB, keep Keep, log *slog.Logger) error {
	ticker := time.NewTicker(partitionsEvery)
	defer ticker.Stop()
	for {
		if err := EnsurePartitions(ctx, db, db.Now()); err != nil && ctx.Err() == nil {
			log.Error("history has no new partitions; trying again later", "error", err)
		}
		dropped, err := DropOld(ctx, db, keep, db.Now())
		if err != nil && ctx.Err() == nil {
			log.Error("old history cannot be dropped; trying again later", "error", err)
		}
		if len(dropped) > 0 {
			log.Info("old history was dropped", "days", dropped)
		}
		if n, err := countDefault(ctx, db.Pool); err == nil && n > 0 {
			log.Warn("fixes of days that have no partition", "rows", n)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// EnsurePartitions makes the daily partitions of the history from yesterday to
// a week after now. Rows of such a day that are in the default partition move
// to the new one. Older days that have no partition stay in the default. It is
// safe to call at any time and from several nodes at once.
func EnsurePartitions(ctx context.Context, db *pg.DB, now time.Time) error {
	today := now.UTC().Truncate(day)
	for n := -1; n <= partitionsAhead; n++ {
		from := today.AddDate(0, 0, n)
		err := db.InTx(ctx, func(tx *pg.Tx) error { return ensurePartition(ctx, tx, from) })
		if err != nil {
			return fmt.Errorf("partition of %s: %w", from.Format(time.DateOnly), err)
		}
	}
	return nil
}

// countDefault is how many fixes are in the default partition.
func countDefault(ctx context.Context, q pg.Queryer) (n int64, err error) {
	err = q.QueryRow(ctx, `SELECT count(*) FROM fix_default`).Scan(&n)
	return n, err
}

func ensurePartition(ctx context.Context, tx *pg.Tx, from time.Time) error {
	name := "fix_" + from.Format("20060102")
	// One node at a time; the next statement then sees what the others made.
	if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock(hashtext('fix partitions'))`); err != nil {
		return err
	}
	var there bool
	err := tx.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM pg_inherits WHERE inhparent = 'fix'::regclass AND inhrelid = to_regclass($1))`,
		name).Scan(&there)
	if err != nil || there {
		return err
	}
	to := from.Add(day)
	table := pgx.Identifier{name}.Sanitize()
	if _, err := tx.Exec(ctx, `CREATE TABLE `+table+` (LIKE fix INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`); err != nil {
		return err
	}
	// Nobody may add to the default between the move and the attachment.
	if _, err := tx.Exec(ctx, `LOCK TABLE fix_default IN ACCESS EXCLUSIVE MODE`); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `
		WITH moved AS (DELETE FROM fix_default WHERE fixed_at >= $1 AND fixed_at < $2 RETURNING *)
		INSERT INTO `+table+` SELECT * FROM moved`, from, to); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, fmt.Sprintf(`ALTER TABLE fix ATTACH PARTITION %s FOR VALUES FROM ('%s') TO ('%s')`,
		table, from.Format(time.RFC3339), to.Format(time.RFC3339)))
	return err
}
