package retailer

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"jiujin/geo/retailer/index"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// makeTicket makes a ticket and gives its id.
func makeTicket(t testing.TB, db *pg.DB) (id int64) {
	t.Helper()
	if err := db.Pool.QueryRow(context.Background(), `
		with o as (insert into org (name, level, code) values ('a', 'province', '42') returning id),
		p as (insert into person (login, name, role, org_id, password_hash) select 'a', 'a', 'agent', id, 'x' from o returning id, org_id)
		insert into ticket (number, code_hash, org_id, kind, subtype, urgency, title, due_at, registered_at, created_by)
		select 'n', '\x00', p.org_id, 'report', 'R01', 3, 't', now(), now(), p.id from p returning id`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	return id
}

// learned makes a ticket and gives the statement that learns words for a retailer at it.
func learned(t testing.TB, db *pg.DB) (sql string) {
	t.Helper()
	return fmt.Sprintf(`insert into retailer_alias (retailer_id, words, ticket_id, learned_at) values ($1, $2, %d, now())
		on conflict do nothing`, makeTicket(t, db))
}

// A transaction that began long before, and ends after a later one, is seen when it ends, whatever the times of its
// rows say; and what was seen once is not read again.
func TestFinderSeesWhatEndsLate(t *testing.T) {
	db, f := streetFinder(t)
	refresh(t, f)
	begun, err := db.Pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	put := func(q pg.Queryer, no, name string) {
		t.Helper()
		if _, err := q.Exec(t.Context(), `insert into retailer (licence_no, name, updated_at) values ($1, $2, '2020-01-01')`, no, name); err != nil {
			t.Fatal(err)
		}
	}
	put(begun, "421182100010", "早开商店")
	put(db.Pool, "421182100011", "晚开商店")
	refresh(t, f)
	if got := first(t, f, Query{Text: "晚开"}); got != "421182100011" {
		t.Errorf("the transaction that has ended: found %q", got)
	}
	if got := first(t, f, Query{Text: "早开"}); got != "" {
		t.Errorf("a transaction that has not ended: found %q", got)
	}
	if changed, _, err := changesSince(t.Context(), db.Pool, f.seen.moment, 10); err != nil || len(changed) != 0 {
		t.Errorf("%d seen again, %v", len(changed), err)
	}
	if err := begun.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	changed, _, err := changesSince(t.Context(), db.Pool, f.seen.moment, 10)
	if err != nil || len(changed) != 1 || changed[0].Name != "早开商店" {
		t.Errorf("what has ended since: %+v, %v", changed, err)
	}
	refresh(t, f)
	if got := first(t, f, Query{Text: "早开"}); got != "421182100010" {
		t.Errorf("what ended late: found %q", got)
	}
}

func TestFinderFindsLearnedWords(t *testing.T) {
	db, f := streetFinder(t)
	learn := learned(t, db)
	say := func(no, words string) {
		t.Helper()
		r, err := ByLicence(t.Context(), db.Pool, LicenceNo(no))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Pool.Exec(t.Context(), learn, r.ID, words); err != nil {
			t.Fatal(err)
		}
		refresh(t, f)
	}
	say("421182100001", "胖嫂家")
	say("421127200004", "转盘那个店")
	say("421127200004", "老五烟店")
	for text, want := range map[string]LicenceNo{"胖嫂家": "421182100001", "转盘那": "421127200004", "老五": "421127200004"} {
		got := search(t, f, Query{Text: text})
		if len(got) != 1 || got[0].LicenceNo != want || got[0].Match != index.MatchAlias {
			t.Errorf("%s: found %+v", text, got)
		}
	}
	if got := first(t, f, Query{Text: "长沙商行"}); got != "421127200004" {
		t.Errorf("by its own name: found %q", got)
	}
}

// rebuilt is an index that a newly started service has: it must be the one that was followed.
func rebuilt(t testing.TB, db *pg.DB) *index.Index {
	t.Helper()
	f := NewFinder(db, slog.New(slog.DiscardHandler))
	refresh(t, f)
	return f.Index()
}

func TestIndexForgetsWhatIsDeleted(t *testing.T) {
	db, f := streetFinder(t)
	refresh(t, f)
	if _, err := db.Pool.Exec(t.Context(), `delete from retailer where licence_no = '421182100002'`); err != nil {
		t.Fatal(err)
	}
	refresh(t, f)
	if n := f.Index().Len(); n != len(street)-1 {
		t.Errorf("%d retailers in the index", n)
	}
	if n := rebuilt(t, db).Len(); n != len(street)-1 {
		t.Errorf("%d retailers in a new index", n)
	}
}

// A database that is older than what was seen has been put in the place of the one that was: all is read again.
func TestFinderReadsARestoredDatabaseAnew(t *testing.T) {
	_, f := streetFinder(t)
	refresh(t, f)
	restored := NewFinder(pgtest.New(t), slog.New(slog.DiscardHandler))
	restored.held.Store(f.Index())
	close(restored.first)
	restored.seen = seen{moment: "9000000000000:9000000000000:"}
	refresh(t, restored)
	if n := restored.Index().Len(); n != 0 {
		t.Errorf("%d retailers of another database", n)
	}
}

// writers is some transactions that are open at once, and what each row will be when they end.
type writers struct {
	t     *rapid.T
	open  []*writer
	names map[int64][]string // of the rows that can be seen, the name and then the learned words
	next  int
	learn string
	db    *pg.DB
}

// writer is one open transaction; nil names are those of a row that it has deleted.
type writer struct {
	tx    pgx.Tx
	names map[int64][]string
}

func (w *writers) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// free is a row that can be seen and that no open transaction has written.
func (w *writers) free() (int64, bool) {
	ids := slices.DeleteFunc(slices.Sorted(maps.Keys(w.names)), func(id int64) bool {
		return slices.ContainsFunc(w.open, func(o *writer) bool { _, ok := o.names[id]; return ok })
	})
	if len(ids) == 0 {
		return 0, false
	}
	return rapid.SampledFrom(ids).Draw(w.t, "row"), true
}

// write has one open transaction write one row.
func (w *writers) write(ctx context.Context) {
	o := rapid.SampledFrom(w.open).Draw(w.t, "writer")
	w.next++
	name := fmt.Sprintf("shop%d", w.next)
	what := rapid.SampledFrom([]string{"insert", "insert", "rename", "learn", "delete"}).Draw(w.t, "what")
	id, ok := w.free()
	if what == "insert" || !ok {
		no := fmt.Sprintf("%012d", w.next)
		w.must(o.tx.QueryRow(ctx, `insert into retailer (licence_no, name) values ($1, $2) returning id`, no, name).Scan(&id))
		o.names[id] = []string{name}
		return
	}
	before := w.names[id]
	var err error
	switch what {
	case "rename":
		o.names[id] = append([]string{name}, before[1:]...)
		_, err = o.tx.Exec(ctx, `update retailer set name = $2 where id = $1`, id, name)
	case "learn":
		o.names[id] = append(slices.Clone(before), name)
		_, err = o.tx.Exec(ctx, w.learn, id, name)
	case "delete":
		o.names[id] = nil
		_, err = o.tx.Exec(ctx, `delete from retailer where id = $1`, id)
	}
	w.must(err)
}

// end ends one open transaction.
func (w *writers) end(ctx context.Context) {
	at := rapid.IntRange(0, len(w.open)-1).Draw(w.t, "which")
	o := w.open[at]
	w.open = slices.Delete(w.open, at, at+1)
	if rapid.IntRange(0, 3).Draw(w.t, "gives up") == 0 {
		w.must(o.tx.Rollback(ctx))
		return
	}
	w.must(o.tx.Commit(ctx))
	for id, names := range o.names {
		if names == nil {
			delete(w.names, id)
			continue
		}
		w.names[id] = names
	}
}

// However transactions run side by side, after each look the index holds what has ended, and nothing else.
func TestFinderFollowsManyWriters(t *testing.T) {
	db := pgtest.New(t)
	f := NewFinder(db, slog.New(slog.DiscardHandler))
	w := writers{db: db, learn: learned(t, db), names: map[int64][]string{}}
	ctx := t.Context()
	const most = 4 // connections
	rapid.Check(t, func(t *rapid.T) {
		w.t = t
		for _, o := range w.open { // of a check that has failed
			w.must(o.tx.Rollback(ctx))
		}
		w.open = nil
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			step := rapid.IntRange(0, 9).Draw(t, "step")
			switch {
			case len(w.open) == 0, step == 0 && len(w.open) < most:
				tx, err := db.Pool.Begin(ctx)
				w.must(err)
				w.open = append(w.open, &writer{tx: tx, names: map[int64][]string{}})
			case step < 6:
				w.write(ctx)
			case step < 8:
				w.end(ctx)
			default:
				w.must(f.Refresh(ctx))
				w.same(f.Index())
			}
		}
		for len(w.open) > 0 {
			w.end(ctx)
		}
		w.must(f.Refresh(ctx))
		w.same(f.Index())
		changed, gone, err := changesSince(ctx, db.Pool, f.seen.moment, 10)
		w.must(err)
		if len(changed)+len(gone) > 0 {
			t.Fatalf("seen again: %v and %v", changed, gone)
		}
	})
}

// same fails when x is not what can be seen.
func (w *writers) same(x *index.Index) {
	w.t.Helper()
	if x.Len() != len(w.names) {
		w.t.Fatalf("%d retailers, want %d", x.Len(), len(w.names))
	}
	for id, want := range w.names {
		if got, _, _ := x.Texts(id); !slices.Equal(got, want) {
			w.t.Fatalf("retailer %d is called %v, want %v", id, got, want)
		}
	}
}
