package tracking

import (
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/geo/datum"
)

var (
	hubei    = orb.Bound{Min: orb.Point{108, 29}, Max: orb.Point{117, 34}}
	terminal = Device{ID: 5, UnitID: 7, Label: "terminal", Datum: datum.WGS84}
)

func rawAt(p orb.Point, at time.Time) RawFix {
	return RawFix{FixedAt: at, Lon: p[0], Lat: p[1], Source: "test"}
}

func TestAccept(t *testing.T) {
	wuhan := orb.Point{114.3, 30.6}
	good := rawAt(wuhan, noon)
	for _, c := range []struct {
		name   string
		change func(*RawFix, *Device)
		want   Reason
		field  string
		detail string // part of it
	}{
		{"good", func(*RawFix, *Device) {}, "", "", ""},
		{"unknown device", func(_ *RawFix, d *Device) { d.ID = 0 }, UnknownDevice, "", "not registered"},
		{"device without a unit", func(_ *RawFix, d *Device) { d.UnitID = 0 }, UnknownDevice, "", ""},
		{"disabled device", func(_ *RawFix, d *Device) { d.Disabled = true }, DisabledDevice, "", ""},
		{"0,0", func(r *RawFix, _ *Device) { r.Lon, r.Lat = 0, 0 }, ZeroPoint, "lon", "no position"},
		{"nearly 0,0", func(r *RawFix, _ *Device) { r.Lon, r.Lat = 0.0005, -0.0005 }, ZeroPoint, "lon", ""},
		{"NaN", func(r *RawFix, _ *Device) { r.Lat = math.NaN() }, Invalid, "lat", "finite"},
		{"longitude", func(r *RawFix, _ *Device) { r.Lon = 200 }, Invalid, "lon", "180"},
		{"swapped beyond the pole", func(r *RawFix, _ *Device) { r.Lon, r.Lat = r.Lat, r.Lon }, Invalid, "lat", "look swapped"},
		{"accuracy", func(r *RawFix, _ *Device) { r.AccuracyM = Read(-1) }, Invalid, "accuracy_m", "leave it out"},
		{"speed", func(r *RawFix, _ *Device) { r.SpeedKmh = Read(900) }, Invalid, "speed_kmh", "400"},
		{"speed NaN", func(r *RawFix, _ *Device) { r.SpeedKmh = Read(math.NaN()) }, Invalid, "speed_kmh", ""},
		{"heading", func(r *RawFix, _ *Device) { r.HeadingDeg = Read(361) }, Invalid, "heading_deg", "360"},
		{"no time", func(r *RawFix, _ *Device) { r.FixedAt = time.Time{} }, Invalid, "fixed_at", "missing"},
		{"5 min ahead", func(r *RawFix, _ *Device) { r.FixedAt = noon.Add(5 * time.Minute) }, "", "", ""},
		{"future", func(r *RawFix, _ *Device) { r.FixedAt = noon.Add(8 * time.Hour) }, Future, "fixed_at", "8 hours ahead of the clock here, at most 300 s is taken; check the device's clock and time zone; a time zone would explain it: clock_ahead_s 28800"},
		{"30 days", func(r *RawFix, _ *Device) { r.FixedAt = noon.Add(-720 * time.Hour) }, "", "", ""},
		{"too old", func(r *RawFix, _ *Device) { r.FixedAt = noon.Add(-721 * time.Hour) }, TooOld, "fixed_at", "more than 30 days old, at most 30 days"},
		{"datum", func(_ *RawFix, d *Device) { d.Datum = "MARS" }, Invalid, "datum", "MARS"},
		{"region", func(r *RawFix, _ *Device) { r.Lon = 121.5 }, OutOfRegion, "lon", "outside the area"},
		{"pole", func(r *RawFix, _ *Device) { r.Lat = 89 }, OutOfRegion, "lon", ""},
		{"no position", func(r *RawFix, _ *Device) { r.NoFix, r.Lon = true, 500 }, NoFix, "", "no position"},
		{"clock ahead", func(r *RawFix, d *Device) { d.ClockAhead = 8 * time.Hour; r.FixedAt = noon.Add(8 * time.Hour) }, "", "", ""},
		{"clock behind", func(r *RawFix, d *Device) { d.ClockAhead = -time.Hour; r.FixedAt = noon.Add(-time.Minute) }, Future, "fixed_at", "59 minutes ahead"},
		{"new GPS calendar", func(r *RawFix, _ *Device) { r.FixedAt = noon.AddDate(0, 0, -7168) }, "", "", ""},
		{"not quite", func(r *RawFix, _ *Device) { r.FixedAt = noon.AddDate(0, 0, -7170) }, TooOld, "fixed_at", "7170 days"},
		{"altitude", func(r *RawFix, _ *Device) { r.AltM = Read(math.NaN()) }, "", "", ""},
	} {
		raw, dev := good, terminal
		c.change(&raw, &dev)
		rules := DefaultRules()
		rules.Region = hubei
		fix, refusal := Accept(&raw, &dev, noon, &rules)
		switch {
		case c.want == "" && refusal != nil:
			t.Errorf("%s: refused: %v", c.name, refusal)
		case c.want == "":
			if fix.UnitID != 7 || fix.DeviceID != 5 || !fix.ReceivedAt.Equal(noon) || fix.Source != "test" || fix.AltM.Known ||
				noon.Sub(fix.FixedAt).Abs() > 721*time.Hour {
				t.Errorf("%s: %+v", c.name, fix)
			}
		case refusal == nil:
			t.Errorf("%s: accepted", c.name)
		case refusal.Reason != c.want || refusal.Field != c.field || !strings.Contains(refusal.Detail, c.detail):
			t.Errorf("%s: %s, field %q, %q", c.name, refusal.Reason, refusal.Field, refusal.Detail)
		}
	}
}

