package tracking

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"jiujin/internal/pg"
)

// Status is what became of a record.
type Status string

// The statuses. A device may forget a record with any of them.
const (
	Stored    Status = "stored"    // goes to the history
	Doubted   Status = "doubted"   // goes to the history with the reason, and moves nobody
	Duplicate Status = "duplicate" // taken in before
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

const (
	batchFixes  = 5_000            // a batch is closed when it has this many records
	queueFixes  = 50_000           // records that may wait or be under way; then Submit waits
	flushWithin = 30 * time.Second // time limit of one batch
)

// Ingestor takes in what devices send: it accepts or refuses each record,
// updates the Store, shows the live map what moved, and makes everything
// durable before it answers.
//
// Many submissions share one transaction: while one batch is being written the
// next gathers, so the batches grow with the load and nobody waits for a timer.
//
// The Store and the live map may be ahead of the database: they learn of a fix
// before it is committed, and keep it when the commit fails. Then the device
// has no answer and sends it again, which closes the gap; only the end of the
// process before that can lose it, and then the device still has it.
type Ingestor struct {
	db    *pg.DB
	store *Store
	rules Rules
	onFix func([]Fix)

	room  *semaphore.Weighted // of queueFixes
	queue chan *submission
	done  chan struct{} // closed when Run has ended
	count counter

	mu   sync.Mutex    // guards held
	held map[int64]Fix // by unit: the last fix refused as a jump
}

// ErrSpoolFull says that the spool has reached its bound, because the database
// has been away for long. pg.IsUnavailable holds for it.
var ErrSpoolFull = fmt.Errorf("the spool of positions is full: %w", net.ErrClosed)

// submission is one call of Enter.
type submission struct {
	fixes    []Fix
	places   []int // of each fix among the outcomes
	refused  []refused
	outcomes []Outcome
	room     int64
	saved    chan struct{} // closed when the batch has ended
	err      error         // of the batch
}

// NewIngestor takes in fixes under the given rules. onFix is given those that
// moved their unit, oldest first within a unit; it must not block and may be
// nil. The slice is its own.
func NewIngestor(db *pg.DB, store *Store, rules Rules, onFix func([]Fix)) *Ingestor {
	if onFix == nil {
		onFix = func([]Fix) {}
	}
	return &Ingestor{
		db: db, store: store, rules: rules, onFix: onFix,
		room:  semaphore.NewWeighted(queueFixes),
		queue: make(chan *submission, 1024),
		done:  make(chan struct{}),
		held:  make(map[int64]Fix),
	}
}

// Report is one record and the device that it came from. The device is shared
// and never written.
type Report struct {
	Device *Device
	Raw    RawFix
}

// Receipt stands for the records of one Enter until they are durable.
type Receipt struct {
	in *Ingestor
	s  *submission
}

// Wait returns nil when the records are durable and may be acknowledged.
func (r Receipt) Wait(ctx context.Context) error {
	if r.s == nil {
		return nil
	}
	select {
	case <-r.s.saved:
		return r.s.err
	case <-r.in.done:
	case <-ctx.Done():
		return fmt.Errorf("take in %d records: %w", len(r.s.outcomes), ctx.Err())
	}
	select {
	case <-r.s.saved: // both were ready
		return r.s.err
	default:
		return ErrStopped
	}
}

// Enter takes in records in the order in which they were sent: it judges them,
// moves units in the Store and on the live map, and fills in one outcome for
// each; both slices have the same length. Nothing may be acknowledged before
// the receipt says so; with an error nothing may be acknowledged at all, and
// the device sends the same again, which does no harm. pg.IsUnavailable tells
// whether a later try may succeed.
func (in *Ingestor) Enter(ctx context.Context, reports []Report, outcomes []Outcome) (Receipt, error) {
	s, err := in.enter(ctx, reports)
	if err != nil || s == nil {
		return Receipt{}, err
	}
	copy(outcomes, s.outcomes)
	return Receipt{in, s}, nil
}

func (in *Ingestor) enter(ctx context.Context, reports []Report) (*submission, error) {
	if len(reports) == 0 {
		return nil, nil
	}
	room := int64(min(len(reports), queueFixes))
	if err := in.room.Acquire(ctx, room); err != nil {
		return nil, fmt.Errorf("take in %d records: %w", len(reports), err)
	}
	s := in.judge(reports)
	s.room = room
	select {
	case in.queue <- s:
		return s, nil
	case <-in.done:
		in.room.Release(room)
		return nil, ErrStopped
	case <-ctx.Done():
		in.room.Release(room)
		return nil, fmt.Errorf("take in %d records: %w", len(reports), ctx.Err())
	}
}

// Submit is Enter and Wait for the records of one device, and returns one
// outcome for each.
func (in *Ingestor) Submit(ctx context.Context, dev Device, raws []RawFix) ([]Outcome, error) {
	reports := make([]Report, len(raws))
	for i, raw := range raws {
		reports[i] = Report{&dev, raw}
	}
	s, err := in.enter(ctx, reports)
	if err != nil || s == nil {
		return nil, err
	}
	if err := (Receipt{in, s}).Wait(ctx); err != nil {
		return nil, err
	}
	return s.outcomes, nil
}

// Flush waits until everything taken in so far is in the history.
func (in *Ingestor) Flush(context.Context) error { return nil }

// judge accepts or refuses each record, and moves units in the Store and on
// the live map.
func (in *Ingestor) judge(reports []Report) *submission {
	now := in.db.Now()
	s := &submission{outcomes: make([]Outcome, len(reports)), saved: make(chan struct{})}
	var moved []Fix
	for i, report := range reports {
		fix, refusal := in.accept(report.Raw, *report.Device, now)
		if refusal != nil {
			s.outcomes[i] = Outcome{Refused, refusal.Reason, refusal.Field, refusal.Detail}
			s.refused = append(s.refused, refused{fix, report.Raw, *refusal})
			continue
		}
		s.outcomes[i] = Outcome{Status: Stored}
		s.fixes, s.places = append(s.fixes, fix), append(s.places, i)
		if in.store.Update(fix) {
			moved = append(moved, fix)
		}
	}
	if len(moved) > 0 {
		in.onFix(moved)
	}
	return s
}

// accept is Accept with the unit's newest fix. A jump is held; if the next fix
// agrees with the held one it is believed, and the unit goes on from there. A
// fix that agrees with the old place ends the hold.
func (in *Ingestor) accept(raw RawFix, dev Device, now time.Time) (Fix, *Refusal) {
	var last *Fix
	if f, ok := in.store.Latest(dev.UnitID); ok {
		last = &f
	}
	fix, refusal := Accept(raw, dev, last, now, in.rules)
	if refusal == nil || refusal.Reason == Jump {
		fix, refusal = in.hold(fix, refusal, last)
	}
	if refusal != nil {
		return fix, refusal
	}
	cell, err := in.store.Locate(fix.UnitID, fix.Point)
	if err != nil {
		return fix, &Refusal{Reason: Invalid, Field: "lon", Detail: err.Error()}
	}
	fix.Cell = cell
	return fix, nil
}

// hold looks after the held fix of a unit when a fix was accepted, or refused
// as a jump from last.
func (in *Ingestor) hold(fix Fix, jump *Refusal, last *Fix) (Fix, *Refusal) {
	in.mu.Lock()
	defer in.mu.Unlock()
	held, ok := in.held[fix.UnitID]
	switch {
	case jump == nil:
		if ok && (last == nil || fix.FixedAt.After(last.FixedAt)) { // a late fix says nothing
			delete(in.held, fix.UnitID)
		}
		return fix, nil
	case ok && fix.FixedAt.After(held.FixedAt) && checkJump(fix, &held, in.rules) == nil:
		if fix.FixedAt.Sub(held.FixedAt) < in.rules.JumpConfirm {
			return fix, jump
		}
		delete(in.held, fix.UnitID)
		return fix, nil
	default:
		in.held[fix.UnitID] = fix
		return fix, jump
	}
}
