package tracking

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// DeviceChange is what may be changed of a device; nil stays as it is.
type DeviceChange struct {
	Label, Datum           *string
	ClockAheadS, IntervalS *int // an interval of 0: nobody knows
	Lenient, Disabled      *bool
	Names                  *[]Name // all of them
	Passphrase             *string // empty: none
}

// ChangeDevice changes a device of a branch. Errors: ErrUnknownDevice when it is not there, those of NamesOf, and one that
// carries the constraint device_name_pkey when another device has a name.
func ChangeDevice(ctx context.Context, tx *pg.Tx, branch string, id int64, c DeviceChange) error {
	var kind string
	row := tx.QueryRow(ctx, `
		UPDATE device d
		   SET label = coalesce($3, d.label), datum = coalesce($4, d.datum), clock_ahead_s = coalesce($5, d.clock_ahead_s),
		       interval_s = CASE WHEN $6::int IS NULL THEN d.interval_s ELSE nullif($6::int, 0) END, lenient = coalesce($7, d.lenient),
		       disabled_at = CASE WHEN $8::bool IS NULL THEN d.disabled_at WHEN $8::bool THEN coalesce(d.disabled_at, now()) END,
		       passphrase = CASE WHEN $9::text IS NULL THEN d.passphrase ELSE nullif($9::text, '') END
		  FROM unit u JOIN org o ON o.id = u.org_id
		 WHERE u.id = d.unit_id AND o.path ^@ $1 AND d.id = $2
		RETURNING d.kind`, branch, id, c.Label, c.Datum, c.ClockAheadS, c.IntervalS, c.Lenient, c.Disabled, c.Passphrase)
	if err := one(row, &kind, "change", id); err != nil || c.Names == nil {
		return err
	}
	names, err := NamesOf(kind, *c.Names)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM device_name WHERE device_id = $1`, id); err != nil {
		return fmt.Errorf("rename device %d: %w", id, err)
	}
	return addNames(ctx, tx, id, names)
}

// SettleConflict lets a device of a branch register anew, from whatever
// terminal comes next. Errors: ErrUnknownDevice when it is not there.
func SettleConflict(ctx context.Context, q pg.Queryer, branch string, id int64) error {
	return one(q.QueryRow(ctx, `
		UPDATE device d SET conflict = NULL, conflict_at = NULL, terminal = NULL, auth_hash = NULL
		  FROM unit u JOIN org o ON o.id = u.org_id
		 WHERE u.id = d.unit_id AND o.path ^@ $1 AND d.id = $2
		RETURNING d.id`, branch, id), &id, "settle the conflict of", id)
}

// one reads the only column of the row of a device into to.
func one(row pgx.Row, to any, what string, id int64) error {
	err := row.Scan(to)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrUnknownDevice
	}
	if err != nil {
		return fmt.Errorf("%s device %d: %w", what, id, err)
	}
	return nil
}
