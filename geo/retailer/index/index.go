// Package index finds retailers by what a caller says of them. It holds the
// whole register in memory: six million shops in little more than a gigabyte.
//
// It is pure: documents in, ranked ids with a reason out. Who fills it and
// follows the register is package geo/retailer. Points are WGS-84, longitude
// first; texts are folded here (zh.Fold), callers pass them as they are.
package index

import (
	"cmp"

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
