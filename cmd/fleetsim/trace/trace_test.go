package trace

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"jiujin/geo/datum"
)

func TestReadTakesTheUsualHeadings(t *testing.T) {
	tr, err := Read(strings.NewReader("trip_id,vehicle_id,ts_unix,lat_gcj02,lon_gcj02,occupied\nd1,7,1408836180,30.7584,104.117269,1\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if tr.Datum != datum.GCJ02 || len(tr.Rows) != 1 {
		t.Fatalf("datum %s, %d rows", tr.Datum, len(tr.Rows))
	}
	r := tr.Rows[0]
	if r.Vehicle != "7" || !r.At.Equal(time.Unix(1408836180, 0)) || r.Lat != 30.7584 || r.Lon != 104.117269 || r.Occupied == nil || !*r.Occupied || r.SpeedKmh != nil {
		t.Errorf("row %+v", r)
	}
}

func TestReadKnowsTimesAndUnits(t *testing.T) {
	shanghai, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	want := time.Date(2017, 3, 21, 5, 0, 31, 0, time.UTC)
	for text, zone := range map[string]*time.Location{
		"1490072431":                nil,
		"2017-03-21T00:00:31-05:00": nil,
		"2017-03-21 05:00:31":       nil,
		"2017-03-21 13:00:31":       shanghai,
	} {
		tr, err := Read(strings.NewReader("car,when,y,x,speed\na,"+text+",1,2,10\n"), Options{
			Columns: map[string]string{"vehicle": "car", "time": "when", "lat": "y", "lon": "x"}, Zone: zone, SpeedUnit: "mph",
		})
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if r := tr.Rows[0]; !r.At.Equal(want) || r.SpeedKmh == nil || *r.SpeedKmh != 16.09344 {
			t.Errorf("%s: %v, speed %v", text, r.At, r.SpeedKmh)
		}
	}
}

func TestReadNamesWhatIsWrong(t *testing.T) {
	const head = "vehicle_id,ts_unix,lat,lon,occupied\n"
	for text, want := range map[string]string{
		"vehicle_id,ts_unix,lat\n":      "no heading for lon",
		head + "a,1,2,3,0\nb,x,2,3,0\n": "line 3: time \"x\"",
		head + "a,1,NaN,3,0\n":          "line 2: latitude: \"NaN\"",
		head + "a,1,2,3,maybe\n":        "line 2: occupied",
		head + ",1,2,3,0\n":             "line 2: no vehicle",
		head + "a,1,2\n":                "wrong number of fields",
		"":                              "headings",
		strings.Replace(head, "lon", "east", 1) + "a,1,2,": "no heading for lon",
	} {
		_, err := Read(strings.NewReader(text), Options{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if _, err := Read(strings.NewReader(head), Options{SpeedUnit: "furlongs"}); err == nil {
		t.Error("an unknown unit of speed is taken")
	}
	if _, err := Read(strings.NewReader(head), Options{Columns: map[string]string{"altitude": "z"}}); err == nil {
		t.Error("an unknown field is taken")
	}
}

func TestStagesKeepTheOrderOfTheFile(t *testing.T) {
	at := func(s int64) time.Time { return time.Unix(s, 0) }
	tr := Trace{Rows: []Row{{Vehicle: "a", At: at(5)}, {Vehicle: "b", At: at(1)}, {Vehicle: "c", At: at(9)}, {Vehicle: "d", At: at(4)}, {Vehicle: "e", At: at(2)}}}
	var got []string
	for _, stage := range tr.Stages([]time.Time{at(2), at(5)}) {
		names := ""
		for _, r := range stage {
			names += r.Vehicle
		}
		got = append(got, names)
	}
	if strings.Join(got, " ") != "be ad c" {
		t.Errorf("stages %q", got)
	}
	if n := tr.Distinct(); n != 5 {
		t.Errorf("%d different rows, want 5", n)
	}
	tr.Rows = append(tr.Rows, tr.Rows[0])
	if n := tr.Distinct(); n != 5 {
		t.Errorf("%d different rows after a repetition, want 5", n)
	}
	if first, last := tr.Span(); !first.Equal(at(1)) || !last.Equal(at(9)) {
		t.Errorf("span %v to %v", first, last)
	}
}

func TestExpectedFiles(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	stats, err := ReadStats(write("s.csv", "vehicle_id,pings,first_ts,last_ts,distance_m,occupied_distance_m,max_gap_s,same_second_pairs,steps_over_200kmh,pickups\n"+
		"abboip,1380,1211267046,1211353164,507513.0,209208.5,5713,2,5,43\n"))
	if err != nil || len(stats) != 1 || stats[0] != (Stats{
		Vehicle: "abboip", Pings: 1380, First: time.Unix(1211267046, 0).UTC(), Last: time.Unix(1211353164, 0).UTC(),
		Metres: 507513, OccupiedMetres: 209208.5, LongestGapS: 5713, SameSecondPairs: 2, FastSteps: 5, Pickups: 43,
	}) {
		t.Errorf("stats %+v, %v", stats, err)
	}
	events, err := ReadCrossings(write("f.csv", "vehicle_id,ts_unix,event\noasthul,1211267047,enter\n"))
	if err != nil || len(events) != 1 || events[0] != (Crossing{"oasthul", time.Unix(1211267047, 0).UTC(), "enter"}) {
		t.Errorf("events %+v, %v", events, err)
	}
	queries, err := ReadQueries(write("q.jsonl", `{"query":3,"ts_unix":10,"lat":1,"lon":2,"max_age_s":120,"nearest_any":[{"vehicle_id":"a","metres":1.5,"age_s":2}],"nearest_free":[]}`+"\n"))
	if err != nil || len(queries) != 1 || queries[0].Number != 3 || queries[0].Any[0] != (Near{"a", 1.5, 2}) {
		t.Errorf("queries %+v, %v", queries, err)
	}
	snapshots, err := ReadSnapshots(write("e.json", `{"snapshots":[{"at_unix":100,"last_known":[["2014",90,30.2,-97.8,10]]}]}`))
	if err != nil || len(snapshots) != 1 || snapshots[0].Known[0] != (Place{"2014", time.Unix(90, 0).UTC(), -97.8, 30.2}) {
		t.Errorf("snapshots %+v, %v", snapshots, err)
	}
	for name, read := range map[string]func(string) error{
		"stats":     func(p string) error { _, err := ReadStats(p); return err },
		"events":    func(p string) error { _, err := ReadCrossings(p); return err },
		"queries":   func(p string) error { _, err := ReadQueries(p); return err },
		"snapshots": func(p string) error { _, err := ReadSnapshots(p); return err },
	} {
		if err := read(write("broken", "a,b\n{")); err == nil {
			t.Errorf("%s takes a file that is none", name)
		}
	}
}
