package main

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// ping is a row of a made-up recording.
type ping struct {
	cab      int
	at       int64
	lat, lon float64
	busy     bool
}

const (
	recordedCabs  = 12
	recordedPings = 80 // of each cab
	recordedFrom  = 1_211_266_800
)

// record makes up a recording: cabs that drive to and fro across the edge of the fence, in the order of the time.
// Coordinates have five decimals, as those of real recordings.
func record() []ping {
	rng := rand.New(rand.NewPCG(3, 5))
	var all []ping
	for cab := range recordedCabs {
		p := ping{cab: cab, at: recordedFrom + rng.Int64N(60), lat: 37.60 + 0.04*rng.Float64(), lon: -122.42 + 0.06*rng.Float64()}
		for range recordedPings {
			p.lat, p.lon = decimals(p.lat+0.008*(rng.Float64()-0.5)), decimals(p.lon+0.012*(rng.Float64()-0.5))
			p.busy = rng.Float64() < 0.4
			all = append(all, p)
			p.at += 1 + rng.Int64N(119)
		}
	}
	slices.SortStableFunc(all, func(a, b ping) int { return int(a.at - b.at) })
	return all
}

func decimals(v float64) float64 { return math.Round(v*1e5) / 1e5 }

// apart is the haversine of a sphere with the mean radius of the Earth, in metres.
func apart(a, b ping) float64 {
	rad := math.Pi / 180
	s := math.Pow(math.Sin((b.lat-a.lat)*rad/2), 2) + math.Cos(a.lat*rad)*math.Cos(b.lat*rad)*math.Pow(math.Sin((b.lon-a.lon)*rad/2), 2)
	return 2 * 6_371_008.8 * math.Asin(math.Sqrt(s))
}

// atAirport is the rectangle of the simulator's fence.
func atAirport(p ping) bool {
	return p.lat >= 37.61 && p.lat <= 37.626 && p.lon >= -122.405 && p.lon <= -122.378
}

// written are the files of a recording and of what is expected of it, all computed by going through the rows.
type written struct{ rows, stats, nearest, fence, snapshots string }

