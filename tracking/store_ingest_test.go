package tracking

import (
	"context"
	"log/slog"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// desk is an Ingestor at work on a database with three units.
type desk struct {
	db      *pg.DB
	store   *Store
	in      *Ingestor
	rules   Rules
	dir     string   // of the spool
	devices []Device // one for each unit

	mu    sync.Mutex
	shown []Fix // what onFix was given

	stop context.CancelFunc
	done chan error
}

func newDesk(t testing.TB) *desk {
	t.Helper()
	d := &desk{db: pgtest.New(t), store: NewStore()}
	d.db.Now = func() time.Time { return noon }
	var org int64
	if err := d.db.Pool.QueryRow(t.Context(), `
		INSERT INTO org (level, code, name) VALUES ('province', '42', '云溪省局') RETURNING id`).Scan(&org); err != nil {
		t.Fatal(err)
	}
	for _, sign := range []string{"云溪01", "云溪02", "云溪03"} {
		var unitID int64
		if err := d.db.Pool.QueryRow(t.Context(), `
			INSERT INTO unit (org_id, call_sign) VALUES ($1, $2) RETURNING id`, org, sign).Scan(&unitID); err != nil {
			t.Fatal(err)
		}
		id, _, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: unitID, Label: sign})
		if err != nil {
			t.Fatal(err)
		}
		d.devices = append(d.devices, Device{ID: id, UnitID: unitID, Label: sign})
	}
	rules := DefaultRules()
	rules.Region = hubei
	d.rules, d.dir = rules, t.TempDir()
	d.open(t, 1<<30)
	return d
}

