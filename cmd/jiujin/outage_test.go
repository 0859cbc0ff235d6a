package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"jiujin/cmd/fleetsim/terminal"
)

// freeze stops the processes of the private database where they are; thaw lets them go on. A frozen database is worse
// than a dead one: it takes connections and never answers.
func freeze(t *testing.T, dir string) (thaw func()) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "pg", "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	postmaster, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(postmaster, syscall.SIGSTOP); err != nil { // it makes no more backends
		t.Fatal(err)
	}
	backends, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", postmaster, postmaster))
	if err != nil {
		t.Fatal(err)
	}
	all := []int{postmaster}
	for _, field := range strings.Fields(string(backends)) {
		pid, err := strconv.Atoi(field)
		if err == nil {
			err = syscall.Kill(pid, syscall.SIGSTOP)
		}
		if err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatal(err)
		}
		all = append(all, pid)
	}
	thaw = func() {
		for _, pid := range all {
			_ = syscall.Kill(pid, syscall.SIGCONT) // it may have ended
		}
	}
	t.Cleanup(thaw)
	return thaw
}

// watch opens the live stream; the function that it returns reads on until the stream shows a unit at a place.
func (c *client) watch(ctx context.Context) (shown func(unitID int64, lon, lat float64)) {
	c.t.Helper()
	req, err := http.NewRequestWithContext(ctx, "GET", c.base+"/api/v1/live?view=board", nil)
	if err != nil {
		c.t.Fatal(err)
	}
	endless := http.Client{Jar: c.Jar}
	resp, err := endless.Do(req)
	if err != nil || resp.StatusCode != 200 {
		c.t.Fatalf("live stream: %+v, %v", resp, err)
	}
	c.t.Cleanup(func() { resp.Body.Close() })
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 64<<20)
	read := func(what string) {
		c.t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), what) {
				return
			}
		}
		c.t.Fatalf("the stream ended before it had %s: %v", what, lines.Err())
	}
	read("event: snapshot")
	return func(unitID int64, lon, lat float64) {
		c.t.Helper()
		read(fmt.Sprintf("[%d,%v,%v,", unitID, lon, lat))
	}
}

