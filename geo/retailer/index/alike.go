package index

import (
	"cmp"
	"math"
	"math/bits"
	"slices"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// Part is what Alike compares.
type Part int

// The parts of a document that Alike compares.
const (
	Names   Part = iota // the names, by pairs of characters
	Address             // the address, by pairs of characters
	Sounds              // the names, by pairs of sounds: for homophones and dialect
)

// Alike is one document that shares rare pairs with a text.
type Alike struct {
	ID int64
	// Share is how much of the text's weight the document has, 0 to 1; a pair
	// weighs more the fewer documents have it.
	Share float64
	// Rank is Share and what Context adds to it.
	Rank float64
}

// Context is what else is known: all of it lifts and nothing excludes.
type Context struct {
	Near *orb.Point // adds 0.2 at the very place, 0.1 at one kilometre
	Area string     // the begin of division codes; adds 0.1
}

const (
	alikeNear  = 0.2
	alikeArea  = 0.1
	leastShare = 0.3     // documents that share less are left out
	mostAlike  = 300_000 // postings that one search reads, those of the best segments first
)

// Alike is the k documents with the highest Rank for a text. The text need not
// be contained: it may be longer than the name, or in another order. Documents
// with a Share below 0.3 are left out. A text of which all pairs are very
// common is compared with some hundred thousand documents, those near and in
// the area first. The slice is the caller's.
func (x *Index) Alike(part Part, text string, c Context, k int) []Alike {
	s := x.begin(Query{Near: c.Near, Area: c.Area}, &wanted{}, 0)
	defer x.rooms.Put(s.rooms)
	a := alike{search: s, part: part, k: k}
	a.weigh(grams(part, []rune(fold(text))))
	if len(a.grams) == 0 || k <= 0 {
		return nil
	}
	for i := range s.visits {
		if a.read >= mostAlike {
			break
		}
		s.start()
		a.visit(&s.visits[i])
	}
	return a.top
}

// gram is one pair of a text: one of the keys, which are several when a
// character has several readings.
type gram struct {
	keys   []uint32
	weight float64 // of all grams together 1
}

// grams is the different pairs of a folded text.
func grams(part Part, text []rune) (out []gram) {
	sounds := soundsOf(text)
	for i := 1; i < len(text); i++ {
		var g gram
		if part != Sounds {
			g.keys = []uint32{uint32(pairOf(text[i-1], text[i]))}
		} else {
			for _, a := range sounds[i-1] {
				for _, b := range sounds[i] {
					g.keys = append(g.keys, soundPair(a, b))
				}
			}
		}
		same := func(o gram) bool { return slices.Equal(o.keys, g.keys) }
		if len(g.keys) > 0 && !slices.ContainsFunc(out, same) {
			out = append(out, g)
		}
	}
	return out
}

// alike is one search for documents that are alike.
type alike struct {
	*search
	part   Part
	k      int
	grams  []gram // the rarest first
	rare   int    // how many of them make candidates
	read   int
	top    []Alike
	shares []float64 // by number, of the segment that is visited
}

func (s *segment) pairsOf(part Part) *postings {
	switch part {
	case Address:
		return &s.address
	case Sounds:
		return &s.sounds
	}
	return &s.names
}

// weigh takes the grams with their weights.
func (a *alike) weigh(grams []gram) {
	all := 0.0
	for i := range grams {
		g := &grams[i]
		n := 0
		for _, s := range a.x.segments {
			for _, key := range g.keys {
				n += s.pairsOf(a.part).of(key).count()
			}
		}
		g.weight = math.Log(float64(a.x.Len()+2) / float64(min(n, a.x.Len())+1))
		all += g.weight
	}
	slices.SortStableFunc(grams, func(x, y gram) int { return cmp.Compare(y.weight, x.weight) })
	rest := 1.0
	for i := range grams {
		grams[i].weight /= all
		if rest >= leastShare {
			a.rare = i + 1
		}
		rest -= grams[i].weight
	}
	a.grams = grams
	a.shares = make([]float64, SegmentSize)
}

// count is the number of members.
func (l list) count() int {
	if !l.bitmap() {
		return len(l)
	}
	n := 0
	for _, word := range l {
		n += bits.OnesCount16(word)
	}
	return n
}

// visit compares the documents of a segment.
func (a *alike) visit(v *visit) {
	p := v.pairsOf(a.part)
	seen := a.bitmap()
	lists := make([]list, len(a.grams))
	for i, g := range a.grams {
		lists[i] = a.any(p, g.keys)
	}
	for i, l := range lists[:a.rare] {
		l.each(func(n uint16) bool {
			a.shares[n] += a.grams[i].weight
			a.read++
			return true
		})
		l.addTo(seen)
	}
	rest := 0.0
	for _, g := range a.grams[a.rare:] {
		rest += g.weight
	}
	seen.each(func(n uint16) bool {
		share := a.shares[n]
		a.shares[n] = 0
		lift := a.contextLift(v, n)
		if v.dead != nil && v.dead.has(n) || len(a.top) == a.k && share+rest+lift < a.top[a.k-1].Rank {
			return true
		}
		for i, l := range lists[a.rare:] {
			if l.has(n) {
				share += a.grams[a.rare+i].weight
			}
		}
		if share < leastShare {
			return true
		}
		a.insert(Alike{ID: v.ids[n], Share: min(1, share), Rank: min(1, share) + lift})
		return true
	})
}

// any is the documents with one of the keys.
func (r *rooms) any(p *postings, keys []uint32) list {
	if len(keys) == 1 {
		return p.of(keys[0])
	}
	out := r.bitmap()
	for _, key := range keys {
		p.of(key).addTo(out)
	}
	return out
}

func (a *alike) contextLift(v *visit, n uint16) (lift float64) {
	if p := v.places[n]; a.bonus.near != nil && p != nowhere {
		lift = alikeNear / (1 + float64(geo.Distance(a.bonus.at, p.point()))/1000)
	}
	if v.area != nil && v.area[v.division[n]] {
		lift += alikeArea
	}
	return lift
}

func (a *alike) insert(one Alike) {
	order := func(x, y Alike) int { return cmp.Or(cmp.Compare(y.Rank, x.Rank), cmp.Compare(x.ID, y.ID)) }
	if len(a.top) == a.k {
		if order(one, a.top[a.k-1]) >= 0 {
			return
		}
		a.top = a.top[:a.k-1]
	}
	at, _ := slices.BinarySearchFunc(a.top, one, order)
	a.top = slices.Insert(a.top, at, one)
}
