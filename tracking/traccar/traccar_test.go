package traccar

import (
	"strings"
	"testing"
	"time"

	"jiujin/tracking"
)

const forwarded = `{"position":{"id":7,"deviceId":3,"protocol":"gps103","serverTime":"2026-11-22T06:00:05.000+00:00","deviceTime":"2026-11-22T06:00:01.000+00:00",
"fixTime":"2026-11-22T06:00:00.000+00:00","valid":true,"outdated":false,"latitude":28.45,"longitude":117.97,"altitude":42.5,"speed":10.0,"course":90.0,
"accuracy":0.0,"address":null,"network":null,"geofenceIds":null,"attributes":{"sat":9,"ignition":true,"motion":true,"batteryLevel":80,"power":12.4,
"odometer":1500.0,"distance":0.0}},"device":{"id":3,"uniqueId":"359587010124900","name":"Van 3","status":"online","attributes":{}}}`

func TestForwarded(t *testing.T) {
	m, err := Decode([]byte(forwarded))
	if err != nil || m.Device != "359587010124900" || m.Name != "Van 3" || m.Protocol != "gps103" {
		t.Fatalf("%+v, %v", m, err)
	}
	f, at := m.Fix, time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)
	if !f.FixedAt.Equal(at) || f.Lat != 28.45 || f.Lon != 117.97 || f.SpeedKmh != tracking.Read(18.52) || f.HeadingDeg != tracking.Read(90) ||
		f.AltM != tracking.Read(42.5) || f.AccuracyM.Known || f.Ignition != tracking.On || f.NoFix || f.Replay || f.Unread != nil || f.Source != "traccar" {
		t.Errorf("%+v", f)
	}
	v := tracking.Vitals{BatteryPct: tracking.Read(80), PowerV: tracking.Read(12.4), Satellites: tracking.Read(9), OdometerKm: tracking.Read(1.5)}
	if *f.Vitals != v {
		t.Errorf("%+v", f.Vitals)
	}
}

func TestForwardedMarks(t *testing.T) {
	for change, holds := range map[string]func(f tracking.RawFix) bool{
		`"valid":true→"valid":false`:                func(f tracking.RawFix) bool { return f.NoFix },
		`"outdated":false→"outdated":true`:          func(f tracking.RawFix) bool { return f.NoFix },
		`"sat":9→"archive":true`:                    func(f tracking.RawFix) bool { return f.Replay && !f.NoFix },
		`"sat":9→"alarm":"sos"`:                     func(f tracking.RawFix) bool { return f.Vitals.SOS },
		`"ignition":true→"ignition":false`:          func(f tracking.RawFix) bool { return f.Ignition == tracking.Off },
		`"ignition":true→"ignition":1`:              func(f tracking.RawFix) bool { return f.Ignition == tracking.Unsaid },
		`"accuracy":0.0→"accuracy":12`:              func(f tracking.RawFix) bool { return f.AccuracyM == tracking.Read(12) },
		`06:00:00.000+00:00→14:00:00.000+0800`:      func(f tracking.RawFix) bool { return f.FixedAt.Hour() == 6 && f.Unread == nil },
		`"speed":10.0→"speed":"fast"`:               func(f tracking.RawFix) bool { return !f.SpeedKmh.Known && f.Unread == nil },
		`"latitude":28.45→"latitude":"28.45"`:       func(f tracking.RawFix) bool { return f.Unread.Field == "latitude" && f.Text != "" },
		`"longitude":117.97→"longitude":null`:       func(f tracking.RawFix) bool { return f.Unread.Field == "longitude" && f.Text != "" },
		`"2026-11-22T06:00:00.000+00:00"→"at noon"`: func(f tracking.RawFix) bool { return f.Unread.Field == "fixTime" && f.Text != "" },
	} {
		from, to, _ := strings.Cut(change, "→")
		m, err := Decode([]byte(strings.Replace(forwarded, from, to, 1)))
		if err != nil || !holds(m.Fix) {
			t.Errorf("%s: %+v %+v, %v", change, m.Fix, m.Fix.Vitals, err)
		}
	}
}

func TestNotForwarded(t *testing.T) {
	for _, body := range []string{"", "7", "[]", "null", "{}", `{"position":{}}`, `{"device":{"uniqueId":"1"}}`, `{"position":5,"device":{}}`, forwarded[:50]} {
		if m, err := Decode([]byte(body)); err == nil {
			t.Errorf("%s: %+v", body, m)
		}
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(forwarded))
	f.Add([]byte(`{"position":{"latitude":1,"longitude":2,"fixTime":"2026-11-22T06:00:00Z"},"device":{"uniqueId":"1"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		m, err := Decode(body)
		if err != nil {
			return
		}
		if m.Device == "" || m.Fix.Unread != nil && m.Fix.Text == "" || m.Fix.SpeedKmh.Value < 0 {
			t.Fatalf("%+v", m)
		}
	})
}
