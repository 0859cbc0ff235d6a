package main

import (
	"bytes"
	"compress/zlib"
	varint "encoding/binary" // binary is the program, in tests
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/paulmach/orb"
)

// pbfCopies lays copies of an OpenStreetMap file side by side, so that a city becomes a province. It changes a file in
// PBF without taking it apart: identifiers and node references are differences, so that only the first of a list moves,
// and the places of a block have an offset of their own. See https://wiki.openstreetmap.org/wiki/PBF_Format.
type pbfCopies struct {
	blocks [3][][]byte // of nodes, ways and relations, the order in which they must stand
	bound  orb.Bound
	places []orb.Point // of every 50th node
}

// idStep is what the identifiers of a copy differ by from those of the one before: more than any in use.
const idStep = 20_000_000_000

var errPBF = errors.New("not an OpenStreetMap file that can be copied")

// readPBF takes the blocks of the file into memory.
func readPBF(r io.Reader) (*pbfCopies, error) {
	c := &pbfCopies{bound: orb.Bound{Min: orb.Point{180, 90}, Max: orb.Point{-180, -90}}}
	for {
		kind, block, err := readBlob(r)
		if errors.Is(err, io.EOF) {
			return c, nil
		}
		if err != nil {
			return nil, err
		}
		if kind == "OSMData" {
			if err := c.take(block); err != nil {
				return nil, err
			}
		}
	}
}

// readBlob is the next blob, decompressed; io.EOF at the end.
func readBlob(r io.Reader) (kind string, data []byte, err error) {
	var size uint32
	if err := varint.Read(r, varint.BigEndian, &size); err != nil {
		return "", nil, err
	}
	head := make([]byte, min(size, 1<<16))
	if _, err := io.ReadFull(r, head); err != nil {
		return "", nil, fmt.Errorf("%w: %w", errPBF, err)
	}
	length := uint64(0)
	editMessage(head, func(n int, v uint64, b []byte) (uint64, []byte) {
		switch n {
		case 1:
			kind = string(b)
		case 3:
			length = v
		}
		return v, b
	})
	blob := make([]byte, min(length, 32<<20))
	if _, err := io.ReadFull(r, blob); err != nil {
		return "", nil, fmt.Errorf("%w: %w", errPBF, err)
	}
	editMessage(blob, func(n int, v uint64, b []byte) (uint64, []byte) {
		switch n {
		case 1:
			data = b
		case 3:
			var unpacked io.ReadCloser
			if unpacked, err = zlib.NewReader(bytes.NewReader(b)); err == nil {
				data, err = io.ReadAll(unpacked)
			}
		}
		return v, b
	})
	return kind, data, err
}

// take keeps a block under the kind of what is in it, and looks where its nodes lie.
func (c *pbfCopies) take(block []byte) error {
	kind, nodes := 0, 0
	editMessage(block, func(n int, v uint64, b []byte) (uint64, []byte) {
		if n == 2 && len(b) > 0 {
			kind = int(b[0] >> 3)
		}
		return v, b
	})
	if kind < 2 || kind > 4 {
		return fmt.Errorf("%w: its nodes are not dense", errPBF)
	}
	c.blocks[kind-2] = append(c.blocks[kind-2], block)
	if kind > 2 {
		return nil
	}
	editInside(block, 2, 2, func(n int, v uint64, b []byte) (uint64, []byte) {
		switch n {
		case 8:
			nodes = len(c.places)
			c.eachPlace(b, func(_ int, degrees float64) { c.places = append(c.places, orb.Point{0, degrees}) })
		case 9:
			c.eachPlace(b, func(i int, degrees float64) { c.places[nodes+i][0] = degrees })
		}
		return v, b
	})
	for _, p := range c.places[nodes:] {
		c.bound = c.bound.Extend(p)
	}
	return nil
}

// eachPlace gives every 50th of a list of differences in 1e-7 degrees.
func (c *pbfCopies) eachPlace(packed []byte, fn func(i int, degrees float64)) {
	sum := int64(0)
	for i := 0; len(packed) > 0; i++ {
		d, n := varint.Varint(packed)
		sum, packed = sum+d, packed[n:]
		if i%50 == 0 {
			fn(i/50, float64(sum)/1e7)
		}
	}
}

