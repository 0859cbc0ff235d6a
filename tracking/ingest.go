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
	Stored    Status = "stored"    // in the history
	Duplicate Status = "duplicate" // the history has a fix of the unit at that time already
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

// submission is one call of Submit.
type submission struct {
	fixes    []Fix
	places   []int // of each fix among the outcomes
	refused  []refused
	outcomes []Outcome
	room     int64
	result   chan error // takes one
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

// Submit takes in the records of one device, in the order in which it sent
// them, and returns one outcome for each when all are durable. With an error
// nothing may be acknowledged; the device sends the same again, which does no
// harm. pg.IsUnavailable tells whether a later try may succeed. Submit waits
// for room when the database falls behind, and for Run to be started; ctx ends
// the wait.
func (in *Ingestor) Submit(ctx context.Context, dev Device, raws []RawFix) ([]Outcome, error) {
	if len(raws) == 0 {
		return nil, nil
	}
	room := int64(min(len(raws), queueFixes))
	if err := in.room.Acquire(ctx, room); err != nil {
		return nil, fmt.Errorf("take in %d records of device %d: %w", len(raws), dev.ID, err)
	}
	s := in.judge(dev, raws)
	s.room = room
	select {
	case in.queue <- s:
	case <-in.done:
		in.room.Release(room)
		return nil, ErrStopped
	case <-ctx.Done():
		in.room.Release(room)
		return nil, fmt.Errorf("take in %d records of device %d: %w", len(raws), dev.ID, ctx.Err())
	}
	select {
	case err := <-s.result:
		return s.answer(err)
	case <-ctx.Done():
		return nil, fmt.Errorf("take in %d records of device %d: %w", len(raws), dev.ID, ctx.Err())
	case <-in.done:
	}
	select {
	case err := <-s.result: // both were ready
		return s.answer(err)
	default:
		return nil, ErrStopped
	}
}

func (s *submission) answer(err error) ([]Outcome, error) {
	if err != nil {
		return nil, err
	}
	return s.outcomes, nil
}

// judge accepts or refuses each record, and moves units in the Store and on
// the live map.
func (in *Ingestor) judge(dev Device, raws []RawFix) *submission {
	now := in.db.Now()
	s := &submission{outcomes: make([]Outcome, len(raws)), result: make(chan error, 1)}
	var moved []Fix
	for i, raw := range raws {
		fix, refusal := in.accept(raw, dev, now)
		if refusal != nil {
			s.outcomes[i] = Outcome{Refused, refusal.Reason, refusal.Field, refusal.Detail}
			s.refused = append(s.refused, refused{fix, raw, *refusal})
			continue
		}
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
