package tracking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"jiujin/internal/pg"
)

const (
	drainBytes  = 2 << 20                // of the log that one transaction takes: about 35,000 fixes
	drainLinger = 100 * time.Millisecond // for more to gather, after a small batch
	drainWithin = 2 * time.Minute        // time limit of one transaction
	retryFirst  = 200 * time.Millisecond // pause after a failure; it doubles
	retryMost   = 10 * time.Second
)

// drain carries the log into PostgreSQL: one transaction writes a batch and
// notes how far the log has come with it, so each record is written once. What
// has become of a COMMIT that got no answer the next look at the note tells.
// While the database is away it tries again and again; nothing is lost.
type drain struct {
	db  *pg.DB
	log *Log
	out *slog.Logger

	kick chan struct{} // takes one: do not wait for more

	mu      sync.Mutex
	known   bool          // at was read from the database
	at      Position      // everything before is in the database
	changed chan struct{} // closed when at grows
	ended   bool
	damage  error // ErrSpoolDamaged: it cannot go on without a person

	batch batch // run's own
}

func newDrain(db *pg.DB, spool *Log, out *slog.Logger) *drain {
	return &drain{db: db, log: spool, out: out, kick: make(chan struct{}, 1), changed: make(chan struct{})}
}

// position is up to where the log is in the database; false while nobody knows.
func (d *drain) position() (Position, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.at, d.known
}

func (d *drain) moveTo(at Position) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.at, d.known, d.damage = at, true, nil
	close(d.changed)
	d.changed = make(chan struct{})
}

// await waits until the log is in the database up to a position.
func (d *drain) await(ctx context.Context, to Position) error {
	for {
		d.mu.Lock()
		there, ended, changed := d.known && d.at >= to, d.ended, d.changed
		d.mu.Unlock()
		if there {
			return nil
		}
		if ended {
			return ErrStopped
		}
		select {
		case d.kick <- struct{}{}:
		default:
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for the history: %w", ctx.Err())
		}
	}
}

// run drains until ctx ends.
func (d *drain) run(ctx context.Context) {
	defer func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.ended = true
		close(d.changed)
		d.changed = make(chan struct{})
	}()
	pause := retryFirst
	for ctx.Err() == nil {
		before, _ := d.position()
		err := d.follow(ctx)
		if ctx.Err() != nil {
			return
		}
		if after, _ := d.position(); after > before {
			pause = retryFirst
		}
		d.complain(err, pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
		pause = min(2*pause, retryMost)
	}
}

// complain tells the operator that the drain stands still, and why.
func (d *drain) complain(err error, pause time.Duration) {
	if !errors.Is(err, ErrSpoolDamaged) {
		d.out.Warn("positions wait in the spool; trying again", "pause", pause, "error", err)
		return
	}
	d.mu.Lock()
	d.damage = err
	d.mu.Unlock()
	d.out.Error("no positions get into the history until the spool has been repaired; see docs/positions.md, "+
		"When the spool is damaged", "error", err)
}

