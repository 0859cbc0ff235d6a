package area

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"jiujin/internal/pg"
)

const (
	selectDivision = `
SELECT d.name, st_area(d.shape::geography) / 1e6,
       st_area(st_intersection(d.shape, coalesce((
           SELECT st_union(s.shape) FROM area s
            WHERE s.kind = 'squad' AND s.valid_from <= $2 AND s.valid_to > $2 AND st_intersects(s.shape, d.shape)),
           'SRID=4326;POLYGON EMPTY'::geometry))::geography) / 1e6
  FROM area d
 WHERE d.kind = 'division' AND d.code = $1 AND d.valid_from <= $2 AND d.valid_to > $2`

	// A part that vanishes when its border moves in by half the margin is nowhere as wide as the margin.
	selectGaps = `
WITH d AS (SELECT shape FROM area WHERE kind = 'division' AND code = $1 AND valid_from <= $2 AND valid_to > $2),
     taken AS (SELECT st_union(s.shape) AS shape FROM area s JOIN d ON st_intersects(s.shape, d.shape)
                WHERE s.kind = 'squad' AND s.valid_from <= $2 AND s.valid_to > $2),
     part AS (SELECT (st_dump(coalesce(st_difference(d.shape, taken.shape), d.shape))).geom AS shape FROM d, taken)
SELECT st_multi(shape), st_area(shape::geography) / 1e6, st_isempty(st_buffer(shape::geography, -$3::float8 / 2)::geometry)
  FROM part WHERE st_dimension(shape) = 2 ORDER BY 2 DESC`

	selectOverlaps = `
WITH d AS (SELECT shape FROM area WHERE kind = 'division' AND code = $1 AND valid_from <= $2 AND valid_to > $2),
     mine AS (SELECT s.id, s.name, s.org_id, o.name AS squad, o.path, st_intersection(s.shape, d.shape) AS shape
                FROM area s JOIN d ON st_intersects(s.shape, d.shape) JOIN org o ON o.id = s.org_id
               WHERE s.kind = 'squad' AND s.valid_from <= $2 AND s.valid_to > $2),
     part AS (SELECT a.id AS a_id, a.name AS a_name, a.squad AS a_squad, b.id AS b_id, b.name AS b_name, b.squad AS b_squad,
                     (st_dump(st_intersection(a.shape, b.shape))).geom AS shape
                FROM mine a JOIN mine b ON a.id < b.id AND a.org_id <> b.org_id AND st_intersects(a.shape, b.shape)
               WHERE starts_with(a.path, $4) OR starts_with(b.path, $4))
SELECT st_multi(shape), st_area(shape::geography) / 1e6, st_isempty(st_buffer(shape::geography, -$3::float8 / 2)::geometry),
       a_id, a_name, a_squad, b_id, b_name, b_squad
  FROM part WHERE st_dimension(shape) = 2 ORDER BY 2 DESC`

	mostParts = 200
)

// Covers tells how the areas of squads that are valid on the day fill a division. Errors: ErrNotFound when there is no
// such division on the day.
func Covers(ctx context.Context, q pg.Queryer, s Sought, day time.Time) (Coverage, error) {
	c := Coverage{Code: s.Code, Gaps: []Part{}, Overlaps: []Part{}}
	var covered float64
	err := q.QueryRow(ctx, selectDivision, s.Code, day).Scan(&c.Name, &c.SquareKM, &covered)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, ErrNotFound
	}
	if err != nil {
		return c, fmt.Errorf("look at division %s: %w", s.Code, err)
	}
	if c.SquareKM > 0 {
		c.Covered = min(covered/c.SquareKM, 1)
	}
	margin := max(float64(s.Margin), 0.01) // a border has no width
	rows, _ := q.Query(ctx, selectGaps, s.Code, day, margin)
	if c.Gaps, err = c.collect(rows, func(*Part) []any { return nil }); err != nil {
		return c, fmt.Errorf("look for gaps in division %s: %w", s.Code, err)
	}
	rows, _ = q.Query(ctx, selectOverlaps, s.Code, day, margin, s.Branch)
	c.Overlaps, err = c.collect(rows, func(p *Part) []any {
		p.Areas = make([]Named, 2)
		a, b := &p.Areas[0], &p.Areas[1]
		return []any{&a.ID, &a.Name, &a.Squad, &b.ID, &b.Name, &b.Squad}
	})
	if err != nil {
		return c, fmt.Errorf("look for overlaps in division %s: %w", s.Code, err)
	}
	return c, nil
}

// collect reads parts and counts the slivers among them; more is where the columns after the first three go.
func (c *Coverage) collect(rows pgx.Rows, more func(*Part) []any) ([]Part, error) {
	defer rows.Close()
	parts := []Part{}
	for rows.Next() {
		var p Part
		var sliver bool
		if err := rows.Scan(append([]any{&p.Shape, &p.SquareKM, &sliver}, more(&p)...)...); err != nil {
			return nil, err
		}
		switch {
		case sliver:
			c.Slivers++
		case len(parts) < mostParts:
			parts = append(parts, p)
		}
	}
	return parts, rows.Err()
}
