package road

import (
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// street is a road of 2 km from west to east, and a detour of twice the length north of it.
func street() Net {
	return Net{
		Points: map[int64]orb.Point{1: {104, 30}, 2: {104.01, 30}, 3: {104.02, 30}, 4: {104, 30.01}, 5: {104.02, 30.01}},
		Ways: []Way{
			{ID: 10, Class: Residential, Name: "直街", Nodes: []int64{1, 2, 3}},
			{ID: 11, Class: Residential, Name: "绕行路", Nodes: []int64{1, 4, 5, 3}},
		},
	}
}

func save(t *testing.T, db *pg.DB, net Net) {
	t.Helper()
	g, err := Build(net)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.InTx(t.Context(), func(tx *pg.Tx) error { return Save(t.Context(), tx, g, "a street") }); err != nil {
		t.Fatal(err)
	}
}

func refreshed(t *testing.T, r *Roads) {
	t.Helper()
	if err := r.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// The roads are closed and opened while they are in use, with and without a hierarchy.
func TestClosuresChangeWays(t *testing.T) {
	db := pgtest.New(t)
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { return now }
	var org int64
	var branch string
	err := db.Pool.QueryRow(t.Context(), `insert into org (level, code, name) values ('province', '36', '省') returning id, path`).Scan(&org, &branch)
	if err != nil {
		t.Fatal(err)
	}
	r := NewRoads(db, slog.New(slog.DiscardHandler))
	west, east := orb.Point{104.0005, 30.0001}, orb.Point{104.0195, 30}
	if _, err := r.Travels(east, []orb.Point{west}); !errors.Is(err, ErrNoGraph) {
		t.Errorf("before the roads are there: %v", err)
	}
	refreshed(t, r)
	save(t, db, street())
	metres := func() float64 {
		t.Helper()
		refreshed(t, r)
		plain, err := r.Travels(east, []orb.Point{west, east})
		if err != nil {
			t.Fatal(err)
		}
		r.prepare(t.Context(), r.now.Load())
		prepared, err := r.Travels(east, []orb.Point{west, east})
		if err != nil || !slices.EqualFunc(plain, prepared, func(a, b Travel) bool { return a.Seconds == b.Seconds && a.Metres == b.Metres }) {
			t.Errorf("%+v when prepared, %+v before, error %v", prepared, plain, err)
		}
		way, err := r.Way(west, east)
		if err != nil || way.Seconds != plain[0].Seconds || way.Line[0] != west || way.Line[len(way.Line)-1] != east {
			t.Errorf("the way is %+v, error %v", way, err)
		}
		return float64(plain[0].Metres)
	}
	if m := metres(); m < 1800 || m > 1900 {
		t.Errorf("%.0f m along the street", m)
	}
	var c Closure
	shape, err := ClosureShape([]orb.Point{{104.005, 29.999}, {104.005, 30.001}})
	if err != nil {
		t.Fatal(err)
	}
	in := func(fn func(tx *pg.Tx) error) {
		t.Helper()
		if err := db.InTx(t.Context(), fn); err != nil {
			t.Fatal(err)
		}
	}
	in(func(tx *pg.Tx) (err error) {
		c, err = AddClosure(t.Context(), tx, branch, Closure{OrgID: org, Reason: "施工", Shape: shape, From: now, Until: now.Add(time.Hour), MadeBy: "person:1"})
		return err
	})
	if m := metres(); m < 4000 {
		t.Errorf("%.0f m although the street is closed", m)
	}
	in(func(tx *pg.Tx) (err error) {
		_, err = LiftClosure(t.Context(), tx, branch, c.ID, true)
		return err
	})
	if m := metres(); m > 1900 {
		t.Errorf("%.0f m although the street is open again", m)
	}
	in(func(tx *pg.Tx) error {
		if _, err := LiftClosure(t.Context(), tx, branch, c.ID, true); !errors.Is(err, ErrClosureLifted) {
			t.Errorf("lifted twice: %v", err)
		}
		if _, err := LiftClosure(t.Context(), tx, branch+"x/", c.ID, false); !errors.Is(err, ErrNoClosure) {
			t.Errorf("lifted by strangers: %v", err)
		}
		_, err := LiftClosure(t.Context(), tx, branch, c.ID, false)
		return err
	})
	if m := metres(); m < 4000 {
		t.Errorf("%.0f m although the lifting was taken back", m)
	}
	if list, err := Closures(t.Context(), db.Pool, now); err != nil || len(list) != 1 || list[0].Reason != "施工" || !orb.Equal(list[0].Shape, shape) {
		t.Errorf("%+v, %v", list, err)
	}
	now = now.Add(time.Hour)
	if m := metres(); m > 1900 {
		t.Errorf("%.0f m although the closure has run out", m)
	}
}

// A unit within closed roads gets out of them at the nearest open one.
func TestClosedArea(t *testing.T) {
	g, err := Build(street())
	if err != nil {
		t.Fatal(err)
	}
	area, err := ClosureShape([]orb.Point{{103.99, 29.99}, {104.0101, 29.99}, {104.0101, 30.005}, {103.99, 30.005}, {103.99, 29.99}})
	if err != nil {
		t.Fatal(err)
	}
	if lines := g.Lines(area); len(lines) != 3 {
		t.Errorf("the area closes %v", lines)
	}
	m := g.SecondsWithout(CarBasicV1(), 0, []orb.Geometry{area})
	s, err := m.Snap(orb.Point{104.001, 30})
	if err != nil || s.Way != 11 {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestFactorsForgetOutliersAndDistrustFew(t *testing.T) {
	town, village := orb.Point{104, 30}, orb.Point{105, 31}
	r := rand.New(rand.NewPCG(1, 1))
	var drives []Drive
	for i := range 400 {
		took := 100 * (1.8 + 0.2*r.Float64())
		if i%10 == 0 {
			took *= 3
		}
		drives = append(drives, Drive{To: town, RoadS: 100, TookS: took})
	}
	drives = append(drives, Drive{To: village, RoadS: 100, TookS: 50}, Drive{To: village, RoadS: 10, TookS: 500}, Drive{To: village, RoadS: 0, TookS: 5})
	f := Learn(drives)
	if v := f.At(town); v < 1.8 || v > 2 {
		t.Errorf("factor of the town %.2f", v)
	}
	if v := f.At(village); v < 1.5 || v > 1.8 {
		t.Errorf("factor of the village, of which one drive is known: %.2f", v)
	}
	if v := f.At(orb.Point{106, 33}); v < 1.8 || v > 2 {
		t.Errorf("factor of where nobody was %.2f", v)
	}
	if v := (Factors{}).At(town); v != 1 {
		t.Errorf("factor of nothing %.2f", v)
	}
}
