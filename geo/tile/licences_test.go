package tile

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paulmach/orb"
)

// dataDir is where collections of real data lie, outside of the repository; "" when they are not there.
func dataDir() string {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

// TestLicences counts the tobacco licences of Pennsylvania by tile as another program did, where that list is there.
func TestLicences(t *testing.T) {
	dir := dataDir()
	if dir == "" {
		return
	}
	dir = filepath.Join(dir, "licences")
	var expected struct {
		Rows  int                       `json:"rows_used"`
		Tiles map[string]map[string]int `json:"tile_counts"`
		InUse map[string]int            `json:"tiles_in_use"`
	}
	text, err := os.ReadFile(filepath.Join(dir, "pa-tobacco.expected-spatial.json"))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &expected); err != nil {
		t.Fatal(err)
	}
	crowd := Crowd{}.Changed(nil, licences(t, filepath.Join(dir, "pa-tobacco-2021-07.csv.gz")))
	if crowd.Len() != expected.Rows {
		t.Fatalf("%d licences, want %d", crowd.Len(), expected.Rows)
	}
	for zoom, tiles := range expected.Tiles {
		for name, want := range tiles {
			var k Key
			if _, err := fmt.Sscanf(name, "%d/%d/%d", &k.Z, &k.X, &k.Y); err != nil {
				t.Fatal(err)
			}
			if got := crowd.Count(k); got != want {
				t.Errorf("tile %s has %d, want %d", name, got, want)
			}
		}
		z, err := strconv.Atoi(zoom)
		if err != nil {
			t.Fatal(err)
		}
		if used := len(crowd.Clusters(Key{Z: 4, X: 4, Y: 5}, z-4)) + len(crowd.Clusters(Key{Z: 4, X: 4, Y: 6}, z-4)); used != expected.InUse[zoom] {
			t.Errorf("%d tiles in use at zoom %s, want %d", used, zoom, expected.InUse[zoom])
		}
	}
}

// licences are the points of the list that lie in the box of the expectations.
func licences(t *testing.T, path string) []Spot {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(plain).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	box := orb.Bound{Min: orb.Point{-80.7, 39.6}, Max: orb.Point{-74.5, 42.4}}
	var out []Spot
	for _, row := range rows[1:] {
		lat, errLat := strconv.ParseFloat(row[9], 64)
		lon, errLon := strconv.ParseFloat(row[10], 64)
		if p := (orb.Point{lon, lat}); errLat == nil && errLon == nil && box.Contains(p) {
			out = append(out, SpotOf(p))
		}
	}
	return out
}
