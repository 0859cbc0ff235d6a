// Package pbf reads OpenStreetMap data in PBF (https://wiki.openstreetmap.org/wiki/PBF_Format): nodes, dense or not, ways
// and relations, in blobs that are not compressed or with zlib. It trusts nothing in the file.
//
// What the service has no use for is passed over: versions, users, times, and blocks of unknown types.
package pbf

import (
	"bufio"
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/paulmach/osm"
)

var (
	// ErrForm says that the bytes are not PBF as it is described.
	ErrForm = errors.New("not OpenStreetMap data in PBF, or damaged")
	// ErrFeature says that the file needs something that this reader does not do.
	ErrFeature = errors.New("this kind of PBF is not read; write it anew with `osmium cat -f pbf,pbf_compression=zlib`")
)

// Limits of the format: what is larger is not PBF.
const (
	headerMax = 64 << 10
	blobMax   = 32 << 20
)

// Reader reads the objects of a file one after the other. It is used by one goroutine.
type Reader struct {
	SkipNodes, SkipWays, SkipRelations bool

	ctx   context.Context
	r     *bufio.Reader
	begun bool // the header has been read
	queue []osm.Object
	next  int
	block block
	err   error
}

// New reads from r until its end, or until ctx ends, whose error Err then is.
func New(ctx context.Context, r io.Reader) *Reader {
	return &Reader{ctx: ctx, r: bufio.NewReaderSize(r, 256<<10)}
}

// Scan goes to the next object; false at the end, or when the file cannot be read, which Err then says.
func (r *Reader) Scan() bool {
	r.next++
	for r.next >= len(r.queue) && r.err == nil {
		r.next = 0
		r.queue = r.queue[:0]
		if r.err = r.ctx.Err(); r.err == nil {
			r.err = r.read()
		}
	}
	return r.next < len(r.queue)
}

// Object is an *osm.Node, *osm.Way or *osm.Relation with its id, tags, and place, nodes or members. It is the caller's.
// Nodes of ways have places when the file holds them there.
func (r *Reader) Object() osm.Object { return r.queue[r.next] }

// Err is nil at the end of the file; it wraps ErrForm or ErrFeature, or is that of the reader or the context.
func (r *Reader) Err() error {
	if errors.Is(r.err, io.EOF) {
		return nil
	}
	return r.err
}

// read takes in the next blob. The error is io.EOF at the end.
func (r *Reader) read() error {
	kind, blob, err := r.blob()
	if err != nil {
		return err
	}
	if !r.begun && kind != "OSMHeader" {
		return fmt.Errorf("%w: it does not begin with a header", ErrForm)
	}
	r.begun = true
	if kind != "OSMHeader" && kind != "OSMData" {
		return nil
	}
	data, err := unpack(blob)
	if err != nil {
		return err
	}
	if kind == "OSMHeader" {
		return features(data)
	}
	r.queue, err = r.block.objects(r, data)
	return err
}

// blob reads the next blob and what it is said to be.
func (r *Reader) blob() (kind string, blob []byte, err error) {
	var length [4]byte
	if _, err := io.ReadFull(r.r, length[:]); err != nil {
		if errors.Is(err, io.EOF) && r.begun {
			return "", nil, io.EOF
		}
		return "", nil, cut(err)
	}
	n := binary.BigEndian.Uint32(length[:])
	if n > headerMax {
		return "", nil, fmt.Errorf("%w: a header of %d bytes", ErrForm, n)
	}
	header := make([]byte, n)
	if _, err := io.ReadFull(r.r, header); err != nil {
		return "", nil, cut(err)
	}
	size := uint64(0)
	err = each(header, func(v value) error {
		switch v.field {
		case 1:
			kind = string(v.bytes)
		case 3:
			size = v.n
		}
		return nil
	})
	if err != nil {
		return "", nil, err
	}
	if size > blobMax {
		return "", nil, fmt.Errorf("%w: a blob of %d bytes", ErrForm, size)
	}
	var b bytes.Buffer // grows with what is there, not with what is said
	if _, err := io.CopyN(&b, r.r, int64(size)); err != nil {
		return "", nil, cut(err)
	}
	return kind, b.Bytes(), nil
}

// cut tells a file that ends too early from one that cannot be read.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: it ends too early", ErrForm)
	}
	return err
}

// unpack is what a blob holds.
func unpack(blob []byte) (data []byte, err error) {
	found, packed := false, false
	err = each(blob, func(v value) error {
		switch v.field {
		case 1:
			data, found = v.bytes, true
		case 3:
			data, found, packed = v.bytes, true, true
		case 4, 5, 6, 7:
			return fmt.Errorf("%w: a blob is compressed with something other than zlib", ErrFeature)
		}
		return nil
	})
	if err != nil || !packed {
		if err == nil && !found {
			err = fmt.Errorf("%w: a blob holds nothing", ErrForm)
		}
		return data, err
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%w: zlib: %w", ErrForm, err)
	}
	var out bytes.Buffer
	n, err := io.Copy(&out, io.LimitReader(z, blobMax+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: zlib: %w", ErrForm, err)
	case n > blobMax:
		return nil, fmt.Errorf("%w: a blob holds more than %d bytes", ErrForm, blobMax)
	}
	return out.Bytes(), nil
}

// features refuses files that cannot be understood without what is not known here.
func features(header []byte) error {
	return each(header, func(v value) error {
		if name := string(v.bytes); v.field == 4 && name != "OsmSchema-V0.6" && name != "DenseNodes" {
			return fmt.Errorf("%w: it needs %q", ErrFeature, name)
		}
		return nil
	})
}
