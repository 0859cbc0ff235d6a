package retailer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// office is an Importer that runs.
type office struct {
	*Importer
	t    *testing.T
	db   *pg.DB
	stop func()
}

func newOffice(t *testing.T) *office {
	t.Helper()
	db := pgtest.New(t)
	db.Now = func() time.Time { return noon }
	o := &office{t: t, db: db, Importer: NewImporter(db, filepath.Join(t.TempDir(), "lists"), 1<<20, orb.Bound{}, slog.New(slog.DiscardHandler))}
	o.begin()
	t.Cleanup(func() { o.stop() })
	return o
}

// begin keeps Run running until stop.
func (o *office) begin() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- o.Run(ctx) }()
	o.stop = func() {
		cancel()
		if err := <-ended; err != nil {
			o.t.Error(err)
		}
		o.stop = func() {}
	}
}

func (o *office) exec(sql string) {
	o.t.Helper()
	if _, err := o.db.Pool.Exec(context.Background(), sql); err != nil {
		o.t.Fatal(err)
	}
}

// put hands a list in and gives its delivery.
func (o *office) put(list []byte, opts ImportOptions) int64 {
	o.t.Helper()
	ctx := context.Background()
	r, err := o.Receive(bytes.NewReader(list), opts)
	if err != nil {
		o.t.Fatal(err)
	}
	var id int64
	err = o.db.InTx(ctx, func(tx *pg.Tx) (err error) {
		id, err = o.Begin(ctx, tx, r)
		return err
	})
	if err := errors.Join(err, r.Discard()); err != nil {
		o.t.Fatal(err)
	}
	o.Wake()
	return id
}

// settled waits until a delivery is over or held.
func (o *office) settled(id int64) Delivery {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	d, err := o.Wait(ctx, id)
	if err != nil || ctx.Err() != nil {
		o.t.Fatalf("%+v, %v, %v", d, err, ctx.Err())
	}
	return d
}

func (o *office) confirm(id int64) error {
	defer o.Wake()
	return o.db.InTx(context.Background(), func(tx *pg.Tx) error { return Confirm(context.Background(), tx, id, "a chief") })
}

func (o *office) files() int {
	o.t.Helper()
	list, err := os.ReadDir(o.dir)
	if err != nil {
		o.t.Fatal(err)
	}
	return len(list)
}

func TestImporter(t *testing.T) {
	o := newOffice(t)
	opts := ImportOptions{Profile: Profile{Source: "county"}, By: "a clerk", File: "first.csv"}
	d := o.settled(o.put(county(0, 300, "福兴商行"), opts))
	if d.State != Done || d.Report.Inserted != 300 || d.By != "a clerk" || d.FileName != "first.csv" {
		t.Errorf("%+v", d)
	}
	held := o.settled(o.put(county(200, 300, "隆华超市"), opts))
	if held.State != Held || held.Report.Closed != 200 || o.files() != 1 {
		t.Errorf("%+v, %d files", held, o.files())
	}
	if err := o.confirm(held.ID); err != nil {
		t.Fatal(err)
	}
	d = o.settled(held.ID)
	if d.State != Done || d.Report.Closed != 200 || d.Report.Updated == 0 || d.Report.Inserted != 0 || o.files() != 0 {
		t.Errorf("%+v, %d files", d, o.files())
	}
	if err := o.confirm(held.ID); !errors.Is(err, ErrNotHeld) {
		t.Errorf("confirmed once more: %v", err)
	}
	var by string
	err := o.db.Pool.QueryRow(context.Background(), `select distinct made_by from retailer_history where delivery_id = $1`, held.ID).Scan(&by)
	if err != nil || by != "a chief" {
		t.Errorf("made by %q, %v", by, err)
	}
	// A list that is dropped leaves its file, which goes when it is old.
	held = o.settled(o.put(county(290, 300, "福兴商行"), opts))
	if err := o.db.InTx(context.Background(), func(tx *pg.Tx) error { return Reject(context.Background(), tx, held.ID) }); err != nil {
		t.Fatal(err)
	}
	old := time.Now().Add(-2 * orphaned)
	if err := os.Chtimes(o.path(held.ID), old, old); err != nil {
		t.Fatal(err)
	}
	if err := o.sweep(context.Background()); err != nil || o.files() != 0 {
		t.Errorf("%d files are left; %v", o.files(), err)
	}
}

