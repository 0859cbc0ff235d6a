package pg_test

import (
	"math"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/twpayne/go-geom"
	"pgregory.net/rapid"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

var lonLat = rapid.Custom(func(t *rapid.T) orb.Point {
	return orb.Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-90, 90).Draw(t, "lat")}
})

// anyGeometry draws a geometry that PostGIS keeps as it is.
var anyGeometry = rapid.Custom(func(t *rapid.T) orb.Geometry {
	points := rapid.SliceOfN(lonLat, 3, 9).Draw(t, "points")
	ring := append(orb.Ring(points), points[0])
	switch rapid.IntRange(0, 6).Draw(t, "kind") {
	case 0:
		return points[0]
	case 1:
		return orb.MultiPoint(points)
	case 2:
		return orb.LineString(points)
	case 3:
		return orb.MultiLineString{orb.LineString(points), orb.LineString(points[:2])}
	case 4:
		return orb.Polygon{ring}
	case 5:
		return orb.MultiPolygon{{ring}, {ring}}
	default:
		return orb.Collection{points[0], orb.LineString(points)}
	}
})

// modes are the ways in which pgx talks to the server: binary and text.
var modes = []pgx.QueryExecMode{pgx.QueryExecModeCacheStatement, pgx.QueryExecModeExec, pgx.QueryExecModeSimpleProtocol}

func TestGeometryRoundTrip(t *testing.T) {
	db, _ := open(t, pg.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		want := anyGeometry.Draw(rt, "geometry")
		mode := rapid.SampledFrom(modes).Draw(rt, "mode")
		var got orb.Geometry
		var id int
		err := db.Pool.QueryRow(t.Context(), `SELECT g, ST_SRID(g) FROM (SELECT $1::geometry AS g) s`, mode, want).Scan(&got, &id)
		if err != nil {
			rt.Fatal(err)
		}
		if !orb.Equal(got, want) || id != 4326 {
			rt.Fatalf("got %v with SRID %d, want %v", got, id, want)
		}
	})
}

// The server reads the coordinates as longitude, latitude: an independent
// reading of what the codec wrote.
func TestServerReadsPoint(t *testing.T) {
	db, _ := open(t, pg.Options{})
	rapid.Check(t, func(rt *rapid.T) {
		want := lonLat.Draw(rt, "point")
		mode := rapid.SampledFrom(modes).Draw(rt, "mode")
		var lon, lat float64
		err := db.Pool.QueryRow(t.Context(), `SELECT ST_X($1::geometry), ST_Y($1::geometry)`, mode, want).Scan(&lon, &lat)
		if err != nil {
			rt.Fatal(err)
		}
		if lon != want.Lon() || lat != want.Lat() {
			rt.Fatalf("server reads %v %v, want %v", lon, lat, want)
		}
	})
}

func TestTypedTargets(t *testing.T) {
	db, _ := open(t, pg.Options{})
	at := orb.Point{103.72, 27.34}
	area := orb.Polygon{{{103, 27}, {104, 27}, {104, 28}, {103, 27}}}
	exec(t, db.Pool, `INSERT INTO place (id, name, at, shape, near) VALUES (2, 'x', $1, $2, $3)`, at, area, at)
	var gotAt, gotNear orb.Point
	var gotArea orb.Polygon
	var none *orb.Point
	var nothing orb.Geometry
	err := db.Pool.QueryRow(t.Context(),
		`SELECT at, near, shape, NULL::geometry, NULL::geometry FROM place WHERE id = 2`).Scan(&gotAt, &gotNear, &gotArea, &none, &nothing)
	if err != nil {
		t.Fatal(err)
	}
	if gotAt != at || gotNear != at || !orb.Equal(gotArea, area) || none != nil || nothing != nil {
		t.Errorf("got %v %v %v %v %v", gotAt, gotNear, gotArea, none, nothing)
	}
	for name, sql := range map[string]string{
		"NULL into a point":   `SELECT NULL::geometry`,
		"area into a point":   `SELECT shape FROM place WHERE id = 2`,
		"another datum":       `SELECT ST_SetSRID(at, 4490) FROM place WHERE id = 2`,
		"a plane's own units": `SELECT ST_Transform(at, 3857) FROM place WHERE id = 2`,
	} {
		if err := db.Pool.QueryRow(t.Context(), sql).Scan(&gotAt); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	var missing *orb.Point
	exec(t, db.Pool, `UPDATE place SET at = $1 WHERE id = 2`, missing)
	if !scan[bool](t, db.Pool, `SELECT at IS NULL FROM place WHERE id = 2`) {
		t.Error("a nil pointer is not NULL")
	}
	rows, err := db.Pool.Query(t.Context(), `SELECT near FROM place WHERE id = 2`)
	if err != nil {
		t.Fatal(err)
	}
	values, err := pgx.CollectOneRow(rows, pgx.RowTo[any])
	if err != nil || values != any(at) {
		t.Errorf("untyped value %v (%T), %v", values, values, err)
	}
}

func TestTrackRoundTrip(t *testing.T) {
	db, _ := open(t, pg.Options{})
	track := geom.NewLineString(geom.XYM).MustSetCoords([]geom.Coord{{103, 27, 1000}, {103.1, 27, 1060}, {103.1, 27.2, 1200}})
	for _, mode := range modes {
		var got *geom.LineString
		var valid bool
		var m float64
		err := db.Pool.QueryRow(t.Context(), `
			SELECT g, ST_IsValidTrajectory(g), ST_InterpolatePoint(g, ST_SetSRID(ST_Point(103.05, 27), 4326))
			FROM (SELECT $1::geometry AS g) s`, mode, track).Scan(&got, &valid, &m)
		if err != nil {
			t.Fatal(err)
		}
		if got.Layout() != geom.XYM || got.SRID() != 4326 || !valid || math.Abs(m-1030) > 1e-6 {
			t.Errorf("layout %v, SRID %d, valid %v, passes at %v", got.Layout(), got.SRID(), valid, m)
		}
		for i, c := range got.Coords() {
			if !c.Equal(geom.XYM, track.Coord(i)) {
				t.Errorf("point %d is %v, want %v", i, c, track.Coord(i))
			}
		}
	}
	if track.SRID() != 0 {
		t.Error("the caller's value was changed")
	}
	if _, err := db.Pool.Exec(t.Context(), `SELECT $1::geometry`, geom.NewPointFlat(geom.XY, []float64{1, 2}).SetSRID(3857)); err == nil {
		t.Error("another SRID was accepted")
	}
}

func TestCopyGeometry(t *testing.T) {
	db, _ := open(t, pg.Options{})
	rows := [][]any{{int32(10), "a", orb.Point{1, 2}}, {int32(11), "b", nil}, {int32(12), "c", orb.Point{3, 4}}}
	n, err := db.Pool.CopyFrom(t.Context(), pgx.Identifier{"place"}, []string{"id", "name", "at"}, pgx.CopyFromRows(rows))
	if err != nil || n != 3 {
		t.Fatal(n, err)
	}
	if got := scan[float64](t, db.Pool, `SELECT sum(ST_X(at) * 10 + ST_Y(at)) FROM place WHERE id >= 10`); got != 46 {
		t.Errorf("sum %v, want 46", got)
	}
}

// A database without postgis can be opened; its pool just knows no geometry.
func TestOpenBeforeMigrations(t *testing.T) {
	db, err := pg.Open(t.Context(), pgtest.EmptyURL(t), pg.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if got := scan[string](t, db.Pool, `SHOW timezone`); got != "UTC" {
		t.Errorf("session time zone %q", got)
	}
}
