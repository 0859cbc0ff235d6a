package pbf

import (
	"fmt"

	"github.com/paulmach/osm"
)

// block is a PrimitiveBlock. Its lists are used again for the next one.
type block struct {
	texts                []string
	granularity          int64    // nanodegrees in a unit of a place
	latOffset, lonOffset int64    // nanodegrees
	list                 []uint64 // of the field that is being read
	ids, lats, lons      []uint64
	keys, values         []uint64
	roles, types         []uint64
	out                  []osm.Object
}

// objects are those of a block that are not skipped, in a list that is used again.
func (b *block) objects(r *Reader, data []byte) ([]osm.Object, error) {
	b.texts, b.granularity, b.latOffset, b.lonOffset, b.out = b.texts[:0], 100, 0, 0, b.out[:0]
	var groups [][]byte
	err := each(data, func(v value) error {
		switch v.field {
		case 1:
			return each(v.bytes, func(v value) error {
				if v.field == 1 {
					b.texts = append(b.texts, string(v.bytes))
				}
				return nil
			})
		case 2:
			groups = append(groups, v.bytes)
		case 17:
			b.granularity = int64(v.n)
		case 19:
			b.latOffset = int64(v.n)
		case 20:
			b.lonOffset = int64(v.n)
		}
		return nil
	})
	for _, g := range groups {
		if err != nil {
			break
		}
		err = each(g, func(v value) error { return b.object(r, v) })
	}
	return b.out, err
}

// object reads what one field of a group holds: a node, dense nodes, a way or a relation.
func (b *block) object(r *Reader, v value) error {
	switch {
	case v.field == 1 && !r.SkipNodes:
		return b.node(v.bytes)
	case v.field == 2 && !r.SkipNodes:
		return b.dense(v.bytes)
	case v.field == 3 && !r.SkipWays:
		return b.way(v.bytes)
	case v.field == 4 && !r.SkipRelations:
		return b.relation(v.bytes)
	}
	return nil
}

func (b *block) text(i uint64) (string, error) {
	if i >= uint64(len(b.texts)) {
		return "", fmt.Errorf("%w: text %d of %d", ErrForm, i, len(b.texts))
	}
	return b.texts[i], nil
}

func (b *block) lat(v int64) float64 { return float64(b.latOffset+b.granularity*v) / 1e9 }
func (b *block) lon(v int64) float64 { return float64(b.lonOffset+b.granularity*v) / 1e9 }

// lists reads the repeated fields of a message, each into the list that of names for it; take gets the others.
func lists(message []byte, of map[int]*[]uint64, take func(value)) error {
	for _, list := range of {
		*list = (*list)[:0]
	}
	return each(message, func(v value) (err error) {
		if list := of[v.field]; list != nil {
			*list, err = v.numbers(*list)
		} else {
			take(v)
		}
		return err
	})
}

// tags pairs the lists keys and values.
func (b *block) tags() (osm.Tags, error) {
	if len(b.keys) != len(b.values) {
		return nil, fmt.Errorf("%w: %d keys have %d values", ErrForm, len(b.keys), len(b.values))
	}
	if len(b.keys) == 0 {
		return nil, nil
	}
	tags := make(osm.Tags, len(b.keys))
	for i := range tags {
		var err error
		if tags[i].Key, err = b.text(b.keys[i]); err != nil {
			return nil, err
		}
		if tags[i].Value, err = b.text(b.values[i]); err != nil {
			return nil, err
		}
	}
	return tags, nil
}

func (b *block) node(message []byte) error {
	n := &osm.Node{Visible: true}
	err := lists(message, map[int]*[]uint64{2: &b.keys, 3: &b.values}, func(v value) {
		switch v.field {
		case 1:
			n.ID = osm.NodeID(signed(v.n))
		case 8:
			n.Lat = b.lat(signed(v.n))
		case 9:
			n.Lon = b.lon(signed(v.n))
		}
	})
	if err != nil {
		return err
	}
	n.Tags, err = b.tags()
	b.out = append(b.out, n)
	return err
}

