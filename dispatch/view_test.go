package dispatch_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/dispatch"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
	"jiujin/ticket"
	"jiujin/tracking"
)

func TestDuty(t *testing.T) {
	c := newCounty(t, 6)
	c.bring(t, ticket.Accepted) // units[0]
	c.report(t, 1)
	c.look(t) // asks units[1]
	if err := c.setService(c.dispatcher, c.units[2], false, "爆胎"); err != nil {
		t.Fatal(err)
	}
	c.exec(t, `delete from shift where unit_id = $1`, c.units[3])
	c.service.Positions.Remove(c.units[4])
	views, err := c.service.UnitViews(t.Context(), c.db.Pool, c.dispatcher.OrgPath, nil, c.db.Now())
	if err != nil || len(views) != 6 {
		t.Fatal(len(views), err)
	}
	want := []dispatch.Duty{
		dispatch.DutyCommitted, dispatch.DutyOffered, dispatch.DutyInRepair, dispatch.DutyOffShift, dispatch.DutyNoSignal, dispatch.DutyAvailable,
	}
	for i, v := range views {
		if v.ID != c.units[i] || v.Duty != want[i] || v.Squad != "361102-1" || (v.TicketID != nil) != (i == 0) || (v.OfferTicketID != nil) != (i == 1) ||
			(v.RepairReason == "爆胎") != (i == 2) || (v.Lon == nil) != (i == 4) || (v.SortieStatus == "accepted") != (i == 0) {
			t.Errorf("unit %d: %+v", i, v)
		}
	}
	if none, err := c.service.UnitViews(t.Context(), c.db.Pool, c.stranger.OrgPath, nil, c.db.Now()); err != nil || len(none) != 0 {
		t.Errorf("another county sees %d units, %v", len(none), err)
	}
	if _, err := c.service.UnitViewByID(t.Context(), c.db.Pool, c.stranger.OrgPath, c.units[0], c.db.Now()); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Errorf("another county finds the unit: %v", err)
	}
	c.pass(31 * time.Minute)
	if v, err := c.service.UnitViewByID(t.Context(), c.db.Pool, "", c.units[5], c.db.Now()); err != nil || v.Duty != dispatch.DutyNoSignal {
		t.Errorf("half an hour without a fix: %+v, %v", v, err)
	}
}

func TestTicketLists(t *testing.T) {
	c := newCounty(t, 1)
	first, second, third := c.report(t, 3), c.report(t, 1), c.report(t, 3)
	if _, err := c.act(c.dispatcher, third.ID, ticket.Step{Action: ticket.ActCancel, Reason: "重复"}); err != nil {
		t.Fatal(err)
	}
	ids := func(views []dispatch.TicketView, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out := []int64{}
		for _, v := range views {
			out = append(out, v.ID)
		}
		return fmt.Sprint(out)
	}
	branch, now := c.dispatcher.OrgPath, c.db.Now()
	if got, want := ids(c.service.OpenTickets(t.Context(), c.db.Pool, branch, now)), fmt.Sprint([]int64{second.ID, first.ID}); got != want {
		t.Errorf("open %s, want the urgent one first: %s", got, want)
	}
	for _, q := range []struct {
		branch, status, text string
		before               int64
		limit                int
		want                 []int64
	}{
		{branch, "all", "", 0, 10, []int64{third.ID, second.ID, first.ID}},
		{branch, "all", "", third.ID, 1, []int64{second.ID}},
		{branch, "open", "", 0, 10, []int64{second.ID, first.ID}},
		{branch, "closed", "", 0, 10, []int64{third.ID}},
		{branch, "cancelled", "", 0, 10, []int64{third.ID}},
		{branch, "on_scene", "", 0, 10, []int64{}},
		{branch, "all", first.Number[17:26], 0, 10, []int64{first.ID}},
		{branch, "all", "云溪路", 0, 10, []int64{third.ID, second.ID, first.ID}},
		{branch, "all", "%", 0, 10, []int64{}}, // a percent sign is a percent sign
		{c.stranger.OrgPath, "all", "", 0, 10, []int64{}},
	} {
		if got := ids(c.service.TicketPage(t.Context(), c.db.Pool, q.branch, q.status, q.text, q.before, q.limit, now)); got != fmt.Sprint(q.want) {
			t.Errorf("%+v: %s", q, got)
		}
	}
	if _, err := c.service.TicketViewByID(t.Context(), c.db.Pool, c.stranger.OrgPath, first.ID, now); !errors.Is(err, ticket.ErrNotFound) {
		t.Errorf("another county finds the ticket: %v", err)
	}
}

