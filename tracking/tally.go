package tracking

import (
	"time"

	"jiujin/geo"
)

// fastStep is the speed above which a step from one fix to the next is counted
// as fast. It is a figure for people, not a rule.
const fastStep = 200 // km/h

// Tally is how much of a unit is in the history for a span of time, for those
// who compare it with what they sent. It counts every fix, doubted ones too, in
// the order of (fixed_at, received_at); fixes of one batch and moment are in an
// order of their own, the same each time.
type Tally struct {
	Fixes       int
	Refused     int       // by time of receipt
	First, Last time.Time // of the fixes; zero when there are none

	Length     geo.Metres    // from each fix to the next
	Engaged    geo.Metres    // the part of Length that begins at a fix whose crew was engaged
	LongestGap time.Duration // between two fixes, one after the other
	SameSecond int           // fixes in the second of the one before
	FastSteps  int           // above 200 km/h from the fix before, in another second
	Pickups    int           // fixes whose crew is engaged after one whose crew was not
	Doubted    map[Reason]int

	last Fix
}

// add counts the next fix.
func (t *Tally) add(f *Fix) {
	if f.Doubt != "" {
		if t.Doubted == nil {
			t.Doubted = make(map[Reason]int)
		}
		t.Doubted[f.Doubt]++
	}
	t.Fixes++
	if t.Fixes == 1 {
		t.First = f.FixedAt
	} else {
		t.step(&t.last, f)
	}
	t.Last, t.last = f.FixedAt, *f
}

func (t *Tally) step(a, b *Fix) {
	metres, took := geo.Distance(a.Point, b.Point), b.FixedAt.Sub(a.FixedAt)
	t.Length += metres
	if a.Engaged == On {
		t.Engaged += metres
	}
	if a.Engaged == Off && b.Engaged == On {
		t.Pickups++
	}
	t.LongestGap = max(t.LongestGap, took)
	switch {
	case a.FixedAt.Unix() == b.FixedAt.Unix():
		t.SameSecond++
	case float64(metres)*mpsToKmh > fastStep*took.Seconds():
		t.FastSteps++
	}
}
