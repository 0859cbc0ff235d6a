package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jiujin/tracking/describe"
)

// decodeText answers some lines.
func decodeText(t testing.TB, protocol, input string) []map[string]any {
	t.Helper()
	var out bytes.Buffer
	if err := decodeLines(t.Context(), strings.NewReader(input), &out, protocol); err != nil {
		t.Fatal(err)
	}
	var answers []map[string]any
	for lines := json.NewDecoder(&out); ; {
		var a map[string]any
		err := lines.Decode(&a)
		if errors.Is(err, io.EOF) {
			return answers
		}
		if err != nil {
			t.Fatal(err)
		}
		answers = append(answers, a)
	}
}

func TestDecodeOneOfEach(t *testing.T) {
	for _, c := range []struct{ protocol, line, want string }{
		{
			"gt06", `{"hex":"78781f120f0a140e150bc505e51e780293a9e800540000f601006e0055da00035f240d0a","source":"ignored","text":7}`,
			`{"ok":true,"msg_id":"0x12","version":"gt06","serial":3,"fixes":[{"lat":54.945347,"lon":24.017622,"time_utc":"2015-10-20T14:21:11Z",` +
				`"speed_kmh":0,"course":0,"alt_m":null,"valid":true,"satellites":5}]}`,
		},
		{
			"gt06", `{"hex":"78780d01012345678901234500018cdd0d0a"}`,
			`{"ok":true,"msg_id":"0x01","version":"gt06","device":"123456789012345","serial":1,"fixes":[]}`,
		},
		{
			"gt06", `{"hex":"78780d01012345678901234500018cde0d0a"}`,
			`{"ok":false,"error":"the checksum is wrong","msg_id":"0x01","version":"gt06","device":"123456789012345","serial":1,"fixes":[]}`,
		},
		{
			"nmea", `{"text":"$GPRMC,115528.000,A,6000.5432,N,03020.4948,E,,,091111,,*06"}`,
			`{"ok":true,"msg_id":"GPRMC","version":"nmea-0183","fixes":[{"lat":60.0090533,"lon":30.34158,"time_utc":"2011-11-09T11:55:28Z",` +
				`"speed_kmh":null,"course":null,"alt_m":null,"valid":true}]}`,
		},
		{
			"osmand", `{"text":"/?id=7&lat=60.0&lon=30.0&timestamp=1377177267.5&speed=10&valid=0"}`,
			`{"ok":true,"version":"query","device":"7","fixes":[{"lat":60,"lon":30,"time_utc":"2013-08-22T13:14:27.50Z","speed_kmh":18.52,` +
				`"course":null,"alt_m":null,"valid":false}]}`,
		},
		{
			"osmand", `{"text":"POST /in/osmand?lat=60.0&lon=30.0 HTTP/1.1"}`,
			`{"ok":false,"error":"the device does not say who it is (id)","version":"query","fixes":[{"lat":60,"lon":30,"time_utc":null,` +
				`"speed_kmh":null,"course":null,"alt_m":null,"valid":true}]}`,
		},
		{
			"owntracks", `{"text":"{\"_type\":\"location\",\"lat\":1,\"lon\":2,\"tst\":5,\"topic\":\"owntracks/a/b\",\"vel\":36}"}`,
			`{"ok":true,"msg_id":"location","version":"json","device":"owntracks/a/b","fixes":[{"lat":1,"lon":2,"time_utc":"1970-01-01T00:00:05Z",` +
				`"speed_kmh":36,"course":null,"alt_m":null,"valid":true}]}`,
		},
		{
			"traccar", `{"text":"{\"position\":{\"latitude\":1,\"longitude\":2,\"speed\":1,\"fixTime\":\"2026-11-22T06:00:00Z\"},\"device\":{\"uniqueId\":\"x\"}}"}`,
			`{"ok":true,"version":"json","device":"x","fixes":[{"lat":1,"lon":2,"time_utc":"2026-11-22T06:00:00Z","speed_kmh":1.852,` +
				`"course":null,"alt_m":null,"valid":true}]}`,
		},
	} {
		var out bytes.Buffer
		if err := decodeLines(t.Context(), strings.NewReader(c.line), &out, c.protocol); err != nil || strings.TrimSuffix(out.String(), "\n") != c.want {
			t.Errorf("%s %s\nis   %s\nwant %s (%v)", c.protocol, c.line, out.String(), c.want, err)
		}
	}
}

