package geo

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"github.com/paulmach/orb"
	"github.com/uber/h3-go/v4"
)

// Cell is an H3 cell. As an integer it is positive and fits a bigint column;
// zero means no cell.
type Cell int64

const (
	// StoreRes is the resolution of the position store: cells of about 0.7 km².
	StoreRes = 8
	// RetailerRes is the resolution kept with a retailer: about 0.1 km².
	RetailerRes = 9
	// MaxRes is the finest resolution that H3 has.
	MaxRes = 15
	// MaxDisk is the largest radius that Disk takes, in cells.
	MaxDisk = 200
)

var (
	// ErrResolution says that a resolution is not one that the call can serve.
	ErrResolution = errors.New("no such H3 resolution")
	// ErrCell says that a number is not an H3 cell.
	ErrCell = errors.New("not an H3 cell")
)

// CellAt is the cell of the given resolution that holds p. The error wraps
// ErrNotFinite, ErrOutOfRange or ErrResolution. The point 0,0 has a cell. It is
// always the cell that the H3 library names, but up to resolution 10 it is
// found without it, in a tenth of the time.
func CellAt(p orb.Point, res int) (Cell, error) {
	_, c, err := VectorAndCell(p, res)
	return c, err
}

// VectorAndCell is VectorOf(p) and CellAt(p, res) in one, for those who need
// both. The errors are those of CellAt; the vector is then zero.
func VectorAndCell(p orb.Point, res int) (Vector, Cell, error) {
	if !(math.Abs(p[0]) <= 180 && math.Abs(p[1]) <= 90) {
		return Vector{}, 0, fmt.Errorf("cell at %v: %w", p, onEarth(p))
	}
	if res < 0 || res > MaxRes {
		return Vector{}, 0, fmt.Errorf("cell at resolution %d: %w", res, ErrResolution)
	}
	v := VectorOf(p)
	c, err := CellFrom(&v, p, res)
	if err != nil {
		return Vector{}, 0, err
	}
	return v, c, nil
}

// CellFrom is CellAt for those who have v, the vector of p, at hand. p is on
// Earth and res 0 to MaxRes; the error wraps ErrCell.
func CellFrom(v *Vector, p orb.Point, res int) (Cell, error) {
	if res <= fastRes {
		if c := cellOf(v, res); c != 0 {
			return c, nil
		}
	}
	c := Cell(h3.LatLngToCell(h3.LatLng{Lat: p[1], Lng: p[0]}, res))
	if c <= 0 {
		return 0, fmt.Errorf("cell at %v, resolution %d: %w", p, res, ErrCell)
	}
	return c, nil
}

// ParseCell reads the hexadecimal form that String writes. The error wraps
// ErrCell.
func ParseCell(s string) (Cell, error) {
	n, err := strconv.ParseInt(s, 16, 64)
	if err != nil || !Cell(n).Valid() {
		return 0, fmt.Errorf("%q: %w", s, ErrCell)
	}
	return Cell(n), nil
}

// The layout of an H3 index, from the top: 1 reserved bit, 4 bits of mode, 3
// reserved bits, 4 bits of resolution, 7 bits of base cell, then fifteen
// digits of 3 bits; the digits finer than the resolution are all ones.
const (
	resShift  = 52
	baseShift = 45
	resMask   = Cell(0xf) << resShift
	baseMask  = 0x7f
	digitMask = Cell(1)<<baseShift - 1
)

// Res is the resolution of c, 0 to 15. It is meaningless for an invalid cell.
func (c Cell) Res() int { return int(c & resMask >> resShift) }

// Valid says whether c is an H3 cell. Zero is not.
func (c Cell) Valid() bool { return c > 0 && h3.Cell(c).IsValid() }

