package tracking

import (
	"context"
	"slices"
	"time"

	"jiujin/internal/pg"
)

// everyFix is for readers who may see everything.
func everyFix(*Fix) bool { return true }

// ReadTrack is where a unit went, from ≤ time < to, simplified to 5 m: from the
// tracks that are kept and, for hours that have none yet or were cut by from or
// to, from the fixes. shown tells which fixes may be shown; nil means all. It
// must be the one that the Builder used, for it cannot take anything out of a
// track that is kept.
//
// What is left of an hour whose fixes have been dropped is cut out of its
// track.
func ReadTrack(ctx context.Context, q pg.Queryer, unitID int64, from, to time.Time, shown func(*Fix) bool) (Track, error) {
	if shown == nil {
		shown = everyFix
	}
	from, to = from.UTC(), to.UTC()
	kept, err := storedPieces(ctx, q, unitID, from.Truncate(hour), to)
	if err != nil {
		return Track{}, err
	}
	whole := make(map[time.Time]piece, len(kept))
	for _, p := range kept {
		whole[p.hour] = p
	}
	var missing []window
	for h := from.Truncate(hour); h.Before(to); h = h.Add(hour) {
		w := window{unitID, later(from, h), earlier(to, h.Add(hour))}
		if _, ok := whole[h]; !ok || w.to.Sub(w.from) < hour {
			missing = append(missing, w)
		}
	}
	built, err := buildPieces(ctx, q, missing, shown)
	if err != nil {
		return Track{}, err
	}
	for _, p := range built {
		whole[p.hour] = p
	}
	var pieces []piece
	for h := from.Truncate(hour); h.Before(to); h = h.Add(hour) {
		if p, ok := whole[h]; ok {
			if p, ok = p.cut(from, to); ok {
				pieces = append(pieces, p)
			}
		}
	}
	return join(unitID, from, to, pieces), nil
}

// ReadRaw is ReadTrack with every fix that may be shown as a point, doubted
// ones too, in the order of (fixed_at, received_at).
func ReadRaw(ctx context.Context, q pg.Queryer, unitID int64, from, to time.Time, shown func(*Fix) bool) (Track, error) {
	if shown == nil {
		shown = everyFix
	}
	from, to = from.UTC(), to.UTC()
	var windows []window
	for h := from.Truncate(hour); h.Before(to); h = h.Add(hour) {
		windows = append(windows, window{unitID, later(from, h), earlier(to, h.Add(hour))})
	}
	var points []TrackPoint
	pieces, err := buildPieces(ctx, q, windows, func(f *Fix) bool {
		if !shown(f) {
			return false
		}
		points = append(points, TrackPoint{At: f.FixedAt, Point: f.Point, SpeedKmh: f.SpeedKmh, Doubt: f.Doubt})
		return true
	})
	if err != nil {
		return Track{}, err
	}
	t := join(unitID, from, to, pieces)
	t.Points = points
	return t, nil
}

// cut is the part of a piece with from ≤ time < to; false when nothing is left.
// A piece that lies within is itself. Of another one the length and the moving
// time are those of the line that is left, and the number of fixes is that of
// its points.
func (p piece) cut(from, to time.Time) (piece, bool) {
	if !p.first().At.Before(from) && p.last().At.Before(to) {
		return p, true
	}
	outside := func(t time.Time) bool { return t.Before(from) || !t.Before(to) }
	line := slices.DeleteFunc(slices.Clone(p.line), func(v TrackPoint) bool { return outside(v.At) })
	if len(line) == 0 {
		return piece{}, false
	}
	c := piece{unitID: p.unitID, hour: p.hour, line: line, fixes: len(line), top: p.top}
	for i := 1; i < len(line); i++ {
		leg := between(line[i-1], line[i])
		c.length += leg.length
		c.moving += leg.moving
	}
	for _, s := range p.stops {
		s.From, s.To = later(s.From, from), earlier(s.To, to)
		if !s.To.Before(s.From) {
			c.stops = append(c.stops, s)
		}
	}
	for _, g := range p.gaps {
		if !outside(g.From) && !outside(g.To) {
			c.gaps = append(c.gaps, g)
		}
	}
	return c, true
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
