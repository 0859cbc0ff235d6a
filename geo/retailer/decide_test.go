package retailer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// idle is an Importer that does not run.
func idle(t *testing.T) *office {
	t.Helper()
	db := pgtest.New(t)
	db.Now = func() time.Time { return noon }
	return &office{t: t, db: db, Importer: NewImporter(db, filepath.Join(t.TempDir(), "lists"), 1<<20, orb.Bound{}, slog.New(slog.DiscardHandler))}
}

// Of many who confirm, reject and send the list again at once, one decides: a list that somebody was told is rejected is
// never applied.
func TestOneDecides(t *testing.T) {
	o := idle(t)
	ctx := context.Background()
	opts := ImportOptions{Profile: Profile{Source: "county"}, By: "a clerk"}
	load(t, o.db, county(0, 100, "福兴商行"), opts)
	for round := range 6 {
		list := county(0, 10, fmt.Sprintf("隆华超市%d", round))
		held := load(t, o.db, list, opts)
		if held.State != Held {
			t.Fatalf("%+v", held)
		}
		var confirmed, rejected, resent atomic.Int32
		begin := make(chan struct{})
		var clients errgroup.Group
		for i := range 16 {
			clients.Go(func() error {
				<-begin
				switch i % 3 {
				case 0:
					return counted(&confirmed, o.confirm(held.Delivery))
				case 1:
					return counted(&rejected, o.db.InTx(ctx, func(tx *pg.Tx) error { return Reject(ctx, tx, held.Delivery) }))
				}
				again := opts
				again.Confirm, again.By = true, "a chief"
				if id := o.put(list, again); id == held.Delivery {
					resent.Add(1)
				}
				return nil
			})
		}
		close(begin)
		if err := clients.Wait(); err != nil {
			t.Fatal(err)
		}
		d, err := DeliveryByID(ctx, o.db.Pool, held.Delivery)
		if err != nil {
			t.Fatal(err)
		}
		var staged bool
		if err := o.db.Pool.QueryRow(ctx, fmt.Sprintf(`select to_regclass('staged_%d') is not null`, d.ID)).Scan(&staged); err != nil {
			t.Fatal(err)
		}
		wasRejected := rejected.Load() == 1 && confirmed.Load() == 0 && resent.Load() == 0 && d.State == Rejected && !staged
		wasConfirmed := rejected.Load() == 0 && confirmed.Load() <= 1 && resent.Load() > 0 && d.State == Applying && staged
		if !wasRejected && !wasConfirmed {
			t.Errorf("%d confirmed, %d rejected, %d went on with it; it is %s, its rows are there: %v",
				confirmed.Load(), rejected.Load(), resent.Load(), d.State, staged)
		}
	}
	if err := o.confirm(999); !errors.Is(err, ErrNoDelivery) {
		t.Errorf("a delivery that there is not: %v", err)
	}
}

// counted counts a decision that was taken; that of another may have been faster.
func counted(n *atomic.Int32, err error) error {
	if err == nil {
		n.Add(1)
	}
	if errors.Is(err, ErrNotHeld) {
		return nil
	}
	return err
}

// What is applied is by whoever confirmed it, also by sending the list again, and also while the first run of it is not over.
func TestConfirmedBySending(t *testing.T) {
	for _, early := range []bool{false, true} {
		t.Run(fmt.Sprintf("early %v", early), func(t *testing.T) {
			o := idle(t)
			first := ImportOptions{Profile: Profile{Source: "county"}, By: "a clerk"}
			load(t, o.db, county(0, 100, "福兴商行"), first)
			list := county(0, 10, "隆华超市")
			if early { // between the last row read and the question whether to hold
				o.exec(`create function meanwhile() returns trigger language plpgsql as $$
					begin new.confirmed := true; new.confirmed_by := 'a chief'; return new; end $$;
					create trigger meanwhile before update on delivery for each row when (old.parts = 0 and new.parts > 0) execute function meanwhile()`)
			}
			r := load(t, o.db, list, first)
			if !early {
				if r.State != Held {
					t.Fatalf("%+v", r)
				}
				second := first
				second.Confirm, second.By = true, "a chief"
				id := o.put(list, second)
				if err := o.one(context.Background(), id); err != nil || id != r.Delivery {
					t.Fatalf("delivery %d, want %d; %v", id, r.Delivery, err)
				}
				d, err := DeliveryByID(context.Background(), o.db.Pool, id)
				if err != nil {
					t.Fatal(err)
				}
				r = d.Report
			}
			if r.State != Done || r.Closed != 90 || count(t, o.db.Pool, "where gone_on is not null") != 90 {
				t.Errorf("%+v", r)
			}
			var by string
			err := o.db.Pool.QueryRow(context.Background(), `select distinct made_by from retailer_history where delivery_id = $1`, r.Delivery).Scan(&by)
			if err != nil || by != "a chief" {
				t.Errorf("made by %q, %v", by, err)
			}
		})
	}
}

// The file of a list stays as long as its delivery is held, whoever held it.
func TestFileOfWhatIsHeldStays(t *testing.T) {
	o := idle(t)
	ctx := context.Background()
	opts := ImportOptions{Profile: Profile{Source: "county"}}
	load(t, o.db, county(0, 100, "福兴商行"), opts)
	list := county(0, 10, "隆华超市")
	id := o.put(list, opts)
	if r := load(t, o.db, list, opts); r.State != Held || r.Delivery != id {
		t.Fatalf("%+v", r)
	}
	if err := o.one(ctx, id); err != nil || o.files() != 1 {
		t.Errorf("%d files, %v", o.files(), err)
	}
	if err := o.db.InTx(ctx, func(tx *pg.Tx) error { return Reject(ctx, tx, id) }); err != nil {
		t.Fatal(err)
	}
	if err := o.one(ctx, id); err != nil || o.files() != 0 {
		t.Errorf("rejected: %d files, %v", o.files(), err)
	}
}

// A transaction that is repeated begins the delivery anew, with what the sender asked for.
func TestBeginIsRepeated(t *testing.T) {
	o := idle(t)
	ctx := context.Background()
	r, err := o.Receive(bytes.NewReader(county(0, 10, "福兴商行")), ImportOptions{Profile: Profile{Source: "county"}, By: "a clerk"})
	if err != nil {
		t.Fatal(err)
	}
	var ids []int64
	err = o.db.InTx(ctx, func(tx *pg.Tx) error {
		id, err := o.Begin(ctx, tx, r)
		if ids = append(ids, id); err != nil || len(ids) > 1 {
			return err
		}
		_, err = tx.Exec(ctx, `do $$ begin raise exception 'x' using errcode = '40001'; end $$`)
		return err
	})
	if err := errors.Join(err, r.Discard()); err != nil || len(ids) != 2 || ids[0] == ids[1] {
		t.Fatalf("%v, %v", ids, err)
	}
	if _, err := os.Stat(o.path(ids[1])); err != nil || o.files() != 1 {
		t.Errorf("%d files, %v", o.files(), err)
	}
	if d, err := DeliveryByID(ctx, o.db.Pool, ids[1]); err != nil || d.State != Reading || d.By != "a clerk" {
		t.Errorf("%+v, %v", d, err)
	}
}
