package tracking

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"

	"jiujin/internal/pg"
)

// window is a unit and a span of time, from inclusive, to exclusive.
type window struct {
	unitID   int64
	from, to time.Time
}

// Fixes of windows in the order of the windows, within each by time. Fixes of
// one moment are in the order in which they were received, and those of one
// batch in an order that is the same each time.
const selectWindows = `
	SELECT w.n, f.unit_id, f.device_id, f.fixed_at, f.received_at, f.lon, f.lat, f.speed_kmh, f.engaged, f.source, f.doubt
	  FROM unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) WITH ORDINALITY AS w (unit_id, since, until, n)
	 CROSS JOIN LATERAL (
	       SELECT unit_id, device_id, fixed_at, received_at, lon, lat, speed_kmh, engaged, source, coalesce(doubt, '') AS doubt, content
	         FROM fix WHERE unit_id = w.unit_id AND fixed_at >= w.since AND fixed_at < w.until) f
	 ORDER BY w.n, f.fixed_at, f.received_at, f.device_id, f.content`

// eachFix hands the fixes of windows to take, in the order of selectWindows,
// with the number of the window. Of a Fix it fills what that statement reads.
func eachFix(ctx context.Context, q pg.Queryer, windows []window, take func(n int, f *Fix)) error {
	units, from, to := make([]int64, len(windows)), make([]time.Time, len(windows)), make([]time.Time, len(windows))
	for i, w := range windows {
		units[i], from[i], to[i] = w.unitID, w.from, w.to
	}
	rows, err := q.Query(ctx, selectWindows, units, from, to)
	if err != nil {
		return fmt.Errorf("read fixes of %d spans: %w", len(windows), err)
	}
	var n int
	var f Fix
	var speed *float64
	var engaged *bool
	into := []any{&n, &f.UnitID, &f.DeviceID, &f.FixedAt, &f.ReceivedAt, &f.Point[0], &f.Point[1], &speed, &engaged, &f.Source, &f.Doubt}
	if _, err = pgx.ForEachRow(rows, into, func() error {
		f.SpeedKmh, f.Engaged = ReadPtr(speed), switchOf(engaged)
		take(n-1, &f)
		return nil
	}); err != nil {
		return fmt.Errorf("read fixes of %d spans: %w", len(windows), err)
	}
	return nil
}

// buildPieces builds the tracks of windows that each lie within one hour; those
// without a good fix that may be shown are left out.
func buildPieces(ctx context.Context, q pg.Queryer, windows []window, shown func(*Fix) bool) ([]piece, error) {
	var pieces []piece
	var fixes []Fix
	current := 0
	finish := func() {
		w := windows[current]
		if p, ok := newPiece(w.unitID, w.from.Truncate(hour), fixes); ok {
			pieces = append(pieces, p)
		}
		fixes = fixes[:0]
	}
	err := eachFix(ctx, q, windows, func(n int, f *Fix) {
		if n != current {
			finish()
			current = n
		}
		if shown(f) {
			fixes = append(fixes, *f)
		}
	})
	if err != nil {
		return nil, err
	}
	if len(windows) > 0 {
		finish()
	}
	return pieces, nil
}

const upsertTrack = `
	INSERT INTO track (unit_id, hour, geom, fixes, metres, moving_s, top_kmh, first_at, last_at, stops, gaps, built_at)
	VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
	    ON CONFLICT (unit_id, hour) DO UPDATE
	   SET geom = excluded.geom, fixes = excluded.fixes, metres = excluded.metres, moving_s = excluded.moving_s,
	       top_kmh = excluded.top_kmh, first_at = excluded.first_at, last_at = excluded.last_at,
	       stops = excluded.stops, gaps = excluded.gaps, built_at = excluded.built_at`

func savePieces(ctx context.Context, tx *pg.Tx, pieces []piece) error {
	var b pgx.Batch
	for i := range pieces {
		p := &pieces[i]
		stops, gaps := make([]float64, 0, 4*len(p.stops)), make([]float64, 0, 2*len(p.gaps))
		for _, s := range p.stops {
			stops = append(stops, unixSeconds(s.From), unixSeconds(s.To), s.Point[0], s.Point[1])
		}
		for _, g := range p.gaps {
			gaps = append(gaps, unixSeconds(g.From), unixSeconds(g.To))
		}
		b.Queue(upsertTrack, p.unitID, p.hour, lineOf(p.line), p.fixes, float64(p.length), int(p.moving.Seconds()), single(p.top),
			p.first().At, p.last().At, stops, gaps, tx.Now())
	}
	if err := tx.SendBatch(ctx, &b).Close(); err != nil {
		return fmt.Errorf("save %d tracks: %w", len(pieces), err)
	}
	return nil
}

// lineOf is points as a LINESTRING M; a single point is there twice.
func lineOf(points []TrackPoint) *geom.LineString {
	if len(points) == 1 {
		points = []TrackPoint{points[0], points[0]}
	}
	flat := make([]float64, 0, 3*len(points))
	for _, p := range points {
		flat = append(flat, p.Point[0], p.Point[1], unixSeconds(p.At))
	}
	return geom.NewLineStringFlat(geom.XYM, flat)
}

// pointsOf is the inverse of lineOf.
func pointsOf(line *geom.LineString) []TrackPoint {
	flat := line.FlatCoords()
	if len(flat) == 6 && flat[2] == flat[5] && flat[0] == flat[3] && flat[1] == flat[4] {
		flat = flat[:3]
	}
	points := make([]TrackPoint, 0, len(flat)/3)
	for i := 0; i+2 < len(flat); i += 3 {
		points = append(points, TrackPoint{Point: orb.Point{flat[i], flat[i+1]}, At: fromUnixSeconds(flat[i+2])})
	}
	return points
}

// storedPieces reads the tracks of a unit for hours with from ≤ hour < to, but
// not those that are due to be built anew.
func storedPieces(ctx context.Context, q pg.Queryer, unitID int64, from, to time.Time) ([]piece, error) {
	rows, _ := q.Query(ctx, `
		SELECT hour, geom, fixes, metres, moving_s, top_kmh, stops, gaps
		  FROM track t
		 WHERE unit_id = $1 AND hour >= $2 AND hour < $3
		   AND NOT EXISTS (SELECT FROM track_due d WHERE d.hour = t.hour AND d.unit_id = t.unit_id)
		 ORDER BY hour`, unitID, from, to)
	pieces, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (piece, error) {
		p := piece{unitID: unitID}
		var line geom.LineString
		var moving int
		var top *float64
		var stops, gaps []float64
		err := row.Scan(&p.hour, &line, &p.fixes, &p.length, &moving, &top, &stops, &gaps)
		p.moving, p.top = time.Duration(moving)*time.Second, ReadPtr(top)
		if err == nil {
			p.line = pointsOf(&line)
		}
		for i := 0; i+3 < len(stops); i += 4 {
			p.stops = append(p.stops, Stop{fromUnixSeconds(stops[i]), fromUnixSeconds(stops[i+1]), orb.Point{stops[i+2], stops[i+3]}})
		}
		for i := 0; i+1 < len(gaps); i += 2 {
			p.gaps = append(p.gaps, Span{fromUnixSeconds(gaps[i]), fromUnixSeconds(gaps[i+1])})
		}
		return p, err
	})
	if err != nil {
		return nil, fmt.Errorf("read tracks of unit %d: %w", unitID, err)
	}
	return pieces, nil
}
