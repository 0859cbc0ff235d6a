package httpapi

import (
	"context"
	"log/slog"
	"testing"

	"jiujin/internal/auth"
	"jiujin/tracking"
)

// What a device sends and what became of it is on its page; a change there is heeded.
func TestDevicePage(t *testing.T) {
	v := newService(t)
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
	v.post(t, "["+at(-30, lon, lat)+","+at(-20, lon, lat)+","+at(28800, lon, lat)+"]").want(t, 200, "")
	if err := v.deps.Devices.WriteHealth(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := v.ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	admin := v.signIn(t, string(auth.Administrator), password)
	var list struct{ Devices []tracking.DeviceHealth }
	v.call(t, "GET", "/api/v1/devices?freshness=live", "", "Cookie", admin).into(t, 200, &list)
	if len(list.Devices) != 1 || list.Devices[0].Stored != 2 || list.Devices[0].Refused != 1 || list.Devices[0].Raw == nil {
		t.Fatalf("devices %+v", list.Devices)
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
	v.call(t, "POST", path+"/settle-conflict", `{}`, "Cookie", admin, "Idempotency-Key", "a key for the settling").into(t, 200, &d)
	var g newGateway
	v.call(t, "POST", "/api/v1/gateways", `{"label":"市局平台"}`, "Cookie", admin, "Idempotency-Key", "a key for the gateway").into(t, 201, &g)
	var gateways struct{ Gateways []tracking.Gateway }
	v.call(t, "GET", "/api/v1/gateways", "", "Cookie", admin).into(t, 200, &gateways)
	if len(gateways.Gateways) != 1 || gateways.Gateways[0].ID != g.GatewayID || !tracking.IsGatewayKey(g.Key) {
		t.Errorf("gateways %+v, key %q", gateways.Gateways, g.Key)
	}
}