func write(t *testing.T, all []ping) written {
	t.Helper()
	dir := t.TempDir()
	put := func(name string, lines []string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	rows := []string{"vehicle_id,ts_unix,lat,lon,occupied"}
	for _, p := range all {
		busy := 0
		if p.busy {
			busy = 1
		}
		rows = append(rows, fmt.Sprintf("cab%02d,%d,%v,%v,%d", p.cab, p.at, p.lat, p.lon, busy))
	}
	stats := []string{"vehicle_id,pings,first_ts,last_ts,distance_m,occupied_distance_m,max_gap_s,same_second_pairs,steps_over_200kmh,pickups"}
	fence := []string{"vehicle_id,ts_unix,event"}
	for cab := range recordedCabs {
		s, f := expected(cab, all)
		stats, fence = append(stats, s), append(fence, f...)
	}
	moments := []int64{recordedFrom + 600, recordedFrom + 1700, recordedFrom + 2900}
	var snapshots []any
	var nearest []string
	for i, at := range moments {
		last := lastOf(all, at)
		var known []any
		for _, p := range last {
			known = append(known, []any{fmt.Sprintf("cab%02d", p.cab), p.at, p.lat, p.lon, at - p.at})
		}
		snapshots = append(snapshots, map[string]any{"at_unix": at, "last_known": known})
		here := ping{lat: 37.62, lon: -122.39}
		line, err := json.Marshal(map[string]any{
			"query": i, "ts_unix": at, "lat": here.lat, "lon": here.lon, "max_age_s": 120,
			"nearest_any":  nearestOf(last, here, at, func(ping) bool { return true }),
			"nearest_free": nearestOf(last, here, at, func(p ping) bool { return !p.busy }),
		})
		if err != nil {
			t.Fatal(err)
		}
		nearest = append(nearest, string(line))
	}
	text, err := json.Marshal(map[string]any{"snapshots": snapshots})
	if err != nil {
		t.Fatal(err)
	}
	return written{put("rows.csv", rows), put("stats.csv", stats), put("nearest.jsonl", nearest), put("fence.csv", fence), put("snapshots.json", []string{string(text)})}
}

// expected goes through the rows of one cab: its line of figures, and its events at the fence.
func expected(cab int, all []ping) (stats string, fence []string) {
	mine := slices.DeleteFunc(slices.Clone(all), func(p ping) bool { return p.cab != cab })
	metres, busy := 0.0, 0.0
	var gap int64
	same, fast, pickups := 0, 0, 0
	for i := 1; i < len(mine); i++ {
		a, b := mine[i-1], mine[i]
		d, s := apart(a, b), b.at-a.at
		metres += d
		if a.busy {
			busy += d
		} else if b.busy {
			pickups++
		}
		gap = max(gap, s)
		if s == 0 {
			same++
		} else if d/float64(s)*3.6 > 200 {
			fast++
		}
		if atAirport(a) != atAirport(b) {
			kind := "exit"
			if atAirport(b) {
				kind = "enter"
			}
			fence = append(fence, fmt.Sprintf("cab%02d,%d,%s", cab, b.at, kind))
		}
	}
	return fmt.Sprintf("cab%02d,%d,%d,%d,%.1f,%.1f,%d,%d,%d,%d", cab, len(mine), mine[0].at, mine[len(mine)-1].at, metres, busy, gap, same, fast, pickups), fence
}

// lastOf is the last row of each cab up to a moment, by cab.
func lastOf(all []ping, at int64) []ping {
	var list []ping
	for cab := range recordedCabs {
		for i := len(all) - 1; i >= 0; i-- {
			if all[i].cab == cab && all[i].at <= at {
				list = append(list, all[i])
				break
			}
		}
	}
	return list
}

func nearestOf(last []ping, here ping, at int64, counts func(ping) bool) []any {
	near := slices.DeleteFunc(slices.Clone(last), func(p ping) bool { return p.at < at-120 || !counts(p) })
	slices.SortFunc(near, func(a, b ping) int { return int(math.Copysign(1, apart(a, here)-apart(b, here))) })
	list := []any{}
	for _, p := range near[:min(len(near), 5)] {
		list = append(list, map[string]any{"vehicle_id": fmt.Sprintf("cab%02d", p.cab), "metres": apart(p, here), "age_s": at - p.at})
	}
	return list
}

// A made-up recording goes through the real programs: what the service tells of it is what going through the rows tells.
func TestReplayOfARecording(t *testing.T) {
	fleetsim := filepath.Join(t.TempDir(), "fleetsim")
	if out, err := exec.Command("go", "build", "-o", fleetsim, "../fleetsim").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	files := write(t, record())
	dir := dataDir(t)
	end := time.Unix(recordedFrom+recordedPings*120, 0).UTC().Format(time.RFC3339)
	p := start(t, dir, "serve", "--clock-start", end, "--clock-speed", "1", "--top-speed-kmh", "0", "--region=-180,-90,180,90")
	secret := p.waitFor(regexp.MustCompile(`(?m)^    (\w{20,})$`))[1]
	c := p.client()
	c.signIn("admin", secret)
	c.call("POST", "/api/v1/session/password", map[string]string{"old_password": secret, "new_password": "harbour wind seven"}, 200, nil)
	creds := filepath.Join(dir, "credentials.json")
	if err := os.WriteFile(creds, []byte(`{"password":"harbour wind seven","users":[{"login":"admin","role":"administrator"}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"replay", "--url", p.url, "--credentials", creds, "--speed", "0", "--file", files.rows, "--expect-stats", files.stats}
	out, err := exec.Command(fleetsim, append(args, "--expect-nearest", files.nearest, "--expect-fence", files.fence, "--expect-snapshots", files.snapshots)...).CombinedOutput()
	if err != nil {
		t.Fatalf("replay: %v\n%s", err, out)
	}
	for _, check := range []string{`"check": "nearest"`, `"check": "history"`, `"check": "fence"`, `"check": "newest positions"`, `"check": "scene of `} {
		if !strings.Contains(string(out), check) {
			t.Errorf("the answer lacks %s:\n%s", check, out)
		}
	}
}