// Parent is the cell of a coarser resolution that c descends from; a cell is
// its own parent at its own resolution. The error wraps ErrResolution when res
// is negative or finer than c, ErrCell when c is zero. Note that in H3 a cell
// may reach a little beyond the outline of its parent.
func (c Cell) Parent(res int) (Cell, error) {
	if c <= 0 {
		return 0, fmt.Errorf("parent of %v: %w", c, ErrCell)
	}
	if res < 0 || res > c.Res() {
		return 0, fmt.Errorf("parent of %v at resolution %d: %w", c, res, ErrResolution)
	}
	unused := Cell(1)<<(3*(MaxRes-res)) - 1
	return c&^resMask | Cell(res)<<resShift | unused, nil
}

// Centre is the centre of c. It is the zero point when c is not a cell.
func (c Cell) Centre() orb.Point {
	if !c.Valid() {
		return orb.Point{}
	}
	return point(h3.Cell(c).LatLng())
}

// point turns a position from the H3 library into ours, with the longitude
// within -180..180.
func point(at h3.LatLng) orb.Point {
	p := orb.Point{at.Lng, at.Lat}
	switch {
	case p[0] > 180:
		p[0] -= 360
	case p[0] < -180:
		p[0] += 360
	}
	return p
}

// Neighbours are the cells that share a side with c: six, or five around one
// of the twelve pentagons. The slice is the caller's; nil when c is not a cell.
func (c Cell) Neighbours() []Cell {
	disk, err := Disk(c, 1)
	if err != nil {
		return nil
	}
	ring := disk[:0]
	for _, n := range disk {
		if n != c {
			ring = append(ring, n)
		}
	}
	return ring
}

// Disk is every cell within k steps of c, c included, in no particular order.
// The slice is the caller's. The error wraps ErrCell, or ErrOutOfRange when k
// is negative or above MaxDisk.
func Disk(c Cell, k int) ([]Cell, error) {
	if !c.Valid() {
		return nil, fmt.Errorf("disk around %v: %w", c, ErrCell)
	}
	if k < 0 || k > MaxDisk {
		return nil, fmt.Errorf("disk of %d steps is not between 0 and %d: %w", k, MaxDisk, ErrOutOfRange)
	}
	found := h3.GridDisk(h3.Cell(c), k)
	cells := make([]Cell, 0, len(found))
	for _, f := range found {
		if f != 0 { // near a pentagon the library leaves gaps
			cells = append(cells, Cell(f))
		}
	}
	return cells, nil
}

// Boundary is the outline of c, counter-clockwise and closed (the first point
// is repeated at the end). Sides are great circles. The ring is the caller's;
// nil when c is not a cell. Around the antimeridian longitudes jump.
func (c Cell) Boundary() orb.Ring {
	if !c.Valid() {
		return nil
	}
	corners := h3.Cell(c).Boundary()
	ring := make(orb.Ring, 0, len(corners)+1)
	for _, at := range corners {
		ring = append(ring, point(at))
	}
	return append(ring, ring[0])
}

// pentagonBases are the base cells whose centre is a corner of the icosahedron.
var pentagonBases = [128]bool{
	4: true, 14: true, 24: true, 38: true, 49: true, 58: true,
	63: true, 72: true, 83: true, 97: true, 107: true, 117: true,
}

// Pentagon says whether c is one of the twelve cells of its resolution with
// five sides. All lie in the sea.
func (c Cell) Pentagon() bool {
	used := digitMask &^ (Cell(1)<<(3*(MaxRes-c.Res())) - 1)
	return pentagonBases[c>>baseShift&baseMask] && c&used == 0 && c > 0
}

// String is the usual hexadecimal form, as in 8840e3cd3bfffff; "0" for zero.
func (c Cell) String() string { return strconv.FormatInt(int64(c), 16) }

// Spacing is the distance between the centres of neighbouring cells on the
// plane of a face of the icosahedron, on which H3 draws its grid before it
// projects it from the centre of the Earth. On the ground it is the longest
// that there is, in the middle of a face; nearer to the corners cells are
// smaller. A corner of a cell is Spacing / √3 from its centre.
func Spacing(res int) Metres {
	return EarthRadius * Metres(spacing0/math.Pow(7, float64(res)/2))
}
