package tracking

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// Load fills s with the newest fix of every unit in use; a unit that has
// drifted since is as fresh as it was heard of, where it stood: Stay. Call it
// once, before the Ingestor runs.
func Load(ctx context.Context, q pg.Queryer, s *Store) error {
	rows, err := q.Query(ctx, `
		SELECT f.*
		  FROM unit u
		 CROSS JOIN LATERAL (
		       SELECT `+fixColumns+`
		         FROM fix WHERE unit_id = u.id AND doubt IS NULL
		        ORDER BY fixed_at DESC, received_at DESC LIMIT 1) good
		 CROSS JOIN LATERAL (
		       SELECT good.*
		        UNION ALL
		       (SELECT `+fixColumns+`
		          FROM fix WHERE unit_id = u.id AND doubt = 'drift' AND fixed_at > good.fixed_at
		         ORDER BY fixed_at DESC, received_at DESC LIMIT 1)) f
		 WHERE u.retired_at IS NULL`)
	if err != nil {
		return fmt.Errorf("load positions: %w", err)
	}
	fixes, err := pgx.CollectRows(rows, scanFix)
	if err != nil {
		return fmt.Errorf("load positions: %w", err)
	}
	good, drifted := fixes[:0], []Fix(nil)
	for _, f := range fixes {
		if f.Doubt == Drift {
			drifted = append(drifted, f)
		} else {
			good = append(good, f)
		}
	}
	s.UpdateAll(good, nil)
	for _, f := range drifted {
		if last, ok := s.Latest(f.UnitID); ok {
			s.Update(Stay(f, &last))
		}
	}
	return nil
}

// fixColumns are the columns of fix as scanFix reads them.
const fixColumns = `unit_id, device_id, fixed_at, received_at, lon, lat, alt_m, accuracy_m, speed_kmh, heading_deg,
	h3, source, ignition, engaged, doubt`

func scanFix(row pgx.CollectableRow) (Fix, error) {
	var f Fix
	var alt, accuracy, speed, heading *float64
	var ignition, engaged *bool
	var doubt *string
	var cell int64
	err := row.Scan(&f.UnitID, &f.DeviceID, &f.FixedAt, &f.ReceivedAt, &f.Point[0], &f.Point[1],
		&alt, &accuracy, &speed, &heading, &cell, &f.Source, &ignition, &engaged, &doubt)
	f.FixedAt, f.ReceivedAt = f.FixedAt.UTC(), f.ReceivedAt.UTC()
	f.AltM = ReadPtr(alt)
	f.AccuracyM, f.SpeedKmh, f.HeadingDeg = ReadPtr(accuracy), ReadPtr(speed), ReadPtr(heading)
	f.Cell, f.Ignition, f.Engaged = geo.Cell(cell), switchOf(ignition), switchOf(engaged)
	if doubt != nil {
		f.Doubt = Reason(*doubt)
	}
	return f, err
}

func switchOf(v *bool) State {
	if v == nil {
		return Unsaid
	}
	return StateOf(*v)
}

// retiredUnits are the units that are out of use for good.
func retiredUnits(ctx context.Context, q pg.Queryer) ([]int64, error) {
	rows, _ := q.Query(ctx, `SELECT id FROM unit WHERE retired_at IS NOT NULL`)
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read which units are out of use: %w", err)
	}
	return ids, nil
}

func single(r Reading) *float32 {
	if !r.Known {
		return nil
	}
	v := float32(r.Value)
	return &v
}
