package resolve

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"jiujin/geo/retailer"
	"jiujin/internal/pg"
)

// Keeper holds the register of the database in memory and follows its changes.
type Keeper struct {
	db   *pg.DB
	log  *slog.Logger
	held atomic.Pointer[Register]
	wake chan struct{}

	moment pg.Moment // Refresh's own: what was seen of the register
	place  int64     // and the newest of the named places
}

// NewKeeper makes a keeper of an empty register; Run fills it.
func NewKeeper(db *pg.DB, log *slog.Logger) *Keeper {
	k := &Keeper{db: db, log: log, wake: make(chan struct{}, 1)}
	k.held.Store(NewRegister(nil, nil))
	return k
}

// Register is the register as it was read last.
func (k *Keeper) Register() *Register { return k.held.Load() }

// Wake says that the register may have changed. It does not block.
func (k *Keeper) Wake() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

const (
	look       = time.Minute // between two looks for changes of which no notice came
	restFactor = 5           // how much longer than a reading the rest after it is
)

// Run follows the register until ctx ends. While the database is away it keeps what it has.
func (k *Keeper) Run(ctx context.Context) error {
	for {
		begin := time.Now()
		if err := k.Refresh(ctx); err != nil && ctx.Err() == nil {
			k.log.Warn("register not read for the resolution", "error", err)
		}
		rest, again := time.NewTimer(restFactor*time.Since(begin)), time.NewTimer(look)
		select {
		case <-rest.C:
		case <-ctx.Done():
			return nil
		}
		select {
		case <-k.wake:
		case <-again.C:
		case <-ctx.Done():
			return nil
		}
		again.Stop()
	}
}

// Refresh reads the register when it has changed. It is not safe for concurrent use, and not beside Run.
func (k *Keeper) Refresh(ctx context.Context) error {
	moment, lost, err := k.moment.Next(ctx, k.db.Pool)
	if err != nil {
		return fmt.Errorf("follow the register: %w", err)
	}
	place, err := newestPlace(ctx, k.db.Pool)
	if err != nil {
		return err
	}
	if !k.moment.IsZero() && !lost && place == k.place {
		changed, err := retailer.Changed(ctx, k.db.Pool, k.moment)
		if err != nil {
			return err
		}
		if !changed {
			k.moment = moment
			return nil
		}
	}
	r, err := Load(ctx, k.db.Pool)
	if err != nil {
		return err
	}
	k.held.Store(r)
	k.moment, k.place = moment, place
	return nil
}
