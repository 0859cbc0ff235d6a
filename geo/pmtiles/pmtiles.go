// Package pmtiles reads tiles out of PMTiles archives, version 3: a file with
// all tiles of a map and directories to find them in
// (https://github.com/protomaps/PMTiles/blob/main/spec/v3/spec.md).
//
// Of a file only the bytes of the directories and tiles asked for are read.
package pmtiles

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/paulmach/orb"
)

// ErrArchive says that a file is not a PMTiles archive of version 3 that can be read here.
var ErrArchive = errors.New("not a readable PMTiles archive")

// Kind is what the tiles are, by media type.
type Kind string

// The kinds of tiles; others, such as AVIF, are refused.
const (
	MVT  Kind = "application/vnd.mapbox-vector-tile"
	PNG  Kind = "image/png"
	JPEG Kind = "image/jpeg"
	WebP Kind = "image/webp"
)

const (
	headerBytes  = 127
	mostDir      = 16 << 20 // bytes of a directory, unpacked
	mostTile     = 8 << 20  // bytes of a tile, as stored
	mostMetadata = 4 << 20
	mostLeaves   = 64 // directories kept in memory
	deepest      = 26 // zoom; tile ids beyond do not occur
)

// Archive is an open archive. It is safe for concurrent use.
type Archive struct {
	Kind             Kind
	Gzip             bool // tiles are compressed with gzip
	MinZoom, MaxZoom int
	Bounds           orb.Bound // WGS-84 as the header says
	Metadata         []byte    // JSON; for vector tiles its vector_layers name the layers

	file      io.ReaderAt
	root      []entry
	leaves    uint64 // offset
	tiles     uint64 // offset
	packing   byte   // compression of directories
	leafLimit uint64 // length of the part with the leaves

	mu    sync.Mutex
	kept  map[uint64][]entry // leaves by offset
	order []uint64
}

// entry says where the tiles from id on lie: run of them are one and the same. With run 0 it is a leaf directory.
type entry struct {
	id, offset uint64
	length     uint32
	run        uint32
}

// Open reads header, root directory and metadata. The error wraps ErrArchive or is that of the file.
func Open(file io.ReaderAt) (*Archive, error) {
	var h [headerBytes]byte
	if _, err := file.ReadAt(h[:], 0); err != nil {
		return nil, fmt.Errorf("%w: header: %w", ErrArchive, err)
	}
	if string(h[:7]) != "PMTiles" || h[7] != 3 {
		return nil, fmt.Errorf("%w: it does not begin with PMTiles version 3", ErrArchive)
	}
	number := func(at int) uint64 { return binary.LittleEndian.Uint64(h[at:]) }
	degrees := func(at int) float64 { return float64(int32(binary.LittleEndian.Uint32(h[at:]))) / 1e7 }
	a := &Archive{
		MinZoom: int(h[100]), MaxZoom: int(h[101]),
		Bounds: orb.Bound{Min: orb.Point{degrees(102), degrees(106)}, Max: orb.Point{degrees(110), degrees(114)}},
		file:   file, leaves: number(40), leafLimit: number(48), tiles: number(56), packing: h[97],
		kept: map[uint64][]entry{},
	}
	kinds := map[byte]Kind{1: MVT, 2: PNG, 3: JPEG, 4: WebP}
	a.Kind = kinds[h[99]]
	if a.Kind == "" || h[98] != 1 && h[98] != 2 || a.MinZoom > a.MaxZoom || a.MaxZoom > deepest {
		return nil, fmt.Errorf("%w: tile type %d, tile compression %d (none and gzip can be read), zooms %d to %d",
			ErrArchive, h[99], h[98], a.MinZoom, a.MaxZoom)
	}
	a.Gzip = h[98] == 2
	var err error
	if a.root, err = a.directory(number(8), number(16)); err != nil {
		return nil, fmt.Errorf("root directory: %w", err)
	}
	if a.Metadata, err = a.unpacked(number(24), number(32), mostMetadata); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	return a, nil
}

// Tile is the tile in column x and row y of zoom z, as it is stored; nil when the archive has none.
func (a *Archive) Tile(z, x, y int) ([]byte, error) {
	if z < a.MinZoom || z > a.MaxZoom || x < 0 || y < 0 || x >= 1<<z || y >= 1<<z {
		return nil, nil
	}
	id := ID(z, x, y)
	dir := a.root
	for range 4 { // the deepest that the specification allows
		e, ok := find(dir, id)
		if !ok {
			return nil, nil
		}
		if e.run > 0 {
			if e.length > mostTile {
				return nil, fmt.Errorf("%w: tile %d/%d/%d has %d bytes", ErrArchive, z, x, y, e.length)
			}
			data := make([]byte, e.length)
			if _, err := a.file.ReadAt(data, int64(a.tiles+e.offset)); err != nil {
				return nil, fmt.Errorf("%w: tile %d/%d/%d: %w", ErrArchive, z, x, y, err)
			}
			return data, nil
		}
		var err error
		if dir, err = a.leaf(e); err != nil {
			return nil, fmt.Errorf("tile %d/%d/%d: %w", z, x, y, err)
		}
	}
	return nil, fmt.Errorf("%w: directories of tile %d/%d/%d are too deep", ErrArchive, z, x, y)
}

// leaf is a leaf directory, from memory when it was used of late.
func (a *Archive) leaf(e entry) ([]entry, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if dir, ok := a.kept[e.offset]; ok {
		return dir, nil
	}
	if e.offset+uint64(e.length) > a.leafLimit {
		return nil, fmt.Errorf("%w: a leaf directory lies outside of its part of the file", ErrArchive)
	}
	dir, err := a.directory(a.leaves+e.offset, uint64(e.length))
	if err != nil {
		return nil, fmt.Errorf("leaf directory: %w", err)
	}
	if len(a.order) == mostLeaves {
		delete(a.kept, a.order[0])
		a.order = a.order[1:]
	}
	a.kept[e.offset], a.order = dir, append(a.order, e.offset)
	return dir, nil
}

// unpacked reads and decompresses what is neither a tile nor the header.
func (a *Archive) unpacked(offset, length uint64, most int64) ([]byte, error) {
	if length > uint64(most) || offset > 1<<62 {
		return nil, fmt.Errorf("%w: %d bytes at %d", ErrArchive, length, offset)
	}
	packed := make([]byte, length)
	if _, err := a.file.ReadAt(packed, int64(offset)); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrArchive, err)
	}
	switch a.packing {
	case 1:
		return packed, nil
	case 2:
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrArchive, err)
		}
		out, err := io.ReadAll(io.LimitReader(r, most+1))
		if err != nil || int64(len(out)) > most {
			return nil, fmt.Errorf("%w: broken or over %d bytes: %v", ErrArchive, most, err)
		}
		return out, nil
	}
	return nil, fmt.Errorf("%w: compression %d of directories; none and gzip can be read", ErrArchive, a.packing)
}
