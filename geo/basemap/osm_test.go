package basemap

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/paulmach/orb"
	"github.com/paulmach/osm"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// way is a way of a made-up OpenStreetMap file.
type way struct {
	nodes []int64
	tags  [][2]string
}

// member is a way of a relation.
type member struct {
	way  int64
	role string
}

// group is a relation of a made-up OpenStreetMap file.
type group struct {
	members []member
	tags    [][2]string
}

// osmData writes an OpenStreetMap file of nodes 1, 2, …, ways 100, 101, … and relations: https://wiki.openstreetmap.org/wiki/PBF_Format, with dense nodes, uncompressed.
func osmData(nodes []orb.Point, ways []way, groups ...group) []byte {
	texts := [][]byte{nil}
	text := func(s string) uint64 {
		texts = append(texts, []byte(s))
		return uint64(len(texts) - 1)
	}
	deltas := func(values []int64) []byte {
		var b []byte
		last := int64(0)
		for _, v := range values {
			b = binary.AppendVarint(b, v-last)
			last = v
		}
		return b
	}
	var ids, lats, lons []int64
	for i, p := range nodes {
		ids = append(ids, int64(i+1))
		lons, lats = append(lons, int64(math.Round(p[0]*1e7))), append(lats, int64(math.Round(p[1]*1e7)))
	}
	block := field(nil, 2, field(field(field(nil, 1, deltas(ids)), 8, deltas(lats)), 9, deltas(lons)))
	tagged := func(id int, tags [][2]string) []byte {
		var keys, values []byte
		for _, tag := range tags {
			keys, values = binary.AppendUvarint(keys, text(tag[0])), binary.AppendUvarint(values, text(tag[1]))
		}
		return field(field(binary.AppendUvarint([]byte{1 << 3}, uint64(id)), 2, keys), 3, values)
	}
	for i, w := range ways {
		block = field(block, 3, field(tagged(100+i, w.tags), 8, deltas(w.nodes)))
	}
	for i, g := range groups {
		var roles, types []byte
		var members []int64
		for _, m := range g.members {
			roles, types, members = binary.AppendUvarint(roles, text(m.role)), append(types, 1), append(members, m.way)
		}
		block = field(block, 4, field(field(field(tagged(1000+i, g.tags), 8, roles), 9, deltas(members)), 10, types))
	}
	var table []byte
	for _, s := range texts {
		table = field(table, 1, s)
	}
	header := field(field(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes"))
	return append(blob("OSMHeader", header), blob("OSMData", field(field(nil, 1, table), 2, block))...)
}

// field appends a protobuf field of bytes.
func field(b []byte, number int, value []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number<<3|2))
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

func blob(kind string, raw []byte) []byte {
	body := field(nil, 1, raw)
	head := binary.AppendUvarint(append(field(nil, 1, []byte(kind)), 3<<3), uint64(len(body)))
	out := binary.BigEndian.AppendUint32(nil, uint32(len(head)))
	return append(append(out, head...), body...)
}

func importOSM(db *pg.DB, file []byte) (report OSMReport, err error) {
	err = db.InTx(context.Background(), func(tx *pg.Tx) (err error) {
		report, err = ImportOSM(context.Background(), tx, Info{Name: "成都", Source: OSMCredit}, bytes.NewReader(file))
		return err
	})
	return report, err
}

func TestImportOSM(t *testing.T) {
	db := pgtest.New(t)
	replace(t, db, county, features())
	nodes := []orb.Point{{104.06, 30.66}, {104.07, 30.66}, {104.07, 30.67}, {104.08, 30.68}}
	report, err := importOSM(db, osmData(nodes, []way{
		{[]int64{1, 2, 2, 3}, [][2]string{{"highway", "primary"}, {"name", "Renmin Rd"}, {"name:zh", "人民路"}}},
		{[]int64{3, 4}, [][2]string{{"highway", "service"}}},
		{[]int64{1, 4}, [][2]string{{"highway", "footway"}, {"name", "not for cars"}}},
		{[]int64{1, 2, 3, 1}, [][2]string{{"highway", "service"}, {"area", "yes"}}},
		{[]int64{4, 99}, [][2]string{{"highway", "trunk"}}},
		{[]int64{1, 2}, [][2]string{{"waterway", "river"}}},
	}))
	if err != nil {
		t.Fatal(err)
	}
	bounds := orb.Bound{Min: orb.Point{104.06, 30.66}, Max: orb.Point{104.08, 30.68}}
	want := OSMReport{Roads: 2, Layers: map[Layer]int{Road: 2, Path: 1, Water: 1}, Broken: 1, Bounds: bounds, Version: 2}
	if !reflect.DeepEqual(report, want) {
		t.Errorf("report %+v", report)
	}
	info, err := Load(context.Background(), db.Pool)
	if err != nil || info.Name != "成都" || info.Fictional || info.Bounds != bounds || info.Version != 2 {
		t.Errorf("map %+v, %v", info, err)
	}
	want1 := `primary 人民路 8 LINESTRING(104.06 30.66,104.07 30.66,104.07 30.67)`
	if got := stored(t, db, Road); len(got) != 2 || got[0] != want1 {
		t.Errorf("roads %q", got)
	}
}

// stored are the features of a layer as text: class, name, zoom, shape.
func stored(t *testing.T, db *pg.DB, layer Layer) []string {
	t.Helper()
	rows, err := db.Pool.Query(context.Background(), `
		select concat_ws(' ', class, name, min_zoom, st_astext(geom)) from basemap_feature where layer = $1 order by id`, string(layer))
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// A lake of two ways with an island, one whose tags stand on its outer way, a broken one, divisions, and places.
func TestImportOSMAssemblesAreas(t *testing.T) {
	db := pgtest.New(t)
	nodes := []orb.Point{
		{104, 30}, {104.1, 30}, {104.1, 30.1}, {104, 30.1}, // 1 to 4: a square
		{104.04, 30.04}, {104.06, 30.04}, {104.06, 30.06}, // 5 to 7: a triangle in it
		{104.2, 30}, {104.3, 30}, {104.3, 30.1}, // 8 to 10: a triangle beside it
	}
	file := osmData(nodes, []way{
		{[]int64{1, 2, 3}, [][2]string{{"boundary", "administrative"}, {"admin_level", "6"}}},
		{[]int64{1, 4, 3}, nil},
		{[]int64{5, 6, 7, 5}, nil},
		{[]int64{8, 9, 10, 8}, [][2]string{{"natural", "wood"}, {"name", "独立林"}}},
		{[]int64{8, 9}, nil},
		{[]int64{1, 8}, [][2]string{{"highway", "trunk"}}},
		{[]int64{8, 9, 10, 8}, [][2]string{{"amenity", "school"}, {"name", "实验小学"}, {"alt_name", "实小;第一小学"}, {"name:en", "Lab School"}}},
		{[]int64{9, 10, 8, 9}, [][2]string{{"building", "school"}, {"amenity", "school"}, {"name", "实验小学"}}},
	}, group{[]member{{100, "outer"}, {101, "outer"}, {102, "inner"}}, [][2]string{{"type", "multipolygon"}, {"natural", "water"}, {"name", "东湖"}}},
		group{[]member{{103, "outer"}}, [][2]string{{"type", "multipolygon"}}},
		group{[]member{{104, "outer"}, {777, "outer"}}, [][2]string{{"type", "multipolygon"}, {"landuse", "residential"}}},
		group{[]member{{100, "outer"}, {101, "outer"}}, [][2]string{{"type", "boundary"}, {"boundary", "administrative"}, {"admin_level", "5"}}},
		group{[]member{{102, ""}}, [][2]string{{"type", "boundary"}, {"boundary", "administrative"}, {"admin_level", "2"}}})
	report, err := importOSM(db, file)
	if err != nil || report.Open != 2 || report.Places != 1 {
		t.Fatalf("%+v, %v", report, err)
	}
	for layer, want := range map[Layer][]string{
		Water: {"lake 东湖 6 POLYGON((104 30,104.1 30,104.1 30.1,104 30.1,104 30),(104.04 30.04,104.06 30.04,104.06 30.06,104.04 30.04))"},
		Green: {"wood 独立林 8 POLYGON((104.2 30,104.3 30,104.3 30.1,104.2 30))"},
		Land:  {"school 实验小学 12 POLYGON((104.2 30,104.3 30,104.3 30.1,104.2 30))"},
		District: {
			"prefecture  6 LINESTRING(104 30,104.1 30,104.1 30.1)", "prefecture  6 LINESTRING(104 30,104 30.1,104.1 30.1)",
		},
	} {
		if got := stored(t, db, layer); !slices.Equal(got, want) {
			t.Errorf("%s: %q", layer, got)
		}
	}
	near, err := NearestPlaces(context.Background(), db.Pool, orb.Point{104.25, 30.02}, []string{"school"}, 5000, 3)
	if err != nil || len(near) != 1 || near[0].Name != "实验小学" || near[0].NameEN != "Lab School" || near[0].Source != SourceOSM ||
		!slices.Equal(near[0].Aliases, []string{"实小", "第一小学"}) || math.Abs(float64(near[0].Distance-geo.Distance(near[0].Point, orb.Point{104.25, 30.02}))) > 5 {
		t.Errorf("places %+v, %v", near, err)
	}
	if near, err = NearestPlaces(context.Background(), db.Pool, orb.Point{104.25, 30.02}, []string{"hospital"}, 5000, 3); err != nil || len(near) != 0 {
		t.Errorf("hospitals %+v, %v", near, err)
	}
	var all []NamedPlace
	err = EachPlace(context.Background(), db.Pool, func(p NamedPlace) error { all = append(all, p); return nil })
	if err != nil || len(all) != 1 || all[0].Kind != "school" || !slices.Contains(Kinds(), all[0].Kind) {
		t.Errorf("all places %+v, %v", all, err)
	}
}

// However a ring is cut into ways and the ways are turned and mixed, the same ring comes out.
func TestRings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(3, 30).Draw(t, "nodes")
		var ring []osm.NodeID
		for i := range n {
			ring = append(ring, osm.NodeID(i+1))
		}
		cuts := rapid.SliceOfNDistinct(rapid.IntRange(0, n-1), 1, n, rapid.ID).Draw(t, "cuts")
		slices.Sort(cuts)
		var ways [][]osm.NodeID
		for i, from := range cuts {
			to := cuts[(i+1)%len(cuts)]
			w := []osm.NodeID{ring[from]}
			for at := (from + 1) % n; ; at = (at + 1) % n {
				if w = append(w, ring[at]); at == to {
					break
				}
			}
			if rapid.Bool().Draw(t, "turned") {
				slices.Reverse(w)
			}
			ways = append(ways, w)
		}
		ways = rapid.Permutation(ways).Draw(t, "mixed")
		closed, open := rings(ways)
		if len(closed) != 1 || open != 0 || len(closed[0]) != n+1 {
			t.Fatalf("%v: %v, %d open", ways, closed, open)
		}
		for i := range n { // neighbours in the ring are neighbours in what came out
			if d := closed[0][i+1] - closed[0][i]; d != 1 && d != -1 && d != osm.NodeID(n-1) && d != osm.NodeID(1-n) {
				t.Fatalf("%v: %v", ways, closed)
			}
		}
		if len(ways) > 1 {
			if closed, open = rings(ways[1:]); len(closed) != 0 || open != len(ways)-1 {
				t.Fatalf("without one: %v, %d open", closed, open)
			}
		}
	})
}

