package osmand

import (
	"fmt"
	"math"
	"net/url"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/tracking"
	"jiujin/tracking/trackingtest"
)

var now = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func query(t testing.TB, text string) Message {
	t.Helper()
	q, err := url.ParseQuery(text)
	if err != nil {
		t.Fatal(err)
	}
	return Query(q, now)
}

func TestQuery(t *testing.T) {
	m := query(t, "id=902064&lat=42.06288&lon=-88.23412&timestamp=2016-01-27T18%3A55%3A47Z&speed=10&bearing=90&altitude=224.0&accuracy=8&batt=87.5&alarm=sos")
	at := time.Date(2016, 1, 27, 18, 55, 47, 0, time.UTC)
	f := m.Fixes[0]
	if m.Device != "902064" || !f.FixedAt.Equal(at) || f.Lat != 42.06288 || f.Lon != -88.23412 || f.SpeedKmh != tracking.Read(18.52) ||
		f.HeadingDeg != tracking.Read(90) || f.AltM != tracking.Read(224) || f.AccuracyM != tracking.Read(8) || f.Source != "osmand" ||
		f.Vitals.BatteryPct != tracking.Read(87.5) || !f.Vitals.SOS || f.NoFix || f.Unread != nil {
		t.Errorf("%+v %+v", m, f.Vitals)
	}
}

func TestSpeedUnits(t *testing.T) {
	for unit, want := range map[string]float64{"": 18.52, "kn": 18.52, "ms": 36, "kmh": 10} {
		if f := query(t, "lat=1&lon=2&speed=10&speed_unit="+unit).Fixes[0]; f.SpeedKmh != tracking.Read(want) {
			t.Errorf("10 %s is %v km/h, want %v", unit, f.SpeedKmh.Value, want)
		}
	}
	if f := query(t, "lat=1&lon=2&speed=10&speed_unit=mph").Fixes[0]; f.Unread == nil || f.Unread.Field != "speed_unit" {
		t.Errorf("%+v", f)
	}
}

func TestTimestamps(t *testing.T) {
	for text, want := range map[string]time.Time{
		"":                          now,
		"1377177267":                time.Date(2013, 8, 22, 13, 14, 27, 0, time.UTC),
		"1377177267.25":             time.Date(2013, 8, 22, 13, 14, 27, 25e7, time.UTC),
		"1442068686579":             time.Date(2015, 9, 12, 14, 38, 6, 579e6, time.UTC),
		"2014-06-04 09:10:11":       time.Date(2014, 6, 4, 9, 10, 11, 0, time.UTC),
		"2014-06-04T09:10:11":       time.Date(2014, 6, 4, 9, 10, 11, 0, time.UTC),
		"2014-06-04T17:10:11+08:00": time.Date(2014, 6, 4, 9, 10, 11, 0, time.UTC),
		"2014-06-04T17:10:11+0800":  time.Date(2014, 6, 4, 9, 10, 11, 0, time.UTC),
	} {
		f := query(t, "lat=1&lon=2&timestamp="+url.QueryEscape(text)).Fixes[0]
		if f.Unread != nil || !f.FixedAt.Equal(want) {
			t.Errorf("%q is %v (%v), want %v", text, f.FixedAt, f.Unread, want)
		}
	}
}

// A fix that cannot be read names the field and is kept as it came; a reading that cannot be is left out.
func TestWrongParameters(t *testing.T) {
	for text, field := range map[string]string{
		"lat=north&lon=2":            "lat",
		"lat=NaN&lon=2":              "lat",
		"lat=1":                      "lon",
		"location=1":                 "lon",
		"lat=1&lon=1e999":            "lon",
		"lat=1&lon=2&timestamp=noon": "timestamp",
		"lat=1&lon=2&timestamp=-5":   "timestamp",
	} {
		f := query(t, text).Fixes[0]
		if f.Unread == nil || f.Unread.Field != field || f.Unread.Reason != tracking.Invalid || f.Text == "" {
			t.Errorf("%s: %+v, want a refusal of %s", text, f.Unread, field)
		}
	}
	f := query(t, "lat=1&lon=2&speed=-1&bearing=400&altitude=high&accuracy=0&batt=101").Fixes[0]
	if f.Unread != nil || f.SpeedKmh.Known || f.HeadingDeg.Known || f.AltM.Known || f.AccuracyM.Known || f.Vitals != nil {
		t.Errorf("%+v", f)
	}
	if m := query(t, "id=5&cell=257,02,16,2224&wifi=00-14-22-01-23-45,-80"); m.Device != "5" || len(m.Fixes) != 0 {
		t.Errorf("cells are no fix: %+v", m)
	}
	if f := query(t, "lat=1&lon=2&valid=false").Fixes[0]; !f.NoFix {
		t.Error("valid=false is a fix")
	}
}