func TestAcceptNamesASwap(t *testing.T) {
	rules := DefaultRules()
	rules.Region = orb.Bound{Min: orb.Point{73, 18}, Max: orb.Point{89.9, 54}}
	raw := rawAt(orb.Point{43.8, 87.6}, noon)
	_, refusal := Accept(&raw, &terminal, noon, &rules)
	if refusal == nil || refusal.Reason != OutOfRegion || !strings.Contains(refusal.Detail, "look swapped") {
		t.Fatalf("refusal %v", refusal)
	}
}

func TestAcceptConverts(t *testing.T) {
	wuhan := orb.Point{114.3, 30.6}
	for _, d := range datum.All() {
		dev := terminal
		dev.Datum = d
		sent, err := datum.FromWGS84(d, wuhan)
		if err != nil {
			t.Fatal(err)
		}
		raw, rules := rawAt(sent, noon), DefaultRules()
		fix, refusal := Accept(&raw, &dev, noon, &rules)
		if refusal != nil || geo.Distance(fix.Point, wuhan) > 0.001 {
			t.Errorf("%s: %v, %v", d, fix.Point, refusal)
		}
	}
	raw := rawAt(wuhan, noon.In(time.FixedZone("", 8*3600)))
	raw.HeadingDeg = Read(360)
	rules := DefaultRules()
	fix, refusal := Accept(&raw, &terminal, noon, &rules)
	if refusal != nil || fix.HeadingDeg != Read(0) || fix.FixedAt.Location() != time.UTC {
		t.Errorf("%+v, %v", fix, refusal)
	}
}

// Whatever is accepted is a point on Earth within the region, of a time within
// the limits; whatever is not has a known reason.
func TestAcceptProperty(t *testing.T) {
	number := rapid.OneOf(rapid.Float64Range(-200, 200), rapid.SampledFrom([]float64{0, math.NaN(), math.Inf(1), 180, 90, -1e300}))
	reading := rapid.Custom(func(t *rapid.T) Reading {
		return Reading{Value: number.Draw(t, "value"), Known: rapid.Bool().Draw(t, "known")}
	})
	rapid.Check(t, func(t *rapid.T) {
		rules := DefaultRules()
		if rapid.Bool().Draw(t, "region") {
			rules.Region = hubei
		}
		dev := Device{
			ID: rapid.Int64Range(0, 4).Draw(t, "device"), UnitID: 1, Disabled: rapid.IntRange(0, 9).Draw(t, "disabled") == 0,
			Datum: rapid.SampledFrom(append(datum.All(), "", "?")).Draw(t, "datum"),
		}
		raw := RawFix{
			FixedAt: noon.Add(time.Duration(rapid.Int64Range(-800*3600, 3600).Draw(t, "age")) * time.Second),
			Lon:     number.Draw(t, "lon"), Lat: number.Draw(t, "lat"),
			AccuracyM: reading.Draw(t, "accuracy"), SpeedKmh: reading.Draw(t, "speed"), HeadingDeg: reading.Draw(t, "heading"),
		}
		if rapid.Bool().Draw(t, "near") {
			raw.Lon, raw.Lat = rapid.Float64Range(108, 117).Draw(t, "near lon"), rapid.Float64Range(29, 34).Draw(t, "near lat")
		}
		fix, refusal := Accept(&raw, &dev, noon, &rules)
		if refusal != nil {
			if !slices.Contains(Reasons(), refusal.Reason) || refusal.Detail == "" {
				t.Fatalf("refusal %+v", refusal)
			}
			return
		}
		if err := geo.ValidPoint(fix.Point); err != nil || !rules.Region.IsZero() && !rules.Region.Contains(fix.Point) {
			t.Fatalf("accepted %v: %v", fix.Point, err)
		}
		if age := noon.Sub(fix.FixedAt); age < -rules.Ahead || age > rules.Oldest {
			t.Fatalf("accepted a fix %v old", age)
		}
		if h := fix.HeadingDeg; h.Known && !(h.Value >= 0 && h.Value < 360) {
			t.Fatalf("accepted heading %v", h.Value)
		}
	})
}

func TestFreshness(t *testing.T) {
	for age, want := range map[time.Duration]Freshness{
		-time.Minute: Live, 0: Live, time.Minute: Live, time.Minute + 1: Recent,
		5 * time.Minute: Recent, 5*time.Minute + 1: Stale, 30 * time.Minute: Stale, 30*time.Minute + 1: Lost,
	} {
		if got := FreshnessAt(noon.Add(-age), noon); got != want {
			t.Errorf("after %v: %s, want %s", age, got, want)
		}
	}
	if got := FreshnessAt(time.Time{}, noon); got != Lost {
		t.Errorf("never seen: %s", got)
	}
}

func TestReadingJSON(t *testing.T) {
	for _, c := range []struct {
		reading Reading
		text    string
	}{{Reading{}, "null"}, {Read(0), "0"}, {Read(12.5), "12.5"}} {
		text, err := json.Marshal(c.reading)
		if err != nil || string(text) != c.text {
			t.Errorf("%+v is %s, %v", c.reading, text, err)
		}
		var back Reading
		if err := json.Unmarshal(text, &back); err != nil || back != c.reading {
			t.Errorf("%s is %+v, %v", text, back, err)
		}
	}
}
