package pbf_test

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/paulmach/osm"
	"pgregory.net/rapid"

	"jiujin/geo/pbf"
)

// form is how a file is written.
type form struct {
	dense, packed, zlib  bool
	granularity          int64
	latOffset, lonOffset int64
	perBlock             int
	extras               bool // versions, unknown fields and blocks
}

// texts is a table of texts.
type texts struct{ list []string }

func (t *texts) at(s string) uint64 {
	t.list = append(t.list, s)
	return uint64(len(t.list)) // 0 is the empty one
}

func bytesField(b []byte, field int, value []byte) []byte {
	b = binary.AppendUvarint(b, uint64(field<<3|2))
	b = binary.AppendUvarint(b, uint64(len(value)))
	return append(b, value...)
}

func number(b []byte, field int, v uint64) []byte {
	return binary.AppendUvarint(binary.AppendUvarint(b, uint64(field<<3)), v)
}

func zigzag(v int64) uint64 { return uint64(v<<1) ^ uint64(v>>63) }

func (f form) numbers(b []byte, field int, list []uint64) []byte {
	if !f.packed {
		for _, v := range list {
			b = number(b, field, v)
		}
		return b
	}
	var packed []byte
	for _, v := range list {
		packed = binary.AppendUvarint(packed, v)
	}
	return bytesField(b, field, packed)
}

func deltas(list []int64) (out []uint64) {
	last := int64(0)
	for _, v := range list {
		out = append(out, zigzag(v-last))
		last = v
	}
	return out
}

func (f form) tags(b []byte, t *texts, tags osm.Tags) []byte {
	var keys, values []uint64
	for _, tag := range tags {
		keys, values = append(keys, t.at(tag.Key)), append(values, t.at(tag.Value))
	}
	return f.numbers(f.numbers(b, 2, keys), 3, values)
}

// units is a place in units of the form.
func (f form) units(degrees float64, offset int64) int64 {
	return int64(math.Round((degrees*1e9 - float64(offset)) / float64(f.granularity)))
}

// group writes objects of one kind.
func (f form) group(t *texts, objects []osm.Object) (b []byte) {
	var ids, lats, lons []int64
	var tags []uint64
	for _, o := range objects {
		switch o := o.(type) {
		case *osm.Node:
			lat, lon := f.units(o.Lat, f.latOffset), f.units(o.Lon, f.lonOffset)
			if f.dense {
				ids, lats, lons = append(ids, int64(o.ID)), append(lats, lat), append(lons, lon)
				for _, tag := range o.Tags {
					tags = append(tags, t.at(tag.Key), t.at(tag.Value))
				}
				tags = append(tags, 0)
				continue
			}
			m := number(number(number(nil, 1, zigzag(int64(o.ID))), 8, zigzag(lat)), 9, zigzag(lon))
			b = bytesField(b, 1, f.tags(m, t, o.Tags))
		case *osm.Way:
			var refs []int64
			for _, n := range o.Nodes {
				refs = append(refs, int64(n.ID))
			}
			m := f.tags(number(nil, 1, uint64(o.ID)), t, o.Tags)
			if f.extras {
				m = bytesField(m, 4, number(nil, 1, 7))
			}
			b = bytesField(b, 3, f.numbers(m, 8, deltas(refs)))
		case *osm.Relation:
			var roles, types []uint64
			var refs []int64
			for _, m := range o.Members {
				roles, refs = append(roles, t.at(m.Role)), append(refs, m.Ref)
				types = append(types, map[osm.Type]uint64{osm.TypeNode: 0, osm.TypeWay: 1, osm.TypeRelation: 2}[m.Type])
			}
			m := f.numbers(f.tags(number(nil, 1, uint64(o.ID)), t, o.Tags), 8, roles)
			b = bytesField(b, 4, f.numbers(f.numbers(m, 9, deltas(refs)), 10, types))
		}
	}
	if len(ids) > 0 {
		m := f.numbers(f.numbers(f.numbers(nil, 1, deltas(ids)), 8, deltas(lats)), 9, deltas(lons))
		if f.extras {
			m = bytesField(m, 5, bytesField(nil, 1, bytes.Repeat([]byte{1}, len(ids))))
		}
		if len(tags) > len(ids) { // otherwise nobody has tags, and the list may be missing
			m = f.numbers(m, 10, tags)
		}
		b = bytesField(b, 2, m)
	}
	return b
}

