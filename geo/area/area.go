// Package area knows administrative divisions and the areas of squads, each
// with the days on which it is valid, and tells which of them hold a point.
package area

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Kind is what an area is.
type Kind string

// The kinds.
const (
	Division Kind = "division" // an administrative division
	Squad    Kind = "squad"    // what a squad is responsible for
)

// Area is an area with the days on which it is valid.
type Area struct {
	ID   int64
	Kind Kind
	// Code is the code of the division, of six or nine digits; "" for a squad's area.
	Code  string
	OrgID int64  // the squad that is responsible, 0 for a division
	Squad string // its name; read only
	Name  string
	// Shape is in WGS-84, rings closed. Its border belongs to it.
	Shape orb.MultiPolygon
	// From is the first day, To the first day on which it is no longer valid;
	// the zero time leaves that end open. The time of day means nothing.
	From, To time.Time
	Source   string // who drew it, as a credit
}

// Errors of the package. What wraps ErrShape says what is wrong.
var (
	ErrNotFound = errors.New("no such area")
	ErrShape    = errors.New("an area is one or more closed polygons of at least three corners that do not cross themselves")
	ErrDays     = errors.New("the last day must lie behind the first")
	ErrOverlap  = errors.New("the division has another shape on some of these days")
)

const maxCorners = 200_000 // of one area

var codeForm = regexp.MustCompile(`^([0-9]{6}|[0-9]{9})$`)

// Check returns nil, or an error that wraps ErrShape or ErrDays. Whether rings
// cross, or hold no area, is found by the database.
func (a *Area) Check() error {
	if !a.From.IsZero() && !a.To.IsZero() && !a.From.Before(a.To) {
		return ErrDays
	}
	corners := 0
	for i, polygon := range a.Shape {
		if len(polygon) == 0 {
			return fmt.Errorf("%w: polygon %d is empty", ErrShape, i+1)
		}
		for _, ring := range polygon {
			corners += len(ring)
			if len(ring) < 4 || !ring.Closed() {
				return fmt.Errorf("%w: a ring of polygon %d has %d points or is not closed", ErrShape, i+1, len(ring))
			}
			for _, p := range ring {
				if err := geo.ValidPoint(p); err != nil {
					return fmt.Errorf("%w: polygon %d: %w", ErrShape, i+1, err)
				}
			}
		}
	}
	if corners == 0 || corners > maxCorners {
		return fmt.Errorf("%w: it has %d points, at most %d are taken", ErrShape, corners, maxCorners)
	}
	return nil
}

// Hit is an area at or near a point.
type Hit struct {
	ID    int64
	Kind  Kind
	Code  string
	OrgID int64
	Squad string
	Name  string
	// Inside says that the area holds the point, be it on its border.
	Inside bool
	// Edge is how far the border is.
	Edge geo.Metres
}

// Where is what the areas say about a point on a day.
type Where struct {
	// Division is the lowest division that holds the point, Squad the area of a
	// squad; nil when there is none. Of several that overlap it is the one whose
	// border is farthest away.
	Division, Squad *Hit
	// Near lists all areas that hold the point or have their border within the
	// margin, divisions first, those that hold it before the others.
	Near []Hit
	// DivisionSure and SquadSure say that no other area of the kind (for
	// divisions: of the same level) is within the margin.
	DivisionSure, SquadSure bool
}

// DefaultMargin is how near a border makes a point doubtful: a good position
// of a phone in a street is right to some 30 m.
const DefaultMargin geo.Metres = 30

// judge makes of the hits, in the order of Near, the answer.
func judge(hits []Hit) Where {
	w := Where{Near: hits}
	for i := range hits {
		h := &hits[i]
		if !h.Inside {
			continue
		}
		chosen := &w.Squad
		if h.Kind == Division {
			chosen = &w.Division
		}
		if *chosen == nil || len(h.Code) > len((*chosen).Code) || len(h.Code) == len((*chosen).Code) && better(h, *chosen) {
			*chosen = h
		}
	}
	w.DivisionSure, w.SquadSure = w.Division != nil, w.Squad != nil
	for _, h := range hits {
		switch {
		case h.Kind == Division && w.Division != nil && h.Code != w.Division.Code && level(h.Code) == level(w.Division.Code):
			w.DivisionSure = false
		case h.Kind == Squad && w.Squad != nil && h.OrgID != w.Squad.OrgID:
			w.SquadSure = false
		}
	}
	return w
}

// better says that of two areas of which both hold the point, a is meant.
func better(a, b *Hit) bool {
	if level(a.Code) != level(b.Code) {
		return level(a.Code) > level(b.Code)
	}
	return a.Edge > b.Edge
}

// level counts how many pairs of digits of a code say something: 1 for a
// province, 3 for a county, 4 for a township.
func level(code string) int {
	switch {
	case len(code) == 9:
		return 4
	case len(code) != 6:
		return 0
	case code[2:] == "0000":
		return 1
	case code[4:] == "00":
		return 2
	}
	return 3
}
