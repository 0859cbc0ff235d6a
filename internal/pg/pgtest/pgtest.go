// Package pgtest gives tests a real database. A test process has one private
// server, started by the first test that asks and gone at the end, and each
// test a database of its own, copied from a migrated template.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestX(t *testing.T) {
//		db := pgtest.New(t)
//		...
//	}
//
// With JIUJIN_TEST_DATABASE_URL set, the databases are made on that server
// instead, by a user who may create databases and the postgis extension.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/internal/pg/cluster"
	"jiujin/migrations"
)

const (
	serverVariable = "JIUJIN_TEST_DATABASE_URL"
	folderPrefix   = "jiujin-test-"
	abandonedAfter = time.Hour
)

// server is what the tests of one process share.
type server struct {
	start sync.Once
	err   error
	admin string           // URL of the database in which to create others
	dir   string           // of the private cluster; "" without one
	own   *cluster.Cluster // nil without one

	migrate    sync.Once
	migrateErr error
	template   string // name of the migrated database; "" until needed
}

// shared is the one server of this test process.
var shared server

// Main runs the tests of a package, removes the server and ends the process.
// Call it from TestMain and do nothing after it.
func Main(m *testing.M) {
	code := m.Run()
	if err := shared.close(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// New opens a fresh, migrated database, which is closed and dropped when the
// test ends.
func New(t testing.TB) *pg.DB {
	t.Helper()
	db, err := pg.Open(context.Background(), NewURL(t), pg.Options{MaxConns: 8})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close) // before the drop, which was registered earlier
	return db
}

// NewURL is the URL of a fresh, migrated database, which is dropped when the
// test ends.
func NewURL(t testing.TB) string {
	t.Helper()
	if err := shared.ready(); err != nil {
		t.Fatal(err)
	}
	shared.migrate.Do(func() { shared.migrateErr = shared.makeTemplate() })
	if shared.migrateErr != nil {
		t.Fatal(shared.migrateErr)
	}
	return shared.create(t, shared.template)
}

// EmptyURL is the URL of a fresh database in which no migration has run and no
// extension exists. It is dropped when the test ends.
func EmptyURL(t testing.TB) string {
	t.Helper()
	if err := shared.ready(); err != nil {
		t.Fatal(err)
	}
	return shared.create(t, "template1")
}

func (s *server) ready() error {
	s.start.Do(func() { s.err = s.open() })
	return s.err
}

func (s *server) open() error {
	if s.admin = os.Getenv(serverVariable); s.admin != "" {
		return nil
	}
	sweep()
	var err error
	if s.dir, err = os.MkdirTemp("", folderPrefix); err != nil {
		return err
	}
	if err := os.Chmod(s.dir, 0o711); err != nil { // for the user postgres
		return err
	}
	quiet := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	if s.own, err = cluster.Start(context.Background(), cluster.Config{Dir: s.dir, Logger: quiet}); err != nil {
		return err
	}
	s.admin = s.own.URL("postgres")
	return nil
}

// sweep removes the folders of test processes that were killed: those of some
// age whose lock is free. What cannot be removed is left to the next time.
func sweep() {
	locks, _ := filepath.Glob(filepath.Join(os.TempDir(), folderPrefix+"*", "lock"))
	for _, path := range locks {
		info, err := os.Stat(path)
		if err != nil || time.Since(info.ModTime()) < abandonedAfter {
			continue
		}
		f, err := os.Open(path)
		if err != nil {
			continue
		}
		if syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil {
			_ = os.RemoveAll(filepath.Dir(path))
		}
		_ = f.Close()
	}
}

func (s *server) close() error {
	var err error
	if s.template != "" {
		err = s.exec("DROP DATABASE IF EXISTS " + s.template + " WITH (FORCE)")
	}
	if s.own != nil {
		err = errors.Join(err, s.own.Stop())
	}
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

func (s *server) makeTemplate() error {
	name := uniqueName()
	if err := s.exec("CREATE DATABASE " + name); err != nil {
		return err
	}
	s.template = name
	target, err := withDatabase(s.admin, name)
	if err != nil {
		return err
	}
	_, err = pg.Migrate(context.Background(), target, migrations.FS)
	return err
}

func (s *server) create(t testing.TB, template string) string {
	t.Helper()
	name := uniqueName()
	if err := s.exec("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	target, err := withDatabase(s.admin, name)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// exec runs one statement on a connection of its own.
func (s *server) exec(sql string) error {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, s.admin)
	if err != nil {
		return fmt.Errorf("test database: %w", err)
	}
	_, err = conn.Exec(ctx, sql)
	if err := errors.Join(err, conn.Close(ctx)); err != nil {
		return fmt.Errorf("test database: %s: %w", sql, err)
	}
	return nil
}

// uniqueName needs no quoting.
func uniqueName() string { return "jiujin_test_" + strings.ToLower(rand.Text()) }

func withDatabase(server, name string) (string, error) {
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		return "", fmt.Errorf("%s must be a URL such as postgres://user@host/postgres", serverVariable)
	}
	u.Path = "/" + name
	return u.String(), nil
}
