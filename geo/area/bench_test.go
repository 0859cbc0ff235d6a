package area

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

// blob is a shape of n corners about a place, r degrees across, with a border like that of a county.
func blob(at orb.Point, r float64, n int, rng *rand.Rand) orb.MultiPolygon {
	waves := [6]float64{}
	for i := range waves {
		waves[i] = rng.Float64() * 2 * math.Pi
	}
	ring := make(orb.Ring, 0, n+1)
	for i := range n {
		a := float64(i) / float64(n) * 2 * math.Pi
		d := 1.0
		for k, w := range waves {
			d += 0.3 / float64(k+2) * math.Sin(a*float64(3*(k+1)*(k+1))+w)
		}
		ring = append(ring, orb.Point{at[0] + r*d*math.Cos(a), at[1] + r*d*math.Sin(a)})
	}
	return orb.MultiPolygon{{append(ring, ring[0])}}
}

// twoProvinces stores 286 counties, those of Hubei and Sichuan where their outlines are at hand, and 500 areas of squads.
func twoProvinces(b *testing.B) (db *pg.DB, spots []orb.Point) {
	db = pgtest.New(b)
	rng := rand.New(rand.NewPCG(1, 2))
	squad, _ := org(b, db, "36")
	inTx(b, db, func(ctx context.Context, tx *pg.Tx) error { return drawAreas(ctx, tx, squad, rng) })
	for _, province := range []string{"42", "51"} {
		if file := filepath.Join(dataFolder(), "counties-"+province+".geojson.gz"); exists(file) {
			importOutlines(b, db, file)
		}
	}
	if _, err := db.Pool.Exec(b.Context(), `analyze area`); err != nil {
		b.Fatal(err)
	}
	for range 4000 {
		spots = append(spots, orb.Point{103 + 13*rng.Float64(), 28 + 4.5*rng.Float64()})
	}
	return db, spots
}

func exists(file string) bool {
	_, err := os.Stat(file)
	return err == nil
}

// drawAreas makes 500 areas of a squad, and 286 counties when there are no outlines.
func drawAreas(ctx context.Context, tx *pg.Tx, squad int64, rng *rand.Rand) error {
	for i := range 500 {
		at := orb.Point{103 + 13*rng.Float64(), 28 + 4.5*rng.Float64()}
		a := Area{Kind: Squad, OrgID: squad, Name: fmt.Sprint("辖区", i), Shape: blob(at, 0.1, 200, rng)}
		if _, err := Add(ctx, tx, "", a); err != nil {
			return err
		}
	}
	for i := 0; i < 286 && !exists(filepath.Join(dataFolder(), "counties-42.geojson.gz")); i++ {
		at := orb.Point{103 + 0.6*float64(i%22), 28 + 0.35*float64(i/22)}
		a := Area{Kind: Division, Code: fmt.Sprint(420000 + i), Name: fmt.Sprint("县", i), Shape: blob(at, 0.3, 700, rng)}
		if _, err := Add(ctx, tx, "", a); err != nil {
			return err
		}
	}
	return nil
}

// BenchmarkAt is the whole way from a point to its areas with the distance of their borders, over the socket.
func BenchmarkAt(b *testing.B) {
	db, spots := twoProvinces(b)
	took := make([]time.Duration, 0, b.N)
	hits, i := 0, 0
	for b.Loop() {
		begin := time.Now()
		w, err := At(b.Context(), db.Pool, spots[i%len(spots)], date("2026-11-22"), DefaultMargin)
		if err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
		hits += len(w.Near)
		i++
	}
	report(b, took, float64(hits)/float64(i))
}

// BenchmarkResponsible asks for the places of 50 waiting tickets at once, as the engine does at each look.
func BenchmarkResponsible(b *testing.B) {
	db, spots := twoProvinces(b)
	took := make([]time.Duration, 0, b.N)
	i := 0
	for b.Loop() {
		begin := time.Now()
		if _, err := Responsible(b.Context(), db.Pool, spots[i%3900:i%3900+50], date("2026-11-22"), DefaultMargin); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(begin))
		i++
	}
	report(b, took, 50)
}

func report(b *testing.B, took []time.Duration, hits float64) {
	slices.Sort(took)
	at := func(q float64) float64 { return float64(took[int(q*float64(len(took)-1))].Microseconds()) / 1000 }
	b.ReportMetric(at(0.5), "p50-ms")
	b.ReportMetric(at(0.99), "p99-ms")
	b.ReportMetric(hits, "areas/op")
}
