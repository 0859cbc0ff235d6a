package retailer

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"jiujin/internal/pg/pgtest"
)

// county is a list of licences from to until; every seventh has the name.
func county(from, until int, name string) []byte {
	var b strings.Builder
	b.WriteString("许可证号,店名,地址,档位,有效期止\n")
	for i := from; i < until; i++ {
		n := "红塔烟酒店"
		if i%7 == 0 {
			n = name
		}
		fmt.Fprintf(&b, "4211821%05d,%s,人民路%d号,%d,2027-02-28\n", i, n, i, i%30)
	}
	return []byte(b.String())
}

func TestDeliveriesOfOneSource(t *testing.T) {
	db := pgtest.New(t)
	opts := ImportOptions{Profile: Profile{Source: "county"}}
	load(t, db, []byte("许可证号,店名\n421182299999,别处的店\n"), ImportOptions{})
	if r := load(t, db, county(0, 1000, "福兴商行"), opts); r.Inserted != 1000 || r.State != Done || r.Had != 0 {
		t.Fatalf("first: %+v", r)
	}
	opts.Now = noon.AddDate(0, 1, 0)
	r := load(t, db, county(10, 1010, "隆华超市"), opts)
	if r.Inserted != 10 || r.Closed != 10 || r.Updated != 141 || r.Unchanged != 849 || r.Had != 1000 || !maps.Equal(r.Changes, map[string]int{"name": 141}) {
		t.Errorf("second: %+v", r)
	}
	if n := count(t, db.Pool, "where status = 'closed' and gone_on = '2026-12-22'"); n != 10 {
		t.Errorf("%d closed", n)
	}
	if n := count(t, db.Pool, "where licence_no = '421182299999' and gone_on is null"); n != 1 {
		t.Error("a licence of no list was closed")
	}

	// Cut off: nothing is changed until it is confirmed.
	opts.Now = noon.AddDate(0, 2, 0)
	cut := county(10, 500, "隆华超市")
	r = load(t, db, cut, opts)
	if r.State != Held || r.Closed != 510 || !slices.Equal(r.Held, []string{"closing"}) || count(t, db.Pool, "where gone_on is not null") != 10 {
		t.Errorf("cut off: %+v", r)
	}
	again := load(t, db, cut, opts)
	if again.State != Held || again.Delivery != r.Delivery {
		t.Errorf("once more: %+v", again)
	}
	opts.Confirm = true
	if r = load(t, db, cut, opts); r.State != Done || r.Closed != 510 || !r.Resumed || r.Delivery != again.Delivery || r.Unchanged != 490 {
		t.Errorf("confirmed: %+v", r)
	}

	// What is back is not new; a row that is refused is not missing; past the last day it has expired.
	opts.Now = noon.AddDate(1, 0, 0)
	bad := strings.Replace(string(county(10, 1010, "隆华超市")), "421182100020,红塔烟酒店", "421182100020,", 1)
	r = load(t, db, []byte(bad), opts)
	if r.Returned != 510 || r.Inserted != 0 || r.Closed != 0 || r.Refused != 1 {
		t.Errorf("back: %+v", r)
	}
	var history int
	if err := db.Pool.QueryRow(context.Background(), `
		select count(*) from retailer_history h join retailer r on r.id = h.retailer_id where r.licence_no = '421182100700'`).Scan(&history); err != nil || history != 3 {
		t.Errorf("%d changes of a licence, want name, closed and returned; %v", history, err)
	}
	opts.Now = noon.AddDate(2, 0, 0)
	if r = load(t, db, county(0, 0, ""), opts); r.Closed != 1000 || r.Expired != 1000 || count(t, db.Pool, "where status = 'expired' and source = 'county'") != 1000 {
		t.Errorf("all gone: %+v", r)
	}
}

