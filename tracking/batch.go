package tracking

import (
	"context"
	"maps"
	"sync"

	"jiujin/internal/pg"
)

// Run writes batches until ctx ends, then those that are still waiting, and
// returns nil. Submit calls that come later get ErrStopped. Call it once.
func (in *Ingestor) Run(ctx context.Context) error {
	defer close(in.done)
	for {
		select {
		case first := <-in.queue:
			in.flush(ctx, in.gather(first))
		case <-ctx.Done():
			for {
				select {
				case first := <-in.queue:
					in.flush(ctx, in.gather(first))
				default:
					return nil
				}
			}
		}
	}
}

// gather is first and what waits behind it, up to about batchFixes records.
func (in *Ingestor) gather(first *submission) []*submission {
	batch, size := []*submission{first}, len(first.outcomes)
	for size < batchFixes {
		select {
		case s := <-in.queue:
			batch = append(batch, s)
			size += len(s.outcomes)
		default:
			return batch
		}
	}
	return batch
}

// flush writes one batch in one transaction and answers its submissions. The
// end of ctx does not stop it.
func (in *Ingestor) flush(ctx context.Context, batch []*submission) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushWithin)
	defer cancel()
	fixes, refusals := unique(batch)
	var stored map[fixKey]bool
	err := in.db.InTx(ctx, func(tx *pg.Tx) (err error) {
		stored = nil
		if len(fixes) > 0 {
			if stored, err = saveFixes(ctx, tx, fixes); err != nil {
				return err
			}
		}
		if len(refusals) > 0 {
			return saveRefused(ctx, tx, refusals)
		}
		return nil
	})
	for _, s := range batch {
		if err == nil {
			s.settle(stored)
			in.count.add(s.outcomes)
		}
		s.err = err
		close(s.saved)
		in.room.Release(s.room)
	}
}

// unique is the fixes of a batch, of several with the same key the first, and
// everything refused.
func unique(batch []*submission) (fixes []Fix, refusals []refused) {
	seen := make(map[fixKey]bool)
	for _, s := range batch {
		for _, f := range s.fixes {
			if key := keyOf(f); !seen[key] {
				seen[key] = true
				fixes = append(fixes, f)
			}
		}
		refusals = append(refusals, s.refused...)
	}
	return fixes, refusals
}

// settle fills in the outcomes of the fixes. Of several with the same key the
// first took it; settle removes the key, so the others are duplicates.
func (s *submission) settle(stored map[fixKey]bool) {
	for i, f := range s.fixes {
		status := Duplicate
		if key := keyOf(f); stored[key] {
			delete(stored, key)
			status = Stored
		}
		s.outcomes[s.places[i]] = Outcome{Status: status}
	}
}

// Counts is how many records had which outcome since the start.
type Counts struct {
	Stored, Duplicate int64
	Refused           map[Reason]int64 // a reason that never came up may be missing
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
	for _, o := range outcomes {
		switch o.Status {
		case Stored:
			c.Stored++
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
