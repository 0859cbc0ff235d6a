package resolve

import (
	"cmp"
	"slices"

	"jiujin/geo"
)

const (
	mostFound    = 300 // shops that share the rarest keys with the words
	mostCompared = 120 // of those, the ones that are compared for that alone
	mostNamed    = 60  // of the others, those that are compared because their names share most with the words
	mostAround   = 60  // shops around landmarks or the caller that are compared because they share most with the words
	mostNearest  = 15  // shops that are compared because they are the nearest to a landmark or the caller
	fewPlaces    = 3   // places of which the nearest shops are compared; of more only those that share something
	longEnough   = 3   // units of a landmark's name that is looked at
)

// candidates are the shops worth comparing: those that share the rarest keys with the words, and of those that share less
// or lie around a landmark or the caller the nearest and the ones that share most with the words.
func (r *Register) candidates(a *asked) []int32 {
	var out, more []int32
	for i, f := range r.find(a.us, mostFound) {
		if i < mostCompared {
			out = append(out, f.shop)
		} else {
			more = append(more, f.shop)
		}
	}
	out = append(out, r.named(a, more)...)
	if a.Near != nil {
		out = append(out, r.around(a, []Place{{Point: *a.Near}})...)
	}
	for _, m := range a.mentions {
		if m.to-m.from >= longEnough {
			out = append(out, r.around(a, m.places)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// around is the shops around places that are worth comparing.
func (r *Register) around(a *asked, places []Place) (out []int32) {
	t := r.sharing(a.us, a.beside)
	defer r.tallies.Put(t)
	defer t.clear()
	var sharing, near []found
	for _, p := range places {
		near = near[:0]
		r.beside.around(p.Point, func(shop int32) {
			if w := t.weights[shop]; w > 0 {
				sharing = append(sharing, found{shop, w})
			}
			near = append(near, found{shop, -float32(geo.Distance(p.Point, r.shops.rows[shop].point))})
		})
		if len(places) <= fewPlaces {
			out = appendBest(out, near, mostNearest)
		}
	}
	return appendBest(out, sharing, mostAround)
}

// appendBest adds the k shops of the largest weights.
func appendBest(out []int32, all []found, k int) []int32 {
	slices.SortFunc(all, func(x, y found) int { return cmp.Or(cmp.Compare(y.weight, x.weight), cmp.Compare(x.shop, y.shop)) })
	for _, f := range all[:min(k, len(all))] {
		out = append(out, f.shop)
	}
	return out
}

// named is those of shops whose names share most with the words, landmarks not counted.
func (r *Register) named(a *asked, shops []int32) []int32 {
	said := map[uint32]bool{}
	pairs := map[uint64]bool{}
	for i, u := range a.us {
		if a.beside[i] || a.skip[i] {
			continue
		}
		said[u.sound] = true
		if i > 0 {
			pairs[uint64(a.us[i-1].sound)<<32|uint64(u.sound)] = true
		}
	}
	top := make([]found, 0, len(shops))
	for _, shop := range shops {
		s := r.shops.at(shop)
		f := found{shop, r.shared(units(s.Name), said, pairs)}
		for _, alias := range s.Aliases {
			f.weight = max(f.weight, r.shared(units(alias), said, pairs))
		}
		if f.weight > 0 {
			top = append(top, f)
		}
	}
	return appendBest(nil, top, mostNamed)
}

// shared is the weight of the units of a name that are said, those in the same order twice.
func (r *Register) shared(us []unit, said map[uint32]bool, pairs map[uint64]bool) (sum float32) {
	for i, u := range us {
		if !said[u.sound] {
			continue
		}
		w := min(r.rarity(r.inName[u.key]), mostUnit)
		sum += w
		if i > 0 && pairs[uint64(us[i-1].sound)<<32|uint64(u.sound)] {
			sum += w
		}
	}
	return sum
}
