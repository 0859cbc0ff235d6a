package pg

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
)

// Away is a database that nobody can reach, for measurements of what works
// without one: every statement fails at once, and IsUnavailable holds for the
// error. The caller closes it.
func Away(ctx context.Context, log *slog.Logger) (*DB, error) {
	pool, err := pgxpool.New(ctx, "host=/nonexistent dbname=none connect_timeout=1")
	if err != nil {
		return nil, err
	}
	return &DB{Pool: pool, Now: time.Now, log: log, acquireTimeout: time.Second}, nil
}
