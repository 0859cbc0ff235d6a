package town

import (
	"math"
	"sort"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Distances, in km, that decide how drawn streets become a network.
const (
	snapKm    = 0.015 // junctions nearer than this are one
	besideKm  = 0.055 // a street does not run closer than this beside a guide street
	hashKm    = 0.12
	deadEndKm = 0.075 // shorter dead ends are dropped
)

// piece is an unbroken part of a street that is left after cutting.
type piece struct {
	street int
	pts    []vec
	startM float64 // from the start of the street, in metres
	cuts   []cut
}

// cut is a junction on a piece, at pos segments from its start.
type cut struct {
	pos  float64
	node int
}

type cell [2]int

func cellOf(p vec, size float64) cell {
	return cell{int(math.Floor(p.X / size)), int(math.Floor(p.Y / size))}
}

// segment k of piece p.
type segment struct{ p, k int }

// network turns the streets of all counties into one graph.
type network struct {
	streets  []street // in absolute coordinates
	counties []int    // the county of each street
	pieces   []piece
	segments map[cell][]segment
	nodes    []vec
	byCell   map[cell][]int
	edges    []link
}

type link struct {
	from, to int
	street   int
	pts      []vec
	startM   float64
	bridge   bool
}

func buildGraph(cs []*county) *Graph {
	n := &network{segments: map[cell][]segment{}, byCell: map[cell][]int{}}
	for i, c := range cs {
		for _, s := range c.streets {
			n.cutStreet(c, i, s, guides(c))
		}
	}
	n.hash()
	n.cross()
	n.cutBridges(cs)
	n.link(cs)
	n.trim()
	n.keepLargest()
	return n.graph()
}

// guides hashes the segments of the streets beside which no other may run.
func guides(c *county) map[cell][][2]vec {
	if c.guides != nil {
		return c.guides
	}
	c.guides = map[cell][][2]vec{}
	for _, s := range c.streets {
		if !s.guide {
			continue
		}
		for i := 1; i < len(s.pts); i++ {
			a, b := s.pts[i-1], s.pts[i]
			k := cellOf(a.lerp(b, 0.5), hashKm)
			c.guides[k] = append(c.guides[k], [2]vec{a, b})
		}
	}
	return c.guides
}

func beside(p, dir vec, guides map[cell][][2]vec) bool {
	k := cellOf(p, hashKm)
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			for _, g := range guides[cell{k[0] + dx, k[1] + dy}] {
				along := g[1].sub(g[0])
				t := p.sub(g[0]).dot(along) / along.dot(along)
				if t > -0.1 && t < 1.1 && math.Abs(along.unit().cross(p.sub(g[0]))) < besideKm && math.Abs(along.unit().dot(dir)) > 0.75 {
					return true
				}
			}
		}
	}
	return false
}

// cutStreet keeps the parts of a street that are dry, or on a bridge, and
// that do not run beside a guide street.
func (n *network) cutStreet(c *county, index int, s street, guides map[cell][][2]vec) {
	id := len(n.streets)
	var open *piece
	walked := s.start
	for i, p := range s.pts {
		dir := p
		if i > 0 {
			dir = p.sub(s.pts[i-1])
			walked += dir.len()
		} else {
			dir = s.pts[1].sub(p)
		}
		if !s.over && c.wet(p, waterMargin) {
			open = nil
			continue
		}
		if !s.guide && !(s.over && c.wet(p, 0.2)) && beside(p, dir.unit(), guides) {
			if open != nil { // reach the other street if it is met within this step
				open.pts = append(open.pts, p.add(c.at))
			}
			open = nil
			continue
		}
		if open == nil {
			n.pieces = append(n.pieces, piece{street: id, startM: walked * 1000})
			open = &n.pieces[len(n.pieces)-1]
			if i > 0 && !s.over && !c.wet(s.pts[i-1], waterMargin) {
				open.pts = append(open.pts, s.pts[i-1].add(c.at))
				open.startM -= 1000 * dir.len()
			}
		}
		open.pts = append(open.pts, p.add(c.at))
	}
	n.streets = append(n.streets, s)
	n.counties = append(n.counties, index)
}

