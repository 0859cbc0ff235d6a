package index

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/paulmach/orb"

	"jiujin/geo"
)

// mostJudged is how many documents of one class are looked at: a fragment that
// fits very many is answered from these, those of the best segments first.
const mostJudged = 2500

// class is one way to find: the documents that come into question and the most
// points that one of them can get for its text.
type class struct {
	points float64
	find   func(r *rooms, s *segment) list
}

// Search finds retailers, the best first: whole matches before beginnings,
// those before fragments, and near ones before far ones. Licences that are over
// come later. When there are fewer than Limit, texts that are similar follow.
// With an empty Text the nearest to Near are found. The slice is the caller's.
//
// A text that fits very many retailers is answered from some thousand of each
// kind of match; those that are near, in the area or in the frame are among
// them.
func (x *Index) Search(q Query) []Hit {
	limit := min(q.Limit, maxLimit)
	if limit <= 0 {
		limit = defaultLimit
	}
	if q.Near != nil && geo.ValidPoint(*q.Near) != nil {
		q.Near = nil
	}
	w := take(q.Text)
	if w.joined == "" {
		if q.Near == nil || strings.TrimFunc(q.Text, blank) != "" {
			return nil
		}
		return x.nearest(*q.Near, limit, q.Scope)
	}
	s := x.begin(q, w, limit)
	defer x.rooms.Put(s.rooms)
	s.run(classes(w))
	if cut := w.afterAddress(); cut != nil && len(s.top) == 0 {
		s.judge = newJudge(cut)
		s.run(classes(cut))
		s.judge = newJudge(w)
	}
	if len(s.top) < limit {
		s.judge.similar = true
		s.run(similar(w))
	}
	return s.top
}

// classes is the ways to find a text, those with the most points first.
func classes(w *wanted) []class {
	var out []class
	add := func(points float64, find func(r *rooms, s *segment) list) { out = append(out, class{points, find}) }
	if w.number != "" {
		add(licenceWhole, func(r *rooms, s *segment) list { return s.licences(w.number, r.few) })
	}
	if w.phone != "" {
		add(phoneWhole, func(_ *rooms, s *segment) list { return s.phones.of(number(w.phone)) })
	}
	text := w.runes
	add(nameWhole, func(r *rooms, s *segment) list { return r.holding(&s.names, text, true, true) })
	add(nameBegin, func(r *rooms, s *segment) list { return r.holding(&s.names, text, true, false) })
	add(namePart, func(r *rooms, s *segment) list { return r.holding(&s.names, text, false, false) })
	if len(text) >= 2 {
		add(operatorAll, func(r *rooms, s *segment) list { return r.holding(&s.operators, text, true, true) })
		add(operatorPart, func(r *rooms, s *segment) list { return r.holding(&s.operators, text, true, false) })
	}
	if len(w.words) > 1 {
		words := make([][]rune, len(w.words))
		for i := range words {
			words[i] = []rune(w.words[i])
		}
		add(namePart, func(r *rooms, s *segment) list { return r.everywhere(s, words) })
	} else if len(text) >= 2 {
		add(addressPart, func(r *rooms, s *segment) list { return r.holding(&s.address, text, false, false) })
	}
	if w.latin != "" {
		out = append(out, latinClasses(w)...)
	}
	if w.sounds != nil {
		add(soundWhole, func(r *rooms, s *segment) list { return r.sounding(&s.sounds, w.sounds, true) })
		add(soundPart, func(r *rooms, s *segment) list { return r.sounding(&s.sounds, w.sounds, false) })
	}
	slices.SortStableFunc(out, func(a, b class) int { return cmp.Compare(b.points, a.points) })
	return out
}

