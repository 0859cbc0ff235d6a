package tracking

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// Load fills s with the newest fix of every unit in use. Call it once, before
// the Ingestor runs.
func Load(ctx context.Context, q pg.Queryer, s *Store) error {
	rows, err := q.Query(ctx, `
		SELECT f.*
		  FROM unit u
		 CROSS JOIN LATERAL (
		       SELECT unit_id, device_id, fixed_at, received_at, lon, lat, accuracy_m, speed_kmh, heading_deg, h3, source
		         FROM fix WHERE unit_id = u.id AND doubt IS NULL
		        ORDER BY fixed_at DESC LIMIT 1) f
		 WHERE u.retired_at IS NULL`)
	if err != nil {
		return fmt.Errorf("load positions: %w", err)
	}
	fixes, err := pgx.CollectRows(rows, scanFix)
	if err != nil {
		return fmt.Errorf("load positions: %w", err)
	}
	s.UpdateAll(fixes)
	return nil
}

func scanFix(row pgx.CollectableRow) (Fix, error) {
	var f Fix
	var accuracy, speed, heading *float64
	var cell int64
	err := row.Scan(&f.UnitID, &f.DeviceID, &f.FixedAt, &f.ReceivedAt, &f.Point[0], &f.Point[1],
		&accuracy, &speed, &heading, &cell, &f.Source)
	f.FixedAt, f.ReceivedAt = f.FixedAt.UTC(), f.ReceivedAt.UTC()
	f.AccuracyM, f.SpeedKmh, f.HeadingDeg = ReadPtr(accuracy), ReadPtr(speed), ReadPtr(heading)
	f.Cell = geo.Cell(cell)
	return f, err
}

// refused is a fix that Accept turned down, as it is kept.
type refused struct {
	fix     Fix // as far as Accept got
	raw     RawFix
	refusal Refusal
}

// fixKey tells fixes apart: a unit has one at a time.
type fixKey struct {
	unitID  int64
	fixedAt time.Time // UTC, whole microseconds
}

func keyOf(f Fix) fixKey { return fixKey{f.UnitID, f.FixedAt} }

// saveFixes writes fixes to the history and says which keys are new. No two fixes may have the same key.
func saveFixes(ctx context.Context, tx *pg.Tx, fixes []Fix) (map[fixKey]bool, error) {
	rows, err := tx.Query(ctx, `
		INSERT INTO fix (unit_id, device_id, fixed_at, received_at, lon, lat,
		                 accuracy_m, speed_kmh, heading_deg, h3, source)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::float8[], $6::float8[],
		                     $7::real[], $8::real[], $9::real[], $10::bigint[], $11::text[])
		    ON CONFLICT (unit_id, fixed_at, device_id, content) DO NOTHING
		RETURNING unit_id, fixed_at`, columns(fixes)...)
	if err != nil {
		return nil, fmt.Errorf("save %d fixes: %w", len(fixes), err)
	}
	stored := make(map[fixKey]bool, len(fixes))
	var key fixKey
	if _, err := pgx.ForEachRow(rows, []any{&key.unitID, &key.fixedAt}, func() error {
		key.fixedAt = key.fixedAt.UTC()
		stored[key] = true
		return nil
	}); err != nil {
		return nil, fmt.Errorf("save %d fixes: %w", len(fixes), err)
	}
	return stored, nil
}

// columns is one array for each column, in the order of the statements above.
func columns(fixes []Fix) []any {
	n := len(fixes)
	units, devices, cells := make([]int64, n), make([]int64, n), make([]int64, n)
	fixed, received := make([]time.Time, n), make([]time.Time, n)
	lon, lat := make([]float64, n), make([]float64, n)
	accuracy, speed, heading := make([]*float32, n), make([]*float32, n), make([]*float32, n)
	source := make([]string, n)
	for i, f := range fixes {
		units[i], devices[i], cells[i] = f.UnitID, f.DeviceID, int64(f.Cell)
		fixed[i], received[i] = f.FixedAt, f.ReceivedAt
		lon[i], lat[i] = f.Point[0], f.Point[1]
		accuracy[i], speed[i], heading[i] = single(f.AccuracyM), single(f.SpeedKmh), single(f.HeadingDeg)
		source[i] = plain(f.Source)
	}
	return []any{units, devices, fixed, received, lon, lat, accuracy, speed, heading, cells, source}
}

func single(r Reading) *float32 {
	if !r.Known {
		return nil
	}
	v := float32(r.Value)
	return &v
}

// plain is s without what PostgreSQL does not take in text.
func plain(s string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(s, "�"), "\x00", "")
}

// saveRefused keeps refused fixes with the records as they came.
func saveRefused(ctx context.Context, tx *pg.Tx, list []refused) error {
	n := len(list)
	devices, units := make([]*int64, n), make([]*int64, n)
	received := make([]time.Time, n)
	reasons, details, raws := make([]string, n), make([]string, n), make([]string, n)
	for i, r := range list {
		devices[i], units[i] = known(r.fix.DeviceID), known(r.fix.UnitID)
		received[i] = r.fix.ReceivedAt
		reasons[i], details[i] = string(r.refusal.Reason), plain(r.refusal.Detail)
		raw, err := json.Marshal(record(r.raw))
		if err != nil {
			return fmt.Errorf("keep a refused fix of device %d: %w", r.fix.DeviceID, err)
		}
		raws[i] = string(raw)
	}
	_, err := tx.Exec(ctx, `
		INSERT INTO refused_fix (device_id, unit_id, received_at, reason, detail, raw)
		SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::text[], $6::jsonb[])`,
		devices, units, received, reasons, details, raws)
	if err != nil {
		return fmt.Errorf("keep %d refused fixes: %w", n, err)
	}
	return nil
}

// known is nil for the id zero.
func known(id int64) *int64 {
	if id == 0 {
		return nil
	}
	return &id
}

// record is a raw fix for JSON: numbers that JSON does not have, and times
// beyond its calendar, are text. A record that could not be read is its text.
func record(r RawFix) map[string]any {
	if r.Unread != nil {
		return map[string]any{"text": plain(r.Text), "source": plain(r.Source)}
	}
	number := func(v float64) any {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return v
	}
	m := map[string]any{
		"fixed_at": r.FixedAt.UTC().Format(time.RFC3339Nano),
		"lon":      number(r.Lon), "lat": number(r.Lat), "source": plain(r.Source),
	}
	for name, reading := range map[string]Reading{"accuracy_m": r.AccuracyM, "speed_kmh": r.SpeedKmh, "heading_deg": r.HeadingDeg} {
		if reading.Known {
			m[name] = number(reading.Value)
		}
	}
	return m
}