func (n *network) hash() {
	for p := range n.pieces {
		pts := n.pieces[p].pts
		for k := 1; k < len(pts); k++ {
			a, b := cellOf(pts[k-1], hashKm), cellOf(pts[k], hashKm)
			for x := min(a[0], b[0]); x <= max(a[0], b[0]); x++ {
				for y := min(a[1], b[1]); y <= max(a[1], b[1]); y++ {
					n.segments[cell{x, y}] = append(n.segments[cell{x, y}], segment{p, k})
				}
			}
		}
	}
}

// cross finds where streets meet and makes the junctions.
func (n *network) cross() {
	keys := make([]cell, 0, len(n.segments))
	for k := range n.segments {
		keys = append(keys, k)
	}
	sort.Slice(keys, func(i, j int) bool {
		return keys[i][0] < keys[j][0] || keys[i][0] == keys[j][0] && keys[i][1] < keys[j][1]
	})
	for _, key := range keys {
		list := n.segments[key]
		for i, a := range list {
			for _, b := range list[i+1:] {
				n.meet(key, a, b)
			}
		}
	}
	for i := range n.pieces {
		p := &n.pieces[i]
		last := len(p.pts) - 1
		p.cuts = append(p.cuts, cut{0, n.node(p.pts[0])}, cut{float64(last), n.node(p.pts[last])})
	}
}

// cutBridges puts a node at each end of a bridge, so that an edge is either
// on a bridge or clear of the river.
func (n *network) cutBridges(cs []*county) {
	for i := range n.pieces {
		p := &n.pieces[i]
		c := cs[n.counties[p.street]]
		over := func(k int) bool { return c.river.covers(p.pts[k].sub(c.at), waterMargin/2) }
		for k := 1; k < len(p.pts); k++ {
			if n.streets[p.street].over && over(k) != over(k-1) {
				dry := k
				if over(k) {
					dry = k - 1
				}
				p.cuts = append(p.cuts, cut{float64(dry), n.node(p.pts[dry])})
			}
		}
		sort.SliceStable(p.cuts, func(a, b int) bool { return p.cuts[a].pos < p.cuts[b].pos })
	}
}

func (n *network) meet(key cell, a, b segment) {
	pa, pb := &n.pieces[a.p], &n.pieces[b.p]
	if pa.street == pb.street || n.flyover(pa.street, pb.street) {
		return
	}
	a0, a1, b0, b1 := pa.pts[a.k-1], pa.pts[a.k], pb.pts[b.k-1], pb.pts[b.k]
	da, db := a1.sub(a0), b1.sub(b0)
	det := da.cross(db)
	if det == 0 {
		return
	}
	ta, tb := b0.sub(a0).cross(db)/det, b0.sub(a0).cross(da)/det
	if ta < 0 || ta > 1 || tb < 0 || tb > 1 {
		return
	}
	at := a0.lerp(a1, ta)
	if cellOf(at, hashKm) != key {
		return // found again in its own cell
	}
	node := n.node(at)
	pa.cuts = append(pa.cuts, cut{float64(a.k-1) + ta, node})
	pb.cuts = append(pb.cuts, cut{float64(b.k-1) + tb, node})
}

// flyover tells whether two streets pass each other on two levels: the
// motorway has junctions with large roads alone.
func (n *network) flyover(a, b int) bool {
	lo, hi := n.streets[a].class, n.streets[b].class
	return (lo == Motorway || hi == Motorway) && max(lo, hi) > Trunk
}

func (n *network) node(p vec) int {
	k := cellOf(p, snapKm)
	for dx := -1; dx <= 1; dx++ {
		for dy := -1; dy <= 1; dy++ {
			for _, i := range n.byCell[cell{k[0] + dx, k[1] + dy}] {
				if n.nodes[i].sub(p).len() < snapKm {
					return i
				}
			}
		}
	}
	n.nodes = append(n.nodes, p)
	n.byCell[k] = append(n.byCell[k], len(n.nodes)-1)
	return len(n.nodes) - 1
}

