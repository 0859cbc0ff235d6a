package dispatch_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/dispatch"
)

// Both kinds of servers are asked in their language.
func TestExternalTables(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/table/v1/driving/104.060000,30.570000;104.070000,30.580000;104.080000,30.590000":
			if r.URL.RawQuery != "destinations=0&sources=1;2&annotations=duration,distance" {
				t.Errorf("query %s", r.URL.RawQuery)
			}
			w.Write([]byte(`{"code":"Ok","durations":[[61.4],[125]],"distances":[[700.2],[1500]]}`))
		case "/sources_to_targets":
			var q struct {
				Sources []struct{ Lon, Lat float64 }
				Targets []struct{ Lon, Lat float64 }
			}
			if err := json.NewDecoder(r.Body).Decode(&q); err != nil || len(q.Sources) != 2 || len(q.Targets) != 1 || q.Targets[0].Lon != 104.06 {
				t.Errorf("%+v, %v", q, err)
			}
			w.Write([]byte(`{"sources_to_targets":[[{"time":61,"distance":0.7002}],[{"time":125,"distance":1.5}]]}`))
		default:
			t.Errorf("asked for %s", r.URL.Path)
		}
	}))
	defer server.Close()
	for _, kind := range []string{"osrm", "valhalla"} {
		x := &dispatch.ExternalETA{URL: server.URL + "/", Kind: kind, Now: time.Now}
		got, err := x.ETAs(t.Context(), orb.Point{104.06, 30.57}, []orb.Point{{104.07, 30.58}, {104.08, 30.59}})
		if err != nil || len(got) != 2 || got[0].Travel != 61*time.Second || int(got[0].Metres) != 700 || got[1].Travel != 125*time.Second || got[1].Basis != "external" {
			t.Errorf("%s: %+v, %v", kind, got, err)
		}
	}
}

// A server that fails is left alone, tried again, and used again.
func TestExternalBreaker(t *testing.T) {
	var asked atomic.Int64
	answer := atomic.Pointer[string]{}
	broken, unroutable, sound := "{", `{"durations":[[null]]}`, `{"durations":[[5]]}`
	answer.Store(&broken)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.Write([]byte(*answer.Load()))
	}))
	defer server.Close()
	now := start
	x := &dispatch.ExternalETA{URL: server.URL, Kind: "osrm", Now: func() time.Time { return now }}
	ask := func() error {
		_, err := x.ETAs(t.Context(), scene, []orb.Point{scene})
		return err
	}
	for range 3 {
		if err := ask(); err == nil || errors.Is(err, dispatch.ErrExternalRests) {
			t.Errorf("a broken answer: %v", err)
		}
	}
	if err := ask(); !errors.Is(err, dispatch.ErrExternalRests) || asked.Load() != 3 {
		t.Errorf("after three failures: %v, asked %d times", err, asked.Load())
	}
	now = now.Add(31 * time.Second)
	answer.Store(&unroutable)
	if err := ask(); err == nil || asked.Load() != 4 {
		t.Errorf("a second try: %v, asked %d times", err, asked.Load())
	}
	if err := ask(); !errors.Is(err, dispatch.ErrExternalRests) {
		t.Errorf("after the failed try: %v", err)
	}
	now = now.Add(31 * time.Second)
	answer.Store(&sound)
	for range 2 {
		if err := ask(); err != nil {
			t.Error(err)
		}
	}
}

// A server that does not answer costs no more than the time allowed.
func TestExternalTimeout(t *testing.T) {
	gone := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-gone:
		}
	}))
	defer server.Close()
	defer close(gone)
	x := &dispatch.ExternalETA{URL: server.URL, Kind: "osrm", Now: time.Now, Timeout: time.Millisecond}
	c := newCounty(t, 2)
	c.service.External = x
	tk := c.report(t, 1)
	got, err := c.service.Candidates(t.Context(), c.db.Pool, &tk, c.db.Now())
	if err != nil || len(got) != 2 || got[0].ETABasis != "straight_line" {
		t.Errorf("%+v, %v", got, err)
	}
}