func latinClasses(w *wanted) (out []class) {
	spelt := func(points float64, begin, end bool) {
		out = append(out, class{points, func(r *rooms, s *segment) list { return r.spelt(&s.sounds, w.spellings, begin, end) }})
	}
	begun := func(points float64, begin, end bool) {
		out = append(out, class{points, func(r *rooms, s *segment) list { return r.begun(&s.initials, w.latin, begin, end) }})
	}
	spelt(pinyinWhole, true, true)
	spelt(pinyinBegin, true, false)
	if len(w.latin) >= 2 {
		begun(initialsAll, true, true)
		begun(initialsSome, true, false)
	}
	if len(w.latin) >= 3 {
		spelt(pinyinPart, false, false)
		begun(initialsPart, false, false)
	}
	return out
}

// similar is the ways to find texts with slips of the pen.
func similar(w *wanted) (out []class) {
	if !w.mayBeSimilar() {
		return nil
	}
	keys, need := slipPairs(w.runes, w.slips)
	out = append(out, class{similarName - similarSlip, func(r *rooms, s *segment) list { return r.sharing(&s.names, keys, need) }})
	if len(w.runes) > shortName {
		out = append(out, class{similarAddress - similarSlip, func(r *rooms, s *segment) list { return r.sharing(&s.address, keys, need) }})
	}
	return out
}

// search is one search on its way.
type search struct {
	x *Index
	*rooms
	judge  *judge
	bonus  bonus
	scope  string
	limit  int
	visits []visit
	top    []Hit // the best so far, best first
}

// visit is one segment that may hold hits.
type visit struct {
	*segment
	dead  list
	lift  float64 // the most that a document gets for where it is
	scope []bool  // of each division: is it in the scope; nil without a scope
	area  []bool  // of each division: is it in the area; nil without an area
	cos   float64 // of the latitude farthest from the equator, times that of the place of the caller
}

func (x *Index) begin(q Query, w *wanted, limit int) *search {
	s := &search{x: x, rooms: x.rooms.Get().(*rooms), judge: newJudge(w), scope: q.Scope, limit: limit}
	s.bonus = bonus{area: q.Area, view: q.View, length: len(w.runes)}
	if cap(s.few) == 0 {
		s.few = make(list, 0, fullLength)
	}
	if q.Near != nil {
		v := geo.VectorOf(*q.Near)
		s.bonus.near, s.bonus.at = &v, *q.Near
	}
	s.visits = make([]visit, 0, len(x.segments))
	for i, seg := range x.segments {
		v := visit{segment: seg, dead: x.dead[i]}
		var some bool
		if v.scope, some = seg.in(q.Scope); !some {
			continue
		}
		if s.bonus.near != nil && seg.located > 0 {
			v.cos = seg.box.cos() * cosine(q.Near[1])
			v.lift += nearness(seg.box.from(*q.Near, v.cos))
		}
		inArea := false
		if q.Area != "" {
			v.area, inArea = seg.in(q.Area)
		}
		if inArea || q.View != nil && seg.located > 0 && seg.box.bound().Intersects(*q.View) {
			v.lift += areaPoints
		}
		s.visits = append(s.visits, v)
	}
	slices.SortStableFunc(s.visits, func(a, b visit) int { return cmp.Compare(b.lift, a.lift) })
	return s
}

// in says of each division whether its code begins with prefix, and whether
// some does; nil and true for the empty prefix.
func (s *segment) in(prefix string) (which []bool, some bool) {
	if prefix == "" {
		return nil, true
	}
	which = make([]bool, len(s.divisions))
	for i, code := range s.divisions {
		which[i] = strings.HasPrefix(code, prefix)
		some = some || which[i]
	}
	return which, some
}

// run looks through the classes in turn, and ends each where nothing better
// than what is there can come.
func (s *search) run(classes []class) {
	for _, c := range classes {
		judged := 0
		for i := range s.visits {
			v := &s.visits[i]
			if judged >= s.x.most || s.hopeless(c.points+namePoints+v.lift) {
				break
			}
			s.start()
			c.find(s.rooms, v.segment).each(func(n uint16) bool {
				if v.dead != nil && v.dead.has(n) || v.scope != nil && !v.scope[v.division[n]] ||
					s.hopeless(c.points+namePoints+s.lift(v, n)) {
					return true
				}
				s.take(v, n)
				judged++
				return judged < s.x.most
			})
		}
	}
}

