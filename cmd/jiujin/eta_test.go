package main

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/road"
)

// A line that cannot be answered says why, and the next is read.
func TestETALines(t *testing.T) {
	graph, err := road.Build(road.Net{
		Points: map[int64]orb.Point{1: {104, 30}, 2: {104.01, 30}, 3: {104.02, 30}},
		Ways:   []road.Way{{ID: 7, Class: road.Residential, Nodes: []int64{1, 2, 3}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := wayfinder{graph: graph, by: graph.Metres(), clock: graph.Seconds(road.CarBasicV1(), 0)}
	in := strings.Join([]string{
		`{"from":[104,30],"to":[104.02,30]}`,
		`{"from":[104.005,30.0001],"to":[104.006,30]}`,
		``,
		`{"from":[104.02,30],"within":1000}`,
		`{"at":[104.005,30]}`,
		`{"from":[104,30]}`,
		`{"from":[104,30],"to":[150,30]}`,
		`{"from":[104,30],"to":[1e400,30]}`,
		`[]`,
		`{"from":[104,30],"to":[104,30]}`,
		`{"from":[30,104],"to":[104,30]}`,
		`{"from":[104,30],"to":[30,30]}`,
		`{"at":[30,80]}`,
		`{"from":[NaN,30],"to":[104,30]}`,
		`{"from":[104,30,5],"to":[104,30]}`,
		`{"from":[104,30],"within":-1}`,
		`{"from":[204,30],"within":1}`,
	}, "\n")
	want := `{"metres":1925.956,"seconds":231.115,"from_m":0,"to_m":0,"from_way":7,"to_way":7,"path":[1,2,3]}
{"metres":96.298,"seconds":11.556,"from_m":11.12,"to_m":0,"from_way":7,"to_way":7,"path":[]}
{"error":"the line is blank"}
{"nodes":2,"farthest_m":962.978}
{"ways":[{"way":7,"metres":0}]}
{"error":"to: not a point [longitude, latitude] in degrees"}
{"error":"to: no road is near: none within 5000 m of 150.000000, 30.000000"}
{"error":"the line is no JSON object such as {\"from\":[104.06,30.57],\"to\":[104.10,30.60]}"}
{"error":"the line is no JSON object such as {\"from\":[104.06,30.57],\"to\":[104.10,30.60]}"}
{"metres":0,"seconds":0,"from_m":0,"to_m":0,"from_way":7,"to_way":7,"path":[1]}
{"error":"from: latitude 104 is beyond 90 degrees; longitude comes first"}
{"error":"to: no road is near: none within 5000 m of 30.000000, 30.000000"}
{"error":"at: no road is near: none within 5000 m of 30.000000, 80.000000"}
{"error":"the line is no JSON object such as {\"from\":[104.06,30.57],\"to\":[104.10,30.60]}"}
{"error":"from: not a point [longitude, latitude] in degrees"}
{"error":"within: less than nothing"}
{"error":"from: [204, 30] is not on earth"}
`
	var out bytes.Buffer
	if err := w.answerLines(t.Context(), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("answers\n%swant\n%s", out.String(), want)
	}
}

// Where latitude and longitude could be either, the hint comes from the roads.
func TestETALinesTheWrongWayRound(t *testing.T) {
	graph, err := road.Build(road.Net{
		Points: map[int64]orb.Point{1: {9.5, 47.1}, 2: {9.51, 47.1}},
		Ways:   []road.Way{{ID: 7, Class: road.Residential, Nodes: []int64{1, 2}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := wayfinder{graph: graph, by: graph.Metres(), clock: graph.Metres()}
	for _, line := range []string{`{"from":[47.1,9.5],"to":[9.5,47.1]}`, `{"at":[47.1,9.5]}`} {
		if _, err := w.answer([]byte(line)); err == nil || !strings.Contains(err.Error(), "longitude comes first") {
			t.Errorf("%s: %v", line, err)
		}
	}
}

// A file without roads becomes the map all the same; scripts are told line by line.
func TestFileWithoutRoads(t *testing.T) {
	file := filepath.Join("testdata", "lake.osm.pbf")
	eta := exec.Command(binary, "eta", "--pbf", file)
	eta.Stdin = strings.NewReader("{\"from\":[104,30],\"to\":[104,31]}\n\n")
	refused := `{"error":"the data hold no drivable road"}` + "\n"
	if out, err := eta.CombinedOutput(); err != nil || string(out) != refused+refused {
		t.Errorf("eta: %s, %v", out, err)
	}
	out, err := exec.Command(binary, "import", "osm", "--name", "东湖", file, "--data-dir", dataDir(t), "--log-level", "error").CombinedOutput()
	var report osmImport
	if err == nil {
		err = json.Unmarshal(out, &report)
	}
	if err != nil || report.Roads != 0 || report.Layers["water"] != 1 || report.Places != 1 || report.Graph.Nodes != 0 || report.Note != noRoads {
		t.Errorf("import: %s, %v", out, err)
	}
}
