package migrations_test

import (
	"context"
	"flag"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/migrations"
)

var update = flag.Bool("update", false, "write schema.sql anew instead of comparing with it")

func TestMain(m *testing.M) { pgtest.Main(m) }

// schema.sql is what the migrations build: nobody has to replay them in the head to know today's shape.
func TestSchemaIsTheDumpOfTheMigrations(t *testing.T) {
	got := dump(t)
	if *update {
		if err := os.WriteFile("schema.sql", []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("schema.sql")
	if err != nil {
		t.Fatal(err)
	}
	if got == string(want) {
		return
	}
	g, w := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	line := 0
	for line < min(len(g), len(w)) && g[line] == w[line] {
		line++
	}
	near := func(lines []string) string {
		return strings.Join(lines[min(line, len(lines)):min(line+3, len(lines))], "\n")
	}
	t.Errorf("schema.sql is not what the migrations build; run: make schema\nfirst difference in line %d\nhas:\n%s\nshould have:\n%s",
		line+1, near(w), near(g))
}

// The files are numbered without gaps and embedded, and schema.sql is no migration.
func TestFilesAreNumberedInOrder(t *testing.T) {
	names, err := filepath.Glob("*.sql")
	if err != nil {
		t.Fatal(err)
	}
	form := regexp.MustCompile(`^(\d{5})_[a-z_]+\.sql$`)
	names = slices.DeleteFunc(names, func(name string) bool { return name == "schema.sql" })
	for i, name := range names {
		match := form.FindStringSubmatch(name)
		if match == nil {
			t.Errorf("%s is not named NNNNN_what.sql", name)
			continue
		}
		if n, _ := strconv.Atoi(match[1]); n != i+1 {
			t.Errorf("%s should have the number %05d", name, i+1)
		}
		if _, err := migrations.FS.Open(name); err != nil {
			t.Errorf("%s is not embedded: %v", name, err)
		}
	}
	if applied, err := pg.Migrate(context.Background(), pgtest.EmptyURL(t), migrations.FS); err != nil || applied != len(names) {
		t.Errorf("%d of %d files were applied: %v", applied, len(names), err)
	}
}

// dump is the schema of a migrated database without what differs between servers.
func dump(t *testing.T) string {
	t.Helper()
	address, err := url.Parse(pgtest.NewURL(t))
	if err != nil {
		t.Fatal(err)
	}
	q := address.Query()
	q.Del("options") // pgx takes settings there that pg_dump's own connection does not need
	address.RawQuery = q.Encode()
	cmd := exec.Command("pg_dump", "--schema-only", "--no-owner", "--no-privileges", "--no-comments",
		"--exclude-table=goose_db_version*", "--dbname="+address.String())
	cmd.Env = append(os.Environ(), "PGTZ=UTC")
	var complaint strings.Builder
	cmd.Stderr = &complaint
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("pg_dump: %v: %s", err, complaint.String())
	}
	return strip(string(out))
}

// strip takes out what depends on the versions of server and pg_dump: settings, comments, and blank lines in a row.
func strip(text string) string {
	noise := regexp.MustCompile(`(?m)^(--.*|SET .*;|SELECT pg_catalog\.set_config.*;|\\(un)?restrict .*)\n`)
	text = noise.ReplaceAllString(text, "")
	text = regexp.MustCompile(`\n{3,}`).ReplaceAllString(text, "\n\n")
	return "-- Today's shape of the database, written by `make schema` from the migrations. Do not edit.\n\n" + strings.TrimSpace(text) + "\n"
}
