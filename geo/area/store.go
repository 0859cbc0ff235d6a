package area

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
)

// At tells which areas hold a point (WGS-84) on a day, and which are within
// the margin. A squad's area counts when its organisation still exists; no
// areas at all give the zero Where.
func At(ctx context.Context, q pg.Queryer, p orb.Point, day time.Time, margin geo.Metres) (Where, error) {
	if err := geo.ValidPoint(p); err != nil {
		return Where{}, err
	}
	rows, _ := q.Query(ctx, `
		WITH p AS (SELECT st_setsrid(st_makepoint($1, $2), 4326) AS at)
		SELECT a.id, a.kind, a.code, coalesce(a.org_id, 0), coalesce(o.name, ''), a.name,
		       st_intersects(a.shape, p.at) AS inside,
		       st_distance(st_boundary(a.shape)::geography, p.at::geography) AS edge
		  FROM p JOIN area a ON a.shape && st_expand(p.at, $4 / (111000 * greatest(cos(radians($2)), 0.01)), $4 / 110000)
		  LEFT JOIN org o ON o.id = a.org_id
		 WHERE a.valid_from <= $3 AND a.valid_to > $3
		   AND (st_intersects(a.shape, p.at) OR st_dwithin(a.shape::geography, p.at::geography, $4))
		 ORDER BY a.kind, inside DESC, edge, a.id`, p[0], p[1], day, float64(margin))
	hits, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (h Hit, err error) {
		var edge float64
		err = row.Scan(&h.ID, &h.Kind, &h.Code, &h.OrgID, &h.Squad, &h.Name, &h.Inside, &edge)
		h.Edge = geo.Metres(edge)
		return h, err
	})
	if err != nil {
		return Where{}, fmt.Errorf("look for areas at %v: %w", p, err)
	}
	return judge(hits), nil
}

// Body is an organisation that is responsible for a place: for the area of a team its squad.
type Body struct {
	OrgID    int64
	Path     string // of its branch
	CountyID int64  // the county it belongs to, or is
}

