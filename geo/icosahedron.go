package geo

import (
	"math"
	"math/bits"
)

// H3 puts an icosahedron into the Earth, draws a hexagonal grid on each of its
// faces, and projects it from the centre. This file finds the cell of a point
// the same way, with vectors where the H3 library uses angles. The two round
// differently in the last digits, so a point that is within doubt of a side
// of its cell, or of an edge between two faces, is left to the library.

// face is one side of the icosahedron: its centre, and two vectors that span
// the plane through it, along the first axis of the grid and a quarter turn
// counter-clockwise from it, for even and for odd resolutions.
type face struct {
	centre Vector
	x, y   [2]Vector
	beside [3]int    // the faces that share an edge with it
	edges  [3]Vector // the centre less that of the face beside: positive on this side
}

var faces = icosahedron()

const (
	// fastRes is the finest resolution that is worked out here.
	fastRes = 10
	// doubt is the distance, in Earth radii on the plane of a face, within
	// which a point is left to the library: about 6 mm. The library takes the
	// angle r of a point from the centre of its face as an arc cosine, and so
	// with an error of about 1e-16 / r. The nearest side to the centre of a
	// face is 1e-5 away at resolution 10, which makes the error there 1e-11;
	// all other errors, in both ways, are about 1e-15.
	doubt = 1e-9
	// apertureTurn is the angle between the grids of successive resolutions.
	apertureTurn = 0.333473172251832115336090755351601070
	// spacing0 is the distance of neighbouring centres at resolution 0.
	spacing0 = 0.38196601125010500003
)

// icosahedron is the faces as H3 has them.
func icosahedron() (faces [20]face) {
	for n, at := range faceCentres {
		sinLat, cosLat := math.Sincos(at.lat)
		sinLon, cosLon := math.Sincos(at.lon)
		east := Vector{-sinLon, cosLon, 0}
		north := Vector{-sinLat * cosLon, -sinLat * sinLon, cosLat}
		f := face{centre: Vector{cosLat * cosLon, cosLat * sinLon, sinLat}}
		for odd := range 2 {
			sin, cos := math.Sincos(at.azimuth - float64(odd)*apertureTurn)
			for i := range 3 {
				f.x[odd][i] = cos*north[i] + sin*east[i]
				f.y[odd][i] = sin*north[i] - cos*east[i]
			}
		}
		faces[n] = f
	}
	for n := range faces {
		f, found := &faces[n], 0
		for m := range faces {
			// Faces that share an edge are 41.8° apart, others 70.5° and more.
			if cos := f.centre.dot(&faces[m].centre); m != n && cos > 0.5 {
				f.beside[found] = m
				for i := range 3 {
					f.edges[found][i] = f.centre[i] - faces[m].centre[i]
				}
				found++
			}
		}
	}
	return faces
}

func (v *Vector) dot(w *Vector) float64 { return v[0]*w[0] + v[1]*w[1] + v[2]*w[2] }

// firstGuess is a face near to each of 64 blocks of space.
var firstGuess = func() (guess [64]uint8) {
	for block := range guess {
		v := Vector{float64(block>>4&3) - 1.5, float64(block>>2&3) - 1.5, float64(block&3) - 1.5}
		for n := range faces {
			if v.dot(&faces[n].centre) > v.dot(&faces[guess[block]].centre) {
				guess[block] = uint8(n)
			}
		}
	}
	return guess
}()

// faceOf is the face whose centre is nearest to v. It is not sure when another
// is as near. From any face, an edge that v lies beyond leads to a nearer one.
func faceOf(v *Vector) (n int, sure bool) {
	block := uint(v[0]*1.9999+2)<<4 | uint(v[1]*1.9999+2)<<2 | uint(v[2]*1.9999+2)
	n = int(firstGuess[block&63])
	for {
		f := &faces[n]
		a, b, c := v.dot(&f.edges[0]), v.dot(&f.edges[1]), v.dot(&f.edges[2])
		nearest := min(a, b, c)
		switch {
		case nearest > doubt:
			return n, true
		case nearest > -doubt:
			return n, false
		case nearest == a:
			n = f.beside[0]
		case nearest == b:
			n = f.beside[1]
		default:
			n = f.beside[2]
		}
	}
}

// gridScale is the number of cells to an Earth radius on the plane of a face,
// by resolution.
var gridScale = func() (scale [fastRes + 1]float64) {
	for res := range scale {
		scale[res] = math.Pow(7, float64(res)/2) / spacing0
	}
	return scale
}()

