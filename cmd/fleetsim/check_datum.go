package main

import (
	"context"
	"fmt"
)

// datumFinding is what GET /devices/{id}/datum tells.
type datumFinding struct {
	Declared string `json:"declared"`
	Points   int    `json:"points"`
	Medians  []struct {
		Datum   string   `json:"datum"`
		MedianM *float64 `json:"median_m"`
	} `json:"medians"`
	Better  string `json:"better"`
	Warning string `json:"warning"`
}

// datumFigures count the devices by what was found of them.
type datumFigures struct {
	Silent int            `json:"too_few_moving_fixes"`
	Better map[string]int `json:"better"`
}

// datumShare is the part of the devices that must be found as expected: with few and scattered points a finding can be
// undecided.
const datumShare = 0.95

// checkDatums asks of every device whether its datum is declared rightly; "none" expects no warning.
func (r *replay) checkDatums(ctx context.Context) error {
	v := &verdict{Check: "datum warning: " + r.flags.ExpectDatumWarning}
	r.verdicts = append(r.verdicts, v)
	figures := datumFigures{Better: map[string]int{}}
	var undecided []string
	want := r.flags.ExpectDatumWarning
	if want == "none" {
		want = ""
	}
	for _, name := range r.trace.Vehicles() {
		var f datumFinding
		if err := r.admin.get(ctx, fmt.Sprintf("/devices/%d/datum", r.units[name].deviceID), &f); err != nil {
			return err
		}
		if len(f.Medians) == 0 {
			figures.Silent++
			continue
		}
		v.Expected++
		figures.Better[f.Better]++
		if f.Better != want {
			undecided = append(undecided, fmt.Sprintf("%s, declared %s: the track fits %q, expected %q; %s", name, f.Declared, f.Better, want, medians(f)))
			continue
		}
		v.Same++
	}
	v.Details = figures
	v.First = undecided[:min(len(undecided), differencesShown)]
	if share := float64(v.Same) / float64(max(v.Expected, 1)); share < datumShare {
		v.differ("%.3f of the devices are found as expected, at least %.2f should be", share, datumShare)
	}
	return nil
}

func medians(f datumFinding) string {
	text := fmt.Sprintf("%d points, medians", f.Points)
	for _, m := range f.Medians {
		if m.MedianM == nil {
			text += fmt.Sprintf(" %s none", m.Datum)
			continue
		}
		text += fmt.Sprintf(" %s %.1f m", m.Datum, *m.MedianM)
	}
	return text
}