// Responsible tells for each point (WGS-84) which organisations have an area on the day that holds it or has its border
// within the margin, so that a point beside a border belongs to both sides. The lists are in the order of the points,
// by organisation, each once. A team under no squad stands for itself.
func Responsible(ctx context.Context, q pg.Queryer, points []orb.Point, day time.Time, margin geo.Metres) ([][]Body, error) {
	out := make([][]Body, len(points))
	if len(points) == 0 {
		return out, nil
	}
	lons, lats := make([]float64, len(points)), make([]float64, len(points))
	for i, p := range points {
		lons[i], lats[i] = p[0], p[1]
	}
	rows, _ := q.Query(ctx, `
		WITH p AS (SELECT i, lat, st_setsrid(st_makepoint(lon, lat), 4326) AS at
		             FROM unnest($1::float8[], $2::float8[]) WITH ORDINALITY AS u (lon, lat, i))
		SELECT DISTINCT p.i, body.id, body.path, CASE above.level WHEN 'squad' THEN above.parent_id ELSE above.id END
		  FROM p JOIN area a ON a.shape && st_expand(p.at, $4 / (111000 * greatest(cos(radians(p.lat)), 0.01)), $4 / 110000)
		  JOIN org o ON o.id = a.org_id
		  JOIN org above ON above.id = CASE o.level WHEN 'team' THEN o.parent_id ELSE o.id END
		  JOIN org body ON body.id = CASE above.level WHEN 'squad' THEN above.id ELSE o.id END
		 WHERE a.kind = 'squad' AND a.valid_from <= $3 AND a.valid_to > $3
		   AND (st_intersects(a.shape, p.at) OR st_dwithin(a.shape::geography, p.at::geography, $4))
		 ORDER BY p.i, body.id`, lons, lats, day, float64(margin))
	var i int64
	var b Body
	_, err := pgx.ForEachRow(rows, []any{&i, &b.OrgID, &b.Path, &b.CountyID}, func() error {
		out[i-1] = append(out[i-1], b)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look for who is responsible at %d places: %w", len(points), err)
	}
	return out, nil
}

// Listing says which areas List gives.
type Listing struct {
	Kind   Kind
	Branch string    // squads' areas of this branch only; "" = all. Divisions belong to no branch
	Code   string    // divisions whose code begins so; "" = all
	Day    time.Time // valid on this day; zero = whenever
	// Coarse leaves out corners within about 50 m of a straight line, for maps.
	Coarse bool
}

const columns = `a.id, a.kind, a.code, coalesce(a.org_id, 0), coalesce(o.name, ''), a.name, a.valid_from, a.valid_to, a.source`

// List gives areas by code and name, oldest first.
func List(ctx context.Context, q pg.Queryer, l Listing) ([]Area, error) {
	rows, _ := q.Query(ctx, `
		SELECT `+columns+`, CASE WHEN $4 THEN st_multi(st_simplifypreservetopology(a.shape, 0.0005)) ELSE a.shape END
		  FROM area a LEFT JOIN org o ON o.id = a.org_id
		 WHERE a.kind = $1 AND (a.kind = 'division' AND starts_with(a.code, $5) OR starts_with(o.path, $2))
		   AND ($3::date IS NULL OR a.valid_from <= $3 AND a.valid_to > $3)
		 ORDER BY a.code, a.name, a.valid_from, a.id`, l.Kind, l.Branch, nullDay(l.Day), l.Coarse, l.Code)
	list, err := pgx.CollectRows(rows, scan)
	if err != nil {
		return nil, fmt.Errorf("list areas: %w", err)
	}
	return list, nil
}

func scan(row pgx.CollectableRow) (a Area, err error) {
	var from, to pgtype.Date
	err = row.Scan(&a.ID, &a.Kind, &a.Code, &a.OrgID, &a.Squad, &a.Name, &from, &to, &a.Source, &a.Shape)
	a.From, a.To = day(from), day(to)
	return a, err
}

func day(d pgtype.Date) time.Time {
	if d.InfinityModifier != pgtype.Finite {
		return time.Time{}
	}
	return d.Time
}

func nullDay(t time.Time) pgtype.Date { return pgtype.Date{Time: t, Valid: !t.IsZero()} }

func openDay(t time.Time, open pgtype.InfinityModifier) pgtype.Date {
	if t.IsZero() {
		return pgtype.Date{InfinityModifier: open, Valid: true}
	}
	return pgtype.Date{Time: t, Valid: true}
}

func (a *Area) args() []any {
	return []any{
		a.Kind, a.Code, a.OrgID, a.Name, a.Shape,
		openDay(a.From, pgtype.NegativeInfinity), openDay(a.To, pgtype.Infinity), a.Source,
	}
}

// Add stores an area and returns its id. The squad must be in the branch.
// Errors: ErrShape, ErrDays, ErrOverlap, ErrNotFound for a squad that is not
// there.
func Add(ctx context.Context, tx *pg.Tx, branch string, a Area) (id int64, err error) {
	if err := a.Check(); err != nil {
		return 0, err
	}
	if err := sound(ctx, tx, a.Shape); err != nil {
		return 0, err
	}
	err = tx.QueryRow(ctx, `
		INSERT INTO area (kind, code, org_id, name, shape, valid_from, valid_to, source, created_at, updated_at)
		SELECT $1, $2, nullif($3::bigint, 0), $4, $5, $6, $7, $8, $10, $10
		 WHERE $1 = 'division' OR EXISTS (SELECT FROM org o WHERE o.id = $3 AND starts_with(o.path, $9) AND o.level IN ('squad', 'team', 'county'))
		RETURNING id`, append(a.args(), branch, tx.Now())...).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, ErrNotFound
	}
	if err != nil {
		return 0, fmt.Errorf("add area %q: %w", a.Name, asOurs(err))
	}
	return id, nil
}

// Set changes name, squad, shape and days of the squad's area a.ID in the
// branch. Errors: as of Add.
func Set(ctx context.Context, tx *pg.Tx, branch string, a Area) error {
	if err := a.Check(); err != nil {
		return err
	}
	if err := sound(ctx, tx, a.Shape); err != nil {
		return err
	}
	tag, err := tx.Exec(ctx, `
		UPDATE area a SET org_id = n.id, name = $4, shape = $5, valid_from = $6, valid_to = $7, source = $8, updated_at = $11
		  FROM org o, org n
		 WHERE a.id = $10 AND a.kind = $1 AND a.code = $2 AND o.id = a.org_id AND starts_with(o.path, $9)
		   AND n.id = $3 AND starts_with(n.path, $9)`, append(a.args(), branch, a.ID, tx.Now())...)
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("change area %d: %w", a.ID, asOurs(err))
	}
	return nil
}

