package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"jiujin/cmd/fleetsim/trace"
	"jiujin/geo/datum"
)

// replayCmd is fleetsim replay. Its fields are the flags.
type replayCmd struct {
	target
	File      string            `required:"" type:"existingfile" help:"Recorded positions: CSV with headings, .gz or plain."`
	Columns   map[string]string `mapsep:"," help:"field=heading where the usual headings do not fit; fields are vehicle, time, lat, lon, speed, occupied."`
	SpeedUnit string            `default:"" enum:",km/h,m/s,mph,kn" help:"Of the file's speeds; without it they are left out."`
	Datum     string            `default:"auto" enum:"auto,WGS84,GCJ02,BD09,CGCS2000" help:"To declare for the devices; auto = what the headings say."`
	TZ        string            `name:"tz" default:"UTC" help:"Zone of times that have no offset."`
	Protocol  string            `default:"http" enum:"http,gateway,osmand,jt808" help:"How the positions are sent: http, osmand and jt808 by a device for each vehicle, gateway by one for all."`
	Terminals string            `default:"127.0.0.1:6808" help:"Address of the JT/T 808 listener."`
	Speed     float64           `default:"60" help:"Times as fast as recorded, by the service's own clock; 0 = as fast as possible, then start the service's clock at the end of the file."`
	Late      time.Duration     `default:"2h" help:"How far the service's clock may be past the first row when the replay begins."`

	ExpectStats     string `type:"existingfile" help:"Per vehicle: fixes, metres, gaps, as the history must tell them."`
	ExpectNearest   string `type:"existingfile" help:"Queries with the nearest vehicles at their moments."`
	ExpectFence     string `type:"existingfile" help:"Events of a rectangle around the airport of San Francisco."`
	ExpectSnapshots string `type:"existingfile" help:"Last known position of every vehicle at some instants."`

	ExpectRoads        string  `type:"existingfile" help:"OpenStreetMap file (PBF): the stored tracks must lie on its roads."`
	RoadsWithin        float64 `default:"6" help:"The most that the median of the distances to the roads may be, in metres."`
	ExpectDatumWarning string  `enum:",none,WGS84,GCJ02,BD09" default:"" help:"The datum that devices should be said to send, in place of the declared one; none = no warning."`
}

// Run replays and prints, as JSON, what was sent and then each comparison. A difference is an error.
func (c *replayCmd) Run(ctx context.Context) error {
	r, err := newReplay(ctx, c)
	if err != nil {
		return err
	}
	err = r.run(ctx)
	out := json.NewEncoder(os.Stdout)
	out.SetIndent("", " ")
	err = errors.Join(err, out.Encode(r.sent.totals()))
	different := 0
	for _, v := range r.verdicts {
		err = errors.Join(err, out.Encode(v))
		different += v.Differences
	}
	if different > 0 {
		err = errors.Join(err, fmt.Errorf("%d differences from what is expected", different))
	}
	return err
}

// replay is one file on its way to the service.
type replay struct {
	flags     *replayCmd
	trace     trace.Trace
	api       *api
	admin     *person
	units     map[string]*replayed // by the file's name of the vehicle
	names     map[int64]string     // the vehicle of a unit
	gateway   string               // key, when the flags ask for one
	sent      *sent
	stops     []stop
	snapshots []trace.Snapshot // expected
	verdicts  []*verdict
}

// stop is something to be done when all rows up to a moment are with the service.
type stop struct {
	at time.Time
	do func(ctx context.Context) error
}

// verdict compares what the service says with what is expected.
type verdict struct {
	Check       string   `json:"check"`
	Expected    int      `json:"expected"` // how many things were compared
	Same        int      `json:"same"`
	Swapped     int      `json:"swapped,omitempty"` // in another order, but as far away within the tolerance
	Differences int      `json:"differences"`
	WorstM      float64  `json:"worst_metres_off"`  // of the things that were taken as the same
	WorstPart   float64  `json:"worst_part_off"`    // the same as a part of the distance
	First       []string `json:"first,omitempty"`   // differences; the first 20
	Note        string   `json:"note,omitempty"`    // what was compared in another way than the file says
	Details     any      `json:"details,omitempty"` // figures of the check
}

