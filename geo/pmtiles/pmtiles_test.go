package pmtiles

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// The values that the specification's own programs give.
func TestID(t *testing.T) {
	for _, c := range [][4]int{{0, 0, 0, 0}, {1, 0, 0, 1}, {1, 0, 1, 2}, {1, 1, 1, 3}, {1, 1, 0, 4}, {2, 0, 0, 5}, {12, 3423, 1763, 19078479}} {
		if got := ID(c[0], c[1], c[2]); got != uint64(c[3]) {
			t.Errorf("tile %v has id %d", c[:3], got)
		}
	}
	seen := map[uint64]bool{}
	for z := range 7 {
		for x := range 1 << z {
			for y := range 1 << z {
				seen[ID(z, x, y)] = true
			}
		}
	}
	if len(seen) != (1<<14-1)/3 {
		t.Errorf("%d different ids", len(seen))
	}
}

// archive writes a made-up archive: contents by id, the entries in leaves of perLeaf (0 = all in the root).
func archive(contents map[uint64]string, perLeaf int, packed bool) []byte {
	ids := make([]uint64, 0, len(contents))
	for id := range contents {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	var tiles, leaves []byte
	var list, root []entry
	for _, id := range ids {
		text := contents[id]
		if n := len(list); n > 0 && list[n-1].id+uint64(list[n-1].run) == id && contents[list[n-1].id] == text {
			list[n-1].run++
			continue
		}
		list = append(list, entry{id: id, offset: uint64(len(tiles)), length: uint32(len(text)), run: 1})
		tiles = append(tiles, text...)
	}
	pack := func(b []byte) []byte {
		if !packed {
			return b
		}
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		_, _ = w.Write(b)
		_ = w.Close()
		return out.Bytes()
	}
	root = list
	if perLeaf > 0 {
		root = nil
		for part := range slices.Chunk(list, perLeaf) {
			leaf := pack(encodeDirectory(part))
			root = append(root, entry{id: part[0].id, offset: uint64(len(leaves)), length: uint32(len(leaf))})
			leaves = append(leaves, leaf...)
		}
	}
	dir, meta := pack(encodeDirectory(root)), pack([]byte(`{"vector_layers":[]}`))
	h := make([]byte, headerBytes)
	copy(h, "PMTiles\x03")
	at := uint64(headerBytes)
	for i, part := range [][]byte{dir, meta, leaves, tiles} {
		binary.LittleEndian.PutUint64(h[8+16*i:], at)
		binary.LittleEndian.PutUint64(h[16+16*i:], uint64(len(part)))
		at += uint64(len(part))
	}
	h[97], h[98], h[99], h[100], h[101] = 1, 2, 1, 0, 8
	if packed {
		h[97] = 2
	}
	return slices.Concat(h, dir, meta, leaves, tiles)
}

func encodeDirectory(list []entry) []byte {
	b := binary.AppendUvarint(nil, uint64(len(list)))
	last := uint64(0)
	for _, e := range list {
		b = binary.AppendUvarint(b, e.id-last)
		last = e.id
	}
	for _, e := range list {
		b = binary.AppendUvarint(b, uint64(e.run))
	}
	for _, e := range list {
		b = binary.AppendUvarint(b, uint64(e.length))
	}
	for i, e := range list {
		if i > 0 && e.offset == list[i-1].offset+uint64(list[i-1].length) {
			b = append(b, 0)
		} else {
			b = binary.AppendUvarint(b, e.offset+1)
		}
	}
	return b
}

// Every tile that was put in comes out, and no other.
func TestArchive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		contents := map[uint64]string{}
		for _, id := range rapid.SliceOfN(rapid.Uint64Range(0, 340), 1, 80).Draw(t, "ids") {
			contents[id] = fmt.Sprintf("tile %d", id/rapid.Uint64Range(1, 8).Draw(t, "alike"))
		}
		file := archive(contents, rapid.IntRange(0, 20).Draw(t, "per leaf"), rapid.Bool().Draw(t, "packed"))
		a, err := Open(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if a.Kind != MVT || !a.Gzip || a.MaxZoom != 8 || string(a.Metadata) != `{"vector_layers":[]}` {
			t.Fatalf("%+v", a)
		}
		for z := range 5 {
			for x := range 1 << z {
				for y := range 1 << z {
					got, err := a.Tile(z, x, y)
					if want := contents[ID(z, x, y)]; err != nil || string(got) != want || (got == nil) != (want == "") {
						t.Fatalf("tile %d/%d/%d: %q, %v, want %q", z, x, y, got, err, want)
					}
				}
			}
		}
		for _, c := range [][3]int{{9, 0, 0}, {-1, 0, 0}, {2, 4, 0}, {2, 0, -1}} {
			if got, err := a.Tile(c[0], c[1], c[2]); got != nil || err != nil {
				t.Fatalf("tile %v: %q, %v", c, got, err)
			}
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	good := archive(map[uint64]string{0: "x"}, 0, true)
	changed := func(at int, v byte) []byte {
		b := bytes.Clone(good)
		b[at] = v
		return b
	}
	for name, file := range map[string][]byte{
		"empty": nil, "short": good[:100], "version": changed(7, 2), "magic": changed(0, 'Q'), "avif": changed(99, 5),
		"brotli tiles": changed(98, 3), "zstd directories": changed(97, 4), "zooms": changed(100, 9), "deep": changed(101, 200),
		"root far away": changed(14, 1), "metadata long": changed(38, 1),
	} {
		if _, err := Open(bytes.NewReader(file)); !errors.Is(err, ErrArchive) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(broken{}); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("an unreadable file: %v", err)
	}
}

type broken struct{}

func (broken) ReadAt([]byte, int64) (int, error) { return 0, io.ErrClosedPipe }

func FuzzArchive(f *testing.F) {
	f.Add(archive(map[uint64]string{0: "x", 3: "y", 4: "y"}, 0, false))
	f.Add(archive(map[uint64]string{0: "x", 9: "y", 20: "z"}, 1, true))
	f.Fuzz(func(t *testing.T, file []byte) {
		a, err := Open(bytes.NewReader(file))
		if err != nil {
			if !errors.Is(err, ErrArchive) {
				t.Fatal(err)
			}
			return
		}
		for z := range 4 {
			if got, err := a.Tile(z, 0, 0); err == nil && len(got) > len(file) {
				t.Fatalf("%d bytes of a file of %d", len(got), len(file))
			}
		}
	})
}
