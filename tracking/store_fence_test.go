package tracking

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// yard is a database with two counties, a unit in each, and fences that are watched.
type yard struct {
	db         *pg.DB
	positions  *Store
	fences     *Fences
	told       chan []FenceEvent
	orgs       [2]int64
	paths      [2]string
	units      [2]int64
	fence      int64
	clock      time.Time
	stopFences func()
}

func newYard(t *testing.T) *yard {
	t.Helper()
	y := &yard{db: pgtest.New(t), positions: NewStore(), told: make(chan []FenceEvent, 100), clock: time.Date(2026, 11, 22, 1, 0, 0, 0, time.UTC)}
	var root int64
	scan := func(to any, sql string, args ...any) {
		t.Helper()
		if err := y.db.Pool.QueryRow(t.Context(), sql, args...).Scan(to); err != nil {
			t.Fatal(err)
		}
	}
	scan(&root, `INSERT INTO org (level, code, name) VALUES ('province', '36', '省') RETURNING id`)
	for i, code := range []string{"c", "d"} {
		scan(&y.orgs[i], `INSERT INTO org (parent_id, level, code, name) VALUES ($1, 'county', $2, $2) RETURNING id`, root, code)
		scan(&y.paths[i], `SELECT path FROM org WHERE id = $1`, y.orgs[i])
		scan(&y.units[i], `INSERT INTO unit (org_id, call_sign) VALUES ($1, $2) RETURNING id`, y.orgs[i], "U"+code)
	}
	y.fence = y.add(t, Fence{Name: "market", OrgID: y.orgs[0], Centre: market, Radius: 300, Plain: true})
	y.watch(t)
	return y
}

