package jsonfix

import (
	"bytes"
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"jiujin/tracking"
)

const good = `{"fixed_at":"2026-11-22T06:10:24.5Z","lon":114.6,"lat":29.9,"speed_kmh":0}`

func TestDecodeTakesOneManyAndLines(t *testing.T) {
	for name, body := range map[string]string{
		"object": good,
		"array":  "[" + good + "," + good + "]",
		"lines":  good + "\n\n" + good + "\r\n" + good,
		"ms":     `{"fixed_at":1795327824500,"lon":114.6,"lat":29.9,"speed_kmh":0}`,
		"marked": "\xef\xbb\xbf" + good,
	} {
		records, err := Decode([]byte(body))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		want := map[string]int{"object": 1, "array": 2, "lines": 3, "ms": 1, "marked": 1}[name]
		if len(records) != want {
			t.Errorf("%s: %d records, want %d", name, len(records), want)
		}
		for _, r := range records {
			at := time.Date(2026, 11, 22, 6, 10, 24, 5e8, time.UTC)
			if r.Unread != nil || !r.FixedAt.Equal(at) || r.Lon != 114.6 || !r.SpeedKmh.Known || r.HeadingDeg.Known {
				t.Errorf("%s: read as %+v, refusal %v", name, r, r.Unread)
			}
		}
	}
}

func TestDecodeNamesTheFieldAndKeepsTheRest(t *testing.T) {
	for bad, field := range map[string]string{
		`{"fixed_at":"2026-11-22T06:10:24Z","lat":29.9}`:                         "lon",
		`{"fixed_at":"2026-11-22T06:10:24Z","lon":114.6}`:                        "lat",
		`{"lon":114.6,"lat":29.9}`:                                               "fixed_at",
		`{"fixed_at":"yesterday","lon":114.6,"lat":29.9}`:                        "fixed_at",
		`{"fixed_at":1795327824,"lon":114.6,"lat":29.9}`:                         "fixed_at",
		`{"fixed_at":"2026-11-22T06:10:24Z","lon":"x","lat":29.9}`:               "lon",
		`{"fixed_at":"2026-11-22T06:10:24Z","lon":114.6,`:                        "",
		`{"fixed_at":"2026-11-22T06:10:24Z","lon":1,"lat":2,"accuracy_m":"far"}`: "accuracy_m",
	} {
		records, err := Decode([]byte(good + "\n" + bad + "\n" + good))
		if err != nil || len(records) != 3 {
			t.Fatalf("%s: %d records, %v", bad, len(records), err)
		}
		if records[0].Unread != nil || records[2].Unread != nil {
			t.Errorf("%s: a good neighbour was refused", bad)
		}
		if r := records[1].Unread; r == nil || r.Field != field || r.Detail == "" {
			t.Errorf("%s: refusal %+v, want field %q", bad, r, field)
		}
	}
}

func TestDecodeWantsObjects(t *testing.T) {
	for _, bad := range []string{"7", `"fix"`, "[1]", "null", "true", " -1.5e3"} {
		for _, body := range []string{"[" + good + "," + bad + "]", good + "\n" + bad} {
			records, err := Decode([]byte(body))
			if err != nil || len(records) != 2 || records[0].Unread != nil {
				t.Fatalf("%s: %+v, %v", body, records, err)
			}
			if r := records[1].Unread; r == nil || r.Detail != "a record must be a JSON object" || r.Field != "" {
				t.Errorf("%s: refusal %+v", body, r)
			}
		}
	}
}

func TestDecodePointsAtTheBrokenPlace(t *testing.T) {
	for body, line := range map[string]int{"": 1, "hello": 1, "[" + good + ",\n" + good + "\n oops]": 3, "{\n\"lon\": 1,\n x}": 3} {
		_, err := Decode([]byte(body))
		var syntax *SyntaxError
		if !errors.As(err, &syntax) || syntax.Line != line {
			t.Errorf("%q: %v, want a syntax error at line %d", body, err, line)
		}
	}
	if _, err := Decode([]byte("[" + strings.Repeat(good+",", MaxRecords) + good + "]")); !errors.Is(err, ErrTooMany) {
		t.Errorf("too many records: %v", err)
	}
	if _, err := Decode([]byte(strings.Repeat(good+"\n", MaxRecords+1))); !errors.Is(err, ErrTooMany) {
		t.Errorf("too many lines: %v", err)
	}
}

// full has every field in its usual form.
const full = `{"device":"car-17","id":"a-1","fixed_at":1795327824500,"lon":114.6,"lat":-29.905000,"alt_m":12.5,"accuracy_m":4,` +
	`"speed_kmh":36.2,"heading_deg":0,"ignition":true,"engaged":false}`

