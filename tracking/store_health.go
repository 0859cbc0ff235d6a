package tracking

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// WriteHealth writes what has changed of the devices' health. Run calls it
// every few seconds and at its end. While the database is away nothing is lost:
// the next call writes it. A write whose end nobody was told of may count twice.
func (d *Devices) WriteHealth(ctx context.Context) error {
	dirty, list := d.changed()
	batch := &pgx.Batch{}
	for i := range list {
		h := &list[i]
		var refusedAt *time.Time
		if !h.refusedAt.IsZero() {
			refusedAt = &h.refusedAt
		}
		batch.Queue(`
			INSERT INTO device_status AS s (device_id, seen_at, raw, refused_at, refused_reason, refused_detail, clock_offset_s,
			                                battery_pct, power_v, signal_pct, satellites, odometer_km, stored, duplicate, refused,
			                                doubted, reasons, protocol)
			VALUES ($1, $2, $3, $4, nullif($5, ''), nullif($6, ''), $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
			        coalesce(nullif($17::jsonb, 'null'), '{}'), nullif($18, ''))
			    ON CONFLICT (device_id) DO UPDATE
			   SET seen_at = excluded.seen_at, raw = coalesce(nullif(excluded.raw, ''), s.raw), protocol = coalesce(excluded.protocol, s.protocol),
			       refused_at = coalesce(excluded.refused_at, s.refused_at),
			       refused_reason = coalesce(excluded.refused_reason, s.refused_reason),
			       refused_detail = coalesce(excluded.refused_detail, s.refused_detail),
			       clock_offset_s = coalesce(excluded.clock_offset_s, s.clock_offset_s),
			       battery_pct = coalesce(excluded.battery_pct, s.battery_pct), power_v = coalesce(excluded.power_v, s.power_v),
			       signal_pct = coalesce(excluded.signal_pct, s.signal_pct), satellites = coalesce(excluded.satellites, s.satellites),
			       odometer_km = coalesce(excluded.odometer_km, s.odometer_km), stored = s.stored + excluded.stored,
			       duplicate = s.duplicate + excluded.duplicate, refused = s.refused + excluded.refused,
			       doubted = s.doubted + excluded.doubted,
			       reasons = (SELECT coalesce(jsonb_object_agg(reason, n), '{}')
			                    FROM (SELECT reason, sum(n::bigint) AS n
			                            FROM (SELECT * FROM jsonb_each_text(s.reasons)
			                                  UNION ALL SELECT * FROM jsonb_each_text(excluded.reasons)) AS each (reason, n)
			                           GROUP BY reason) AS total)`,
			dirty[i].ID, micros(h.seen), h.raw, refusedAt, string(h.reason), plain(h.detail), h.offset().Ptr(),
			h.vitals.BatteryPct.Ptr(), h.vitals.PowerV.Ptr(), h.vitals.SignalPct.Ptr(), h.vitals.Satellites.Ptr(),
			h.vitals.OdometerKm.Ptr(), h.stored, h.duplicate, h.refused, h.doubted, h.reasons, h.protocol)
	}
	if batch.Len() == 0 {
		return nil
	}
	if err := d.db.Pool.SendBatch(ctx, batch).Close(); err != nil {
		if pg.IsUnavailable(err) || ctx.Err() != nil {
			d.restore(dirty, list)
		}
		return fmt.Errorf("write the health of %d devices: %w", len(dirty), err)
	}
	return nil
}

// DeviceHealth is a device and how it fares.
type DeviceHealth struct {
	ID            int64      `json:"id"`
	UnitID        int64      `json:"unit_id"`
	CallSign      string     `json:"call_sign"`
	Label         string     `json:"label"`
	Kind          string     `json:"kind"`
	Datum         string     `json:"datum"`
	Names         []string   `json:"names" nullable:"false" doc:"protocol:name"`
	ClockAheadS   int        `json:"clock_ahead_s"`
	IntervalS     *int       `json:"interval_s" doc:"Expected between two fixes"`
	Lenient       bool       `json:"lenient"`
	Disabled      bool       `json:"disabled"`
	Terminal      *string    `json:"terminal" doc:"JT/T 808: the terminal id it registered with"`
	Conflict      *string    `json:"conflict" doc:"Another terminal claims its identity: what it said"`
	ConflictAt    *time.Time `json:"conflict_at"`
	SeenAt        *time.Time `json:"seen_at"`
	Freshness     Freshness  `json:"freshness"`
	Protocol      *string    `json:"protocol" doc:"Of the last message; http is that of POST /api/v1/fixes"`
	Raw           *string    `json:"raw" doc:"The last message as it came, hexadecimal or text; in the list its first 200 characters"`
	RefusedAt     *time.Time `json:"refused_at"`
	RefusedReason *string    `json:"refused_reason"`
	RefusedDetail *string    `json:"refused_detail"`
	ClockOffsetS  *float64   `json:"clock_offset_s" doc:"Median of receipt less fix time"`
	BatteryPct    *float64   `json:"battery_pct"`
	PowerV        *float64   `json:"power_v"`
	SignalPct     *float64   `json:"signal_pct"`
	Satellites    *float64   `json:"satellites"`
	OdometerKm    *float64   `json:"odometer_km"`
	Stored        int64      `json:"stored"`
	Doubted       int64      `json:"doubted"`
	Duplicate     int64      `json:"duplicate"`
	Refused       int64      `json:"refused"`
	DatumWarning  *string    `json:"datum_warning"`
	// Reasons counts the refused and the doubted records.
	Reasons map[Reason]int64 `json:"reasons" nullable:"false" doc:"How many records were refused or doubted, by reason"`
}

