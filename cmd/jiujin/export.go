package main

import (
	"context"
	"os"

	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type exportCmd struct {
	Format   string `enum:"csv,xlsx,geojson" default:"csv" help:"Of the file."`
	Datum    string `enum:"WGS84,GCJ02,BD09,CGCS2000" default:"WGS84" help:"Of its coordinates."`
	Division string `help:"Begin of the division codes."`
	Source   string `help:"Name of the list that the licences came with."`
	Gone     bool   `help:"Also licences that their list no longer has."`
}

// Run writes the register to standard output.
func (c *exportCmd) Run(ctx context.Context, cfg *app.Config) error {
	return app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) error {
		return retailer.Export(ctx, db.Pool, os.Stdout, retailer.Format(c.Format), datum.Datum(c.Datum),
			retailer.Selection{Division: c.Division, Source: c.Source, Gone: c.Gone})
	})
}
