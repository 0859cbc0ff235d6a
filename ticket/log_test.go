package ticket_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
	"jiujin/ticket"
)

const writers = 16

// Sixteen writers with clocks that disagree; a follower that reads "after what I have seen" must see every event.
func TestFollowerMissesNothing(t *testing.T) {
	const rounds = 40
	db, err := pg.Open(t.Context(), pgtest.NewURL(t), pg.Options{MaxConns: writers + 2})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	db.Now = func() time.Time { return start.Add(time.Duration(rand.IntN(10_000)) * time.Millisecond) }

	write, ctx := errgroup.WithContext(t.Context())
	for w := range writers {
		write.Go(func() error {
			for round := range rounds {
				lost := errors.New("rolled back")
				err := db.InTx(ctx, func(tx *pg.Tx) error {
					for i := range 1 + round%3 {
						if err := ticket.Record(tx, ticket.Engine, "test.fact", 0, 0, ticket.Data{"writer": w, "round": round, "i": i}); err != nil {
							return err
						}
					}
					if round%5 == 4 { // numbers of a transaction that fails must not be missing
						tx.BeforeCommit("fail", func(context.Context) error { return lost })
					}
					return nil
				})
				if err != nil && !errors.Is(err, lost) {
					return err
				}
			}
			return nil
		})
	}
	written := make(chan error, 1)
	go func() { written <- write.Wait() }()

	var seen []ticket.Event
	follow := func() {
		var cursor int64
		if len(seen) > 0 {
			cursor = seen[len(seen)-1].Seq
		}
		events, err := ticket.EventsAfter(t.Context(), db.Pool, cursor, 50)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, events...)
	}
	for done := false; !done; {
		select {
		case err := <-written:
			if err != nil {
				t.Fatal(err)
			}
			done = true
		default:
			follow()
		}
	}
	during := len(seen)
	head, err := ticket.HeadSeq(t.Context(), db.Pool)
	if err != nil {
		t.Fatal(err)
	}
	for len(seen) == 0 || seen[len(seen)-1].Seq < head {
		before := len(seen)
		if follow(); len(seen) == before {
			t.Fatalf("the log ends at %d before its head %d", before, head)
		}
	}
	if during == 0 {
		t.Error("the follower saw nothing while the writers wrote")
	}
	want := 0
	for round := range rounds {
		if round%5 != 4 {
			want += writers * (1 + round%3)
		}
	}
	if len(seen) != want {
		t.Errorf("%d events, want %d", len(seen), want)
	}
	for i, ev := range seen {
		if ev.Seq != int64(i+1) {
			t.Fatalf("event %d follows %d", ev.Seq, i)
		}
		if i > 0 && ev.At.Before(seen[i-1].At) {
			t.Fatalf("event %d is earlier than the one before it", ev.Seq)
		}
	}
	if n, err := ticket.VerifyChain(t.Context(), db); err != nil || n != head {
		t.Errorf("VerifyChain = %d, %v, want %d", n, err, head)
	}
}

func TestLogIsAppendOnly(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	o.open(t, report())
	for _, sql := range []string{
		`update event set actor = 'nobody' where seq = 1`, `delete from event where seq = 1`, `truncate event`,
		`update event set actor = actor where false`,
	} {
		_, err := o.db.Pool.Exec(t.Context(), sql)
		if got := pg.Constraint(err); got != "event_append_only" {
			t.Errorf("%s: constraint %q (%v)", sql, got, err)
		}
	}
}

