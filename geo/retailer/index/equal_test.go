package index

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/geo/zh"
)

const (
	nameChars    = "红塔福兴隆重长行乐家a7b鑫𠮷ー國烟酒店商"
	addressChars = "滨湖大道建设路人民街号附1236市县"
)

// invented makes n documents of few characters, so that much is in common.
func invented(rng *rand.Rand, n int) []Doc {
	word := func(chars string, least, most int) string {
		all := []rune(chars)
		var b strings.Builder
		for range least + rng.IntN(most-least+1) {
			b.WriteRune(all[int(float64(len(all))*rng.Float64()*rng.Float64())])
		}
		return b.String()
	}
	list := make([]Doc, n)
	for i := range list {
		d := &list[i]
		*d = Doc{
			ID: int64(1000 + i*7), LicenceNo: fmt.Sprintf("42118%d%06d", 1+rng.IntN(2), rng.IntN(1_000_000)), Name: word(nameChars, 1, 7),
			Operator: word("王李张建国", 0, 3), Address: word(addressChars, 0, 9), Division: []string{"421181", "421182", ""}[rng.IntN(3)],
			Over: rng.IntN(5) == 0, Located: rng.IntN(6) > 0,
		}
		if rng.IntN(3) == 0 {
			d.PhoneTail = fmt.Sprintf("%04d", rng.IntN(30))
		}
		if rng.IntN(5) == 0 {
			d.Aliases = []string{word(nameChars, 0, 4), word(nameChars, 2, 3)}
		}
		if d.Located {
			d.Point = orb.Point{math.Round((115+rng.NormFloat64()*0.02)*1e6) / 1e6, math.Round((30+rng.NormFloat64()*0.02)*1e6) / 1e6}
		}
	}
	return list
}

// asked draws a query about one of the documents.
func asked(t *rapid.T, docs []Doc) Query {
	d := rapid.SampledFrom(docs).Draw(t, "about")
	full, initials := zh.Pinyin(fold(d.Name))
	text := rapid.SampledFrom([]string{
		d.Name, d.Name, d.Address, d.Operator, d.LicenceNo, d.PhoneTail, full, initials, d.Name + " " + d.Address, d.Address + d.Name,
		strings.Join(d.Aliases, " "), "", "烟酒", "店",
	}).Draw(t, "what")
	runes := []rune(text)
	if len(runes) > 1 && rapid.Bool().Draw(t, "part") {
		from := rapid.IntRange(0, len(runes)-1).Draw(t, "from")
		runes = runes[from:rapid.IntRange(from+1, len(runes)).Draw(t, "to")]
	}
	if len(runes) > 2 && rapid.IntRange(0, 2).Draw(t, "slip") == 0 {
		at := rapid.IntRange(0, len(runes)-1).Draw(t, "at")
		runes[at] = rapid.RuneFrom([]rune("红宏洪她家 x错")).Draw(t, "wrong")
	}
	q := Query{Text: string(runes), Limit: rapid.SampledFrom([]int{0, 1, 5, 100}).Draw(t, "limit")}
	if rapid.Bool().Draw(t, "with a place") {
		q.Near = &orb.Point{rapid.Float64Range(114.9, 115.1).Draw(t, "lon"), rapid.Float64Range(29.9, 30.1).Draw(t, "lat")}
	}
	q.Area = rapid.SampledFrom([]string{"", "421182", "4211", "99"}).Draw(t, "area")
	q.Scope = rapid.SampledFrom([]string{"", "", "421181", "99"}).Draw(t, "scope")
	if rapid.Bool().Draw(t, "in a frame") {
		q.View = &orb.Bound{Min: orb.Point{114.99, 29.99}, Max: orb.Point{115, 30.01}}
	}
	return q
}

func indexOf(docs []Doc, size int) *Index {
	b := NewBuilder()
	b.size = size
	for _, d := range docs {
		b.Add(d)
	}
	x := b.Build()
	x.most = len(docs)
	return x
}

func sameHits(t *rapid.T, what string, got, want []Hit) {
	t.Helper()
	same := slices.EqualFunc(got, want, func(a, b Hit) bool {
		return a.ID == b.ID && a.Match == b.Match && math.Abs(a.Score-b.Score) < 1e-9 && math.Abs(float64(a.Distance-b.Distance)) < 1e-3
	})
	if !same {
		t.Fatalf("%s:\n got %+v\nwant %+v", what, got, want)
	}
}

// Every search finds what looking at each document would find, in the same
// order and with the same scores: in small segments and in large ones with
// bitmaps.
func TestSearchIsAsAPlainScan(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	few, many := invented(rng, 600), invented(rng, 9000)
	scenes := []struct {
		*plain
		*Index
	}{{&plain{few}, indexOf(few, 90)}, {&plain{many}, indexOf(many, SegmentSize)}}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(scenes).Draw(t, "scene")
		q := asked(t, s.docs)
		sameHits(t, fmt.Sprintf("%+v", q), s.Index.Search(q), s.plain.search(q))
	})
}

