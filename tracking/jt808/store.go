package jt808

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	// A terminal without an id is bound by its phone alone.
	bindTerminalSQL = `
update device set auth_hash = @hash, terminal = coalesce(terminal, nullif(@terminal, ''))
where id = @id and disabled_at is null and (terminal is null or terminal = @terminal)
returning id`

	noteConflict = `
update device set conflict = @claim, conflict_at = @now
where id = @id and conflict is distinct from @claim`
)

// bindTerminal keeps the hash of a new code for a device, and at the first time the id of its terminal. When the device
// is bound to another id it keeps the claim instead, and returns false.
func bindTerminal(ctx context.Context, db *pg.DB, deviceID int64, m Register, hash []byte, address string) (bool, error) {
	bound := false
	err := db.InTx(ctx, func(tx *pg.Tx) error {
		args := pgx.NamedArgs{
			"id": deviceID, "hash": hash, "terminal": m.TerminalID, "now": tx.Now(),
			"claim": fmt.Sprintf("terminal %s, model %s, plate %s, from %s", m.TerminalID, m.Model, m.Plate, address),
		}
		var id int64
		err := tx.QueryRow(ctx, bindTerminalSQL, args).Scan(&id)
		if err == nil {
			bound = true
			return nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		_, err = tx.Exec(ctx, noteConflict, args)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("register the terminal of device %d: %w", deviceID, err)
	}
	return bound, nil
}
