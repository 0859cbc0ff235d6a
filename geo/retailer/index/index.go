// Package index finds retailers by what a caller says of them. It holds the
// whole register in memory: six million shops in little more than a gigabyte.
//
// It is pure: documents in, ranked ids with a reason out. Who fills it and
// follows the register is package geo/retailer. Points are WGS-84, longitude
// first; texts are folded here (zh.Fold), callers pass them as they are.
package index

import (
	"cmp"
	"math/bits"
	"slices"
	"strings"
	"sync"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Doc is one retailer as far as a search looks at it.
type Doc struct {
	ID        int64 // of the register, positive; each at most once in an index
	LicenceNo string
	Name      string
	Operator  string
	Address   string
	PhoneTail string   // the last four digits; "" when not known
	Aliases   []string // other names that the shop goes by
	Division  string   // code of today's jurisdiction; "" when not known
	Point     orb.Point
	Located   bool // Point is the shop's place
	Over      bool // the licence is over: found, but later than others
}

// Query is what is known of the retailer that is looked for.
type Query struct {
	// Text is a name or a part of it, pinyin or initials, an address or a part
	// of it, a licence number or four or more digits of its begin or end, a
	// person in charge, or a telephone number. Words with blanks between must
	// all fit. Only the first 100 characters are looked at.
	Text string
	// Near lifts near retailers; nil when no place is known.
	Near *orb.Point
	// Area is the begin of the division codes that are lifted, View a frame,
	// as that of a map, in which shops are lifted; "" and nil lift none.
	Area string
	View *orb.Bound
	// Scope is the begin of the division codes to look in; "" means all.
	// Retailers whose division is not known are found without a scope only.
	Scope string
	// Limit is the largest number of hits: 0 means 20; above 100 counts as 100.
	Limit int
}

const (
	defaultLimit = 20
	maxLimit     = 100
)

// Match says by what a retailer was found.
type Match string

// What a retailer can be found by.
const (
	MatchName     Match = "name"
	MatchAlias    Match = "alias"
	MatchPinyin   Match = "pinyin"
	MatchInitials Match = "initials"
	MatchAddress  Match = "address"
	MatchLicence  Match = "licence_no"
	MatchOperator Match = "operator"
	MatchPhone    Match = "phone"
	MatchSound    Match = "sound"   // the name sounds the same, or nearly
	MatchSimilar  Match = "similar" // name or address with a slip of the pen
	MatchNear     Match = "near"
)

// Hit is one retailer found.
type Hit struct {
	ID       int64
	Match    Match
	Score    float64    // 0 to 100
	Distance geo.Metres // from Query.Near; negative without it or without a place
}

// better orders hits: by score, then the nearer one, then the older one.
func better(a, b Hit) int {
	return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID))
}

// Index finds retailers. It does not change: any number of searches may run at
// once.
type Index struct {
	segments []*segment
	dead     []list // of each segment a bitmap of the documents that are left out; nil when there are none
	live     int
	most     int // mostJudged
	rooms    sync.Pool
}

func newIndex(segments []*segment, dead []list) *Index {
	x := &Index{segments: segments, dead: dead, most: mostJudged}
	if x.dead == nil {
		x.dead = make([]list, len(segments))
	}
	for i, s := range segments {
		x.live += s.len()
		for _, word := range x.dead[i] {
			x.live -= bits.OnesCount16(word)
		}
	}
	x.rooms.New = func() any { return new(rooms) }
	return x
}

// Len is the number of documents.
func (x *Index) Len() int { return x.live }

// Bytes is about how much memory the index takes.
func (x *Index) Bytes() int {
	n := 0
	for i, s := range x.segments {
		n += s.bytes() + 2*len(x.dead[i])
	}
	return n
}

// Texts is a document's folded names, the first one first, and its folded
// address; false when there is no such document.
func (x *Index) Texts(id int64) (names []string, address string, ok bool) {
	i, n, ok := x.find(id)
	if !ok {
		return nil, "", false
	}
	t := x.segments[i].of(n)
	return strings.Split(string(t.names), string(rune(nameEnd))), string(t.address), true
}

// find is the segment and the number of the document with an id.
func (x *Index) find(id int64) (segment int, n uint16, ok bool) {
	for i, s := range x.segments {
		if n, ok := s.find(id); ok && (x.dead[i] == nil || !x.dead[i].has(n)) {
			return i, n, true
		}
	}
	return 0, 0, false
}

// With is an index in which the documents of changed are new or in the place
// of those with their ids, and those of gone are left out. It shares nearly all
// with x, which stays as it is. It is made for some thousand documents at a
// time: each makes the search a little slower, until the index is built anew.
func (x *Index) With(changed []Doc, gone []int64) *Index {
	dead := slices.Clone(x.dead)
	own := make([]bool, len(dead))
	leave := func(id int64) {
		i, n, ok := x.find(id)
		if !ok {
			return
		}
		if !own[i] {
			own[i], dead[i] = true, append(make(list, 0, fullLength), dead[i]...)[:fullLength]
		}
		dead[i][n>>4] |= 1 << (n & 15)
	}
	b := NewBuilder()
	for _, d := range changed {
		leave(d.ID)
		b.Add(d)
	}
	for _, id := range gone {
		leave(id)
	}
	segments := slices.Clone(x.segments)
	// A last segment with room to spare takes the new ones in.
	if last := len(segments) - 1; last >= 0 && segments[last].len()+len(changed) <= SegmentSize/4 {
		for n := range segments[last].len() {
			if dead[last] == nil || !dead[last].has(uint16(n)) {
				b.Add(segments[last].doc(uint16(n)))
			}
		}
		segments, dead = segments[:last], dead[:last]
	}
	for _, s := range b.segments() {
		segments, dead = append(segments, s), append(dead, nil)
	}
	return newIndex(segments, dead)
}
