package tracking

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo/basemap"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// drawRoads draws a grid of roads, one every kilometre or so, and returns places along the roads every hundred metres.
func drawRoads(t *testing.T, db *pg.DB) (along []orb.Point) {
	t.Helper()
	const west, south, step, lines = 104.0, 30.6, 0.01, 10
	var list []basemap.Feature
	for i := range lines {
		at := step * float64(i)
		for _, line := range []orb.LineString{
			{{west, south + at}, {west + step*lines, south + at}},
			{{west + at, south}, {west + at, south + step*lines}},
		} {
			list = append(list, basemap.Feature{Layer: basemap.Road, Class: "primary", Geometry: line})
		}
	}
	for i := range 80 {
		along = append(along, orb.Point{west + 0.001*float64(i), south + 5*step})
	}
	err := db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := basemap.Replace(t.Context(), tx, basemap.Info{Name: "grid", Source: "invented", Fictional: true}, list)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return along
}

// recorded puts a device's fixes at places into the history, a minute apart, as they come out of Accept when the device
// sends one datum and is declared as another.
func recorded(t *testing.T, db *pg.DB, dev Device, places []orb.Point, sends, declared datum.Datum) {
	t.Helper()
	if _, err := db.Pool.Exec(t.Context(), `UPDATE device SET datum = $2 WHERE id = $1`, dev.ID, string(declared)); err != nil {
		t.Fatal(err)
	}
	_, err := db.Pool.Exec(t.Context(), `
		INSERT INTO device_status (device_id, seen_at, stored) VALUES ($1, $2, $3)`, dev.ID, noon, len(places))
	if err != nil {
		t.Fatal(err)
	}
	for i, p := range places {
		raw, err := datum.FromWGS84(sends, p)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := datum.ToWGS84(declared, raw)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.Pool.Exec(t.Context(), `
			INSERT INTO fix (unit_id, device_id, fixed_at, received_at, lon, lat, h3, source) VALUES ($1, $2, $3, $3, $4, $5, 0, 'http')`,
			dev.UnitID, dev.ID, noon.Add(time.Duration(i-len(places))*time.Minute), stored[0], stored[1])
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestCheckDatumTellsWhatADeviceSends(t *testing.T) {
	for _, sends := range []datum.Datum{datum.WGS84, datum.GCJ02, datum.BD09} {
		for _, declared := range []datum.Datum{datum.WGS84, datum.GCJ02, datum.BD09} {
			d := newDesk(t)
			along := drawRoads(t, d.db)
			recorded(t, d.db, d.devices[0], along, sends, declared)
			f, err := CheckDatum(t.Context(), d.db.Pool, d.devices[0].ID, noon)
			if err != nil {
				t.Fatal(err)
			}
			better := f.Better()
			if sends == declared && better != "" || sends != declared && better != sends {
				t.Errorf("sends %s, declared %s: better %q, medians %v", sends, declared, better, f.Medians)
			}
			checkNoted(t, d.db, d.devices[0], better)
		}
	}
}

// checkNoted runs the check for all devices and reads what it noted with one.
func checkNoted(t *testing.T, db *pg.DB, dev Device, better datum.Datum) {
	t.Helper()
	n, err := CheckDatums(t.Context(), db, noon)
	if err != nil || n != 1 {
		t.Fatalf("%d devices checked, %v; want 1", n, err)
	}
	warning := value[*string](t, db, `SELECT datum_warning FROM device_status`)
	switch {
	case better == "" && warning != nil:
		t.Errorf("device %d has the warning %q", dev.ID, *warning)
	case better != "" && (warning == nil || !strings.Contains(*warning, "fits "+string(better))):
		t.Errorf("device %d has no warning of %s", dev.ID, better)
	}
	if n, err := CheckDatums(t.Context(), db, noon.Add(30*time.Minute)); err != nil || n != 0 {
		t.Errorf("%d devices checked again half an hour later, %v", n, err)
	}
}

func TestCheckDatumNeedsMovingFixes(t *testing.T) {
	d := newDesk(t)
	along := drawRoads(t, d.db)
	parked := make([]orb.Point, 100)
	for i := range parked {
		parked[i] = along[0]
	}
	recorded(t, d.db, d.devices[0], parked, datum.GCJ02, datum.WGS84)
	f, err := CheckDatum(t.Context(), d.db.Pool, d.devices[0].ID, noon)
	if err != nil || f.Points != 0 || f.Medians != nil || f.Warning() != "" {
		t.Errorf("a parked device: %+v, %v", f, err)
	}
	if _, err := CheckDatum(context.Background(), d.db.Pool, 99_999, noon); !errors.Is(err, ErrUnknownDevice) {
		t.Errorf("a device that is not there: %v", err)
	}
}
