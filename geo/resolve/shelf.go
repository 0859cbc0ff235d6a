package resolve

import (
	"math"
	"strings"

	"github.com/paulmach/orb"
)

// shelf keeps shops in about a third of the memory that the values take: all texts in a few long ones.
type shelf struct {
	rows  []row
	texts []string // pieces of at most textPiece bytes, but for a shop that alone has more
}

const textPiece = 16 << 20

// row is a shop; its texts follow each other in one of shelf.texts.
type row struct {
	id      int64
	point   orb.Point // the first is NaN when the place is not known
	piece   uint32
	from    uint32
	lengths [texts]uint16
	over    bool
}

const (
	texts       = 8         // of a shop
	longestSaid = 1<<16 - 1 // bytes of one of them that are kept
	aliasEnd    = "\x00"
)

func newShelf(shops []Shop) *shelf {
	s := &shelf{rows: make([]row, len(shops))}
	var piece strings.Builder
	end := func() {
		s.texts = append(s.texts, strings.Clone(piece.String()))
		piece.Reset()
	}
	for i := range shops {
		if piece.Len() > textPiece {
			end()
		}
		shop, to := &shops[i], &s.rows[i]
		*to = row{id: shop.ID, point: orb.Point{math.NaN()}, piece: uint32(len(s.texts)), from: uint32(piece.Len()), over: shop.Over}
		if shop.Point != nil {
			to.point = *shop.Point
		}
		for k, text := range [texts]string{
			shop.LicenceNo, shop.Name, shop.Operator, shop.Address, shop.District, shop.PhoneTail, shop.Division, strings.Join(shop.Aliases, aliasEnd),
		} {
			text = strings.ToValidUTF8(text[:min(len(text), longestSaid)], "")
			to.lengths[k] = uint16(len(text))
			piece.WriteString(text)
		}
	}
	end()
	return s
}

func (s *shelf) len() int { return len(s.rows) }

// at is a shop; its texts are those of the shelf.
func (s *shelf) at(i int32) Shop {
	r := &s.rows[i]
	rest := s.texts[r.piece][r.from:]
	next := func(k int) (text string) {
		text, rest = rest[:r.lengths[k]], rest[r.lengths[k]:]
		return text
	}
	shop := Shop{
		ID: r.id, LicenceNo: next(0), Name: next(1), Operator: next(2), Address: next(3), District: next(4), PhoneTail: next(5), Division: next(6), Over: r.over,
	}
	if aliases := next(7); aliases != "" {
		shop.Aliases = strings.Split(aliases, aliasEnd)
	}
	if s.located(i) {
		point := r.point
		shop.Point = &point
	}
	return shop
}

// licence is the licence number of a shop, the first of its texts.
func (s *shelf) licence(i int32) string {
	r := &s.rows[i]
	return s.texts[r.piece][r.from : r.from+uint32(r.lengths[0])]
}

func (s *shelf) located(i int32) bool { return !math.IsNaN(s.rows[i].point[0]) }
