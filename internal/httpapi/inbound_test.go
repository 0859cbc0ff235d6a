package httpapi

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// stored is how many fixes the history has.
func (v *service) stored(t testing.TB) (n int) {
	t.Helper()
	v.flush(t)
	return v.count(t, `select count(*) from fix`)
}

// flush waits until what was taken in is in the database.
func (v *service) flush(t testing.TB) {
	t.Helper()
	if err := v.deps.Ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// lastRefusal is the newest record among the refused ones.
func (v *service) lastRefusal(t testing.TB) (reason, detail, raw string) {
	t.Helper()
	v.flush(t)
	err := v.db.Pool.QueryRow(t.Context(), `select reason, detail, raw::text from refused_fix order by id desc limit 1`).Scan(&reason, &detail, &raw)
	if err != nil {
		t.Fatal(err)
	}
	return reason, detail, raw
}

func osmAndQuery(second int, more ...string) string {
	return fmt.Sprintf("lat=%v&lon=%v&timestamp=%d&speed=10&bearing=90%s", lat, lon, start.Add(time.Duration(second)*time.Second).Unix(), strings.Join(more, ""))
}

func TestOsmAnd(t *testing.T) {
	v := newService(t)
	sent := 0
	take := func(a answer) {
		t.Helper()
		sent++
		if a.status != 200 || len(a.body) != 0 || v.stored(t) != sent {
			t.Fatalf("%d %s; %d stored of %d", a.status, a.body, v.stored(t), sent)
		}
	}
	take(v.call(t, "GET", "/in/osmand/"+v.device+"?"+osmAndQuery(-90), ""))
	take(v.call(t, "GET", "/in/osmand?id="+v.device+"&"+osmAndQuery(-80), ""))
	take(v.call(t, "POST", "/in/osmand/"+v.device+"?id=van&"+osmAndQuery(-70), ""))
	take(v.call(t, "POST", "/in/osmand", "id="+v.device+"&"+osmAndQuery(-60), "Content-Type", "application/x-www-form-urlencoded"))
	take(v.call(t, "GET", "/in/osmand?"+osmAndQuery(-50, "&speed_unit=ms"), "", "Authorization", "Bearer "+v.device))
	place := func(second int) string {
		return fmt.Sprintf(`{"device_id":%q,"location":{"timestamp":%q,"coords":{"latitude":%v,"longitude":%v,"speed":10,"accuracy":5}}}`,
			v.device, start.Add(time.Duration(second)*time.Second).Format(time.RFC3339Nano), lat, lon)
	}
	take(v.call(t, "POST", "/in/osmand", place(-40)))
	take(v.call(t, "POST", "/in/osmand/"+v.device, place(-30)))
	v.flush(t)
	var speeds []float64
	rows, err := v.db.Pool.Query(t.Context(), `select distinct round(speed_kmh::numeric, 2)::float8 from fix where source = 'osmand' order by 1`)
	if err != nil {
		t.Fatal(err)
	}
	for rows.Next() {
		var s float64
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		speeds = append(speeds, s)
	}
	if fmt.Sprint(speeds) != "[18.52 36]" { // 10 knots, 10 m/s
		t.Errorf("speeds %v km/h", speeds)
	}
}

// Whoever has a key gets 200, or the app would try the same record for ever; what was wrong is kept.
func TestInboundTakesWhatItCannotUse(t *testing.T) {
	v := newService(t)
	for _, c := range []struct{ method, path, body, reason, detail string }{
		{"GET", "/in/osmand/" + v.device + "?lat=north&lon=2", "", "invalid", "lat must"},
		{"GET", "/in/osmand/" + v.device + "?lat=28.4&lon=117.9&timestamp=1377177267", "", "too_old", "old"},
		{"GET", "/in/osmand/" + v.device + "?lat=0&lon=0", "", "zero_point", "no position"},
		{"POST", "/in/osmand/" + v.device, "{broken", "invalid", "JSON"},
		{"POST", "/in/osmand/" + v.device, `{"location":7}`, "invalid", "object"},
		{"POST", "/in/owntracks/" + v.device, "{broken", "invalid", "OwnTracks"},
		{"POST", "/in/owntracks/" + v.device, `{"_type":"location","lat":1}`, "invalid", "lon must"},
		{"POST", "/in/owntracks/" + v.device, `{"_type":"encrypted","data":"AAAA"}`, "invalid", "passphrase"},
	} {
		if a := v.call(t, c.method, c.path, c.body); a.status != 200 {
			t.Errorf("%s %s %s: %d %s", c.method, c.path, c.body, a.status, a.body)
		}
		if reason, detail, _ := v.lastRefusal(t); reason != c.reason || !strings.Contains(detail, c.detail) {
			t.Errorf("%s %s %s: kept as %s, %s", c.method, c.path, c.body, reason, detail)
		}
	}
	v.flush(t)
	before := v.count(t, `select count(*) from refused_fix`)
	for path, body := range map[string]string{
		"/in/osmand/" + v.device + "?cell=257,02,16,2224": "",
		"/in/osmand/" + v.device:                          `{"device_id":"x"}`,
		"/in/owntracks/" + v.device:                       "",
		"/in/owntracks/" + v.device + "?":                 `{"_type":"lwt","tst":1736161169}`,
	} {
		if a := v.call(t, "POST", path, body); a.status != 200 {
			t.Errorf("%s %s: %d %s", path, body, a.status, a.body)
		}
	}
	v.flush(t)
	if after := v.count(t, `select count(*) from refused_fix`); after != before || v.stored(t) != 0 {
		t.Errorf("%d were refused and %d stored that are no positions", after-before, v.stored(t))
	}
}

func basic(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

func ownTracksAt(second int) string {
	return fmt.Sprintf(`{"_type":"location","lat":%v,"lon":%v,"tst":%d,"vel":36,"acc":8}`, lat, lon, start.Add(time.Duration(second)*time.Second).Unix())
}

func TestOwnTracks(t *testing.T) {
	v := newService(t)
	for i, header := range [][]string{
		{"/in/owntracks", "Authorization", basic("greg", v.device), "X-Limit-U", "greg", "X-Limit-D", "phone"},
		{"/in/owntracks?u=greg&d=phone", "Authorization", basic("", v.device)},
		{"/in/owntracks/" + v.device},
	} {
		a := v.call(t, "POST", header[0], ownTracksAt(i-10), header[1:]...)
		if a.status != 200 || strings.TrimSpace(string(a.body)) != "[]" || v.stored(t) != i+1 {
			t.Errorf("%v: %d %s; %d stored", header, a.status, a.body, v.stored(t))
		}
	}
}

// Under the key of a gateway the user and the device name whose position it is.
func TestOwnTracksAndTraccarUnderTheKeyOfAGateway(t *testing.T) {
	v := newService(t)
	var gateway string
	err := v.db.InTx(t.Context(), func(tx *pg.Tx) (err error) {
		if _, gateway, err = tracking.AddGateway(t.Context(), tx, "platform"); err == nil {
			_, _, err = tracking.AddDevice(t.Context(), tx, tracking.Device{UnitID: v.unit, Kind: "owntracks"},
				tracking.Name{Protocol: "owntracks", Ident: "greg/phone"}, tracking.Name{Protocol: "traccar", Ident: "359587010124900"})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	v.call(t, "POST", "/in/owntracks", ownTracksAt(-9), "Authorization", basic("x", gateway), "X-Limit-U", "greg", "X-Limit-D", "phone")
	v.call(t, "POST", "/in/owntracks?u=greg&d=phone", ownTracksAt(-8), "Authorization", basic("x", gateway))
	if n := v.stored(t); n != 2 {
		t.Errorf("%d stored of OwnTracks", n)
	}
	forward := func(device string, second int) answer {
		at := start.Add(time.Duration(second) * time.Second).Format("2006-01-02T15:04:05.000+00:00")
		body := fmt.Sprintf(`{"position":{"fixTime":%q,"valid":true,"latitude":%v,"longitude":%v,"speed":10},"device":{"uniqueId":%q}}`, at, lat, lon, device)
		return v.call(t, "POST", "/in/traccar", body, "Authorization", "Bearer "+gateway)
	}
	if a := forward("359587010124900", -7); a.status != 200 || v.stored(t) != 3 {
		t.Errorf("%d %s; %d stored", a.status, a.body, v.stored(t))
	}
	if a := forward("somebody", -6); a.status != 200 || v.stored(t) != 3 {
		t.Errorf("of an unknown device: %d %s; %d stored", a.status, a.body, v.stored(t))
	}
	if reason, _, raw := v.lastRefusal(t); reason != "unknown_device" || !strings.Contains(raw, "somebody") {
		t.Errorf("of an unknown device is kept %s, %s", reason, raw)
	}
	a := v.call(t, "POST", "/in/traccar", "{", "Authorization", "Bearer "+gateway)
	if _, _, raw := v.lastRefusal(t); a.status != 200 || !strings.Contains(raw, "{") {
		t.Errorf("malformed: %d, kept %s", a.status, raw)
	}
	for _, key := range []string{v.device, "jjg_wrong"} {
		v.call(t, "POST", "/in/traccar", "{}", "Authorization", "Bearer "+key).want(t, 401, "unknown_device")
	}
}

func TestInboundWantsAKey(t *testing.T) {
	v := newService(t)
	for _, request := range []string{
		"GET /in/osmand?" + osmAndQuery(-1), "GET /in/osmand?id=van&" + osmAndQuery(-1), "GET /in/osmand/wrong?" + osmAndQuery(-1),
		"POST /in/osmand/wrong", "POST /in/owntracks", "POST /in/owntracks/wrong", "POST /in/traccar",
	} {
		method, path, _ := strings.Cut(request, " ")
		p := v.call(t, method, path, "{}").want(t, 401, "unknown_device")
		if p.Detail == "" {
			t.Errorf("%s: no detail", request)
		}
	}
	v.call(t, "GET", "/in/osmnad/"+v.device+"?"+osmAndQuery(-1), "").want(t, 404, "not_found") // and no page, which an app would take for success
	v.call(t, "DELETE", "/in/osmand", "").want(t, 405, "method_not_allowed")
	if v.stored(t) != 0 {
		t.Error("stored without a key")
	}
}

func TestWrongKeysAreSlowedDown(t *testing.T) {
	v := newService(t)
	last := 0
	for i := range 400 {
		last = v.call(t, "GET", "/in/osmand/wrong"+strconv.Itoa(i%3)+"?"+osmAndQuery(-1), "").status
		if last != 401 {
			break
		}
	}
	if last != 429 {
		t.Errorf("after 400 wrong keys: %d", last)
	}
	if a := v.call(t, "GET", "/in/osmand/"+v.device+"?"+osmAndQuery(-1), ""); a.status != 200 {
		t.Errorf("a right one from the same address: %d", a.status)
	}
}

// A secret in the address stays out of the log.
func TestKeysAreNotLogged(t *testing.T) {
	v := newService(t)
	v.call(t, "GET", "/in/osmand/"+v.device+"?"+osmAndQuery(-1), "")
	v.call(t, "GET", "/in/osmand?id="+v.device+"&lat=x", "")
	v.call(t, "GET", "/in/osmand/"+url.PathEscape(v.device+"x")+"?lat=x", "")
	if strings.Contains(v.log.String(), v.device) {
		t.Error("the log shows the key of a device")
	}
	if !json.Valid([]byte(strings.Split(v.log.String(), "\n")[0])) {
		t.Errorf("the log is %s", v.log.String())
	}
}
