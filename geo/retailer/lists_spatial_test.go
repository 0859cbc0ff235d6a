package retailer

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/retailer/index"
	"jiujin/internal/pg/pgtest"
)

// Where the licences of a real list are: how many around points and in boxes, and the five nearest, as another program
// counted them. It counted rows, so each row is a licence of its own here.
func TestRealPlaces(t *testing.T) {
	raw, err := os.ReadFile(filepath.Join(dataDir(), "pa-tobacco.expected-spatial.json"))
	if err != nil {
		return // no data, no case
	}
	var want struct {
		Rows   int `json:"rows_used"`
		Points []struct {
			Lat, Lon   float64
			Within300  int       `json:"within_300_m"`
			Within1000 int       `json:"within_1000_m"`
			Within5000 int       `json:"within_5000_m"`
			Nearest    []float64 `json:"nearest_m"`
		}
		Boxes []struct {
			South, West, North, East float64
			Rows                     int
		}
	}
	if err := json.Unmarshal(raw, &want); err != nil || len(want.Points) != 200 || len(want.Boxes) != 60 {
		t.Fatal(err, len(want.Points), len(want.Boxes))
	}
	db := pgtest.New(t)
	profile := readProfileFile(t, "pennsylvania")
	profile.Key, profile.Foreign, profile.Mapping["licence_no"] = nil, true, "row"
	r := load(t, db, inBox(t, readList(t, "pa-tobacco-2021-07")), ImportOptions{Profile: profile})
	if r.Inserted != want.Rows || r.Refused != 0 {
		t.Fatalf("%+v, want %d rows", r, want.Rows)
	}
	finder := NewFinder(db, slog.New(slog.DiscardHandler))
	if err := finder.Refresh(context.Background()); err != nil {
		t.Fatal(err)
	}
	x := finder.Index()
	shops := inForce(t, db)
	at := make(map[int64]orb.Point, len(shops))
	for _, s := range shops {
		at[s.ID] = *s.Point
	}
	for _, p := range want.Points {
		here := orb.Point{p.Lon, p.Lat}
		for radius, n := range map[geo.Metres]int{300: p.Within300, 1000: p.Within1000, 5000: p.Within5000} {
			if got := within(t, x, at, here, radius); got != n {
				t.Errorf("%d within %v m of %v, want %d", got, radius, here, n)
			}
		}
		hits := x.Search(index.Query{Near: &here, Limit: len(p.Nearest)})
		for i, metres := range p.Nearest {
			if got := float64(hits[i].Distance); math.Abs(got-metres) > 0.051 { // rounded there
				t.Errorf("number %d of %v is %.2f m away, want %.1f", i+1, here, got, metres)
			}
		}
	}
	for _, b := range want.Boxes {
		if n := count(t, db.Pool, fmt.Sprintf("where lat between %v and %v and lon between %v and %v", b.South, b.North, b.West, b.East)); n != b.Rows {
			t.Errorf("%d in %+v", n, b)
		}
	}
}

// within counts by the join on cells and the distance.
func within(t *testing.T, x *index.Index, at map[int64]orb.Point, p orb.Point, radius geo.Metres) (n int) {
	t.Helper()
	cell, err := geo.CellAt(p, geo.RetailerRes)
	if err != nil {
		t.Fatal(err)
	}
	disk, err := geo.Disk(cell, 2+int(radius/geo.Spacing(geo.RetailerRes)*1.3))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range x.In(disk) {
		if geo.Distance(p, at[id]) <= radius {
			n++
		}
	}
	return n
}

// inBox is the rows inside of the box of the expectations, with a number of its own for each in front.
func inBox(t *testing.T, list []byte) []byte {
	t.Helper()
	rows, err := csv.NewReader(bytes.NewReader(list)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	box := orb.Bound{Min: orb.Point{-80.7, 39.6}, Max: orb.Point{-74.5, 42.4}}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	for i, row := range rows {
		lat, _ := strconv.ParseFloat(row[9], 64)
		lon, _ := strconv.ParseFloat(row[10], 64)
		no := fmt.Sprint("row ", i)
		if i == 0 {
			no = "row"
		} else if !box.Contains(orb.Point{lon, lat}) {
			continue
		}
		if err := w.Write(append([]string{no}, row...)); err != nil {
			t.Fatal(err)
		}
	}
	w.Flush()
	return b.Bytes()
}
