package backdrop

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // tiles of either kind are read
	"image/png"
	"math"

	"github.com/paulmach/orb"

	"jiujin/geo/datum"
)

const (
	// shiftFrom is the first zoom at which the shift of GCJ-02, 700 m at most, is worth a pixel.
	shiftFrom = 7
	// knots is the number of parts of a tile's side at whose corners the shift is worked out; it is straight between.
	knots = 16
)

// pixel is a place on the map of one zoom, in pixels from the north-west corner of the world.
type pixel struct{ x, y float64 }

// pixelOf is where a point lies when the world is size pixels wide.
func pixelOf(p orb.Point, size float64) pixel {
	return pixel{(p[0] + 180) / 360 * size, (1 - math.Asinh(math.Tan(p[1]*math.Pi/180))/math.Pi) / 2 * size}
}

// point is the inverse of pixelOf.
func (p pixel) point(size float64) orb.Point {
	return orb.Point{p.x/size*360 - 180, math.Atan(math.Sinh(math.Pi*(1-2*p.y/size))) * 180 / math.Pi}
}

// shifted puts the tile z/x/y of a map in GCJ-02 together as it would be in WGS-84: each pixel is the one of the map at
// the place's GCJ-02 coordinates. get returns tiles of the map as PNG or JPEG, nil where there is none. The result is a
// PNG, nil when there is nothing in it.
func shifted(ctx context.Context, z, x, y, side int, get func(ctx context.Context, x, y int) ([]byte, error)) ([]byte, error) {
	world := float64(int(1)<<z) * float64(side)
	var offsets [knots + 1][knots + 1]pixel
	for j := range offsets {
		for i := range offsets[j] {
			at := pixel{(float64(x) + float64(i)/knots) * float64(side), (float64(y) + float64(j)/knots) * float64(side)}
			p, err := datum.FromWGS84(datum.GCJ02, at.point(world))
			if err != nil {
				return nil, err
			}
			to := pixelOf(p, world)
			offsets[j][i] = pixel{to.x - at.x, to.y - at.y}
		}
	}
	out := image.NewNRGBA(image.Rect(0, 0, side, side))
	sheets := map[image.Point]*image.NRGBA{}
	found := false
	for row := range side {
		for column := range side {
			off := between(&offsets, float64(column)/float64(side)*knots, float64(row)/float64(side)*knots)
			px := x*side + column + int(math.Round(off.x))
			py := y*side + row + int(math.Round(off.y))
			at := image.Pt(floorDiv(px, side), floorDiv(py, side))
			sheet, ok := sheets[at]
			if !ok {
				var err error
				if sheet, err = load(ctx, z, at, side, get); err != nil {
					return nil, err
				}
				sheets[at] = sheet
			}
			if sheet != nil {
				found = true
				i, j := sheet.PixOffset(px-at.X*side, py-at.Y*side), out.PixOffset(column, row)
				copy(out.Pix[j:j+4], sheet.Pix[i:i+4])
			}
		}
	}
	if !found {
		return nil, nil
	}
	var b bytes.Buffer
	err := (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&b, out)
	return b.Bytes(), err
}

func floorDiv(a, b int) int { return int(math.Floor(float64(a) / float64(b))) }

// between is the offset at a place given in knots.
func between(offsets *[knots + 1][knots + 1]pixel, u, v float64) pixel {
	i, j := min(int(u), knots-1), min(int(v), knots-1)
	fu, fv := u-float64(i), v-float64(j)
	mix := func(a, b, c, d float64) float64 {
		return (a*(1-fu)+b*fu)*(1-fv) + (c*(1-fu)+d*fu)*fv
	}
	nw, ne, sw, se := offsets[j][i], offsets[j][i+1], offsets[j+1][i], offsets[j+1][i+1]
	return pixel{mix(nw.x, ne.x, sw.x, se.x), mix(nw.y, ne.y, sw.y, se.y)}
}

// load is a tile of the map as pixels; nil when there is none.
func load(ctx context.Context, z int, at image.Point, side int, get func(ctx context.Context, x, y int) ([]byte, error)) (*image.NRGBA, error) {
	if at.X < 0 || at.Y < 0 || at.X >= 1<<z || at.Y >= 1<<z {
		return nil, nil
	}
	data, err := get(ctx, at.X, at.Y)
	if err != nil || len(data) == 0 {
		return nil, err
	}
	head, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil || head.Width != side || head.Height != side {
		return nil, fmt.Errorf("%w: a tile of %dx%d pixels, want %d; maps in GCJ02 must be PNG or JPEG (%v)", ErrMap, head.Width, head.Height, side, err)
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("tile %d/%d/%d: %w", z, at.X, at.Y, err)
	}
	if same, ok := picture.(*image.NRGBA); ok {
		return same, nil
	}
	out := image.NewNRGBA(image.Rect(0, 0, side, side))
	draw.Draw(out, out.Bounds(), picture, picture.Bounds().Min, draw.Src)
	return out, nil
}