// open makes the Ingestor over the spool's folder, as a start does.
func (d *desk) open(t testing.TB, maxBytes int64) {
	t.Helper()
	spool, err := OpenLog(d.dir, maxBytes)
	if err != nil {
		t.Fatal(err)
	}
	d.store = NewStore()
	d.in = NewIngestor(d.db, spool, d.store, d.rules, func(fixes []Fix) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.shown = append(d.shown, fixes...)
	}, quiet)
	if _, err := d.in.Rebuild(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// flush waits until everything is in the history.
func (d *desk) flush(t testing.TB) {
	t.Helper()
	if err := d.in.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// run starts the Ingestor; it ends with the test.
func (d *desk) run(t testing.TB) *desk {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	d.stop, d.done = stop, make(chan error, 1)
	in, done := d.in, d.done
	go func() { done <- in.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		<-in.done
	})
	return d
}

func (d *desk) submit(t *testing.T, dev Device, raws ...RawFix) []Outcome {
	t.Helper()
	outcomes, err := d.in.Submit(t.Context(), dev, raws)
	if err != nil {
		t.Fatal(err)
	}
	return outcomes
}

func statuses(outcomes []Outcome) (list []Status) {
	for _, o := range outcomes {
		list = append(list, o.Status)
	}
	return list
}

func want(t *testing.T, outcomes []Outcome, statusWanted ...Status) {
	t.Helper()
	if got := statuses(outcomes); !slices.Equal(got, statusWanted) {
		t.Fatalf("outcomes %v, want %v", outcomes, statusWanted)
	}
}

// value is the one value that a query gives.
func value[T any](t *testing.T, db *pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.Pool.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func (d *desk) history(t *testing.T) int {
	t.Helper()
	d.flush(t)
	return value[int](t, d.db, `SELECT count(*) FROM fix`)
}

// drive is n fixes of a unit on its way east, a second apart, ending at noon.
func drive(n int) []RawFix {
	raws := make([]RawFix, n)
	for i := range raws {
		raws[i] = rawAt(orb.Point{114.3 + 0.0001*float64(i), 30.6}, noon.Add(time.Duration(i-n+1)*time.Second))
		raws[i].SpeedKmh = Read(34.5)
	}
	return raws
}

func TestSubmitStores(t *testing.T) {
	d := newDesk(t).run(t)
	raw := drive(1)[0]
	raw.AccuracyM = Read(0)
	want(t, d.submit(t, d.devices[0], raw), Stored)
	d.flush(t)
	rows, err := d.db.Pool.Query(t.Context(), `SELECT `+fixColumns+` FROM fix`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectExactlyOneRow(rows, scanFix)
	if err != nil {
		t.Fatal(err)
	}
	cell, _ := geo.CellAt(orb.Point{114.3, 30.6}, geo.StoreRes)
	expected := Fix{
		UnitID: d.devices[0].UnitID, DeviceID: d.devices[0].ID, FixedAt: noon, ReceivedAt: noon, Point: orb.Point{114.3, 30.6},
		AccuracyM: Read(0), SpeedKmh: Read(34.5), Cell: cell, Source: "test",
	}
	if got != expected {
		t.Errorf("stored %+v, want %+v", got, expected)
	}
	if latest, _ := d.store.Latest(expected.UnitID); latest != expected {
		t.Errorf("live %+v, want %+v", latest, expected)
	}
	if len(d.shown) != 1 || d.shown[0] != expected {
		t.Errorf("shown %+v", d.shown)
	}
	if got := d.submit(t, d.devices[0]); got != nil {
		t.Errorf("nothing sent: %v", got)
	}
}

func TestResendIsHarmless(t *testing.T) {
	d := newDesk(t).run(t)
	raws := drive(20)
	want(t, d.submit(t, d.devices[0], raws...), slices.Repeat([]Status{Stored}, 20)...)
	want(t, d.submit(t, d.devices[0], raws...), append(slices.Repeat([]Status{Stored}, 19), Duplicate)...)
	if n := d.history(t); n != 20 {
		t.Errorf("%d fixes in the history, want 20", n)
	}
	if len(d.shown) != 20 {
		t.Errorf("%d fixes were shown, want 20", len(d.shown))
	}
	counts := d.in.Counts()
	if counts.Stored != 39 || counts.Duplicate != 1 || len(counts.Refused) != 0 {
		t.Errorf("counts %+v", counts)
	}
	d.checkTable(t)
}

// Two fixes of the same time and different content are both kept; a repetition
// of either is dropped.
func TestDuplicatesWithinABatch(t *testing.T) {
	d := newDesk(t)
	raws := drive(3)
	other := raws[1]
	other.Lon += 0.001
	other.FixedAt = other.FixedAt.Add(300 * time.Nanosecond) // the same microsecond
	results := make(chan error, 2)
	for range 2 {
		go func() {
			_, err := d.in.Submit(t.Context(), d.devices[0], []RawFix{raws[0], raws[1], other, raws[2], raws[2]})
			results <- err
		}()
	}
	d.run(t)
	for range 2 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if n := d.history(t); n != 4 {
		t.Errorf("%d fixes in the history, want 4", n)
	}
	d.checkTable(t)
}

func TestRefusedFixesAreKept(t *testing.T) {
	d := newDesk(t).run(t)
	raws := drive(4)
	raws[0].Lon = math.NaN()
	raws[1].Lon, raws[1].Lat = 0, 0
	raws[2].FixedAt = time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC)
	raws[2].Source = "bad\x00\xff"
	outcomes := d.submit(t, d.devices[0], raws...)
	want(t, outcomes, Refused, Refused, Refused, Stored)
	if o := outcomes[0]; o.Reason != Invalid || o.Field != "lon" || o.Detail == "" {
		t.Errorf("outcome %+v", o)
	}
	d.flush(t)
	type kept struct {
		Reason, Detail, Lon, Source string
		DeviceID, UnitID            int64
	}
	rows, err := d.db.Pool.Query(t.Context(), `
		SELECT reason, detail, raw->>'lon', raw->>'source', device_id, unit_id FROM refused_fix ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowToStructByPos[kept])
	if err != nil {
		t.Fatal(err)
	}
	expected := []kept{
		{"invalid", outcomes[0].Detail, "NaN", "test", d.devices[0].ID, d.devices[0].UnitID},
		{"zero_point", outcomes[1].Detail, "0", "test", d.devices[0].ID, d.devices[0].UnitID},
		{"future", outcomes[2].Detail, "114.3002", "bad�", d.devices[0].ID, d.devices[0].UnitID},
	}
	if !slices.Equal(got, expected) {
		t.Errorf("kept %+v, want %+v", got, expected)
	}
	if counts := d.in.Counts(); counts.Refused[ZeroPoint] != 1 || counts.Refused[Future] != 1 || counts.Stored != 1 {
		t.Errorf("counts %+v", counts)
	}
	want(t, d.submit(t, Device{}, raws[3]), Refused)
	d.flush(t)
	if n := value[int](t, d.db, `SELECT count(*) FROM refused_fix WHERE device_id IS NULL AND reason = 'unknown_device'`); n != 1 {
		t.Errorf("%d fixes of an unknown device were kept", n)
	}
}

func TestOlderFixGoesToHistoryOnly(t *testing.T) {
	d := newDesk(t).run(t)
	raws := drive(3)
	want(t, d.submit(t, d.devices[0], raws[2]), Stored)
	want(t, d.submit(t, d.devices[0], raws[0], raws[1]), Stored, Stored)
	if n := d.history(t); n != 3 {
		t.Errorf("%d fixes in the history, want 3", n)
	}
	latest, _ := d.store.Latest(d.devices[0].UnitID)
	if !latest.FixedAt.Equal(noon) || len(d.shown) != 1 {
		t.Errorf("latest %+v, %d shown", latest, len(d.shown))
	}
	d.checkTable(t)
}

func TestJumpIsBelievedTheSecondTime(t *testing.T) {
	d := newDesk(t).run(t)
	there := func(lon float64, seconds int) RawFix {
		return rawAt(orb.Point{lon, 30.6}, noon.Add(time.Duration(seconds)*time.Second))
	}
	want(t, d.submit(t, d.devices[0], there(114.3, 0)), Stored)
	// One stray fix, resent, confirms nothing; back at the old place the hold ends.
	want(t, d.submit(t, d.devices[0], there(114.9, 10), there(114.9, 10), there(114.3, 20), there(114.9, 30)),
		Doubted, Doubted, Stored, Doubted)
	// Two that contradict each other are doubted, the third agrees with the second.
	want(t, d.submit(t, d.devices[0], there(115.9, 40), there(115.901, 50), there(115.902, 60)), Doubted, Stored, Stored)
	if latest, _ := d.store.Latest(d.devices[0].UnitID); latest.Point[0] != 115.902 {
		t.Errorf("latest %+v", latest)
	}
}

// A burst of bad fixes within seconds does not confirm itself.
func TestBurstOfJumpsIsNotBelieved(t *testing.T) {
	d := newDesk(t).run(t)
	there := func(lon float64, seconds int) RawFix {
		return rawAt(orb.Point{lon, 30.6}, noon.Add(time.Duration(seconds)*time.Second))
	}
	want(t, d.submit(t, d.devices[0], there(114.3, 0)), Stored)
	want(t, d.submit(t, d.devices[0], there(115.5, 1), there(115.5, 2), there(115.5, 9), there(115.5, 11)),
		Doubted, Doubted, Doubted, Stored)
}

// checkTable compares the Store with what Load makes of the history.
func (d *desk) checkTable(t *testing.T) {
	t.Helper()
	d.flush(t)
	fresh := NewStore()
	if err := Load(t.Context(), d.db.Pool, fresh); err != nil {
		t.Fatal(err)
	}
	if got, live := content(fresh), content(d.store); !maps.Equal(got, live) {
		t.Errorf("the history gives %+v, the store has %+v", got, live)
	}
}

func content(s *Store) map[int64]Fix {
	m := make(map[int64]Fix)
	s.All(func(f Fix) { m[f.UnitID] = f })
	return m
}

// Many devices at once, each resending at random: every fix is stored exactly
// once, the table holds the newest of each unit, and so does the Store.
func TestManyDevicesAtOnce(t *testing.T) {
	d := newDesk(t).run(t)
	const n = 300
	var all sync.WaitGroup
	var mu sync.Mutex
	stored := 0
	for worker := range 9 {
		all.Go(func() {
			random := rand.New(rand.NewPCG(uint64(worker), 1))
			raws := drive(n)
			for at := 0; at < n; {
				size := min(1+random.IntN(40), n-at)
				from := max(0, at-random.IntN(10))
				outcomes, err := d.in.Submit(t.Context(), d.devices[worker%3], raws[from:at+size])
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				for _, o := range outcomes {
					switch o.Status {
					case Stored:
						stored++
					case Refused:
						t.Errorf("refused: %+v", o)
					}
				}
				mu.Unlock()
				at += size
			}
		})
	}
	all.Wait()
	if rows := d.history(t); rows != 3*n || stored < 3*n {
		t.Errorf("%d rows, %d acknowledged as stored, want %d", rows, stored, 3*n)
	}
	d.checkTable(t)
}

var quiet = slog.New(slog.DiscardHandler)
