// Package pg opens the database, runs transactions and migrations, listens for
// notifications and reports on the server's health. It knows no tables.
package pg

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

// DB is an open database. It is safe for concurrent use.
type DB struct {
	// Pool serves statements that need no transaction.
	Pool *pgxpool.Pool
	// Now gives the time that Tx.Now reports. Open sets it to time.Now; a test
	// may replace it before the first use.
	Now func() time.Time

	log            *slog.Logger
	acquireTimeout time.Duration
}

// Options for Open. The zero value is usable.
type Options struct {
	// MaxConns limits the pool; 0 means 16.
	MaxConns int32
	// AcquireTimeout limits how long InTx waits for a free connection; 0 means
	// 10 seconds.
	AcquireTimeout time.Duration
	// Logger receives warnings, such as a transaction that is tried again;
	// nil means slog.Default().
	Logger *slog.Logger
}

// Queryer runs statements. A *pgxpool.Pool runs each on its own; a *Tx runs
// them inside its transaction.
type Queryer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

var (
	_ Queryer = (*pgxpool.Pool)(nil)
	_ Queryer = (*Tx)(nil)
)

// Open connects to the database at url, a libpq URL or keyword string, and
// checks that it answers. Session time zone is UTC, and times are read in UTC. Columns of type geometry
// and geography read and write orb values (two dimensions) and go-geom values
// (any layout) in WGS-84, longitude first; this needs the postgis extension to
// be there, so call Migrate before Open on a new database.
//
// The caller closes the DB.
func Open(ctx context.Context, url string, opts Options) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database url: %w", err)
	}
	cfg.MaxConns = opts.MaxConns
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 16
	}
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	if cfg.ConnConfig.RuntimeParams["application_name"] == "" {
		cfg.ConnConfig.RuntimeParams["application_name"] = "jiujin"
	}
	geometry := new(geometryOIDs)
	cfg.AfterConnect = func(ctx context.Context, conn *pgx.Conn) error {
		readTimesInUTC(conn.TypeMap())
		return geometry.register(ctx, conn)
	}

	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	log := opts.Logger
	if log == nil {
		log = slog.Default()
	}
	wait := opts.AcquireTimeout
	if wait <= 0 {
		wait = 10 * time.Second
	}
	return &DB{Pool: pool, Now: time.Now, log: log, acquireTimeout: wait}, nil
}

// readTimesInUTC makes a timestamptz come back as the same instant in UTC, wherever the program runs.
func readTimesInUTC(m *pgtype.Map) {
	one := &pgtype.Type{Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC}}
	m.RegisterType(one)
	m.RegisterType(&pgtype.Type{Name: "_timestamptz", OID: pgtype.TimestamptzArrayOID, Codec: &pgtype.ArrayCodec{ElementType: one}})
}

// Close waits until every connection has been given back, then closes them.
func (db *DB) Close() { db.Pool.Close() }

// ErrOutcomeUnknown reports that the connection was lost while COMMIT was under
// way: the transaction may or may not have been made durable. Repeat only work
// that is safe to do twice.
var ErrOutcomeUnknown = errors.New("connection lost during commit: outcome unknown")