// Every line has one answer, in its place, whatever stands in it.
func TestDecodeAnswersBrokenLines(t *testing.T) {
	broken := []string{
		"", "  ", "{", "null", "[]", "7", `"7e"`, "{}", `{"hex":""}`, `{"hex":"7"}`, `{"hex":"zz"}`, `{"hex":5}`, `{"text":""}`,
		`{"hex":"7e7e"}`, `{"hex":"00"}`, `{"text":"\u0000"}`, "\xff\xfe", `{"hex":"7878"}`, `{"text":"{\"_type\":1}"}`, `{"text":"{}"}x`,
		`{"hex":"` + strings.Repeat("78", 5000) + `"}`, `{"` + strings.Repeat("a", 70_000) + `":1}`, strings.Repeat("[", 20_000),
	}
	for _, protocol := range []string{"jt808", "gt06", "osmand", "owntracks", "nmea", "traccar"} {
		answers := decodeText(t, protocol, strings.Join(broken, "\n")+"\n")
		if len(answers) != len(broken) {
			t.Fatalf("%s: %d answers to %d lines", protocol, len(answers), len(broken))
		}
		for i, a := range answers {
			text := strings.HasPrefix(broken[i], `{"text"`) || strings.HasPrefix(broken[i], `{"hex":"0`) || strings.HasPrefix(broken[i], `{"hex":"7`)
			if a["ok"] != false && !(protocol == "nmea" && text) || a["ok"] == false && a["error"] == nil {
				t.Errorf("%s: %.60s is %v", protocol, broken[i], a)
			}
		}
	}
}

func TestDecodePassesOverALineThatIsTooLong(t *testing.T) {
	good := `{"text":"IMEI 351467108700000"}` + "\n"
	most := `{"x":"` + strings.Repeat("a", lineMax-50) + `","text":"IMEI 351467108700000"}` + "\n"
	answers := decodeText(t, "nmea", good+most[:len(most)-1]+strings.Repeat("b", 100)+"\n"+most[:6]+most[10:]+good)
	if len(answers) != 4 || answers[0]["ok"] != true || answers[1]["ok"] != false || answers[2]["ok"] != true || answers[3]["ok"] != true {
		t.Errorf("%v", answers)
	}
}

// A line is answered before the next one is there, so that the command can stand in a pipe.
func TestDecodeAnswersAtOnce(t *testing.T) {
	in, input := io.Pipe()
	output, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		ended <- decodeLines(t.Context(), in, out, "nmea")
		out.Close()
	}()
	answers := bufio.NewReader(output)
	for range 3 {
		if _, err := io.WriteString(input, `{"text":"IMEI 351467108700000"}`+"\n"); err != nil {
			t.Fatal(err)
		}
		if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "351467108700000") {
			t.Fatalf("%q, %v", line, err)
		}
	}
	input.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// The example of the paper answers what the paper says.
