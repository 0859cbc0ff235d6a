package tracking

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// running is the registry of a database at work, with everything loaded.
func running(t testing.TB, db *pg.DB) *Devices {
	t.Helper()
	devices := NewDevices(db)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- devices.Run(ctx, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for !devices.isLoaded() { // a miss waits for a look, once Run is at work
		_ = devices.lookAgain(t.Context())
		runtime.Gosched()
	}
	return devices
}

// Whether it asks the database each time or holds everything, a registry says the same.
func TestDevices(t *testing.T) {
	for name, open := range map[string]func(testing.TB, *pg.DB) *Devices{
		"asking":  func(_ testing.TB, db *pg.DB) *Devices { return NewDevices(db) },
		"holding": running,
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t)
			devices := open(t, d.db)
			given := Device{
				UnitID: d.devices[1].UnitID, Label: "平板", Kind: "jt808", Datum: datum.GCJ02,
				ClockAhead: 8 * time.Hour, Interval: 30 * time.Second, Login: &Login{Lenient: true},
			}
			id, key, err := AddDevice(t.Context(), d.db.Pool, given, Name{"jt808", "013912345678"}, Name{"http", "tablet"})
			if err != nil {
				t.Fatal(err)
			}
			given.ID = id
			byKey := func() *Device { return found(t)(devices.ByKey(t.Context(), key)) }
			same := func(got *Device) {
				t.Helper()
				plain, want := *got, given
				plain.Login, plain.trail, plain.health, want.Login = nil, nil, nil, nil
				if plain != want || got.Login == nil || !got.Login.Lenient {
					t.Errorf("device %+v", got)
				}
			}
			same(byKey())
			same(byKey())
			same(found(t)(devices.ByName(t.Context(), "jt808", "013912345678")))
			same(found(t)(devices.ByName(t.Context(), "http", "tablet")))
			for range 2 {
				if _, err := devices.ByKey(t.Context(), key+"x"); !errors.Is(err, ErrUnknownDevice) {
					t.Errorf("a wrong key: %v", err)
				}
				if _, err := devices.ByName(t.Context(), "gt06", "tablet"); !errors.Is(err, ErrUnknownDevice) {
					t.Errorf("a name of another protocol: %v", err)
				}
			}
			if n := value[int](t, d.db, `SELECT count(*) FROM device d WHERE d::text LIKE '%' || $1 || '%'`, key); n != 0 {
				t.Error("the key itself is in the table")
			}
			change := func(sql string) {
				t.Helper()
				if _, err := d.db.Pool.Exec(t.Context(), sql, id); err != nil {
					t.Fatal(err)
				}
				if name == "holding" {
					if err := devices.lookAgain(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if change(`UPDATE device SET disabled_at = now() WHERE id = $1`); !byKey().Disabled {
				t.Error("a disabled device is let in")
			}
			change(`UPDATE device SET disabled_at = NULL WHERE id = $1`)
			same(byKey())
			if change(`UPDATE unit SET retired_at = now() WHERE id = (SELECT unit_id FROM device WHERE id = $1)`); !byKey().Disabled {
				t.Error("the device of a retired unit is let in")
			}
			change(`DELETE FROM device_name WHERE device_id = $1 AND protocol = 'http'`)
			if _, err := devices.ByName(t.Context(), "http", "tablet"); !errors.Is(err, ErrUnknownDevice) {
				t.Errorf("a dropped name: %v", err)
			}
			if change(`INSERT INTO device_name VALUES ('http', 'new', $1)`); found(t)(devices.ByName(t.Context(), "http", "new")).ID != id {
				t.Error("a new name means another device")
			}
		})
	}
}

func found(t *testing.T) func(*Device, error) *Device {
	t.Helper()
	return func(d *Device, err error) *Device {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
}

func TestDevicesThatCannotBe(t *testing.T) {
	d := newDesk(t)
	for constraint, device := range map[string]Device{
		"device_unit_id_fkey": {UnitID: -1},
		"device_datum_known":  {UnitID: d.devices[1].UnitID, Datum: "MARS"},
		"device_kind_known":   {UnitID: d.devices[1].UnitID, Kind: "pigeon"},
	} {
		if _, _, err := AddDevice(t.Context(), d.db.Pool, device); pg.Constraint(err) != constraint {
			t.Errorf("%+v: %v", device, err)
		}
	}
	for _, want := range []string{"", "device_name_pkey"} {
		if _, _, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: d.devices[1].UnitID}, Name{"gt06", "1"}); pg.Constraint(err) != want {
			t.Errorf("the same name again: %v", err)
		}
	}
}

