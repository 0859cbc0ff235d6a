package resolve

import "math"

// closeNumber is how far apart the numbers of one shop may be in two lists.
const closeNumber = 6

// farNumber is the scale of numberFar: some hundred metres of a road.
const farNumber = 50

func (j *judge) numbers(e *evidence) {
	switch gap := numberGap(e.parts.numbers, j.q.parts.numbers, houseNo); {
	case gap < 0:
	case e.road == nil && len(e.parts.roads) > 0 && len(j.q.parts.roads) > 0:
		if gap == 0 {
			e.value[numberElsewhere] = 1
		}
	case e.road == nil:
		if gap == 0 {
			e.value[numberAlone] = 1
		}
	case gap == 0:
		e.value[numberAgrees] = 1
	case gap <= closeNumber:
		e.value[numberClose] = 1
	default:
		e.value[numberDiffers], e.value[numberFar] = 1, math.Log1p(float64(gap)/farNumber)
	}
	for _, kind := range []numberKind{subNo, building, floor, room} {
		switch gap := numberGap(e.parts.numbers, j.q.parts.numbers, kind); {
		case gap == 0:
			e.value[fineAgrees]++
		case gap > 0:
			e.value[fineDiffers]++
		}
	}
}

// numberGap is the least gap between the numbers of a kind in two addresses; -1 when one of them has none.
func numberGap(a, b []number, kind numberKind) int {
	best := -1
	for _, x := range a {
		for _, y := range b {
			if x.kind != kind || y.kind != kind {
				continue
			}
			if gap := max(x.low-y.high, y.low-x.high, 0); best < 0 || gap < best {
				best = gap
			}
		}
	}
	return best
}
