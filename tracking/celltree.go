package tracking

import (
	"slices"

	"jiujin/geo"
)

// cellTree finds units by place: a leaf for every cell of geo.StoreRes that has
// units in it, under a node for every cell of resolution 6, 4, 2 and 0 that has
// leaves, under one root. A search that keeps away from branches that are too
// far needs no other knowledge of the grid, so that pentagons, the poles, the
// antimeridian and empty country are nothing special to it. What becomes empty
// goes away at once, its number to the next that comes.
type cellTree struct {
	leaves     []leaf
	nodes      []node // nodes[0] is the root
	leafAt     map[uint32]int32
	nodeAt     map[geo.Cell]int32
	freeLeaves []int32
	freeNodes  []int32
}

// leaf is a cell with units, and the core of the cell; see geo.Cell.Core.
type leaf struct {
	members []spot
	cell    geo.Cell
	parent  int32
	x, y, z float32
	core2   float32 // the square of its radius
}

// holds says whether v is in the core of the leaf's cell.
func (l *leaf) holds(v *geo.Vector) bool {
	x, y, z := v[0]-float64(l.x), v[1]-float64(l.y), v[2]-float64(l.z)
	return x*x+y*y+z*z < float64(l.core2)
}

// spot is where a unit is, to blur, and what else a search asks of most units.
type spot struct {
	x, y, z float32
	unit    uint32 // its place in the fleet, and flags
}

const (
	engagedFlag = 1 << 31
	phoneFlag   = 1 << 30 // its fix came from a person's phone
	spotFlags   = engagedFlag | phoneFlag

	// blur is no less than the chord that rounding to float32 moves a vector by:
	// 2⁻²⁵ along each axis. It is 0.4 m on the ground.
	blur = 6e-8
)

// place is the unit's place in the fleet.
func (m *spot) place() int32 { return int32(m.unit &^ spotFlags) }

// chord2 is the squared chord from v to m, whose root is right to blur.
func (m *spot) chord2(v *geo.Vector) float64 {
	x, y, z := v[0]-float64(m.x), v[1]-float64(m.y), v[2]-float64(m.z)
	return x*x + y*y + z*z
}

// node is a cell with cells in it.
type node struct {
	children []child
	cell     geo.Cell
	parent   int32
}

// child is a leaf, or a node two resolutions finer, and the centre of its cell.
type child struct {
	x, y, z float32
	at      int32
}

// topRes is the resolution of the root's children, nodeStep from there to the
// next, down to the leaves at geo.StoreRes.
const (
	topRes    = 0
	nodeStep  = 2
	leafDepth = (geo.StoreRes - topRes) / nodeStep // below the root's children
)

func (t *cellTree) init() {
	t.nodes = make([]node, 1)
	t.leafAt = make(map[uint32]int32)
	t.nodeAt = make(map[geo.Cell]int32)
}

// leafKey is the part of a cell that tells leaves apart.
func leafKey(c geo.Cell) uint32 { return uint32(c >> (3 * (geo.MaxRes - geo.StoreRes)) & (1<<31 - 1)) }

// leafOf is the leaf of a cell, made when there is none. v lies in the cell.
func (t *cellTree) leafOf(c geo.Cell, v geo.Vector) int32 {
	key := leafKey(c)
	if at, ok := t.leafAt[key]; ok {
		return at
	}
	parent := t.nodeOf(c, geo.StoreRes-nodeStep)
	at := take(&t.leaves, &t.freeLeaves)
	l := &t.leaves[at]
	l.cell, l.parent = c, parent
	centre, radius := c.Core(v)
	radius = max(0, radius-blur) // of a centre that is rounded
	l.x, l.y, l.z, l.core2 = float32(centre[0]), float32(centre[1]), float32(centre[2]), float32(radius*radius*(1-1e-6))
	t.leafAt[key] = at
	t.adopt(parent, centre, at)
	return at
}

// nodeOf is the node of the cell at a resolution that c descends from; below
// topRes it is the root.
func (t *cellTree) nodeOf(c geo.Cell, res int) int32 {
	if res < topRes {
		return 0
	}
	cell, err := c.Parent(res)
	if err != nil {
		return 0 // c is a cell of geo.StoreRes
	}
	if at, ok := t.nodeAt[cell]; ok {
		return at
	}
	parent := t.nodeOf(c, res-nodeStep)
	at := take(&t.nodes, &t.freeNodes)
	n := &t.nodes[at]
	n.cell, n.parent = cell, parent
	t.nodeAt[cell] = at
	t.adopt(parent, geo.VectorOf(cell.Centre()), at)
	return at
}

// take is a number that is free, in all made so far or one more.
func take[T any](all *[]T, free *[]int32) int32 {
	if n := len(*free); n > 0 {
		at := (*free)[n-1]
		*free = (*free)[:n-1]
		return at
	}
	var fresh T
	*all = append(*all, fresh)
	return int32(len(*all) - 1)
}

// adopt enters a cell, whose centre is v, among the children of a node.
func (t *cellTree) adopt(parent int32, v geo.Vector, at int32) {
	n := &t.nodes[parent]
	n.children = append(n.children, child{float32(v[0]), float32(v[1]), float32(v[2]), at})
}

// disown takes a child from a node, and the node away when it was the last.
func (t *cellTree) disown(parent, at int32) {
	n := &t.nodes[parent]
	for i := range n.children {
		if n.children[i].at == at {
			n.children = slices.Delete(n.children, i, i+1)
			break
		}
	}
	if len(n.children) > 0 || parent == 0 {
		return
	}
	delete(t.nodeAt, n.cell)
	t.disown(n.parent, parent)
	t.freeNodes = append(t.freeNodes, parent)
}

// prune takes away an empty leaf.
func (t *cellTree) prune(at int32) {
	l := &t.leaves[at]
	delete(t.leafAt, leafKey(l.cell))
	l.cell = 0
	t.disown(l.parent, at)
	if cap(l.members) > 4 {
		l.members = nil
	}
	t.freeLeaves = append(t.freeLeaves, at)
}

// push adds a member. Most cells keep their number of units, so there is
// little room to spare.
func (l *leaf) push(m spot) {
	if n := len(l.members); n == cap(l.members) {
		l.resize(n + 1 + n/4)
	}
	l.members = append(l.members, m)
}

// shrink gives room back when most of it is unused.
func (l *leaf) shrink() {
	if n := len(l.members); cap(l.members) > 4 && n < cap(l.members)/2 {
		l.resize(n + 1 + n/4)
	}
}

func (l *leaf) resize(room int) {
	members := make([]spot, len(l.members), room)
	copy(members, l.members)
	l.members = members
}
