package tracking

import (
	"math"
	"time"
)

// visit is what is known of one unit at one fence. The zero visit is that of a
// unit outside.
//
// A fix is evidence for being inside (on or within the border), for being
// outside (beyond one and a half margins of its accuracy), or for neither. The
// side changes
//
//   - at once by a fix that is deeper inside than its margin, or farther
//     outside than three margins;
//   - otherwise by four fixes of the new side in a row that span settleIn or
//     settleOut.
//
// So a vehicle that is parked at the border, whose receiver wanders, does not
// flap, and one that drives past is noted from its first fix on the other side.
type visit struct {
	inside bool
	since  time.Time // of the first fix inside
	stayed bool      // the dwell event was given

	votes int       // fixes for the other side in a row
	first FencePass // the first of them
}

// FencePass is where and when a unit was seen.
type FencePass struct {
	At       time.Time
	Lon, Lat float64
}

const (
	leastMargin = 15.0  // metres; also that of a fix that does not know its accuracy
	mostMargin  = 100.0 // metres
	farMargins  = 3.0
	votesNeeded = 4
	outMargins  = 1.5
	settleIn    = 20 * time.Second
	settleOut   = 30 * time.Second
)

// marginOf is the margin of a fix in metres.
func marginOf(accuracy Reading) float64 {
	if !accuracy.Known {
		return leastMargin
	}
	return math.Max(leastMargin, math.Min(mostMargin, accuracy.Value))
}

// side is what a fix says: +1 inside, -1 outside, 0 neither. sure means that it
// needs no other.
func side(f *Fence, fix *Fix) (says int, sure bool) {
	if f.Plain {
		if f.Contains(fix.Point) {
			return 1, true
		}
		return -1, true
	}
	depth, margin := float64(f.Depth(fix.Point)), marginOf(fix.AccuracyM)
	switch {
	case depth >= 0:
		return 1, depth >= margin
	case depth < -outMargins*margin:
		return -1, depth < -farMargins*margin
	}
	return 0, false
}

// see takes the next fix of the unit and tells what happened: enter or exit
// with the place and time of the first fix that showed it, and whether the
// stay has become a dwell. Fixes come in the order of their times.
func (v *visit) see(f *Fence, fix *Fix) (kind FenceEventKind, pass FencePass, dwell bool) {
	says, sure := side(f, fix)
	here := FencePass{At: fix.FixedAt, Lon: fix.Point[0], Lat: fix.Point[1]}
	switch {
	case says == 0, (says > 0) == v.inside:
		v.votes, v.first = 0, FencePass{}
	default:
		if v.votes == 0 {
			v.first = here
		}
		v.votes++
		wait := settleIn
		if v.inside {
			wait = settleOut
		}
		if sure || v.votes >= votesNeeded && fix.FixedAt.Sub(v.first.At) >= wait {
			kind, pass = v.turn()
		}
	}
	if v.inside && !v.stayed && f.DwellS > 0 && fix.FixedAt.Sub(v.since) >= time.Duration(f.DwellS)*time.Second {
		v.stayed, dwell = true, true
	}
	return kind, pass, dwell
}

// turn changes the side.
func (v *visit) turn() (FenceEventKind, FencePass) {
	pass := v.first
	*v = visit{inside: !v.inside}
	if v.inside {
		v.since = pass.At
		return FenceEnter, pass
	}
	return FenceExit, pass
}
