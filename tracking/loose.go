package tracking

import (
	"math"
	"strconv"
	"strings"
)

// ReadText is the reading that a text is; unknown unless it is a finite number.
func ReadText(text string) Reading {
	v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return Reading{}
	}
	return Read(v)
}

// Within is r when it lies between low and high, both included, else unknown: for readings that devices fill with rubbish
// when they do not know.
func (r Reading) Within(low, high float64) Reading {
	if r.Known && r.Value >= low && r.Value <= high {
		return r
	}
	return Reading{}
}

// AtLeast is r when it is low or more, else unknown.
func (r Reading) AtLeast(low float64) Reading { return r.Within(low, math.MaxFloat64) }

// Above is r when it is more than low, else unknown.
func (r Reading) Above(low float64) Reading { return r.AtLeast(math.Nextafter(low, math.MaxFloat64)) }

// Times converts r to another unit.
func (r Reading) Times(factor float64) Reading {
	r.Value *= factor
	return r
}

// Loose is a Reading in the JSON of somebody else's program: what is not a number there is unknown, never an error, so that
// it cannot cost the position beside it.
type Loose struct{ Reading }

// UnmarshalJSON never fails.
func (l *Loose) UnmarshalJSON(b []byte) error {
	l.Reading = Reading{}
	if c := b[0]; c == '-' || c >= '0' && c <= '9' {
		l.Reading = ReadText(string(b))
	}
	return nil
}
