package pg

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
)

const minServerVersion = 150000

// needed are the extensions that the migrations create.
var needed = []string{"postgis", "pg_trgm", "btree_gist"}

// Migrate brings the database at url up to the newest file of fsys, which holds
// goose SQL files at its root, and returns how many were applied; 0 means that
// nothing was to do. Each file is a transaction of its own: after an error those
// before it stay applied and are counted. Several programs may call it at the
// same time: one works, the others wait for it, up to five minutes.
//
// It refuses, before anything is changed, a server older than PostgreSQL 15, a
// database that lacks an extension which this user cannot create (the error
// carries the SQL for the administrator) and a database that a newer release
// has migrated. Afterwards it refuses a database whose LC_CTYPE is not UTF-8,
// because the search for Chinese names would silently find nothing there.
func Migrate(ctx context.Context, url string, fsys fs.FS) (applied int, err error) {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return 0, fmt.Errorf("database url: %w", err)
	}
	cfg.RuntimeParams["timezone"] = "UTC"
	conn, err := pgx.ConnectConfig(ctx, cfg)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()

	if err := checkServer(ctx, conn); err != nil {
		return 0, err
	}
	applied, err = up(ctx, cfg, fsys)
	if err != nil {
		return applied, fmt.Errorf("migrate: %w", err)
	}
	return applied, checkChinese(ctx, conn)
}

func up(ctx context.Context, cfg *pgx.ConnConfig, fsys fs.FS) (int, error) {
	// The session lock sits on its own connection, tried once a second.
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return 0, err
	}
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, db, fsys,
		goose.WithSessionLocker(locker), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return 0, err
	}
	results, err := provider.Up(ctx)
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		return len(partial.Applied), err
	}
	if err != nil {
		return 0, err
	}
	current, newest, err := provider.GetVersions(ctx)
	if err != nil {
		return len(results), err
	}
	if current > newest {
		return len(results), fmt.Errorf("the database has version %d, this program knows versions up to %d: use the newer release", current, newest)
	}
	return len(results), nil
}

// checkServer refuses a server or database on which the migrations must fail.
func checkServer(ctx context.Context, conn *pgx.Conn) error {
	var number int
	var version, database string
	err := conn.QueryRow(ctx, `
		SELECT current_setting('server_version_num')::int, current_setting('server_version'), current_database()`,
	).Scan(&number, &version, &database)
	if err != nil {
		return fmt.Errorf("check the server: %w", err)
	}
	if number < minServerVersion {
		return fmt.Errorf("the server is PostgreSQL %s; 15 or newer is needed", version)
	}
	found, err := extensions(ctx, conn)
	if err != nil {
		return fmt.Errorf("check the extensions: %w", err)
	}
	var absent, forbidden []string
	for _, name := range needed {
		switch e := found[name]; {
		case e.Installed != "" || e.creatable:
		case e.available:
			forbidden = append(forbidden, name)
		default:
			absent = append(absent, name)
		}
	}
	if len(absent)+len(forbidden) == 0 {
		return nil
	}
	return missingExtensions(database, number/10000, absent, forbidden)
}

// missingExtensions words the error for the person who can put it right.
func missingExtensions(database string, major int, absent, forbidden []string) error {
	var b strings.Builder
	if len(absent) > 0 {
		fmt.Fprintf(&b, "the server does not offer the extension %s: install it there (Debian: apt install postgresql-%d-postgis-3 for postgis, postgresql-contrib for the others). ",
			strings.Join(absent, ", "), major)
	}
	if len(forbidden) > 0 {
		fmt.Fprintf(&b, "this database user may not create the extension %s. ", strings.Join(forbidden, ", "))
	}
	fmt.Fprintf(&b, "Have the database administrator run in database %s: ", database)
	for _, name := range append(absent, forbidden...) {
		fmt.Fprintf(&b, "CREATE EXTENSION IF NOT EXISTS %s; ", name)
	}
	return errors.New(strings.TrimSpace(b.String()))
}

// extension is what the server says about one extension.
type extension struct {
	Installed string // version in this database; "" when it is not created
	available bool   // the server could provide it
	creatable bool   // and this user may create it
}

// extensions looks up the needed extensions. A missing key was not offered.
func extensions(ctx context.Context, q Queryer) (map[string]extension, error) {
	rows, err := q.Query(ctx, `
		SELECT a.name, coalesce(a.installed_version, ''),
			r.rolsuper OR (has_database_privilege(current_database(), 'CREATE') AND (v.trusted OR NOT v.superuser))
		FROM pg_available_extensions a
		JOIN pg_available_extension_versions v ON v.name = a.name AND v.version = a.default_version
		CROSS JOIN (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) r
		WHERE a.name = ANY($1)`, needed)
	if err != nil {
		return nil, err
	}
	found := make(map[string]extension)
	var name string
	e := extension{available: true}
	_, err = pgx.ForEachRow(rows, []any{&name, &e.Installed, &e.creatable}, func() error {
		found[name] = e
		return nil
	})
	return found, err
}

// checkChinese refuses a database in which pg_trgm does not see Chinese text.
func checkChinese(ctx context.Context, conn *pgx.Conn) error {
	similarity, ctype, err := chinese(ctx, conn)
	if err != nil {
		return fmt.Errorf("check the search for Chinese text: %w", err)
	}
	if similarity != 1 {
		return fmt.Errorf("this database has LC_CTYPE %q, in which the search finds no Chinese text: "+
			"similarity('烟酒店','烟酒店') is %g instead of 1. Make the database again with a UTF-8 locale: "+
			"CREATE DATABASE jiujin TEMPLATE template0 ENCODING 'UTF8' LC_CTYPE 'C.UTF-8' LC_COLLATE 'C.UTF-8'", ctype, similarity)
	}
	return nil
}

func chinese(ctx context.Context, q Queryer) (similarity float64, ctype string, err error) {
	err = q.QueryRow(ctx, `
		SELECT similarity('烟酒店', '烟酒店')::float8, datctype FROM pg_database WHERE datname = current_database()`,
	).Scan(&similarity, &ctype)
	return similarity, ctype, err
}
