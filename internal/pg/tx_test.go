package pg_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
)

func TestInTxCommits(t *testing.T) {
	db, _ := open(t, pg.Options{})
	local := time.Date(2026, 5, 1, 8, 0, 0, 123456789, time.FixedZone("CST", 8*3600))
	db.Now = func() time.Time { return local }
	err := db.InTx(t.Context(), func(tx *pg.Tx) error {
		if want := time.Date(2026, 5, 1, 0, 0, 0, 123456000, time.UTC); tx.Now() != want {
			t.Errorf("Now() = %v, want %v", tx.Now(), want)
		}
		if got := scan[string](t, tx, `SHOW transaction_isolation`); got != "read committed" {
			t.Errorf("isolation %q", got)
		}
		exec(t, tx, `INSERT INTO place (id, name) VALUES (2, 'kept')`)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := scan[string](t, db.Pool, `SELECT name FROM place WHERE id = 2`); got != "kept" {
		t.Errorf("got %q", got)
	}
}

func TestInTxRollsBack(t *testing.T) {
	db, _ := open(t, pg.Options{MaxConns: 1}) // a connection that is not given back would block
	wrong := errors.New("wrong")
	insert := func(tx *pg.Tx) {
		exec(t, tx, `INSERT INTO place (id, name) VALUES (2, 'lost')`)
		tx.AfterCommit(func() { t.Error("AfterCommit ran") })
	}
	err := db.InTx(t.Context(), func(tx *pg.Tx) error { insert(tx); return wrong })
	if err != wrong {
		t.Errorf("error %v, want the function's own", err)
	}
	err = db.InTx(t.Context(), func(tx *pg.Tx) error {
		insert(tx)
		tx.BeforeCommit("k", func(context.Context) error { return wrong })
		return nil
	})
	if err != wrong {
		t.Errorf("error %v, want the BeforeCommit function's own", err)
	}
	func() {
		defer func() {
			if got := recover(); got != "panic value" {
				t.Errorf("recovered %v", got)
			}
		}()
		_ = db.InTx(t.Context(), func(tx *pg.Tx) error { insert(tx); panic("panic value") })
	}()
	ctx, cancel := context.WithCancel(t.Context())
	err = db.InTx(ctx, func(tx *pg.Tx) error { insert(tx); cancel(); return nil })
	if !errors.Is(err, context.Canceled) || errors.Is(err, pg.ErrOutcomeUnknown) {
		t.Errorf("ended context: error %v", err)
	}
	if n := scan[int](t, db.Pool, `SELECT count(*) FROM place WHERE id = 2`); n != 0 {
		t.Errorf("%d rows were kept", n)
	}
}

func TestHooksRunInOrder(t *testing.T) {
	db, _ := open(t, pg.Options{})
	var got []string
	note := func(s string) func(context.Context) error {
		return func(context.Context) error { got = append(got, s); return nil }
	}
	err := db.InTx(t.Context(), func(tx *pg.Tx) error {
		tx.AfterCommit(func() { got = append(got, "after 1") })
		tx.BeforeCommit("b", note("b"))
		tx.BeforeCommit("a", func(context.Context) error {
			got = append(got, "a")
			tx.BeforeCommit("late", note("late"))
			return nil
		})
		tx.BeforeCommit("b", note("b again"))
		tx.AfterCommit(func() { got = append(got, "after 2") })
		got = append(got, "body")
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"body", "b", "a", "late", "after 1", "after 2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestInTxRepeats(t *testing.T) {
	db, _ := open(t, pg.Options{})
	for _, c := range []struct {
		code         string
		fails, tries int
	}{
		{"40001", 2, 3},
		{"40P01", 3, 4},
		{"40001", 99, 4},
		{"23505", 99, 1},
		{"40003", 99, 1},
	} {
		tries, after := 0, 0
		err := db.InTx(t.Context(), func(tx *pg.Tx) error {
			tries++
			tx.AfterCommit(func() { after++ })
			if tries > c.fails {
				return nil
			}
			_, err := tx.Exec(t.Context(), fmt.Sprintf(`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '%s'; END $$`, c.code))
			return err
		})
		if succeeded := c.tries > c.fails; tries != c.tries || (err == nil) != succeeded || (after == 1) != succeeded {
			t.Errorf("%s %d times: %d tries, %d AfterCommit, error %v; want %d tries", c.code, c.fails, tries, after, err, c.tries)
		}
	}
}

// Two transactions that lock the same two rows in opposite order.
func TestDeadlockIsResolved(t *testing.T) {
	db, _ := open(t, pg.Options{})
	exec(t, db.Pool, `INSERT INTO place (id, name) VALUES (2, 'b')`)
	locked := map[int]chan struct{}{1: make(chan struct{}), 2: make(chan struct{})}
	cross := func(mine, other int) error {
		first := true
		return db.InTx(t.Context(), func(tx *pg.Tx) error {
			if _, err := tx.Exec(t.Context(), `UPDATE place SET name = name || 'x' WHERE id = $1`, mine); err != nil {
				return err
			}
			if first {
				first = false
				close(locked[mine])
				<-locked[other]
			}
			_, err := tx.Exec(t.Context(), `UPDATE place SET name = name || 'x' WHERE id = $1`, other)
			return err
		})
	}
	var g errgroup.Group
	g.Go(func() error { return cross(1, 2) })
	g.Go(func() error { return cross(2, 1) })
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if got := scan[string](t, db.Pool, `SELECT name FROM place WHERE id = 2`); got != "bxx" {
		t.Errorf("name %q, want both changes once", got)
	}
}

// deferred makes a trigger that runs during COMMIT.
const deferred = `
	CREATE FUNCTION at_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s; RETURN NULL; END $$;
	CREATE CONSTRAINT TRIGGER late AFTER INSERT ON place DEFERRABLE INITIALLY DEFERRED
	FOR EACH ROW EXECUTE FUNCTION at_commit()`

func insertPlace(ctx context.Context, ran *bool) func(tx *pg.Tx) error {
	return func(tx *pg.Tx) error {
		tx.AfterCommit(func() { *ran = true })
		_, err := tx.Exec(ctx, `INSERT INTO place (id, name) VALUES (2, 'late')`)
		return err
	}
}

func TestLostConnectionDuringCommit(t *testing.T) {
	db, _ := open(t, pg.Options{})
	exec(t, db.Pool, fmt.Sprintf(deferred, `PERFORM pg_terminate_backend(pg_backend_pid())`))
	ran := false
	err := db.InTx(t.Context(), insertPlace(t.Context(), &ran))
	if !errors.Is(err, pg.ErrOutcomeUnknown) || !pg.IsUnavailable(err) || ran {
		t.Errorf("error %v, AfterCommit ran: %v", err, ran)
	}
}

func TestRefusedCommit(t *testing.T) {
	db, _ := open(t, pg.Options{})
	exec(t, db.Pool, fmt.Sprintf(deferred, `RAISE EXCEPTION 'no' USING ERRCODE = '23514', CONSTRAINT = 'late_rule'`))
	ran := false
	err := db.InTx(t.Context(), insertPlace(t.Context(), &ran))
	if pg.Constraint(err) != "late_rule" || errors.Is(err, pg.ErrOutcomeUnknown) || pg.IsUnavailable(err) || ran {
		t.Errorf("error %v, AfterCommit ran: %v", err, ran)
	}
}

func TestBusyPool(t *testing.T) {
	db, _ := open(t, pg.Options{MaxConns: 1, AcquireTimeout: time.Millisecond})
	err := db.InTx(t.Context(), func(*pg.Tx) error {
		return db.InTx(t.Context(), func(*pg.Tx) error { return nil })
	})
	if !pg.IsUnavailable(err) {
		t.Errorf("error %v, want unavailable", err)
	}
}

func TestErrorKinds(t *testing.T) {
	db, target := open(t, pg.Options{})
	_, noServer := pg.Open(t.Context(), "postgres:///x?host=/nonexistent&port=5432", pg.Options{})
	_, noDatabase := pg.Open(t.Context(), target+"&dbname=nonexistent", pg.Options{})
	_, terminated := db.Pool.Exec(t.Context(), `SELECT pg_terminate_backend(pg_backend_pid())`)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, cancelled := db.Pool.Exec(ended, `SELECT 1`)
	late, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, tooLate := db.Pool.Exec(late, `SELECT pg_sleep(60)`)
	_, check := db.Pool.Exec(t.Context(), `INSERT INTO place (id, name) VALUES (9, '')`)
	_, unique := db.Pool.Exec(t.Context(), `INSERT INTO place (id, name) VALUES (1, 'x')`)
	_, syntax := db.Pool.Exec(t.Context(), `SELEC`)
	for _, c := range []struct {
		name        string
		err         error
		unavailable bool
		constraint  string
	}{
		{"no server", noServer, true, ""},
		{"no database", noDatabase, true, ""},
		{"terminated", terminated, true, ""},
		{"cancelled", cancelled, false, ""},
		{"too late", tooLate, true, ""},
		{"check", fmt.Errorf("wrapped: %w", check), false, "place_name_filled"},
		{"unique", unique, false, "place_pkey"},
		{"syntax", syntax, false, ""},
	} {
		if c.err == nil {
			t.Errorf("%s: no error", c.name)
		}
		if pg.IsUnavailable(c.err) != c.unavailable || pg.Constraint(c.err) != c.constraint {
			t.Errorf("%s: unavailable %v, constraint %q: %v", c.name, pg.IsUnavailable(c.err), pg.Constraint(c.err), c.err)
		}
	}
	if pg.IsUnavailable(nil) || pg.Constraint(nil) != "" {
		t.Error("nil is an error of no kind")
	}
}
