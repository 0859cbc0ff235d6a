package pg_test

import (
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"testing/fstest"

	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMigrateOnce(t *testing.T) {
	target := pgtest.EmptyURL(t)
	var applied atomic.Int64
	var g errgroup.Group
	for range 3 {
		g.Go(func() error {
			n, err := pg.Migrate(t.Context(), target, own)
			applied.Add(int64(n))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if applied.Load() != 2 {
		t.Errorf("three concurrent starts applied %d files, want 2", applied.Load())
	}
	if n, err := pg.Migrate(t.Context(), target, own); n != 0 || err != nil {
		t.Errorf("again: %d, %v", n, err)
	}
}

func TestMigrateRefusesNewerDatabase(t *testing.T) {
	target := pgtest.EmptyURL(t)
	if _, err := pg.Migrate(t.Context(), target, own); err != nil {
		t.Fatal(err)
	}
	const first = "00001_first.sql"
	text, err := os.ReadFile("testdata/migrations/" + first)
	if err != nil {
		t.Fatal(err)
	}
	_, err = pg.Migrate(t.Context(), target, fstest.MapFS{first: {Data: text}})
	if err == nil || !strings.Contains(err.Error(), "newer release") {
		t.Errorf("error %v", err)
	}
}

func TestMigrateNamesForbiddenExtension(t *testing.T) {
	db, err := pg.Open(t.Context(), pgtest.EmptyURL(t), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := scan[string](t, db.Pool, `SELECT current_database()`)
	role := name + "_limited"
	exec(t, db.Pool, `CREATE ROLE `+role)
	exec(t, db.Pool, `GRANT CREATE ON DATABASE `+name+` TO `+role)
	defer exec(t, db.Pool, `DROP OWNED BY `+role+`; DROP ROLE `+role)

	limited := withOptions(t, db.Pool.Config().ConnString(), "--role="+role)
	_, err = pg.Migrate(t.Context(), limited, own)
	if err == nil || !strings.Contains(err.Error(), "CREATE EXTENSION IF NOT EXISTS postgis;") ||
		!strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "pg_trgm") {
		t.Errorf("error %v: want the SQL for postgis in %s, and nothing on pg_trgm, which is trusted", err, name)
	}
	exec(t, db.Pool, `CREATE EXTENSION postgis`)
	exec(t, db.Pool, `GRANT CREATE ON SCHEMA public TO `+role)
	if n, err := pg.Migrate(t.Context(), limited, own); n != 2 || err != nil {
		t.Errorf("after the administrator's help: %d, %v", n, err)
	}
}

func TestMigrateRefusesLocaleC(t *testing.T) {
	db, err := pg.Open(t.Context(), pgtest.EmptyURL(t), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	name := scan[string](t, db.Pool, `SELECT current_database()`)
	exec(t, db.Pool, `CREATE DATABASE `+name+`_c TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'`)
	defer exec(t, db.Pool, `DROP DATABASE `+name+`_c WITH (FORCE)`)

	inC := strings.Replace(db.Pool.Config().ConnString(), name, name+"_c", 1)
	_, err = pg.Migrate(t.Context(), inC, own)
	if err == nil || !strings.Contains(err.Error(), `LC_CTYPE "C"`) {
		t.Errorf("error %v, want the locale in it", err)
	}
}
