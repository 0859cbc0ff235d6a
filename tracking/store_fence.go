package tracking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// ErrNoFence says that there is no such fence in the branch.
var ErrNoFence = errors.New("no such fence")

// Fencing lists the fences that are in use and belong to a branch ("" = all),
// by name.
func Fencing(ctx context.Context, q pg.Queryer, branch string) ([]Fence, error) {
	rows, _ := q.Query(ctx, `
		SELECT f.id, f.org_id, f.name, f.polygon, coalesce(f.lon, 0), coalesce(f.lat, 0), coalesce(f.radius_m, 0), f.dwell_s, f.plain
		  FROM fence f JOIN org o ON o.id = f.org_id
		 WHERE f.retired_at IS NULL AND starts_with(o.path, $1)
		 ORDER BY f.name, f.id`, branch)
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (f Fence, err error) {
		var polygon *orb.Polygon
		var radius float64
		err = row.Scan(&f.ID, &f.OrgID, &f.Name, &polygon, &f.Centre[0], &f.Centre[1], &radius, &f.DwellS, &f.Plain)
		if polygon != nil {
			f.Polygon = *polygon
		}
		f.Radius = geo.Metres(radius)
		return f, err
	})
	if err != nil {
		return nil, fmt.Errorf("read fences: %w", err)
	}
	return list, nil
}

// AddFence makes a fence in a branch and returns its id. Errors: ErrFenceShape,
// ErrNoFence when the organisation is not in the branch.
func AddFence(ctx context.Context, tx *pg.Tx, branch string, f Fence) (id int64, err error) {
	if err := f.Check(); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO fence (org_id, name, polygon, lon, lat, radius_m, dwell_s, plain, created_at)
		SELECT o.id, $3, $4, $5, $6, $7, $8, $9, $10 FROM org o WHERE o.id = $1 AND starts_with(o.path, $2)
		RETURNING id`, append([]any{f.OrgID, branch, f.Name}, append(f.shape(), f.DwellS, f.Plain, tx.Now())...)...).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNoFence
	}
	if err != nil {
		return 0, fmt.Errorf("add fence %q: %w", f.Name, err)
	}
	return id, nil
}

// shape is polygon, lon, lat and radius for SQL.
func (f *Fence) shape() []any {
	if f.Polygon != nil {
		return []any{f.Polygon, nil, nil, nil}
	}
	return []any{nil, f.Centre[0], f.Centre[1], float64(f.Radius)}
}

// SetFence changes the name, shape and rules of f.ID. Errors: ErrFenceShape, ErrNoFence.
func SetFence(ctx context.Context, tx *pg.Tx, branch string, f Fence) error {
	if err := f.Check(); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		UPDATE fence f SET name = $3, polygon = $4, lon = $5, lat = $6, radius_m = $7, dwell_s = $8, plain = $9
		  FROM org o WHERE o.id = f.org_id AND f.id = $1 AND f.retired_at IS NULL AND starts_with(o.path, $2)`,
		append([]any{f.ID, branch, f.Name}, append(f.shape(), f.DwellS, f.Plain)...)...)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNoFence
	}
	if err != nil {
		return fmt.Errorf("change fence %d: %w", f.ID, err)
	}
	return nil
}

// RetireFence ends a fence; its events stay. Errors: ErrNoFence.
func RetireFence(ctx context.Context, tx *pg.Tx, branch string, id int64) error {
	tag, err := tx.Exec(ctx, `
		UPDATE fence f SET retired_at = $3
		  FROM org o WHERE o.id = f.org_id AND f.id = $1 AND f.retired_at IS NULL AND starts_with(o.path, $2)`, id, branch, tx.Now())
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNoFence
	}
	if err != nil {
		return fmt.Errorf("retire fence %d: %w", id, err)
	}
	return nil
}

// FenceEvents lists what happened at a fence with from ≤ at < to, oldest
// first, at most limit of them, after the event number `after` of an earlier
// page (0 = from the start). Only units of the branch are told. Errors:
// ErrNoFence.
func FenceEvents(ctx context.Context, q pg.Queryer, branch string, fenceID int64, from, to time.Time, after int64, limit int) ([]FenceEvent, error) {
	var there bool
	err := q.QueryRow(ctx, `
		SELECT EXISTS (SELECT FROM fence f JOIN org o ON o.id = f.org_id
		                WHERE f.id = $1 AND (starts_with(o.path, $2) OR starts_with($2, o.path)))`, fenceID, branch).Scan(&there)
	if err != nil {
		return nil, fmt.Errorf("look for fence %d: %w", fenceID, err)
	}
	if !there {
		return nil, ErrNoFence
	}
	rows, _ := q.Query(ctx, `
		SELECT e.id, e.fence_id, f.name AS fence, e.unit_id, u.call_sign, e.at, e.kind, e.lon, e.lat, o.path AS org_path
		  FROM fence_event e
		  JOIN fence f ON f.id = e.fence_id
		  JOIN unit u ON u.id = e.unit_id
		  JOIN org o ON o.id = u.org_id
		 WHERE e.fence_id = $1 AND starts_with(o.path, $2) AND e.at >= $3 AND e.at < $4
		   AND (e.at, e.id) > (SELECT coalesce(max(at), '-infinity'), coalesce(max(id), 0) FROM fence_event WHERE id = $5)
		 ORDER BY e.at, e.id LIMIT $6`, fenceID, branch, from, to, after, limit)
	return collectFenceEvents(rows)
}

