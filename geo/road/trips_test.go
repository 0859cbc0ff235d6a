package road_test

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"jiujin/geo"
	"jiujin/geo/road"
)

// TestLearnedFactorsHelp learns from half of the recorded trips of a city and looks at the other half, where the data are.
func TestLearnedFactorsHelp(t *testing.T) {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = filepath.Join("..", "..", "..", "shared", "data")
	}
	file, err := os.Open(filepath.Join(dir, "roads", "chengdu-2018.osm.pbf"))
	if err != nil {
		return
	}
	defer file.Close()
	net, err := road.ReadOSM(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	graph, err := road.Build(net)
	if err != nil {
		t.Fatal(err)
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
