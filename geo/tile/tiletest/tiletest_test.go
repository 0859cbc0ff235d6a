package tiletest

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/paulmach/orb/encoding/mvt"
)

// dataDir is where the fixtures lie, outside of the repository; "" when they are not there.
func dataDir() string {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../../shared/data"
	}
	dir = filepath.Join(dir, "mvt")
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func load(t *testing.T, path string, into any) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(err)
	}
}

// layerCounts is what the reference reader finds in a layer.
type layerCounts struct {
	Version  int `json:"version"`
	Extent   int `json:"extent"`
	Features int `json:"features"`
	Points   int `json:"points"`
	Lines    int `json:"lines"`
	Polygons int `json:"polygons"`
	Vertices int `json:"vertices"`
}

func countsOf(l Layer) layerCounts {
	c := layerCounts{Version: l.Version, Extent: l.Extent, Features: len(l.Features)}
	for _, f := range l.Features {
		c.Vertices += f.Vertices()
		switch f.Kind {
		case Point:
			c.Points++
		case Line:
			c.Lines++
		default:
			c.Polygons++
		}
	}
	return c
}

// TestFixtures reads the tiny tiles of the specification's authors, where they are: each is valid or not as they say.
func TestFixtures(t *testing.T) {
	dir := dataDir()
	if dir == "" {
		return
	}
	var list []struct {
		ID          string
		Valid       bool `json:"valid_v2"`
		Description string
		Decoded     json.RawMessage `json:"decoded_by_reference_reader"`
	}
	load(t, filepath.Join(dir, "expected-fixtures.json"), &list)
	if len(list) != 37 {
		t.Fatalf("%d fixtures", len(list))
	}
	for _, want := range list {
		data, err := os.ReadFile(filepath.Join(dir, "fixtures", want.ID+".mvt"))
		if err != nil {
			t.Fatal(err)
		}
		layers, err := Read(data)
		if want.Valid != (err == nil) || err != nil && !errors.Is(err, ErrTile) {
			t.Errorf("%s: %v; valid %v: %s", want.ID, err, want.Valid, want.Description)
		}
		if err != nil {
			continue
		}
		var decoded []struct {
			Name string
			layerCounts
		}
		if err := json.Unmarshal(want.Decoded, &decoded); err != nil {
			t.Fatal(err)
		}
		i := 0
		for _, l := range layers {
			if len(l.Features) == 0 { // the reference reader leaves such layers out
				continue
			}
			if i >= len(decoded) || l.Name != decoded[i].Name || l.Version != decoded[i].Version ||
				l.Extent != decoded[i].Extent || len(l.Features) != decoded[i].Features {
				t.Errorf("%s: layer %+v, want %+v", want.ID, countsOf(l), decoded)
			}
			i++
		}
		if i != len(decoded) {
			t.Errorf("%s: %d layers, want %d", want.ID, i, len(decoded))
		}
	}
}

// TestRealTiles reads tiles of three cities, where they are, and finds what the reference reader finds. orb, which reads
// tiles in the tests of other packages, finds as much.
func TestRealTiles(t *testing.T) {
	dir := dataDir()
	if dir == "" {
		return
	}
	var list []struct {
		Tile   string
		Layers map[string]layerCounts
	}
	load(t, filepath.Join(dir, "expected-real-tiles.json"), &list)
	if len(list) != 53 {
		t.Fatalf("%d tiles", len(list))
	}
	for _, want := range list {
		data, err := os.ReadFile(filepath.Join(dir, "real-tiles", want.Tile))
		if err != nil {
			t.Fatal(err)
		}
		layers, err := Read(data)
		if err != nil {
			t.Errorf("%s: %v", want.Tile, err)
			continue
		}
		got := map[string]layerCounts{}
		for _, l := range layers {
			got[l.Name] = countsOf(l)
		}
		if !reflect.DeepEqual(got, want.Layers) {
			t.Errorf("%s: %v\nwant %v", want.Tile, got, want.Layers)
		}
		other, err := mvt.Unmarshal(data)
		if err != nil || len(other) != len(layers) {
			t.Errorf("%s: orb finds %d layers of %d, %v", want.Tile, len(other), len(layers), err)
			continue
		}
		for i, l := range other {
			if len(l.Features) != len(layers[i].Features) {
				t.Errorf("%s: orb finds %d features in %s, want %d", want.Tile, len(l.Features), l.Name, len(layers[i].Features))
			}
		}
	}
}

// square is a tile with one polygon of the commands.
func square(commands ...byte) []byte {
	feature := append([]byte{3 << 3, byte(Polygon), 4<<3 | 2, byte(len(commands))}, commands...)
	layer := append([]byte{15 << 3, 2, 1<<3 | 2, 1, 'a', 2<<3 | 2, byte(len(feature))}, feature...)
	return append([]byte{3<<3 | 2, byte(len(layer))}, layer...)
}

func TestRings(t *testing.T) {
	const move, line, end = 1<<3 | moveTo, 3<<3 | lineTo, 1<<3 | closePath
	layers, err := Read(square(move, 0, 0, line, 20, 0, 0, 20, 19, 0, end))
	if err != nil || Area(layers[0].Features[0].Parts[0]) != 200 {
		t.Errorf("clockwise: %+v, %v", layers, err)
	}
	for name, data := range map[string][]byte{
		"counter-clockwise": square(move, 0, 0, line, 0, 20, 20, 0, 0, 19, end),
		"not closed":        square(move, 0, 0, line, 20, 0, 0, 20, 19, 0),
		"closed twice":      square(move, 0, 0, line, 20, 0, 0, 20, 19, 19, end),
		"flat":              square(move, 0, 0, line, 20, 0, 20, 0, 20, 0, end),
		"a line":            square(move, 0, 0, 1<<3|lineTo, 20, 0, end),
		"nothing":           square(),
		"cut":               square(move, 0, 0, line, 20, 0, 0, 20, 19, 0, end)[:12],
	} {
		if _, err := Read(data); !errors.Is(err, ErrTile) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add(square(9, 0, 0, 26, 20, 0, 0, 20, 19, 0, 15))
	f.Fuzz(func(t *testing.T, data []byte) {
		layers, err := Read(data)
		if err != nil && !errors.Is(err, ErrTile) {
			t.Fatal(err)
		}
		for _, l := range layers {
			for _, feature := range l.Features {
				if feature.Vertices() == 0 {
					t.Fatalf("%+v has no points", feature)
				}
			}
		}
	})
}
