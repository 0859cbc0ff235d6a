package tile

import (
	"math"
	"slices"

	"github.com/paulmach/orb"
	"github.com/paulmach/orb/maptile"
)

// Spot is where a point lies: its column and row at zoom spotZoom, interleaved bit by bit (a Z-order curve). The spots
// of every tile of every zoom stand side by side in the order of their values.
type Spot uint64

// spotZoom is the zoom at which two points are told apart: a tile is 2.4 m wide on the equator.
const spotZoom = 24

// SpotOf is the spot of a WGS-84 point, longitude first; the poles and beyond are those of the map's edge.
func SpotOf(p orb.Point) Spot {
	const side = 1 << spotZoom
	lat := max(-85.0511287798, min(85.0511287798, p[1])) * math.Pi / 180
	x := (p[0] + 180) / 360 * side
	y := (1 - math.Asinh(math.Tan(lat))/math.Pi) / 2 * side
	inside := func(v float64) uint64 { return uint64(max(0, min(side-1, math.Floor(v)))) }
	return Spot(spread(inside(x)) | spread(inside(y))<<1)
}

// Point is the middle of the spot, WGS-84.
func (s Spot) Point() orb.Point {
	const side = 1 << spotZoom
	x, y := float64(gather(uint64(s)))+0.5, float64(gather(uint64(s)>>1))+0.5
	return orb.Point{x/side*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*y/side))) * 180 / math.Pi}
}

// spread puts a zero before each of the lower 32 bits.
func spread(v uint64) uint64 {
	v = (v | v<<16) & 0x0000ffff0000ffff
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	return (v | v<<1) & 0x5555555555555555
}

// gather takes every other bit: the inverse of spread.
func gather(v uint64) uint64 {
	v &= 0x5555555555555555
	v = (v | v>>1) & 0x3333333333333333
	v = (v | v>>2) & 0x0f0f0f0f0f0f0f0f
	v = (v | v>>4) & 0x00ff00ff00ff00ff
	v = (v | v>>8) & 0x0000ffff0000ffff
	return (v | v>>16) & 0x00000000ffffffff
}

// Crowd counts points in tiles: 8 bytes each. It does not change; Changed makes another one. The zero Crowd is empty.
type Crowd struct{ spots []Spot }

// Len is the number of points.
func (c Crowd) Len() int { return len(c.spots) }

// Changed is the crowd without the spots of gone, each once, and with those of come. It sorts both.
func (c Crowd) Changed(gone, come []Spot) Crowd {
	slices.Sort(gone)
	slices.Sort(come)
	out := make([]Spot, 0, max(0, len(c.spots)+len(come)-len(gone)))
	for _, s := range c.spots {
		for len(come) > 0 && come[0] <= s {
			out, come = append(out, come[0]), come[1:]
		}
		for len(gone) > 0 && gone[0] < s {
			gone = gone[1:]
		}
		if len(gone) > 0 && gone[0] == s {
			gone = gone[1:]
			continue
		}
		out = append(out, s)
	}
	return Crowd{append(out, come...)}
}

// within are the points of the tile k, whose zoom is at most spotZoom.
func (c Crowd) within(k Key) []Spot {
	shift := 2 * (spotZoom - k.Z)
	first := Spot((spread(uint64(k.X)) | spread(uint64(k.Y))<<1) << shift)
	from, _ := slices.BinarySearch(c.spots, first)
	to, _ := slices.BinarySearch(c.spots[from:], first+1<<shift)
	return c.spots[from : from+to]
}

// Count is the number of points in the tile k, down to zoom 24.
func (c Crowd) Count(k Key) int { return len(c.within(k)) }

// Cluster is some points side by side.
type Cluster struct {
	Point orb.Point // where they are in the mean, pulled towards the middle of their square
	Count int
}

// middle is the part of a square's side, around its middle, in which a cluster of several points is put: so that the
// marks of neighbours with most of their points at the common side do not lie on each other.
const middle = 0.25

// Clusters are the points of the tile k by the tiles that it holds deeper zooms down, the squares; empty ones are left
// out. The mean of many points is that of a sample.
func (c Crowd) Clusters(k Key, deeper int) []Cluster {
	var out []Cluster
	inTile := Crowd{c.within(k)}
	side := 1 << deeper
	for row := range side {
		for column := range side {
			square := Key{Z: k.Z + deeper, X: k.X<<deeper + column, Y: k.Y<<deeper + row}
			spots := inTile.within(square)
			switch len(spots) {
			case 0:
			case 1:
				out = append(out, Cluster{Point: spots[0].Point(), Count: 1})
			default:
				out = append(out, Cluster{Point: inward(mean(spots), square), Count: len(spots)})
			}
		}
	}
	return out
}

// inward pulls a point of the tile k as far towards its middle as middle asks.
func inward(p orb.Point, k Key) orb.Point {
	b := maptile.New(uint32(k.X), uint32(k.Y), maptile.Zoom(k.Z)).Bound()
	c := b.Center()
	reach := func(side int) float64 { return (b.Max[side] - b.Min[side]) * middle / 2 }
	for side := range p {
		p[side] = max(c[side]-reach(side), min(c[side]+reach(side), p[side]))
	}
	return p
}

// mean is the mean place of at most 64 of the spots, evenly chosen.
func mean(spots []Spot) orb.Point {
	step := (len(spots) + 63) / 64
	var sum orb.Point
	n := 0.0
	for i := step / 2; i < len(spots); i += step {
		p := spots[i].Point()
		sum[0] += p[0]
		sum[1] += p[1]
		n++
	}
	return orb.Point{sum[0] / n, sum[1] / n}
}