// offset is how far the copy i lies from the first, in degrees: they fill a square, row by row.
func (c *pbfCopies) offset(i, copies int) orb.Point {
	side := int(math.Ceil(math.Sqrt(float64(copies))))
	const apart = 0.002
	return orb.Point{
		float64(i%side) * (c.bound.Max[0] - c.bound.Min[0] + apart), float64(i/side) * (c.bound.Max[1] - c.bound.Min[1] + apart),
	}
}

// write writes the copies as one file.
func (c *pbfCopies) write(w io.Writer, copies int) error {
	features := field(field(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes"))
	if err := writeBlob(w, "OSMHeader", features); err != nil {
		return err
	}
	for _, blocks := range c.blocks {
		for i := range copies {
			for _, block := range blocks {
				if err := writeBlob(w, "OSMData", moved(block, c.offset(i, copies), int64(i)*idStep)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// moved is a block whose things lie elsewhere and have other identifiers.
func moved(block []byte, by orb.Point, ids int64) []byte {
	first := func(packed []byte) []byte { // of differences: the rest follows
		v, n := varint.Varint(packed)
		return append(varint.AppendVarint(nil, v+ids), packed[n:]...)
	}
	listsAt := map[int]int{2: 1, 3: 8, 4: 9} // node ids, references of ways, members of relations
	out := editMessage(block, func(n int, v uint64, b []byte) (uint64, []byte) {
		if n != 2 {
			return v, b
		}
		return v, editMessage(b, func(kind int, v uint64, thing []byte) (uint64, []byte) {
			return v, editMessage(thing, func(n int, v uint64, b []byte) (uint64, []byte) {
				switch {
				case n == 1 && kind != 2:
					v += uint64(ids)
				case n == listsAt[kind] && len(b) > 0:
					b = first(b)
				}
				return v, b
			})
		})
	})
	for number, degrees := range map[int]float64{19: by[1], 20: by[0]} {
		out = varint.AppendUvarint(varint.AppendUvarint(out, uint64(number)<<3), uint64(int64(math.Round(degrees*1e9))))
	}
	return out
}

func writeBlob(w io.Writer, kind string, data []byte) error {
	blob := field(nil, 1, data)
	head := field(nil, 1, []byte(kind))
	head = varint.AppendUvarint(append(head, 3<<3), uint64(len(blob)))
	out := varint.BigEndian.AppendUint32(nil, uint32(len(head)))
	_, err := w.Write(append(append(out, head...), blob...))
	return err
}

// field appends a field of bytes to a protobuf message.
func field(message []byte, number int, data []byte) []byte {
	return append(varint.AppendUvarint(varint.AppendUvarint(message, uint64(number)<<3|2), uint64(len(data))), data...)
}

// editMessage copies a protobuf message of numbers and bytes, each field with what fn makes of it. It ends at what it
// cannot read.
func editMessage(message []byte, fn func(number int, v uint64, b []byte) (uint64, []byte)) (out []byte) {
	for len(message) > 0 {
		key, n := varint.Uvarint(message)
		v, m := varint.Uvarint(message[max(n, 0):])
		if n <= 0 || m <= 0 {
			return out
		}
		message = message[n+m:]
		switch key & 7 {
		case 0:
			v, _ = fn(int(key>>3), v, nil)
			out = varint.AppendUvarint(varint.AppendUvarint(out, key), v)
		case 2:
			if v > uint64(len(message)) {
				return out
			}
			_, b := fn(int(key>>3), 0, message[:v])
			out, message = field(out, int(key>>3), b), message[v:]
		default:
			return out
		}
	}
	return out
}

// editInside calls fn with the fields of the messages that stand at outer, and in those at inner.
func editInside(message []byte, outer, inner int, fn func(number int, v uint64, b []byte) (uint64, []byte)) {
	editMessage(message, func(n int, v uint64, b []byte) (uint64, []byte) {
		if n == outer {
			editMessage(b, func(n int, v uint64, b []byte) (uint64, []byte) {
				if n == inner {
					editMessage(b, fn)
				}
				return v, b
			})
		}
		return v, b
	})
}
