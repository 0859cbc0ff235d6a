// Package tiletest reads Mapbox Vector Tiles as strictly as their specification is written, for tests of what makes
// them: https://github.com/mapbox/vector-tile-spec/tree/master/2.1.
package tiletest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// ErrTile says that a tile breaks the specification.
var ErrTile = errors.New("not a vector tile")

// Kind is the type of a geometry, numbered as in the file.
type Kind int

// The kinds. Unknown is never returned.
const (
	Unknown Kind = iota
	Point
	Line
	Polygon
)

// Layer is a layer of a tile.
type Layer struct {
	Name            string
	Version, Extent int
	Features        []Feature
}

// Feature is a feature of a layer.
type Feature struct {
	ID         uint64 // 0 when it has none
	Kind       Kind
	Properties map[string]any // string, float32, float64, int64, uint64 or bool
	// Parts are the points, lines or rings in units of the extent, x right and y down, a ring with its first point again
	// at the end. Points are parts of one.
	Parts [][][2]int
}

// Vertices is the number of points in all parts.
func (f Feature) Vertices() (n int) {
	for _, p := range f.Parts {
		n += len(p)
	}
	return n
}

// Read takes a tile apart that is not compressed. The error wraps ErrTile and names what is broken.
func Read(data []byte) ([]Layer, error) {
	var out []Layer
	seen := map[string]bool{}
	err := each(data, func(number int, f value) error {
		if number != 3 {
			return nil
		}
		l, err := readLayer(f)
		if err == nil && seen[l.Name] {
			err = fault("two layers are called %q", l.Name)
		}
		seen[l.Name], out = true, append(out, l)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func fault(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrTile, fmt.Sprintf(format, args...))
}

// value is a field of a message: data when it has a length, else bits.
type value struct {
	wire uint64
	bits uint64
	data []byte
}

const (
	varint  = 0
	fixed64 = 1
	bytes   = 2
	fixed32 = 5
)

// is is an error when the field is of another wire type.
func (v value) is(wire uint64) error {
	if v.wire != wire {
		return fault("a field has the wire type %d, want %d", v.wire, wire)
	}
	return nil
}

// each calls fn with the fields of a message, until it fails.
func each(message []byte, fn func(number int, v value) error) error {
	for len(message) > 0 {
		key, n := binary.Uvarint(message)
		if n <= 0 || key>>3 == 0 || key>>3 > 1<<29-1 {
			return fault("a key of a field cannot be read")
		}
		message = message[n:]
		v := value{wire: key & 7}
		size := 0
		switch v.wire {
		case varint:
			v.bits, size = binary.Uvarint(message)
		case fixed64:
			if size = 8; len(message) >= size {
				v.bits = binary.LittleEndian.Uint64(message)
			}
		case fixed32:
			if size = 4; len(message) >= size {
				v.bits = uint64(binary.LittleEndian.Uint32(message))
			}
		case bytes:
			length, n := binary.Uvarint(message)
			if n <= 0 || length > uint64(len(message)-n) {
				return fault("a field is longer than its message")
			}
			v.data, size = message[n:n+int(length)], n+int(length)
		}
		if size <= 0 || size > len(message) {
			return fault("a field of wire type %d cannot be read", v.wire)
		}
		message = message[size:]
		if err := fn(int(key>>3), v); err != nil {
			return err
		}
	}
	return nil
}

// numbers are the varints of a packed field.
func numbers(v value) (out []uint64, err error) {
	if err := v.is(bytes); err != nil {
		return nil, err
	}
	for data := v.data; len(data) > 0; {
		n, size := binary.Uvarint(data)
		if size <= 0 {
			return nil, fault("a packed list breaks off")
		}
		out, data = append(out, n), data[size:]
	}
	return out, nil
}

func readLayer(field value) (Layer, error) {
	l := Layer{Extent: 4096}
	if err := field.is(bytes); err != nil {
		return l, err
	}
	var keys []string
	var values []any
	var features []value
	err := each(field.data, func(number int, v value) (err error) {
		switch number {
		case 1, 3, 4, 2:
			err = v.is(bytes)
		case 5, 15:
			err = v.is(varint)
		}
		switch number {
		case 1:
			l.Name = string(v.data)
		case 2:
			features = append(features, v)
		case 3:
			keys = append(keys, string(v.data))
		case 4:
			var one any
			if err == nil {
				one, err = readValue(v.data)
			}
			values = append(values, one)
		case 5:
			l.Extent = int(v.bits)
		case 15:
			l.Version = int(v.bits)
		}
		return err
	})
	switch {
	case err != nil:
		return l, err
	case l.Name == "":
		return l, fault("a layer has no name")
	case l.Version != 1 && l.Version != 2:
		return l, fault("layer %q is of version %d", l.Name, l.Version)
	case l.Extent < 1 || l.Extent > math.MaxInt32:
		return l, fault("layer %q has the extent %d", l.Name, l.Extent)
	}
	for i, f := range features {
		one, err := readFeature(f.data, keys, values, l.Version)
		if err != nil {
			return l, fmt.Errorf("layer %q, feature %d: %w", l.Name, i, err)
		}
		l.Features = append(l.Features, one)
	}
	return l, nil
}

// readValue is the one value of a message.
func readValue(data []byte) (out any, err error) {
	count := 0
	err = each(data, func(number int, v value) error {
		count++
		if number < 1 || number > 7 {
			return fault("a value has the unknown type %d", number)
		}
		switch number {
		case 1:
			out = string(v.data)
		case 2:
			out = math.Float32frombits(uint32(v.bits))
		case 3:
			out = math.Float64frombits(v.bits)
		case 4:
			out = int64(v.bits)
		case 5:
			out = v.bits
		case 6:
			out = unzigzag(v.bits)
		case 7:
			out = v.bits != 0
		}
		return v.is([]uint64{0, bytes, fixed32, fixed64, varint, varint, varint, varint}[number])
	})
	if err == nil && count != 1 {
		err = fault("a value has %d types", count)
	}
	return out, err
}

func unzigzag(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }

func readFeature(data []byte, keys []string, values []any, version int) (Feature, error) {
	f := Feature{Properties: map[string]any{}}
	var tags, commands []uint64
	err := each(data, func(number int, v value) (err error) {
		switch number {
		case 1:
			f.ID, err = v.bits, v.is(varint)
		case 2:
			tags, err = numbers(v)
		case 3:
			f.Kind, err = Kind(v.bits), v.is(varint)
		case 4:
			commands, err = numbers(v)
		}
		return err
	})
	switch {
	case err != nil:
		return f, err
	case f.Kind < Point || f.Kind > Polygon:
		return f, fault("geometry of type %d", f.Kind)
	case len(tags)%2 != 0:
		return f, fault("%d tags, an odd number", len(tags))
	}
	for i := 0; i < len(tags); i += 2 {
		if tags[i] >= uint64(len(keys)) || tags[i+1] >= uint64(len(values)) {
			return f, fault("tag %d, %d of %d keys and %d values", tags[i], tags[i+1], len(keys), len(values))
		}
		key := keys[tags[i]]
		if _, twice := f.Properties[key]; twice {
			return f, fault("key %q twice", key)
		}
		f.Properties[key] = values[tags[i+1]]
	}
	if f.Parts, err = readParts(commands, f.Kind); err != nil {
		return f, err
	}
	if f.Kind == Polygon && version == 2 {
		err = checkRings(f.Parts)
	}
	return f, err
}
