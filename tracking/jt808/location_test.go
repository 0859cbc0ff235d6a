package jt808_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/tracking"
	"jiujin/tracking/jt808"
)

const (
	// fixedPart is the location of the standard's examples: 23.129163 N 113.264435 E, 21 m, 36.5 km/h, 90°, 09:30:15 in
	// GMT+8.
	fixedPart = "00000000" + "000c0003" + "0160ec4b" + "06c04733" + "0015" + "016d" + "005a" + "261122093015"
	// typical is a whole frame with it, an odometer, the tachograph's speed, signal and satellites.
	typical = "7e0200002c0138001380000003" + fixedPart + "01040001e240030201683001" + "1f31010e387e"
)

func locationOf(t testing.TB, body string) jt808.Location {
	t.Helper()
	l, err := jt808.DecodeLocation(unhex(body))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestRawFix(t *testing.T) {
	good := tracking.RawFix{
		FixedAt: time.Date(2026, 11, 22, 1, 30, 15, 0, time.UTC), Lon: 113.264435, Lat: 23.129163,
		AltM: tracking.Read(21), SpeedKmh: tracking.Read(36.5), HeadingDeg: tracking.Read(90), Source: "jt808",
		Ignition: tracking.On, Engaged: tracking.Off,
	}
	for _, tt := range []struct {
		name   string
		old    string // of fixedPart
		new    string
		change func(*tracking.RawFix)
	}{
		{"as it is", "", "", func(*tracking.RawFix) {}},
		{"no fix", "000c0003", "000c0001", func(f *tracking.RawFix) { f.NoFix = true }},
		{"ACC off", "000c0003", "000c0002", func(f *tracking.RawFix) { f.Ignition = tracking.Off }},
		{"south west", "000c0003", "000c000f", func(f *tracking.RawFix) { f.Lat, f.Lon = -f.Lat, -f.Lon }},
		{"full", "000c0003", "000c0303", func(f *tracking.RawFix) { f.Engaged = tracking.On }},
		{"half full", "000c0003", "000c0103", func(*tracking.RawFix) {}},
		{"out of service", "000c0003", "000c0013", func(f *tracking.RawFix) { f.Engaged = tracking.On }},
		{"below the sea", "0015016d", "ffec016d", func(f *tracking.RawFix) { f.AltM = tracking.Read(-20) }},
		{"out of range", "0160ec4b", "06eeb6ad", func(f *tracking.RawFix) { f.Lat = 116.307629 }},
		{"nowhere", "0160ec4b06c04733", "0000000000000000", func(f *tracking.RawFix) { f.Lat, f.Lon = 0, 0 }},
		{"month 35", "261122", "263522", func(f *tracking.RawFix) { f.FixedAt = time.Time{} }},
		{"30 February", "261122", "260230", func(f *tracking.RawFix) { f.FixedAt = time.Time{} }},
		{"no digits", "261122093015", "26112209301f", func(f *tracking.RawFix) { f.FixedAt = time.Time{} }},
		{"zeros", "261122093015", "000000000000", func(f *tracking.RawFix) { f.FixedAt = time.Time{} }},
		{"29 February", "261122093015", "280229000000", func(f *tracking.RawFix) {
			f.FixedAt = time.Date(2028, 2, 28, 16, 0, 0, 0, time.UTC)
		}},
	} {
		body := fixedPart
		if tt.old != "" {
			body = strings.Replace(body, tt.old, tt.new, 1)
		}
		l := locationOf(t, body)
		want := good
		tt.change(&want)
		if got := l.RawFix(false, nil); !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.name, got, want)
		}
	}
	l := locationOf(t, fixedPart)
	if !l.RawFix(true, nil).Replay {
		t.Error("a replayed fix does not say so")
	}
	if l.Encrypted() {
		t.Error("plain coordinates are said to be encrypted")
	}
	l.Status |= jt808.StatusEncrypted
	if !l.Encrypted() {
		t.Error("encrypted coordinates are said to be plain")
	}
}

