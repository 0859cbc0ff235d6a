package pgtest_test

import (
	"testing"

	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestDatabasesAreSeparate(t *testing.T) {
	ctx := t.Context()
	first, second := pgtest.New(t), pgtest.New(t)
	if _, err := first.Pool.Exec(ctx, `CREATE TABLE only_here ()`); err != nil {
		t.Fatal(err)
	}
	var here, there bool
	const exists = `SELECT to_regclass('only_here') IS NOT NULL`
	if err := first.Pool.QueryRow(ctx, exists).Scan(&here); err != nil {
		t.Fatal(err)
	}
	if err := second.Pool.QueryRow(ctx, exists).Scan(&there); err != nil {
		t.Fatal(err)
	}
	if !here || there {
		t.Errorf("table in its own database: %v, in the other: %v; want true, false", here, there)
	}
}

func TestDatabaseIsDropped(t *testing.T) {
	var name string
	t.Run("uses it", func(t *testing.T) {
		db := pgtest.New(t)
		if err := db.Pool.QueryRow(t.Context(), `SELECT current_database()`).Scan(&name); err != nil {
			t.Fatal(err)
		}
	})
	var left bool
	err := pgtest.New(t).Pool.QueryRow(t.Context(),
		`SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, name).Scan(&left)
	if err != nil {
		t.Fatal(err)
	}
	if name == "" || left {
		t.Errorf("database %q is still there", name)
	}
}
