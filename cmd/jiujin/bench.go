package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"jiujin/internal/app"
	"jiujin/internal/pg"
)

// benchCmd measures the service on the machine it runs on. Each bench prints one JSON object and nothing else on
// standard output, and fails when an answer was wrong.
type benchCmd struct {
	Near      benchNearCmd      `cmd:"" help:"Measure nearest search over HTTP, with updates beside it."`
	Store     benchStoreCmd     `cmd:"" help:"Measure the position store: updates, nearest search, memory."`
	Ingest    benchIngestCmd    `cmd:"" help:"Measure the intake of positions over HTTP: acknowledged after fsync, and the drain."`
	Terminals benchTerminalsCmd `cmd:"" help:"Measure JT/T 808 terminals from the socket to the disk and back: frames, acknowledgement, idle memory."`
	Search    benchSearchCmd    `cmd:"" help:"Measure the search of retailers: memory, time to build, time of each kind of query."`
	Resolve   benchResolveCmd   `cmd:"" help:"Measure how well callers' words are resolved to shops: a table per kind of noise; labelled lists."`
	History   benchHistoryCmd   `cmd:"" help:"Measure the history: bytes a fix, tracks, reading unit-days while positions come in."`
	Register  benchRegisterCmd  `cmd:"" help:"Measure the import of a register: an empty one, the same list again, the next month, and after kills."`
	Roads     benchRoadsCmd     `cmd:"" help:"Measure the ways of many vehicles to one case on a road net."`
	Tiles     benchTilesCmd     `cmd:"" help:"Measure the tiles of the basemap: time and bytes by zoom, made and kept; the import."`
}

// printFigures prints v as one JSON object.
func printFigures(v any) error {
	enc := json.NewEncoder(os.Stdout)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	return nil
}

// scratch is a folder of a bench, with databases of its own.
type scratch struct {
	dir string
	cfg app.Config
	log *slog.Logger // of errors only
}

// newScratch makes a folder inside parent, or where the system keeps temporary files when parent is "". The caller
// removes it.
func newScratch(cfg *app.Config, parent string) (*scratch, error) {
	dir, err := os.MkdirTemp(parent, "jiujin-bench-")
	if err != nil {
		return nil, fmt.Errorf("folder of the bench: %w", err)
	}
	if err := os.Chmod(dir, 0o755); err != nil { // for the user postgres
		return nil, errors.Join(fmt.Errorf("folder of the bench: %w", err), os.RemoveAll(dir))
	}
	s := &scratch{dir: dir, cfg: *cfg, log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))}
	s.cfg.DatabaseURL = ""
	return s, nil
}

// path is that of a file in the folder.
func (s *scratch) path(name string) string { return filepath.Join(s.dir, name) }

// database calls fn with a database in a cluster of its own, migrated and empty. It ends before database returns.
func (s *scratch) database(ctx context.Context, name string, fn func(ctx context.Context, db *pg.DB, url string) error) error {
	cfg := s.cfg
	cfg.DataDir = s.path(name)
	return app.WithDatabase(ctx, cfg, s.log, func(ctx context.Context, url string) error {
		db, err := app.OpenDatabase(ctx, url, s.log)
		if err != nil {
			return err
		}
		defer db.Close()
		return fn(ctx, db, url)
	})
}

// remove removes the folder and what is in it.
func (s *scratch) remove() error { return os.RemoveAll(s.dir) }
