package httpapi

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// post sends positions as a device.
func (v *service) post(t testing.TB, body string, query ...string) answer {
	t.Helper()
	return v.call(t, "POST", "/api/v1/fixes"+strings.Join(query, ""), body, "Authorization", "Bearer "+v.device, "Accept-Language", "en")
}

func at(second int, lon, lat float64) string {
	return fmt.Sprintf(`{"fixed_at":%q,"lon":%v,"lat":%v}`, start.Add(time.Duration(second)*time.Second).Format(time.RFC3339), lon, lat)
}

func TestFixesInAllThreeForms(t *testing.T) {
	v := newService(t)
	var a fixesAnswer
	v.post(t, at(-60, lon, lat)).into(t, 200, &a)
	if a.Received != 1 || a.Stored != 1 || a.Results == nil || len(a.Results) != 0 {
		t.Errorf("one object: %+v", a)
	}
	v.post(t, "["+at(-50, lon, lat)+","+at(-40, lon, lat)+"]", "?results=all").into(t, 200, &a)
	if a.Stored != 2 || len(a.Results) != 2 || a.Results[1].Index != 1 || a.Results[1].Status != tracking.Stored {
		t.Errorf("an array: %+v", a)
	}
	v.post(t, at(-30, lon, lat)+"\n\n"+strings.Replace(at(-20, lon, lat), `"2026-11-22T05:59:40Z"`, strconv.FormatInt(start.Add(-20*time.Second).UnixMilli(), 10), 1)+"\n").into(t, 200, &a)
	if a.Stored != 2 {
		t.Errorf("lines: %+v", a)
	}
	v.post(t, "["+at(-20, lon, lat)+","+at(-10, lon, lat)+","+at(-10, lon, lat)+"]").into(t, 200, &a)
	if a.Received != 3 || a.Stored != 1 || a.Duplicate != 2 || a.Results[0].Index != 0 || a.Results[0].Status != tracking.Duplicate {
		t.Errorf("duplicates: %+v", a)
	}
	v.post(t, "[]").into(t, 200, &a)
	if a.Received != 0 {
		t.Errorf("nothing: %+v", a)
	}
	if n := v.count(t, `select count(*) from fix`); n != 6 {
		t.Errorf("%d fixes in the history", n)
	}
}

// Every kind of bad record is named by index, reason and field, and kept; the good one between them is stored.
func TestRefusedFixesAreNamedAndKept(t *testing.T) {
	v := newService(t)
	type want struct {
		body          string
		reason, field string
		detail        string
	}
	cases := []want{
		{`{"lon":117.9,"lat":28.4}`, "invalid", "fixed_at", "missing"},
		{`{"fixed_at":1795327200,"lon":117.9,"lat":28.4}`, "invalid", "fixed_at", "seconds"},
		{`{"fixed_at":"2026-11-22T06:00:00Z","lat":28.4}`, "invalid", "lon", "missing"},
		{`{"fixed_at":"2026-11-22T06:00:00Z","lon":"东","lat":28.4}`, "invalid", "lon", "number"},
		{at(0, lat, lon), "invalid", "lat", "swapped"},
		{at(0, 0, 0), "zero_point", "lon", "no position"},
		{at(0, 2.35, 48.85), "out_of_region", "lon", "outside"},
		{at(301, lon, lat), "future", "fixed_at", "ahead"},
		{at(-40*86400, lon, lat), "too_old", "fixed_at", "old"},
		{`{"fixed_at":"2026-11-22T06:00:00Z","lon":117.9,"lat":28.4,"speed_kmh":-3}`, "invalid", "speed_kmh", "between"},
		{`{"fixed_at":"2026-11-22T06:00:00Z","lon":117.9,"lat":28.4,"heading_deg":400}`, "invalid", "heading_deg", "between"},
		{`7`, "invalid", "", "must be a JSON object"},
	}
	var bodies []string
	for _, c := range cases {
		bodies = append(bodies, c.body)
	}
	bodies = append(bodies, at(0, lon, lat), at(1, lon+1, lat)) // the last one jumps
	cases = append(cases, want{}, want{"", "jump", "lon", "km/h"})
	var a fixesAnswer
	v.post(t, "["+strings.Join(bodies, ",")+"]").into(t, 200, &a)
	if a.Received != len(cases) || a.Stored != 1 || a.Doubted != 1 || a.Refused != len(cases)-2 || len(a.Results) != a.Refused+1 {
		t.Fatalf("answer %+v", a)
	}
	for _, r := range a.Results {
		c := cases[r.Index]
		if string(r.Reason) != c.reason || r.Field != c.field || !strings.Contains(r.Detail, c.detail) ||
			r.Status != tracking.Refused && c.reason != "jump" {
			t.Errorf("%s: %+v, want %s in %q with %q", bodies[r.Index], r, c.reason, c.field, c.detail)
		}
	}
	if n := v.count(t, `select count(*) from refused_fix where unit_id = `+id(v.unit)+` and detail <> ''`); n != a.Refused {
		t.Errorf("%d refused ones are kept, want %d", n, a.Refused)
	}
}

