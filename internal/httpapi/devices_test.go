package httpapi

import (
	"context"
	"encoding/json"
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
	v.call(t, "POST", path+"/settle-conflict", `{}`, "Cookie", admin, "Idempotency-Key", "a key for the settling").into(t, 200, &d)
	if n := v.count(t, `select count(*) from event where type = 'device.conflict_settled'`); n != 1 {
		t.Errorf("%d records of the settling", n)
	}
	if n := v.count(t, `select count(*) from event where data::text like '%jj_\_%'`); n != 0 {
		t.Errorf("%d events with a key", n)
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
