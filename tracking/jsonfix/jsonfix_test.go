package jsonfix

import (
	"errors"
	"strings"
	"testing"
	"time"
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

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{good, "[" + good + "]", good + "\n" + good, "{", "[1,null,{}]", `{"fixed_at":1e13}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		records, err := Decode(body)
		if err == nil && len(records) > MaxRecords {
			t.Fatalf("%d records", len(records))
		}
		for _, r := range records {
			if r.Unread == nil && r.FixedAt.IsZero() {
				t.Fatalf("accepted without a time: %q", r.Text)
			}
		}
	})
}
