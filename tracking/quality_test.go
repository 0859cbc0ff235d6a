package tracking

import (
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	orbgeo "github.com/paulmach/orb/geo"
	"pgregory.net/rapid"

	"jiujin/geo"
)

// line is a way to write a device's fixes: seconds after noon, metres east of
// Wuhan, speed (negative is unknown), ignition, and what is to be said of it.
type line struct {
	second, east float64
	speed        float64
	ignition     State
	want         Reason
}

var wuhan = orb.Point{114.3, 30.6}

// sideways is the point in a direction from p.
func sideways(p orb.Point, bearing float64, far geo.Metres) orb.Point {
	return orbgeo.PointAtBearingAndDistance(p, bearing, float64(far))
}

// judged runs fixes of one device through Quality and a Store as the Ingestor does.
func judged(t *testing.T, kind string, lines []line) *Store {
	t.Helper()
	rules, store := DefaultRules(), NewStore()
	q := NewQuality(rules)
	dev := Device{ID: 5, UnitID: 7, Kind: kind}
	for i, l := range lines {
		raw := rawAt(sideways(wuhan, 90, geo.Metres(l.east)), noon.Add(time.Duration(l.second*float64(time.Second))))
		raw.Ignition = l.ignition
		if l.speed >= 0 {
			raw.SpeedKmh = Read(l.speed)
		}
		f, refusal := Accept(&raw, &dev, raw.FixedAt, &rules)
		if refusal != nil {
			t.Fatalf("line %d: %v", i, refusal)
		}
		doubt := enter(q, store, f, &dev)
		if got := reasonOf(doubt); got != l.want {
			t.Errorf("line %d, %+v: %q", i, l, got)
		}
	}
	return store
}

// enter judges a fix and moves its unit, as the Ingestor does.
func enter(q *Quality, store *Store, f Fix, dev *Device) *Refusal {
	var last *Fix
	if have, ok := store.Latest(f.UnitID); ok {
		last = &have
	}
	doubt := q.Judge(&f, dev, last)
	switch f.Doubt {
	case "":
		store.Update(f)
	case Drift:
		store.Update(Stay(f, last))
	}
	return doubt
}

func reasonOf(r *Refusal) Reason {
	if r == nil {
		return ""
	}
	return r.Reason
}