func (y *yard) add(t *testing.T, f Fence) (id int64) {
	t.Helper()
	err := y.db.InTx(t.Context(), func(tx *pg.Tx) (err error) {
		id, err = AddFence(t.Context(), tx, "", f)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// watch starts anew, as after a restart, and returns when the fences have been read.
func (y *yard) watch(t *testing.T) {
	t.Helper()
	if y.stopFences != nil {
		y.stopFences()
	}
	y.fences = NewFences(y.db, y.positions, slog.New(slog.DiscardHandler), func(e []FenceEvent) { y.told <- e })
	if err := y.fences.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error)
	fences := y.fences
	go func() { ended <- fences.Run(ctx) }()
	stopped := false
	y.stopFences = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(y.stopFences)
}

// fix moves a unit, ten seconds after the fix before.
func (y *yard) fix(unit int64, p orb.Point) {
	y.clock = y.clock.Add(10 * time.Second)
	f := Fix{UnitID: unit, FixedAt: y.clock, ReceivedAt: y.clock, Point: p}
	if y.positions.Update(f) {
		y.fences.OnFix([]Fix{f})
	}
}

func (y *yard) kinds(t *testing.T, branch string) []FenceEventKind {
	t.Helper()
	list, err := FenceEvents(t.Context(), y.db.Pool, branch, y.fence, y.clock.Add(-time.Hour), y.clock.Add(time.Hour), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	kinds := []FenceEventKind{}
	for _, e := range list {
		kinds = append(kinds, e.Kind)
	}
	return kinds
}

// A visit is told once, after it is in the database, to those who may see the unit; units of other branches make none.
func TestVisitsAreKeptAndTold(t *testing.T) {
	y := newYard(t)
	for _, p := range []orb.Point{away(market, 900, 0), market, away(market, 50, 0), away(market, 900, 0)} {
		y.fix(y.units[0], p)
		y.fix(y.units[1], p)
	}
	var told []FenceEvent
	for len(told) < 2 {
		told = append(told, <-y.told...)
	}
	if told[0].Kind != FenceEnter || told[1].Kind != FenceExit || told[0].CallSign != "Uc" || told[0].Fence != "market" ||
		told[0].OrgPath != y.paths[0] || !told[0].At.Equal(y.clock.Add(-50*time.Second)) {
		t.Errorf("%+v", told)
	}
	if kinds := y.kinds(t, y.paths[0]); !slices.Equal(kinds, []FenceEventKind{FenceEnter, FenceExit}) {
		t.Errorf("kept %v", kinds)
	}
	_, err := FenceEvents(t.Context(), y.db.Pool, y.paths[1], y.fence, y.clock.Add(-time.Hour), y.clock, 0, 10)
	if !errors.Is(err, ErrNoFence) {
		t.Errorf("the next county: %v", err)
	}
}

// After a restart a unit stands where the last event put it: what it did meanwhile is told by its next fix, once.
func TestRestartGoesOnFromTheLastEvent(t *testing.T) {
	y := newYard(t)
	y.fix(y.units[0], away(market, 900, 0))
	y.fix(y.units[0], market)
	<-y.told
	y.watch(t)
	y.fix(y.units[0], away(market, 20, 0)) // still there
	y.fix(y.units[0], away(market, 900, 0))
	if e := <-y.told; len(e) != 1 || e[0].Kind != FenceExit {
		t.Errorf("%+v", e)
	}
	y.watch(t)
	y.fix(y.units[0], market)
	if e := <-y.told; len(e) != 1 || e[0].Kind != FenceEnter {
		t.Errorf("%+v", e)
	}
	if kinds := y.kinds(t, ""); !slices.Equal(kinds, []FenceEventKind{FenceEnter, FenceExit, FenceEnter}) {
		t.Errorf("kept %v", kinds)
	}
}

// A unit that is in a fence when the fence is made, or when it is first seen, has not entered; it can leave.
func TestFirstSightIsNoEvent(t *testing.T) {
	y := newYard(t)
	y.fix(y.units[0], market) // the first fix of all
	second := y.add(t, Fence{Name: "hall", OrgID: y.orgs[0], Centre: market, Radius: 100, Plain: true})
	if err := y.fences.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	y.fix(y.units[0], away(market, 150, 0)) // out of the hall, still at the market
	if e := <-y.told; len(e) != 1 || e[0].Kind != FenceExit || e[0].FenceID != second {
		t.Errorf("%+v", e)
	}
	if kinds := y.kinds(t, ""); len(kinds) != 0 {
		t.Errorf("at the market: %v", kinds)
	}
}

// A fence that changes or ends forgets who is in it; its events stay.
func TestChangedFenceStartsAnew(t *testing.T) {
	y := newYard(t)
	y.fix(y.units[0], away(market, 900, 0))
	y.fix(y.units[0], market)
	<-y.told
	change := func(fn func(tx *pg.Tx) error) {
		t.Helper()
		if err := y.db.InTx(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
		if err := y.fences.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	change(func(tx *pg.Tx) error {
		return SetFence(t.Context(), tx, y.paths[0], Fence{ID: y.fence, Name: "market", Centre: market, Radius: 2000, Plain: true})
	})
	y.fix(y.units[0], away(market, 900, 0)) // within the wider one
	y.fix(y.units[0], away(market, 9000, 0))
	if e := <-y.told; len(e) != 1 || e[0].Kind != FenceExit {
		t.Errorf("%+v", e)
	}
	change(func(tx *pg.Tx) error { return RetireFence(t.Context(), tx, y.paths[0], y.fence) })
	y.fix(y.units[0], market)
	if kinds := y.kinds(t, ""); !slices.Equal(kinds, []FenceEventKind{FenceEnter, FenceExit}) {
		t.Errorf("%v", kinds)
	}
	err := y.db.InTx(t.Context(), func(tx *pg.Tx) error { return RetireFence(t.Context(), tx, y.paths[0], y.fence) })
	if !errors.Is(err, ErrNoFence) {
		t.Errorf("retired twice: %v", err)
	}
}

// An event that is written twice, by two nodes or after a lost answer, is one row.
func TestFenceEventIsKeptOnce(t *testing.T) {
	y := newYard(t)
	e := []FenceEvent{{FenceID: y.fence, UnitID: y.units[0], At: y.clock, Kind: FenceEnter, Lon: 114, Lat: 30}}
	first, err := saveFenceEvents(t.Context(), y.db, e)
	if err != nil || len(first) != 1 {
		t.Fatal(first, err)
	}
	if again, err := saveFenceEvents(t.Context(), y.db, e); err != nil || len(again) != 0 {
		t.Errorf("%v %v", again, err)
	}
}