func TestEventsInScope(t *testing.T) {
	c := newCounty(t, 1)
	tk := c.report(t, 3)
	if err := c.setService(c.dispatcher, c.units[0], false, "爆胎"); err != nil {
		t.Fatal(err)
	}
	err := c.inTx(func(ctx context.Context, tx *pg.Tx) error {
		return dispatch.SetPolicy(ctx, tx, c.dispatcher, dispatch.Policy{Urgency: 3, Mode: "auto", OfferSeconds: 30, MaxOffers: 1, ETACapMin: 5})
	})
	if err != nil {
		t.Fatal(err)
	}
	read := func(branch string, after int64, limit int) string {
		t.Helper()
		events, err := dispatch.EventsAfter(t.Context(), c.db.Pool, branch, after, limit)
		if err != nil {
			t.Fatal(err)
		}
		types := []string{}
		for _, ev := range events {
			types = append(types, ev.Type)
			if ev.TicketID == tk.ID && ev.OrgPath != tk.OrgPath || !json.Valid(ev.Data) || ev.At.Location() != time.UTC {
				t.Errorf("%+v", ev)
			}
		}
		return strings.Join(types, " ")
	}
	for _, q := range []struct {
		branch string
		after  int64
		limit  int
		want   string
	}{
		{"", 0, 10, "ticket.registered ticket.triaged unit.out_of_service policy.changed"},
		{c.dispatcher.OrgPath, 0, 10, "ticket.registered ticket.triaged unit.out_of_service"},
		{c.dispatcher.OrgPath, 1, 1, "ticket.triaged"},
		{c.stranger.OrgPath, 0, 10, ""},
	} {
		if got := read(q.branch, q.after, q.limit); got != q.want {
			t.Errorf("%+v: %s", q, got)
		}
	}
}

func TestUnitsAndDevices(t *testing.T) {
	c := newCounty(t, 1)
	add := func(actor ticket.Actor, u dispatch.NewUnit) (id int64, err error) {
		err = c.inTx(func(ctx context.Context, tx *pg.Tx) (err error) {
			id, err = c.service.AddUnit(ctx, tx, actor, u)
			return err
		})
		return id, err
	}
	unit, err := add(c.dispatcher, dispatch.NewUnit{CallSign: "云溪77", OrgID: c.squad, Plate: "赣E00077", Crew: 3})
	if err != nil {
		t.Fatal(err)
	}
	if v, err := c.service.UnitViewByID(t.Context(), c.db.Pool, "", unit, c.db.Now()); err != nil || v.CallSign != "云溪77" || v.Crew != 3 || v.Duty != dispatch.DutyOffShift {
		t.Errorf("%+v, %v", v, err)
	}
	if _, err := add(c.dispatcher, dispatch.NewUnit{CallSign: "云溪77", OrgID: c.squad, Crew: 2}); pg.Constraint(err) != "unit_call_sign_unique" {
		t.Errorf("the call sign again: %v", err)
	}
	if _, err := add(c.stranger, dispatch.NewUnit{CallSign: "云溪78", OrgID: c.squad, Crew: 2}); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Errorf("another county's squad: %v", err)
	}
	device := func(actor ticket.Actor) (id int64, key string, err error) {
		err = c.inTx(func(ctx context.Context, tx *pg.Tx) (err error) {
			id, key, err = c.service.AddDevice(ctx, tx, actor, tracking.Device{UnitID: unit, Label: "车载", Datum: datum.GCJ02})
			return err
		})
		return id, key, err
	}
	id, key, err := device(c.dispatcher)
	if err != nil || id == 0 || !strings.HasPrefix(key, "jjd_") {
		t.Errorf("device %d, key %q, %v", id, key, err)
	}
	if found := c.tablesWith(t, key); len(found) != 0 {
		t.Errorf("the key is kept in %v", found)
	}
	if _, _, err := device(c.stranger); !errors.Is(err, dispatch.ErrUnitNotFound) {
		t.Errorf("another county's unit: %v", err)
	}
}

