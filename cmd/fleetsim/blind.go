package main

import (
	"context"
	"math/rand/v2"
	"time"
)

// blindSpots says when a vehicle is out of coverage: in a tunnel or a basement. The nil one is always in coverage.
type blindSpots struct {
	rng   *rand.Rand
	every time.Duration // mean time from one to the next
	most  time.Duration // the longest; the shortest is a tenth
	next  time.Time
}

func newBlindSpots(rng *rand.Rand, every, most time.Duration) *blindSpots {
	if every <= 0 {
		return nil
	}
	b := &blindSpots{rng: rng, every: every, most: most}
	b.plan()
	return b
}

func (b *blindSpots) plan() {
	b.next = time.Now().Add(time.Duration(b.rng.ExpFloat64() * float64(b.every)))
}

// wait lets a blind spot pass when it is time for one; before, lost is called. It ends early when the vehicle has
// stopped driving. The error is that of ctx.
func (b *blindSpots) wait(ctx context.Context, ended <-chan struct{}, lost func()) error {
	if b == nil || time.Now().Before(b.next) {
		return ctx.Err()
	}
	lost()
	long := b.most/10 + time.Duration(b.rng.Int64N(int64(b.most-b.most/10)+1))
	t := time.NewTimer(long)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ended:
	case <-ctx.Done():
	}
	b.plan()
	return ctx.Err()
}
