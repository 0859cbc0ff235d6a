package retailer

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"jiujin/geo"
	"jiujin/geo/zh"
	"jiujin/internal/pg"
)

const (
	defaultLimit = 20
	maxLimit     = 100
	maxTokens    = 6
	maxText      = 100 // characters of a query that are looked at
)

// Query is what is known of the retailer that is looked for.
type Query struct {
	// Text is a name or a part of it, pinyin or initials, an address or a part
	// of it, a licence number or four or more digits of its begin or end, a
	// person in charge, or a telephone number. Words with blanks between must
	// all fit. With an empty Text the nearest retailers to Near are found.
	Text string
	// Near, WGS-84, lifts near retailers; nil when no place is known.
	Near *orb.Point
	// Limit is the largest number of hits: 0 means 20; above 100 counts as 100.
	Limit int
	// Scope is the begin of the division codes to look in; "" means all.
	// Retailers whose division is not known are found without a scope only.
	Scope string
}

// Match says by what a retailer was found.
type Match string

// What a retailer can be found by.
const (
	MatchName     Match = "name" // also a similar name; the score is then below 70
	MatchPinyin   Match = "pinyin"
	MatchInitials Match = "initials"
	MatchAddress  Match = "address"
	MatchLicence  Match = "licence_no"
	MatchOperator Match = "operator"
	MatchPhone    Match = "phone"
	MatchNear     Match = "near"
)

// Hit is one retailer found.
type Hit struct {
	Retailer
	Match    Match
	Score    float64     // 0 to 100
	Distance *geo.Metres // from Query.Near; nil without it or without a place
}

// ErrPoint says that Query.Near is not a place.
var ErrPoint = errors.New("not a place to search near")

// Search finds retailers, the best first: whole matches before beginnings,
// those before fragments, and near ones before far ones. Licences that are over
// come later. When there are fewer than Limit, names that are similar or sound
// alike follow.
//
// A fragment that fits very many retailers is answered from some hundred of
// them, the nearest 300 to Near included. The error wraps ErrPoint, or is that
// of the database; a search is given up after a second.
func Search(ctx context.Context, db *pg.DB, q Query) ([]Hit, error) {
	if q.Near != nil {
		if err := geo.ValidPoint(*q.Near); err != nil {
			return nil, fmt.Errorf("search retailers: %w: %w", ErrPoint, err)
		}
	}
	q.Limit = min(q.Limit, maxLimit)
	if q.Limit <= 0 {
		q.Limit = defaultLimit
	}
	words := parse(q.Text)
	if words.joined == "" && (q.Near == nil || words.raw != "") {
		return []Hit{}, nil
	}
	var found []Hit
	err := db.InTx(ctx, func(tx *pg.Tx) (err error) {
		if err := searchSettings(ctx, tx, words); err != nil {
			return err
		}
		if words.joined == "" {
			found, err = near(ctx, tx, q)
		} else {
			found, err = byText(ctx, tx, q, words)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("search retailers: %w", err)
	}
	return found, nil
}

// byText looks for exact fits first, then for an address with a name behind it,
// then for what is similar.
func byText(ctx context.Context, tx *pg.Tx, q Query, t terms) ([]Hit, error) {
	found, err := find(ctx, tx, q, t)
	if err != nil {
		return nil, err
	}
	if parts, ok := t.afterAddress(); ok && len(found) == 0 {
		if found, err = find(ctx, tx, q, parts); err != nil {
			return nil, err
		}
	}
	if len(found) < q.Limit && t.canBeMistyped() {
		return addSimilar(ctx, tx, q, t, found)
	}
	return found, nil
}

// Near is the k retailers nearest to p, WGS-84, in order of distance; k is 100
// at most. The error wraps ErrPoint.
func Near(ctx context.Context, db *pg.DB, p orb.Point, k int) ([]Hit, error) {
	if k <= 0 {
		return []Hit{}, nil
	}
	return Search(ctx, db, Query{Near: &p, Limit: k})
}

// terms is a query's text, taken apart. All is folded but raw.
type terms struct {
	raw    string   // trimmed
	joined string   // the words without blanks
	words  []string // never empty strings
}

func parse(text string) terms {
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}
	text = strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "")
	t := terms{raw: strings.TrimSpace(text)}
	for _, w := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("，,。；;、", r) }) {
		if w = zh.Fold(w); w != "" && len(t.words) < maxTokens {
			t.words = append(t.words, w)
		}
	}
	t.joined = strings.Join(t.words, "")
	return t
}

// longest is the word that says most.
func (t terms) longest() string {
	best := ""
	for _, w := range t.words {
		if utf8.RuneCountInString(w) > utf8.RuneCountInString(best) {
			best = w
		}
	}
	return best
}

// digits is the text when it is a number, as a licence or telephone number is;
// else "".
func (t terms) digits() string {
	if digits(t.joined) {
		return t.joined
	}
	return ""
}

// latin is the text when it can be pinyin; else "".
func (t terms) latin() string {
	letters := 0
	for _, r := range t.joined {
		switch {
		case r >= 'a' && r <= 'z':
			letters++
		case r < '0' || r > '9':
			return ""
		}
	}
	if letters == 0 {
		return ""
	}
	return t.joined
}

// phone is the last four digits of a text that can be a telephone number, or
// its last four digits; else "".
func (t terms) phone() string {
	switch n := len(t.digits()); n {
	case 4, 7, 8, 11:
		return t.joined[n-4:]
	}
	return ""
}

// afterAddress cuts one long word after the last part of an address, as in
// 滨湖大道163号|红塔烟酒店.
func (t terms) afterAddress() (terms, bool) {
	if len(t.words) != 1 {
		return t, false
	}
	runes := []rune(t.joined)
	for i := len(runes) - 2; i >= 2; i-- {
		if strings.ContainsRune("号路街道巷村镇旁边里", runes[i-1]) {
			t.words = []string{string(runes[:i]), string(runes[i:])}
			return t, true
		}
	}
	return t, false
}

// canBeMistyped says whether a search for similar names makes sense.
func (t terms) canBeMistyped() bool {
	return t.digits() == "" && utf8.RuneCountInString(t.joined) >= 2
}

// sound is the pinyin of a text of two or more Chinese characters; "" for
// others.
func (t terms) sound() string {
	if t.latin() != "" {
		return ""
	}
	full, initials := zh.Pinyin(t.joined)
	if len(initials) < 2 {
		return ""
	}
	return full
}

// addSimilar appends the retailers with similar names that are not there yet.
func addSimilar(ctx context.Context, tx *pg.Tx, q Query, words terms, hits []Hit) ([]Hit, error) {
	more, err := similar(ctx, tx, q, words)
	if err != nil {
		return nil, err
	}
	have := make(map[int64]bool, len(hits))
	for _, h := range hits {
		have[h.ID] = true
	}
	for _, h := range more {
		if len(hits) < q.Limit && !have[h.ID] {
			hits = append(hits, h)
		}
	}
	return hits, nil
}
