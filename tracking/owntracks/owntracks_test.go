package owntracks

import (
	"encoding/base64"
	"errors"
	"fmt"
	"testing"
	"time"

	"golang.org/x/crypto/nacl/secretbox"
	"pgregory.net/rapid"

	"jiujin/tracking"
	"jiujin/tracking/trackingtest"
)

const location = `{"_type":"location","lon":90.5,"lat":45.25,"acc":60,"tid":"AC","t":"u","batt":92,"cog":248,"alt":27,"vac":4,
"tst":1736161169,"vel":36,"topic":"owntracks/greg/phone"}`

func TestLocation(t *testing.T) {
	m, err := Decode([]byte(location), "")
	if err != nil || len(m.Fixes) != 1 || m.Type != "location" || m.Encrypted || m.Topic != "owntracks/greg/phone" || m.Tracker != "AC" || m.Trigger != "u" {
		t.Fatalf("%+v, %v", m, err)
	}
	f := m.Fixes[0]
	if !f.FixedAt.Equal(time.Date(2025, 1, 6, 10, 59, 29, 0, time.UTC)) || f.Lon != 90.5 || f.Lat != 45.25 || f.AccuracyM != tracking.Read(60) ||
		f.SpeedKmh != tracking.Read(36) || f.HeadingDeg != tracking.Read(248) || f.AltM != tracking.Read(27) ||
		f.Vitals.BatteryPct != tracking.Read(92) || f.NoFix || f.Source != "owntracks" {
		t.Errorf("%+v", f)
	}
}

// Zero metres of accuracy and rubbish are unknown; a ping is no fix; what is missing is named.
func TestLocationsWithFaults(t *testing.T) {
	m, err := Decode([]byte(`{"_type":"location","lon":1,"lat":2,"tst":5,"acc":0,"vel":"fast","cog":-1,"batt":400,"t":"p"}`), "")
	if f := m.Fixes[0]; err != nil || f.Unread != nil || f.AccuracyM.Known || f.SpeedKmh.Known || f.HeadingDeg.Known || f.Vitals != nil || !f.NoFix {
		t.Errorf("%+v, %v", f, err)
	}
	for body, field := range map[string]string{
		`{"_type":"location","lon":1,"tst":5}`:             "lat",
		`{"_type":"location","lon":"1","lat":2,"tst":5}`:   "lon",
		`{"_type":"location","lon":1,"lat":2}`:             "tst",
		`{"_type":"location","lon":1,"lat":2,"tst":1e300}`: "tst",
	} {
		m, err := Decode([]byte(body), "")
		if err != nil || m.Fixes[0].Unread == nil || m.Fixes[0].Unread.Field != field || m.Fixes[0].Text != body {
			t.Errorf("%s: %+v, %v", body, m, err)
		}
	}
	for _, body := range []string{"", "7", "null", "[]", "{}", `{"_type":5}`, `{"_type":"location"`} {
		if m, err := Decode([]byte(body), ""); err == nil {
			t.Errorf("%s: %+v", body, m)
		}
	}
}

func TestOtherMessagesAreNoPositions(t *testing.T) {
	for body, want := range map[string]Message{
		`{"_type":"transition","t":"b","lon":0,"lat":0,"event":"enter","tid":"us","desc":"depot","tst":2}`: {
			Type: "transition", Trigger: "b", Event: "enter", Region: "depot", Tracker: "us",
		},
		`{"_type":"lwt","tst":1736161169}`:                             {Type: "lwt"},
		`{"_type":"waypoint","tst":4,"lat":9,"lon":47,"desc":"x"}`:     {Type: "waypoint"},
		`{"_type":"invented","lat":9,"lon":47,"tst":4,"event":"gone"}`: {Type: "invented"},
	} {
		m, err := Decode([]byte(body), "")
		if err != nil || fmt.Sprint(m) != fmt.Sprint(want) {
			t.Errorf("%s: %+v, %v", body, m, err)
		}
	}
}

// sealed is a public message; its passphrase is s3cretkey.
const sealed = `{"_type":"encrypted","data":"qm1A83I6TVFRmH5343xy+cbex8jBBxDFkHRuJhELVKVRA/DgXcyKtghw9pOw75Lo4gHcyy2wV5CmkjrpKEBR7Qhye4AR0y7hOvlx6U/` +
	`a3GuY1+W8I4smrLkwMvGgBOzXSNdVTzbFTHDvG3gRRaNHFkt2+5MsbH2Dd6CXmpzqDIfSN7QzwOevuvNIElii5MlFxI6ZnYIDYA/ZdnAXHEVsNIbyT2N0CXt3fTPzgGtFzsufx40EEUkC06J7QTJl7lLG6qaLW1cCWp86Vp0eL3vtZ6xq"}`