// While the database does not answer, devices are served over every protocol, the map moves and machines find the
// nearest unit. The server is killed before it has carried anything into the history; afterwards all of it is there, once.
func TestPositionsWhileTheDatabaseIsAway(t *testing.T) {
	dir := dataDir(t)
	p := start(t, dir, "demo", "--jt808-listen", "127.0.0.1:0")
	address := p.waitFor(regexp.MustCompile(`jt808=(127\.0\.0\.1:\d+)`))[1]
	creds := readCredentials(t, dir)
	byKey, byTerminal := creds.Devices[0], creds.Devices[1]
	admin := p.client()
	admin.signIn("admin", creds.Password)
	var gateway struct{ Key string }
	admin.call("POST", "/api/v1/gateways", map[string]string{"label": "control room"}, 201, &gateway)
	unit := terminal.Identity{
		Unit:         terminal.Unit{Phone: "13800001234"},
		Registration: terminal.Registration{Maker: "70111", Model: "TEST", TerminalID: "T000001", Plate: []byte("A00001")},
	}
	admin.call("POST", fmt.Sprintf("/api/v1/units/%d/devices", byTerminal.UnitID), map[string]any{
		"label": "vehicle unit", "kind": "jt808", "names": []map[string]string{{"protocol": "jt808", "ident": unit.Phone}},
	}, 201, nil)
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	link, err := terminal.Dial(ctx, address, &unit, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { link.Close() }()
	shown := admin.watch(ctx)
	thaw := freeze(t, dir)

	at := time.Now().UTC().Truncate(time.Second).Add(-10 * time.Second)
	c := p.client()
	post := func(c *client, second int, lon float64) {
		t.Helper()
		fix := map[string]any{"fixed_at": at.Add(time.Duration(second) * time.Second), "lon": lon, "lat": 29.9, "speed_kmh": 30}
		c.call("POST", "/api/v1/fixes", fix, 200, nil, "Authorization", "Bearer "+byKey.Key)
	}
	report := func(second int, lon float64) {
		t.Helper()
		body := terminal.Position{At: at.Add(time.Duration(second) * time.Second), Lon: lon, Lat: 29.95, SpeedKmh: 30}.Body()
		err := link.Exchange(ctx, []terminal.Outgoing{{ID: terminal.Location, Body: body}}, func(_ int, result byte) {
			if result != 0 {
				t.Errorf("the position was answered with %d", result)
			}
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	post(c, 0, 114.6)
	shown(byKey.UnitID, 114.6, 29.9)
	report(0, 114.7)
	shown(byTerminal.UnitID, 114.7, 29.95)
	link.Close()
	if link, err = terminal.Dial(ctx, address, &unit, nil); err != nil { // its code is in memory
		t.Fatalf("a terminal that connects anew: %v", err)
	}
	post(c, 1, 114.6001)
	shown(byKey.UnitID, 114.6001, 29.9)
	report(1, 114.7001)
	shown(byTerminal.UnitID, 114.7001, 29.95)
	var near struct {
		Units []struct {
			UnitID int64 `json:"unit_id"`
			Lon    float64
		}
	}
	c.call("GET", "/api/v1/units/near?lon=114.6&lat=29.9&k=2", nil, 200, &near, "Authorization", "Bearer "+gateway.Key)
	if n := near.Units; len(n) != 2 || n[0].UnitID != byKey.UnitID || n[0].Lon != 114.6001 || n[1].UnitID != byTerminal.UnitID || n[1].Lon != 114.7001 {
		t.Errorf("the nearest are %+v", n)
	}
	c.call("GET", "/healthz", nil, 200, nil)
	c.call("GET", "/readyz/intake", nil, 200, nil)
	p.kill()
	thaw()

	p = start(t, dir, "demo")
	admin = p.client()
	admin.signIn("admin", creds.Password)
	again := p.client()
	post(again, 1, 114.6001) // as a device does that heard no answer
	for _, id := range []int64{byKey.UnitID, byTerminal.UnitID} {
		var tally struct{ Fixes int }
		admin.call("GET", fmt.Sprintf("/api/v1/units/%d/history?from=%s&to=%s", id, at.Format(time.RFC3339), at.Add(time.Minute).Format(time.RFC3339)), nil, 200, &tally)
		if tally.Fixes != 2 {
			t.Errorf("unit %d has %d fixes in the history, want the 2 acknowledged ones", id, tally.Fixes)
		}
	}
	if err := p.stop(); err != nil {
		t.Fatalf("Ctrl-C: %v", err)
	}
}

// An exercise runs on a clock of its own, and says so.
func TestExerciseClock(t *testing.T) {
	begin := time.Now()
	p := start(t, dataDir(t), "serve", "--clock-start", "2026-03-01T06:00:00Z", "--clock-speed", "60")
	var first, second struct {
		Exercise   bool
		ServerTime time.Time `json:"server_time"`
	}
	c := p.client()
	read := func(into any) time.Time {
		c.call("GET", "/api/v1/config", nil, 200, into)
		return time.Now()
	}
	read(&first)
	earliest := time.Date(2026, 3, 1, 6, 0, 0, 0, time.UTC)
	if latest := earliest.Add(60 * time.Since(begin)); !first.Exercise || first.ServerTime.Before(earliest) || first.ServerTime.After(latest) {
		t.Errorf("%+v, want an exercise between %v and %v", first, earliest, latest)
	}
	from := time.Now()
	read(&second)
	for second.ServerTime.Sub(first.ServerTime) < time.Minute {
		read(&second)
	}
	if took := time.Since(from); took < time.Second/2 {
		t.Errorf("a minute of the exercise took %v", took)
	}
	if err := p.stop(); err != nil {
		t.Fatalf("Ctrl-C: %v\n%s", err, p.output())
	}
}
