package tracking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
)

// movingPoints is the unit and the declared datum of a device and the newest of its good fixes since a time that were taken in
// motion: by their speed or, where none is told, because the fix before is more than some 20 m away. The error wraps
// ErrUnknownDevice.
func movingPoints(ctx context.Context, q pg.Queryer, deviceID int64, since time.Time, most int) (unitID int64, declared datum.Datum, points []orb.Point, err error) {
	err = q.QueryRow(ctx, `SELECT unit_id, datum FROM device WHERE id = $1`, deviceID).Scan(&unitID, &declared)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrUnknownDevice
	}
	if err != nil {
		return 0, "", nil, fmt.Errorf("datum of device %d: %w", deviceID, err)
	}
	rows, err := q.Query(ctx, `
		SELECT lon, lat FROM (
			SELECT fixed_at, lon, lat, speed_kmh,
			       abs(lat - lag(lat) OVER w) + abs(lon - lag(lon) OVER w) AS step
			  FROM fix
			 WHERE unit_id = $1 AND device_id = $2 AND fixed_at >= $3 AND doubt IS NULL
			WINDOW w AS (ORDER BY fixed_at)) f
		 WHERE coalesce(speed_kmh > 5, step > 0.0002)
		 ORDER BY fixed_at DESC LIMIT $4`, unitID, deviceID, since, most)
	if err != nil {
		return 0, "", nil, fmt.Errorf("moving fixes of device %d: %w", deviceID, err)
	}
	points, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (p orb.Point, err error) {
		return p, row.Scan(&p[0], &p[1])
	})
	if err != nil {
		return 0, "", nil, fmt.Errorf("moving fixes of device %d: %w", deviceID, err)
	}
	return unitID, declared, points, nil
}

// datumCandidates are devices that have reported since they were last checked, which was before a time or never, when
// there are roads to compare with; those that wait longest come first.
func datumCandidates(ctx context.Context, q pg.Queryer, before time.Time, most int) ([]int64, error) {
	rows, err := q.Query(ctx, `
		SELECT s.device_id FROM device_status s JOIN device d ON d.id = s.device_id
		 WHERE d.disabled_at IS NULL AND s.stored > 0
		   AND (s.datum_checked_at IS NULL OR s.datum_checked_at < $1 AND s.seen_at > s.datum_checked_at)
		   AND EXISTS (SELECT FROM basemap_feature WHERE layer = 'road')
		 ORDER BY s.datum_checked_at NULLS FIRST, s.device_id LIMIT $2`, before, most)
	if err != nil {
		return nil, fmt.Errorf("devices whose datum is to be checked: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("devices whose datum is to be checked: %w", err)
	}
	return ids, nil
}

// NoteDatum keeps the result of a check with the device's status, for the people who look after it; an empty warning
// takes an earlier one away. A device that never reported has no status and keeps nothing.
func NoteDatum(ctx context.Context, q pg.Queryer, deviceID int64, warning string, now time.Time) error {
	_, err := q.Exec(ctx, `
		UPDATE device_status SET datum_warning = nullif($2, ''), datum_checked_at = $3 WHERE device_id = $1`, deviceID, warning, now)
	if err != nil {
		return fmt.Errorf("note the datum of device %d: %w", deviceID, err)
	}
	return nil
}