func TestDecodeExampleOfThePaper(t *testing.T) {
	paper, err := os.ReadFile("../../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(paper), "\n## Look into a frame\n")
	blocks := strings.Split(section, "\n```\n")
	if len(blocks) < 5 {
		t.Fatal("the paper has no example")
	}
	command, input, _ := strings.Cut(blocks[1], " <<'END'\n")
	protocol := strings.TrimPrefix(command, "jiujin decode ")
	var out bytes.Buffer
	if err := decodeLines(t.Context(), strings.NewReader(strings.TrimSuffix(input, "END")), &out, protocol); err != nil {
		t.Fatal(err)
	}
	if want := strings.ReplaceAll(blocks[3], "\n ", "") + "\n"; out.String() != want {
		t.Errorf("%s\nanswers\n%sthe paper says\n%s", command, out.String(), want)
	}
}

// publicFrames names the files of public frames; there are none where the folder is not beside the repository.
func publicFrames(t *testing.T, name string) []string {
	t.Helper()
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	text, err := os.ReadFile(filepath.Join(dir, "device-frames", name+".jsonl"))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n")
}

// Whole lines of the files of public frames go in; what they expect, and what of it has a key in the answer, comes out.
// docs/device-frames.md lists what is not compared.
func TestDecodePublicFrames(t *testing.T) {
	names := map[string]string{
		"_type": "msg_id", "type": "msg_id", "sentence": "msg_id", "id": "device", "imei": "device", "serial": "serial", "event": "event", "desc": "region",
	}
	inFix := map[string]string{
		"lat": "lat", "lon": "lon", "time_utc": "time_utc", "time_as_utc": "time_utc", "speed_kmh": "speed_kmh", "course": "course", "alt_m": "alt_m",
		"valid": "valid", "fix": "valid", "sats": "satellites", "battery_pct": "battery_pct", "mock": "mock",
	}
	for protocol, file := range map[string]string{"gt06": "gt06", "osmand": "osmand-http", "owntracks": "owntracks", "nmea": "nmea"} {
		lines := publicFrames(t, file)
		answers := decodeText(t, protocol, strings.Join(lines, "\n"))
		if len(answers) != len(lines) {
			t.Fatalf("%s: %d answers to %d lines", protocol, len(answers), len(lines))
		}
		for i, answer := range answers {
			t.Run(fmt.Sprint(protocol, i), func(t *testing.T) {
				var v struct{ Expect map[string]any }
				if err := json.Unmarshal([]byte(lines[i]), &v); err != nil {
					t.Fatal(err)
				}
				var fix map[string]any
				if list := answer["fixes"].([]any); len(list) > 0 {
					fix = list[0].(map[string]any)
				}
				if _, placed := v.Expect["lat"]; placed != (fix != nil) && placed {
					t.Errorf("no position in %v", answer)
				}
				for key, want := range v.Expect {
					got, compared := answer[names[key]], names[key] != ""
					if inFix[key] != "" && fix != nil {
						got, compared = fix[inFix[key]], true
					}
					if text, ok := want.(string); ok && key == "sentence" {
						want, _, _ = strings.Cut(text, "=")
					}
					if compared && !same(got, want) {
						t.Errorf("%s is %v, want %v: %v", key, got, want, answer)
					}
				}
			})
		}
	}
}

// same compares values as they stand in JSON; numbers to the sixth decimal.
func same(got, want any) bool {
	a, number := got.(float64)
	b, also := want.(float64)
	if number && also {
		return math.Abs(a-b) < 1e-6
	}
	return got == want
}

func FuzzDecodeLine(f *testing.F) {
	for _, protocol := range []string{"jt808", "gt06", "osmand", "owntracks", "nmea", "traccar"} {
		f.Add([]byte(`{"hex":"78780d01012345678901234500018cdd0d0a","key":"x"}`), protocol)
		f.Add([]byte(`{"text":"$GPGGA,082350.000,5355.0314,N,01044.1271,E,1,10,0.7,-46.0,M,0.0,M,0.0,0000"}`), protocol)
		f.Add([]byte(`{"text":"{\"_type\":\"location\",\"lat\":1e300,\"lon\":2,\"tst\":5}"}`), protocol)
	}
	f.Fuzz(func(t *testing.T, line []byte, protocol string) {
		var a struct {
			OK    *bool
			Error string
			Fixes *[]describe.Point
		}
		out := decodeLine(line, protocol)
		if err := json.Unmarshal(out, &a); err != nil || a.OK == nil || a.Fixes == nil || *a.OK != (a.Error == "") ||
			strings.Contains(a.Error, "breaks the decoder") || bytes.ContainsRune(out, '\n') {
			t.Fatalf("%q: %s, %v", line, out, err)
		}
	})
}
