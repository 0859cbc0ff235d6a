package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"jiujin/internal/app"
)

type benchIngestCmd struct {
	Devices     int           `default:"1000000" help:"Devices that are known, each of its own unit."`
	Connections int           `default:"32" help:"Connections that post at once; at half load they take turns."`
	Batch       int           `default:"256" help:"Records in a request."`
	Rounds      int           `default:"5" help:"Rounds of full and of half load; the figures are their medians."`
	Round       time.Duration `default:"4s" help:"How long each lasts."`
	DrainFixes  int           `default:"1000000" help:"Positions to carry into PostgreSQL; 0 leaves the drain out."`
	DatabaseURL string        `name:"drain-url" help:"Database for the drain; none starts a private one."`
	Dir         string        `type:"path" default:"." help:"Folder on the disk to measure; a folder in it is made and removed."`
}

// Run measures and prints.
func (b *benchIngestCmd) Run(ctx context.Context) (err error) {
	if min(b.Devices, b.Connections, b.Batch, b.Rounds) < 1 || b.Connections > b.Devices || b.Round <= 0 {
		return errors.New("devices, connections, batch, rounds and round must be positive, and no more connections than devices")
	}
	dir, err := os.MkdirTemp(b.Dir, "bench-ingest-")
	if err != nil {
		return fmt.Errorf("folder of the measurement: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if err := os.Chmod(dir, 0o755); err != nil { // for the user postgres, who runs the drain's database
		return fmt.Errorf("folder of the measurement: %w", err)
	}
	f, err := app.IngestBench{
		Dir: dir, Devices: b.Devices, Connections: b.Connections, Batch: b.Batch, Rounds: b.Rounds, Round: b.Round,
		DrainFixes: b.DrainFixes, DatabaseURL: b.DatabaseURL,
	}.Run(ctx)
	if err != nil {
		return err
	}
	return printFigures(f)
}
