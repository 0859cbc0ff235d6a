package main

import (
	"strings"
	"testing"

	"jiujin/geo/datum"
	"jiujin/geo/retailer"
)

// What holds a list is said with what to do about it.
func TestHeldListsSayWhy(t *testing.T) {
	datums := retailer.Mixed{Given: datum.WGS84, Rows: map[datum.Datum]int{datum.GCJ02: 257}}
	for _, c := range []struct {
		report       retailer.Report
		with, absent string
	}{
		{retailer.Report{Held: []string{"closing"}, Had: 258, Closed: 119}, "lacks 119 of the 258 licences", "--datum"},
		{retailer.Report{Held: []string{"mixed_datum"}, Mixed: datums}, "257 of those that can be told seem to be in GCJ02: if so, run it again with --datum GCJ02", "lacks"},
		{retailer.Report{Held: []string{"mixed_datum"}, Mixed: retailer.Mixed{Given: datum.GCJ02}}, "in GCJ02 throughout", "--datum"},
		{retailer.Report{Held: []string{"closing", "mixed_datum"}, Mixed: datums}, "lacks 0 of the 0", "\n"},
	} {
		got := held(c.report).Error()
		if !strings.Contains(got, c.with) || strings.Contains(got, c.absent) || !strings.HasSuffix(got, "--confirm") {
			t.Errorf("%+v: %s", c.report, got)
		}
	}
}
