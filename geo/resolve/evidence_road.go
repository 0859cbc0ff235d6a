package resolve

import "slices"

func (j *judge) roads(e *evidence) {
	for i := range e.parts.roads {
		own := &e.parts.roads[i]
		nats := float64(min(j.r.rarity(j.r.roads[hash(own.name)]), mostName/2))
		fit, as := j.roadInText(own), (*road)(nil)
		for k := range j.q.parts.roads {
			other := &j.q.parts.roads[k]
			if f := j.roadFit(own.name, other.name); f > 0 && f >= fit {
				fit, as = f, other
				e.value[segmentDiffers] = segmentsDiffer(own.segment, other.segment)
			}
		}
		if as != nil {
			for k := as.end - min(len(own.name), len(as.name)); k < as.end+len(as.segment); k++ {
				j.used[k], j.road[k] = true, true
			}
		}
		if fit*nats > e.value[roadNats] {
			e.value[roadNats], e.road, e.value[roadSlip] = fit*nats, own, 0
			if fit < surelyRoad {
				e.value[roadNats], e.value[roadSlip] = fit*nats/2, 1
			}
		}
	}
	if e.road == nil && len(e.parts.roads) > 0 && len(j.q.parts.roads) > 0 {
		e.value[roadDiffers] = 1
	}
}

// roadInText looks for a road in the whole text, for words without a boundary where it begins. Without its last unit, 路 or
// 街, the words can as well be a name: they are not taken from it.
func (j *judge) roadInText(own *road) float64 {
	weights, total := j.weights(own.name, j.r.inAddress)
	share := j.al.align(own.name, weights, j.q.us, j.q.skip, nil) / total
	if share < 0.85 || len(own.name) < 3 {
		return 0
	}
	j.use()
	if last := j.al.agreed[len(j.al.agreed)-1]; isOneOf([]unit{last}, roadUnits) {
		for _, i := range j.al.at {
			j.road[i] = true
		}
	}
	return float64(share)
}

// surelyRoad is the least fit of two roads that agree but for their sound; less is a slip.
const surelyRoad = 0.75

// roadFit says how well two roads agree, from the end on: 1 when one ends with the other, less when they only sound alike
// or differ by a slip, 0 when they are two roads.
func (j *judge) roadFit(a, b []unit) float64 {
	if len(a) < len(b) {
		a, b = b, a
	}
	if sidesDiffer(a[len(a)-len(b):], b) {
		return 0
	}
	sum, slips, telling := 0.0, 0, 0
	for i := 1; i <= len(b); i++ {
		x, y := a[len(a)-i], b[len(b)-i]
		switch {
		case x.key == y.key:
			sum++
		case x.sound == y.sound && !tellsRoads(x) && !tellsRoads(y):
			sum += soundCredit
		default:
			slips++
			continue
		}
		if tells(y) {
			telling++
		}
	}
	switch {
	case slips > 0:
		share := max(j.slipShare(a, b), j.slipShare(b, a))
		return max(min(share, surelyRoad-0.01)-0.45, 0) / (surelyRoad - 0.46) * 0.6
	case telling == 0:
		return 0
	}
	return sum / float64(len(b))
}

// slipShare is how much of a road another one holds; 0 when nothing of it tells roads apart.
func (j *judge) slipShare(a, b []unit) float64 {
	weights, total := j.weights(a, j.r.inAddress)
	share := j.al.align(a, weights, b, nil, nil) / total
	if !slices.ContainsFunc(j.al.agreed, tells) {
		return 0
	}
	return float64(share)
}

// tells says whether u is no side, no number and no word for a road.
func tells(u unit) bool { return !tellsRoads(u) && !isOneOf([]unit{u}, roadUnits) }

// tellsRoads says whether u is a side or a number, in which roads of one name differ.
func tellsRoads(u unit) bool { return u.number() || isOneOf([]unit{u}, directions) }

// sidesDiffer says whether both roads have sides or numbers, and not the same.
func sidesDiffer(a, b []unit) bool {
	only := func(us []unit) (out []unit) {
		for _, u := range us {
			if tellsRoads(u) {
				out = append(out, u)
			}
		}
		return out
	}
	x, y := only(a), only(b)
	return len(x) > 0 && len(y) > 0 && !same(x, y)
}

// directions are units in which roads of one name differ.
var (
	directions = wordsOf("东", "西", "南", "北", "中", "上", "下", "前", "后", "内", "外", "横", "正")
	roadUnits  = wordsOf("路", "街", "道", "大", "巷")
)

func segmentsDiffer(a, b []unit) float64 {
	if len(a) > 0 && len(b) > 0 && !same(a, b) {
		return 1
	}
	return 0
}
