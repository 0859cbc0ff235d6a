package app

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"

	"jiujin/internal/pg"
	"jiujin/internal/pg/cluster"
)

// BesideServer opens the database for a command: the operator's, or the private cluster's, whether a server is running
// on it or not.
func BesideServer(ctx context.Context, cfg Config, log *slog.Logger, fn func(ctx context.Context, db *pg.DB) error) error {
	open := func(ctx context.Context, url string) error {
		db, err := OpenDatabase(ctx, url, log)
		if err != nil {
			return err
		}
		defer db.Close()
		return fn(ctx, db)
	}
	err := WithDatabase(ctx, cfg, log, open)
	if !errors.Is(err, cluster.ErrInUse) {
		return err
	}
	url, err := cluster.URL(clusterDir(cfg), databaseName)
	if err != nil {
		return err
	}
	return open(ctx, url)
}

// lowDisk is how much free room the data folder should have.
const lowDisk = 5 << 30

// Doctor looks at everything that has to be right around the service. It changes nothing beyond starting the private
// cluster when nobody runs it, and makes none.
func Doctor(ctx context.Context, cfg Config) ([]pg.Finding, error) {
	findings := []pg.Finding{disk(cfg.DataDir)}
	if cfg.DatabaseURL == "" {
		if _, err := os.Stat(clusterDir(cfg)); errors.Is(err, fs.ErrNotExist) {
			return append(findings, pg.Finding{
				Name: "private database", Value: "none yet in " + cfg.DataDir, OK: true,
				Advice: "jiujin serve makes it; run the doctor again afterwards",
			}), nil
		}
	}
	quiet := slog.New(slog.DiscardHandler)
	err := BesideServer(ctx, cfg, quiet, func(ctx context.Context, db *pg.DB) error {
		findings = append(findings, db.Check(ctx)...)
		return nil
	})
	if err != nil {
		findings = append(findings, pg.Finding{Name: "database", Value: "does not answer", Advice: err.Error()})
	}
	return findings, nil
}

func disk(dir string) pg.Finding {
	f := pg.Finding{Name: "free disk", OK: true}
	for { // the folder may not exist yet: look at what it will stand in
		if _, err := os.Stat(dir); err == nil || dir == filepath.Dir(dir) {
			break
		}
		dir = filepath.Dir(dir)
	}
	var st syscall.Statfs_t
	if err := syscall.Statfs(dir, &st); err != nil {
		return pg.Finding{Name: f.Name, Value: "unknown", Advice: err.Error()}
	}
	free := st.Bavail * uint64(st.Bsize)
	f.Value = fmt.Sprintf("%.1f GB at %s", float64(free)/1e9, dir)
	if free < lowDisk {
		f.OK = false
		f.Advice = "free some room: PostgreSQL stops when its disk is full"
	}
	return f
}