// A superuser can switch the trigger off. The chain tells where.
func TestTamperingIsFound(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	for range 3 {
		o.open(t, report()) // two events each
	}
	exec := func(sql string) error {
		_, err := o.db.Pool.Exec(t.Context(), sql)
		return err
	}
	const columns = `(seq, at, type, actor, ticket_id, unit_id, body, prev_hash, hash)`
	if err := exec(`create table kept as select seq, at, type, actor, ticket_id, unit_id, body, prev_hash, hash from event`); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		sql  string
		seq  int64
		safe int64
	}{
		{`select 1`, 0, 6},
		{`update event set body = replace(body, 'R03', 'R12') where seq = 1`, 1, 0},
		{`update event set at = at + interval '1 microsecond' where seq = 3`, 3, 2},
		{`update event set actor = 'person:999' where seq = 4`, 4, 3},
		{`update event set ticket_id = null where seq = 4`, 4, 3},
		{`update event set unit_id = 7 where seq = 2`, 2, 1},
		{`update event set type = 'ticket.closed' where seq = 6`, 6, 5},
		{`update event set hash = sha256('x') where seq = 6`, 6, 5},
		{`update event set prev_hash = sha256('x') where seq = 5`, 5, 4},
		{`delete from event where seq = 3`, 3, 2},
		{`delete from event where seq = 1`, 1, 0},
		{`delete from event where seq = 6`, 6, 5}, // the newest: nothing after it is out of step
		{`delete from event where seq >= 4`, 4, 3},
		{`delete from event`, 1, 0},
		{`delete from event where seq = 4; update event set seq = seq - 1 where seq = 5`, 4, 3},
	} {
		t.Run(c.sql, func(t *testing.T) {
			if err := exec(`alter table event disable trigger event_append_only;` + c.sql); err != nil {
				t.Fatal(err)
			}
			safe, err := ticket.VerifyChain(t.Context(), o.db)
			var broken *ticket.BrokenChainError
			switch {
			case c.seq == 0 && err != nil:
				t.Errorf("an untouched log is broken: %v", err)
			case c.seq != 0 && (!errors.As(err, &broken) || broken.Seq != c.seq):
				t.Errorf("error %v, want number %d", err, c.seq)
			}
			if safe != c.safe {
				t.Errorf("%d events are sound, want %d", safe, c.safe)
			}
			if err := exec(`truncate event; insert into event ` + columns + ` select * from kept`); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestEmptyLogIsSound(t *testing.T) {
	db := pgtest.New(t)
	if n, err := ticket.VerifyChain(t.Context(), db); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// What the migration promises about the hash must hold in SQL too, so that anybody can check the log without us.
func TestHashIsAsTheSchemaSays(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	tk, _ := o.open(t, report())
	if _, err := o.advance(o.dispatcher, tk.ID, ticket.Step{Action: ticket.ActOffer, UnitID: 1, Reason: `"a|b"\n中`}); err != nil {
		t.Fatal(err)
	}
	var events, right int
	err := o.db.Pool.QueryRow(t.Context(), `select count(*), count(*) filter (where hash = sha256(prev_hash || convert_to(
		seq || '|' || (extract(epoch from at) * 1000000)::bigint || '|' || type || '|' || actor || '|' || coalesce(ticket_id::text, '')
		|| '|' || coalesce(unit_id::text, '') || '|' || body, 'UTF8'))) from event`).Scan(&events, &right)
	if err != nil {
		t.Fatal(err)
	}
	if events != 3 || right != 3 {
		t.Errorf("%d of %d hashes agree", right, events)
	}
}

// One clock is ahead: the log waits for nobody, but it never goes back.
func TestClockPutBack(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	o.pass(time.Hour)
	tk, _ := o.open(t, report())
	o.pass(-2 * time.Hour)
	if _, err := o.advance(o.dispatcher, tk.ID, ticket.Step{Action: ticket.ActOffer, UnitID: 1}); err != nil {
		t.Fatal(err)
	}
	events, err := ticket.Timeline(t.Context(), o.db.Pool, tk.ID)
	if err != nil {
		t.Fatal(err)
	}
	if last := events[len(events)-1]; !last.At.Equal(start.Add(time.Hour)) {
		t.Errorf("the last event is of %v", last.At)
	}
}

func TestEventsAreReadInPages(t *testing.T) {
	o := newOffice(t, pgtest.New(t))
	for range 3 {
		o.open(t, report())
	}
	var got []string
	for cursor := int64(0); ; {
		page, err := ticket.EventsAfter(t.Context(), o.db.Pool, cursor, 4)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, ev := range page {
			got = append(got, fmt.Sprint(ev.Seq, " ", ev.Type))
		}
		cursor = page[len(page)-1].Seq
	}
	want := "[1 ticket.registered 2 ticket.triaged 3 ticket.registered 4 ticket.triaged 5 ticket.registered 6 ticket.triaged]"
	if fmt.Sprint(got) != want {
		t.Errorf("%v, want %v", got, want)
	}
}
