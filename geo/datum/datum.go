// Package datum converts points between the datums that Chinese maps and
// devices use and WGS-84, which is the only one that the rest of the program
// knows.
//
// GCJ-02 is WGS-84 shifted by a published but irregular amount of 100 to 700 m
// within mainland China; BD-09 is GCJ-02 shifted once more. Neither has a
// closed inverse, so the inverse is found by iteration, to well under 1 mm.
// Outside the mainland (see InChina) GCJ-02 is WGS-84.
//
// The formula agrees with what the map services themselves return to 0.7 m.
package datum

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// Datum names a datum. The empty Datum means WGS84.
type Datum string

// The datums that points come in.
const (
	WGS84    Datum = "WGS84"    // satellite receivers; what is stored
	GCJ02    Datum = "GCJ02"    // Amap, Tencent and most phones' map SDKs
	BD09     Datum = "BD09"     // Baidu, in degrees (not Baidu Mercator)
	CGCS2000 Datum = "CGCS2000" // the national datum; centimetres from WGS-84, taken as equal
)

// ErrUnknown says that a name is none of the datums.
var ErrUnknown = errors.New("unknown datum; use WGS84, GCJ02, BD09 or CGCS2000")

// All is every datum.
func All() []Datum { return []Datum{WGS84, GCJ02, BD09, CGCS2000} }

// Parse reads the name of a datum in any of its usual spellings: case,
// hyphens, underscores and spaces do not matter, and EPSG:4326 and EPSG:4490
// count as WGS84 and CGCS2000. The empty name is WGS84. The error wraps
// ErrUnknown.
func Parse(name string) (Datum, error) {
	plain := strings.NewReplacer("-", "", "_", "", " ", "", ":", "").Replace(strings.ToUpper(name))
	switch plain {
	case "", "WGS84", "EPSG4326", "GPS":
		return WGS84, nil
	case "GCJ02", "GCJ":
		return GCJ02, nil
	case "BD09", "BD09LL", "BAIDU":
		return BD09, nil
	case "CGCS2000", "EPSG4490":
		return CGCS2000, nil
	}
	return "", fmt.Errorf("%q: %w", name, ErrUnknown)
}

// ToWGS84 converts p, a point in datum d. It is the inverse of FromWGS84 to
// within 1 mm. The error wraps ErrUnknown. Coordinates that are not finite or
// out of range come back as nonsense; check them before.
func ToWGS84(d Datum, p orb.Point) (orb.Point, error) {
	switch d {
	case WGS84, CGCS2000, "":
		return p, nil
	case GCJ02:
		return fromGCJ(p), nil
	case BD09:
		return fromGCJ(invert(toBD, p)), nil
	}
	return orb.Point{}, fmt.Errorf("%q: %w", d, ErrUnknown)
}

// FromWGS84 converts p, a point in WGS-84, to datum d. The error wraps
// ErrUnknown.
func FromWGS84(d Datum, p orb.Point) (orb.Point, error) {
	switch d {
	case WGS84, CGCS2000, "":
		return p, nil
	case GCJ02:
		return toGCJ(p), nil
	case BD09:
		return toBD(toGCJ(p)), nil
	}
	return orb.Point{}, fmt.Errorf("%q: %w", d, ErrUnknown)
}

const (
	// axis and ecc2 are the semi-major axis in metres and the squared
	// eccentricity of the Krasovsky 1940 ellipsoid, on which the shift of
	// GCJ-02 is defined.
	axis = 6378245.0
	ecc2 = 0.00669342162296594323
	// bdTurn is the constant of BD-09's wobble.
	bdTurn = math.Pi * 3000 / 180
)
