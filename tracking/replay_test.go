package tracking

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
)

// drawn is the next message of a device: parked and drifting, driving, far off,
// late, or what it sent before.
func drawn(rt *rapid.T, from orb.Point, at time.Time) RawFix {
	raw := rawAt(from, at)
	switch rapid.SampledFrom([]string{"parked", "parked", "parked", "slow", "drives", "far", "late", "again"}).Draw(rt, "what") {
	case "parked":
		raw.Ignition, raw.SpeedKmh = Off, Read(0)
		p := sideways(from, rapid.Float64Range(0, 360).Draw(rt, "bearing"), geo.Metres(rapid.Float64Range(0, 45).Draw(rt, "metres")))
		raw.Lon, raw.Lat = p[0], p[1]
	case "slow":
		raw.SpeedKmh = Read(2)
	case "drives":
		raw.Ignition, raw.SpeedKmh, raw.HeadingDeg = On, Read(50), Read(90)
		raw.Lon += 0.001
	case "far":
		raw.Lon += 0.7
	case "late":
		raw.FixedAt = at.Add(-time.Duration(rapid.IntRange(1, 200).Draw(rt, "late")) * time.Second)
	case "again":
	}
	return raw
}

// After a kill the Store is what it was, drifting units and their freshness
// included: out of the log, out of a snapshot at any moment and the log behind
// it, and out of the history alone; that does not know of which positions the
// unit's was known when it drifted, if some came late.
func TestReplayIsWhatLiveWas(t *testing.T) {
	d := newDesk(t)
	root, n, drifted := t.TempDir(), 0, 0
	begin := func() {
		spool, err := openLog(d.dir, 1<<30, 4<<10)
		if err != nil {
			t.Fatal(err)
		}
		d.store = NewStore()
		d.in = NewIngestor(d.db, spool, d.store, d.rules, nil, quiet)
		if _, err := d.in.Rebuild(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	kill := func() { _ = errors.Join(d.in.log.file.Close(), d.in.log.lock.Close()) }
	kill() // the desk's own
	clock := noon
	d.db.Now = func() time.Time { return clock }
	check := func(rt *rapid.T, live map[int64]Fix, by string, same func(a, b Fix) bool) {
		if got := content(d.store); !maps.EqualFunc(got, live, same) {
			rt.Fatalf("out of %s\n%+v, before the kill\n%+v", by, got, live)
		}
	}
	rapid.Check(t, func(rt *rapid.T) {
		n++
		d.dir = filepath.Join(root, fmt.Sprint(n))
		begin()
		at, late := noon.Add(-2*time.Hour), false
		places := make([]orb.Point, len(d.devices))
		for i := range places {
			places[i] = orb.Point{114.3, 30.6 + float64(i)/10}
		}
		for range rapid.IntRange(1, 40).Draw(rt, "messages") {
			at = at.Add(time.Duration(rapid.IntRange(0, 60).Draw(rt, "pause")) * time.Second)
			u := rapid.IntRange(0, len(d.devices)-1).Draw(rt, "unit")
			clock = clock.Add(time.Millisecond)
			raw := drawn(rt, places[u], at)
			late = late || raw.FixedAt.Before(at)
			if raw.Ignition == On {
				places[u][0] = raw.Lon
			}
			outcomes := make([]Outcome, 1)
			if _, err := d.in.Enter(t.Context(), []Report{{&d.devices[u], raw}}, outcomes); err != nil {
				rt.Fatal(err)
			}
			if outcomes[0].Reason == Drift {
				drifted++
			}
			if rapid.IntRange(0, 9).Draw(rt, "then") == 0 {
				if err := errors.Join(d.in.log.flush(), d.in.snapshots.take()); err != nil {
					rt.Fatal(err)
				}
			}
		}
		if err := d.in.log.flush(); err != nil {
			rt.Fatal(err)
		}
		live := content(d.store)
		kill()
		begin()
		check(rt, live, "the log", func(a, b Fix) bool { return a == b })
		if n%5 != 0 { // the database takes its time
			kill()
			return
		}
		if err := d.drainAll(t); err != nil {
			rt.Fatal(err)
		}
		d.store = NewStore()
		if err := Load(t.Context(), d.db.Pool, d.store); err != nil {
			rt.Fatal(err)
		}
		check(rt, live, "the history", func(a, b Fix) bool { return a == b || late && a.FixedAt.Equal(b.FixedAt) })
		kill()
		if _, err := d.db.Pool.Exec(t.Context(), `TRUNCATE fix, refused_fix`); err != nil {
			rt.Fatal(err)
		}
	})
	if drifted == 0 {
		t.Error("nothing ever drifted")
	}
}

// drainAll carries the whole log into the history, without Run.
func (d *desk) drainAll(t *testing.T) error {
	at, err := d.in.drain.begin(t.Context())
	_, synced, _ := d.in.log.Span()
	for err == nil && at < synced {
		var next Position
		if next, err = d.in.drain.read(at); err == nil {
			err = d.in.drain.save(t.Context(), at, next)
		}
		at = next
	}
	return err
}
