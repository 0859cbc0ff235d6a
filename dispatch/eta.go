package dispatch

import (
	"context"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// ETA is an estimated time of arrival.
type ETA struct {
	Travel time.Duration
	Metres geo.Metres // along the way, not through the air
	Basis  string     // one of the Basis constants; "" when the source cannot say
}

// ETASource estimates travel from many units to one case. The answer has one element for each of from, in order; one
// without Basis says that the source knows nothing of that unit. A source that cannot answer at all returns an error.
type ETASource interface {
	ETAs(ctx context.Context, to orb.Point, from []orb.Point) ([]ETA, error)
}

// StraightLine estimates from the distance through the air: roads are Detour times as long (1.32 in 25 Chinese
// cities, domain C1) and are driven at SpeedKmh.
type StraightLine struct {
	Detour   float64
	SpeedKmh float64
}

// DefaultStraightLine holds the figures of domain C3.
var DefaultStraightLine = StraightLine{Detour: 1.32, SpeedKmh: 38}

// ETAs never fails.
func (s StraightLine) ETAs(_ context.Context, to orb.Point, from []orb.Point) ([]ETA, error) {
	out := make([]ETA, len(from))
	for i, p := range from {
		out[i] = s.ETA(p, to)
	}
	return out, nil
}

// ETA is the estimate for one pair.
func (s StraightLine) ETA(from, to orb.Point) ETA {
	way := geo.Metres(s.Detour) * geo.Distance(from, to)
	hours := float64(way) / 1000 / s.SpeedKmh
	return ETA{Travel: time.Duration(hours * float64(time.Hour)).Round(time.Second), Metres: way, Basis: BasisStraight}
}