// A dry run says what the import then does, and leaves nothing behind.
func TestDryRunSaysWhatHappens(t *testing.T) {
	db := pgtest.New(t)
	opts := ImportOptions{Profile: Profile{Source: "county"}}
	load(t, db, county(0, 300, "福兴商行"), opts)
	opts.DryRun = true
	dry := load(t, db, county(20, 320, "隆华超市"), opts)
	if dry.State != Tried || dry.Inserted != 20 || dry.Closed != 20 || count(t, db.Pool, "where name = '隆华超市' or gone_on is not null") != 0 {
		t.Errorf("dry: %+v", dry)
	}
	opts.DryRun = false
	real := load(t, db, county(20, 320, "隆华超市"), opts)
	if real.Inserted != dry.Inserted || real.Updated != dry.Updated || real.Unchanged != dry.Unchanged || real.Closed != dry.Closed || !maps.Equal(real.Changes, dry.Changes) {
		t.Errorf("dry %+v, real %+v", dry, real)
	}
	var tables int
	if err := db.Pool.QueryRow(context.Background(), `select count(*) from pg_class where relname like 'staged%'`).Scan(&tables); err != nil || tables != 0 {
		t.Errorf("%d staged tables are left; %v", tables, err)
	}
}

// Wherever an import is cut off, importing the list again goes on and comes to the same end.
func TestImportGoesOnWhereItWasCutOff(t *testing.T) {
	for name, fault := range map[string]string{
		"reading":  `create trigger cut before update on delivery for each row when (new.last_line > 700) execute function cut()`,
		"applying": `create trigger cut before insert on delivery_part for each row when (new.part >= 2) execute function cut()`,
		"closing":  `create trigger cut before insert on retailer_history for each row when (new.kind = 'closed') execute function cut()`,
	} {
		for _, crashed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, database crashed %v", name, crashed), func(t *testing.T) {
				db := pgtest.New(t)
				ctx := context.Background()
				exec := func(sql string) {
					t.Helper()
					if _, err := db.Pool.Exec(ctx, sql); err != nil {
						t.Fatal(err)
					}
				}
				opts := ImportOptions{Profile: Profile{Source: "county"}, Now: noon, batch: 100, blocks: 3}
				load(t, db, county(0, 1000, "福兴商行"), opts)
				list := county(30, 1030, "隆华超市")
				list = append(list, "421182100500,福兴商行,,,\n42118210050,短号,,,\n"...)
				exec(`create function cut() returns trigger language plpgsql as $$ begin raise 'cut off'; end $$`)
				exec(fault)
				opts.Now = noon.Add(time.Hour)
				if _, err := Import(ctx, db, bytes.NewReader(list), opts); err == nil || !strings.Contains(err.Error(), "cut off") {
					t.Fatalf("not cut off: %v", err)
				}
				d, err := Deliveries(ctx, db.Pool, 1)
				if err != nil || d[0].State == Done || d[0].Rows == 0 {
					t.Fatalf("%+v, %v", d, err)
				}
				for _, table := range []string{"delivery", "delivery_part", "retailer_history"} {
					exec("drop trigger if exists cut on " + table)
				}
				if crashed { // what the database does with an unlogged table
					exec(fmt.Sprintf("truncate staged_%d", d[0].ID))
				}
				opts.Now = noon.Add(2 * time.Hour)
				r := load(t, db, list, opts)
				if !r.Resumed || r.Rows != 1002 || r.Inserted != 30 || r.Updated != 138 || r.Unchanged != 832 || r.Refused != 2 || r.Closed != 30 {
					t.Errorf("%+v", r)
				}
				if n := count(t, db.Pool, "where name = '隆华超市'"); n != 143 {
					t.Errorf("%d have the new name", n)
				}
			})
		}
	}
}

// The rows that were refused come back as a list that can be mended and imported.
func TestRefusedRowsCanBeMended(t *testing.T) {
	db := pgtest.New(t)
	list := gb(t, "许可证号,店名,状态\n421182100001,红塔,有效\n421182100002,福兴,关门\n42118210000,短号店,有效\n421182100001,红塔又来,有效\n")
	r := load(t, db, list, ImportOptions{})
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := Refused(context.Background(), db.Pool, r.Delivery, English, w.Write); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	want := "行号 line,问题 problem,许可证号,店名,状态\n3,\"status: unknown status"
	if !strings.HasPrefix(b.String(), want) || !strings.Contains(b.String(), "\n5,licence_no: the licence is already in line 2,421182100001,红塔又来,有效\n") {
		t.Fatalf("%s", b.String())
	}
	mended := strings.NewReplacer("关门", "歇业", ",42118210000,", ",421182100003,", "421182100001,红塔又来", "421182100004,红塔又来").Replace(b.String())
	if r = load(t, db, []byte(mended), ImportOptions{}); r.Inserted != 3 || r.Refused != 0 {
		t.Errorf("%+v", r)
	}
}
