package area

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func TestMain(m *testing.M) {
	pgtest.Main(m)
}

func date(s string) time.Time {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return t
}

// box is the square from west, south with sides of a hundredth of a degree times n.
func box(west, south float64, n int) orb.MultiPolygon {
	side := float64(n) / 100
	return orb.MultiPolygon{{{{west, south}, {west + side, south}, {west + side, south + side}, {west, south + side}, {west, south}}}}
}

func inTx(t testing.TB, db *pg.DB, do func(context.Context, *pg.Tx) error) {
	t.Helper()
	if err := db.InTx(t.Context(), func(tx *pg.Tx) error { return do(t.Context(), tx) }); err != nil {
		t.Fatal(err)
	}
}

// org makes a province with a squad in it and returns the squad's id and path.
func org(t testing.TB, db *pg.DB, code string) (id int64, path string) {
	t.Helper()
	err := db.Pool.QueryRow(t.Context(), `
		WITH p AS (INSERT INTO org (level, code, name) VALUES ('province', $1, '省') RETURNING id)
		SELECT id FROM p`, code).Scan(&id)
	if err != nil {
		t.Fatal(err)
	}
	err = db.Pool.QueryRow(t.Context(), `
		INSERT INTO org (parent_id, level, code, name) VALUES ($1, 'squad', $2, $3) RETURNING id, path`,
		id, code+"-1", "中队"+code).Scan(&id, &path)
	if err != nil {
		t.Fatal(err)
	}
	return id, path
}

func collection(features ...string) string {
	return `{"type":"FeatureCollection","features":[` + strings.Join(features, ",") + `]}`
}

func square(properties string, west, south float64) string {
	return fmt.Sprintf(`{"type":"Feature","properties":{%s},"geometry":{"type":"Polygon","coordinates":[[[%v,%v],[%v,%v],[%v,%v],[%v,%v],[%v,%v]]]}}`,
		properties, west, south, west+0.1, south, west+0.1, south+0.1, west, south+0.1, west, south)
}

func load(t *testing.T, db *pg.DB, file string, opts ImportOptions) (r Report) {
	t.Helper()
	inTx(t, db, func(ctx context.Context, tx *pg.Tx) (err error) {
		r, err = Import(ctx, tx, strings.NewReader(file), opts)
		return err
	})
	return r
}