// Under the key of a gateway each record goes to the device that it names.
func TestFixesOfAGateway(t *testing.T) {
	v := newService(t)
	_, key, err := tracking.AddGateway(t.Context(), v.db.Pool, "市局平台")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		if _, _, err := tracking.AddDevice(t.Context(), v.db.Pool, tracking.Device{UnitID: v.unit}, tracking.Name{Protocol: "http", Ident: name}); err != nil {
			t.Fatal(err)
		}
	}
	of := func(device string, second int) string {
		return strings.Replace(at(second, lon, lat), "{", `{"id":"x","ignition":true,"engaged":false,"alt_m":40.5,"device":"`+device+`",`, 1)
	}
	body := of("a", -30) + "\n" + of("b", -20) + "\n" + of("c", -10) + "\n" + at(-5, lon, lat) + "\n" + of("a", -30)
	var a fixesAnswer
	v.call(t, "POST", "/api/v1/fixes", body, "Authorization", "Bearer "+key).into(t, 200, &a)
	if a.Received != 5 || a.Stored+a.Duplicate != 3 || a.Refused != 2 || a.Results[0].Index != 2 || a.Results[0].Reason != tracking.UnknownDevice ||
		a.Results[1].Index != 3 || a.Results[1].Reason != tracking.UnknownDevice {
		t.Errorf("answer %+v", a)
	}
	if err := v.ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := v.count(t, `select count(distinct device_id) from fix where alt_m = 40.5 and ignition and not engaged`); n != 2 {
		t.Errorf("fixes of %d devices, want 2", n)
	}
	v.call(t, "POST", "/api/v1/fixes", body, "Authorization", "Bearer "+key+"x").want(t, 401, "unknown_device")
	v.call(t, "GET", "/api/v1/units", "", "Authorization", "Bearer "+key).want(t, 401, "not_signed_in")
}

func TestBodiesThatAreNoFixes(t *testing.T) {
	v := newService(t)
	for body, where := range map[string]string{
		"[\n" + at(0, lon, lat) + ",\n{\"lon\":}]": "line 3, byte 72",
		"[" + at(0, lon, lat):                      "line 1",
		"lon=117":                                  "line 1",
		"{\"lon\":117,\n\"lat\"}":                  "line 2",
	} {
		p := v.post(t, body).want(t, 400, "malformed")
		if !strings.Contains(p.Detail, where) || !strings.Contains(p.Detail, "byte") || len(p.Detail) < 50 {
			t.Errorf("%q: %s, want %s", body, p.Detail, where)
		}
	}
	for body, want := range map[string]string{
		"":              "内容为空。",
		"lon=117":       "应以 { 或 [ 开头。",
		"[{}":           "内容不完整，提前结束。",
		"[{\"lon\":}]":  "此处应为一个值，却是 '}'。",
		"[{\"lon\"}]":   "字段名之后应为冒号，却是 '}'。",
		"[{} 7]":        "数组的一项之后应为逗号或 ]，却是 '7'。",
		"[{1:2}]":       "此处应为带引号的字段名，却是 '1'。",
		"[] 7":          "内容结束之后还有 '7'。",
		"[{\"a\":1 2}]": "字段之后应为逗号或 }，却是 '2'。",
		"[tru]":         "不能有字符 ']'。",
	} {
		p := v.call(t, "POST", "/api/v1/fixes", body, "Authorization", "Bearer "+v.device).want(t, 400, "malformed")
		if !strings.HasSuffix(p.Detail, "："+want) {
			t.Errorf("%q: %s, want %s", body, p.Detail, want)
		}
	}
	many := "[" + strings.Repeat(`{},`, 10_000) + "{}]"
	v.post(t, many).want(t, 413, "too_large")
	v.post(t, strings.ReplaceAll(many[1:len(many)-1], ",", "\n")).want(t, 413, "too_large")
	v.post(t, "["+strings.Repeat(" ", 4<<20)+"]").want(t, 413, "too_large")
	if n := v.count(t, `select (select count(*) from fix) + (select count(*) from refused_fix)`); n != 0 {
		t.Errorf("%d records are kept", n)
	}
}

