package road

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"

	"jiujin/internal/pg"
)

// ErrNoGraph says that no roads have been loaded, or not yet.
var ErrNoGraph = errors.New("there are no roads")

// partBytes is the size of the parts in which the graph is kept.
const partBytes = 1 << 20

// Save makes g the road graph, in place of the one before, inside tx. Services that run see it within half a minute.
func Save(ctx context.Context, tx *pg.Tx, g *Graph, source string) error {
	var b bytes.Buffer
	if err := g.Encode(&b); err != nil {
		return err
	}
	size := g.Size()
	_, err := tx.Exec(ctx, `
		insert into road_graph as r (source, nodes, edges, built_at) values ($1, $2, $3, $4)
		on conflict (only_row) do update set source = excluded.source, nodes = excluded.nodes, edges = excluded.edges,
			built_at = excluded.built_at, version = r.version + 1`, source, size.Nodes, size.Edges, tx.Now())
	if err != nil {
		return fmt.Errorf("save road graph: %w", err)
	}
	if _, err := tx.Exec(ctx, `delete from road_graph_part`); err != nil {
		return fmt.Errorf("save road graph: delete the old one: %w", err)
	}
	parts := slices.Collect(slices.Chunk(b.Bytes(), partBytes))
	_, err = tx.CopyFrom(ctx, pgx.Identifier{"road_graph_part"}, []string{"part", "bytes"},
		pgx.CopyFromSlice(len(parts), func(i int) ([]any, error) { return []any{i, parts[i]}, nil }))
	if err != nil {
		return fmt.Errorf("save road graph: %d parts: %w", len(parts), err)
	}
	return nil
}

// load reads the graph and its version. The error wraps ErrNoGraph.
func load(ctx context.Context, q pg.Queryer) (g *Graph, version int64, err error) {
	var b bytes.Buffer
	var part []byte
	rows, _ := q.Query(ctx, `select r.version, p.bytes from road_graph r cross join road_graph_part p order by p.part`)
	_, err = pgx.ForEachRow(rows, []any{&version, &part}, func() error {
		b.Write(part)
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("load road graph: %w", err)
	}
	if version == 0 {
		return nil, 0, ErrNoGraph
	}
	g, err = Decode(&b)
	return g, version, err
}

// graphVersion is 0 when there is none.
func graphVersion(ctx context.Context, q pg.Queryer) (v int64, err error) {
	if err := q.QueryRow(ctx, `select coalesce(max(version), 0) from road_graph`).Scan(&v); err != nil {
		return 0, fmt.Errorf("version of the road graph: %w", err)
	}
	return v, nil
}

const selectClosure = `
select c.id, c.org_id, o.path, c.reason, c.shape, c.from_at, c.until_at, c.made_by, c.made_at, c.lifted_at
  from road_closure c join org o on o.id = c.org_id`

func collectClosures(rows pgx.Rows) ([]Closure, error) {
	list, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Closure, err error) {
		var until, lifted *time.Time
		var shape orb.Geometry
		err = row.Scan(&c.ID, &c.OrgID, &c.OrgPath, &c.Reason, &shape, &c.From, &until, &c.MadeBy, &c.MadeAt, &lifted)
		c.Shape, c.From, c.MadeAt = shape, c.From.UTC(), c.MadeAt.UTC()
		if until != nil {
			c.Until = until.UTC()
		}
		if lifted != nil {
			c.LiftedAt = lifted.UTC()
		}
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("read closures of roads: %w", err)
	}
	return list, nil
}

// Closures lists the closures that hold at a moment or will later, the newest first. They hold for everybody, so all
// branches are listed.
func Closures(ctx context.Context, q pg.Queryer, now time.Time) ([]Closure, error) {
	rows, _ := q.Query(ctx, selectClosure+`
		 where c.lifted_at is null and (c.until_at is null or c.until_at > $1) order by c.id desc limit 1000`, now)
	return collectClosures(rows)
}

// closuresAt lists those that hold at a moment.
func closuresAt(ctx context.Context, q pg.Queryer, now time.Time) ([]Closure, error) {
	rows, _ := q.Query(ctx, selectClosure+`
		 where c.lifted_at is null and c.from_at <= $1 and (c.until_at is null or c.until_at > $1) order by c.id`, now)
	return collectClosures(rows)
}

// AddClosure closes roads; ID, MadeAt and LiftedAt are set here. Errors: ErrClosureTime, and ErrNoClosure when the
// organisation is not in the branch.
func AddClosure(ctx context.Context, tx *pg.Tx, branch string, c Closure) (Closure, error) {
	c.MadeAt, c.LiftedAt = tx.Now(), time.Time{}
	if !c.Until.IsZero() && !c.Until.After(c.From) {
		return c, ErrClosureTime
	}
	err := tx.QueryRow(ctx, `
		insert into road_closure (org_id, reason, shape, from_at, until_at, made_by, made_at)
		select o.id, $3, $4, $5, $6, $7, $8 from org o where o.id = $1 and starts_with(o.path, $2)
		returning id`, c.OrgID, branch, c.Reason, c.Shape, c.From, orNull(c.Until), c.MadeBy, c.MadeAt).Scan(&c.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, ErrNoClosure
	}
	if err != nil {
		return c, fmt.Errorf("add closure: %w", err)
	}
	return c, nil
}

// LiftClosure opens the roads again, or with lifted false takes that back. Errors: ErrNoClosure, ErrClosureLifted.
func LiftClosure(ctx context.Context, tx *pg.Tx, branch string, id int64, lifted bool) (Closure, error) {
	rows, _ := tx.Query(ctx, selectClosure+` where c.id = $1 and starts_with(o.path, $2) for update of c`, id, branch)
	list, err := collectClosures(rows)
	if err != nil {
		return Closure{}, err
	}
	if len(list) == 0 {
		return Closure{}, ErrNoClosure
	}
	c := list[0]
	if lifted != c.LiftedAt.IsZero() {
		return c, ErrClosureLifted
	}
	c.LiftedAt = time.Time{}
	if lifted {
		c.LiftedAt = tx.Now()
	}
	if _, err := tx.Exec(ctx, `update road_closure set lifted_at = $2 where id = $1`, id, orNull(c.LiftedAt)); err != nil {
		return c, fmt.Errorf("lift closure %d: %w", id, err)
	}
	return c, nil
}

func orNull(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