// link makes the edges between neighbouring junctions of each piece.
func (n *network) link(cs []*county) {
	type ends struct{ a, b, dm int }
	seen := map[ends]bool{}
	for _, p := range n.pieces {
		metres := make([]float64, len(p.pts))
		metres[0] = p.startM
		for i := 1; i < len(p.pts); i++ {
			metres[i] = metres[i-1] + 1000*p.pts[i].sub(p.pts[i-1]).len()
		}
		for i := 1; i < len(p.cuts); i++ {
			a, b := p.cuts[i-1], p.cuts[i]
			l := link{from: a.node, to: b.node, street: p.street}
			l.pts = append(l.pts, n.nodes[a.node])
			for k := int(a.pos) + 1; float64(k) < b.pos; k++ {
				if near := n.nodes[a.node].sub(p.pts[k]).len(); near > snapKm/2 && n.nodes[b.node].sub(p.pts[k]).len() > snapKm/2 {
					l.pts = append(l.pts, p.pts[k])
				}
			}
			l.pts = append(l.pts, n.nodes[b.node])
			length := lengthOf(l.pts)
			key := ends{min(l.from, l.to), max(l.from, l.to), int(length * 100)}
			if l.from == l.to && length < 0.1 || seen[key] {
				continue
			}
			seen[key] = true
			k := int(a.pos)
			l.startM = metres[k]
			if k+1 < len(metres) {
				l.startM += (a.pos - float64(k)) * (metres[k+1] - metres[k])
			}
			if n.streets[p.street].over {
				l.bridge = crossesRiver(cs[n.counties[p.street]], l.pts)
			}
			n.edges = append(n.edges, l)
		}
	}
}

func crossesRiver(c *county, pts []vec) bool {
	for _, p := range dense(pts, 0.01) {
		if c.river.covers(p.sub(c.at), 0) {
			return true
		}
	}
	return false
}

// trim drops short dead ends.
func (n *network) trim() {
	for range 4 {
		degree := make([]int, len(n.nodes))
		for _, e := range n.edges {
			degree[e.from]++
			degree[e.to]++
		}
		kept := n.edges[:0]
		for _, e := range n.edges {
			if (degree[e.from] > 1 && degree[e.to] > 1) || lengthOf(e.pts) > deadEndKm {
				kept = append(kept, e)
			}
		}
		n.edges = kept
	}
}

// keepLargest drops every edge that cannot be reached from the largest part.
func (n *network) keepLargest() {
	group := make([]int, len(n.nodes))
	for i := range group {
		group[i] = i
	}
	find := func(i int) int {
		for group[i] != i {
			group[i] = group[group[i]]
			i = group[i]
		}
		return i
	}
	for _, e := range n.edges {
		group[find(e.from)] = find(e.to)
	}
	size := make([]int, len(n.nodes))
	best := 0
	for _, e := range n.edges {
		g := find(e.from)
		size[g]++
		if size[g] > size[best] {
			best = g
		}
	}
	kept := n.edges[:0]
	for _, e := range n.edges {
		if find(e.from) == best {
			kept = append(kept, e)
		}
	}
	n.edges = kept
}

func (n *network) graph() *Graph {
	g := &Graph{}
	nodes, roads := map[int]int{}, map[int]int{}
	number := func(i int) int {
		k, ok := nodes[i]
		if !ok {
			k = len(g.Nodes)
			nodes[i] = k
			g.Nodes = append(g.Nodes, toLonLat(n.nodes[i]))
		}
		return k
	}
	for _, e := range n.edges {
		s := n.streets[e.street]
		road, ok := roads[e.street]
		if !ok {
			road = len(g.Roads)
			roads[e.street] = road
			g.Roads = append(g.Roads, Road{Name: s.name, Class: s.class, County: n.counties[e.street]})
		}
		line := lineLonLat(e.pts)
		if len(line) < 2 {
			line = orb.LineString{toLonLat(e.pts[0]), toLonLat(e.pts[len(e.pts)-1])}
		}
		g.Edges = append(g.Edges, Edge{
			From: number(e.from), To: number(e.to), Road: road, Line: line, Length: lineLength(line),
			Start: geo.Metres(e.startM), Bridge: e.bridge, Class: s.class,
		})
	}
	g.finish()
	return g
}

func lineLength(line orb.LineString) geo.Metres {
	var sum geo.Metres
	for i := 1; i < len(line); i++ {
		sum += geo.Distance(line[i-1], line[i])
	}
	return sum
}
