package index

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"jiujin/geo"
	"jiujin/geo/zh"
)

// Builder gathers the documents of an index.
type Builder struct{ docs []Doc }

// NewBuilder is a builder without documents.
func NewBuilder() *Builder { return &Builder{} }

// Add puts a document in. It is not safe for concurrent use.
func (b *Builder) Add(d Doc) { b.docs = append(b.docs, d) }

// Build makes the index. The builder is empty afterwards.
func (b *Builder) Build() *Index {
	x := &Index{docs: b.docs}
	b.docs = nil
	return x
}

// Index finds retailers. It does not change: any number of searches may run at
// once.
type Index struct{ docs []Doc }

// Len is the number of documents.
func (x *Index) Len() int { return len(x.docs) }

// Search finds retailers, the best first: whole matches before beginnings,
// those before fragments, and near ones before far ones. Licences that are over
// come later. When there are fewer than Limit, similar texts follow. With an
// empty Text the nearest to Near are found. The slice is the caller's.
func (x *Index) Search(q Query) []Hit {
	limit := min(q.Limit, maxLimit)
	if limit <= 0 {
		limit = defaultLimit
	}
	w := take(q.Text)
	if w.joined == "" {
		return nil
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

func (x *Index) scan(q Query, w *wanted, similar bool) (out []Hit) {
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
		p := placed{division: d.Division, point: d.Point, located: d.Located, over: d.Over}
		p.distance = p.distanceTo(b.near)
		out = append(out, Hit{ID: d.ID, Match: m, Score: b.score(points, len([]rune(zh.Fold(d.Name))), &p), Distance: p.distance})
	}
	return out
}

func folded(d *Doc) texts {
	names := []byte(zh.Fold(d.Name))
	for _, a := range d.Aliases {
		if a = zh.Fold(a); a != "" {
			names = append(append(names, nameEnd), a...)
		}
	}
	return texts{
		names: names, address: []byte(zh.Fold(d.Address)), operator: []byte(zh.Fold(d.Operator)),
		licence: []byte(d.LicenceNo), phone: []byte(d.PhoneTail),
	}
}

func (x *Index) alike(part Part, text string, c Context, k int) []Alike {
	type scored struct {
		Alike
		lift bool
	}
	grams := func(s string) []uint64 {
		runes := []rune(s)
		var out []uint64
		sounds := soundsOf(runes)
		for i := 1; i < len(runes); i++ {
			if part != Sounds {
				out = append(out, uint64(pairOf(runes[i-1], runes[i])))
				continue
			}
			for _, a := range sounds[i-1] {
				for _, b := range sounds[i] {
					out = append(out, uint64(a)<<16|uint64(b))
				}
			}
		}
		slices.Sort(out)
		return slices.Compact(out)
	}
	want := grams(zh.Fold(text))
	has := make([][]uint64, len(x.docs))
	count := map[uint64]int{}
	for i := range x.docs {
		t := folded(&x.docs[i])
		s := string(t.names)
		if part == Address {
			s = string(t.address)
		}
		has[i] = grams(s)
		for _, g := range has[i] {
			count[g]++
		}
	}
	var all float64
	weight := func(g uint64) float64 { return math.Log(float64(len(x.docs)+1) / float64(count[g]+1)) }
	for _, g := range want {
		all += weight(g)
	}
	var out []scored
	for i := range x.docs {
		share := 0.0
		for _, g := range want {
			if _, ok := slices.BinarySearch(has[i], g); ok {
				share += weight(g)
			}
		}
		if share > 0 {
			d := &x.docs[i]
			near := c.Near != nil && d.Located && geo.Distance(*c.Near, d.Point) < 3000
			lift := near || c.Area != "" && strings.HasPrefix(d.Division, c.Area)
			out = append(out, scored{Alike{d.ID, share / all}, lift})
		}
	}
	slices.SortFunc(out, func(a, b scored) int {
		if a.Share == b.Share && a.lift != b.lift {
			if a.lift {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(b.Share, a.Share), cmp.Compare(a.ID, b.ID))
	})
	best := []Alike{}
	for _, s := range out[:min(k, len(out))] {
		best = append(best, s.Alike)
	}
	return best
}

func (x *Index) textsOf(id int64) ([]string, string, bool) {
	for i := range x.docs {
		if x.docs[i].ID == id {
			t := folded(&x.docs[i])
			return strings.Split(string(t.names), string(rune(nameEnd))), string(t.address), true
		}
	}
	return nil, "", false
}
