package area

import (
	"context"
	"errors"
	"fmt"
	"math"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// rect is the rectangle between two corners.
func rect(w, s, e, n float64) orb.Polygon {
	return orb.Polygon{{{w, s}, {e, s}, {e, n}, {w, n}, {w, s}}}
}

// squads makes a province with n squads.
func squads(t testing.TB, db *pg.DB, n int) (ids []int64) {
	t.Helper()
	first, _ := org(t, db, "51")
	for i := 1; i < n; i++ {
		var id int64
		err := db.Pool.QueryRow(t.Context(), `INSERT INTO org (parent_id, level, code, name)
			SELECT parent_id, 'squad', code || $2, name || $2 FROM org WHERE id = $1 RETURNING id`, first, fmt.Sprint("-", i)).Scan(&id)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return append([]int64{first}, ids...)
}

func add(t testing.TB, db *pg.DB, a Area) (id int64) {
	t.Helper()
	inTx(t, db, func(ctx context.Context, tx *pg.Tx) (err error) {
		id, err = Add(ctx, tx, "", a)
		return err
	})
	return id
}

func covers(t testing.TB, db *pg.DB, day string) Coverage {
	t.Helper()
	c, err := Covers(t.Context(), db.Pool, Sought{Code: "510104", Margin: DefaultMargin}, date(day))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A division of 20 by 10 hundredths of a degree; squads fill it but for a hole, a strip of two metres, and what they share.
func TestCoverage(t *testing.T) {
	db := pgtest.New(t)
	ids := squads(t, db, 3)
	const strip = 2 / 111_000.0
	if _, err := Covers(t.Context(), db.Pool, Sought{Code: "510104"}, date("2026-11-22")); !errors.Is(err, ErrNotFound) {
		t.Errorf("no division: %v", err)
	}
	add(t, db, Area{Kind: Division, Code: "510104", Name: "锦江区", Shape: orb.MultiPolygon{rect(104, 30, 104.2, 30.1)}})
	if c := covers(t, db, "2026-11-22"); len(c.Gaps) != 1 || c.Covered != 0 || math.Abs(c.Gaps[0].SquareKM-c.SquareKM) > 1e-9 {
		t.Errorf("nobody there: %+v", c)
	}
	west := append(rect(104, 30, 104.1-strip, 30.1), orb.Ring{{104.02, 30.02}, {104.02, 30.04}, {104.04, 30.04}, {104.04, 30.02}, {104.02, 30.02}})
	add(t, db, Area{Kind: Squad, OrgID: ids[0], Name: "西片", Shape: orb.MultiPolygon{west}})
	add(t, db, Area{Kind: Squad, OrgID: ids[1], Name: "东片", Shape: orb.MultiPolygon{rect(104.1, 30, 104.2, 30.1)}})
	add(t, db, Area{Kind: Squad, OrgID: ids[1], Name: "东片旧", Shape: orb.MultiPolygon{rect(104.11, 30, 104.15, 30.1)}}) // the same squad: no overlap
	add(t, db, Area{
		Kind: Squad, OrgID: ids[2], Name: "夜市", From: date("2026-11-22"), To: date("2026-12-01"),
		Shape: orb.MultiPolygon{rect(104.19, 30.05, 104.3, 30.06)}, // reaches out of the division
	})
	c := covers(t, db, "2026-11-22")
	if len(c.Gaps) != 1 || len(c.Overlaps) != 1 || c.Slivers != 1 {
		t.Fatalf("%d gaps, %d overlaps, %d slivers", len(c.Gaps), len(c.Overlaps), c.Slivers)
	}
	hole, shared := c.Gaps[0], c.Overlaps[0]
	if b := hole.Shape.Bound(); b.Min != (orb.Point{104.02, 30.02}) || b.Max != (orb.Point{104.04, 30.04}) {
		t.Errorf("the hole is %v", b)
	}
	if got, want := hole.SquareKM/c.SquareKM, 0.02; math.Abs(got-want) > 1e-4 || math.Abs(1-c.Covered-want) > 3e-4 {
		t.Errorf("the hole is %v of the division, covered is %v", got, c.Covered)
	}
	if b := shared.Shape.Bound(); b.Max != (orb.Point{104.2, 30.06}) || shared.Areas[0].Name != "东片" || shared.Areas[1].Name != "夜市" {
		t.Errorf("%v %+v", b, shared.Areas)
	}
	// One of both must be of the branch that asks; the day is the day.
	for branch, want := range map[string]int{"": 1, "9.": 0} {
		c, err := Covers(t.Context(), db.Pool, Sought{Code: "510104", Branch: branch, Margin: DefaultMargin}, date("2026-11-30"))
		if err != nil || len(c.Overlaps) != want {
			t.Errorf("branch %q: %d overlaps, %v", branch, len(c.Overlaps), err)
		}
	}
	if c := covers(t, db, "2026-12-01"); len(c.Overlaps) != 0 {
		t.Errorf("it has ended: %+v", c.Overlaps)
	}
}

// Squares with holes in two parts, side by side: what holds a point and how far the border is, against arithmetic. Points
// lie inside, outside, in the hole, and exactly on sides and corners.
func TestAtAgainstArithmetic(t *testing.T) {
	db := pgtest.New(t)
	ids := squads(t, db, 2)
	type piece struct{ w, s, e, n float64 }
	type shape struct{ parts, holes []piece }
	shapes := []shape{
		{parts: []piece{{104, 30, 104.1, 30.1}, {104.3, 30, 104.4, 30.1}}, holes: []piece{{104.04, 30.04, 104.06, 30.06}}},
		{parts: []piece{{104.1, 30, 104.2, 30.1}}},
	}
	polygon := func(p piece) orb.Polygon { return rect(p.w, p.s, p.e, p.n) }
	for i, s := range shapes {
		var m orb.MultiPolygon
		for _, p := range s.parts {
			m = append(m, polygon(p))
		}
		for _, h := range s.holes {
			m[0] = append(m[0], polygon(h)[0])
		}
		m[0][0].Reverse() // the turn of a ring means nothing
		add(t, db, Area{Kind: Squad, OrgID: ids[i], Name: "片", Shape: m})
	}
	in := func(p piece, at orb.Point) bool { return p.w <= at[0] && at[0] <= p.e && p.s <= at[1] && at[1] <= p.n }
	off := func(p piece, at orb.Point) bool { return p.w < at[0] && at[0] < p.e && p.s < at[1] && at[1] < p.n }
	holds := func(s shape, at orb.Point) bool {
		for _, h := range s.holes {
			if off(h, at) {
				return false
			}
		}
		for _, p := range s.parts {
			if in(p, at) {
				return true
			}
		}
		return false
	}
	lons := []float64{103.99, 104, 104.04, 104.05, 104.06, 104.07, 104.1, 104.15, 104.2, 104.25, 104.3, 104.35, 104.4}
	lats := []float64{29.99, 30, 30.04, 30.05, 30.06, 30.08, 30.1, 30.11}
	rapid.Check(t, func(rt *rapid.T) {
		at := orb.Point{rapid.SampledFrom(lons).Draw(rt, "lon"), rapid.SampledFrom(lats).Draw(rt, "lat")}
		w, err := At(t.Context(), db.Pool, at, date("2026-11-22"), 0)
		if err != nil {
			rt.Fatal(err)
		}
		held := map[int64]bool{}
		for _, h := range w.Near {
			held[h.OrgID] = h.Inside
		}
		bodies, err := Responsible(t.Context(), db.Pool, []orb.Point{at}, date("2026-11-22"), 0)
		if err != nil {
			rt.Fatal(err)
		}
		n := 0
		for i, s := range shapes {
			want := holds(s, at)
			if held[ids[i]] != want {
				rt.Fatalf("%v in shape %d: %v, want %v", at, i, held[ids[i]], want)
			}
			if want {
				n++
			}
		}
		if len(bodies[0]) != n || w.SquadSure != (n == 1) {
			rt.Fatalf("%v: %v responsible, want %d; sure %v", at, bodies[0], n, w.SquadSure)
		}
	})
}
