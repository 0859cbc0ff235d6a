package pg_test

import (
	"context"
	"net/url"
	"os"
	"testing"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// own are this package's own migrations.
var own = os.DirFS("testdata/migrations")

// open gives a database with this package's own migrations.
func open(t *testing.T, opts pg.Options) (*pg.DB, string) {
	t.Helper()
	target := pgtest.EmptyURL(t)
	if _, err := pg.Migrate(t.Context(), target, own); err != nil {
		t.Fatal(err)
	}
	db, err := pg.Open(t.Context(), target, opts)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db, target
}

// withOptions adds server settings to a database URL: "--name=value".
func withOptions(t *testing.T, target, options string) string {
	t.Helper()
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Set("options", options)
	u.RawQuery = q.Encode()
	return u.String()
}

func exec(t *testing.T, q pg.Queryer, sql string, args ...any) {
	t.Helper()
	if _, err := q.Exec(t.Context(), sql, args...); err != nil {
		t.Fatal(err)
	}
}

// scan reads one row of one column.
func scan[T any](t *testing.T, q pg.Queryer, sql string, args ...any) T {
	t.Helper()
	var v T
	if err := q.QueryRow(context.WithoutCancel(t.Context()), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
