package tracking

import (
	"context"
	"testing"
	"time"
)

// What becomes of records is counted apart and by reason, also over a write that fails.
func TestCountersOutliveAFailedWrite(t *testing.T) {
	d := newDesk(t).run(t)
	devices := running(t, d.db)
	_, key, err := AddDevice(t.Context(), d.db.Pool, Device{UnitID: d.devices[0].UnitID, Label: "车载"}, Name{"jt808", "013912345678"})
	if err != nil {
		t.Fatal(err)
	}
	dev := found(t)(devices.ByKey(t.Context(), key))
	send := func(first Status) {
		raws := drive(3)
		raws[1].NoFix = true
		raws[2].FixedAt = noon.Add(8 * time.Hour)
		raws[0].Vitals = &Vitals{BatteryPct: Read(80)}
		want(t, d.submit(t, *dev, raws...), first, Refused, Refused)
		devices.Heard(dev, noon, &Vitals{SignalPct: Read(50)})
		devices.Note(dev, noon, "jt808", func() string { return "7e7e" })
	}
	page := func() DeviceHealth {
		list, err := HealthOf(t.Context(), d.db.Pool, "", dev.ID, true, noon)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0]
	}
	send(Stored)
	if err := devices.WriteHealth(t.Context()); err != nil {
		t.Fatal(err)
	}
	before := page()
	send(Duplicate)
	broken, stop := context.WithCancel(t.Context())
	stop()
	if err := devices.WriteHealth(broken); err == nil {
		t.Fatal("a write without a database succeeded")
	}
	want(t, d.submit(t, *dev, drive(3)[0]), Duplicate)
	if err := devices.WriteHealth(t.Context()); err != nil {
		t.Fatal(err)
	}
	h := page()
	if h.Stored != 1 || h.Duplicate != 2 || h.Doubted != 0 || h.Refused != 4 || h.Reasons[NoFix] != 2 || h.Reasons[Future] != 2 || len(h.Reasons) != 2 {
		t.Errorf("counters %+v, before %+v", h, before)
	}
	if h.BatteryPct == nil || *h.BatteryPct != 80 || h.SignalPct == nil || *h.SignalPct != 50 || h.Raw == nil || *h.Raw != "7e7e" || *h.Protocol != "jt808" {
		t.Errorf("what it said %+v", h)
	}
}