func at(t *testing.T, db *pg.DB, lon, lat float64, day string) Where {
	t.Helper()
	w, err := At(t.Context(), db.Pool, orb.Point{lon, lat}, date(day), DefaultMargin)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Xingtai's 桥东区 became 襄都区 in June 2020 under the same code: each day has
// its name, and the same file again changes nothing.
func TestRenamedDivision(t *testing.T) {
	db := pgtest.New(t)
	before := collection(square(`"adcode":130502,"name":"桥东区"`, 114.5, 37), square(`"adcode":130503,"name":"桥西区"`, 114.4, 37))
	after := collection(square(`"adcode":130502,"name":"襄都区"`, 114.5, 37), square(`"adcode":130503,"name":"信都区"`, 114.4, 37))
	if r := load(t, db, before, ImportOptions{Kind: Division}); r.Added != 2 || r.Refused != 0 {
		t.Fatalf("%+v", r)
	}
	renamed := ImportOptions{Kind: Division, From: date("2020-06-05")}
	dry := renamed
	dry.DryRun = true
	for i, want := range []Report{{Features: 2, Replaced: 2}, {Features: 2, Replaced: 2}, {Features: 2, Unchanged: 2}} {
		opts := renamed
		if i == 0 {
			opts = dry
		}
		r := load(t, db, after, opts)
		if r.Replaced != want.Replaced || r.Unchanged != want.Unchanged || r.Added != 0 || len(r.Problems) != 0 {
			t.Errorf("import %d: %+v", i, r)
		}
	}
	for day, want := range map[string]string{"2020-06-04": "桥东区", "2020-06-05": "襄都区", "2026-11-22": "襄都区"} {
		if w := at(t, db, 114.55, 37.05, day); w.Division == nil || w.Division.Name != want || w.Division.Code != "130502" || !w.DivisionSure {
			t.Errorf("%s: %+v", day, w)
		}
	}
	// What comes late about the time before does not cover what is known of the time since.
	if r := load(t, db, collection(square(`"adcode":130502,"name":"桥东"`, 114.5, 37)), ImportOptions{Kind: Division, From: date("2019-01-01")}); r.Replaced != 1 {
		t.Errorf("%+v", r)
	}
	for day, want := range map[string]string{"2018-12-31": "桥东区", "2019-01-01": "桥东", "2020-06-05": "襄都区"} {
		if w := at(t, db, 114.55, 37.05, day); w.Division == nil || w.Division.Name != want {
			t.Errorf("%s: %+v", day, w)
		}
	}
	// On the border both are named and neither is sure.
	w := at(t, db, 114.5001, 37.05, "2026-11-22")
	if w.Division == nil || w.Division.Name != "襄都区" || w.DivisionSure || len(w.Near) != 2 || w.Near[1].Name != "信都区" || w.Near[1].Inside {
		t.Errorf("%+v", w)
	}
	if d := float64(w.Near[1].Edge); d < 8.5 || d > 9.2 {
		t.Errorf("the border is %v m away", d)
	}
}

func TestImportRefusesOneByOne(t *testing.T) {
	db := pgtest.New(t)
	bowtie := `{"type":"Feature","properties":{"adcode":"420102","name":"结"},"geometry":{"type":"Polygon","coordinates":[[[114,30],[115,31],[117,30],[114,31],[114,30]]]}}`
	point := `{"type":"Feature","properties":{"adcode":"420103","name":"点"},"geometry":{"type":"Point","coordinates":[1,1]}}`
	r := load(t, db, collection(
		square(`"adcode":420101,"name":"好"`, 114, 30), bowtie, point, square(`"name":"无码"`, 114, 30),
		square(`"adcode":420104`, 114, 30), square(`"adcode":420105,"name":"日","valid_to":"soon"`, 114, 30), `7`,
	), ImportOptions{Kind: Division})
	if r.Features != 7 || r.Added != 2 || r.Mended != 1 || r.Refused != 5 || len(r.Problems) != 5 || r.Problems[0].Feature != 3 {
		t.Errorf("%+v", r)
	}
	codes := []string{}
	for _, p := range r.Problems {
		codes = append(codes, p.Code)
	}
	if got := strings.Join(codes, " "); got != "no_polygon no_code no_name bad_day unreadable" {
		t.Errorf("codes %s", got)
	}
	for _, file := range []string{"", "[]", `{"type":"Feature"}`} {
		err := db.InTx(t.Context(), func(tx *pg.Tx) error {
			_, err := Import(t.Context(), tx, strings.NewReader(file), ImportOptions{Kind: Division})
			return err
		})
		if !errors.Is(err, ErrFile) {
			t.Errorf("%q: %v", file, err)
		}
	}
}

func TestSquadsAreas(t *testing.T) {
	db := pgtest.New(t)
	one, path := org(t, db, "42")
	two, _ := org(t, db, "51")
	var id int64
	inTx(t, db, func(ctx context.Context, tx *pg.Tx) (err error) {
		id, err = Add(ctx, tx, path, Area{Kind: Squad, OrgID: one, Name: "东片", Shape: box(114, 30, 10), From: date("2026-01-01")})
		return err
	})
	for name, err := range map[string]error{
		"another branch": addTo(t, db, path, Area{Kind: Squad, OrgID: two, Name: "西片", Shape: box(114, 30, 10)}, ErrNotFound),
		"crossing": addTo(t, db, path, Area{
			Kind: Squad, OrgID: one, Name: "结",
			Shape: orb.MultiPolygon{{{{0, 0}, {1, 1}, {3, 0}, {0, 1}, {0, 0}}}},
		}, ErrShape),
		"no day": addTo(t, db, path, Area{
			Kind: Squad, OrgID: one, Name: "日", Shape: box(114, 30, 1), From: date("2026-01-01"), To: date("2026-01-01"),
		}, ErrDays),
	} {
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	w := at(t, db, 114.05, 30.05, "2026-11-22")
	if w.Squad == nil || w.Squad.OrgID != one || w.Squad.Squad != "中队42" || !w.SquadSure || w.Division != nil {
		t.Errorf("%+v", w)
	}
	if w := at(t, db, 114.05, 30.05, "2025-12-31"); w.Squad != nil {
		t.Errorf("before its first day: %+v", w)
	}
	inTx(t, db, func(ctx context.Context, tx *pg.Tx) error {
		return Set(ctx, tx, path, Area{ID: id, Kind: Squad, OrgID: one, Name: "东片", Shape: box(115, 30, 10), From: date("2026-01-01")})
	})
	if w := at(t, db, 114.05, 30.05, "2026-11-22"); w.Squad != nil {
		t.Errorf("it has moved away: %+v", w)
	}
	inTx(t, db, func(ctx context.Context, tx *pg.Tx) error { return Retire(ctx, tx, path, id, date("2026-11-22")) })
	for day, want := range map[string]bool{"2026-11-21": true, "2026-11-22": false} {
		if w := at(t, db, 115.05, 30.05, day); (w.Squad != nil) != want {
			t.Errorf("%s: %+v", day, w)
		}
	}
	err := db.InTx(t.Context(), func(tx *pg.Tx) error { return Retire(t.Context(), tx, path, id, date("2026-11-22")) })
	if !errors.Is(err, ErrNotFound) {
		t.Errorf("twice: %v", err)
	}
}

// addTo returns an error when Add does not refuse with want.
func addTo(t *testing.T, db *pg.DB, branch string, a Area, want error) error {
	t.Helper()
	err := db.InTx(t.Context(), func(tx *pg.Tx) error {
		_, err := Add(t.Context(), tx, branch, a)
		return err
	})
	if errors.Is(err, want) {
		return nil
	}
	return fmt.Errorf("got %w, want %w", err, want)
}

func TestDivisionHasOneShapeOnADay(t *testing.T) {
	db := pgtest.New(t)
	a := Area{Kind: Division, Code: "420102", Name: "江岸区", Shape: box(114, 30, 10), From: date("2020-01-01")}
	if err := addTo(t, db, "", a, nil); err != nil {
		t.Fatal(err)
	}
	a.From = date("2021-01-01")
	if err := addTo(t, db, "", a, ErrOverlap); err != nil {
		t.Error(err)
	}
}

// The nearest of the hits is the one whose border is farthest when two hold
// the point, whatever the order, and doubt is told exactly when another is near.
func TestJudge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		codes := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"420000", "420100", "420102", "420103", "420104"}), 0, 5, rapid.ID[string]).Draw(t, "codes")
		var hits []Hit
		inside := 0
		for _, c := range codes {
			h := Hit{Kind: Division, Code: c, Inside: rapid.Bool().Draw(t, "inside"), Edge: geo.Metres(rapid.IntRange(0, 99).Draw(t, "edge"))}
			if h.Inside {
				inside++
			}
			hits = append(hits, h)
		}
		w := judge(hits)
		if (w.Division != nil) != (inside > 0) {
			t.Fatalf("%+v", w)
		}
		if w.Division == nil {
			return
		}
		same := 0
		for _, h := range hits {
			if h.Inside && (level(h.Code) > level(w.Division.Code) || level(h.Code) == level(w.Division.Code) && h.Edge > w.Division.Edge) {
				t.Fatalf("%+v would do better than %+v", h, w.Division)
			}
			if level(h.Code) == level(w.Division.Code) {
				same++
			}
		}
		if w.DivisionSure != (same == 1) {
			t.Fatalf("sure %v of %+v", w.DivisionSure, hits)
		}
	})
}

func TestImportMovesTheDatum(t *testing.T) {
	db := pgtest.New(t)
	load(t, db, collection(square(`"adcode":420102,"name":"江岸区"`, 114.3, 30.5)), ImportOptions{Kind: Division, Datum: datum.GCJ02})
	corner, err := datum.ToWGS84(datum.GCJ02, orb.Point{114.3, 30.5})
	if err != nil {
		t.Fatal(err)
	}
	for by, want := range map[float64]bool{0.00002: true, -0.00002: false} {
		if w := at(t, db, corner[0]+by, corner[1]+by, "2026-11-22"); (w.Division != nil) != want {
			t.Errorf("%v beside the corner: %+v", by, w)
		}
	}
}