// HealthOf is the devices of a branch, those of one id when it is not zero,
// phones of people left out unless phones is set; those in trouble and those
// that were not heard of for longest come first.
func HealthOf(ctx context.Context, q pg.Queryer, branch string, id int64, phones bool, now time.Time) ([]DeviceHealth, error) {
	rows, err := q.Query(ctx, `
		SELECT d.id, d.unit_id, u.call_sign, d.label, d.kind, d.datum,
		       coalesce((SELECT array_agg(n.protocol || ':' || n.ident ORDER BY 1) FROM device_name n WHERE n.device_id = d.id), '{}'),
		       d.clock_ahead_s, d.interval_s, d.lenient, d.disabled_at IS NOT NULL, d.terminal, d.conflict, d.conflict_at,
		       s.seen_at, s.protocol, CASE WHEN $2 = 0 THEN left(s.raw, 200) ELSE s.raw END, s.refused_at, s.refused_reason, s.refused_detail, s.clock_offset_s, s.battery_pct, s.power_v,
		       s.signal_pct, s.satellites, s.odometer_km, coalesce(s.stored, 0), coalesce(s.duplicate, 0), coalesce(s.refused, 0),
		       coalesce(s.doubted, 0), coalesce(s.reasons, '{}'), s.datum_warning
		  FROM device d JOIN unit u ON u.id = d.unit_id JOIN org o ON o.id = u.org_id
		  LEFT JOIN device_status s ON s.device_id = d.id
		 WHERE o.path ^@ $1 AND ($2 = 0 OR d.id = $2) AND ($3 OR d.person_id IS NULL) AND u.retired_at IS NULL
		 ORDER BY d.conflict IS NULL, s.datum_warning IS NULL, s.seen_at NULLS FIRST, d.id
		 LIMIT 5000`, branch, id, phones)
	if err != nil {
		return nil, fmt.Errorf("read the health of devices: %w", err)
	}
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h DeviceHealth, err error) {
		err = row.Scan(&h.ID, &h.UnitID, &h.CallSign, &h.Label, &h.Kind, &h.Datum, &h.Names, &h.ClockAheadS, &h.IntervalS, &h.Lenient,
			&h.Disabled, &h.Terminal, &h.Conflict, &h.ConflictAt, &h.SeenAt, &h.Protocol, &h.Raw, &h.RefusedAt, &h.RefusedReason, &h.RefusedDetail,
			&h.ClockOffsetS, &h.BatteryPct, &h.PowerV, &h.SignalPct, &h.Satellites, &h.OdometerKm, &h.Stored, &h.Duplicate, &h.Refused,
			&h.Doubted, &h.Reasons, &h.DatumWarning)
		h.Freshness = Lost
		if h.SeenAt != nil {
			h.Freshness = FreshnessAt(*h.SeenAt, now)
		}
		return h, err
	})
	if err != nil {
		return nil, fmt.Errorf("read the health of devices: %w", err)
	}
	return list, nil
}

// KeptRefusal is a refused record of a device.
type KeptRefusal struct {
	ReceivedAt time.Time       `json:"received_at"`
	Reason     string          `json:"reason"`
	Detail     string          `json:"detail"`
	Raw        json.RawMessage `json:"raw"`
}

// LastRefusals is the newest 20 refused records of a device.
func LastRefusals(ctx context.Context, q pg.Queryer, deviceID int64) ([]KeptRefusal, error) {
	rows, err := q.Query(ctx, `
		SELECT received_at, reason, detail, raw FROM refused_fix WHERE device_id = $1 ORDER BY received_at DESC LIMIT 20`, deviceID)
	if err != nil {
		return nil, fmt.Errorf("read refusals of device %d: %w", deviceID, err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[KeptRefusal])
	if err != nil {
		return nil, fmt.Errorf("read refusals of device %d: %w", deviceID, err)
	}
	return list, nil
}

// Gateways is all gateways in use, by label.
func Gateways(ctx context.Context, q pg.Queryer) ([]Gateway, error) {
	rows, err := q.Query(ctx, `SELECT id, label FROM gateway WHERE disabled_at IS NULL ORDER BY label, id`)
	if err != nil {
		return nil, fmt.Errorf("list gateways: %w", err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowToStructByPos[Gateway])
	if err != nil {
		return nil, fmt.Errorf("list gateways: %w", err)
	}
	return list, nil
}