// Retire ends the squad's area on a day; one that would never have been valid
// is deleted. Errors: ErrNotFound, also for one that has ended already.
func Retire(ctx context.Context, tx *pg.Tx, branch string, id int64, day time.Time) error {
	tag, err := tx.Exec(ctx, `
		WITH mine AS (SELECT a.id FROM area a JOIN org o ON o.id = a.org_id
		               WHERE a.id = $1 AND a.kind = 'squad' AND starts_with(o.path, $2) AND a.valid_to > $3 FOR UPDATE OF a),
		     gone AS (DELETE FROM area WHERE id IN (SELECT id FROM mine) AND valid_from >= $3 RETURNING id),
		     ended AS (UPDATE area SET valid_to = $3, updated_at = $4
		                WHERE id IN (SELECT id FROM mine) AND valid_from < $3 RETURNING id)
		SELECT id FROM gone UNION ALL SELECT id FROM ended`, id, branch, day, tx.Now())
	if err == nil && tag.RowsAffected() == 0 {
		return ErrNotFound
	}
	if err != nil {
		return fmt.Errorf("retire area %d: %w", id, err)
	}
	return nil
}

// sound asks the database whether rings cross.
func sound(ctx context.Context, q pg.Queryer, shape orb.MultiPolygon) error {
	var reason string
	if err := q.QueryRow(ctx, `SELECT st_isvalidreason($1::geometry)`, shape).Scan(&reason); err != nil {
		return fmt.Errorf("check a shape: %w", err)
	}
	if reason != "Valid Geometry" {
		return fmt.Errorf("%w: %s", ErrShape, strings.TrimSpace(reason))
	}
	return nil
}

// mend makes the shape valid and says whether it was not.
func mend(ctx context.Context, q pg.Queryer, a *Area) (mended bool, err error) {
	var valid orb.MultiPolygon
	err = q.QueryRow(ctx, `
		SELECT NOT st_isvalid(s), st_multi(st_collectionextract(st_makevalid(s), 3)) FROM (SELECT $1::geometry AS s) x`,
		a.Shape).Scan(&mended, &valid)
	if err != nil {
		return false, fmt.Errorf("mend the shape of %q: %w", a.Name, err)
	}
	if mended {
		a.Shape = valid
	}
	return mended, a.Check()
}

func asOurs(err error) error {
	if pg.Constraint(err) == "area_division_once" {
		return ErrOverlap
	}
	return err
}

// before looks for what a would take the place of; the zero predecessor when
// there is none.
func before(ctx context.Context, q pg.Queryer, a Area) (p predecessor, err error) {
	args := a.args()
	var next pgtype.Date
	err = q.QueryRow(ctx, `
		WITH kin AS (SELECT id, valid_from, valid_to, name, shape FROM area
		              WHERE kind = $1 AND code = $2 AND coalesce(org_id, 0) = $3 AND ($1 = 'division' OR name = $4)),
		     old AS (SELECT id, name = $4 AND st_equals(shape, $5) AS same FROM kin
		              WHERE valid_from <= $6 AND valid_to > $6 ORDER BY valid_from DESC LIMIT 1)
		SELECT coalesce((SELECT id FROM old), 0), coalesce((SELECT same FROM old), false),
		       (SELECT min(valid_from) FROM kin WHERE valid_from > $6)`, args[:6]...).Scan(&p.id, &p.same, &next)
	if err != nil {
		return p, fmt.Errorf("look for what was before %q: %w", a.Name, err)
	}
	p.next = day(next)
	return p, nil
}

// giveWay ends area id where a begins, or removes it when it began then.
func giveWay(ctx context.Context, tx *pg.Tx, id int64, a Area) error {
	from := openDay(a.From, pgtype.NegativeInfinity)
	_, err := tx.Exec(ctx, `
		WITH gone AS (DELETE FROM area WHERE id = $1 AND valid_from = $2)
		UPDATE area SET valid_to = $2, updated_at = $3 WHERE id = $1 AND valid_from < $2`, id, from, tx.Now())
	if err != nil {
		return fmt.Errorf("end area %d: %w", id, err)
	}
	return nil
}

// findOrg sets the organisation of a to that of a code in the branch.
func findOrg(ctx context.Context, tx *pg.Tx, a *Area, code, branch string) error {
	err := tx.QueryRow(ctx, `SELECT id FROM org WHERE code = $1 AND starts_with(path, $2)`, code, branch).Scan(&a.OrgID)
	if errors.Is(err, pgx.ErrNoRows) {
		return featureError{"no_org", fmt.Sprintf("there is no organisation with the code %q in the branch", code)}
	}
	return err
}