func collectFenceEvents(rows pgx.Rows) ([]FenceEvent, error) {
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (e FenceEvent, err error) {
		err = row.Scan(&e.ID, &e.FenceID, &e.Fence, &e.UnitID, &e.CallSign, &e.At, &e.Kind, &e.Lon, &e.Lat, &e.OrgPath)
		e.At = e.At.UTC()
		return e, err
	})
	if err != nil {
		return nil, fmt.Errorf("read events at fences: %w", err)
	}
	return list, nil
}

// saveFenceEvents keeps events of units that belong to the branch of the fence
// and returns those that are new, complete.
func saveFenceEvents(ctx context.Context, db *pg.DB, list []FenceEvent) (kept []FenceEvent, err error) {
	n := len(list)
	fences, units := make([]int64, n), make([]int64, n)
	at, kinds := make([]time.Time, n), make([]string, n)
	lon, lat := make([]float64, n), make([]float64, n)
	for i, e := range list {
		fences[i], units[i], at[i], kinds[i], lon[i], lat[i] = e.FenceID, e.UnitID, e.At, string(e.Kind), e.Lon, e.Lat
	}
	err = db.InTx(ctx, func(tx *pg.Tx) (err error) {
		rows, _ := tx.Query(ctx, `
			WITH kept AS (
			    INSERT INTO fence_event (fence_id, unit_id, at, kind, lon, lat, noted_at)
			    SELECT x.fence, x.unit, x.at, x.kind, x.lon, x.lat, $7
			      FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::text[], $5::float8[], $6::float8[])
			           WITH ORDINALITY AS x (fence, unit, at, kind, lon, lat, place)
			      JOIN fence f ON f.id = x.fence
			      JOIN org fo ON fo.id = f.org_id
			      JOIN unit u ON u.id = x.unit
			      JOIN org uo ON uo.id = u.org_id AND starts_with(uo.path, fo.path)
			     ORDER BY x.place
			        ON CONFLICT ON CONSTRAINT fence_event_once DO NOTHING
			    RETURNING id, fence_id, unit_id, at, kind, lon, lat)
			SELECT k.id, k.fence_id, f.name, k.unit_id, u.call_sign, k.at, k.kind, k.lon, k.lat, o.path
			  FROM kept k JOIN fence f ON f.id = k.fence_id JOIN unit u ON u.id = k.unit_id JOIN org o ON o.id = u.org_id
			 ORDER BY k.id`, fences, units, at, kinds, lon, lat, tx.Now())
		kept, err = collectFenceEvents(rows)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("keep %d events at fences: %w", n, err)
	}
	return kept, nil
}

// passKey names a unit at a fence.
type passKey struct{ fence, unit int64 }

// lastPasses is how units stand with fences by the last event of each.
func lastPasses(ctx context.Context, q pg.Queryer, list []*Fence) (map[passKey]visit, error) {
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.ID
	}
	rows, err := q.Query(ctx, `
		SELECT DISTINCT ON (e.fence_id, e.unit_id) e.fence_id, e.unit_id, e.at, e.kind,
		       EXISTS (SELECT FROM fence_event d WHERE d.fence_id = e.fence_id AND d.unit_id = e.unit_id
		                  AND d.kind = 'dwell' AND d.at >= e.at)
		  FROM fence_event e
		 WHERE e.fence_id = ANY($1) AND e.kind <> 'dwell'
		 ORDER BY e.fence_id, e.unit_id, e.at DESC, e.id DESC`, ids)
	if err != nil {
		return nil, fmt.Errorf("read the last events at fences: %w", err)
	}
	out := make(map[passKey]visit)
	var key passKey
	var at time.Time
	var kind FenceEventKind
	var stayed bool
	_, err = pgx.ForEachRow(rows, []any{&key.fence, &key.unit, &at, &kind, &stayed}, func() error {
		out[key] = visit{inside: kind == FenceEnter, since: at.UTC(), stayed: stayed}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the last events at fences: %w", err)
	}
	return out, nil
}