// follow drains from where the database says until something fails.
func (d *drain) follow(ctx context.Context) error {
	at, err := d.begin(ctx)
	if err != nil {
		return err
	}
	d.moveTo(at)
	for {
		more := d.log.more() // before the look at what is there
		_, synced, _ := d.log.Span()
		if at == synced {
			select {
			case <-more:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		next, err := d.read(at)
		if err != nil {
			return err
		}
		if err := d.save(ctx, at, next); err != nil {
			return err
		}
		small := next-at < drainBytes/2
		at = next
		d.moveTo(at)
		if small {
			select {
			case <-d.kick:
			case <-time.After(drainLinger):
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
}

// begin is where to go on. When the folder and the database do not belong
// together any more, because one of them was restored from a copy, it goes on
// from what there is.
func (d *drain) begin(ctx context.Context) (Position, error) {
	first, synced, _ := d.log.Span()
	at, err := beginDrain(ctx, d.db, d.log.ID(), first)
	switch {
	case err != nil:
		return 0, err
	case at > synced:
		d.out.Error("the database has seen more of the spool than there is: the folder is an older copy; "+
			"it gets a new name and is drained from its beginning", "spool", synced, "database", at)
		if err := d.log.renew(); err != nil {
			return 0, err
		}
		return beginDrain(ctx, d.db, d.log.ID(), first)
	case at < first:
		d.out.Error("fixes between these positions of the spool are missing: the database is an older copy",
			"from", at, "to", first)
		err := d.db.InTx(ctx, func(tx *pg.Tx) error { return advance(ctx, tx, d.log.ID(), at, first) })
		return first, err
	}
	return at, nil
}

// read makes the next batch.
func (d *drain) read(at Position) (next Position, err error) {
	d.batch.clear()
	next, err = d.log.Read(at, drainBytes, func(payload []byte) error {
		err := eachTaken(payload, d.batch.add)
		if errors.Is(err, errRecord) {
			return d.aside(payload, err)
		}
		return err
	})
	if errors.Is(err, ErrSpoolDamaged) && next > at {
		return next, nil // first what lies before the damage
	}
	return next, err
}

// save writes the batch in one transaction. When the database cannot take a
// value, every row is tried alone and the culprits are kept aside.
func (d *drain) save(ctx context.Context, from, to Position) error {
	ctx, cancel := context.WithTimeout(ctx, drainWithin)
	defer cancel()
	err := d.db.InTx(ctx, func(tx *pg.Tx) error {
		if err := saveBatch(ctx, tx, &d.batch); err != nil {
			return err
		}
		return d.finish(ctx, tx, d.batch.fixes, from, to)
	})
	if !pg.IsData(err) {
		return err
	}
	d.out.Error("the database does not take a position; looking for it", "error", err)
	return d.db.InTx(ctx, func(tx *pg.Tx) error {
		stored, err := d.saveEach(ctx, tx, &d.batch)
		if err != nil {
			return err
		}
		return d.finish(ctx, tx, stored, from, to)
	})
}

// finish notes what follows from a batch that was written.
func (d *drain) finish(ctx context.Context, tx *pg.Tx, stored []Fix, from, to Position) error {
	if err := markDue(ctx, tx, stored); err != nil {
		return err
	}
	return advance(ctx, tx, d.log.ID(), from, to)
}

// saveEach writes the batch row by row, keeps aside what the database does not
// take, and returns the fixes that it took.
func (d *drain) saveEach(ctx context.Context, tx *pg.Tx, b *batch) (stored []Fix, err error) {
	for i := range b.fixes {
		one := batch{fixes: b.fixes[i : i+1], contents: b.contents[i : i+1]}
		ok, err := d.saveOne(ctx, tx, &one)
		if err != nil {
			return nil, err
		}
		if ok {
			stored = append(stored, b.fixes[i])
		}
	}
	for i := range b.refused {
		if _, err := d.saveOne(ctx, tx, &batch{refused: b.refused[i : i+1]}); err != nil {
			return nil, err
		}
	}
	return stored, nil
}

func (d *drain) saveOne(ctx context.Context, tx *pg.Tx, one *batch) (ok bool, err error) {
	inner, err := tx.Begin(ctx)
	if err != nil {
		return false, err
	}
	err = saveBatch(ctx, &pg.Tx{Tx: inner}, one)
	if err == nil {
		return true, inner.Commit(ctx)
	}
	if !pg.IsData(err) {
		return false, err
	}
	if err := inner.Rollback(ctx); err != nil {
		return false, err
	}
	return false, d.aside(fmt.Appendf(nil, "%+v\n", one), err)
}

// aside keeps what can never be written in a file of the spool's folder. It is
// there twice when the transaction around it is tried again.
func (d *drain) aside(what []byte, why error) error {
	name := filepath.Join(d.log.dir, "aside")
	d.out.Error("a record that cannot be written is kept aside", "file", name, "error", why)
	f, err := os.OpenFile(name, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("keep a record aside: %w", err)
	}
	_, err = fmt.Fprintf(f, "%v: %q\n", why, what)
	return errors.Join(err, f.Sync(), f.Close())
}
