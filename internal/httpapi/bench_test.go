package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"jiujin/dispatch"
)

// BenchmarkTakeFixes posts batches of 256 positions of one device and waits for each to be durable.
func BenchmarkTakeFixes(b *testing.B) {
	v := newService(b)
	const batch = 256
	client := &http.Client{Transport: http.DefaultTransport}
	next := start.Add(-20 * 24 * time.Hour)
	b.ReportAllocs()
	for b.Loop() {
		var body strings.Builder
		for range batch {
			next = next.Add(time.Second)
			fmt.Fprintf(&body, `{"fixed_at":%d,"lon":117.97,"lat":28.45,"speed_kmh":30,"heading_deg":90}`+"\n", next.UnixMilli())
		}
		r, err := http.NewRequest("POST", v.url+"/api/v1/fixes", strings.NewReader(body.String()))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+v.device)
		response, err := client.Do(r)
		if err != nil {
			b.Fatal(err)
		}
		var a fixesAnswer
		err = json.NewDecoder(response.Body).Decode(&a)
		response.Body.Close()
		if err != nil || a.Stored != batch {
			b.Fatalf("%+v, %v", a, err)
		}
	}
	b.ReportMetric(float64(batch*b.N)/b.Elapsed().Seconds(), "fixes/s")
}

// BenchmarkSnapshot reads and encodes the first message of a board of 1,000 units.
func BenchmarkSnapshot(b *testing.B) {
	v := newService(b)
	if _, err := v.db.Pool.Exec(b.Context(), `insert into unit (org_id, call_sign, plate)
		select $1, '云稽' || (1000 + n), '赣E' || (10000 + n) from generate_series(1, 999) n`, v.county.ID); err != nil {
		b.Fatal(err)
	}
	var bytes int
	b.ReportAllocs()
	for b.Loop() {
		snap, err := v.snapshot(b.Context(), v.db.Pool, v.county.Path, 1)
		if err != nil || len(snap.Units) != 1000 {
			b.Fatalf("%d units, %v", len(snap.Units), err)
		}
		bytes = len(message("snapshot", snap).Data)
	}
	b.ReportMetric(float64(bytes), "bytes")
}

// BenchmarkEncodeSnapshot is the encoding alone.
func BenchmarkEncodeSnapshot(b *testing.B) {
	at, heading := start, 90.0
	x, y := lon, lat
	units := make([]dispatch.UnitView, 1000)
	for i := range units {
		units[i] = dispatch.UnitView{
			ID: int64(i), CallSign: fmt.Sprintf("云稽%03d", i), Kind: "vehicle", Plate: "赣E12345", Crew: 2, Squad: "一中队",
			Duty: dispatch.DutyAvailable, Lon: &x, Lat: &y, HeadingDeg: &heading, SpeedKmh: &heading, FixedAt: &at, Freshness: "live",
		}
	}
	b.ReportAllocs()
	for b.Loop() {
		message("snapshot", snapshot{Seq: 1, Units: units})
	}
}
