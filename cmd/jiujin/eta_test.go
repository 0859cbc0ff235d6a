package main

import (
	"bytes"
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
	}, "\n")
	want := `{"metres":1925.956,"seconds":231.115,"from_m":0,"to_m":0,"from_way":7,"to_way":7,"path":[1,2,3]}
{"metres":96.298,"seconds":11.556,"from_m":11.12,"to_m":0,"from_way":7,"to_way":7,"path":[]}
{"nodes":2,"farthest_m":962.978}
{"ways":[{"way":7,"metres":0}]}
{"error":"to: not a point [longitude, latitude] in degrees"}
{"error":"to: no road is near: none within 5000 m of 150.000000, 30.000000"}
{"error":"the line is no JSON object such as {\"from\":[104.06,30.57],\"to\":[104.10,30.60]}"}
{"error":"the line is no JSON object such as {\"from\":[104.06,30.57],\"to\":[104.10,30.60]}"}
{"metres":0,"seconds":0,"from_m":0,"to_m":0,"from_way":7,"to_way":7,"path":[1]}
`
	var out bytes.Buffer
	if err := w.answerLines(t.Context(), strings.NewReader(in), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != want {
		t.Errorf("answers\n%swant\n%s", out.String(), want)
	}
}