// cellOf is the cell of v at a resolution up to fastRes; zero when only the
// library can tell.
func cellOf(v *Vector, res int) Cell {
	n, sure := faceOf(v)
	if !sure {
		return 0
	}
	f, odd := &faces[n], res&1
	scale := gridScale[res] / v.dot(&f.centre)
	x, y := v.dot(&f.x[odd])*scale, v.dot(&f.y[odd])*scale
	i, j, sure := hexagon(x, y, 2*doubt*gridScale[res])
	if !sure {
		return 0
	}
	return faceCell(n, i, j, res)
}

// Core is a circle in c: its centre, that of the cell to 1e-10, and its radius
// as a chord in Earth radii. No point within it has another cell; about the two
// in three of a cell's points that lie there nothing more needs to be worked
// out. The radius is 0 where the cell comes near an edge between two faces, and
// beyond resolution 10. v is a point in c: from it the centre is found in a
// tenth of the time that Centre takes.
func (c Cell) Core(v Vector) (centre Vector, radius float64) {
	if res := c.Res(); res <= fastRes {
		if n, w := centreOf(&v, c, res); w != (Vector{}) {
			return w, coreOf(n, &w, res)
		}
	}
	return VectorOf(c.Centre()), 0
}

// coreOf is the radius of the Core around w, the centre of a hexagon of a face.
// On the plane of the face the circle reaches half a spacing. From the Earth to
// the plane lengths grow by 1 / cos² of the angle from the centre of the face
// at most.
func coreOf(n int, w *Vector, res int) float64 {
	f, plane := &faces[n], 0.5/gridScale[res]
	for k := range f.edges { // which are shorter than 1
		if w.dot(&f.edges[k]) < plane+doubt {
			return 0
		}
	}
	cos := w.dot(&f.centre) - plane // that of the farthest point, or less
	return (plane-2*doubt)*cos*cos*(1-plane*plane) - 2*doubt
}

// centreOf is the centre of the hexagon c that v lies in, and the face of both;
// zero when only the library can tell.
func centreOf(v *Vector, c Cell, res int) (n int, w Vector) {
	n, sure := faceOf(v)
	if !sure {
		return 0, Vector{}
	}
	f, odd := &faces[n], res&1
	scale := gridScale[res] / v.dot(&f.centre)
	i, j, sure := hexagon(v.dot(&f.x[odd])*scale, v.dot(&f.y[odd])*scale, 2*doubt*gridScale[res])
	if !sure || faceCell(n, i, j, res) != c {
		return 0, Vector{}
	}
	x := (float64(i) - float64(j)/2) / gridScale[res]
	y := float64(j) * (math.Sqrt2 * 1.2247448713915890 / 2) / gridScale[res] // j sin 60°
	for k := range w {
		w[k] = f.centre[k] + x*f.x[odd][k] + y*f.y[odd][k]
	}
	length := math.Sqrt(w.dot(&w))
	for k := range w {
		w[k] /= length
	}
	if m, sure := faceOf(&w); !sure || m != n {
		return 0, Vector{} // beyond the edge the plane is another
	}
	return n, w
}

// hexagon is the hexagon of the grid of unit spacing that x, y lies in, along
// axes at 0° and 120°. It is not sure within margin of a side.
func hexagon(x, y, margin float64) (i, j int, sure bool) {
	// In the cube coordinates a + b + c = 0 a point belongs to the centre from
	// which no two of its coordinates differ by more than 1 more.
	fj := y * (2 / math.Sqrt2 / 1.2247448713915890) // y / sin 60°
	fi := x + fj/2
	a, b, c := math.Round(fi), math.Round(fj-fi), math.Round(-fj)
	da, db, dc := fi-a, fj-fi-b, -fj-c
	if a+b+c != 0 {
		switch ea, eb, ec := math.Abs(da), math.Abs(db), math.Abs(dc); {
		case ea > eb && ea > ec:
			a = -b - c
			da = fi - a
		case eb > ec:
			b = -a - c
			db = fj - fi - b
		default:
			c = -a - b
			dc = -fj - c
		}
	}
	if max(math.Abs(da-db), math.Abs(db-dc), math.Abs(dc-da)) > 1-margin {
		return 0, 0, false
	}
	return int(a), -int(c), true
}

