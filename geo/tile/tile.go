// Package tile has what all tiles of maps share: how they are named, a cache
// of them, their compression, and counts of many points by tile.
//
// Tiles are those of Web Mercator: at zoom z the world is 2^z tiles wide and
// high, counted from the north-west.
package tile

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// ErrNone says that a tile does not exist: its zoom is not served, or column
// or row are outside of the world.
var ErrNone = errors.New("no such tile")

// Vector is the media type of a Mapbox Vector Tile.
const Vector = "application/vnd.mapbox-vector-tile"

// Tile is one tile. It is shared: do not change Data.
type Tile struct {
	Data []byte // empty when nothing is in the tile
	ETag string // with its quotation marks; another one whenever Data is another
	Kind string // media type of Data
	Gzip bool   // Data is compressed with gzip
}

// Pack makes a compressed tile of a Mapbox Vector Tile.
func Pack(raw []byte) (Tile, error) {
	t := Tile{ETag: ETag(raw), Kind: Vector}
	if len(raw) == 0 {
		return t, nil
	}
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(raw); err != nil {
		return Tile{}, err
	}
	if err := w.Close(); err != nil {
		return Tile{}, err
	}
	t.Data, t.Gzip = bytes.Clone(b.Bytes()), true // without the spare capacity
	return t, nil
}

// ETag is that of a tile with these bytes.
func ETag(raw []byte) string {
	sum := sha256.Sum256(raw)
	return fmt.Sprintf(`"%x"`, sum[:10])
}

// Unpack is the data of a tile as they were before Pack.
func Unpack(t Tile) ([]byte, error) {
	if !t.Gzip {
		return t.Data, nil
	}
	r, err := gzip.NewReader(bytes.NewReader(t.Data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
