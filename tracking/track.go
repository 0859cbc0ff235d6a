package tracking

import (
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

const (
	trackTolerance = geo.Metres(5)   // of a track, at every moment that has a fix
	stopAtLeast    = 3 * time.Minute // a shorter halt is traffic
	stopWithin     = geo.Metres(50)  // of the first fix of the stop: receivers wander when they stand
	gapAfter       = 5 * time.Minute // a longer silence is a gap
	strayAfter     = time.Minute     // another device counts when the leading one was silent for so long
	movingFrom     = 3.0             // km/h over a leg
	hour           = time.Hour       // tracks are kept by hours of UTC
	mpsToKmh       = 3.6             // km/h in a metre per second
)

// TrackPoint is where a unit was at a moment.
type TrackPoint struct {
	At    time.Time // UTC
	Point orb.Point // WGS-84
	// SpeedKmh is what the device reported, or for a simplified track the mean
	// over the leg that ends here; unknown at the beginning of a track.
	SpeedKmh Reading
	Doubt    Reason // as of the fix; empty for a good one
}

// Stop is a halt of three minutes or more within 50 m. A unit that fell silent
// and came back in the same place has stopped there.
type Stop struct {
	From, To time.Time
	Point    orb.Point // mean of its fixes
}

// Span is a span of time.
type Span struct{ From, To time.Time }

// Track is where a unit went in a span of time, from inclusive, to exclusive.
// Length, moving time, stops and gaps are of the good fixes, whatever the
// points are.
type Track struct {
	UnitID   int64
	From, To time.Time
	Points   []TrackPoint // by time
	Fixes    int          // good ones
	Length   geo.Metres   // from each good fix to the next
	Moving   time.Duration
	TopKmh   Reading // the highest speed reported
	Stops    []Stop
	Gaps     []Span // more than five minutes without a good fix
}

// piece is the track of a unit within one hour, as it is kept. Its stops at
// the very beginning and end may be short: they can be parts of longer ones.
type piece struct {
	unitID int64
	hour   time.Time
	line   []TrackPoint // simplified, never empty; ends with the first and the last fix
	fixes  int
	length geo.Metres
	moving time.Duration
	top    Reading
	stops  []Stop
	gaps   []Span
}

func (p *piece) first() TrackPoint { return p.line[0] }
func (p *piece) last() TrackPoint  { return p.line[len(p.line)-1] }

// newPiece builds the track of one hour from the fixes of one unit in their
// order. Doubted ones are left out. It is false when no good one is left.
func newPiece(unitID int64, hour time.Time, fixes []Fix) (piece, bool) {
	points := leading(fixes)
	if len(points) == 0 {
		return piece{}, false
	}
	p := piece{unitID: unitID, hour: hour, fixes: len(points)}
	begin := 0 // of the part since the last gap
	for i := range points {
		if v := points[i].SpeedKmh; v.Known && (!p.top.Known || v.Value > p.top.Value) {
			p.top = v
		}
		if i == 0 {
			continue
		}
		leg := between(points[i-1], points[i])
		p.length += leg.length
		p.moving += leg.moving
		if leg.gap {
			p.gaps = append(p.gaps, Span{points[i-1].At, points[i].At})
			p.line = appendSimplified(p.line, points[begin:i])
			begin = i
		}
	}
	p.line = appendSimplified(p.line, points[begin:])
	p.stops = stopsOf(points)
	return p, true
}

// leg is what lies between two good fixes, one after the other.
type leg struct {
	length geo.Metres
	moving time.Duration // all of it, or nothing
	gap    bool
}

func between(a, b TrackPoint) leg {
	took := b.At.Sub(a.At)
	l := leg{length: geo.Distance(a.Point, b.Point), gap: took > gapAfter}
	if !l.gap && float64(l.length)*mpsToKmh >= movingFrom*took.Seconds() {
		l.moving = took
	}
	return l
}

// leading is the good fixes of the device that sent most of them, and those of
// others where it was silent: two receivers in one vehicle would otherwise
// draw a zigzag between them.
func leading(fixes []Fix) []TrackPoint {
	count := make(map[int64]int)
	for i := range fixes {
		if fixes[i].Doubt == "" {
			count[fixes[i].DeviceID]++
		}
	}
	var lead int64
	for id, n := range count {
		if n > count[lead] || n == count[lead] && id < lead {
			lead = id
		}
	}
	var points []TrackPoint
	for i := range fixes {
		f := &fixes[i]
		if f.Doubt == "" && (f.DeviceID == lead || alone(fixes, i, lead)) {
			points = append(points, TrackPoint{At: f.FixedAt, Point: f.Point, SpeedKmh: f.SpeedKmh})
		}
	}
	return points
}

// alone tells whether the leading device has no good fix near the i-th in time.
func alone(fixes []Fix, i int, lead int64) bool {
	at := fixes[i].FixedAt
	for j := i - 1; j >= 0 && at.Sub(fixes[j].FixedAt) <= strayAfter; j-- {
		if fixes[j].DeviceID == lead && fixes[j].Doubt == "" {
			return false
		}
	}
	for j := i + 1; j < len(fixes) && fixes[j].FixedAt.Sub(at) <= strayAfter; j++ {
		if fixes[j].DeviceID == lead && fixes[j].Doubt == "" {
			return false
		}
	}
	return true
}

// join puts pieces, in order of time, together to one track.
func join(unitID int64, from, to time.Time, pieces []piece) Track {
	t := Track{UnitID: unitID, From: from, To: to}
	var stops []Stop
	for i := range pieces {
		p := &pieces[i]
		if i > 0 {
			before := pieces[i-1].last()
			leg := between(before, p.first())
			t.Length += leg.length
			t.Moving += leg.moving
			if leg.gap {
				t.Gaps = append(t.Gaps, Span{before.At, p.first().At})
			}
			stops = joinStops(stops, p.stops)
		} else {
			stops = append(stops, p.stops...)
		}
		t.Points = append(t.Points, p.line...)
		t.Fixes += p.fixes
		t.Length += p.length
		t.Moving += p.moving
		t.Gaps = append(t.Gaps, p.gaps...)
		if p.top.Known && (!t.TopKmh.Known || p.top.Value > t.TopKmh.Value) {
			t.TopKmh = p.top
		}
	}
	t.Stops = longStops(stops)
	t.speeds()
	return t
}

// speeds gives each point the mean speed of the leg that ends there.
func (t *Track) speeds() {
	for i := range t.Points {
		p := &t.Points[i]
		p.SpeedKmh = Reading{}
		if i == 0 {
			continue
		}
		if took := p.At.Sub(t.Points[i-1].At); took > 0 {
			p.SpeedKmh = Read(float64(geo.Distance(t.Points[i-1].Point, p.Point)) / took.Seconds() * mpsToKmh)
		}
	}
}
