package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"

	"jiujin/geo/basemap"
	"jiujin/geo/tile"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type benchTilesCmd struct {
	PBF     *os.File `name:"pbf" required:"" help:"OpenStreetMap data, such as those of a city."`
	Copies  int      `default:"1" help:"How many of them to lay side by side: 49 cities are a province."`
	Tiles   int      `default:"200" help:"Tiles of each zoom, where something is."`
	DataDir string   `help:"Folder for the database of the bench, which is removed afterwards." type:"path" name:"scratch"`
}

type tileFigures struct {
	Copies  int                   `json:"copies"`
	Roads   int                   `json:"roads"`
	Layers  map[basemap.Layer]int `json:"layers"` // features of the map
	ImportS float64               `json:"import_s"`
	PeakMB  int                   `json:"peak_memory_mb"` // of the importing process
	Zooms   []zoomFigures         `json:"zooms"`
}

// zoomFigures are of the tiles of one zoom.
type zoomFigures struct {
	Zoom   int    `json:"zoom"`
	Tiles  int    `json:"tiles"`
	Cold   spread `json:"cold_ms"`   // made
	Cached spread `json:"cached_ms"` // kept
	Bytes  spread `json:"bytes"`     // as they are sent, compressed
	Most   [3]int `json:"largest"`   // the tile with the most bytes: zoom, column, row
}

type spread struct {
	P50 float64 `json:"p50"`
	P95 float64 `json:"p95"`
	P99 float64 `json:"p99"`
	Max float64 `json:"max"`
}

// Run imports the map into a database of its own and makes tiles of every zoom from 4 on.
func (b *benchTilesCmd) Run(ctx context.Context, cfg *app.Config) error {
	defer b.PBF.Close()
	if b.Copies < 1 || b.Tiles < 1 {
		return errors.New("it takes a copy and a tile at least")
	}
	dir, err := os.MkdirTemp(b.DataDir, "jiujin-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o755); err != nil { // for the user postgres
		return err
	}
	source, err := readPBF(bufio.NewReader(b.PBF))
	if err != nil {
		return fmt.Errorf("%s: %w", b.PBF.Name(), err)
	}
	province, err := writeCopies(filepath.Join(dir, "province.osm.pbf"), source, b.Copies)
	if err != nil {
		return err
	}
	defer province.Close()
	private := *cfg
	private.DatabaseURL, private.DataDir = "", dir
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	return app.WithDatabase(ctx, private, log, func(ctx context.Context, url string) error {
		db, err := app.OpenDatabase(ctx, url, log)
		if err != nil {
			return err
		}
		defer db.Close()
		f, err := b.measure(ctx, db, province, source)
		return errors.Join(err, printFigures(f))
	})
}

// writeCopies writes the file and goes to its beginning.
func writeCopies(path string, source *pbfCopies, copies int) (*os.File, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	w := bufio.NewWriter(file)
	err = errors.Join(source.write(w, copies), w.Flush())
	if _, seek := file.Seek(0, io.SeekStart); err == nil {
		err = seek
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("write %s: %w", path, err), file.Close())
	}
	return file, nil
}

func (b *benchTilesCmd) measure(ctx context.Context, db *pg.DB, province *os.File, source *pbfCopies) (tileFigures, error) {
	f := tileFigures{Copies: b.Copies}
	begin := time.Now()
	err := db.InTx(ctx, func(tx *pg.Tx) error {
		r, err := basemap.ImportOSM(ctx, tx, basemap.Info{Name: "bench", Source: basemap.OSMCredit, Fictional: true}, province)
		f.Roads, f.Layers = r.Roads, r.Layers
		return err
	})
	if err != nil {
		return f, err
	}
	f.ImportS, f.PeakMB = time.Since(begin).Seconds(), peakMemory()>>20
	tiles := basemap.NewTiles(db.Pool, 1<<30)
	for z := 4; z <= basemap.MaxZoom; z++ {
		zoom, err := measureZoom(ctx, tiles, z, b.draw(z, source))
		if err != nil {
			return f, err
		}
		f.Zooms = append(f.Zooms, zoom)
	}
	return f, nil
}

// draw are different tiles of a zoom, each with a node in it: towns come oftener than fields, as they are looked at.
func (b *benchTilesCmd) draw(z int, source *pbfCopies) []maptile.Tile {
	r := rand.New(rand.NewPCG(1, uint64(z)))
	seen := map[maptile.Tile]bool{}
	var out []maptile.Tile
	for tries := 0; len(out) < b.Tiles && tries < 20*b.Tiles; tries++ {
		p, by := source.places[r.IntN(len(source.places))], source.offset(r.IntN(b.Copies), b.Copies)
		at := maptile.At(orb.Point{p[0] + by[0], p[1] + by[1]}, maptile.Zoom(z))
		if !seen[at] {
			seen[at], out = true, append(out, at)
		}
	}
	return out
}

// measureZoom asks for each tile twice.
func measureZoom(ctx context.Context, tiles *basemap.Tiles, z int, list []maptile.Tile) (zoomFigures, error) {
	f := zoomFigures{Zoom: z, Tiles: len(list)}
	ask := func(at maptile.Tile) (tile.Tile, float64, error) {
		begin := time.Now()
		got, err := tiles.Tile(ctx, z, int(at.X), int(at.Y))
		return got, float64(time.Since(begin).Microseconds()) / 1000, err
	}
	var cold, cached, size []float64
	for _, at := range list {
		got, ms, err := ask(at)
		if err != nil {
			return f, err
		}
		if n := float64(len(got.Data)); len(size) == 0 || n > slices.Max(size) {
			f.Most = [3]int{z, int(at.X), int(at.Y)}
		}
		cold, size = append(cold, ms), append(size, float64(len(got.Data)))
		if _, ms, err = ask(at); err != nil {
			return f, err
		}
		cached = append(cached, ms)
	}
	f.Cold, f.Cached, f.Bytes = spreadOf(cold), spreadOf(cached), spreadOf(size)
	return f, nil
}

// spreadOf sorts the values.
func spreadOf(values []float64) spread {
	slices.Sort(values)
	at := func(p int) float64 { return values[min(len(values)*p/100, len(values)-1)] }
	return spread{P50: at(50), P95: at(95), P99: at(99), Max: values[len(values)-1]}
}