func TestWhoMaySendFixes(t *testing.T) {
	s := newScene(t)
	body := at(10, lon, lat+0.009)
	s.call(t, "POST", "/api/v1/fixes", body, "Authorization", "Bearer jjd_nobody").want(t, 401, "unknown_device")
	s.call(t, "POST", "/api/v1/fixes", body, "Authorization", "Bearer").want(t, 401, "unknown_device")
	p := s.call(t, "POST", "/api/v1/fixes", body, "Accept-Language", "en").want(t, 401, "not_signed_in")
	if !strings.Contains(p.Detail, "Bearer") || !strings.Contains(p.Detail, "sign in") {
		t.Errorf("who sends nothing is told %q", p.Detail)
	}
	var took fixesAnswer
	s.call(t, "POST", "/api/v1/fixes", at(5, lon, lat+0.009), "Authorization", "bearer  "+s.devices[0]).into(t, 200, &took)
	s.call(t, "POST", "/api/v1/fixes", body, "Cookie", s.cookie(t, "agent")).want(t, 403, "forbidden")
	s.call(t, "POST", "/api/v1/fixes", body, "Cookie", s.cookie(t, "leader1")).want(t, 403, "forbidden") // in no unit
	s.pass(10 * time.Second)
	var a fixesAnswer
	s.call(t, "POST", "/api/v1/fixes", body, "Cookie", s.cookie(t, "officer1")).into(t, 200, &a)
	if a.Stored != 1 {
		t.Errorf("an officer's phone: %+v", a)
	}
	if n := s.count(t, `select count(*) from fix f join device d on d.id = f.device_id
		where d.kind = 'phone' and d.person_id is not null and f.unit_id = `+id(s.units[0])); n != 1 {
		t.Errorf("%d fixes of the phone", n)
	}
	if _, err := s.db.Pool.Exec(t.Context(), `update device set disabled_at = now() where unit_id = $1`, s.units[1]); err != nil {
		t.Fatal(err)
	}
	s.pass(time.Minute) // for as long as devices are remembered
	s.call(t, "POST", "/api/v1/fixes", at(60, lon, lat+0.018), "Authorization", "Bearer "+s.devices[1]).into(t, 200, &a)
	if a.Refused != 1 || a.Results[0].Reason != tracking.DisabledDevice {
		t.Errorf("a disabled device: %+v", a)
	}
}

// The datum is that of the device: a GCJ-02 terminal's fix is stored where it really was.
func TestDeviceDatum(t *testing.T) {
	s := newScene(t)
	var made newDevice
	s.do(t, "administrator", fmt.Sprintf("/units/%d/devices", s.unit), `{"label":"车机","datum":"GCJ02"}`).into(t, 201, &made)
	s.fix(t, made.Key, lon, lat)
	var x, y float64
	if err := s.ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.db.Pool.QueryRow(t.Context(), `select lon, lat from fix where unit_id = $1 order by fixed_at desc limit 1`,
		s.unit).Scan(&x, &y); err != nil {
		t.Fatal(err)
	}
	if east := (lon - x) * 98_000; east < 200 || east > 900 {
		t.Errorf("stored %.0f m to the west of what the device said; GCJ-02 lies some 500 m to the east here", east)
	}
	s.do(t, "administrator", fmt.Sprintf("/units/%d/devices", s.unit), `{"label":"车机","datum":"MARS"}`).want(t, 422, "validation")
}

// A device that stops in the middle of a body is told so, and is not taken for trouble of ours.
func TestFixesThatStopOnTheirWay(t *testing.T) {
	v := newService(t)
	row := v.rules["POST /api/v1/fixes"]
	row.within = 50 * time.Millisecond
	v.rules["POST /api/v1/fixes"] = row
	conn, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /api/v1/fixes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Length: 100\r\n\r\n[", v.device)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer{response.StatusCode, response.Header, body}.want(t, 408, "too_slow")
	if strings.Contains(v.log.String(), "database unavailable") {
		t.Error("the log blames the database")
	}
}

// Devices are served while the database takes nothing; all is there afterwards, once.
func TestFixesNeedNoDatabase(t *testing.T) {
	v := newService(t)
	body := at(0, lon, lat)
	v.post(t, at(-10, lon, lat)).into(t, 200, new(fixesAnswer)) // the device is known now
	locked, release := make(chan struct{}), make(chan struct{})
	held := make(chan error, 1)
	go func() {
		held <- v.db.InTx(context.Background(), func(tx *pg.Tx) error {
			_, err := tx.Exec(context.Background(), `lock table fix in exclusive mode`)
			close(locked)
			<-release
			return errors.Join(err, errors.New("let go"))
		})
	}()
	<-locked
	var a fixesAnswer
	v.post(t, body).into(t, 200, &a)
	if a.Stored != 1 {
		t.Errorf("while the history is locked: %+v", a)
	}
	v.post(t, body).into(t, 200, &a)
	if a.Duplicate != 1 {
		t.Errorf("the same again: %+v", a)
	}
	close(release)
	<-held
	if n := v.count(t, `select count(*) from fix`); n != 2 {
		t.Errorf("%d fixes in the end, want 2", n)
	}
}

// Fixes and tiles come so often that a success is not worth a line at the usual level.
func TestFrequentRequestsAreQuiet(t *testing.T) {
	v := newService(t)
	v.post(t, at(0, lon, lat))
	v.as(t, "officer", "/tiles/1/0/0.mvt")
	if log := v.log.String(); strings.Contains(log, "/fixes") || strings.Contains(log, "/tiles") {
		t.Errorf("the log has %s", log)
	}
	v.post(t, "no json")
	if !strings.Contains(v.log.String(), `"route":"/api/v1/fixes","status":400`) {
		t.Error("a refusal is not in the log")
	}
}
