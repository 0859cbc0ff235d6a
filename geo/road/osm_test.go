package road

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

// file writes OpenStreetMap data in PBF (https://wiki.openstreetmap.org/wiki/PBF_Format), uncompressed.
type file struct {
	texts [][]byte
	group []byte
}

func field(b []byte, number int, value []byte) []byte {
	b = binary.AppendUvarint(b, uint64(number<<3|2))
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

func deltas(values []int64) (b []byte) {
	last := int64(0)
	for _, v := range values {
		b = binary.AppendVarint(b, v-last)
		last = v
	}
	return b
}

func (f *file) text(s string) uint64 {
	f.texts = append(f.texts, []byte(s))
	return uint64(len(f.texts))
}

// tags appends keys and values, written "highway=primary oneway=yes".
func (f *file) tags(b []byte, tags string) []byte {
	var keys, values []byte
	for tag := range strings.FieldsSeq(tags) {
		k, v, _ := strings.Cut(tag, "=")
		keys, values = binary.AppendUvarint(keys, f.text(k)), binary.AppendUvarint(values, f.text(v))
	}
	return field(field(b, 2, keys), 3, values)
}

// nodes numbers points from 1.
func (f *file) nodes(points ...orb.Point) {
	var ids, lats, lons []int64
	for i, p := range points {
		ids, lats, lons = append(ids, int64(i+1)), append(lats, int64(math.Round(p[1]*1e7))), append(lons, int64(math.Round(p[0]*1e7)))
	}
	f.group = field(f.group, 2, field(field(field(nil, 1, deltas(ids)), 8, deltas(lats)), 9, deltas(lons)))
}

func (f *file) way(id uint64, tags string, nodes ...int64) {
	body := f.tags(binary.AppendUvarint([]byte{1 << 3}, id), tags)
	f.group = field(f.group, 3, field(body, 8, deltas(nodes)))
}

func (f *file) turn(id uint64, tags string, from, via, to int64) {
	body := f.tags(binary.AppendUvarint([]byte{1 << 3}, id), tags)
	var roles []byte
	for _, r := range []string{"from", "via", "to"} {
		roles = binary.AppendUvarint(roles, f.text(r))
	}
	f.group = field(f.group, 4, field(field(field(body, 8, roles), 9, deltas([]int64{from, via, to})), 10, []byte{1, 0, 1}))
}

func (f *file) bytes() []byte {
	block := func(kind string, raw []byte) []byte {
		data := field(nil, 1, raw)
		head := append(field(nil, 1, []byte(kind)), 3<<3)
		head = binary.AppendUvarint(head, uint64(len(data)))
		return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...), data...)
	}
	table := field(nil, 1, nil)
	for _, s := range f.texts {
		table = field(table, 1, s)
	}
	header := field(field(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes"))
	return append(block("OSMHeader", header), block("OSMData", field(field(nil, 1, table), 2, f.group))...)
}

func TestReadOSM(t *testing.T) {
	var f file
	f.nodes(orb.Point{104, 30}, orb.Point{104.01, 30}, orb.Point{104.02, 30}, orb.Point{104.01, 30.01})
	f.way(1, "highway=primary maxspeed=60", 1, 2, 3)
	f.way(2, "highway=residential oneway=-1 name=小巷", 2, 4)
	f.way(3, "highway=tertiary junction=roundabout", 3, 4, 99)
	f.way(4, "highway=motorway oneway=no maxspeed=50mph", 1, 4)
	for i, tags := range []string{
		"highway=footway", "building=yes", "highway=service area=yes", "highway=service access=private",
		"highway=service motor_vehicle=no access=yes", "highway=service oneway=reversible",
	} {
		f.way(uint64(10+i), tags, 1, 2)
	}
	f.way(20, "highway=service motorcar=yes access=no", 1, 2)
	f.way(21, "highway=service motorcar= access=no", 1, 2)
	f.way(22, "highway=motorway oneway=", 1, 2)
	f.way(23, "highway=road junction=circular oneway=alternating maxspeed=CN:urban", 1, 2)
	f.way(24, "highway=motorway_link maxspeed=none", 1, 2)
	f.way(25, "highway=motorway oneway=reverse maxspeed=60;40", 1, 2)
	f.turn(1, "type=restriction restriction=no_left_turn", 1, 2, 2)
	f.turn(2, "type=restriction restriction=only_straight_on", 1, 2, 2)
	f.turn(3, "type=restriction restriction=no_left_turn except=motorcar", 1, 2, 2)
	f.turn(4, "type=multipolygon", 1, 2, 2)
	net, err := ReadOSM(t.Context(), bytes.NewReader(f.bytes()))
	if err != nil {
		t.Fatal(err)
	}
	byID := map[int64]Way{}
	for _, w := range net.Ways {
		byID[w.ID] = w
	}
	for id, want := range map[int64]Direction{21: Both, 22: Both, 23: Both, 24: Both, 25: Backward} {
		if w, ok := byID[id]; !ok || w.Direction != want || w.LimitKmh != 0 {
			t.Errorf("way %d: %+v", id, w)
		}
	}
	if len(byID) != 10 || byID[1].LimitKmh != 60 || byID[1].Direction != Both || byID[2].Direction != Backward || byID[2].Name != "小巷" ||
		byID[3].Direction != Forward || byID[4].Direction != Both || math.Abs(byID[4].LimitKmh-80.47) > 0.01 || byID[20].Class != ServiceRoad {
		t.Errorf("%+v", net.Ways)
	}
	if len(net.Turns) != 2 || net.Turns[0] != (Turn{From: 1, To: 2, Via: 2}) || net.Turns[1] != (Turn{From: 1, To: 2, Via: 2, Only: true}) {
		t.Errorf("%+v", net.Turns)
	}
	if len(net.Points) != 4 || place(net.Points[2]) != [2]int32{1_040_100_000, 300_000_000} {
		t.Errorf("%+v", net.Points)
	}
	var empty file
	empty.nodes(orb.Point{104, 30})
	if _, err := ReadOSM(t.Context(), bytes.NewReader(empty.bytes())); !errors.Is(err, ErrEmpty) {
		t.Errorf("a file without roads: %v", err)
	}
	if _, err := ReadOSM(t.Context(), strings.NewReader("no PBF at all")); err == nil {
		t.Error("something else was read")
	}
}

// Ways as careless editors leave them: nodes that are missing, repeated, at one place, or turned back at.
func TestCarelessWays(t *testing.T) {
	var f file
	f.nodes(orb.Point{104, 30}, orb.Point{104.01, 30}, orb.Point{104.01, 30}, orb.Point{104.02, 30}, orb.Point{104.03, 30})
	f.way(1, "highway=road", 1, 1, 2, 3, 3, 4)    // 2 and 3 are one place
	f.way(2, "highway=road", 4, 5, 4, 5)          // there and back
	f.way(3, "highway=road oneway=yes", 5, 77, 1) // cut in the middle
	f.way(4, "highway=road oneway=-1", 1, 2)      // against another
	f.way(5, "highway=road", 4)
	f.way(6, "highway=road")
	f.way(7, "highway=road", 2, 2)
	net, err := ReadOSM(t.Context(), bytes.NewReader(f.bytes()))
	if err != nil {
		t.Fatal(err)
	}
	g, err := Build(net)
	if err != nil {
		t.Fatal(err)
	}
	if s := g.Size(); s.Nodes != 5 || s.MainNodes != 5 || s.Edges != 13 {
		t.Errorf("%+v", s)
	}
	m := g.Metres()
	for _, c := range []struct {
		from, to orb.Point
		metres   float64
		nodes    []int64
	}{
		{net.Points[1], net.Points[5], 2888.933, []int64{1, 2, 3, 4, 5}},
		{net.Points[5], net.Points[1], 2888.933, []int64{5, 4, 3, 2, 1}},
	} {
		from, err := g.Snap(c.from)
		to, err2 := g.Snap(c.to)
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		p, err := m.Path(from, to, m)
		if err != nil || math.Abs(float64(p.Metres)-c.metres) > 0.01 || !slices.Equal(p.Nodes, c.nodes) {
			t.Errorf("%v m over %v, %v; want %v m over %v", p.Metres, p.Nodes, err, c.metres, c.nodes)
		}
	}
}

// Files with the places in the ways have no nodes.
func TestPlacesOnWays(t *testing.T) {
	var f file
	body := f.tags(binary.AppendUvarint([]byte{1 << 3}, 1), "highway=road")
	body = field(body, 8, deltas([]int64{1, 2}))
	body = field(field(body, 9, deltas([]int64{300_000_000, 300_000_000})), 10, deltas([]int64{1_040_000_000, 1_040_100_000}))
	f.group = field(f.group, 3, body)
	net, err := ReadOSM(t.Context(), bytes.NewReader(f.bytes()))
	if err != nil || place(net.Points[2]) != [2]int32{1_040_100_000, 300_000_000} {
		t.Errorf("%+v, %v", net, err)
	}
}
