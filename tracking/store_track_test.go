package tracking

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// put stores fixes as the intake does.
func put(t testing.TB, db *pg.DB, fixes ...Fix) {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := tx.CopyFrom(t.Context(), pgx.Identifier{"fix"},
			[]string{"unit_id", "device_id", "fixed_at", "received_at", "lon", "lat", "speed_kmh", "h3", "source", "engaged", "doubt", "content"},
			pgx.CopyFromSlice(len(fixes), func(i int) ([]any, error) {
				f := fixes[i]
				var engaged *bool
				if f.Engaged != Unsaid {
					on := f.Engaged == On
					engaged = &on
				}
				var doubt *string
				if f.Doubt != "" {
					reason := string(f.Doubt)
					doubt = &reason
				}
				return []any{f.UnitID, f.DeviceID, f.FixedAt, f.ReceivedAt, f.Point[0], f.Point[1], single(f.SpeedKmh), 0, f.Source, engaged, doubt, i}, nil
			}))
		if err != nil {
			return err
		}
		return markDue(t.Context(), tx, fixes)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// trip is fixes of a unit from a moment on, every ten seconds: five minutes at 20 m/s to the east, five minutes' halt,
// in turn. Every 50th is doubted.
func trip(unitID int64, from time.Time, span time.Duration) []Fix {
	p := orb.Point{114.3, 30.6}
	var fixes []Fix
	for at := from; at.Before(from.Add(span)); at = at.Add(10 * time.Second) {
		f := Fix{UnitID: unitID, DeviceID: 1, FixedAt: at, ReceivedAt: at.Add(time.Second), Point: p, Source: "jt808", SpeedKmh: Read(0)}
		if at.Sub(from)/(5*time.Minute)%2 == 0 {
			p[0] += 200.0 / 95_700
			f.SpeedKmh = Read(72)
		}
		if len(fixes)%50 == 49 {
			f.Point[1], f.Doubt = f.Point[1]+1, Jump
		}
		fixes = append(fixes, f)
	}
	return fixes
}

func lengthOf(fixes []Fix) (length geo.Metres) {
	for i := 1; i < len(fixes); i++ {
		length += geo.Distance(fixes[i-1].Point, fixes[i].Point)
	}
	return length
}

func readTrack(t testing.TB, db *pg.DB, unitID int64, from, to time.Time) Track {
	t.Helper()
	got, err := ReadTrack(t.Context(), db.Pool, unitID, from, to, nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func build(t testing.TB, db *pg.DB) int {
	t.Helper()
	n, err := (&TrackBuilder{DB: db}).Build(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// same tells whether two tracks say the same, up to the rounding of times and lengths in the database.
func same(a, b Track) bool {
	point := func(p, q TrackPoint) bool {
		return p.At.Equal(q.At) && p.Point == q.Point && math.Abs(p.SpeedKmh.Value-q.SpeedKmh.Value) < 1e-6 && p.Doubt == q.Doubt
	}
	stop := func(p, q Stop) bool {
		return p.From.Equal(q.From) && p.To.Equal(q.To) && geo.Distance(p.Point, q.Point) < 0.001
	}
	return slices.EqualFunc(a.Points, b.Points, point) && slices.EqualFunc(a.Stops, b.Stops, stop) &&
		slices.EqualFunc(a.Gaps, b.Gaps, func(p, q Span) bool { return p.From.Equal(q.From) && p.To.Equal(q.To) }) &&
		a.Fixes == b.Fixes && math.Abs(float64(a.Length-b.Length)) < 0.001 && a.Moving == b.Moving && a.TopKmh == b.TopKmh
}

// A track says the same before it is built, when it is built, when it is built once more, and while the present hour
// still goes on; a late fix is in it at once and in the hour that is kept soon.
func TestTracksAreBuiltAndRebuilt(t *testing.T) {
	d := newDesk(t)
	now := noon
	d.db.Now = func() time.Time { return now }
	unit := d.devices[0].UnitID
	if n := build(t, d.db); n != 0 {
		t.Fatalf("%d tracks of nothing", n)
	}
	fixes := trip(unit, noon.Add(5*time.Minute), 150*time.Minute)
	fixes = slices.Delete(fixes, 400, 500) // a silence over the end of an hour
	fixes[3].FixedAt = fixes[3].FixedAt.Add(123_456 * time.Microsecond)
	put(t, d.db, fixes...)
	from, to := noon, noon.Add(3*hour)
	first := readTrack(t, d.db, unit, from, to)
	sound := good(fixes)
	if first.Fixes != len(sound) || math.Abs(float64(first.Length-lengthOf(sound))) > 0.01 || len(first.Gaps) != 1 || len(first.Stops) < 10 {
		t.Fatalf("%d fixes, %.1f m, gaps %v, stops %v; want %d, %.1f", first.Fixes, first.Length, first.Gaps, first.Stops, len(sound), lengthOf(sound))
	}
	if n := len(first.Points); n > len(sound)/5 {
		t.Errorf("%d points are kept of %d", n, len(sound))
	}
	if n := build(t, d.db); n != 0 {
		t.Errorf("%d hours are built that go on", n)
	}
	now = noon.Add(2*hour + 10*time.Minute) // two hours are over, the third goes on
	for try, builtNow := range []int{2, 0} {
		if n := build(t, d.db); n != builtNow {
			t.Errorf("try %d: %d hours are built, want %d", try, n, builtNow)
		}
		if got := readTrack(t, d.db, unit, from, to); !same(got, first) {
			t.Errorf("try %d: built %+v\nfrom the fixes %+v", try, got, first)
		}
	}
	const rows = `SELECT string_agg((t.*)::text, E'\n' ORDER BY hour) FROM (SELECT unit_id, hour, ST_AsEWKT(geom), fixes, metres, moving_s, stops, gaps FROM track) t`
	before := value[string](t, d.db, rows)
	if _, err := d.db.Pool.Exec(t.Context(), `INSERT INTO track_due SELECT unit_id, hour FROM track`); err != nil {
		t.Fatal(err)
	}
	if n := build(t, d.db); n != 2 || value[string](t, d.db, rows) != before {
		t.Errorf("built once more, %d tracks are others", n)
	}

	late := Fix{UnitID: unit, DeviceID: 1, FixedAt: noon.Add(2 * time.Minute), ReceivedAt: now, Point: orb.Point{114.29, 30.6}, Source: "jt808"}
	put(t, d.db, late, late)
	for _, want := range []int{1, 0} {
		got := readTrack(t, d.db, unit, from, to)
		if got.Fixes != first.Fixes+2 || !got.Points[0].At.Equal(late.FixedAt) {
			t.Errorf("with a late fix %d fixes from %s on", got.Fixes, got.Points[0].At)
		}
		if n := build(t, d.db); n != want {
			t.Errorf("%d hours are built after a late fix, want %d", n, want)
		}
	}
}

// Parts of hours are right to the fix; the fixes gone, they are cut out of what is kept. Raw has every fix.
func TestPartsOfTracksAndRaw(t *testing.T) {
	d := newDesk(t)
	now := noon
	d.db.Now = func() time.Time { return now }
	unit := d.devices[0].UnitID
	build(t, d.db)
	fixes := trip(unit, noon, 2*hour)
	put(t, d.db, fixes...)
	from, to := noon.Add(17*time.Minute), noon.Add(83*time.Minute)
	inside := slices.DeleteFunc(slices.Clone(fixes), func(f Fix) bool { return f.FixedAt.Before(from) || !f.FixedAt.Before(to) })
	now = noon.Add(3 * hour)
	if n := build(t, d.db); n != 2 {
		t.Fatalf("%d hours are built", n)
	}
	got := readTrack(t, d.db, unit, from, to)
	if got.Fixes != len(good(inside)) || math.Abs(float64(got.Length-lengthOf(good(inside)))) > 0.01 {
		t.Errorf("a part has %d fixes, %.1f m; want %d, %.1f", got.Fixes, got.Length, len(good(inside)), lengthOf(good(inside)))
	}
	raw, err := ReadRaw(t.Context(), d.db.Pool, unit, from, to, nil)
	if err != nil || len(raw.Points) != len(inside) || raw.Fixes != got.Fixes || raw.Length != got.Length {
		t.Fatalf("raw has %d points, %d good, %.1f m, %v", len(raw.Points), raw.Fixes, raw.Length, err)
	}
	for i, p := range raw.Points {
		if f := inside[i]; !p.At.Equal(f.FixedAt) || p.Point != f.Point || p.SpeedKmh != f.SpeedKmh || p.Doubt != f.Doubt {
			t.Fatalf("point %d is %+v, stored %+v", i, p, f)
		}
	}
	hidden, err := ReadRaw(t.Context(), d.db.Pool, unit, from, to, func(f *Fix) bool { return f.SpeedKmh.Value > 0 })
	if err != nil || len(hidden.Points) == 0 || len(hidden.Points) == len(raw.Points) {
		t.Errorf("with some fixes hidden %d points of %d, %v", len(hidden.Points), len(raw.Points), err)
	}
	if _, err := d.db.Pool.Exec(t.Context(), `DELETE FROM fix`); err != nil {
		t.Fatal(err)
	}
	cut := readTrack(t, d.db, unit, from, to)
	if len(cut.Points) == 0 || cut.Points[0].At.Before(from) || !cut.Points[len(cut.Points)-1].At.Before(to) ||
		cut.Length > got.Length || cut.Length < got.Length/2 || len(cut.Stops) < len(got.Stops)-1 {
		t.Errorf("without the fixes %.1f m, stops %v; with them %.1f m, %v", cut.Length, cut.Stops, got.Length, got.Stops)
	}
	if whole := readTrack(t, d.db, unit, noon, noon.Add(2*hour)); math.Abs(float64(whole.Length-lengthOf(good(fixes)))) > 0.01 {
		t.Errorf("the whole is %.1f m, want %.1f", whole.Length, lengthOf(good(fixes)))
	}
}

// What may not be shown is not kept either.
func TestBuilderLeavesOutWhatIsNotShown(t *testing.T) {
	d := newDesk(t)
	now := noon
	d.db.Now = func() time.Time { return now }
	build(t, d.db)
	put(t, d.db, append(trip(d.devices[0].UnitID, noon, hour), trip(d.devices[1].UnitID, noon, hour)...)...)
	now = noon.Add(2 * hour)
	b := &TrackBuilder{DB: d.db, Shown: func(_ context.Context, _ pg.Queryer, ids []int64, from, to time.Time) (func(*Fix) bool, error) {
		if len(ids) != 2 || !from.Equal(noon) || !to.Equal(noon.Add(hour)) {
			t.Errorf("asked for %v, %s, %s", ids, from, to)
		}
		return func(f *Fix) bool { return f.UnitID == d.devices[0].UnitID }, nil
	}}
	if _, err := b.Build(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n, id := value[int](t, d.db, `SELECT count(*) FROM track`), value[int64](t, d.db, `SELECT min(unit_id) FROM track`); n != 1 || id != d.devices[0].UnitID {
		t.Errorf("%d tracks, the first of unit %d", n, id)
	}
}

// The day whose time has come is dropped, with the old rows elsewhere, and nothing else; one with tracks to build waits.
func TestDropOld(t *testing.T) {
	d := newDesk(t)
	now := noon
	d.db.Now = func() time.Time { return now }
	unit := d.devices[0].UnitID
	if err := EnsurePartitions(t.Context(), d.db, noon); err != nil {
		t.Fatal(err)
	}
	build(t, d.db)
	put(t, d.db, trip(unit, noon, hour)...)
	put(t, d.db, trip(unit, noon.Add(day), hour)...)
	put(t, d.db, trip(unit, noon.Add(-20*day), hour)...) // of a day without a partition
	err := d.db.InTx(t.Context(), func(tx *pg.Tx) error {
		return saveRefused(t.Context(), tx, []refused{{fix: Fix{ReceivedAt: noon}, raw: "{}"}, {fix: Fix{ReceivedAt: noon.Add(20 * day)}, raw: "{}"}})
	})
	if err != nil {
		t.Fatal(err)
	}
	drop := func(want ...string) {
		t.Helper()
		days, err := DropOld(t.Context(), d.db, Keep{Fixes: 31 * day, Tracks: 60 * day}, now)
		if err != nil || !slices.Equal(days, want) {
			t.Errorf("dropped %v, %v; want %v", days, err, want)
		}
	}
	now = noon.Add(day)
	build(t, d.db)
	drop()
	now = noon.Add(32 * day)
	drop("2026-11-21", "2026-11-22")
	if n := value[int](t, d.db, `SELECT count(*) FROM fix`); n != 360 {
		t.Errorf("%d fixes are left, want those of one day", n)
	}
	if table := value[*string](t, d.db, `SELECT to_regclass('fix_20261122')::text`); table != nil {
		t.Error("the day is still there")
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM refused_fix`); n != 1 {
		t.Errorf("%d refused fixes, want the newer one", n)
	}
	now = noon.Add(33 * day)
	drop() // nobody has looked through the 23rd yet
	build(t, d.db)
	if _, err := d.db.Pool.Exec(t.Context(), `INSERT INTO track_due VALUES ($1, $2)`, unit, noon.Add(day)); err != nil {
		t.Fatal(err)
	}
	drop() // its track is to be built anew
	build(t, d.db)
	drop("2026-11-23")
	for _, from := range []time.Time{noon.Add(-20 * day), noon, noon.Add(day)} {
		if got := readTrack(t, d.db, unit, from, from.Add(hour)); got.Fixes == 0 || len(got.Points) == 0 {
			t.Errorf("the track of %s went with its fixes", from)
		}
	}
	now = noon.Add(60*day + 2*hour)
	if _, err := DropOld(t.Context(), d.db, Keep{Tracks: 60 * day}, now); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM track`); n != 1 {
		t.Errorf("%d tracks after two months, want one", n)
	}
	put(t, d.db, trip(unit, noon, time.Minute)...) // the intake goes on where the days were
}
