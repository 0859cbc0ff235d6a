package gt06

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"jiujin/tracking/trackingtest"
)

// vector is one line of a file of public frames: the bytes, and what they decode to.
type vector struct {
	Hex    string
	Expect struct {
		Start, Type, Kind, IMEI string
		LengthOK                bool `json:"length_ok"`
		CRCOK                   bool `json:"crc_ok"`
		Serial                  uint16
		Time                    *time.Time `json:"time_as_utc"`
		Lat, Lon                float64
		SpeedKmh                float64 `json:"speed_kmh"`
		Course, Sats            float64
		Fix                     bool
	}
}

func TestPublicFrames(t *testing.T) {
	for i, v := range trackingtest.Recorded(t, "gt06.jsonl", vector{}) {
		t.Run(fmt.Sprint(i), func(t *testing.T) { checkVector(t, v) })
	}
}

func checkVector(t *testing.T, v vector) {
	raw, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatal(err)
	}
	want := v.Expect
	f, err := Parse(raw)
	if (err == nil) != want.CRCOK || err != nil && !errors.Is(err, ErrChecksum) {
		t.Errorf("%s: %v, want the CRC to be right: %v", v.Hex, err, want.CRCOK)
	}
	start := map[bool]string{true: "7979", false: "7878"}[f.Long]
	if kind := fmt.Sprintf("0x%02x", f.Type); kind != want.Type || f.Serial != want.Serial || start != want.Start {
		t.Errorf("%s: %s %s serial %d, want %+v", v.Hex, start, kind, f.Serial, want)
	}
	if imei, _ := f.IMEI(); want.IMEI != imei && want.Type == "0x01" && want.CRCOK {
		t.Errorf("%s: IMEI %q, want %q", v.Hex, imei, want.IMEI)
	}
	if _, ok := f.Status(); want.Kind == "heartbeat" && !ok {
		t.Errorf("%s: no status", v.Hex)
	}
	if frames := Split(raw); len(frames) != 1 || string(frames[0]) != string(raw) {
		t.Errorf("%s: cut into %d frames", v.Hex, len(frames))
	}
	fix, ok := f.Fix()
	if want.Time == nil {
		if want.Kind == "other" && ok {
			t.Errorf("%s: a position was made of what is none: %+v", v.Hex, fix)
		}
		return
	}
	if !ok || !fix.FixedAt.Equal(*want.Time) || math.Abs(fix.Lat-want.Lat) > 1e-6 || math.Abs(fix.Lon-want.Lon) > 1e-6 ||
		fix.SpeedKmh.Value != want.SpeedKmh || fix.HeadingDeg.Value != want.Course || fix.NoFix == want.Fix ||
		fix.Vitals.Satellites.Value != want.Sats {
		t.Errorf("%s: %+v %+v, want %+v", v.Hex, fix, fix.Vitals, want)
	}
}
