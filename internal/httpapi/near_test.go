package httpapi

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// A gateway gets the vehicles of the store, exactly as the store names them, and no phone.
func TestVehiclesNear(t *testing.T) {
	v := newService(t)
	var gateway string
	if err := v.db.InTx(t.Context(), func(tx *pg.Tx) (err error) {
		_, gateway, err = tracking.AddGateway(t.Context(), tx, "platform")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	at := v.db.Now().UTC().Truncate(time.Second)
	for i := range int64(8) {
		f := tracking.Fix{
			UnitID: i + 1, DeviceID: 1, FixedAt: at.Add(time.Duration(i) * time.Second), ReceivedAt: at,
			Point: orb.Point{117.1 + 0.001*float64(i), 28.4}, Source: "jt808", Engaged: tracking.StateOf(i%2 == 0),
		}
		if i == 5 {
			f.Source = tracking.PhoneSource
		}
		if i == 7 {
			f.Engaged, f.SpeedKmh, f.HeadingDeg = tracking.Unsaid, tracking.Read(0), tracking.Read(12.5)
		}
		v.core.Positions.Update(f)
	}
	ask := func(query string) answer {
		return v.call(t, "GET", "/api/v1/units/near?"+query, "", "Authorization", "Bearer "+gateway)
	}
	for query, want := range map[string][]int64{
		"lon=117.1&lat=28.4&k=3":              {1, 2, 3},
		"lon=117.1&lat=28.4&k=3&free=true":    {2, 4, 8},
		"lon=117.1&lat=28.4":                  {1, 2, 3, 4, 5},
		"lon=117.1&lat=28.4&k=100":            {1, 2, 3, 4, 5, 7, 8},
		"lon=117.1&lat=28.4&k=100&free=false": {1, 2, 3, 4, 5, 7, 8},
		"lon=117.1&lat=28.4&k=2&since=" + at.Add(3*time.Second).Format(time.RFC3339): {4, 5},
	} {
		var got struct {
			Units []struct {
				UnitID     int64   `json:"unit_id"`
				DistanceM  float64 `json:"distance_m"`
				Lon, Lat   float64
				FixedAt    time.Time `json:"fixed_at"`
				SpeedKmh   *float64  `json:"speed_kmh"`
				HeadingDeg *float64  `json:"heading_deg"`
				Engaged    *bool     `json:"engaged"`
			}
		}
		ask(query).into(t, 200, &got)
		if len(got.Units) != len(want) {
			t.Fatalf("%s: %+v, want %v", query, got, want)
		}
		for i, u := range got.Units {
			n := want[i] - 1
			if u.UnitID != want[i] || u.Lon != 117.1+0.001*float64(n) || u.Lat != 28.4 || !u.FixedAt.Equal(at.Add(time.Duration(n)*time.Second)) ||
				u.DistanceM < 97*float64(n) || u.DistanceM > 99*float64(n) {
				t.Errorf("%s: unit %d is %+v", query, want[i], u)
			}
			if last := n == 7; last != (u.Engaged == nil) || last != (u.SpeedKmh != nil && *u.HeadingDeg == 12.5) || !last && *u.Engaged != (n%2 == 0) {
				t.Errorf("%s: unit %d is %+v", query, want[i], u)
			}
		}
	}
	for query, field := range map[string]string{
		"lat=28.4": "query.lon", "lon=117&lat=x": "query.lat", "lon=117&lat=91": "query.lon", "lon=NaN&lat=28": "query.lon",
		"lon=117&lat=28&k=0": "query.k", "lon=117&lat=28&k=101": "query.k", "lon=117&lat=28&free=maybe": "query.free",
		"lon=117&lat=28&since=today": "query.since", "lon=%zz": "query",
	} {
		if a := ask(query); a.status != 422 && a.status != 400 || !strings.Contains(string(a.body), fmt.Sprintf("%q", field)) {
			t.Errorf("%s: %d %s", query, a.status, a.body)
		}
	}
	v.call(t, "GET", "/api/v1/units/near?lon=117.1&lat=28.4", "", append(outsideAddress, "Authorization", "Bearer "+v.device)...).want(t, 401, "unknown_device")
	v.call(t, "GET", "/api/v1/units", "", append(outsideAddress, "Authorization", "Bearer "+gateway)...).want(t, 401, "not_signed_in")
}