// dense reads many nodes: ids and places as differences, and the tags of all in one list with a zero after each node.
func (b *block) dense(message []byte) error {
	err := lists(message, map[int]*[]uint64{1: &b.ids, 8: &b.lats, 9: &b.lons, 10: &b.list}, func(value) {})
	if err != nil {
		return err
	}
	if len(b.lats) != len(b.ids) || len(b.lons) != len(b.ids) {
		return fmt.Errorf("%w: %d nodes have %d latitudes and %d longitudes", ErrForm, len(b.ids), len(b.lats), len(b.lons))
	}
	var id, lat, lon int64
	tags := b.list
	for i := range b.ids {
		id, lat, lon = id+signed(b.ids[i]), lat+signed(b.lats[i]), lon+signed(b.lons[i])
		b.keys, b.values = b.keys[:0], b.values[:0]
		for len(tags) > 1 && tags[0] != 0 {
			b.keys, b.values, tags = append(b.keys, tags[0]), append(b.values, tags[1]), tags[2:]
		}
		if len(tags) > 0 {
			tags = tags[1:]
		}
		n := &osm.Node{Visible: true, ID: osm.NodeID(id), Lat: b.lat(lat), Lon: b.lon(lon)}
		if n.Tags, err = b.tags(); err != nil {
			return err
		}
		b.out = append(b.out, n)
	}
	return nil
}

func (b *block) way(message []byte) error {
	w := &osm.Way{Visible: true}
	err := lists(message, map[int]*[]uint64{2: &b.keys, 3: &b.values, 8: &b.ids, 9: &b.lats, 10: &b.lons}, func(v value) {
		if v.field == 1 {
			w.ID = osm.WayID(v.n)
		}
	})
	if err != nil {
		return err
	}
	if w.Tags, err = b.tags(); err != nil {
		return err
	}
	placed := len(b.lats) == len(b.ids) && len(b.lons) == len(b.ids)
	w.Nodes = make(osm.WayNodes, len(b.ids))
	var id, lat, lon int64
	for i, v := range b.ids {
		id += signed(v)
		w.Nodes[i].ID = osm.NodeID(id)
		if placed {
			lat, lon = lat+signed(b.lats[i]), lon+signed(b.lons[i])
			w.Nodes[i].Lat, w.Nodes[i].Lon = b.lat(lat), b.lon(lon)
		}
	}
	b.out = append(b.out, w)
	return nil
}

var memberTypes = [...]osm.Type{osm.TypeNode, osm.TypeWay, osm.TypeRelation}

func (b *block) relation(message []byte) error {
	r := &osm.Relation{Visible: true}
	err := lists(message, map[int]*[]uint64{2: &b.keys, 3: &b.values, 8: &b.roles, 9: &b.ids, 10: &b.types}, func(v value) {
		if v.field == 1 {
			r.ID = osm.RelationID(v.n)
		}
	})
	if err != nil {
		return err
	}
	if r.Tags, err = b.tags(); err != nil {
		return err
	}
	if len(b.roles) != len(b.ids) || len(b.types) != len(b.ids) {
		return fmt.Errorf("%w: %d members have %d roles and %d types", ErrForm, len(b.ids), len(b.roles), len(b.types))
	}
	r.Members = make(osm.Members, len(b.ids))
	var id int64
	for i := range b.ids {
		id += signed(b.ids[i])
		if b.types[i] >= uint64(len(memberTypes)) {
			return fmt.Errorf("%w: a member is of type %d", ErrForm, b.types[i])
		}
		m := osm.Member{Type: memberTypes[b.types[i]], Ref: id}
		if m.Role, err = b.text(b.roles[i]); err != nil {
			return err
		}
		r.Members[i] = m
	}
	b.out = append(b.out, r)
	return nil
}