const client = `{"location":{"timestamp":"2025-06-15T13:45:12.862Z","coords":{"latitude":37.4219983,"longitude":-122.084,"accuracy":5,
"speed":2.5,"heading":-1,"altitude":5},"is_moving":false,"odometer":1500,"event":"motionchange","battery":{"level":0.5,"is_charging":false},
"activity":{"type":"still"},"mock":true,"extras":{}},"device_id":"48241179"}`

func TestJSON(t *testing.T) {
	m, err := JSON([]byte(client), now)
	if err != nil || len(m.Fixes) != 1 || m.Device != "48241179" {
		t.Fatalf("%+v, %v", m, err)
	}
	f := m.Fixes[0]
	if !f.FixedAt.Equal(time.Date(2025, 6, 15, 13, 45, 12, 862e6, time.UTC)) || f.Lat != 37.4219983 || f.Lon != -122.084 ||
		f.SpeedKmh != tracking.Read(9) || f.HeadingDeg.Known || f.AltM != tracking.Read(5) || f.AccuracyM != tracking.Read(5) ||
		f.Vitals.BatteryPct != tracking.Read(50) || f.Vitals.OdometerKm != tracking.Read(1.5) || !f.Vitals.Mock {
		t.Errorf("%+v %+v", f, f.Vitals)
	}
}

func TestJSONOfOtherShapes(t *testing.T) {
	for body, want := range map[string]int{
		`{"device_id":7}`:                      0,
		`{"device_id":"a","location":null}`:    0,
		`{"device_id":"a","location":{}}`:      0,
		`{"location":[` + client + `]}`:        0,
		`{"location":{"coords":{}}}`:           1,
		`{"location":[{"coords":{}},{"x":1}]}`: 1,
	} {
		m, err := JSON([]byte(body), now)
		if err != nil || len(m.Fixes) != want {
			t.Errorf("%s: %+v, %v", body, m, err)
		}
	}
	for _, body := range []string{"", "7", "[]", "{", `{"location":7}`, `{"location":[7]}`, `{"location":"here"}`} {
		if m, err := JSON([]byte(body), now); err == nil {
			t.Errorf("%s: %+v", body, m)
		}
	}
	for place, field := range map[string]string{
		`{"coords":{"latitude":"1","longitude":2}}`:               "latitude",
		`{"coords":{"latitude":1,"longitude":null}}`:              "longitude",
		`{"coords":{"latitude":1,"longitude":2},"timestamp":"x"}`: "timestamp",
	} {
		m, err := JSON([]byte(`{"location":`+place+`}`), now)
		if err != nil || m.Fixes[0].Unread == nil || m.Fixes[0].Unread.Field != field || m.Fixes[0].Text != place {
			t.Errorf("%s: %+v, %v", place, m, err)
		}
	}
	m, err := JSON([]byte(`{"location":{"coords":{"latitude":1,"longitude":2,"speed":"fast","altitude":{}},"battery":5}}`), now)
	if err != nil || m.Fixes[0].Unread != nil || m.Fixes[0].SpeedKmh.Known || !m.Fixes[0].FixedAt.Equal(now) {
		t.Errorf("a reading of the wrong type costs the position: %+v, %v", m, err)
	}
}

// vector is one line of a file of public requests, and what they decode to.
type vector struct {
	Text, Version string
	Expect        struct {
		ID         string
		Time       time.Time `json:"time_utc"`
		Lat, Lon   *float64
		Accuracy   *float64 `json:"accuracy_m"`
		Alt        *float64 `json:"alt_m"`
		Speed      *float64 `json:"speed_kmh"`
		HTTPStatus int      `json:"http_status"`
		Mock       bool
	}
}

