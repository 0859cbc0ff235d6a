package tracking

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"jiujin/internal/pg"
)

const (
	buildEvery = 30 * time.Second
	buildBatch = 200 // hours of units that share a transaction
	// An hour is looked through for units that moved when it has been over for
	// so long: fixes that were taken in before its end are stored by then. What
	// is stored later is marked by who stores it.
	closeAfter = 2 * time.Minute
)

// TrackBuilder keeps the hourly tracks: it builds those of the hours that are
// over, and builds one anew when a fix of it came late. On several nodes one
// works at a time.
type TrackBuilder struct {
	DB  *pg.DB
	Log *slog.Logger // nil means slog.Default()
	// Shown tells which fixes of the given units and time may be kept as tracks;
	// nil keeps all.
	Shown func(ctx context.Context, q pg.Queryer, unitIDs []int64, from, to time.Time) (func(*Fix) bool, error)
}

// Run builds what is due, twice a minute, until ctx ends; then it returns nil.
// A failure is logged and tried again: what is due stays due.
func (b *TrackBuilder) Run(ctx context.Context) error {
	log := b.Log
	if log == nil {
		log = slog.Default()
	}
	ticker := time.NewTicker(buildEvery)
	defer ticker.Stop()
	for {
		if n, err := b.Build(ctx); err != nil && ctx.Err() == nil {
			log.Warn("tracks are behind; trying again", "built", n, "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
	}
}

// Build builds the tracks of all hours that are due, and says how many. It does
// nothing while another node builds.
func (b *TrackBuilder) Build(ctx context.Context) (int, error) {
	if err := b.closeHours(ctx); err != nil {
		return 0, err
	}
	for total := 0; ; {
		n, err := b.buildSome(ctx)
		total += n
		if err != nil || n == 0 {
			return total, err
		}
	}
}

// closeHours notes the hours that ended since the last call as due.
func (b *TrackBuilder) closeHours(ctx context.Context) error {
	for more := true; more; {
		err := b.DB.InTx(ctx, func(tx *pg.Tx) (err error) {
			more, err = closeHours(ctx, tx)
			return err
		})
		if err != nil {
			return fmt.Errorf("list the hours that have ended: %w", err)
		}
	}
	return nil
}

// buildSome builds the next hours that are due, the oldest first.
func (b *TrackBuilder) buildSome(ctx context.Context) (n int, err error) {
	err = b.DB.InTx(ctx, func(tx *pg.Tx) error {
		windows, err := takeDue(ctx, tx, buildBatch)
		if err != nil || len(windows) == 0 {
			n = 0
			return err
		}
		n = len(windows)
		shown := everyFix
		if b.Shown != nil {
			units := make([]int64, len(windows))
			for i, w := range windows {
				units[i] = w.unitID
			}
			if shown, err = b.Shown(ctx, tx, units, windows[0].from, windows[n-1].to); err != nil {
				return err
			}
		}
		pieces, err := buildPieces(ctx, tx, windows, shown)
		if err != nil {
			return err
		}
		return savePieces(ctx, tx, pieces)
	})
	return n, err
}
