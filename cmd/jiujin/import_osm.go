package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"

	"jiujin/geo/basemap"
	"jiujin/geo/road"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type importOSMCmd struct {
	File     *os.File `arg:"" help:"OpenStreetMap data in PBF (.osm.pbf); - is standard input."`
	Name     string   `required:"" help:"Of the map, shown on every screen."`
	Approval string   `help:"Approval number (审图号), shown on every screen."`
}

// Run makes the file the basemap and its roads the road graph, in place of those before, and prints the report as JSON.
// What cannot be read twice, such as a pipe, is put into a temporary file first.
func (c *importOSMCmd) Run(ctx context.Context, cfg *app.Config) error {
	info := basemap.Info{Name: c.Name, Approval: c.Approval, Source: basemap.OSMCredit}
	if cfg.PublicMap {
		if err := app.PublicBasemap(info); err != nil {
			return err
		}
	}
	file, err := seekable(c.File)
	if err != nil {
		return err
	}
	if file != c.File {
		defer os.Remove(file.Name())
		defer file.Close()
	}
	return app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) error {
		report, err := importOSM(ctx, db, info, file)
		if err != nil {
			return err
		}
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(report)
	})
}

// osmImport is what an import found.
type osmImport struct {
	basemap.OSMReport
	Graph road.Size `json:"graph"`
	Note  string    `json:"note,omitempty"`
}

// noRoads is what people are told whose file has none.
const noRoads = "the file holds no road that cars may use: it became the basemap, and the road graph was left as it was"

// importOSM brings in the map and the roads, both or neither.
func importOSM(ctx context.Context, db *pg.DB, info basemap.Info, file io.ReadSeeker) (report osmImport, err error) {
	err = db.InTx(ctx, func(tx *pg.Tx) (err error) {
		report = osmImport{}
		if _, err := file.Seek(0, io.SeekStart); err != nil { // the database may ask to try again
			return err
		}
		if report.OSMReport, err = basemap.ImportOSM(ctx, tx, info, file); err != nil {
			return err
		}
		graph, err := readGraph(ctx, file, true)
		if errors.Is(err, road.ErrEmpty) {
			report.Note = noRoads
			return nil
		}
		if err != nil {
			return err
		}
		report.Graph = graph.Size()
		return road.Save(ctx, tx, graph, info.Name+", "+basemap.OSMCredit)
	})
	return report, err
}

// readGraph builds the graph of an OpenStreetMap file, with its restricted turns or without. The error wraps
// road.ErrEmpty when there is nothing to drive on.
func readGraph(ctx context.Context, file io.ReadSeeker, turns bool) (*road.Graph, error) {
	net, err := road.ReadOSM(ctx, file)
	if err != nil {
		return nil, err
	}
	if !turns {
		net.Turns = nil
	}
	return road.Build(net)
}

// seekable is the file itself, or a temporary copy of what cannot be read twice.
func seekable(file *os.File) (*os.File, error) {
	if _, err := file.Seek(0, io.SeekStart); err == nil {
		return file, nil
	}
	tmp, err := os.CreateTemp("", "jiujin-osm-*.pbf")
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(tmp, file); err != nil {
		return nil, errors.Join(err, tmp.Close(), os.Remove(tmp.Name()))
	}
	return tmp, nil
}