func TestGateways(t *testing.T) {
	d := newDesk(t)
	devices := running(t, d.db)
	id, key, err := AddGateway(t.Context(), d.db.Pool, "市局平台")
	if err != nil {
		t.Fatal(err)
	}
	for _, devices := range []*Devices{devices, NewDevices(d.db)} {
		if g, err := devices.GatewayByKey(t.Context(), key); err != nil || g.ID != id || g.Label != "市局平台" {
			t.Errorf("gateway %+v, %v", g, err)
		}
		if _, err := devices.GatewayByKey(t.Context(), key+"x"); !errors.Is(err, ErrUnknownDevice) {
			t.Errorf("a wrong key: %v", err)
		}
	}
	if _, err := d.db.Pool.Exec(t.Context(), `UPDATE gateway SET disabled_at = now()`); err != nil {
		t.Fatal(err)
	}
	if err := devices.lookAgain(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := devices.GatewayByKey(t.Context(), key); !errors.Is(err, ErrUnknownDevice) {
		t.Errorf("a disabled gateway: %v", err)
	}
}

// Many who ask for devices that were registered a moment ago all find them, and share the looks into the database.
func TestDevicesFoundAsSoonAsRegistered(t *testing.T) {
	d := newDesk(t)
	devices := running(t, d.db)
	var callers errgroup.Group
	for i := range 40 {
		callers.Go(func() error {
			id, key, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: d.devices[i%3].UnitID})
			if err != nil {
				return err
			}
			got, err := devices.ByKey(t.Context(), key)
			if err == nil && got.ID != id {
				err = fmt.Errorf("device %d, want %d", got.ID, id)
			}
			return err
		})
	}
	if err := callers.Wait(); err != nil {
		t.Fatal(err)
	}
}

func TestDevicesWithoutTheDatabase(t *testing.T) {
	d := newDesk(t)
	_, key, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: d.devices[0].UnitID})
	if err != nil {
		t.Fatal(err)
	}
	devices := running(t, d.db)
	d.db.Pool.Close()
	if _, err := devices.ByKey(t.Context(), key); err != nil {
		t.Errorf("a known device: %v", err)
	}
	if _, err := devices.ByKey(t.Context(), "jjd_"+rand.Text()); err == nil || errors.Is(err, ErrUnknownDevice) {
		t.Errorf("nobody can say that it is unknown: %v", err)
	}
}

func TestPhone(t *testing.T) {
	d := newDesk(t)
	person := value[int64](t, d.db, `
		INSERT INTO person (login, name, password_hash, role, org_id, unit_id)
		SELECT 'li', '李队员', '', 'officer', org_id, id FROM unit WHERE id = $1 RETURNING id`, d.devices[0].UnitID)
	var first *Device
	for try := range 3 {
		devices := NewDevices(d.db) // with nothing cached
		got, err := devices.Phone(t.Context(), person, d.devices[0].UnitID)
		if err != nil || got.UnitID != d.devices[0].UnitID || got.Label != "李队员" || got.Datum != datum.WGS84 {
			t.Fatalf("phone %+v, %v", got, err)
		}
		if try == 0 {
			first = got
		}
		if again, err := devices.Phone(t.Context(), person, d.devices[0].UnitID); err != nil || again.ID != first.ID {
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