// tablesWith names the tables in which any row holds text.
func (c *county) tablesWith(t *testing.T, text string) (found []string) {
	t.Helper()
	rows, _ := c.db.Pool.Query(t.Context(), `select table_schema || '.' || table_name from information_schema.tables
		where table_type = 'BASE TABLE' and table_schema in ('public', 'vault') order by 1`)
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil || len(tables) < 20 {
		t.Fatal(tables, err)
	}
	for _, table := range tables {
		var n int
		if c.scan(t, &n, `select count(*) from `+table+` x where strpos(x::text, $1) > 0`, text); n > 0 {
			found = append(found, table)
		}
	}
	return found
}

// Dispatch has the words of the caller, for those who go, and never the caller.
func TestReporterIsUnknownToDispatch(t *testing.T) {
	c := newCounty(t, 2)
	markers := []string{"王秘密甲乙", "13987654321", "住在三楼左手"}
	point := scene
	var tk ticket.Ticket
	err := c.inTx(func(ctx context.Context, tx *pg.Tx) (err error) {
		tk, _, err = ticket.Open(ctx, tx, c.agent, ticket.Opening{
			Channel: "phone", Kind: ticket.Report, Subtype: "R03", Narrative: "店里卖假烟", Urgency: 1, Place: ticket.Place{Point: &point},
			Reporter: ticket.Reporter{Mode: "named", Name: markers[0], Phone: markers[1], Note: markers[2]},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	c.look(t)
	if err := c.decline(c.officer(c.units[0]), c.openOffer(t, tk.ID).ID, "conflict"); err != nil {
		t.Fatal(err)
	}
	c.look(t)
	shown := []any{c.officerState(t, c.units[1]), c.view(t, tk.ID)}
	if err := c.accept(c.officer(c.units[1]), c.openOffer(t, tk.ID).ID); err != nil {
		t.Fatal(err)
	}
	for _, action := range []ticket.Action{ticket.ActDepart, ticket.ActArrive, ticket.ActFinish} {
		if _, err := c.act(c.officer(c.units[1]), tk.ID, ticket.Step{Action: action, Outcome: "I01"}); err != nil {
			t.Fatal(err)
		}
	}
	events, err := dispatch.EventsAfter(t.Context(), c.db.Pool, "", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	page, err := c.service.OpenTickets(t.Context(), c.db.Pool, "", c.db.Now())
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(append(shown, c.officerState(t, c.units[1]), events, page))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Count(string(text), "店里卖假烟") != 2 {
		t.Error("the caller's words are for the officer's two cards alone")
	}
	for _, marker := range markers {
		if got := c.tablesWith(t, marker); fmt.Sprint(got) != "[vault.reporter]" {
			t.Errorf("%s is in %v", marker, got)
		}
		if strings.Contains(string(text), marker) {
			t.Errorf("%s is shown", marker)
		}
	}
}

func TestShopsAreCounted(t *testing.T) {
	c := newCounty(t, 1)
	var shop, quiet int64
	c.scan(t, &shop, `insert into retailer (licence_no, name) values ('361102100001', '老王烟酒') returning id`)
	c.scan(t, &quiet, `insert into retailer (licence_no, name) values ('361102100002', '老李烟酒') returning id`)
	point := orb.Point{scene[0], scene[1] + 0.001}
	place := ticket.Place{RetailerID: shop, RetailerName: "老王烟酒", Point: &point}
	var last ticket.Ticket
	for range 3 {
		last = c.report(t, 1)
		if _, err := c.act(c.agent, last.ID, ticket.Step{Action: ticket.ActAmend, Amend: &ticket.Amendment{Place: &place}}); err != nil {
			t.Fatal(err)
		}
		c.pass(100 * 24 * time.Hour)
	}
	cancelled := c.report(t, 1)
	for _, step := range []ticket.Step{{Action: ticket.ActAmend, Amend: &ticket.Amendment{Place: &place}}, {Action: ticket.ActCancel, Reason: "x"}} {
		if _, err := c.act(c.dispatcher, cancelled.ID, step); err != nil {
			t.Fatal(err)
		}
	}
	c.pass(66 * 24 * time.Hour) // the first is 366 days old
	got, err := dispatch.TicketCounts(t.Context(), c.db.Pool, []int64{shop, quiet}, c.db.Now())
	if err != nil || len(got) != 1 || got[shop] != (dispatch.TicketCount{Open: 3, Year: 2}) {
		t.Errorf("%+v, %v", got, err)
	}
	v := c.view(t, last.ID)
	if v.Retailer == nil || v.Retailer.LicenceNo != "361102100001" || v.Title != "老王烟酒" || v.PlaceQuality != "retailer" {
		t.Errorf("%+v", v)
	}
}
