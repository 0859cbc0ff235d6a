package tracking

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"
	"time"

	"jiujin/internal/pg"
)

// Status is what became of a record.
type Status string

// The statuses. A device may forget a record with any of them.
const (
	Stored    Status = "stored"    // goes to the history
	Doubted   Status = "doubted"   // goes to the history with the reason, and moves nobody
	Duplicate Status = "duplicate" // is the newest fix of its unit once more
	Refused   Status = "refused"   // kept aside with the reason
)

// Outcome is what became of one record. Reason, Field and Detail are those of
// the Refusal and empty otherwise.
type Outcome struct {
	Status Status
	Reason Reason
	Field  string
	Detail string
}

// ErrStopped says that the Ingestor has ended. pg.IsUnavailable holds for it:
// another process may serve the same request.
var ErrStopped = fmt.Errorf("position intake has stopped: %w", net.ErrClosed)

// Report is one record and the device that it came from. The device is shared
// and never written.
type Report struct {
	Device *Device
	Raw    RawFix
}

// Ingestor takes in what devices send: it accepts or refuses each record,
// updates the Store, shows the live map what moved, and makes everything
// durable in the Log. From there a drain carries it into PostgreSQL, whenever
// that is there.
//
// The Store and the live map may be ahead of the Log: they learn of a fix
// before it is durable, and keep it when that fails. Then the device has no
// answer and sends it again, which closes the gap; only the end of the process
// before that can lose it, and then the device still has it. Nothing is ever
// left out of the Log because the Store has it: a repetition is dropped by the
// key of the history.
type Ingestor struct {
	db    *pg.DB
	log   *Log
	store *Store
	rules Rules
	onFix func([]Fix)

	drain     *drain
	snapshots *snapshots
	done      chan struct{} // closed when Run has ended
	count     counter
	scratch   sync.Pool // of *scratch
	quality   *Quality
}

// NewIngestor takes in fixes under the given rules; spool is its own from now
// on. onFix is given the fixes that moved their unit, oldest first within a
// unit; it must not block, keeps no part of the slice, and may be nil.
func NewIngestor(db *pg.DB, spool *Log, store *Store, rules Rules, onFix func([]Fix), log *slog.Logger) *Ingestor {
	in := &Ingestor{
		db: db, log: spool, store: store, rules: rules, onFix: onFix,
		drain:   newDrain(db, spool, log),
		done:    make(chan struct{}),
		quality: NewQuality(rules),
	}
	in.snapshots = &snapshots{spool: spool, store: store, drain: in.drain, log: log}
	in.scratch.New = func() any { return new(scratch) }
	return in
}

// Receipt stands for the records of one Enter until they are durable. The zero
// Receipt is of nothing.
type Receipt struct{ g *group }

// Wait returns nil when the records of this and of every earlier Enter are
// durable and may be acknowledged. It waits for Run to be started; ctx ends the
// wait.
func (r Receipt) Wait(ctx context.Context) error {
	if r.g == nil {
		return nil
	}
	select {
	case <-r.g.done:
		return r.g.err
	case <-ctx.Done():
		return fmt.Errorf("make positions durable: %w", ctx.Err())
	}
}

// Enter takes in records in the order in which they were sent: it judges them,
// moves units in the Store and on the live map, and fills in one outcome for
// each; both slices have the same length. Nothing may be acknowledged before
// the receipt says so; with an error nothing may be acknowledged at all, and
// the device sends the same again, which does no harm. pg.IsUnavailable tells
// whether a later try may succeed; ErrSpoolFull is one such error. Enter needs
// no database. It keeps nothing of both slices.
func (in *Ingestor) Enter(ctx context.Context, reports []Report, outcomes []Outcome) (Receipt, error) {
	if err := in.log.Err(); err != nil { // before anybody moves
		return Receipt{}, err
	}
	s := in.scratch.Get().(*scratch)
	defer in.scratch.Put(s)
	s.begin(in.db.Now().UTC().Truncate(time.Microsecond))
	for from := 0; from < len(reports); {
		to := from + s.distinct(reports[from:])
		if err := in.judge(ctx, s, reports[from:to], outcomes[from:to]); err != nil {
			return Receipt{}, fmt.Errorf("take in %d records: %w", len(reports), err)
		}
		from = to
	}
	if err := in.write(ctx, s, 0); err != nil {
		return Receipt{}, fmt.Errorf("take in %d records: %w", len(reports), err)
	}
	if in.onFix != nil && len(s.moved) > 0 {
		in.onFix(s.moved)
	}
	in.count.add(outcomes)
	return Receipt{s.group}, nil
}

// Submit is Enter and Wait for the records of one device, and returns one
// outcome for each. With an error nothing may be acknowledged.
func (in *Ingestor) Submit(ctx context.Context, dev Device, raws []RawFix) ([]Outcome, error) {
	if len(raws) == 0 {
		return nil, nil
	}
	reports, outcomes := make([]Report, len(raws)), make([]Outcome, len(raws))
	for i, raw := range raws {
		reports[i] = Report{&dev, raw}
	}
	receipt, err := in.Enter(ctx, reports, outcomes)
	if err != nil {
		return nil, err
	}
	if err := receipt.Wait(ctx); err != nil {
		return nil, err
	}
	return outcomes, nil
}

// Flush waits until everything taken in so far is in the history.
func (in *Ingestor) Flush(ctx context.Context) error {
	_, _, end := in.log.Span()
	return in.drain.await(ctx, end)
}

// Ready is nil while positions are taken in: ErrSpoolFull, ErrSpoolBroken or
// ErrStopped otherwise. It says nothing about the database.
func (in *Ingestor) Ready() error { return in.log.Err() }

// Damage is ErrSpoolDamaged while positions are taken in but cannot get into
// the history, because a segment of the spool cannot be read; nil otherwise,
// also while the database is away.
func (in *Ingestor) Damage() error {
	in.drain.mu.Lock()
	defer in.drain.mu.Unlock()
	return in.drain.damage
}

// Counts is how many records had which outcome since the start.
type Counts struct {
	Stored, Doubted, Duplicate int64
	Refused                    map[Reason]int64 // a reason that never came up may be missing
}

// Counts is a copy of the present counts.
func (in *Ingestor) Counts() Counts {
	in.count.mu.Lock()
	defer in.count.mu.Unlock()
	c := in.count.Counts
	c.Refused = maps.Clone(c.Refused)
	return c
}

type counter struct {
	mu sync.Mutex
	Counts
}

func (c *counter) add(outcomes []Outcome) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range outcomes {
		switch o := &outcomes[i]; o.Status {
		case Stored:
			c.Stored++
		case Doubted:
			c.Doubted++
		case Duplicate:
			c.Duplicate++
		case Refused:
			if c.Refused == nil {
				c.Refused = make(map[Reason]int64)
			}
			c.Refused[o.Reason]++
		}
	}
}