func TestDecodeReadsEveryField(t *testing.T) {
	var b Batch
	if err := b.Decode([]byte(full + "\n" + strings.Replace(full, "car-17", "\\u4e91", 1) + "\n" + good)); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"car-17", "云", ""} {
		if r := b.Reports[i].Raw; string(b.Devices[i]) != name || r.Unread != nil || r.Lon != 114.6 {
			t.Errorf("record %d of %q: %+v", i, b.Devices[i], r)
		}
	}
	want := tracking.RawFix{
		FixedAt: time.UnixMilli(1795327824500).UTC(), Lon: 114.6, Lat: -29.905, AltM: tracking.Read(12.5), AccuracyM: tracking.Read(4),
		SpeedKmh: tracking.Read(36.2), HeadingDeg: tracking.Read(0), Ignition: tracking.On, Engaged: tracking.Off, Source: "http",
	}
	if b.Reports[0].Raw != want || b.Reports[1].Raw != want {
		t.Errorf("read as %+v and %+v", b.Reports[0].Raw, b.Reports[1].Raw)
	}
}

// A batch that is used again has nothing of what it held, and the usual form needs no memory.
func TestBatchIsUsedAgain(t *testing.T) {
	var b Batch
	long, short := []byte(strings.Repeat(full+"\n", 256)), []byte(strings.Repeat(`{"fixed_at":1795327824500,"lon":1,"lat":2}`+"\n", 256))
	if err := b.Decode(long); err != nil {
		t.Fatal(err)
	}
	allocs := testing.AllocsPerRun(10, func() {
		if err := b.Decode(short); err != nil || len(b.Reports) != 256 || b.Reports[7].Raw.SpeedKmh.Known || len(b.Devices[7]) != 0 {
			t.Fatalf("%+v, %v", b.Reports[7], err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations for 256 records", allocs)
	}
}

// slow reads a body with encoding/json alone.
func slow(body []byte) (Batch, error) {
	var b Batch
	trimmed := trim(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	switch {
	case len(trimmed) == 0 || trimmed[0] != '[' && trimmed[0] != '{':
		return b, b.Decode(body)
	case trimmed[0] == '[':
		return b, b.careful(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf")))
	case json.Valid(trimmed):
		b.record(trimmed)
		return b, nil
	}
	readable := 0
	for line := range bytes.Lines(bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))) {
		if line = trim(line); len(line) == 0 {
			continue
		}
		if len(b.Reports) == MaxRecords {
			return b, ErrTooMany
		}
		if json.Valid(line) {
			readable++
		}
		b.record(line)
	}
	if readable == 0 {
		return b, errors.New("nothing to read")
	}
	return b, nil
}

// FuzzDecode compares what the quick reader makes of a body with what encoding/json does.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		good, full, "[" + good + "," + full + "]", good + "\n" + full + "\r\n\n7", "{", "[1,null,{}]", `{"fixed_at":1e13}`, "[ ]",
		full + full, "[" + full + "]7", `{"LON":1,"lon":01,"lat":.5}`, `{"fixed_at":"2026-11-22T24:00:00+08:00","lon":-0,"lat":1.,"x":2}`,
		full + "\n" + full + "\r\n" + strings.Replace(full, `36.2`, `3.62e1`, 1) + "\n" + full + " \n" + full + "7\n" + full,
		"[" + good + "," + good + " , " + good + ",\n" + good + "]", good + "\n" + good + good + "\n" + good + "\r", good + "\n" + good + "}\n",
		`{ "lon" : 1 , "lat":2,"fixed_at":1e12 }`, `{ "lon" : 1 , "lat":2, "fixed_at":1795327824500 }` + "\n" + `{ "lon" : 12.5 , "lat":-2, "fixed_at":1795327824501 }`,
		`{"fixed_at":"2026-11-22t06:10:24,5Z","lon":123456789012345678,"lat":0.1234567890123456789,"lat":2}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		var got Batch
		err := got.Decode(body)
		want, wantErr := slow(body)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, want %v", body, err, wantErr)
		}
		if err != nil {
			return
		}
		if len(got.Reports) != len(want.Reports) || !slices.EqualFunc(got.Devices, want.Devices, bytes.Equal) {
			t.Fatalf("%q: %d records of %q, want %d of %q", body, len(got.Reports), got.Devices, len(want.Reports), want.Devices)
		}
		for i := range got.Reports {
			a, b := got.Reports[i].Raw, want.Reports[i].Raw
			if !reflect.DeepEqual(a, b) || a.Unread == nil && a.FixedAt.IsZero() && !strings.Contains(string(body), "0001-") {
				t.Fatalf("%q: record %d is %+v, want %+v", body, i, a, b)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	var batch Batch
	body := []byte(strings.Repeat(strings.Replace(full, `"id":"a-1",`, "", 1)+"\n", 256))
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := batch.Decode(body); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/256, "ns/record")
}
