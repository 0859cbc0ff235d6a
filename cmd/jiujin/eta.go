package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"os"

	"github.com/paulmach/orb"

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
	net, err := road.ReadOSM(ctx, c.PBF)
	if err != nil {
		return fmt.Errorf("%s: %w", c.PBF.Name(), err)
	}
	if !profile.Turns {
		net.Turns = nil
	}
	graph, err := road.Build(net)
	if err != nil {
		return fmt.Errorf("%s: %w", c.PBF.Name(), err)
	}
	w := wayfinder{graph: graph, clock: graph.Seconds(profile, c.Hour)}
	w.by = w.clock
	if c.By == "metres" {
		w.by = graph.Metres()
	}
	return w.answerLines(ctx, os.Stdin, os.Stdout)
}

// wayfinder answers lines.
type wayfinder struct {
	graph     *road.Graph
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
	in := bufio.NewReaderSize(r, 64<<10)
	for ctx.Err() == nil {
		line, tooLong, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 && !tooLong {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read standard input: %w", err)
		}
		if line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))); len(line) == 0 && !tooLong {
			continue
		}
		var answer any
		if tooLong {
			err = fmt.Errorf("the line has more than %d bytes", lineMax)
		} else {
			answer, err = w.answer(line)
		}
		if err != nil {
			answer = map[string]string{"error": err.Error()}
		}
		text, err := json.Marshal(answer)
		if err != nil {
			return err
		}
		if _, err := out.Write(append(text, '\n')); err != nil {
			return fmt.Errorf("write standard output: %w", err)
		}
	}
	return ctx.Err()
}

func (w *wayfinder) answer(line []byte) (any, error) {
	var q struct{ From, To []float64 }
	if err := json.Unmarshal(line, &q); err != nil {
		return nil, errors.New(`the line is no JSON object such as {"from":[104.06,30.57],"to":[104.10,30.60]}`)
	}
	ends := [2]road.Snap{}
	for i, p := range [2][]float64{q.From, q.To} {
		name := [2]string{"from", "to"}[i]
		if len(p) != 2 || math.Abs(p[0]) > 180 || math.Abs(p[1]) > 90 {
			return nil, fmt.Errorf("%s: not a point [longitude, latitude] in degrees", name)
		}
		var err error
		if ends[i], err = w.graph.Snap(orb.Point{p[0], p[1]}); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	path, err := w.by.Path(ends[0], ends[1], w.clock)
	if err != nil {
		return nil, err
	}
	a := etaAnswer{
		Metres: toMilli(float64(path.Metres)), Seconds: toMilli(path.Seconds), Path: path.Nodes,
		FromM: toMilli(float64(ends[0].Off)), ToM: toMilli(float64(ends[1].Off)), FromWay: ends[0].Way, ToWay: ends[1].Way,
	}
	if a.Path == nil {
		a.Path = []int64{}
	}
	return a, nil
}

func toMilli(v float64) float64 { return math.Round(v*1000) / 1000 }