func TestVitals(t *testing.T) {
	for _, tt := range []struct {
		name, items string
		want        tracking.Vitals
	}{
		{"none", "", tracking.Vitals{}},
		{"all", "01040001e2403001103101 0e", tracking.Vitals{
			OdometerKm: tracking.Read(12345.6), SignalPct: tracking.Read(1600.0 / 31), Satellites: tracking.Read(14),
		}},
		{"signal unknown", "300163", tracking.Vitals{}},
		{"no satellites", "310100", tracking.Vitals{Satellites: tracking.Read(0)}},
		{"wrong lengths", "01020001300200103102000e", tracking.Vitals{}},
		{"behind an unknown one", "f30500010203043101 07", tracking.Vitals{Satellites: tracking.Read(7)}},
		{"before one past the end", "310107 0104 0001", tracking.Vitals{Satellites: tracking.Read(7)}},
		{"vendor's list", "eb0d 0004 00ce 1d46 0003 00a8 4c ffff", tracking.Vitals{
			PowerV: tracking.Read(74.94), BatteryPct: tracking.Read(76),
		}},
		{"vendor's power", "82020082", tracking.Vitals{PowerV: tracking.Read(13)}},
	} {
		l := locationOf(t, fixedPart+strings.ReplaceAll(tt.items, " ", ""))
		var v tracking.Vitals
		if fix := l.RawFix(false, &v); fix.Vitals != &v || v != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, v, tt.want)
		}
	}
	l := locationOf(t, strings.Replace(fixedPart, "00000000", "00000101", 1))
	var v tracking.Vitals
	if l.RawFix(false, &v); !v.SOS || v.Alarms != 0x101 {
		t.Errorf("the button: %+v", v)
	}
}

func TestItemsByName(t *testing.T) {
	for item, want := range map[string]string{
		"01040001e240":                    `{"id":"0x01","odometer_km":12345.6}`,
		"02020037":                        `{"fuel_l":5.5,"id":"0x02"}`,
		"03020168":                        `{"id":"0x03","recorder_kmh":36}`,
		"0402002c":                        `{"alarm_to_confirm":44,"id":"0x04"}`,
		"051e" + strings.Repeat("20", 30): `{"id":"0x05","tyres":"` + strings.Repeat("20", 30) + `"}`,
		"0503202020":                      `{"id":"0x05","raw":"202020"}`,
		"06028005":                        `{"id":"0x06","temperature_c":-5}`,
		"06020017":                        `{"id":"0x06","temperature_c":23}`,
		"110100":                          `{"id":"0x11","overspeed_at":{"kind":0,"id":0}}`,
		"11050100000042":                  `{"id":"0x11","overspeed_at":{"kind":1,"id":66}}`,
		"1206040000004d01":                `{"area":{"kind":4,"id":77,"out":1},"id":"0x12"}`,
		"130700000058005801":              `{"id":"0x13","section":{"kind":4,"id":88,"seconds":88,"long":1}}`,
		"14040000007f":                    `{"id":"0x14","video_alarm":"0x7f"}`,
		"150400000001":                    `{"id":"0x15","video_lost":"0x1"}`,
		"160400000001":                    `{"id":"0x16","video_covered":"0x1"}`,
		"17020001":                        `{"id":"0x17","storage_fault":"0x1"}`,
		"18020009":                        `{"driver_behaviour":"0x9","id":"0x18"}`,
		"250400000010":                    `{"id":"0x25","vehicle_signals":"0x10"}`,
		"2a020003":                        `{"id":"0x2a","io":"0x3"}`,
		"2b0400020001":                    `{"analogue":[1,2],"id":"0x2b"}`,
		"30011f":                          `{"id":"0x30","signal_csq":31}`,
		"31010e":                          `{"id":"0x31","satellites":14}`,
		"e1020075":                        `{"id":"0xe1","raw":"0075"}`,
	} {
		var got struct{ Items []json.RawMessage }
		b, err := json.Marshal(locationOf(t, fixedPart+item))
		if err == nil {
			err = json.Unmarshal(b, &got)
		}
		if err != nil || len(got.Items) != 1 || string(got.Items[0]) != want {
			t.Errorf("%s: %s %v, want %s", item, b, err, want)
		}
	}
}

// Whatever stands behind the fixed part, the position is the same.
func TestItemsNeverCostThePosition(t *testing.T) {
	want := locationOf(t, fixedPart)
	rapid.Check(t, func(t *rapid.T) {
		tlv := rapid.SliceOf(rapid.Byte()).Draw(t, "tlv")
		l, err := jt808.DecodeLocation(append(unhex(fixedPart), tlv...))
		if err != nil {
			t.Fatal(err)
		}
		if got := l.RawFix(false, nil); !reflect.DeepEqual(got, want.RawFix(false, nil)) {
			t.Fatalf("%+v", got)
		}
		var walked []byte
		for item := range l.Items() {
			item.Named()
			walked = append(append(walked, byte(item.ID), byte(len(item.Value))), item.Value...)
		}
		if walked = append(walked, l.Trailing()...); string(walked) != string(tlv) {
			t.Fatalf("items %x of %x", walked, tlv)
		}
	})
}