func (f form) blob(kind string, data []byte) []byte {
	blob := bytesField(nil, 1, data)
	if f.zlib {
		var z bytes.Buffer
		w := zlib.NewWriter(&z)
		w.Write(data)
		w.Close()
		blob = bytesField(number(nil, 2, uint64(len(data))), 3, z.Bytes())
	}
	head := number(bytesField(nil, 1, []byte(kind)), 3, uint64(len(blob)))
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(len(head))), head...), blob...)
}

// file writes objects, those of one kind in groups of perBlock.
func (f form) file(objects []osm.Object, needs ...string) []byte {
	var head []byte
	for _, n := range append([]string{"OsmSchema-V0.6", "DenseNodes"}, needs...) {
		head = bytesField(head, 4, []byte(n))
	}
	out := f.blob("OSMHeader", head)
	for len(objects) > 0 {
		n := 1
		for n < min(len(objects), f.perBlock) && reflect.TypeOf(objects[n]) == reflect.TypeOf(objects[0]) {
			n++
		}
		var t texts
		group := f.group(&t, objects[:n])
		objects = objects[n:]
		table := bytesField(nil, 1, nil)
		for _, s := range t.list {
			table = bytesField(table, 1, []byte(s))
		}
		block := bytesField(bytesField(nil, 1, table), 2, group)
		if f.granularity != 100 || f.extras {
			block = number(block, 17, uint64(f.granularity))
		}
		if f.extras {
			block = append(number(block, 18, 500), 100<<3&0x7f|5|0x80, 6, 1, 2, 3, 4) // the step of times; an unknown field
			out = append(out, f.blob("Something", []byte("else"))...)
		}
		if f.latOffset != 0 || f.lonOffset != 0 {
			block = number(number(block, 19, uint64(f.latOffset)), 20, uint64(f.lonOffset))
		}
		out = append(out, f.blob("OSMData", block)...)
	}
	return out
}

func read(ctx context.Context, file []byte) (objects []osm.Object, err error) {
	r := pbf.New(ctx, bytes.NewReader(file))
	for r.Scan() {
		objects = append(objects, r.Object())
	}
	return objects, r.Err()
}

func drawTags(t *rapid.T) (tags osm.Tags) {
	for range rapid.IntRange(0, 3).Draw(t, "tags") {
		tags = append(tags, osm.Tag{Key: rapid.StringN(0, 5, -1).Draw(t, "key"), Value: rapid.String().Draw(t, "value")})
	}
	return tags
}

func drawObject(t *rapid.T, f form) osm.Object {
	id := rapid.Int64Range(-1<<50, 1<<50)
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		place := func(most int64, offset int64) float64 {
			return float64(rapid.Int64Range(-most*1e9/f.granularity, most*1e9/f.granularity).Draw(t, "place")*f.granularity+offset) / 1e9
		}
		return &osm.Node{Visible: true, ID: osm.NodeID(id.Draw(t, "id")), Lat: place(80, f.latOffset), Lon: place(170, f.lonOffset), Tags: drawTags(t)}
	case 1:
		w := &osm.Way{Visible: true, ID: osm.WayID(id.Draw(t, "id")), Tags: drawTags(t), Nodes: osm.WayNodes{}}
		for range rapid.IntRange(0, 4).Draw(t, "nodes") {
			w.Nodes = append(w.Nodes, osm.WayNode{ID: osm.NodeID(id.Draw(t, "node"))})
		}
		return w
	}
	r := &osm.Relation{Visible: true, ID: osm.RelationID(id.Draw(t, "id")), Tags: drawTags(t), Members: osm.Members{}}
	for range rapid.IntRange(0, 4).Draw(t, "members") {
		kind := rapid.SampledFrom([]osm.Type{osm.TypeNode, osm.TypeWay, osm.TypeRelation}).Draw(t, "type")
		r.Members = append(r.Members, osm.Member{Type: kind, Ref: id.Draw(t, "ref"), Role: rapid.String().Draw(t, "role")})
	}
	return r
}

