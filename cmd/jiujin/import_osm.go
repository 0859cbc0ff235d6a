package main

import (
	"context"
	"encoding/json"
	"io"
	"os"

	"jiujin/geo/basemap"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type importOSMCmd struct {
	File     *os.File `arg:"" help:"OpenStreetMap data in PBF (.osm.pbf); - is standard input."`
	Name     string   `required:"" help:"Of the map, shown on every screen."`
	Approval string   `help:"Approval number (审图号), shown on every screen."`
}

// Run makes the roads of the file the basemap, in place of the one before, and prints the report as JSON.
func (c *importOSMCmd) Run(ctx context.Context, cfg *app.Config) error {
	return app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) error {
		var report basemap.OSMReport
		begun := false
		err := db.InTx(ctx, func(tx *pg.Tx) (err error) {
			if begun { // a transaction that the database asks to try again
				if _, err := c.File.Seek(0, io.SeekStart); err != nil {
					return err
				}
			}
			begun = true
			info := basemap.Info{Name: c.Name, Approval: c.Approval, Source: basemap.OSMCredit}
			report, err = basemap.ImportOSM(ctx, tx, info, c.File)
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
