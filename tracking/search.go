package tracking

import (
	"math"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// A search works with chords, the straight lines through the Earth between
// points, in Earth radii: they need no trigonometry, and the longer chord is
// the longer way over the ground.
const (
	anywhere = 5     // more than any squared chord
	rounding = 1e-9  // covers what chords and distances differ by in rounding, relative
	tiny     = 1e-24 // and for the shortest ones, absolute
)

// extents are, by depth below the root, no less than the chord from the centre
// of a cell to any unit in it. On the plane of its face a point of a cell is at
// most a third of the square root of 3 spacings from the centre, and a cell's
// centre one spacing of its own resolution from that of its parent; across an
// edge between faces that is so on the unfolded plane. On the Earth all of it
// is shorter. The centres of children are rounded to 1e-7.
var extents = func() (extents [leafDepth + 1]float64) {
	extent := geo.Spacing(geo.StoreRes) * (1 / math.Sqrt2 / 1.2247448713915890) // 1/√3
	for depth := leafDepth; depth >= 0; depth-- {
		res := topRes + nodeStep*depth
		extents[depth] = float64(extent/geo.EarthRadius)*(1+rounding) + 1e-7
		extent += geo.Spacing(res) + geo.Spacing(res-1)
	}
	return extents
}()

// search looks for the units nearest to a point. The chords of spots are right to blur; so it gathers all units whose chord is
// at most 2 blur longer than the k-th shortest, and ranks those of them by their
// exact places in the end.
type search struct {
	from    geo.Vector
	k       int
	wanted  Wanted
	since   int64                  // µs since 1970
	chords2 []float64              // the k shortest squared chords to spots, shortest first
	worst   float64                // no unit with a longer squared chord to its spot can enter the list
	reach   float64                // no branch farther away holds such a unit
	spots   []gathered             // all that can enter the list, and some that could once
	best    []ranked               // at most k, nearest first
	home    geo.Cell               // the cell of the point, of the resolution of the leaves' parents
	bounds  [leafDepth + 1]float64 // by depth: the squared chord to the centre of a branch that may hold such a unit
	ahead   []branch               // a heap, the nearest first
	touched int64                  // see fleet.approach
}

// gathered is a unit that may belong in the list.
type gathered struct {
	chord2 float64 // to its spot
	unit   int32
}

// ranked is a unit in the list.
type ranked struct {
	chord2   float64
	distance geo.Metres // negative until somebody asks
	vector   geo.Vector
	id       int64
	unit     int32 // its place in the fleet
}

// branch is a leaf or node that may hold nearer units.
type branch struct {
	least float64 // no unit in it has a shorter chord
	at    int32
	depth int32 // below the root
}

func (q *search) begin(p orb.Point, k int, w Wanted) {
	var home geo.Cell
	q.from, home, _ = geo.VectorAndCell(p, geo.StoreRes) // p is on earth
	q.home, _ = home.Parent(geo.StoreRes - nodeStep)
	q.k, q.wanted = k, w
	q.since = math.MinInt64
	if !w.Since.IsZero() {
		q.since = w.Since.UnixMicro()
	}
	q.chords2, q.spots, q.best = q.chords2[:0], q.spots[:0], q.best[:0]
	q.reaches(anywhere * anywhere)
	q.ahead = q.ahead[:0]
}

// end forgets what belongs to the caller.
func (q *search) end() { q.wanted = Wanted{} }

// in searches the fleet and leaves the nearest units in best. It begins at home, the leaves around the point, which
// fill the list in most cases, so that of the rest few branches are worth a
// look.
func (q *search) in(fl *fleet) {
	home := int32(0) // which is the root, and so nobody's child
	if at, ok := fl.nodeAt[q.home]; ok {
		q.open(fl, &fl.nodes[at], leafDepth, home)
		q.follow(fl, home)
		home = at
	}
	q.open(fl, &fl.nodes[0], 0, home)
	q.follow(fl, home)
	q.settle(fl)
}

// follow looks into the branches ahead, the one that may be nearest first,
// until the list is full and no branch can hold a nearer unit. It leaves out
// one node above the leaves.
func (q *search) follow(fl *fleet, without int32) {
	for len(q.ahead) > 0 {
		b := q.pop()
		if b.least > q.reach {
			q.ahead = q.ahead[:0]
			return
		}
		if b.depth < leafDepth {
			q.open(fl, &fl.nodes[b.at], b.depth+1, without)
			continue
		}
		members := fl.leaves[b.at].members
		for i := range members {
			m := &members[i]
			if chord2 := m.chord2(&q.from); chord2 <= q.worst {
				q.gather(fl, m, chord2)
			}
		}
	}
}

// open puts the children of a node, which are at the given depth, ahead.
func (q *search) open(fl *fleet, n *node, depth, without int32) {
	extent, bound := extents[depth], q.bounds[depth]
	first := len(q.ahead)
	for i := range n.children {
		c := &n.children[i]
		if chord2 := c.chord2(&q.from); chord2 <= bound && (depth != leafDepth-1 || c.at != without) {
			q.ahead = append(q.ahead, branch{math.Sqrt(chord2) - extent, c.at, depth})
		}
	}
	q.approach(fl, q.ahead[first:], depth)
	for i := first; i < len(q.ahead); i++ {
		q.rise(i)
	}
}

// approach reads what following branches will need; see fleet.approach.
func (q *search) approach(fl *fleet, branches []branch, depth int32) {
	sum := int64(0)
	if depth < leafDepth {
		for i := range branches {
			sum += int64(fl.nodes[branches[i].at].children[0].at)
		}
	} else {
		for i := range branches {
			sum += int64(fl.leaves[branches[i].at].members[0].unit)
		}
	}
	q.touched += sum
}

// reaches sets how far the search looks: worst is the squared chord to the k-th
// nearest spot.
func (q *search) reaches(worst float64) {
	chord := math.Sqrt(worst) * (1 + rounding)
	q.worst, q.reach = (chord+2*blur)*(chord+2*blur), chord+blur
	for depth, extent := range extents {
		q.bounds[depth] = (q.reach + extent) * (q.reach + extent)
	}
}

// chord2 is the squared chord from v to the centre of c.
func (c *child) chord2(v *geo.Vector) float64 {
	x, y, z := v[0]-float64(c.x), v[1]-float64(c.y), v[2]-float64(c.z)
	return x*x + y*y + z*z
}

// gather keeps a unit for settle if it may belong in the list.
func (q *search) gather(fl *fleet, m *spot, chord2 float64) {
	if q.wanted.Free && m.unit&engagedFlag != 0 || q.wanted.Vehicles && m.unit&phoneFlag != 0 {
		return
	}
	unit := m.place()
	if q.since > math.MinInt64 && fl.mark(unit).fixed < q.since {
		return
	}
	if q.wanted.Keep != nil && !q.wanted.Keep(fl.id(unit)) {
		return
	}
	q.spots = append(q.spots, gathered{chord2, unit})
	at := len(q.chords2)
	for at > 0 && chord2 < q.chords2[at-1] {
		at--
	}
	switch {
	case at == q.k:
		return
	case len(q.chords2) == q.k:
		copy(q.chords2[at+1:], q.chords2[at:])
		q.chords2[at] = chord2
	default:
		q.chords2 = slices.Insert(q.chords2, at, chord2)
	}
	if len(q.chords2) == q.k {
		q.reaches(q.chords2[q.k-1])
	}
}

// settle enters the units gathered into the list, if they belong there. About
// the readings that come to nothing see fleet.approach.
func (q *search) settle(fl *fleet) {
	n := 0
	for _, g := range q.spots {
		if g.chord2 <= q.worst {
			q.spots[n] = g
			n++
			p, i := fl.page(g.unit)
			q.touched += p.ids[i] + int64(p.marks[i].leaf) + p.positions[i].deviceID
		}
	}
	for _, g := range q.spots[:n] {
		q.rank(fl, g.unit)
	}
}

// rank enters a unit into the list if it belongs there.
func (q *search) rank(fl *fleet, unit int32) {
	p, i := fl.page(unit)
	v := geo.VectorOf(p.positions[i].point)
	r := ranked{chord2: q.from.Chord2(v), distance: -1, vector: v, id: p.ids[i], unit: unit}
	at := len(q.best)
	for at > 0 && q.before(&r, &q.best[at-1]) {
		at--
	}
	if at == q.k {
		return
	}
	if len(q.best) == q.k {
		q.best = q.best[:q.k-1]
	}
	q.best = slices.Insert(q.best, at, r)
}

// before says that a comes before b in the list. Distances, which take longer
// to work out, are asked only where chords cannot tell.
func (q *search) before(a, b *ranked) bool {
	if gap := a.chord2 - b.chord2; math.Abs(gap) > b.chord2*rounding+tiny {
		return gap < 0
	}
	if da, db := a.metres(&q.from), b.metres(&q.from); da != db {
		return da < db
	}
	return a.id < b.id
}

// metres is how far the unit is from a point.
func (r *ranked) metres(from *geo.Vector) geo.Metres {
	if r.distance < 0 {
		r.distance = from.Distance(r.vector)
	}
	return r.distance
}

// rise and pop keep ahead a heap. rise brings into it the i-th branch, which
// comes right behind it.
func (q *search) rise(i int) {
	h := q.ahead
	b := h[i]
	for i > 0 {
		up := (i - 1) / 2
		if h[up].least <= b.least {
			break
		}
		h[i] = h[up]
		i = up
	}
	h[i] = b
}

func (q *search) pop() branch {
	h := q.ahead
	top, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	q.ahead = h
	for i := 0; len(h) > 0; {
		down := 2*i + 1
		if down+1 < len(h) && h[down+1].least < h[down].least {
			down++
		}
		if down >= len(h) || h[down].least >= last.least {
			h[i] = last
			break
		}
		h[i] = h[down]
		i = down
	}
	return top
}

// within calls visit for every unit whose squared chord from a
// point is at most reach2, and for some that are a little farther.
func (fl *fleet) within(from *geo.Vector, reach2 float64, visit func(unit int32)) {
	reach := math.Sqrt(reach2)
	blurred2 := (reach + blur) * (reach + blur)
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		for i := range n.children {
			c := &n.children[i]
			if bound := reach + extents[depth]; c.chord2(from) > bound*bound {
				continue
			}
			if depth < leafDepth {
				walk(&fl.nodes[c.at], depth+1)
				continue
			}
			members := fl.leaves[c.at].members
			for i := range members {
				if m := &members[i]; m.chord2(from) <= blurred2 {
					visit(m.place())
				}
			}
		}
	}
	walk(&fl.nodes[0], 0)
}
