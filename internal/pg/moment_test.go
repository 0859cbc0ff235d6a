package pg_test

import (
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// What transactions wrote is seen once, when they have ended, in whatever order they began.
func TestMomentsTellWhatHasEnded(t *testing.T) {
	db, ctx := pgtest.New(t), t.Context()
	if _, err := db.Pool.Exec(ctx, `
		create table followed (name text primary key, changed_xid xid8 not null default pg_current_xact_id());
		insert into followed values ('of another server', '18446744073709551000')`); err != nil {
		t.Fatal(err)
	}
	var seen pg.Moment
	look := func(want ...string) {
		t.Helper()
		now, lost, err := seen.Next(ctx, db.Pool)
		if err != nil || lost {
			t.Fatal(lost, err)
		}
		rows, err := db.Pool.Query(ctx, `
			select name from followed
			where changed_xid >= pg_snapshot_xmin($1) and changed_xid < pg_snapshot_xmax(pg_current_snapshot())
				and not pg_visible_in_snapshot(changed_xid, $1)
			order by name`, seen.String())
		if err != nil {
			t.Fatal(err)
		}
		got, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("seen %q, %v; want %q", got, err, want)
		}
		seen = now
	}
	open := func(name string) (end func()) {
		t.Helper()
		tx, err := db.Pool.Begin(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Exec(ctx, `savepoint s; insert into followed values ($$`+name+`$$)`); err != nil {
			t.Fatal(err)
		}
		return func() {
			t.Helper()
			if err := tx.Commit(ctx); err != nil {
				t.Fatal(err)
			}
		}
	}
	open("a")()
	look("a")
	look()
	b := open("b")
	c := open("c")
	open("d")()
	look("d")
	c()
	look("c")
	look()
	b()
	look("b")
	look()
}

func TestMomentOfALaterDatabase(t *testing.T) {
	db := pgtest.New(t)
	if _, lost, err := pg.Moment("9000000000000:9000000000000:").Next(t.Context(), db.Pool); err != nil || !lost {
		t.Errorf("lost %v, %v", lost, err)
	}
}
