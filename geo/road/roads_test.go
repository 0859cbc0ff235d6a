package road

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// told hands on what is logged.
type told chan string

func (c told) Enabled(context.Context, slog.Level) bool      { return true }
func (c told) Handle(_ context.Context, r slog.Record) error { c <- r.Message; return nil }
func (c told) WithAttrs([]slog.Attr) slog.Handler            { return c }
func (c told) WithGroup(string) slog.Handler                 { return c }
func (c told) until(t *testing.T, message string) {
	t.Helper()
	for m := range c {
		if m == message {
			return
		}
	}
}

// While a hierarchy is made closures count, and the hierarchy of roads that have changed since is not put to use.
func TestClosureWhileAHierarchyIsMade(t *testing.T) {
	db := pgtest.New(t)
	now := time.Date(2026, 11, 22, 3, 0, 0, 0, time.UTC)
	db.Now = func() time.Time { return now }
	var org int64
	var branch string
	err := db.Pool.QueryRow(t.Context(), `insert into org (level, code, name) values ('province', '36', '省') returning id, path`).Scan(&org, &branch)
	if err != nil {
		t.Fatal(err)
	}
	save(t, db, street())
	log := make(told, 100)
	r := NewRoads(db, slog.New(log))
	r.Look = time.Hour
	ready, goOn := make(chan struct{}), make(chan struct{})
	r.Prepared = func() { ready <- struct{}{}; <-goOn }
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- r.Run(ctx) }()
	<-ready // and is held there, as if it took long
	west, east := orb.Point{104.0005, 30.0001}, orb.Point{104.0195, 30}
	metres := func() float64 {
		t.Helper()
		got, err := r.Travels(east, []orb.Point{west})
		if err != nil {
			t.Fatal(err)
		}
		return float64(got[0].Metres)
	}
	if m := metres(); m > 1900 {
		t.Errorf("%.0f m before the closure", m)
	}
	old := r.now.Load()
	shape, err := ClosureShape([]orb.Point{{104.005, 29.999}, {104.005, 30.001}})
	if err != nil {
		t.Fatal(err)
	}
	err = db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := AddClosure(t.Context(), tx, branch, Closure{OrgID: org, Reason: "施工", Shape: shape, From: now, MadeBy: "person:1"})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	log.until(t, "roads prepared")
	r.Changed()
	log.until(t, "roads in use")
	if m := metres(); m < 4000 {
		t.Errorf("%.0f m although the street is closed", m)
	}
	goOn <- struct{}{}
	<-ready // that of the closed street
	r.prepare(t.Context(), old)
	if m := metres(); m < 4000 {
		t.Errorf("%.0f m after a hierarchy of the open street came late", m)
	}
	goOn <- struct{}{}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
