package tracking

import (
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/internal/pg"
)

// TestManyAtOnceAreJudgedAsOneByOne compares one Enter of many records with an Enter for each.
func TestManyAtOnceAreJudgedAsOneByOne(t *testing.T) {
	dir := t.TempDir()
	runs := 0
	rapid.Check(t, func(t *rapid.T) {
		runs++
		now := noon
		db := &pg.DB{Now: func() time.Time { return now }}
		enter := func(name string, reports []Report, each int) (outcomes []Outcome, moved []Fix, store *Store) {
			spool, err := OpenLog(fmt.Sprintf("%s/%s%d", dir, name, runs), 1<<30)
			if err != nil {
				t.Fatal(err)
			}
			defer spool.close(ErrStopped)
			store = NewStore()
			in := NewIngestor(db, spool, store, DefaultRules(), func(fixes []Fix) { moved = append(moved, fixes...) }, slog.Default())
			outcomes = make([]Outcome, len(reports))
			for at := 0; at < len(reports); at += each {
				end := min(at+each, len(reports))
				if _, err := in.Enter(t.Context(), reports[at:end], outcomes[at:end]); err != nil {
					t.Fatal(err)
				}
			}
			return outcomes, moved, store
		}
		units := rapid.IntRange(1, 700).Draw(t, "units")
		reports := make([]Report, rapid.IntRange(1, 600).Draw(t, "records"))
		for i := range reports {
			id := int64(rapid.IntRange(1, units).Draw(t, "unit"))
			reports[i] = Report{
				&Device{ID: id, UnitID: id, Kind: "http"},
				RawFix{
					FixedAt: noon.Add(time.Duration(rapid.IntRange(-100, 400).Draw(t, "at")) * time.Second),
					Lon:     114 + rapid.SampledFrom([]float64{0, 0.0001, 0.0003, 0.5, 90}).Draw(t, "lon"), Lat: 30,
					SpeedKmh: Read(float64(rapid.IntRange(-1, 60).Draw(t, "speed"))), Source: "test",
					Ignition: rapid.SampledFrom([]State{Unsaid, On, Off}).Draw(t, "ignition"),
				},
			}
		}
		got, moved, store := enter("all", reports, len(reports))
		want, wantMoved, wantStore := enter("each", reports, 1)
		if !slices.Equal(got, want) {
			t.Fatalf("outcomes %v, one by one %v", got, want)
		}
		if a, b := byUnit(moved), byUnit(wantMoved); !slices.Equal(a, b) {
			t.Fatalf("moved %v, one by one %v", a, b)
		}
		for id := range int64(units + 1) {
			f, _ := store.Latest(id)
			if w, _ := wantStore.Latest(id); f != w {
				t.Fatalf("unit %d is at %+v, one by one %+v", id, f, w)
			}
		}
	})
}

// byUnit orders fixes by unit and leaves those of one in their order.
func byUnit(fixes []Fix) []Fix {
	slices.SortStableFunc(fixes, func(a, b Fix) int { return int(a.UnitID - b.UnitID) })
	return fixes
}