func TestAlikeIsAsAPlainScan(t *testing.T) {
	docs := invented(rand.New(rand.NewPCG(3, 4)), 500)
	x, p := indexOf(docs, 90), &plain{docs}
	rapid.Check(t, func(t *rapid.T) {
		q := asked(t, docs)
		part := rapid.SampledFrom([]Part{Names, Address, Sounds}).Draw(t, "part")
		c := Context{Near: q.Near, Area: q.Area}
		got, want := x.Alike(part, q.Text, c, 10), p.alike(part, q.Text, c, 10)
		for i, a := range want {
			if i >= len(got) || math.Abs(got[i].Rank-a.Rank) > 1e-9 {
				t.Fatalf("%v %q %+v:\n got %v\nwant %v", part, q.Text, c, got, want)
			}
		}
	})
}

// An index with changes answers as one that was built with them.
func TestChangedIndexIsAsANewOne(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	first, later := invented(rng, 300), invented(rng, 400)
	rapid.Check(t, func(t *rapid.T) {
		now := map[int64]Doc{}
		for _, d := range first {
			now[d.ID] = d
		}
		x := indexOf(first, 50)
		for range rapid.IntRange(1, 4).Draw(t, "times") {
			changed := rapid.SliceOfNDistinct(rapid.SampledFrom(later), 0, 30, func(d Doc) int64 { return d.ID }).Draw(t, "changed")
			gone := rapid.SliceOfN(rapid.SampledFrom(first), 0, 5).Draw(t, "gone")
			ids := []int64{}
			for _, d := range changed {
				now[d.ID] = d
			}
			for _, d := range gone {
				if !slices.ContainsFunc(changed, func(c Doc) bool { return c.ID == d.ID }) {
					delete(now, d.ID)
					ids = append(ids, d.ID)
				}
			}
			x = x.With(changed, ids)
		}
		p := &plain{}
		for _, d := range now {
			p.docs = append(p.docs, d)
		}
		if x.Len() != len(now) {
			t.Fatalf("%d documents, want %d", x.Len(), len(now))
		}
		q := asked(t, p.docs)
		sameHits(t, fmt.Sprintf("%+v", q), x.Search(q), p.search(q))
	})
}

func TestDocumentsInCells(t *testing.T) {
	docs := invented(rand.New(rand.NewPCG(7, 8)), 800)
	x := indexOf(docs, 100).With(docs[:40], []int64{docs[50].ID})
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.SampledFrom(docs).Filter(func(d Doc) bool { return d.Located }).Draw(t, "around").Point
		centre, err := geo.CellAt(p, geo.RetailerRes)
		if err != nil {
			t.Fatal(err)
		}
		cells, err := geo.Disk(centre, rapid.IntRange(0, 4).Draw(t, "k"))
		if err != nil {
			t.Fatal(err)
		}
		var want []int64
		for i, d := range docs {
			c, err := geo.CellAt(d.Point, geo.RetailerRes)
			if err == nil && d.Located && i != 50 && slices.Contains(cells, c) {
				want = append(want, d.ID)
			}
		}
		got := x.In(cells)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Fatalf("around %v: got %v, want %v", p, got, want)
		}
	})
}

// No text makes a search fail.
func TestSearchTakesAnyText(t *testing.T) {
	docs := invented(rand.New(rand.NewPCG(9, 10)), 200)
	x, p := indexOf(docs, 90), &plain{docs}
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("红塔a1 %_\\'\"　号\x00\x01\x02𠀀\uffff")))).Draw(t, "text")
		q := Query{Text: text, Near: &orb.Point{115, 30}}
		sameHits(t, fmt.Sprintf("%q", text), x.Search(q), p.search(q))
	})
}

// The last number of a full segment is the largest that 16 bits hold.
func TestFullSegment(t *testing.T) {
	b := NewBuilder()
	for i := range SegmentSize + 10 {
		b.Add(Doc{ID: int64(i + 1), Name: fmt.Sprintf("店%d", i), Division: "421182"})
	}
	x := b.Build()
	for _, i := range []int{0, SegmentSize - 1, SegmentSize, SegmentSize + 9} {
		names, _, ok := x.Texts(int64(i + 1))
		if want := fmt.Sprintf("店%d", i); !ok || names[0] != want {
			t.Errorf("document %d says %q", i, names)
		} else if hits := x.Search(Query{Text: want}); len(hits) == 0 || hits[0].ID != int64(i+1) {
			t.Errorf("%s: found %+v", want, hits)
		}
	}
}
