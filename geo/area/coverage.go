package area

import (
	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Coverage says how the areas of squads fill a division on a day.
type Coverage struct {
	Code, Name string
	SquareKM   float64 // of the division
	// Covered is the share of it that some squad is responsible for, 0 to 1.
	Covered float64
	// Gaps are the parts of the division that belong to no squad, Overlaps those that belong to two; the largest first,
	// 200 of each at most. Of overlaps one squad at least is of the branch.
	Gaps, Overlaps []Part
	// Slivers counts gaps and overlaps that are nowhere as wide as the margin: borders that were drawn twice and do
	// not quite meet. Beside a border both squads are responsible anyway.
	Slivers int
}

// Part is a piece of a division.
type Part struct {
	Shape    orb.MultiPolygon
	SquareKM float64
	// Areas are the two that overlap; empty in a gap.
	Areas []Named
}

// Named is an area by its names.
type Named struct {
	ID          int64
	Name, Squad string
}

// Sought says what Covers looks at.
type Sought struct {
	Code   string // of the division
	Branch string // whose overlaps are told; "" = all
	Margin geo.Metres
}
