package tracking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

// ErrTooMuch says that a span holds more fixes than are read for one answer.
var ErrTooMuch = errors.New("the span holds too many fixes")

// TallyOf counts a unit's fixes with from ≤ fixed_at < to that may be shown (nil: all), and its refused ones received
// in that time. The error is ErrTooMuch when the span holds more than most fixes; then none is read.
func TallyOf(ctx context.Context, q pg.Queryer, unitID int64, from, to time.Time, most int, shown func(*Fix) bool) (Tally, error) {
	if shown == nil {
		shown = everyFix
	}
	var t Tally
	var fixes int
	err := q.QueryRow(ctx, `
		SELECT count(*) FROM (SELECT FROM fix WHERE unit_id = $1 AND fixed_at >= $2 AND fixed_at < $3 LIMIT $4) AS f`, unitID, from, to, most+1).
		Scan(&fixes)
	if err == nil && fixes > most {
		err = ErrTooMuch
	}
	if err != nil {
		return t, fmt.Errorf("count the fixes of unit %d: %w", unitID, err)
	}
	err = eachFix(ctx, q, []window{{unitID, from, to}}, func(_ int, f *Fix) {
		if shown(f) {
			t.add(f)
		}
	})
	if err != nil {
		return t, err
	}
	err = q.QueryRow(ctx, `
		SELECT count(*) FROM refused_fix r WHERE r.unit_id = $1 AND r.received_at >= $2 AND r.received_at < $3`, unitID, from, to).
		Scan(&t.Refused)
	if err != nil {
		return t, fmt.Errorf("count the refused fixes of unit %d: %w", unitID, err)
	}
	return t, nil
}

// Sight asks for the position of a unit at a moment.
type Sight struct {
	UnitID int64
	// PhoneFrom is since when positions of phones may be shown: the begin of the
	// shift that ran at the moment; zero when none ran and none may be shown.
	PhoneFrom time.Time
}

// PositionsAt is the newest good fix of each unit at or before a moment, not
// older than the given age. Units without one are left out.
func PositionsAt(ctx context.Context, q pg.Queryer, sights []Sight, at time.Time, oldest time.Duration) (map[int64]Fix, error) {
	units, phones := make([]int64, len(sights)), make([]*time.Time, len(sights))
	for i := range sights {
		units[i] = sights[i].UnitID
		if !sights[i].PhoneFrom.IsZero() {
			phones[i] = &sights[i].PhoneFrom
		}
	}
	rows, _ := q.Query(ctx, `
		SELECT f.*
		  FROM unnest($1::bigint[], $2::timestamptz[]) AS s (unit_id, phone_from)
		 CROSS JOIN LATERAL (
		       SELECT `+fixColumns+` FROM fix x
		        WHERE x.unit_id = s.unit_id AND x.fixed_at > $3 AND x.fixed_at <= $4 AND x.doubt IS NULL
		          AND (x.source <> $5 OR x.fixed_at >= s.phone_from)
		        ORDER BY x.fixed_at DESC, x.received_at DESC, x.device_id DESC, x.content DESC LIMIT 1) f`,
		units, phones, at.Add(-oldest), at, PhoneSource)
	fixes, err := pgx.CollectRows(rows, scanFix)
	if err != nil {
		return nil, fmt.Errorf("read positions at %s: %w", at.UTC().Format(time.RFC3339), err)
	}
	byUnit := make(map[int64]Fix, len(fixes))
	for _, f := range fixes {
		byUnit[f.UnitID] = f
	}
	return byUnit, nil
}

// Size is what the history takes on disk, with indexes.
type Size struct {
	Fixes      int64 // rows
	FixBytes   int64
	Tracks     int64 // rows: hours of units
	TrackFixes int64 // good fixes in them
	TrackBytes int64
}

// SizeOf measures the history; it counts the rows and may take a while.
func SizeOf(ctx context.Context, q pg.Queryer) (s Size, err error) {
	err = q.QueryRow(ctx, `
		SELECT (SELECT count(*) FROM fix),
		       (SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = 'fix'::regclass),
		       (SELECT count(*) FROM track), (SELECT coalesce(sum(fixes), 0) FROM track), pg_total_relation_size('track')`).
		Scan(&s.Fixes, &s.FixBytes, &s.Tracks, &s.TrackFixes, &s.TrackBytes)
	if err != nil {
		return s, fmt.Errorf("measure the history: %w", err)
	}
	return s, nil
}
