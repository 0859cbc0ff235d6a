package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"slices"
	"time"

	"github.com/paulmach/orb"
)

// roadFigures are how far from the roads a fleet's stored positions are.
type roadFigures struct {
	MedianM  float64 `json:"median_m"`
	P95M     float64 `json:"p95_m"`
	Within15 float64 `json:"part_within_15_m"`
}

// checkRoads reads every vehicle's track, which is WGS-84 whatever the devices sent, and compares it with the roads of
// an OpenStreetMap file.
func (r *replay) checkRoads(ctx context.Context) error {
	m, err := readRoadmap(ctx, r.flags.ExpectRoads)
	if err != nil {
		return err
	}
	first, last := r.trace.Span()
	q := url.Values{"from": {first.Format(time.RFC3339)}, "to": {last.Add(time.Second).Format(time.RFC3339)}, "raw": {"true"}}.Encode()
	var metres []float64
	for _, name := range r.trace.Vehicles() {
		var track struct {
			Points [][]any `json:"points"` // lon, lat, …
		}
		if err := r.admin.get(ctx, fmt.Sprintf("/units/%d/track?%s", r.units[name].unitID, q), &track); err != nil {
			return err
		}
		for _, p := range track.Points {
			lon, okLon := p[0].(float64)
			lat, okLat := p[1].(float64)
			if !okLon || !okLat {
				return errors.New("a point of a track has no coordinates")
			}
			metres = append(metres, m.metres(orb.Point{lon, lat}))
		}
	}
	v := &verdict{Check: "tracks lie on the roads", Expected: r.sent.kept(r.trace)}
	r.verdicts = append(r.verdicts, v)
	v.roads(metres, r.flags.RoadsWithin)
	return nil
}

// roads judges the distances of the points to the roads.
func (v *verdict) roads(metres []float64, within float64) {
	v.Same = len(metres)
	if len(metres) != v.Expected {
		v.differ("%d points are in the tracks, %d were stored", len(metres), v.Expected)
	}
	if len(metres) == 0 {
		return
	}
	slices.Sort(metres)
	near, _ := slices.BinarySearch(metres, math.Nextafter(15, 16))
	f := roadFigures{
		MedianM: round(percentile(metres, 50), 10), P95M: round(min(percentile(metres, 95), 1e6), 10),
		Within15: round(float64(near)/float64(len(metres)), 1000),
	}
	v.Details = f
	if !(f.MedianM <= within) {
		v.differ("half of the points are more than %.1f m from a road, expected at most %.1f", f.MedianM, within)
	}
}
