package basemap

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// way is a way of a made-up OpenStreetMap file.
type way struct {
	nodes []int64
	tags  [][2]string
}

// pbf writes an OpenStreetMap file: https://wiki.openstreetmap.org/wiki/PBF_Format, with dense nodes, uncompressed.
func pbf(nodes []orb.Point, ways []way) []byte {
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
	group := field(nil, 2, field(field(field(nil, 1, deltas(ids)), 8, deltas(lats)), 9, deltas(lons)))
	for i, w := range ways {
		var keys, values []byte
		for _, tag := range w.tags {
			keys, values = binary.AppendUvarint(keys, text(tag[0])), binary.AppendUvarint(values, text(tag[1]))
		}
		body := binary.AppendUvarint([]byte{1 << 3}, uint64(100+i))
		body = field(field(field(body, 2, keys), 3, values), 8, deltas(w.nodes))
		group = field(group, 3, body)
	}
	var table []byte
	for _, s := range texts {
		table = field(table, 1, s)
	}
	header := field(field(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes"))
	return append(blob("OSMHeader", header), blob("OSMData", field(field(nil, 1, table), 2, group))...)
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
	report, err := importOSM(db, pbf(nodes, []way{
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
	if report != (OSMReport{Roads: 2, Broken: 1, Bounds: bounds, Version: 2}) {
		t.Errorf("report %+v", report)
	}
	info, err := Load(context.Background(), db.Pool)
	if err != nil || info.Name != "成都" || info.Fictional || info.Bounds != bounds || info.Version != 2 {
		t.Errorf("map %+v, %v", info, err)
	}
	var n int
	err = db.Pool.QueryRow(context.Background(), `
		select count(*) from basemap_feature where layer = 'road' and class = 'primary' and name = '人民路' and min_zoom = 8
		   and st_astext(geom) = 'LINESTRING(104.06 30.66,104.07 30.66,104.07 30.67)'`).Scan(&n)
	if err != nil || n != 1 {
		t.Errorf("%d roads as expected, %v", n, err)
	}
}

func TestImportOSMKeepsTheOldMapWhenItFails(t *testing.T) {
	db := pgtest.New(t)
	replace(t, db, county, features())
	whole := pbf([]orb.Point{{104.06, 30.66}, {104.07, 30.66}}, []way{{[]int64{1, 2}, [][2]string{{"highway", "road"}}}})
	for name, file := range map[string][]byte{
		"no roads":  pbf([]orb.Point{{104.06, 30.66}}, nil),
		"cut short": whole[:len(whole)-5],
		"no PBF":    []byte("<osm/>"),
		"off earth": pbf([]orb.Point{{104.06, 89.9}, {104.07, 89.9}}, []way{{[]int64{1, 2}, [][2]string{{"highway", "road"}}}}),
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
