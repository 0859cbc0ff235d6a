package road_test

import (
	"compress/gzip"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/datum"
	"jiujin/geo/road"
)

// chengdu is the folder with the data, and the roads of the trips; nil where the data are not.
func chengdu(t *testing.T) (dir string, graph *road.Graph) {
	t.Helper()
	if dir = os.Getenv("JIUJIN_DATA"); dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	file, err := os.Open(filepath.Join(dir, "roads", "chengdu-2018.osm.pbf"))
	if err != nil {
		return dir, nil
	}
	defer file.Close()
	net, err := road.ReadOSM(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	if graph, err = road.Build(net); err != nil {
		t.Fatal(err)
	}
	return dir, graph
}

// TestLearnedFactorsHelp learns from half of the recorded trips of a city and looks at the other half, where the data are.
func TestLearnedFactorsHelp(t *testing.T) {
	dir, graph := chengdu(t)
	if graph == nil {
		return
	}
	for _, profile := range []road.Profile{road.CarBasicV1(), road.CarDutyV1()} {
		hours := map[int]*road.Metric{}
		byKind := map[string][]trip{}
		for _, r := range rows(t, filepath.Join(dir, "gps-traces", "chengdu-taxi-2014-08.expected-trips.csv")) {
			hour := time.Unix(id(t, r["start_ts"]), 0).In(time.FixedZone("CST", 8*3600)).Hour()
			if hours[hour] == nil {
				hours[hour] = graph.Seconds(profile, hour)
			}
			from, err := graph.Snap(at(t, r, "start_lon_wgs84", "start_lat_wgs84"))
			if err != nil {
				t.Fatal(err)
			}
			to, err := graph.Snap(at(t, r, "end_lon_wgs84", "end_lat_wgs84"))
			if err != nil {
				t.Fatal(err)
			}
			way := hours[hour].ToOne(to, []road.Snap{from})[0]
			vehicle, err := strconv.Atoi(r["vehicle_id"])
			if err != nil {
				t.Fatal(err)
			}
			trip := trip{
				Drive: road.Drive{To: to.Point, RoadS: float64(way.Cost), TookS: number(t, r["observed_duration_s"])}, learn: vehicle%2 == 0,
				straightS: float64(geo.Distance(from.Point, to.Point)) * 1.32 / 38 * 3.6,
			}
			// Taxis that look for a fare drive no way: the trips to learn from are those with one, and straight enough.
			byKind["all"] = append(byKind["all"], trip)
			if observed := number(t, r["observed_distance_m"]); observed <= 1.3*float64(way.Metres)+300 {
				byKind["direct"] = append(byKind["direct"], trip)
			}
			if number(t, r["occupied_share"]) == 1 {
				byKind["occupied"] = append(byKind["occupied"], trip)
			}
		}
		for _, kind := range []string{"all", "direct", "occupied"} {
			straight, before, after, f := tried(byKind[kind])
			t.Logf("%s, %s: learned from %d trips, median absolute error of %d others %.0f s by straight line, %.0f s by road, %.0f s with factors",
				profile.Name, kind, f.Drives, len(byKind[kind])-f.Drives, straight, before, after)
			if after >= before {
				t.Errorf("%s, %s: factors do not help", profile.Name, kind)
			}
		}
	}
}

type trip struct {
	road.Drive
	learn     bool
	straightS float64
}

// tried is the median absolute error over the trips that were not learned from, in seconds.
func tried(trips []trip) (straight, before, after float64, f road.Factors) {
	var drives []road.Drive
	for _, d := range trips {
		if d.learn {
			drives = append(drives, d.Drive)
		}
	}
	f = road.Learn(drives)
	var s, b, a []float64
	for _, d := range trips {
		if !d.learn {
			s = append(s, math.Abs(d.straightS-d.TookS))
			b = append(b, math.Abs(d.RoadS-d.TookS))
			a = append(a, math.Abs(d.RoadS*f.At(d.To)-d.TookS))
		}
	}
	return median(s), median(b), median(a), f
}

func median(list []float64) float64 {
	slices.Sort(list)
	return list[len(list)/2]
}

// TestSpeedsByHour compares the hours of the profile with the speeds that taxis with a passenger had from one fix to the next.
func TestSpeedsByHour(t *testing.T) {
	dir, graph := chengdu(t)
	if graph == nil {
		return
	}
	file, err := os.Open(filepath.Join(dir, "gps-traces", "chengdu-taxi-2014-08.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	list, err := csv.NewReader(text).ReadAll() // trip_id, vehicle_id, ts_unix, lat_gcj02, lon_gcj02, occupied
	if err != nil {
		t.Fatal(err)
	}
	free := graph.Seconds(road.CarBasicV1(), 0)
	var roadS, tookS [24]float64
	var pieces [24]int
	last := map[string][]string{} // fix of each trip
	for _, r := range list[1:] {
		before := last[r[0]]
		last[r[0]] = r
		if before == nil || before[5] != "1" || r[5] != "1" {
			continue
		}
		took := number(t, r[2]) - number(t, before[2])
		if took < 5 || took > 180 {
			continue
		}
		from, to := recorded(t, graph, before), recorded(t, graph, r)
		way := free.ToOne(to, []road.Snap{from})[0]
		if way.Metres > 1.3*geo.Distance(from.Point, to.Point)+50 {
			continue // put on the other side of the road
		}
		hour := (id(t, r[2])/3600 + 8) % 24
		roadS[hour], tookS[hour] = roadS[hour]+float64(way.Cost), tookS[hour]+took
		pieces[hour]++
	}
	share := func(from, to int) (share float64, n int) {
		road, took := 0.0, 0.0
		for h := from; h < to; h++ {
			road, took, n = road+roadS[h], took+tookS[h], n+pieces[h]
		}
		return road / took, n
	}
	evening, _ := share(23, 24)
	apart := 0.0 // of the hours that the service assumes
	for h := 7; h < 24; h++ {
		s, n := share(h, h+1)
		assumed := road.CarDutyV1().Hours[1][h]
		t.Logf("%2d h: %.2f of the free speed in %d pieces, %.2f of the late evening's; assumed %.2f", h, s, n, s/evening, assumed)
		if n < 300 {
			t.Errorf("%d h: %d pieces say little", h, n)
		}
		apart += math.Abs(s/evening-assumed) / 17
	}
	t.Logf("%.3f apart", apart)
	if apart > 0.1 {
		t.Error("the hours of the profile are not those of the trips")
	}
}

// recorded puts a fix on the roads; the recordings are in GCJ-02.
func recorded(t *testing.T, graph *road.Graph, fix []string) road.Snap {
	t.Helper()
	p, err := datum.ToWGS84(datum.GCJ02, orb.Point{number(t, fix[4]), number(t, fix[3])})
	if err != nil {
		t.Fatal(err)
	}
	s, err := graph.Snap(p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
