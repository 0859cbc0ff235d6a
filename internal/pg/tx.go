package pg

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	maxTries      = 4 // the first try and three repeats
	commitTimeout = 30 * time.Second
)

// errPoolTimeout says that no connection became free in time.
var errPoolTimeout = errors.New("no free database connection")

// Tx is one transaction of InTx. It belongs to that call and to one goroutine.
// Commit and Rollback are InTx's business: return nil or an error instead.
type Tx struct {
	pgx.Tx

	now    time.Time
	before []func(context.Context) error
	keys   map[any]bool
	after  []func()
}

// Now is the time of this transaction in UTC, the same for its whole length,
// cut to the microseconds that PostgreSQL keeps.
func (tx *Tx) Now() time.Time { return tx.now }

// BeforeCommit has fn run right before COMMIT, after the function given to InTx
// has returned nil. Functions run in the order of registration, each key once:
// a second registration under the same key is dropped. An error from fn rolls
// the transaction back. It serves work that takes a lock everybody wants, which
// is then held for as short as possible. fn may register further functions.
func (tx *Tx) BeforeCommit(key any, fn func(ctx context.Context) error) {
	if tx.keys[key] {
		return
	}
	if tx.keys == nil {
		tx.keys = make(map[any]bool)
	}
	tx.keys[key] = true
	tx.before = append(tx.before, fn)
}

// AfterCommit has fn run after a successful COMMIT, in the order of
// registration, before InTx returns. It does not run when the transaction is
// rolled back or its outcome is unknown. fn must not block.
func (tx *Tx) AfterCommit(fn func()) { tx.after = append(tx.after, fn) }

// InTx runs fn in a READ COMMITTED transaction and commits when fn returns nil.
// An error from fn or from a BeforeCommit function rolls back and is returned
// as it is. A panic rolls back and goes on.
//
// On a serialization failure or a deadlock everything is rolled back and fn
// runs again with a new Tx, three times at most; fn must therefore change
// nothing outside the transaction except through AfterCommit.
//
// The error wraps ErrOutcomeUnknown when the connection was lost during COMMIT.
// An ended ctx stops the work but not a COMMIT that is already under way.
func (db *DB) InTx(ctx context.Context, fn func(tx *Tx) error) error {
	for try := 1; ; try++ {
		err := db.once(ctx, fn)
		if try == maxTries || !repeatable(err) {
			return err
		}
		db.log.WarnContext(ctx, "transaction is tried again", "try", try, "error", err)
	}
}

func (db *DB) once(ctx context.Context, fn func(tx *Tx) error) error {
	conn, err := db.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	raw, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.ReadCommitted})
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	tx := &Tx{Tx: raw, now: db.Now().UTC().Truncate(time.Microsecond)}
	committed := false
	defer func() { // also on a panic; rolling back twice does no harm
		if !committed {
			clean, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
			defer cancel()
			_ = raw.Rollback(clean) // a failure closes the connection, which rolls back too
		}
	}()

	if err := fn(tx); err != nil {
		return err
	}
	for i := 0; i < len(tx.before); i++ { // by index: the list may grow
		if err := tx.before[i](ctx); err != nil {
			return err
		}
	}
	if err := commit(ctx, raw); err != nil {
		return err
	}
	committed = true
	for _, fn := range tx.after {
		fn()
	}
	return nil
}

// acquire takes a connection out of the pool, or fails after the time limit.
func (db *DB) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	limited, cancel := context.WithTimeoutCause(ctx, db.acquireTimeout, errPoolTimeout)
	defer cancel()
	conn, err := db.Pool.Acquire(limited)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) && context.Cause(limited) == errPoolTimeout {
			err = fmt.Errorf("%w within %s", errPoolTimeout, db.acquireTimeout)
		}
		return nil, fmt.Errorf("begin transaction: %w", err)
	}
	return conn, nil
}

func commit(ctx context.Context, raw pgx.Tx) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), commitTimeout)
	defer cancel()
	err := raw.Commit(limited)
	switch {
	case err == nil:
		return nil
	case refused(err):
		return fmt.Errorf("commit: %w", err)
	default:
		return fmt.Errorf("commit: %w: %w", ErrOutcomeUnknown, err)
	}
}

// refused tells whether a failed COMMIT is known to have had no effect: it was
// never sent, or the server turned it down and stayed connected.
func refused(err error) bool {
	if errors.Is(err, pgx.ErrTxCommitRollback) || errors.Is(err, pgx.ErrTxClosed) || pgconn.SafeToRetry(err) {
		return true
	}
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.SeverityUnlocalized == "ERROR"
}

func repeatable(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pgErr.Code == "40001" || pgErr.Code == "40P01") && !errors.Is(err, ErrOutcomeUnknown)
}
