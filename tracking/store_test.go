package tracking

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

func TestEnsurePartitions(t *testing.T) {
	d := newDesk(t).run(t)
	// The fixes come before their partition, and one is older than all.
	raws := drive(5)
	raws[0].FixedAt = noon.AddDate(0, 0, -20)
	d.submit(t, d.devices[0], raws...)
	const inDefault = `SELECT count(*) FROM ONLY fix_default`
	if n := value[int](t, d.db, inDefault); n != 5 {
		t.Fatalf("%d fixes in the default partition, want 5", n)
	}
	var nodes errgroup.Group
	for range 3 {
		nodes.Go(func() error { return EnsurePartitions(t.Context(), d.db, noon) })
	}
	if err := nodes.Wait(); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, d.db, inDefault); n != 1 {
		t.Errorf("%d fixes in the default partition, want the old one", n)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM fix_20261122`); n != 4 {
		t.Errorf("%d fixes in today's partition, want 4", n)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM pg_inherits WHERE inhparent = 'fix'::regclass`); n != 10 {
		t.Errorf("%d partitions, want nine days and the default", n)
	}
	want(t, d.submit(t, d.devices[0], raws...), Duplicate, Duplicate, Duplicate, Duplicate, Duplicate)
	if err := EnsurePartitions(t.Context(), d.db, noon.AddDate(0, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM pg_inherits WHERE inhparent = 'fix'::regclass`); n != 11 {
		t.Errorf("%d partitions the day after, want one more", n)
	}
}

func TestDevices(t *testing.T) {
	d := newDesk(t)
	now := noon
	d.db.Now = func() time.Time { return now }
	id, key, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: d.devices[1].UnitID, Label: "平板", Datum: datum.GCJ02})
	if err != nil {
		t.Fatal(err)
	}
	devices := NewDevices(d.db)
	expected := Device{ID: id, UnitID: d.devices[1].UnitID, Label: "平板", Datum: datum.GCJ02}
	for range 2 {
		if got, err := devices.ByKey(t.Context(), key); err != nil || got != expected {
			t.Fatalf("device %+v, %v", got, err)
		}
	}
	if _, err := devices.ByKey(t.Context(), key+"x"); !errors.Is(err, ErrUnknownDevice) {
		t.Errorf("a wrong key: %v", err)
	}
	if n := value[int](t, d.db, `SELECT count(*) FROM device d WHERE d::text LIKE '%' || $1 || '%'`, key); n != 0 {
		t.Error("the key itself is in the table")
	}
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE device SET disabled_at = now() WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	now = now.Add(deviceTTL)
	if got, err := devices.ByKey(t.Context(), key); err != nil || !got.Disabled {
		t.Errorf("half a minute after it was disabled: %+v, %v", got, err)
	}
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE device SET disabled_at = NULL WHERE id = $1`, id); err != nil {
		t.Fatal(err)
	}
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE unit SET retired_at = now() WHERE id = $1`, d.devices[1].UnitID); err != nil {
		t.Fatal(err)
	}
	now = now.Add(deviceTTL)
	if got, err := devices.ByKey(t.Context(), key); err != nil || !got.Disabled {
		t.Errorf("half a minute after its unit was retired: %+v, %v", got, err)
	}
	if _, _, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: -1}); pg.Constraint(err) != "device_unit_id_fkey" {
		t.Errorf("a device of no unit: %v", err)
	}
	if _, _, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: d.devices[1].UnitID, Datum: "MARS"}); pg.Constraint(err) != "device_datum_known" {
		t.Errorf("a device of no datum: %v", err)
	}
}

func TestPhone(t *testing.T) {
	d := newDesk(t)
	person := value[int64](t, d.db, `
		INSERT INTO person (login, name, password_hash, role, org_id, unit_id)
		SELECT 'li', '李队员', '', 'officer', org_id, id FROM unit WHERE id = $1 RETURNING id`, d.devices[0].UnitID)
	var first Device
	for try := range 3 {
		devices := NewDevices(d.db) // with nothing cached
		got, err := devices.Phone(t.Context(), person, d.devices[0].UnitID)
		if err != nil || got.UnitID != d.devices[0].UnitID || got.Label != "李队员" || got.Datum != datum.WGS84 {
			t.Fatalf("phone %+v, %v", got, err)
		}
		if try == 0 {
			first = got
		}
		if again, err := devices.Phone(t.Context(), person, d.devices[0].UnitID); err != nil || again != first {
			t.Fatalf("phone %+v, then %+v, %v", first, again, err)
		}
	}
	if other, err := NewDevices(d.db).Phone(t.Context(), person, d.devices[1].UnitID); err != nil || other.ID == first.ID {
		t.Errorf("in another unit: %+v, %v", other, err)
	}
	if _, err := NewDevices(d.db).Phone(t.Context(), -1, d.devices[1].UnitID); err == nil {
		t.Error("nobody has a phone")
	}
}