func TestJudge(t *testing.T) {
	const off, on, unsaid = Off, On, Unsaid
	for name, c := range map[string]struct {
		kind  string
		lines []line
		east  float64 // where the unit is at the end
		at    float64 // and since when
	}{
		"jump": {"http", []line{
			{0, 0, -1, unsaid, ""},
			{60, 9500, -1, unsaid, Jump},
			{70, 700, -1, unsaid, ""},
			{80, 0, -1, unsaid, ""},
			{81, 560, -1, unsaid, ""},
			{82, 1140, -1, unsaid, Jump},
		}, 560, 81},
		"time excuses a jump":       {"http", []line{{0, 0, -1, unsaid, ""}, {600, 9500, -1, unsaid, ""}, {2401, 200_000, -1, unsaid, ""}}, 200_000, 2401},
		"late fixes are not judged": {"http", []line{{0, 0, 60, on, ""}, {-10, 90_000, 60, on, ""}}, 0, 0},
		"two places at once":        {"http", []line{{0, 0, 60, on, ""}, {0, 90_000, 60, on, Jump}, {0, 200, 60, on, ""}}, 200, 0},
		"a confirmed jump": {"http", []line{
			{0, 0, 0, off, ""},
			{10, 5, 0, off, ""},
			{20, 0, 0, off, ""},
			{30, 50_000, 0, off, Jump},
			{35, 50_000, 0, off, Jump},
			{40, 50_000, 0, off, ""},
			{50, 50_005, 0, off, ""},
		}, 50_005, 50},
		"frozen": {"http", []line{
			{0, 0, 40, on, ""},
			{10, 0, 40, on, ""},
			{20, 0, 40, on, Frozen},
			{30, 0, 40, on, Frozen},
			{40, 100, 40, on, ""},
			{50, 100, 40, on, ""},
			{60, 100, 5, on, ""},
			{70, 100, 40, on, ""},
			{80, 100, 40, on, ""},
		}, 100, 80},
		"frozen for a minute":    {"http", []line{{0, 0, 40, unsaid, ""}, {60, 0, 40, unsaid, Frozen}}, 0, 0},
		"standing is not frozen": {"http", []line{{0, 0, 0, on, ""}, {60, 0, 0, on, ""}, {120, 0, 3, on, ""}, {180, 0, 0, on, ""}}, 0, 180},
		"drift with the ignition off": {"jt808", []line{
			{0, 0, 0, off, ""},
			{30, 8, 0, off, ""},
			{60, 40, 6, off, Drift},
			{90, -30, 0, off, Drift},
			{120, 250, 0, off, Jump},
			{150, 0, 0, off, ""},
			{180, 60, 14, off, Jump},
			{210, 0, 0, off, ""},
		}, 0, 210},
		"drift keeps the unit fresh": {"jt808", []line{{0, 0, 0, off, ""}, {30, 40, 0, off, Drift}, {60, -40, 2, off, Drift}}, 0, 60},
		"the ignition goes on":       {"jt808", []line{{0, 0, 0, off, ""}, {30, 30, 0, off, Drift}, {40, 30, 0, on, Drift}, {50, 60, 20, on, ""}, {60, 120, 30, on, ""}}, 120, 60},
		"towed":                      {"jt808", []line{{0, 0, 0, off, ""}, {30, 5, 0, off, ""}, {60, 300, 0, off, Jump}, {90, 600, 0, off, ""}, {120, 605, 0, off, ""}}, 605, 120},
		"without an ignition wire": {"http", []line{
			{0, 0, 0, unsaid, ""},
			{60, 20, 2, unsaid, ""},
			{120, -20, 0, unsaid, ""},
			{180, 0, 1, unsaid, ""},
			{240, 30, 1, unsaid, Drift},
			{250, 70, 25, unsaid, Jump},
			{260, 140, 25, unsaid, ""},
			{270, 210, 25, unsaid, ""},
		}, 210, 270},
		"a silent night":                {"http", []line{{0, 0, 0, off, ""}, {30, 0, 0, off, ""}, {40_000, 5_000, 0, off, ""}}, 5_000, 40_000},
		"a person with a phone":         {"phone", []line{{0, 0, 1, unsaid, ""}, {200, 0, 1, unsaid, ""}, {230, 30, 2, unsaid, ""}}, 30, 230},
		"neither speed nor an ignition": {"http", []line{{0, 0, -1, unsaid, ""}, {300, 0, -1, unsaid, ""}, {600, 40, -1, unsaid, ""}}, 40, 600},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := judged(t, c.kind, c.lines).Latest(7)
			if d := geo.Distance(got.Point, sideways(wuhan, 90, geo.Metres(c.east))); d > 0.1 {
				t.Errorf("the unit is %.1f m from where it should be", d)
			}
			if want := noon.Add(time.Duration(c.at * float64(time.Second))); !got.FixedAt.Equal(want) || got.Doubt != "" {
				t.Errorf("the unit was there at %v, want %v; doubt %q", got.FixedAt, want, got.Doubt)
			}
		})
	}
}

func TestJumpIsDescribed(t *testing.T) {
	q, last, f := NewQuality(DefaultRules()), fixAt(7, wuhan, noon), fixAt(7, orb.Point{114.4, 30.6}, noon.Add(time.Minute))
	doubt := q.Judge(&f, &terminal, &last)
	if doubt == nil || f.Doubt != Jump || doubt.Field != "lon" || !strings.Contains(doubt.Detail, "9.6 km in 1m0s would be 574 km/h") {
		t.Errorf("%v, fix %+v", doubt, f)
	}
}

// stream is a made-up run of a device: fixes in the order of arrival, some of
// them late, repeated, far off, parked or hanging.
func stream(t *rapid.T) []Fix {
	var fixes []Fix
	at, here := noon, wuhan
	ignition := rapid.SampledFrom([]State{On, Off, Unsaid})
	for range rapid.IntRange(1, 60).Draw(t, "fixes") {
		at = at.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "gap")) * time.Second)
		f := fixAt(7, here, at)
		f.DeviceID, f.Ignition = 5, ignition.Draw(t, "ignition")
		f.SpeedKmh = Reading{rapid.Float64Range(0, 120).Draw(t, "speed"), rapid.Bool().Draw(t, "has speed")}
		switch rapid.IntRange(0, 9).Draw(t, "what") {
		case 0:
			f.Point = sideways(here, rapid.Float64Range(0, 359).Draw(t, "bearing"), geo.Metres(rapid.Float64Range(5, 4e6).Draw(t, "far")))
		case 1:
			f.FixedAt = at.Add(-time.Duration(rapid.IntRange(1, 4000).Draw(t, "late")) * time.Second)
		case 2:
			if len(fixes) > 0 {
				f = fixes[rapid.IntRange(0, len(fixes)-1).Draw(t, "repeated")]
			}
		case 3, 4: // it stands
		default:
			here = sideways(here, rapid.Float64Range(0, 359).Draw(t, "bearing"), geo.Metres(rapid.Float64Range(0, 400).Draw(t, "step")))
			f.Point = here
		}
		fixes = append(fixes, f)
	}
	return fixes
}

