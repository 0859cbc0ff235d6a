package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"time"

	"jiujin/geo/area"
	"jiujin/geo/datum"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type importAreasCmd struct {
	File      *os.File  `arg:"" help:"GeoJSON FeatureCollection; - is standard input."`
	Kind      string    `required:"" enum:"division,squad" help:"division (properties name, adcode) or squad (name, org)."`
	Datum     string    `default:"WGS84" help:"Of the file: WGS84, GCJ02, BD09 or CGCS2000."`
	ValidFrom time.Time `format:"2006-01-02" help:"Day from which the file holds."`
	Source    string    `help:"Credit that is kept with the areas."`
	DryRun    bool      `help:"Store nothing."`
}

// Run brings the areas in and prints the report as JSON.
func (c *importAreasCmd) Run(ctx context.Context, cfg *app.Config) error {
	opts := area.ImportOptions{Kind: area.Kind(c.Kind), From: c.ValidFrom, Source: c.Source, DryRun: c.DryRun}
	var err error
	if opts.Datum, err = datum.Parse(c.Datum); err != nil {
		return err
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
		var report area.Report
		err := db.InTx(ctx, func(tx *pg.Tx) (err error) {
			if _, err := file.Seek(0, io.SeekStart); err != nil { // the database may ask to try again
				return err
			}
			report, err = area.Import(ctx, tx, file, opts)
			return err
		})
		if err != nil {
			return err
		}
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(report)
	})
}
