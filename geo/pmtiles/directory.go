package pmtiles

import (
	"encoding/binary"
	"fmt"
	"math"
	"sort"
)

// directory reads a directory: the number of entries, then the columns id, run, length and offset, each of varints.
func (a *Archive) directory(offset, length uint64) ([]entry, error) {
	data, err := a.unpacked(offset, length, mostDir)
	if err != nil {
		return nil, err
	}
	next := func() (v uint64) {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			err = fmt.Errorf("%w: a directory is cut short", ErrArchive)
			data = nil
			return 0
		}
		data = data[n:]
		return v
	}
	n := next()
	if n > uint64(len(data))/4 { // four columns of a byte or more
		return nil, fmt.Errorf("%w: a directory of %d bytes with %d entries", ErrArchive, len(data), n)
	}
	list := make([]entry, n)
	id := uint64(0)
	for i := range list {
		id += next()
		list[i].id = id
	}
	for i := range list {
		list[i].run = uint32(min(next(), math.MaxUint32))
	}
	for i := range list {
		list[i].length = uint32(min(next(), math.MaxUint32))
	}
	for i := range list {
		switch v := next(); {
		case v > 1<<62:
			return nil, fmt.Errorf("%w: offset %d", ErrArchive, v)
		case v > 0:
			list[i].offset = v - 1
		case i > 0: // after the one before
			list[i].offset = list[i-1].offset + uint64(list[i-1].length)
		}
	}
	return list, err
}

// find is the entry that holds the id: the last one that does not begin after it, when its run reaches so far.
func find(dir []entry, id uint64) (entry, bool) {
	i := sort.Search(len(dir), func(i int) bool { return dir[i].id > id }) - 1
	if i < 0 {
		return entry{}, false
	}
	e := dir[i]
	return e, e.run == 0 || id-e.id < uint64(e.run)
}

// ID is the number of a tile: those of smaller zooms come first, those of one zoom follow a Hilbert curve.
func ID(z, x, y int) uint64 {
	id := (uint64(1)<<(2*z) - 1) / 3 // tiles of smaller zooms
	for s := 1 << z >> 1; s > 0; s >>= 1 {
		rx, ry := x&s, y&s
		id += uint64(s) * uint64(3*rx^ry)
		if ry == 0 { // turn the quadrant
			if rx != 0 {
				x, y = s-1-x, s-1-y
			}
			x, y = y, x
		}
	}
	return id
}
