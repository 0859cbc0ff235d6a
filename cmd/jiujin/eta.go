package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/road"
)

type etaCmd struct {
	PBF     *os.File `required:"" name:"pbf" help:"OpenStreetMap data in PBF (.osm.pbf)."`
	By      string   `enum:"metres,seconds" default:"seconds" help:"metres finds the shortest way, seconds the fastest."`
	Profile string   `default:"car-basic-v1" help:"car-basic-v1 (a speed per class of road) or car-duty-v1 (limits, restricted turns, hours)."`
	Hour    int      `default:"3" help:"Hour of the day, 0 to 23, for a profile whose speeds depend on it."`
}

// Run answers standard input line by line: {"from":[lon,lat],"to":[lon,lat]} in WGS-84 gets metres, seconds and the ids
// of the nodes on the way; a line that has no answer gets an error and the next is read.
func (c *etaCmd) Run(ctx context.Context) error {
	defer c.PBF.Close()
	if c.Hour < 0 || c.Hour > 23 {
		return fmt.Errorf("--hour %d is not 0 to 23", c.Hour)
	}
	profile, err := road.ParseProfile(c.Profile)
	if err != nil {
		return err
	}
	w := wayfinder{}
	switch w.graph, err = readGraph(ctx, c.PBF, profile.Turns); {
	case errors.Is(err, road.ErrEmpty): // each line is told
	case err != nil:
		return fmt.Errorf("%s: %w", c.PBF.Name(), err)
	default:
		w.clock = w.graph.Seconds(profile, c.Hour)
		w.by = w.clock
		if c.By == "metres" {
			w.by = w.graph.Metres()
		}
	}
	return w.answerLines(ctx, os.Stdin, os.Stdout)
}

// Help is shown under the usage.
func (*etaCmd) Help() string {
	return `A line {"from":[lon,lat],"to":[lon,lat]} gets metres, seconds and path (ids of nodes); {"from":[lon,lat],"within":600} the
nodes reached; {"at":[lon,lat]} the two nearest ways. Coordinates are WGS-84. Each line, blank ones too, gets one line; one
that has no answer gets {"error":"…"}, and the next is read.

Exit code: 0 when the input has ended, whatever the lines got; 1 when a flag is wrong, or the file or a stream cannot be
read or written.`
}

// wayfinder answers lines.
type wayfinder struct {
	graph     *road.Graph // nil: the file holds no roads
	by, clock *road.Metric
}

// etaAnswer is a line of output. FromM and ToM are how far the points lie off the road; they are not part of metres.
type etaAnswer struct {
	Metres  float64 `json:"metres"`
	Seconds float64 `json:"seconds"`
	FromM   float64 `json:"from_m"`
	ToM     float64 `json:"to_m"`
	FromWay int64   `json:"from_way"`
	ToWay   int64   `json:"to_way"`
	Path    []int64 `json:"path"`
}

func (w *wayfinder) answerLines(ctx context.Context, r io.Reader, out io.Writer) error {
	return answerLines(ctx, r, out, func(line []byte, err error) any {
		var answer any
		if err == nil {
			answer, err = w.answer(line)
		}
		if err != nil {
			return refusal(err)
		}
		return answer
	})
}

func (w *wayfinder) answer(line []byte) (any, error) {
	var q struct {
		From, To, At []float64
		Within       *float64
	}
	if w.graph == nil {
		return nil, road.ErrEmpty
	}
	if len(line) == 0 {
		return nil, errors.New("the line is blank")
	}
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, errors.New(`the line is no JSON object such as {"from":[104.06,30.57],"to":[104.10,30.60]}`)
	}
	if q.At != nil {
		return w.roadsAt(q.At)
	}
	from, err := w.snap("from", q.From)
	if err != nil {
		return nil, err
	}
	if q.Within != nil {
		return w.within(from, *q.Within)
	}
	to, err := w.snap("to", q.To)
	if err != nil {
		return nil, err
	}
	path, err := w.by.Path(from, to, w.clock)
	if err != nil {
		return nil, err
	}
	a := etaAnswer{
		Metres: toMilli(float64(path.Metres)), Seconds: toMilli(path.Seconds), Path: path.Nodes,
		FromM: toMilli(float64(from.Off)), ToM: toMilli(float64(to.Off)), FromWay: from.Way, ToWay: to.Way,
	}
	if a.Path == nil {
		a.Path = []int64{}
	}
	return a, nil
}

func point(name string, p []float64) (orb.Point, error) {
	switch {
	case len(p) != 2:
		return orb.Point{}, fmt.Errorf("%s: not a point [longitude, latitude] in degrees", name)
	case math.Abs(p[1]) > 90 && math.Abs(p[0]) <= 90:
		return orb.Point{}, fmt.Errorf("%s: latitude %v is beyond 90 degrees; longitude comes first", name, p[1])
	case math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90:
		return orb.Point{}, fmt.Errorf("%s: [%v, %v] is not on earth", name, p[0], p[1])
	}
	return orb.Point{p[0], p[1]}, nil
}

func (w *wayfinder) snap(name string, p []float64) (road.Snap, error) {
	at, err := point(name, p)
	if err != nil {
		return road.Snap{}, err
	}
	s, err := w.graph.Snap(at)
	if err != nil {
		return s, fmt.Errorf("%s: %w%s", name, err, w.swapped(at))
	}
	return s, nil
}

// swapped is a hint when a point that is nowhere near lies on the roads with latitude and longitude the other way round.
func (w *wayfinder) swapped(p orb.Point) string {
	if math.Abs(p[0]) > 90 {
		return ""
	}
	if _, err := w.graph.Snap(orb.Point{p[1], p[0]}); err != nil {
		return ""
	}
	return "; the other way round there is one: longitude comes first"
}

// within tells of the nodes that are reached for a cost, in the unit of --by.
func (w *wayfinder) within(from road.Snap, cost float64) (any, error) {
	if !(cost >= 0) {
		return nil, errors.New("within: less than nothing")
	}
	reached, far := w.by.Reach(from, road.Cost(cost)), geo.Metres(0)
	for _, n := range reached {
		far = max(far, geo.Distance(from.Point, n.Point))
	}
	return struct {
		Nodes     int     `json:"nodes"`
		FarthestM float64 `json:"farthest_m"`
	}{len(reached), toMilli(float64(far))}, nil
}

// roadsAt names the two ways nearest to a point, also such as lead nowhere.
func (w *wayfinder) roadsAt(p []float64) (any, error) {
	at, err := point("at", p)
	if err != nil {
		return nil, err
	}
	type near struct {
		Way    int64   `json:"way"`
		Metres float64 `json:"metres"`
	}
	list := []near{}
	for _, s := range w.graph.Roads(at, 2) {
		list = append(list, near{s.Way, toMilli(float64(s.Off))})
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("at: %w: none within %.0f m of %.6f, %.6f%s", road.ErrNoRoad, float64(road.SnapWithin), at[0], at[1], w.swapped(at))
	}
	return map[string][]near{"ways": list}, nil
}

func toMilli(v float64) float64 { return math.Round(v*1000) / 1000 }