// hopeless says whether a score, or less, does not get into the list.
func (s *search) hopeless(score float64) bool {
	return len(s.top) == s.limit && score < s.top[s.limit-1].Score
}

// lift is the most that a document gets for where it is.
func (s *search) lift(v *visit, n uint16) (lift float64) {
	if v.lift == 0 {
		return 0
	}
	p := v.places[n]
	if s.bonus.near != nil && p != nowhere {
		lift = nearness(p.from(s.bonus.at, v.cos))
	}
	if v.area != nil && v.area[v.division[n]] || s.bonus.view != nil && p != nowhere && s.bonus.view.Contains(p.point()) {
		lift += areaPoints
	}
	return lift
}

// take judges a document and puts it into the list when it belongs there.
func (s *search) take(v *visit, n uint16) {
	t := v.of(n)
	match, points := s.judge.points(t)
	if points == 0 {
		return
	}
	d := placed{division: v.divisions[v.division[n]], over: v.isOver(n)}
	if p := v.places[n]; p != nowhere {
		d.located, d.point = true, p.point()
	}
	d.distance = d.distanceTo(s.bonus.near)
	name, _, _ := strings.Cut(string(t.names), string(rune(nameEnd)))
	h := Hit{ID: v.ids[n], Match: match, Score: s.bonus.score(points, utf8.RuneCountInString(name), &d), Distance: d.distance}
	s.top = insert(s.top, h, s.limit)
}

// insert puts h into a list of the best hits, unless it is there already.
func insert(top []Hit, h Hit, limit int) []Hit {
	if len(top) == limit && better(h, top[limit-1]) >= 0 {
		return top
	}
	if slices.ContainsFunc(top, func(o Hit) bool { return o.ID == h.ID }) {
		return top
	}
	at, _ := slices.BinarySearchFunc(top, h, better)
	if len(top) == limit {
		top = top[:limit-1]
	}
	return slices.Insert(top, at, h)
}

// cos is the cosine of the latitude of b that is farthest from the equator; 0
// for an empty box.
func (b box) cos() float64 {
	if b.west > b.east {
		return 0
	}
	return cosine(float64(max(abs(b.south), abs(b.north))) / placeUnit)
}

func cosine(degrees float64) float64 { return math.Cos(degrees * math.Pi / 180) }

func abs(n int32) int32 { return max(n, -n) }

func (b box) bound() orb.Bound {
	return orb.Bound{Min: place{b.west, b.south}.point(), Max: place{b.east, b.north}.point()}
}

// from is a distance from p to the nearest place of b that is not longer than
// the true one. cos is that of the box times that of p.
func (b box) from(p orb.Point, cos float64) geo.Metres {
	at := b.bound()
	lat := max(at.Min[1]-p[1], p[1]-at.Max[1], 0)
	lon := max(at.Min[0]-p[0], p[0]-at.Max[0], 0)
	if lon > 0 { // or the other way around the Earth
		lon = max(0, min(lon, at.Min[0]+360-p[0], p[0]+360-at.Max[0]))
	}
	return atLeast(lon, lat, cos)
}

// from is a distance from q that is not longer than the true one; cos is at
// most that of p's latitude times that of q's.
func (p place) from(q orb.Point, cos float64) geo.Metres {
	at := p.point()
	lon := math.Abs(at[0] - q[0])
	return atLeast(min(lon, 360-lon), math.Abs(at[1]-q[1]), cos)
}

// atLeast is a lower limit of the distance for differences in degrees: a plain
// one when it is below 600 km, and that for all beyond.
func atLeast(lon, lat, cos float64) geo.Metres {
	const far = 600_000
	const metres = math.Pi / 180 * float64(geo.EarthRadius)
	d := 0.98 * metres * math.Sqrt(lat*lat+lon*lon*cos)
	return geo.Metres(min(d, far))
}