func TestPublicRequests(t *testing.T) {
	for i, v := range trackingtest.Recorded(t, "osmand-http.jsonl", vector{}) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			var m Message
			var err error
			if v.Version == "json" {
				m, err = JSON([]byte(v.Text), time.Time{})
			} else {
				m = query(t, strings.TrimPrefix(v.Text, "/?"))
			}
			want := v.Expect
			if err != nil || m.Device != want.ID || (len(m.Fixes) == 1) != (want.Lat != nil) {
				t.Fatalf("%s: %+v, %v", v.Text, m, err)
			}
			if want.Lat == nil {
				return
			}
			f := m.Fixes[0]
			if !f.FixedAt.Equal(want.Time) || f.Lat != *want.Lat || f.Lon != *want.Lon || !same(f.AltM, want.Alt) ||
				!same(f.AccuracyM, want.Accuracy) || !same(f.SpeedKmh, want.Speed) || (f.Vitals != nil && f.Vitals.Mock) != want.Mock {
				t.Errorf("%s: %+v", v.Text, f)
			}
		})
	}
}

func same(r tracking.Reading, want *float64) bool {
	return r.Known == (want != nil) && (want == nil || math.Abs(r.Value-*want) < 1e-3)
}

// What an app writes is read back, whatever the unit.
func TestQueryIsReadAsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lat, lon := rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon")
		speed, ms := rapid.Float64Range(0, 100).Draw(t, "speed"), rapid.Int64Range(1e10, 4e12).Draw(t, "ms")
		q := url.Values{"lat": {fmt.Sprint(lat)}, "lon": {fmt.Sprint(lon)}, "speed": {fmt.Sprint(speed)}, "speed_unit": {"ms"}, "timestamp": {fmt.Sprint(ms)}}
		if rapid.Bool().Draw(t, "one parameter") {
			q.Set("location", q.Get("lat")+","+q.Get("lon"))
			q.Del("lat")
			q.Del("lon")
		}
		f := Query(q, now).Fixes[0]
		if f.Unread != nil || f.Lat != lat || f.Lon != lon || f.SpeedKmh.Value != speed*3.6 || f.FixedAt.UnixMilli() != ms {
			t.Fatalf("%v is %+v", q, f)
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("id=902064&lat=42.06288&lon=-88.23412&timestamp=2016-01-27T18%3A55%3A47Z&hdop=6.0&altitude=224.0&speed=0.0")
	f.Add("location=60.0,30.0&timestamp=1377177267&valid=1&speed_unit=ms")
	for _, v := range trackingtest.Recorded(f, "osmand-http.jsonl", vector{}) {
		f.Add(strings.TrimPrefix(v.Text, "/?"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		q, err := url.ParseQuery(text)
		if err != nil {
			return
		}
		check(t, Query(q, now))
	})
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(client))
	f.Add([]byte(`{"location":[{"coords":{"latitude":1,"longitude":2},"timestamp":5}]}`))
	for _, v := range trackingtest.Recorded(f, "osmand-http.jsonl", vector{}) {
		f.Add([]byte(v.Text))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		if m, err := JSON(body, now); err == nil {
			check(t, m)
		}
	})
}

// check is what holds for every message: a record is whole, or says why it is not.
func check(t *testing.T, m Message) {
	for _, f := range m.Fixes {
		if f.Unread == nil && (math.IsNaN(f.Lat+f.Lon) || math.IsInf(f.Lat+f.Lon, 0) || f.FixedAt.IsZero()) {
			t.Fatalf("%+v", f)
		}
		if f.Unread != nil && (f.Text == "" || f.Unread.Detail == "") {
			t.Fatalf("refused without the record or the reason: %+v", f)
		}
		for _, r := range []tracking.Reading{f.SpeedKmh, f.HeadingDeg, f.AccuracyM} {
			if r.Known && r.Value < 0 {
				t.Fatalf("a negative reading: %+v", f)
			}
		}
	}
}
