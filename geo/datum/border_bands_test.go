package datum

import (
	"testing"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/planar"
	"pgregory.net/rapid"
)

// The bands say what the whole ring says.
func TestBands(t *testing.T) {
	inside := 0
	rapid.Check(t, func(t *rapid.T) {
		p := orb.Point{rapid.Float64Range(73.4, 135.1).Draw(t, "lon"), rapid.Float64Range(17.8, 53.6).Draw(t, "lat")}
		want := planar.RingContains(china, p)
		if got := inBands(p); got != want {
			t.Fatalf("%v: %v, want %v", p, got, want)
		}
		if want {
			inside++
		}
	})
	for _, band := range chinaBands {
		if len(band) == 0 {
			t.Error("a band without edges")
		}
	}
	if inside == 0 {
		t.Error("no point was inside")
	}
}