// up is the hexagon of the next coarser resolution that i, j descends from, and
// the H3 digit of the step to it. odd says that i, j are of an odd resolution.
func up(i, j int, odd bool) (upI, upJ int, digit Cell) {
	var downI, downJ int
	if odd {
		upI, upJ = seventh(3*i-j), seventh(i+2*j)
		downI, downJ = 2*upI+upJ, 3*upJ-upI
	} else {
		upI, upJ = seventh(2*i+j), seventh(3*j-i)
		downI, downJ = 3*upI-upJ, upI+2*upJ
	}
	return upI, upJ, digitOf[3*(i-downI+1)+j-downJ+1]
}

// digitOf is the H3 digit of a step on the axes at 0° and 120°, by
// 3 (di + 1) + dj + 1. Two of the nine are no step to a neighbour.
var digitOf = [9]Cell{1, 3, 7, 5, 0, 2, 7, 4, 6}

// seventh is n / 7 rounded to the nearest integer; n is above -7·2²⁰.
func seventh(n int) int { return int(uint(n+3+7<<20)/7) - 1<<20 }

// upTwo is what up does twice, from an even resolution, to the hexagons 0 to 6,
// 0 to 6. Two steps make a grid 7 times as wide and not turned, so elsewhere it
// does the same.
var upTwo = func() (steps [49]struct{ i, j, digits int32 }) {
	for n := range steps {
		i, j, low := up(n/7, n%7, false)
		i, j, high := up(i, j, true)
		steps[n].i, steps[n].j, steps[n].digits = int32(i), int32(j), int32(high<<3|low)
	}
	return steps
}()

// faceCell is the cell of the hexagon i, j in the grid of a face.
func faceCell(face, i, j, res int) Cell {
	c := Cell(1)<<59 | Cell(res)<<resShift | (Cell(1)<<(3*(MaxRes-res)) - 1)
	r := res
	if r&1 == 1 {
		var digit Cell
		i, j, digit = up(i, j, true)
		c |= digit << (3 * (MaxRes - r))
		r--
	}
	for ; r > 0; r -= 2 {
		const away = 7 << 20 // more than any coordinate, so that the rest is not negative
		wideI, wideJ := uint(i+away)/7, uint(j+away)/7
		step := &upTwo[(uint(i+away)-7*wideI)*7+uint(j+away)-7*wideJ]
		i, j = int(wideI)-away/7+int(step.i), int(wideJ)-away/7+int(step.j)
		c |= Cell(step.digits) << (3 * (MaxRes - r))
	}
	k := -min(i, j, 0)
	i, j = i+k, j+k
	if max(i, j, k) > 2 {
		return 0
	}
	base := baseCells[face][9*i+3*j+k]
	return turn(c|Cell(base>>3)<<baseShift, face, int(base&7))
}

// turnedBy are two digits after so many turns of 60° counter-clockwise.
var turnedBy = func() (table [6][64]uint8) {
	once := [8]uint8{0, 5, 3, 1, 6, 4, 2, 7}
	for pair := range uint8(64) {
		table[0][pair] = pair
		for turns := 1; turns < 6; turns++ {
			last := table[turns-1][pair]
			table[turns][pair] = once[last>>3]<<3 | once[last&7]
		}
	}
	return table
}()

// turn brings the digits of c from the grid of a face to that of its base cell.
func turn(c Cell, face, turns int) Cell {
	base := int(c >> baseShift & baseMask)
	if !pentagonBases[base] {
		return c.turned(turns)
	}
	if c.leading() == 1 { // the sixth that a pentagon lacks
		if offset := pentagonTurns[base]; face == offset[0] || face == offset[1] {
			c = c.turned(5)
		} else {
			c = c.turned(1)
		}
	}
	for ; turns > 0; turns-- {
		if c = c.turned(1); c.leading() == 1 {
			c = c.turned(1)
		}
	}
	return c
}

// turned is c with every digit turned; the unused digits stay.
func (c Cell) turned(turns int) Cell {
	if turns == 0 {
		return c
	}
	table := &turnedBy[turns]
	used, t := c&digitMask, c&^digitMask
	for shift := 0; shift < baseShift; shift += 6 {
		t |= Cell(table[used>>shift&63]) << shift
	}
	return t
}

// leading is the first digit that is not 0; 0 when none of those in use is.
func (c Cell) leading() Cell {
	digits := c & digitMask &^ (Cell(1)<<(3*(MaxRes-c.Res())) - 1)
	if digits == 0 {
		return 0
	}
	first := (bits.Len64(uint64(digits)) - 1) / 3 * 3
	return digits >> first & 7
}
