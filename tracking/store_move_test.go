package tracking

import "testing"

// A device that comes back into coverage first tells where it is, or first sends what it had stored: the unit is where the
// newest fix by its own time says, and is shown for each step forward only.
func TestReplayMovesAUnitForwardOnly(t *testing.T) {
	d := newDesk(t).run(t)
	raws := drive(5)
	for i := range raws {
		raws[i].Replay = i != 2
	}
	want(t, d.submit(t, d.devices[0], raws[2]), Stored)
	want(t, d.submit(t, d.devices[0], raws[0], raws[1]), Stored, Stored)
	if latest, _ := d.store.Latest(d.devices[0].UnitID); !latest.FixedAt.Equal(raws[2].FixedAt) || len(d.shown) != 1 {
		t.Errorf("an older replay: latest %+v, %d shown", latest, len(d.shown))
	}
	want(t, d.submit(t, d.devices[0], raws[3], raws[4]), Stored, Stored)
	if latest, _ := d.store.Latest(d.devices[0].UnitID); !latest.FixedAt.Equal(raws[4].FixedAt) || len(d.shown) != 3 {
		t.Errorf("a newer replay: latest %+v, %d shown", latest, len(d.shown))
	}
	if n := d.history(t); n != 5 {
		t.Errorf("%d fixes in the history, want 5", n)
	}
	d.checkTable(t)
}

// A vehicle that is towed has its ignition off; only its own alarm tells that from drift.
func TestTowedVehicleMoves(t *testing.T) {
	for towed, status := range map[bool]Status{false: Doubted, true: Stored} {
		d := newDesk(t).run(t)
		raws := drive(4)
		for i := range raws {
			raws[i].Lon, raws[i].SpeedKmh, raws[i].Ignition = 114.3, Read(0), Off
		}
		raws[3].Lon += 0.0003 // 29 m
		raws[3].Vitals = &Vitals{Moved: towed}
		want(t, d.submit(t, d.devices[0], raws...), Stored, Stored, Stored, status)
		if latest, _ := d.store.Latest(d.devices[0].UnitID); latest.Point[0] == raws[3].Lon != towed {
			t.Errorf("towed %v: it is at %v", towed, latest.Point)
		}
	}
}
