package main

import (
	"context"
	"fmt"
	"math"
	"net/url"
	"slices"
	"time"

	"jiujin/cmd/fleetsim/trace"
)

// planSnapshots looks at all units when every row up to an instant has been sent, in the order of the file.
func (r *replay) planSnapshots(path string) error {
	snapshots, err := trace.ReadSnapshots(path)
	if err != nil {
		return err
	}
	r.snapshots = snapshots
	for _, s := range snapshots {
		v := &verdict{Check: "last known positions at " + s.At.Format(time.RFC3339)}
		r.verdicts = append(r.verdicts, v)
		r.stops = append(r.stops, stop{at: s.At, do: func(ctx context.Context) error { return r.lookAround(ctx, s, v) }})
	}
	return nil
}

// lookAround compares where the live map has every vehicle.
func (r *replay) lookAround(ctx context.Context, want trace.Snapshot, v *verdict) error {
	var now struct {
		Units []unitView `json:"units"`
	}
	if err := r.admin.get(ctx, "/units", &now); err != nil {
		return err
	}
	got := map[string]trace.Place{}
	for _, u := range now.Units {
		name, ours := r.names[u.ID]
		if ours && u.Lon != nil && u.Lat != nil && u.FixedAt != nil {
			got[name] = trace.Place{Vehicle: name, At: *u.FixedAt, Lon: *u.Lon, Lat: *u.Lat}
		}
	}
	v.places(got, want.Known)
	return nil
}

// sceneOldest is how old a position may be to be shown in a scene of the past.
const sceneOldest = 30 * time.Minute

// lookBack compares the scenes of the past with the same instants, when later rows have long been stored.
func (r *replay) lookBack(ctx context.Context) error {
	for _, s := range r.snapshots {
		var scene struct {
			Units []struct {
				UnitID  int64      `json:"unit_id"`
				Lon     *float64   `json:"lon"`
				Lat     *float64   `json:"lat"`
				FixedAt *time.Time `json:"fixed_at"`
			} `json:"units"`
		}
		if err := r.admin.get(ctx, "/scene?"+url.Values{"at": {s.At.Format(time.RFC3339)}}.Encode(), &scene); err != nil {
			return err
		}
		got := map[string]trace.Place{}
		for _, u := range scene.Units {
			name, ours := r.names[u.UnitID]
			if ours && u.Lon != nil && u.Lat != nil && u.FixedAt != nil {
				got[name] = trace.Place{Vehicle: name, At: *u.FixedAt, Lon: *u.Lon, Lat: *u.Lat}
			}
		}
		young := slices.DeleteFunc(slices.Clone(s.Known), func(p trace.Place) bool { return s.At.Sub(p.At) >= sceneOldest })
		v := &verdict{Check: "scene of " + s.At.Format(time.RFC3339), Note: "positions of the half hour before"}
		r.verdicts = append(r.verdicts, v)
		v.places(got, young)
	}
	return nil
}

// sameDegrees is how far a coordinate may be off: what storing it in 10⁻⁷ degrees costs, about a centimetre.
const sameDegrees = 1e-7

// places compares by vehicle; one that is known but not expected is a difference as well.
func (v *verdict) places(got map[string]trace.Place, want []trace.Place) {
	v.Expected = len(want)
	expected := map[string]bool{}
	for _, w := range want {
		expected[w.Vehicle] = true
		g, ok := got[w.Vehicle]
		switch {
		case !ok:
			v.differ("%s has no position, expected one of %s", w.Vehicle, w.At.Format(time.RFC3339))
		case !g.At.Equal(w.At) || math.Abs(g.Lon-w.Lon) > sameDegrees || math.Abs(g.Lat-w.Lat) > sameDegrees:
			v.differ("%s", fmt.Sprintf("%s is at %v,%v of %s, expected %v,%v of %s",
				w.Vehicle, g.Lon, g.Lat, g.At.UTC().Format(time.RFC3339), w.Lon, w.Lat, w.At.Format(time.RFC3339)))
		default:
			v.Same++
		}
	}
	for name, g := range got {
		if !expected[name] {
			v.differ("%s has a position of %s, expected none", name, g.At.UTC().Format(time.RFC3339))
		}
	}
}
