package tracking

import (
	"bytes"
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
)

func drawFix(rt *rapid.T) Fix {
	reading := func(name string) Reading {
		if !rapid.Bool().Draw(rt, name+" known") {
			return Reading{}
		}
		return Read(float64(rapid.Float32().Draw(rt, name)))
	}
	state := rapid.SampledFrom([]State{Unsaid, On, Off})
	return Fix{
		UnitID: rapid.Int64().Draw(rt, "unit"), DeviceID: rapid.Int64().Draw(rt, "device"),
		FixedAt:    micro(rapid.Int64Range(-1<<50, 1<<52).Draw(rt, "fixed")),
		ReceivedAt: micro(rapid.Int64Range(0, 1<<52).Draw(rt, "received")),
		Point:      orb.Point{rapid.Float64().Draw(rt, "lon"), rapid.Float64().Draw(rt, "lat")},
		AltM:       reading("alt"), AccuracyM: reading("accuracy"), SpeedKmh: reading("speed"), HeadingDeg: reading("heading"),
		Cell:     geo.Cell(rapid.Uint64().Draw(rt, "cell")),
		Source:   rapid.OneOf(rapid.SampledFrom(sources[:]), rapid.String()).Draw(rt, "source"),
		Ignition: state.Draw(rt, "ignition"), Engaged: state.Draw(rt, "engaged"),
		Doubt: rapid.SampledFrom(doubts[:]).Draw(rt, "doubt"),
	}
}

// What is written into a record is read from it, in order, and nothing else.
func TestRecordsAreReadAsWritten(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		received := micro(rapid.Int64Range(0, 1<<52).Draw(rt, "received"))
		b := beginRecord(nil, received)
		var wrote []taken
		for range rapid.IntRange(0, 10).Draw(rt, "entries") {
			f := drawFix(rt)
			if rapid.Bool().Draw(rt, "own time") {
				f.ReceivedAt = received
			}
			if rapid.Bool().Draw(rt, "refused") {
				why := Refusal{Reason: rapid.SampledFrom(Reasons()).Draw(rt, "reason"), Detail: rapid.String().Draw(rt, "detail")}
				raw := RawFix{FixedAt: f.FixedAt, Lon: math.NaN(), Source: f.Source, AltM: Read(math.Inf(1)), NoFix: true}
				b = appendRefused(b, &f, &raw, &why)
				text, err := json.Marshal(record(raw))
				if err != nil {
					rt.Fatal(err)
				}
				wrote = append(wrote, taken{
					refused: true, reason: why.Reason, detail: why.Detail, raw: text,
					fix: Fix{UnitID: f.UnitID, DeviceID: f.DeviceID, ReceivedAt: received},
				})
				continue
			}
			b = appendFix(b, &f, received.UnixMicro())
			wrote = append(wrote, taken{fix: f})
		}
		i := 0
		err := eachTaken(b, func(e *taken) error {
			w := wrote[i]
			if e.refused != w.refused || e.fix != w.fix || e.reason != w.reason || e.detail != w.detail || !bytes.Equal(e.raw, w.raw) {
				rt.Fatalf("read %+v, wrote %+v", *e, w)
			}
			i++
			return nil
		})
		if err != nil || i != len(wrote) {
			rt.Fatalf("%d of %d entries, %v", i, len(wrote), err)
		}
	})
}

// The content of a fix is the same however and whenever it came, and another
// when a reported value differs.
func TestContentIsWhatWasReported(t *testing.T) {
	content := func(f Fix) (c int32) {
		b := appendFix(beginRecord(nil, noon), &f, noon.UnixMicro())
		if err := eachTaken(b, func(e *taken) error { c = e.content; return nil }); err != nil {
			t.Fatal(err)
		}
		return c
	}
	f := fixAt(7, orb.Point{114.3, 30.6}, noon)
	f.SpeedKmh, f.ReceivedAt = Read(30), noon
	first := content(f)
	alike := f
	alike.ReceivedAt, alike.Doubt, alike.Source = noon.Add(time.Hour), Drift, "osmand"
	if content(alike) != first {
		t.Error("the way it came changes the content")
	}
	changes := map[string]func(*Fix){
		"lon": func(f *Fix) { f.Point[0] += 1e-7 }, "speed": func(f *Fix) { f.SpeedKmh = Read(31) },
		"no speed": func(f *Fix) { f.SpeedKmh = Reading{} }, "other reading": func(f *Fix) { f.AltM, f.SpeedKmh = f.SpeedKmh, Reading{} },
		"ignition": func(f *Fix) { f.Ignition = On }, "engaged": func(f *Fix) { f.Engaged = Off },
	}
	for name, change := range changes {
		other := f
		change(&other)
		if content(other) == first {
			t.Errorf("%s does not change the content", name)
		}
	}
}

// Whatever bytes a record has, reading them ends, and what was read can be
// written and read once more.
func FuzzRecord(f *testing.F) {
	fix := fixAt(7, orb.Point{114.3, 30.6}, noon)
	fix.SpeedKmh, fix.Ignition = Read(30), On
	b := appendFix(beginRecord(nil, noon), &fix, noon.UnixMicro())
	f.Add(appendRefused(b, &fix, &RawFix{Lon: 1}, &Refusal{Reason: Invalid, Detail: "no"}))
	fix.Source = "elsewhere"
	f.Add(appendFix(beginRecord(nil, noon), &fix, 0))
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = eachTaken(b, func(e *taken) error {
			if e.refused {
				return nil
			}
			first := e.fix
			again := appendFix(beginRecord(nil, noon), &first, noon.UnixMicro())
			return eachTaken(again, func(e *taken) error {
				same := e.fix.UnitID == first.UnitID && e.fix.FixedAt.Equal(first.FixedAt) && e.fix.Source == first.Source &&
					e.fix.ReceivedAt.Equal(first.ReceivedAt) && e.fix.Doubt == first.Doubt
				if !same {
					t.Fatalf("%+v became %+v", first, e.fix)
				}
				return nil
			})
		})
	})
}
