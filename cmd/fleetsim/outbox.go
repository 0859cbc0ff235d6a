package main

import (
	"context"
	"sync"
)

const (
	outboxMax = 20_000 // fixes; five hours and a half at one a second. Beyond, the oldest are lost
	batchMax  = 1000
)

// outbox keeps a device's fixes, oldest first, until the service has acknowledged them.
type outbox struct {
	unitID int64
	key    string        // of the device
	whole  bool          // the protocol tells whole seconds
	blind  *blindSpots   // nil = always in coverage
	more   chan struct{} // holds one
	ended  chan struct{} // closed when nothing more will be put

	mu      sync.Mutex // guards the rest
	waiting []fix
	newest  int64 // time of the last one put
	made    int
	dropped int
}

func newOutbox(unitID int64, key string) outbox {
	return outbox{unitID: unitID, key: key, more: make(chan struct{}, 1), ended: make(chan struct{})}
}

// put adds a fix. Where the protocol tells whole seconds it is moved to the next free one, so that every fix of a unit has
// a time of its own.
func (o *outbox) put(f fix) {
	o.mu.Lock()
	if o.whole {
		f.FixedAt = max(f.FixedAt/1000*1000, o.newest+1000)
		o.newest = f.FixedAt
	}
	if len(o.waiting) >= outboxMax {
		o.waiting = o.waiting[1:]
		o.dropped++
	}
	o.waiting = append(o.waiting, f)
	o.made++
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default:
	}
}

// head copies the oldest fixes.
func (o *outbox) head() []fix {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]fix(nil), o.waiting[:min(len(o.waiting), batchMax)]...)
}

// remove drops fixes, whichever they are.
func (o *outbox) remove(gone []fix) {
	times := make(map[int64]bool, len(gone))
	for _, f := range gone {
		times[f.FixedAt] = true
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	kept := o.waiting[:0:0]
	for _, f := range o.waiting {
		if !times[f.FixedAt] {
			kept = append(kept, f)
		}
	}
	o.waiting = kept
}

func (o *outbox) counts() (made, dropped, waiting int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.made, o.dropped, len(o.waiting)
}

// carrier brings fixes to the service in the way of a protocol.
type carrier interface {
	// carry sends fixes, oldest first, and tells settled of those that need not be sent again, with the times of those
	// that the service has acknowledged. It returns when all are settled or something is in the way.
	carry(ctx context.Context, batch []fix, settled func(gone []fix, kept []int64) error) error
	// out ends what is connected: the vehicle is out of coverage.
	out()
}

// deliver sends the outbox, oldest first, until nothing more is put and all is sent, or ctx ends. Only what the service
// has answered leaves the outbox.
func (o *outbox) deliver(ctx context.Context, c carrier, m *measure, l *ledger) error {
	defer c.out()
	for wait := (backoff{}); ; {
		if err := o.blind.wait(ctx, o.ended, c.out); err != nil {
			return nil
		}
		batch := o.head()
		if len(batch) == 0 {
			select {
			case <-o.more:
				continue
			case <-o.ended:
				if _, _, waiting := o.counts(); waiting == 0 {
					return nil
				}
				continue
			}
		}
		var broken error // of the journal
		err := c.carry(ctx, batch, func(gone []fix, kept []int64) error {
			o.remove(gone)
			broken = l.fixes(o.unitID, kept)
			return broken
		})
		switch {
		case broken != nil:
			return broken
		case ctx.Err() != nil:
			return nil
		case err != nil: // the fixes are kept
			m.trouble(err)
			if wait.pause(ctx, 0) != nil {
				return nil
			}
			continue
		}
		wait = backoff{}
	}
}
