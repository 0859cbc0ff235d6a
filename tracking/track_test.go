package tracking

import (
	"math"
	"slices"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
)

// aDrive is the fixes of one hour of a unit with one device: drives and halts with wandering receivers, silences,
// doubted fixes and fixes of one moment.
func aDrive(begin time.Time) *rapid.Generator[[]Fix] {
	return rapid.Custom(func(t *rapid.T) []Fix {
		var fixes []Fix
		p := orb.Point{rapid.Float64Range(-179, 179).Draw(t, "lon"), rapid.Float64Range(-80, 80).Draw(t, "lat")}
		at, end := begin, begin.Add(hour)
		for at.Before(end) && len(fixes) < 400 {
			kind := rapid.SampledFrom([]string{"drive", "drive", "halt", "silence", "doubt", "same"}).Draw(t, "kind")
			n, every := rapid.IntRange(1, 40).Draw(t, "n"), time.Duration(rapid.IntRange(1, 30_000).Draw(t, "every"))*time.Millisecond
			course, speed := rapid.Float64Range(0, 2*math.Pi).Draw(t, "course"), rapid.Float64Range(0, 40).Draw(t, "speed")
			turn := rapid.Float64Range(-0.3, 0.3).Draw(t, "turn")
			for i := 0; i < n && at.Before(end); i++ {
				f := Fix{UnitID: 1, DeviceID: 1, FixedAt: at, Point: p, SpeedKmh: Read(speed * mpsToKmh), Source: "jt808"}
				switch kind {
				case "drive":
					metres := speed * every.Seconds()
					p[0] += metres * math.Sin(course) / (111_195 * math.Cos(p[1]*math.Pi/180))
					p[1] += metres * math.Cos(course) / 111_195
					course += turn
				case "halt":
					wander := rapid.Float64Range(-0.00005, 0.00005)
					f.Point = orb.Point{p[0] + wander.Draw(t, "x"), p[1] + wander.Draw(t, "y")}
				case "silence":
					at = at.Add(time.Duration(rapid.IntRange(1, 900).Draw(t, "silence")) * time.Second)
					i = n
				case "doubt":
					f.Point[0], f.Doubt = f.Point[0]+0.5, Jump
				case "same":
					every = 0
					f.Point[0] += 0.0001 * float64(i%3)
				}
				if f.FixedAt.Before(end) {
					fixes = append(fixes, f)
				}
				at = at.Add(every)
			}
		}
		return fixes
	})
}

func good(fixes []Fix) []Fix {
	return slices.DeleteFunc(slices.Clone(fixes), func(f Fix) bool { return f.Doubt != "" })
}

// near is how near the line comes to a point at its time. Several points of the line may be of one moment.
func near(line []TrackPoint, f Fix) geo.Metres {
	best := geo.Metres(math.Inf(1))
	for i := range line {
		if line[i].At.Equal(f.FixedAt) {
			best = min(best, geo.Distance(line[i].Point, f.Point))
		}
		if i > 0 && !f.FixedAt.Before(line[i-1].At) && !f.FixedAt.After(line[i].At) {
			best = min(best, geo.Distance(onTheWay(line[i-1], line[i], f.FixedAt), f.Point))
		}
	}
	return best
}

// The line is within 5 m of every good fix at its time, begins and ends with one, has no point that is not one, and
// its length and gaps are those of the good fixes.
func TestPieceIsTrueToTheFixes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fixes := aDrive(noon).Draw(t, "fixes")
		p, ok := newPiece(1, noon, fixes)
		sound := good(fixes)
		if ok != (len(sound) > 0) {
			t.Fatalf("a piece: %v, of %d good fixes", ok, len(sound))
		}
		if !ok {
			return
		}
		var length geo.Metres
		var gaps []Span
		for i, f := range sound {
			if d := near(p.line, f); d > trackTolerance+0.01 {
				t.Fatalf("%.2f m from the fix at %s", d, f.FixedAt.Sub(noon))
			}
			if i > 0 {
				length += geo.Distance(sound[i-1].Point, f.Point)
				if f.FixedAt.Sub(sound[i-1].FixedAt) > 5*time.Minute {
					gaps = append(gaps, Span{sound[i-1].FixedAt, f.FixedAt})
				}
			}
		}
		if p.fixes != len(sound) || math.Abs(float64(p.length-length)) > 1e-6*float64(length)+1e-6 || !slices.Equal(p.gaps, gaps) {
			t.Fatalf("%d fixes, %v m, gaps %v; want %d, %v, %v", p.fixes, p.length, p.gaps, len(sound), length, gaps)
		}
		for i, v := range p.line {
			if i > 0 && v.At.Before(p.line[i-1].At) {
				t.Fatal("the line goes back in time")
			}
			if !slices.ContainsFunc(sound, func(f Fix) bool { return f.FixedAt.Equal(v.At) && f.Point == v.Point }) {
				t.Fatalf("no fix is at %v, %s", v.Point, v.At)
			}
		}
		if !p.first().At.Equal(sound[0].FixedAt) || !p.last().At.Equal(sound[len(sound)-1].FixedAt) {
			t.Fatal("the ends are missing")
		}
		for _, g := range p.gaps { // its ends can be seen
			if near(p.line, Fix{FixedAt: g.From, Point: g.at(sound, g.From)}) > 0.01 {
				t.Fatal("the fix before a gap is not on the line")
			}
		}
	})
}

