package area

import (
	"compress/gzip"
	"context"
	"encoding/csv"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// dataFolder is where the outlines of Hubei and Sichuan lie; they are not part of the repository.
func dataFolder() string {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	return filepath.Join(dir, "admin-divisions")
}

// The counties of 1,000 points, both in GCJ-02 as published.
func TestExpectedPoints(t *testing.T) {
	for _, province := range []string{"42", "51"} {
		points := filepath.Join(dataFolder(), "counties-"+province+".expected-points.csv")
		if _, err := os.Stat(points); err != nil {
			continue
		}
		t.Run(province, func(t *testing.T) {
			db := pgtest.New(t)
			importOutlines(t, db, filepath.Join(dataFolder(), "counties-"+province+".geojson.gz"))
			checkPoints(t, db, points)
		})
	}
}

func importOutlines(t testing.TB, db *pg.DB, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	inTx(t, db, func(ctx context.Context, tx *pg.Tx) error {
		r, err := Import(ctx, tx, in, ImportOptions{Kind: Division, Datum: datum.GCJ02})
		if err == nil && (r.Refused > 0 || r.Added != r.Features) {
			t.Errorf("%+v", r)
		}
		return err
	})
}

func checkPoints(t *testing.T, db *pg.DB, file string) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	records := csv.NewReader(f)
	n := 0
	for {
		record, err := records.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		lon, err := strconv.ParseFloat(record[0], 64)
		if err != nil {
			continue // the heading
		}
		lat, err := strconv.ParseFloat(record[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		p, err := datum.ToWGS84(datum.GCJ02, orb.Point{lon, lat})
		if err != nil {
			t.Fatal(err)
		}
		w, err := At(t.Context(), db.Pool, p, date("2026-11-22"), DefaultMargin)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if w.Division != nil {
			got = w.Division.Code
		}
		n++
		if got != record[2] {
			t.Errorf("%v: %q, want %q", record, got, record[2])
		}
	}
	t.Logf("%d points", n)
}