// What is written in any form is read as it was.
func TestEveryForm(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := form{
			dense: rapid.Bool().Draw(t, "dense"), packed: rapid.Bool().Draw(t, "packed"), zlib: rapid.Bool().Draw(t, "zlib"),
			granularity: rapid.SampledFrom([]int64{1, 100, 1000, 12345}).Draw(t, "granularity"),
			perBlock:    rapid.IntRange(1, 5).Draw(t, "in a block"), extras: rapid.Bool().Draw(t, "extras"),
		}
		if rapid.Bool().Draw(t, "offsets") {
			f.latOffset, f.lonOffset = rapid.Int64Range(-1e9, 1e9).Draw(t, "latitude"), rapid.Int64Range(-1e9, 1e9).Draw(t, "longitude")
		}
		var want []osm.Object
		for range rapid.IntRange(0, 12).Draw(t, "objects") {
			want = append(want, drawObject(t, f))
		}
		got, err := read(t.Context(), f.file(want))
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%v: got %v, want %v", err, describe(got), describe(want))
		}
	})
}

func describe(objects []osm.Object) string {
	var b strings.Builder
	for _, o := range objects {
		fmt.Fprintf(&b, "%+v\n", o)
	}
	return b.String()
}

// Files that cannot be read say so.
func TestRefusals(t *testing.T) {
	f := form{dense: true, packed: true, granularity: 100, perBlock: 9}
	good := f.file([]osm.Object{&osm.Node{Visible: true, ID: 1, Lat: 30, Lon: 104}})
	lz4 := append(f.file(nil), f.blob("OSMData", nil)...)
	lz4[len(lz4)-2] = 6<<3 | 2
	bomb := form{zlib: true}.blob("OSMHeader", make([]byte, 33<<20))
	for _, c := range []struct {
		name string
		file []byte
		want error
	}{
		{"nothing", nil, pbf.ErrForm},
		{"text", []byte("no PBF at all"), pbf.ErrForm},
		{"cut", good[:len(good)-1], pbf.ErrForm},
		{"no header", f.blob("OSMData", nil), pbf.ErrForm},
		{"another compression", lz4, pbf.ErrFeature},
		{"history", f.file(nil, "HistoricalInformation"), pbf.ErrFeature},
		{"too large when unpacked", bomb, pbf.ErrForm},
		{"good", good, nil},
	} {
		if _, err := read(t.Context(), c.file); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if _, err := read(ctx, good); !errors.Is(err, context.Canceled) {
		t.Errorf("when stopped: %v", err)
	}
}

// FuzzRead: whatever the bytes, the reader ends, with an error of its own if it has one.
func FuzzRead(f *testing.F) {
	for _, form := range []form{
		{dense: true, packed: true, zlib: true, granularity: 100, perBlock: 9},
		{granularity: 1, perBlock: 1, extras: true, latOffset: 5},
	} {
		f.Add(form.file([]osm.Object{
			&osm.Node{ID: 1, Lat: 30, Lon: 104, Tags: osm.Tags{{Key: "a", Value: "b"}}},
			&osm.Way{ID: 2, Nodes: osm.WayNodes{{ID: 1}, {ID: -3}}, Tags: osm.Tags{{Key: "highway", Value: "road"}}},
			&osm.Relation{ID: 4, Members: osm.Members{{Type: osm.TypeWay, Ref: 2, Role: "from"}}},
		}))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		if _, err := read(t.Context(), file); err != nil && !errors.Is(err, pbf.ErrForm) && !errors.Is(err, pbf.ErrFeature) {
			t.Error(err)
		}
	})
}