func (g Span) at(fixes []Fix, when time.Time) orb.Point {
	var p orb.Point
	for _, f := range fixes {
		if f.FixedAt.Equal(when) {
			p = f.Point
		}
	}
	return p
}

// Stops do not overlap, last three minutes, hold only fixes within 100 m of their middle, and whoever stayed within
// 25 m for six minutes has stopped.
func TestStopsCoverHalts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		fixes := aDrive(noon).Draw(t, "fixes")
		p, ok := newPiece(1, noon, fixes)
		if !ok {
			return
		}
		stops, sound := longStops(p.stops), good(fixes)
		for i, s := range stops {
			if s.To.Sub(s.From) < stopAtLeast || i > 0 && s.From.Before(stops[i-1].To) {
				t.Fatalf("stop %d of %v", i, stops)
			}
			for _, f := range sound {
				if f.FixedAt.After(s.From) && f.FixedAt.Before(s.To) && geo.Distance(f.Point, s.Point) > 2*stopWithin {
					t.Fatalf("%.0f m from the stop", geo.Distance(f.Point, s.Point))
				}
			}
		}
		for i := range sound {
			end := i
			for end+1 < len(sound) && geo.Distance(sound[i].Point, sound[end+1].Point) <= stopWithin/2 {
				end++
			}
			from, to := sound[i].FixedAt, sound[end].FixedAt
			if to.Sub(from) >= 2*stopAtLeast && !slices.ContainsFunc(stops, func(s Stop) bool { return s.From.Before(to) && s.To.After(from) }) {
				t.Fatalf("nothing stopped from %s to %s: %v", from.Sub(noon), to.Sub(noon), stops)
			}
		}
	})
}

// What is put together from hours has the length and the stops of the whole.
func TestJoinedHoursAreTheWhole(t *testing.T) {
	parked := orb.Point{114.3, 30.6}
	var fixes []Fix
	for at := noon.Add(-100 * time.Minute); at.Before(noon.Add(100 * time.Minute)); at = at.Add(10 * time.Second) {
		f := Fix{UnitID: 1, DeviceID: 1, FixedAt: at, Point: parked}
		if from := at.Sub(noon.Add(2 * time.Minute)); from > 0 { // parked over three hours' ends, then a drive at 20 m/s
			f.Point[0] += 20 * from.Seconds() / 95_700
		}
		fixes = append(fixes, f)
	}
	var pieces []piece
	var length geo.Metres
	for i := range fixes {
		if i > 0 {
			length += geo.Distance(fixes[i-1].Point, fixes[i].Point)
		}
	}
	for h := noon.Add(-2 * hour); h.Before(noon.Add(2 * hour)); h = h.Add(hour) {
		within := slices.DeleteFunc(slices.Clone(fixes), func(f Fix) bool { return f.FixedAt.Truncate(hour) != h })
		if p, ok := newPiece(1, h, within); ok {
			pieces = append(pieces, p)
		}
	}
	if len(pieces) != 4 {
		t.Fatalf("%d pieces", len(pieces))
	}
	got := join(1, noon.Add(-2*hour), noon.Add(2*hour), pieces)
	if got.Fixes != len(fixes) || math.Abs(float64(got.Length-length)) > 1e-3 || len(got.Gaps) != 0 {
		t.Errorf("%d fixes, %.3f m, gaps %v; want %d, %.3f", got.Fixes, got.Length, got.Gaps, len(fixes), length)
	}
	if len(got.Stops) != 1 || !got.Stops[0].From.Equal(fixes[0].FixedAt) || got.Stops[0].To.Sub(noon).Round(10*time.Second) != 2*time.Minute {
		t.Errorf("stops %v", got.Stops)
	}
	if drove := 98 * time.Minute; got.Moving.Round(time.Minute) != drove {
		t.Errorf("moved for %s, want %s", got.Moving, drove)
	}
	if n := len(got.Points); n > 12 {
		t.Errorf("%d points for one halt and one straight drive", n)
	}
}

// The second device of a vehicle adds no zigzag, but fills in while the first is silent.
func TestOneDeviceLeads(t *testing.T) {
	var fixes []Fix
	for i := range 60 {
		at := noon.Add(time.Duration(i) * 10 * time.Second)
		p := orb.Point{114.3 + 0.001*float64(i), 30.6}
		if i < 20 || i >= 40 {
			fixes = append(fixes, Fix{DeviceID: 1, FixedAt: at, Point: p})
		}
		if i%2 == 0 {
			fixes = append(fixes, Fix{DeviceID: 2, FixedAt: at.Add(time.Second), Point: orb.Point{p[0], p[1] + 0.0003}})
		}
	}
	p, _ := newPiece(1, noon, fixes)
	if straight := geo.Distance(fixes[0].Point, orb.Point{114.359, 30.6}); p.length > straight+100 {
		t.Errorf("%.0f m where %.0f m were driven", p.length, straight)
	}
	if p.fixes <= 40 || p.fixes >= 50 || len(p.gaps) != 0 {
		t.Errorf("%d fixes are taken, gaps %v; want the 40 of the first device and some of the second", p.fixes, p.gaps)
	}
}
