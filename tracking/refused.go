package tracking

import (
	"math"
	"strconv"
	"time"
)

// record is a raw fix for JSON: numbers that JSON does not have, and times
// beyond its calendar, are text. A record that could not be read is its text.
func record(r RawFix) map[string]any {
	if r.Unread != nil {
		return map[string]any{"text": plain(r.Text), "source": plain(r.Source)}
	}
	number := func(v float64) any {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return strconv.FormatFloat(v, 'g', -1, 64)
		}
		return v
	}
	m := map[string]any{
		"fixed_at": r.FixedAt.UTC().Format(time.RFC3339Nano),
		"lon":      number(r.Lon), "lat": number(r.Lat), "source": plain(r.Source),
	}
	for name, reading := range map[string]Reading{
		"alt_m": r.AltM, "accuracy_m": r.AccuracyM, "speed_kmh": r.SpeedKmh, "heading_deg": r.HeadingDeg,
	} {
		if reading.Known {
			m[name] = number(reading.Value)
		}
	}
	for name, state := range map[string]State{"ignition": r.Ignition, "engaged": r.Engaged} {
		if state != Unsaid {
			m[name] = state == On
		}
	}
	for name, yes := range map[string]bool{"no_fix": r.NoFix, "replay": r.Replay} {
		if yes {
			m[name] = true
		}
	}
	return m
}