// Whatever arrives in whatever order, the unit's time never goes back, it is
// only where a good fix was, and only the newest good or drifting fix counts.
func TestLivePointNeverGoesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rules := DefaultRules()
		if rapid.IntRange(0, 4).Draw(t, "raw") == 0 {
			rules.TopSpeedKmh = 0
		}
		q, store, good := NewQuality(rules), NewStore(), map[orb.Point]bool{}
		var before Fix
		for i, f := range stream(t) {
			doubt := reasonOf(enter(q, store, f, &Device{ID: 5, UnitID: 7}))
			if rules.TopSpeedKmh == 0 && doubt != "" {
				t.Fatalf("raw, and %q", doubt)
			}
			now, known := store.Latest(7)
			good[f.Point] = good[f.Point] || doubt == ""
			switch {
			case known && (now.FixedAt.Before(before.FixedAt) || !good[now.Point]):
				t.Fatalf("fix %d: from %v at %v to %v at %v", i, before.Point, before.FixedAt, now.Point, now.FixedAt)
			case (doubt == Jump || doubt == Frozen) && now != before:
				t.Fatalf("fix %d moved the unit in spite of %q", i, doubt)
			case doubt == Drift && (now.Point != before.Point || !now.FixedAt.Equal(f.FixedAt)):
				t.Fatalf("fix %d is drift; from %v to %v at %v", i, before.Point, now.Point, now.FixedAt)
			case doubt == "" && f.FixedAt.After(before.FixedAt) && now.Point != f.Point:
				t.Fatalf("fix %d is good and does not count", i)
			}
			before = now
		}
	})
}

// Whatever went before, three fixes that agree, ten seconds apart, move the unit there.
func TestThreeThatAgreeWin(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, store, dev := NewQuality(DefaultRules()), NewStore(), Device{ID: 5, UnitID: 7}
		at := noon
		for _, f := range stream(t) {
			enter(q, store, f, &dev)
			if f.FixedAt.After(at) {
				at = f.FixedAt
			}
		}
		there := sideways(wuhan, rapid.Float64Range(0, 359).Draw(t, "bearing"), geo.Metres(rapid.Float64Range(1e3, 1e6).Draw(t, "far")))
		for i := range 3 {
			f := fixAt(7, there, at.Add(time.Duration(i+1)*10*time.Second))
			f.DeviceID, f.Ignition, f.SpeedKmh = 5, Off, Read(0)
			enter(q, store, f, &dev)
		}
		now, _ := store.Latest(7)
		if away := geo.Distance(now.Point, there); away > leaveFarM { // nearer to where it is parked it drifts
			t.Fatalf("the unit is %v away", away)
		}
	})
}

// A vehicle that keeps its receiver on a desk never travels, whatever it wanders and claims.
func TestParkedVehicleStaysWhereItIs(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		q, store, dev := NewQuality(DefaultRules()), NewStore(), Device{ID: 5, UnitID: 7}
		for i := range rapid.IntRange(5, 40).Draw(t, "fixes") {
			off := geo.Metres(rapid.Float64Range(0, 24).Draw(t, "off"))
			if i < 3 {
				off = 0
			}
			f := fixAt(7, sideways(wuhan, rapid.Float64Range(0, 359).Draw(t, "bearing"), off), noon.Add(time.Duration(i)*30*time.Second))
			f.DeviceID, f.Ignition, f.SpeedKmh = 5, Off, Read(rapid.Float64Range(0, 9).Draw(t, "speed"))
			enter(q, store, f, &dev)
			now, _ := store.Latest(7)
			if d := geo.Distance(now.Point, wuhan); d > 24 || !now.FixedAt.Equal(f.FixedAt) {
				t.Fatalf("after %d fixes it is %.0f m away, at %v", i, d, now.FixedAt)
			}
		}
	})
}
