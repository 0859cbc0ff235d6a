package tracking

import (
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// stopsOf finds the halts among the good fixes of an hour: the longest runs,
// from left to right, whose fixes all lie within 50 m of the first of the run,
// and which last three minutes. The runs at both ends are kept at any length:
// with those of the hours before and after they may make a stop. The one at the
// beginning gives way to a halt that begins within it. The last fix of a halt
// may be the first of the next.
func stopsOf(points []TrackPoint) []Stop {
	type run struct{ from, to int } // to is exclusive
	var runs []run
	for i := 0; i < len(points); {
		end := i + 1
		for end < len(points) && geo.Distance(points[i].Point, points[end].Point) <= stopWithin {
			end++
		}
		long := points[end-1].At.Sub(points[i].At) >= stopAtLeast
		if !long && i > 0 && end < len(points) {
			i++
			continue
		}
		if n := len(runs); n > 0 {
			runs[n-1].to = min(runs[n-1].to, i+1)
		}
		runs = append(runs, run{i, end})
		if end == len(points) {
			break
		}
		if i = end - 1; !long {
			i = 1
		}
	}
	var stops []Stop
	for _, r := range runs {
		part := points[r.from:r.to]
		stops = append(stops, Stop{From: part[0].At, To: part[len(part)-1].At, Point: mean(part)})
	}
	return stops
}

// mean is the middle of points that are near each other.
func mean(points []TrackPoint) orb.Point {
	first := points[0].Point
	var x, y float64
	for _, p := range points {
		x, y = x+p.Point[0]-first[0], y+p.Point[1]-first[1]
	}
	n := float64(len(points))
	return orb.Point{first[0] + x/n, first[1] + y/n}
}

// joinStops appends the stops of the next hour. The last one before and the
// first one after are one when they are in one place.
func joinStops(before, after []Stop) []Stop {
	if len(before) == 0 || len(after) == 0 || geo.Distance(before[len(before)-1].Point, after[0].Point) > stopWithin {
		return append(before, after...)
	}
	a, b := &before[len(before)-1], after[0]
	wa, wb := a.To.Sub(a.From).Seconds()+1, b.To.Sub(b.From).Seconds()+1
	share := wb / (wa + wb)
	a.Point = orb.Point{a.Point[0] + (b.Point[0]-a.Point[0])*share, a.Point[1] + (b.Point[1]-a.Point[1])*share}
	a.To = b.To
	return append(before, after[1:]...)
}

// longStops is the stops without the short runs at the ends of hours.
func longStops(stops []Stop) []Stop {
	var long []Stop
	for _, s := range stops {
		if s.To.Sub(s.From) >= stopAtLeast {
			long = append(long, s)
		}
	}
	return long
}

// unixSeconds is t for a measure or a column of numbers; a float64 keeps it to
// the quarter of a microsecond.
func unixSeconds(t time.Time) float64 {
	return float64(t.Unix()) + float64(t.Nanosecond())/1e9
}

// fromUnixSeconds is the inverse, in UTC and whole microseconds.
func fromUnixSeconds(s float64) time.Time {
	return time.UnixMicro(int64(s*1e6 + 0.5)).UTC()
}
