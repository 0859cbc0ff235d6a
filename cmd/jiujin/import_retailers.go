package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"jiujin/geo/datum"
	"jiujin/geo/retailer"
	"jiujin/internal/app"
	"jiujin/internal/pg"
)

type importRetailersCmd struct {
	File     *os.File          `arg:"" help:"List with headings in the first line, also compressed with gzip; - is standard input."`
	Profile  string            `help:"How to read the list: a JSON file, or the name of a saved profile."`
	Source   string            `help:"Name of the list that the file holds as a whole; its licences that are missing are closed."`
	Datum    string            `enum:",WGS84,GCJ02,BD09,CGCS2000" default:"" help:"Of the file's coordinates; WGS84 unless the profile says otherwise."`
	Encoding string            `enum:",auto,utf-8,gb18030" default:"" help:"Of the file; auto unless the profile says otherwise."`
	Map      map[string]string `help:"field=heading where the usual headings do not fit; a + b joins columns." mapsep:","`
	AsOf     string            `help:"Day of the list, such as 2026-11-22; today when not given." placeholder:"DATE"`
	Within   string            `help:"West,south,east,north in degrees instead of the service's region; world refuses no place."`
	DryRun   bool              `help:"Count and check, change nothing."`
	Confirm  bool              `help:"Apply the list even when so many licences are missing from it, or its points seem to be in two datums, that it would be held."`
	Errors   string            `help:"CSV for the rows that were refused, to be mended and imported." type:"path"`
}

// held says why an import waits for a person, and what to do.
func held(r retailer.Report) error {
	why := []string{"the list is held and nothing was changed"}
	for _, reason := range r.Held {
		switch reason {
		case "closing":
			why = append(why, fmt.Sprintf("it lacks %d of the %d licences that its source had, which would be closed", r.Closed, r.Had))
		case "mixed_datum":
			why = append(why, fmt.Sprintf("its points do not seem to be in %s throughout, see Mixed", r.Mixed.Given))
			if d, n := r.Mixed.Likeliest(); d != r.Mixed.Given {
				why = append(why, fmt.Sprintf("%d of those that can be told seem to be in %s: if so, run it again with --datum %s", n, d, d))
			}
		}
	}
	return errors.New(strings.Join(why, "; ") + "; when the list is right as it is, run the same command with --confirm")
}

// Run imports and prints the report as JSON; refused rows are in it with line and field.
func (c *importRetailersCmd) Run(ctx context.Context, cfg *app.Config) error {
	return app.BesideServer(ctx, *cfg, cfg.Logger(), func(ctx context.Context, db *pg.DB) error {
		opts, err := c.options(ctx, cfg, db)
		if err != nil {
			return err
		}
		report, err := retailer.Import(ctx, db, c.File, opts)
		if err != nil {
			return err
		}
		if c.Errors != "" {
			if err := writeRefused(ctx, db, report.Delivery, c.Errors); err != nil {
				return err
			}
		}
		if err := printFigures(report); err != nil {
			return err
		}
		if report.State == retailer.Held {
			return held(report)
		}
		return nil
	})
}

// options are those of the profile, with what the flags say instead.
func (c *importRetailersCmd) options(ctx context.Context, cfg *app.Config, db *pg.DB) (opts retailer.ImportOptions, err error) {
	opts = retailer.ImportOptions{DryRun: c.DryRun, Confirm: c.Confirm, By: "command line", File: filepath.Base(c.File.Name())}
	if c.Profile != "" {
		if opts.Profile, err = readProfile(ctx, db, c.Profile); err != nil {
			return opts, err
		}
	}
	if c.Source != "" {
		opts.Source = c.Source
	}
	if c.Encoding != "" {
		opts.Encoding = retailer.Encoding(c.Encoding)
	}
	if c.Datum != "" {
		opts.Datum = datum.Datum(c.Datum)
	}
	for field, heading := range c.Map {
		if opts.Mapping == nil {
			opts.Mapping = map[string]string{}
		}
		opts.Mapping[field] = heading
	}
	if c.AsOf != "" {
		day, err := time.ParseInLocation(time.DateOnly, c.AsOf, time.FixedZone("Asia/Shanghai", 8*60*60))
		if err != nil {
			return opts, fmt.Errorf("--as-of %q: use a date such as 2026-11-22", c.AsOf)
		}
		opts.Now = day
	}
	switch {
	case c.Within == "world":
		opts.Profile.Region = []float64{-180, -90, 180, 90}
	case c.Within != "":
		box, err := (&app.Config{Region: c.Within}).Bounds()
		if err != nil {
			return opts, err
		}
		opts.Profile.Region = []float64{box.Min[0], box.Min[1], box.Max[0], box.Max[1]}
	}
	opts.Region, err = cfg.Bounds()
	return opts, err
}

// readProfile reads a file that ends in .json, or the profile that the register knows by the name.
func readProfile(ctx context.Context, db *pg.DB, name string) (retailer.Profile, error) {
	if !strings.HasSuffix(name, ".json") {
		return retailer.ProfileNamed(ctx, db.Pool, name)
	}
	file, err := os.Open(name)
	if err != nil {
		return retailer.Profile{}, err
	}
	defer file.Close()
	p, err := retailer.ReadProfile(file)
	if err != nil {
		return p, fmt.Errorf("%s: %w", name, err)
	}
	return p, nil
}

// writeRefused writes the rows that a delivery refused as CSV, with what is wrong in front.
func writeRefused(ctx context.Context, db *pg.DB, delivery int64, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := csv.NewWriter(file)
	err = retailer.Refused(ctx, db.Pool, delivery, retailer.English, w.Write)
	w.Flush()
	return errors.Join(err, w.Error(), file.Close())
}