// Wherever an Importer is stopped, the next one goes on.
func TestImporterGoesOn(t *testing.T) {
	for name, fault := range map[string]string{
		"reading":  `create trigger cut before update on delivery for each row when (new.rows > 500) execute function cut()`,
		"applying": `create trigger cut before insert on delivery_part for each row execute function cut()`,
		"closing":  `create trigger cut before insert on retailer_history for each row when (new.kind = 'closed') execute function cut()`,
	} {
		for _, crashed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, database crashed %v", name, crashed), func(t *testing.T) {
				o := newOffice(t)
				opts := ImportOptions{Profile: Profile{Source: "county"}}
				o.settled(o.put(county(0, 1000, "福兴商行"), opts))
				o.exec(`create function cut() returns trigger language plpgsql as $$ begin raise 'cut off'; end $$`)
				var id int64
				if name == "reading" {
					o.exec(fault)
					opts.Confirm = true
					id = o.put(county(600, 1600, "隆华超市"), opts)
				} else {
					id = o.put(county(600, 1600, "隆华超市"), opts)
					if d := o.settled(id); d.State != Held {
						t.Fatalf("%+v", d)
					}
					o.exec(fault)
					if err := o.confirm(id); err != nil {
						t.Fatal(err)
					}
				}
				o.stop() // after what is under way, or within it
				o.exec(`drop trigger if exists cut on delivery; drop trigger if exists cut on delivery_part; drop trigger if exists cut on retailer_history`)
				if d, err := DeliveryByID(context.Background(), o.db.Pool, id); err != nil || d.State != Reading && d.State != Applying {
					t.Fatalf("%+v, %v", d, err)
				}
				if crashed { // what the database does with an unlogged table
					o.exec(fmt.Sprintf("do $$ begin truncate staged_%d; exception when undefined_table then null; end $$", id))
				}
				o.begin()
				d := o.settled(id)
				if r := d.Report; d.State != Done || r.Rows != 1000 || r.Inserted != 600 || r.Closed != 600 || r.Updated+r.Unchanged != 400 || o.files() != 0 {
					t.Errorf("%+v, %d files", d, o.files())
				}
			})
		}
	}
}

func TestImporterGivesUp(t *testing.T) {
	o := newOffice(t)
	opts := ImportOptions{Profile: Profile{Source: "county"}}
	o.settled(o.put(county(0, 300, "福兴商行"), opts))
	held := o.settled(o.put(county(290, 300, "隆华超市"), opts))
	o.exec(fmt.Sprintf("truncate staged_%d", held.ID))
	if err := os.Remove(o.path(held.ID)); err != nil {
		t.Fatal(err)
	}
	if err := o.confirm(held.ID); err != nil {
		t.Fatal(err)
	}
	if d := o.settled(held.ID); d.State != Failed || d.Fault == nil || d.Fault.Code != "rows_gone" || d.EndedAt == nil {
		t.Errorf("%+v", d)
	}
	o.exec(`alter table retailer add constraint small check (char_length(name) < 8) not valid`)
	id := o.put([]byte("许可证号,店名\n421182200001,一二三四五六七八九\n"), ImportOptions{})
	if d := o.settled(id); d.State != Failed || d.Fault.Code != "internal" || !strings.Contains(d.Fault.Message, "small") || o.files() != 0 {
		t.Errorf("%+v, %d files", d, o.files())
	}
	if _, err := o.Receive(bytes.NewReader(bytes.Repeat([]byte("许可证号,店名\n"), 1<<17)), opts); !errors.Is(err, ErrList) {
		t.Errorf("a list that is too long: %v", err)
	}
	if _, err := o.Receive(bytes.NewReader([]byte("\x1f\x8b\x08\x00damaged")), opts); !errors.Is(err, ErrList) {
		t.Errorf("a damaged file: %v", err)
	}
	if o.files() != 0 {
		t.Errorf("%d files are left", o.files())
	}
}