const differencesShown = 20

func (v *verdict) differ(format string, args ...any) {
	v.Differences++
	if len(v.First) < differencesShown {
		v.First = append(v.First, fmt.Sprintf(format, args...))
	}
}

// off notes by how much a distance that counts as the same is off.
func (v *verdict) off(got, want float64) {
	d := max(got-want, want-got)
	v.WorstM = max(v.WorstM, round(d, 1000))
	if want > 0 && d > 0.01 { // files give two decimals
		v.WorstPart = max(v.WorstPart, round(d/want, 1e6))
	}
}

// tolerance is how much a distance may be off: half a percent, which is what an ellipsoid and a sphere differ by, and
// half of the last digit in the files.
func tolerance(want float64) float64 { return want*0.005 + 0.06 }

func newReplay(ctx context.Context, c *replayCmd) (*replay, error) {
	creds, err := readCredentials(c.Credentials)
	if err != nil {
		return nil, err
	}
	zone, err := time.LoadLocation(c.TZ)
	if err != nil {
		return nil, fmt.Errorf("--tz: %w", err)
	}
	t, err := trace.Open(c.File, trace.Options{Columns: c.Columns, Zone: zone, SpeedUnit: c.SpeedUnit})
	if err != nil {
		return nil, err
	}
	if len(t.Rows) == 0 {
		return nil, fmt.Errorf("%s holds no rows", c.File)
	}
	if c.Datum != "auto" {
		t.Datum = datum.Datum(c.Datum)
	}
	r := &replay{flags: c, trace: t, api: newAPI(c.URL, newMeasure(time.Now())), units: map[string]*replayed{}, names: map[int64]string{}, sent: newSent()}
	if r.admin, err = r.api.inspector(creds); err != nil {
		return nil, err
	}
	return r, r.expectations()
}

// expectations reads the expected files and plans the stops at which they are compared.
func (r *replay) expectations() error {
	c := r.flags
	if c.ExpectNearest != "" {
		if err := r.planNearest(c.ExpectNearest); err != nil {
			return err
		}
	}
	if c.ExpectSnapshots != "" {
		if err := r.planSnapshots(c.ExpectSnapshots); err != nil {
			return err
		}
	}
	slices.SortStableFunc(r.stops, func(a, b stop) int { return a.at.Compare(b.at) })
	return nil
}

// run draws the fence, registers the vehicles, feeds the file with its stops, and compares.
func (r *replay) run(ctx context.Context) error {
	var fence *fenceCheck
	if r.flags.ExpectFence != "" { // first: it is watched a moment after it is made
		var err error
		if fence, err = r.drawFence(ctx); err != nil {
			return err
		}
	}
	if err := r.register(ctx); err != nil {
		return err
	}
	if err := r.feed(ctx); err != nil {
		return err
	}
	return r.conclude(ctx, fence)
}

// conclude makes the comparisons that need the whole file. The live map is compared when the file is in the service's
// own datum, for the others would be compared with a conversion, and by protocols that tell what was refused.
func (r *replay) conclude(ctx context.Context, fence *fenceCheck) error {
	if err := r.settle(ctx); err != nil {
		return err
	}
	for _, check := range []struct {
		asked bool
		do    func(context.Context) error
	}{
		{r.trace.Datum == datum.WGS84 && (r.flags.Protocol == "http" || r.flags.Protocol == "gateway"), r.checkNewest},
		{r.flags.ExpectStats != "", r.checkStats},
		{len(r.snapshots) > 0, r.lookBack},
		{fence != nil, func(ctx context.Context) error { return fence.check(ctx, r) }},
		{r.flags.ExpectRoads != "", r.checkRoads},
		{r.flags.ExpectDatumWarning != "", r.checkDatums},
	} {
		if !check.asked {
			continue
		}
		if err := check.do(ctx); err != nil {
			return err
		}
	}
	return nil
}
