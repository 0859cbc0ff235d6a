package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"jiujin/internal/auth"
	"jiujin/tracking"
	"jiujin/tracking/describe"
)

// holdDevices runs the registry of devices until the test ends.
func (v *service) holdDevices(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.deps.Devices.Run(ctx, slog.New(slog.DiscardHandler)) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for v.deps.Devices.Len() == 0 {
		if _, err := v.deps.Devices.ByKey(t.Context(), v.device); err != nil {
			t.Fatal(err)
		}
	}
}

// What a device sends and what became of it is on its page; a change there is heeded.
func TestDevicePage(t *testing.T) {
	v := newService(t)
	v.holdDevices(t)
	var answer struct{ Stored, Refused int }
	v.post(t, "["+at(-30, lon, lat)+","+at(-20, lon, lat)+","+at(28800, lon, lat)+"]").into(t, 200, &answer)
	if err := v.deps.Devices.WriteHealth(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := v.ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin := v.signIn(t, string(auth.Administrator), password)
	var list struct{ Devices []tracking.DeviceHealth }
	v.call(t, "GET", "/api/v1/devices?freshness=live", "", "Cookie", admin).into(t, 200, &list)
	if len(list.Devices) != 1 || list.Devices[0].Stored != 2 || list.Devices[0].Refused != 1 || list.Devices[0].Raw == nil || list.Devices[0].Reasons["future"] != 1 {
		t.Fatalf("devices %+v", list.Devices)
	}
	if list.Devices[0].Protocol == nil || *list.Devices[0].Protocol != "http" {
		t.Errorf("protocol %v", list.Devices[0].Protocol)
	}
	path := "/api/v1/devices/" + id(list.Devices[0].ID)
	var d deviceDetail
	v.call(t, "GET", path, "", "Cookie", admin).into(t, 200, &d)
	if len(d.Refusals) != 1 || d.Refusals[0].Reason != "future" || d.RefusedReason == nil || *d.RefusedReason != "future" || d.ClockOffsetS == nil {
		t.Errorf("device %+v", d)
	}
	v.call(t, "PATCH", path, `{"clock_ahead_s":28800,"interval_s":30}`, "Cookie", admin, "Idempotency-Key", "a key for the change 1").into(t, 200, &d)
	if d.ClockAheadS != 28800 || d.IntervalS == nil || *d.IntervalS != 30 {
		t.Errorf("changed %+v", d)
	}
	if n := v.count(t, `select count(*) from event where type = 'device.changed' and unit_id is not null and actor like 'person:%'`); n != 1 {
		t.Errorf("%d records of the change", n)
	}
	if d.SuggestedS == nil || *d.SuggestedS != 0 { // two of its three fixes came in at once
		t.Errorf("suggested %v for a right clock that was just set to %d", d.SuggestedS, d.ClockAheadS)
	}
	v.call(t, "POST", path+"/settle-conflict", `{}`, "Cookie", admin, "Idempotency-Key", "a key for the settling").into(t, 200, &d)
	if n := v.count(t, `select count(*) from event where type = 'device.conflict_settled'`); n != 1 {
		t.Errorf("%d records of the settling", n)
	}
	if n := v.count(t, `select count(*) from event where data::text like '%jj_\_%'`); n != 0 {
		t.Errorf("%d events with a key", n)
	}
}

func TestSuggestedClock(t *testing.T) {
	const nothing = -1
	for _, c := range []struct {
		offset      float64
		ahead, want int
	}{
		{-28799, 0, 28800},       // a clock in Beijing time
		{-28799, 28800, nothing}, // that is known
		{-3, 0, nothing},         // a right clock
		{-3, 28800, 0},           // one that was put right afterwards
		{3601, 3600, -3600},      // an hour behind, held to be an hour ahead
		{-28799, 27000, 28800},   // a quarter too little
		{-500, 0, nothing},       // off by something that is no zone
	} {
		got := nothing
		if s := suggestedClock(&c.offset, c.ahead); s != nil {
			got = *s
		}
		if got != c.want {
			t.Errorf("offset %v, set %d: %d, want %d", c.offset, c.ahead, got, c.want)
		}
	}
	if suggestedClock(nil, 0) != nil {
		t.Error("suggested without an offset")
	}
}

// A unit that gets another terminal gets another name; the passphrase of an app changes with it, and is told to nobody.
func TestDeviceIsRenamed(t *testing.T) {
	v := newService(t)
	v.holdDevices(t)
	admin := v.signIn(t, string(auth.Administrator), password)
	device, err := v.deps.Devices.ByKey(t.Context(), v.device)
	if err != nil {
		t.Fatal(err)
	}
	path, n := "/api/v1/devices/"+id(device.ID), 0
	change := func(body string) answer {
		t.Helper()
		n++
		return v.call(t, "PATCH", path, body, "Cookie", admin, "Idempotency-Key", fmt.Sprintf("a key for the change %d", n))
	}
	var d deviceDetail
	change(`{"names":[{"protocol":"gt06","ident":"0123456789012345"},{"protocol":"http","ident":"van"}],"passphrase":"swordfish"}`).into(t, 200, &d)
	if fmt.Sprint(d.Names) != "[gt06:123456789012345 http:van]" {
		t.Errorf("names %v", d.Names)
	}
	renamed, err := v.deps.Devices.ByName(t.Context(), "http", "van")
	if err != nil || renamed.ID != device.ID || renamed.Login.Passphrase != "swordfish" {
		t.Errorf("%+v, %v", renamed, err)
	}
	change(`{"label":"van"}`).into(t, 200, &d)
	if len(d.Names) != 2 || d.Label != "van" {
		t.Errorf("what was left out has changed: %+v", d)
	}
	change(`{"names":[{"protocol":"gt06","ident":"no digits"}]}`).want(t, 422, "validation")
	change(`{"names":[{"protocol":"http","ident":"bus"}]}`).into(t, 200, &d)
	if _, err := v.deps.Devices.ByName(t.Context(), "http", "bus"); err != nil { // and looks at what has changed
		t.Fatal(err)
	}
	if _, err := v.deps.Devices.ByName(t.Context(), "gt06", "123456789012345"); !errors.Is(err, tracking.ErrUnknownDevice) {
		t.Errorf("the old name: %v", err)
	}
	if _, _, err := tracking.AddDevice(t.Context(), v.db.Pool, tracking.Device{UnitID: device.UnitID}, tracking.Name{Protocol: "http", Ident: "taken"}); err != nil {
		t.Fatal(err)
	}
	change(`{"names":[{"protocol":"http","ident":"taken"}]}`).want(t, 409, "device_name_taken")
	change(`{"names":[],"passphrase":""}`).into(t, 200, &d)
	if len(d.Names) != 0 {
		t.Errorf("names %v", d.Names)
	}
	if n := v.count(t, `select count(*) from event where type = 'device.changed' and data::text like '%gt06%' and data::text not like '%swordfish%'`); n != 1 {
		t.Errorf("%d records of the new name", n)
	}
	if n := v.count(t, `select count(*) from event where data::text like '%swordfish%'`); n != 0 {
		t.Errorf("%d records with the passphrase", n)
	}
	if n := v.count(t, `select count(*) from device where passphrase is not null`); n != 0 {
		t.Errorf("%d passphrases left", n)
	}
}

// The last message of an app is on the page, and what it says, but no key and no password.
func TestDevicePageShowsMessagesOfApps(t *testing.T) {
	v := newService(t)
	v.holdDevices(t)
	admin := v.signIn(t, string(auth.Administrator), password)
	device, err := v.deps.Devices.ByKey(t.Context(), v.device)
	if err != nil {
		t.Fatal(err)
	}
	page := func() (d deviceDetail) {
		t.Helper()
		if err := v.deps.Devices.WriteHealth(t.Context()); err != nil {
			t.Fatal(err)
		}
		v.call(t, "GET", "/api/v1/devices/"+id(device.ID), "", "Cookie", admin).into(t, 200, &d)
		if d.Protocol == nil || d.Raw == nil || *d.Raw == "" || strings.Contains(*d.Raw, v.device) || strings.Contains(*d.Raw, "secret") {
			t.Fatalf("last message %v, %v", d.Protocol, d.Raw)
		}
		return d
	}
	says := func(d deviceDetail, protocol string) {
		t.Helper()
		var m describe.Message
		if err := json.Unmarshal(d.Decoded, &m); err != nil || *d.Protocol != protocol || len(m.Fixes) != 1 || m.Fixes[0].Lat != lat {
			t.Errorf("%s is decoded as %s, %v", *d.Raw, d.Decoded, err)
		}
	}
	v.call(t, "GET", "/in/osmand?id="+v.device+"&"+osmAndQuery(-30, "&batt=80"), "")
	d := page()
	says(d, "osmand")
	if d.Stored != 1 || d.BatteryPct == nil || *d.BatteryPct != 80 {
		t.Errorf("device %+v", d)
	}
	v.clock.Add(2000)
	v.call(t, "POST", "/in/owntracks/"+v.device, fmt.Sprintf(`{"_type":"location","lat":%v,"lon":%v,"tst":%d}`, lat, lon, start.Unix()-10))
	says(page(), "owntracks")
	v.clock.Add(2000)
	v.call(t, "POST", "/in/owntracks/"+v.device, `{"_type":"dump","configuration":{"_type":"configuration","password":"secret"}}`)
	page()
}

// A gateway speaks for devices of every branch: an administrator below the root has no business there.
func TestGatewaysBelongToTheRoot(t *testing.T) {
	v := newService(t)
	admin := v.signIn(t, string(auth.Administrator), password)
	var gateways struct{ Gateways []tracking.Gateway }
	v.call(t, "POST", "/api/v1/gateways", `{"label":"x"}`, "Cookie", admin, "Idempotency-Key", "a key for the gateway").want(t, 403, "forbidden")
	if _, err := v.db.Pool.Exec(t.Context(), `update person set org_id = (select id from org where level = 'province') where role = 'administrator'`); err != nil {
		t.Fatal(err)
	}
	var g newGateway
	v.call(t, "POST", "/api/v1/gateways", `{"label":"市局平台"}`, "Cookie", admin, "Idempotency-Key", "a key for the gateway").into(t, 201, &g)
	v.call(t, "GET", "/api/v1/gateways", "", "Cookie", admin).into(t, 200, &gateways)
	if len(gateways.Gateways) != 1 || gateways.Gateways[0].ID != g.GatewayID || !tracking.IsGatewayKey(g.Key) {
		t.Errorf("gateways %+v, key %q", gateways.Gateways, g.Key)
	}
	if _, err := v.db.Pool.Exec(t.Context(), `update person set org_id = (select id from org where level = 'county' limit 1) where role = 'administrator'`); err != nil {
		t.Fatal(err)
	}
	v.call(t, "GET", "/api/v1/gateways", "", "Cookie", admin).into(t, 200, &gateways)
	if len(gateways.Gateways) != 0 {
		t.Errorf("a county sees %+v", gateways.Gateways)
	}
	if n := v.count(t, `select count(*) from event where type = 'gateway.added' and data::text not like '%jjg%'`); n != 1 {
		t.Errorf("%d records of the gateway", n)
	}
}
