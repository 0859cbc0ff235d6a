package resolve_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/geo/resolve"
	"jiujin/geo/retailer"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// aTicket is a ticket as far as the tables here need one.
const aTicket = `
	with o as (insert into org (name, level, code) values ('a', 'province', '42') returning id),
	p as (insert into person (login, name, role, org_id, password_hash) select 'a', 'a', 'agent', id, 'x' from o returning id, org_id)
	insert into ticket (number, code_hash, org_id, kind, subtype, urgency, title, due_at, registered_at, created_by)
	select 'n', '\x00', p.org_id, 'report', 'R01', 3, 't', now(), now(), p.id from p returning id`

func TestKeeperFollowsWhatIsLearned(t *testing.T) {
	db, ctx := pgtest.New(t), context.Background()
	at := &orb.Point{104.06, 30.66}
	var ticketID, shopID int64
	in(t, db, func(tx *pg.Tx) error {
		_, err := retailer.Save(ctx, tx, []retailer.Retailer{
			{LicenceNo: "510104100001", Name: "恒发商贸行", Address: "锦江区东大街88号", Status: retailer.Valid, Point: at, SourceDatum: datum.WGS84},
			{LicenceNo: "510104100002", Name: "兴旺超市", Address: "金牛区沙湾路9号", Status: retailer.Valid},
		})
		return err
	})
	in(t, db, func(tx *pg.Tx) error {
		if err := tx.QueryRow(ctx, aTicket).Scan(&ticketID); err != nil {
			return err
		}
		return tx.QueryRow(ctx, `select id from retailer where licence_no = '510104100001'`).Scan(&shopID)
	})
	k := resolve.NewKeeper(db, slog.Default())
	first := func() string {
		t.Helper()
		if err := k.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		if c := k.Register().Resolve(resolve.Query{Text: "胖嬢嬢烟摊摊"}).Candidates; len(c) > 0 && c[0].Score > 0.05 {
			return c[0].Shop.LicenceNo
		}
		return ""
	}
	if got := first(); got != "" || k.Register().Len() != 2 {
		t.Errorf("before: %s, %d shops", got, k.Register().Len())
	}
	in(t, db, func(tx *pg.Tx) error {
		for _, words := range []string{"胖嬢嬢烟摊摊", " 胖嬢嬢烟摊摊 ", "x", "打13800138000找她", "恒发商贸行"} {
			if err := resolve.Learn(ctx, tx, shopID, 0, words, ticketID); err != nil {
				return err
			}
		}
		return nil
	})
	if got := first(); got != "510104100001" {
		t.Errorf("after: %q", got)
	}
	var n int
	if err := db.Pool.QueryRow(ctx, `select count(*) from retailer_alias`).Scan(&n); err != nil || n != 1 {
		t.Errorf("%d aliases, %v", n, err)
	}
}

func TestKeeperReadsAgainWhatHasChangedAndNothingElse(t *testing.T) {
	db, ctx := pgtest.New(t), context.Background()
	k := resolve.NewKeeper(db, slog.Default())
	held := k.Register()
	refreshed := func() bool {
		t.Helper()
		if err := k.Refresh(ctx); err != nil {
			t.Fatal(err)
		}
		before := held
		held = k.Register()
		return held != before
	}
	save := func(tx *pg.Tx, licence string) error {
		_, err := retailer.Save(ctx, tx, []retailer.Retailer{{LicenceNo: retailer.LicenceNo(licence), Name: "兴旺超市", Status: retailer.Valid}})
		return err
	}
	exec := func(sql string) func() {
		return func() {
			in(t, db, func(tx *pg.Tx) error { _, err := tx.Exec(ctx, sql); return err })
		}
	}
	refreshed()
	for _, step := range []struct {
		what  string
		do    func()
		again bool
		shops int
	}{
		{"nothing", func() {}, false, 0},
		{"a shop while another transaction, that began before, is open", func() {
			in(t, db, func(tx *pg.Tx) error {
				if err := save(tx, "510104100001"); err != nil {
					return err
				}
				in(t, db, func(tx *pg.Tx) error { return save(tx, "510104100002") })
				if !refreshed() || held.Len() != 1 {
					t.Errorf("of the two shops %d are seen", held.Len())
				}
				return nil
			})
		}, true, 2},
		{"nothing again", func() {}, false, 2},
		{"a shop's name", exec(`update retailer set name = '利民超市' where licence_no = '510104100001'`), true, 2},
		{"a named place", exec(`insert into place (name, kind, lon, lat, source) values ('春熙路', 'road', 104, 30, 'x')`), true, 2},
		{"a shop that is gone", exec(`delete from retailer where licence_no = '510104100002'`), true, 1},
		{"nothing at the end", func() {}, false, 1},
	} {
		step.do()
		if got := refreshed(); got != step.again || held.Len() != step.shops {
			t.Errorf("%s: read again %v, %d shops; want %v, %d", step.what, got, held.Len(), step.again, step.shops)
		}
	}
}

func TestCheckOfAPlace(t *testing.T) {
	db, ctx := pgtest.New(t), context.Background()
	in(t, db, func(tx *pg.Tx) error {
		var id int64
		if err := tx.QueryRow(ctx, aTicket).Scan(&id); err != nil {
			return err
		}
		for _, question := range []string{"在哪条路上？", "again"} {
			if err := resolve.OpenCheck(ctx, tx, id, question); err != nil {
				return err
			}
		}
		list, err := resolve.OpenChecks(ctx, tx, "")
		if err != nil || len(list) != 1 || list[0].Question != "在哪条路上？" || list[0].DueAt.Sub(list[0].OpenedAt) != resolve.CheckWithin {
			t.Errorf("%+v, %v", list, err)
		}
		if other, err := resolve.OpenChecks(ctx, tx, "/u/"); err != nil || len(other) != 0 {
			t.Errorf("another branch sees %+v, %v", other, err)
		}
		if err := resolve.SettleCheck(ctx, tx, id, "confirmed", ""); err != nil {
			return err
		}
		if err := resolve.SettleCheck(ctx, tx, id, "confirmed", ""); !errors.Is(err, resolve.ErrNoCheck) {
			t.Errorf("settled twice: %v", err)
		}
		return nil
	})
}

func in(t *testing.T, db *pg.DB, fn func(tx *pg.Tx) error) {
	t.Helper()
	if err := db.InTx(context.Background(), fn); err != nil {
		t.Fatal(err)
	}
}
