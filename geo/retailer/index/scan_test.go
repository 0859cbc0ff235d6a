package index

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"jiujin/geo"
)

// plain is an index that looks at each document. It is what Index is compared
// with.
type plain struct{ docs []Doc }

// Search finds retailers, the best first: whole matches before beginnings,
// those before fragments, and near ones before far ones. Licences that are over
// come later. When there are fewer than Limit, similar texts follow. With an
// empty Text the nearest to Near are found. The slice is the caller's.
func (x *plain) search(q Query) []Hit {
	limit := min(q.Limit, maxLimit)
	if limit <= 0 {
		limit = defaultLimit
	}
	w := take(q.Text)
	if w.joined == "" {
		return x.nearest(q, limit)
	}
	out := x.scan(q, w, false)
	if cut := w.afterAddress(); cut != nil && len(out) == 0 {
		out = x.scan(q, cut, false)
	}
	if len(out) < limit {
		for _, h := range x.scan(q, w, true) {
			if !slices.ContainsFunc(out, func(o Hit) bool { return o.ID == h.ID }) {
				out = append(out, h)
			}
		}
	}
	slices.SortFunc(out, better)
	return out[:min(limit, len(out))]
}

func (x *plain) scan(q Query, w *wanted, similar bool) (out []Hit) {
	j := newJudge(w)
	j.similar = similar
	b := bonus{area: q.Area, view: q.View, length: len(w.runes)}
	if q.Near != nil {
		v := geo.VectorOf(*q.Near)
		b.near = &v
	}
	for i := range x.docs {
		d := &x.docs[i]
		if len(d.Division) < len(q.Scope) || d.Division[:len(q.Scope)] != q.Scope {
			continue
		}
		m, points := j.points(folded(d))
		if points == 0 {
			continue
		}
		p := placed{division: d.Division, point: placeOf(d.Point).point(), located: d.Located, over: d.Over}
		p.distance = p.distanceTo(b.near)
		out = append(out, Hit{ID: d.ID, Match: m, Score: b.score(points, len([]rune(fold(d.Name))), &p), Distance: p.distance})
	}
	return out
}

func folded(d *Doc) texts {
	names := []byte(fold(d.Name))
	for _, a := range d.Aliases {
		if a = fold(a); a != "" {
			names = append(append(names, nameEnd), a...)
		}
	}
	return texts{
		names: names, address: []byte(fold(d.Address)), operator: []byte(fold(d.Operator)),
		licence: []byte(d.LicenceNo), phone: []byte(d.PhoneTail),
	}
}

func (x *plain) alike(part Part, text string, c Context, k int) (out []Alike) {
	want := grams(part, []rune(fold(text)))
	all := 0.0
	has := make([][]uint32, len(x.docs))
	for i := range x.docs {
		t := folded(&x.docs[i])
		if part == Address {
			t.names = t.address
		}
		for name := range strings.SplitSeq(string(t.names), string(rune(nameEnd))) {
			for _, g := range grams(part, []rune(name)) {
				has[i] = append(has[i], g.keys...)
			}
		}
	}
	for i := range want {
		n := 0
		for _, key := range want[i].keys {
			for _, keys := range has {
				if slices.Contains(keys, key) {
					n++
				}
			}
		}
		want[i].weight = math.Log(float64(len(x.docs)+2) / float64(min(n, len(x.docs))+1))
		all += want[i].weight
	}
	for i := range x.docs {
		a := Alike{ID: x.docs[i].ID}
		for _, g := range want {
			if slices.ContainsFunc(g.keys, func(key uint32) bool { return slices.Contains(has[i], key) }) {
				a.Share += g.weight / all
			}
		}
		a.Rank = a.Share
		if d := &x.docs[i]; c.Near != nil && d.Located {
			a.Rank += alikeNear / (1 + float64(geo.Distance(*c.Near, placeOf(d.Point).point()))/1000)
		}
		if c.Area != "" && strings.HasPrefix(x.docs[i].Division, c.Area) {
			a.Rank += alikeArea
		}
		if a.Share >= leastShare {
			out = append(out, a)
		}
	}
	slices.SortFunc(out, func(a, b Alike) int { return cmp.Or(cmp.Compare(b.Rank, a.Rank), cmp.Compare(a.ID, b.ID)) })
	return out[:min(k, len(out))]
}

func (x *plain) nearest(q Query, limit int) (out []Hit) {
	if q.Near == nil || strings.TrimFunc(q.Text, blank) != "" {
		return nil
	}
	for _, d := range x.docs {
		if d.Located && strings.HasPrefix(d.Division, q.Scope) {
			away := geo.Distance(*q.Near, placeOf(d.Point).point())
			out = append(out, Hit{ID: d.ID, Match: MatchNear, Score: 10 * nearness(away), Distance: away})
		}
	}
	slices.SortFunc(out, better)
	return out[:min(limit, len(out))]
}
