package live

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/ticket"
)

// AtHead lets fn read the database as it was at one moment, together with the number of the newest event then: what
// fn reads holds every fact up to seq and none after it.
func AtHead(ctx context.Context, db *pg.DB, fn func(q pg.Queryer, seq int64) error) error {
	tx, err := db.Pool.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return fmt.Errorf("read at one moment: %w", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // nothing was written
	seq, err := ticket.HeadSeq(ctx, tx)
	if err != nil {
		return err
	}
	return fn(tx, seq)
}
