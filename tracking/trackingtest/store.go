package trackingtest

import (
	"testing"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// Value is what a query of one row and column gives.
func Value[T any](t *testing.T, db *pg.DB, sql string, args ...any) (v T) {
	t.Helper()
	if err := db.Pool.QueryRow(t.Context(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// Device registers a device of a unit of its own, with a name in the protocol that is its kind, and returns its id.
func (s *Site) Device(t *testing.T, kind, name string, login *tracking.Login) int64 {
	t.Helper()
	org := Value[int64](t, s.DB, `insert into org (level, code, name) values ('province', $1, $1) returning id`, name)
	unit := Value[int64](t, s.DB, `insert into unit (org_id, call_sign) values ($1, $2) returning id`, org, name)
	dev := tracking.Device{UnitID: unit, Label: name, Kind: kind, Login: login}
	id, _, err := tracking.AddDevice(t.Context(), s.DB.Pool, dev, tracking.Name{Protocol: kind, Ident: name})
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// Fixes counts the fixes in the history, once all that was taken in is there: those of a device, 0 = of all.
func (s *Site) Fixes(t *testing.T, device int64) int {
	t.Helper()
	if err := s.Ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	return Value[int](t, s.DB, `select count(*) from fix where device_id = $1 or $1 = 0`, device)
}
