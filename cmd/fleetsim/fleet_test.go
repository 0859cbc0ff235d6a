package main

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"jiujin/internal/town"
)

// townCredentials are those of a demo of the county, with one device.
func townCredentials() credentials {
	c := credentials{Seed: 1, Counties: 1, Password: "x"}
	t := town.Generate(town.Options{Seed: c.Seed, Counties: c.Counties})
	for _, u := range t.Users {
		who := struct {
			Login string `json:"login"`
			Role  string `json:"role"`
			Unit  string `json:"unit"`
		}{Login: u.Login, Role: string(u.Role)}
		if u.Unit >= 0 {
			who.Unit = t.Units[u.Unit].CallSign
		}
		c.Users = append(c.Users, who)
	}
	c.Users[0].Role = "administrator"
	c.Devices = append(c.Devices, struct {
		UnitID   int64  `json:"unit_id"`
		CallSign string `json:"call_sign"`
		Index    int    `json:"index"`
		Key      string `json:"key"`
	}{UnitID: 1, CallSign: t.Units[0].CallSign})
	return c
}

// A service that takes connections and never answers holds up the end of a run no longer than a dead one.
func TestRunEndsWithoutTheService(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, address := range map[string]string{"dead": "127.0.0.1:1", "silent": silent.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			f, err := newFleet(&runCmd{target: target{URL: "http://" + address}, Rate: time.Second}, townCredentials())
			if err != nil {
				t.Fatal(err)
			}
			f.alive = 100 * time.Millisecond
			if err := f.ledger.fixes(1, []int64{1, 2, 3}); err != nil {
				t.Fatal(err)
			}
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			begun := time.Now()
			s, err := f.run(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if took := time.Since(begun); took > drainWithin/2 {
				t.Errorf("took %v", took)
			}
			if !strings.HasPrefix(s.NotCompared, "3 acknowledged fixes and 0 acknowledged steps could not be compared") {
				t.Errorf("the summary says %q", s.NotCompared)
			}
			if text := s.text(); !strings.Contains(text, s.NotCompared) || strings.Contains(text, "lost:") {
				t.Errorf("people are told:\n%s", text)
			}
		})
	}
}
