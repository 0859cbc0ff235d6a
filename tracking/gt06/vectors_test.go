package gt06

import (
	"bufio"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"
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

// vectors is empty where the folder of public test data is not beside the repository.
func vectors(t testing.TB) []vector {
	t.Helper()
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	f, err := os.Open(filepath.Join(dir, "device-frames", "gt06.jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var out []vector
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var v vector
		if err := json.Unmarshal(lines.Bytes(), &v); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
	return out
}

func TestPublicFrames(t *testing.T) {
	for i, v := range vectors(t) {
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