func TestEncrypted(t *testing.T) {
	m, err := Decode([]byte(sealed), "s3cretkey")
	if err != nil || !m.Encrypted || m.Type != "location" || len(m.Fixes) != 1 || m.Fixes[0].Lat != 2 || m.Fixes[0].Lon != 1 || m.Tracker != "user" {
		t.Errorf("%+v, %v", m, err)
	}
	if m, err = Decode([]byte(sealed), ""); !errors.Is(err, ErrSealed) || m.Type != "encrypted" || len(m.Fixes) != 0 {
		t.Errorf("without a passphrase: %+v, %v", m, err)
	}
	if m, err = Decode([]byte(sealed), "s3cretkez"); !errors.Is(err, ErrUnsealed) || len(m.Fixes) != 0 {
		t.Errorf("with a wrong one: %+v, %v", m, err)
	}
	for _, data := range []string{"", "AAAA", "not base64", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"} {
		if m, err := Decode([]byte(`{"_type":"encrypted","data":"`+data+`"}`), "k"); err == nil {
			t.Errorf("%q: %+v", data, m)
		}
	}
	if m, err := Decode(seal([]byte(sealed), "k", [24]byte{}), "k"); err == nil {
		t.Errorf("an encrypted one inside: %+v", m)
	}
}

// seal does what the apps do.
func seal(body []byte, passphrase string, nonce [24]byte) []byte {
	data := base64.StdEncoding.EncodeToString(secretbox.Seal(nonce[:], body, &nonce, key(passphrase)))
	return []byte(`{"_type":"encrypted","data":"` + data + `"}`)
}

func TestWhatIsSealedIsOpened(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		passphrase := rapid.StringMatching(`[!-~]{1,40}`).Draw(t, "passphrase")
		var nonce [24]byte
		copy(nonce[:], rapid.SliceOfN(rapid.Byte(), 24, 24).Draw(t, "nonce"))
		plain, err := Decode([]byte(location), "")
		if err != nil {
			t.Fatal(err)
		}
		opened, err := Decode(seal([]byte(location), passphrase, nonce), passphrase)
		if err != nil || !opened.Encrypted || fmt.Sprint(opened.Fixes[0].FixedAt, opened.Fixes[0].Lon) != fmt.Sprint(plain.Fixes[0].FixedAt, plain.Fixes[0].Lon) {
			t.Fatalf("%+v, %v", opened, err)
		}
		if _, err = Decode(seal([]byte(location), passphrase, nonce), "x"+passphrase[:min(len(passphrase), 30)]); !errors.Is(err, ErrUnsealed) {
			t.Fatalf("a wrong passphrase: %v", err)
		}
	})
}

// vector is one line of a file of public messages, and what they decode to.
type vector struct {
	Text   string
	Expect struct {
		Type      string `json:"_type"`
		ID        string
		Key       string
		Time      *time.Time `json:"time_utc"`
		Lat, Lon  *float64
		Accuracy  *float64 `json:"accuracy_m"`
		Speed     *float64 `json:"speed_kmh"`
		Course    *float64
		Battery   *float64 `json:"battery_pct"`
		Alt       *float64 `json:"alt_m"`
		Trigger   string
		Event     string
		Desc      string
		Decrypted *wire
	}
}

func TestPublicMessages(t *testing.T) {
	for i, v := range trackingtest.Recorded(t, "owntracks.jsonl", vector{}) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			want := v.Expect
			m, err := Decode([]byte(v.Text), want.Key)
			if err != nil || m.Topic != want.ID || m.Event != want.Event || m.Region != want.Desc || want.Trigger != "" && m.Trigger != want.Trigger {
				t.Fatalf("%s: %+v, %v", v.Text, m, err)
			}
			if d := want.Decrypted; d != nil {
				want.Type, want.Lat, want.Lon, want.Alt = d.Type, &d.Lat.Value, &d.Lon.Value, &d.Alt.Value
			}
			if m.Type != want.Type || (len(m.Fixes) == 1) != (want.Type == "location") {
				t.Fatalf("%s: %+v", v.Text, m)
			}
			if want.Lat == nil { // no position, or one whose place the source does not state
				return
			}
			f := m.Fixes[0]
			if f.Lat != *want.Lat || f.Lon != *want.Lon || want.Time != nil && !f.FixedAt.Equal(*want.Time) ||
				!agrees(f.AccuracyM, want.Accuracy) || !agrees(f.SpeedKmh, want.Speed) || !agrees(f.HeadingDeg, want.Course) || !agrees(f.AltM, want.Alt) {
				t.Errorf("%s: %+v", v.Text, f)
			}
			if want.Battery != nil && f.Vitals.BatteryPct != tracking.Read(*want.Battery) {
				t.Errorf("%s: battery %+v", v.Text, f.Vitals)
			}
		})
	}
}

func agrees(r tracking.Reading, want *float64) bool { return want == nil || r == tracking.Read(*want) }

func FuzzDecode(f *testing.F) {
	for _, body := range []string{location, sealed, `{"_type":"transition","t":"c","event":"enter"}`, `{"_type":"lwt","tst":1}`} {
		f.Add([]byte(body), "s3cretkey")
	}
	for _, v := range trackingtest.Recorded(f, "owntracks.jsonl", vector{}) {
		f.Add([]byte(v.Text), v.Expect.Key)
	}
	f.Fuzz(func(t *testing.T, body []byte, passphrase string) {
		m, err := Decode(body, passphrase)
		if err == nil && m.Type == "" || err != nil && len(m.Fixes) > 0 {
			t.Fatalf("%+v, %v", m, err)
		}
		for _, f := range m.Fixes {
			if f.Unread == nil && f.FixedAt.IsZero() || f.Unread != nil && (f.Text == "" || f.Unread.Field == "") {
				t.Fatalf("%+v", f)
			}
		}
	})
}