func TestImportOSMWithoutRoads(t *testing.T) {
	db := pgtest.New(t)
	lake := []orb.Point{{104.06, 30.66}, {104.07, 30.66}, {104.07, 30.67}}
	report, err := importOSM(db, osmData(lake, []way{{[]int64{1, 2, 3, 1}, [][2]string{{"natural", "water"}, {"name", "东湖"}}}}))
	want := orb.Bound{Min: lake[0], Max: lake[2]}
	if err != nil || report.Roads != 0 || report.Layers[Water] != 1 || report.Bounds != want {
		t.Errorf("%+v, %v", report, err)
	}
}

func TestImportOSMKeepsTheOldMapWhenItFails(t *testing.T) {
	db := pgtest.New(t)
	replace(t, db, county, features())
	whole := osmData([]orb.Point{{104.06, 30.66}, {104.07, 30.66}}, []way{{[]int64{1, 2}, [][2]string{{"highway", "road"}}}})
	for name, file := range map[string][]byte{
		"nothing":   osmData([]orb.Point{{104.06, 30.66}}, nil),
		"cut short": whole[:len(whole)-5],
		"no PBF":    []byte("<osm/>"),
		"off earth": osmData([]orb.Point{{104.06, 89.9}, {104.07, 89.9}}, []way{{[]int64{1, 2}, [][2]string{{"highway", "road"}}}}),
	} {
		if _, err := importOSM(db, file); err == nil {
			t.Errorf("%s: imported", name)
		} else if name == "off earth" && !errors.Is(err, ErrFeature) {
			t.Errorf("%s: %v", name, err)
		}
	}
	info, err := Load(context.Background(), db.Pool)
	if err != nil || info.Name != county.Name || info.Version != 1 {
		t.Errorf("map %+v, %v", info, err)
	}
}

func TestRoadDistances(t *testing.T) {
	db := pgtest.New(t)
	replace(t, db, county, features())
	road := orb.Point{115.53, 29.85} // on the trunk road, which runs east
	points := []orb.Point{road, {115.53, 29.8509}, {115.49, 29.85}, {115.3, 29.85}}
	got, err := RoadDistances(context.Background(), db.Pool, points)
	if err != nil {
		t.Fatal(err)
	}
	want := []geo.Metres{0, geo.Distance(road, points[1]), geo.Metres(math.Inf(1)), geo.Metres(math.Inf(1))}
	for i := range points {
		if got[i] != want[i] && !(math.Abs(float64(got[i]-want[i])) < 1.5) { // the road's ten kilometres are a geodesic
			t.Errorf("%v: %v, want %v", points[i], got[i], want[i])
		}
	}
}