func TestClocks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := clock(t)
		at, ok := c.Time()
		if !ok || jt808.ClockOf(at) != c {
			t.Fatalf("%s is %v, which is %s", c, at, jt808.ClockOf(at))
		}
	})
	// The time of the answer to 0x0004 is UTC, every other GMT+8.
	at := time.Date(2026, 11, 22, 1, 30, 15, 0, time.UTC)
	reply := jt808.TimeReplyOf(at)
	if got, _ := reply.Time(); reply.Clock.String() != "261122013015" || !got.Equal(at) {
		t.Errorf("%s tells %v", reply.Clock, got)
	}
	if got := jt808.ClockOf(at).String(); got != "261122093015" {
		t.Errorf("GMT+8 is %s", got)
	}
}

func TestDescribe(t *testing.T) {
	const seen = `{"lat":23.129163,"lon":113.264435,"time_utc":"2026-11-22T01:30:15Z","speed_kmh":36.5,"course":90,"alt_m":21,"valid":true}`
	for _, tt := range []struct{ name, hex, want string }{
		{"location", typical, `{"ok":true,"msg_id":"0x0200","version":"2013","phone":"13800138000","serial":3,"fixes":[` +
			seen + `]}`},
		{
			"answer", "7e800100050138001380000000000500020029" + "7e",
			`{"ok":true,"msg_id":"0x8001","version":"2013","phone":"13800138000","serial":0,"reply_to":5,"reply_id":"0x0002","fixes":[]}`,
		},
		{
			"IMEI", "000200004eb6fb4afd9e000129",
			`{"ok":true,"msg_id":"0x0002","version":"2013","phone":"4eb6fb4afd9e","imei":"865478070102068","serial":1,"fixes":[]}`,
		},
		{
			"several", "2424" + "7e8001000501380013800000000005000200297e" + typical + typical,
			`{"ok":true,"msg_id":"0x8001","version":"2013","phone":"13800138000","serial":0,"reply_to":5,"reply_id":"0x0002","fixes":[` +
				seen + `,` + seen + `]}`,
		},
		{"nothing", "7e7e", `{"ok":false,"error":"length does not fit the header: 0 bytes, a header has 12 and the checksum one","fixes":[]}`},
	} {
		d, _ := jt808.Describe(unhex(tt.hex))
		d.Body = nil
		if b, err := json.Marshal(d); err != nil || string(b) != tt.want {
			t.Errorf("%s: %v\ngot  %s\nwant %s", tt.name, err, b, tt.want)
		}
	}
}

// Everything that is captured can be shown.
func TestEveryMessageHasJSON(t *testing.T) {
	kinds := map[string]bool{}
	for _, v := range allVectors(t) {
		d, _ := jt808.Describe(v.bytes(t))
		if _, err := json.Marshal(d); err != nil {
			t.Errorf("%s: %v", v.Hex, err)
		}
		kinds[fmt.Sprintf("%T", d.Body)] = true
	}
	t.Log(len(kinds), "kinds of messages:", slices.Sorted(maps.Keys(kinds)))
}

func BenchmarkLocation(b *testing.B) {
	wire, err := hex.DecodeString(typical)
	if err != nil {
		b.Fatal(err)
	}
	var s jt808.Splitter
	var v tracking.Vitals
	var fix tracking.RawFix
	b.ReportAllocs()
	for b.Loop() {
		if _, err := s.Write(wire); err != nil {
			b.Fatal(err)
		}
		chunk, _, _, err := s.Next()
		if err != nil {
			b.Fatal(err)
		}
		f, err := jt808.Decode(chunk)
		if err != nil {
			b.Fatal(err)
		}
		l, err := jt808.DecodeLocation(f.Body)
		if err != nil {
			b.Fatal(err)
		}
		fix = l.RawFix(false, &v)
	}
	if fix.Lat != 23.129163 {
		b.Fatal(fix)
	}
}
