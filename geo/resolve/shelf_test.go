package resolve

import (
	"reflect"
	"slices"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"
)

// What is put on the shelf comes back as it was.
func TestShelfKeepsShops(t *testing.T) {
	text := rapid.StringOfN(rapid.Rune(), 0, 12, -1)
	alias := rapid.StringOfN(rapid.RuneFrom([]rune("胖嬢烟摊a1")), 1, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		var shops []Shop
		for i := range rapid.IntRange(0, 20).Draw(t, "shops") {
			s := Shop{
				ID: int64(i), LicenceNo: text.Draw(t, "licence"), Name: text.Draw(t, "name"), Operator: text.Draw(t, "operator"), Address: text.Draw(t, "address"),
				District: text.Draw(t, "district"), PhoneTail: text.Draw(t, "phone"), Division: text.Draw(t, "division"), Over: rapid.Bool().Draw(t, "over"),
			}
			if n := rapid.IntRange(0, 3).Draw(t, "aliases"); n > 0 {
				s.Aliases = rapid.SliceOfN(alias, n, n).Draw(t, "alias")
			}
			if rapid.Bool().Draw(t, "located") {
				s.Point = &orb.Point{rapid.Float64Range(-180, 180).Draw(t, "lon"), rapid.Float64Range(-90, 90).Draw(t, "lat")}
			}
			shops = append(shops, s)
		}
		shelf := newShelf(shops)
		for i, want := range shops {
			if got := shelf.at(int32(i)); !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, want %+v", got, want)
			}
		}
	})
}

// The lists are those of a plain map.
func TestPostingsHoldTheirShops(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := map[uint64][]int32{}
		var keys [][]uint64 // by shop
		shops := int32(0)
		for range rapid.IntRange(0, 40).Draw(t, "shops") {
			some := rapid.SliceOfNDistinct(rapid.Uint64Range(0, 30), 0, 8, func(k uint64) uint64 { return k }).Draw(t, "keys")
			for range rapid.SampledFrom([]int{0, 1, 200}).Draw(t, "gap") {
				keys = append(keys, nil)
				shops++
			}
			keys = append(keys, some)
			for _, k := range some {
				want[k] = append(want[k], shops)
			}
			shops++
		}
		p := newPostings(func(f func(int32, uint64)) {
			for shop, some := range keys {
				for _, k := range some {
					f(int32(shop), k)
				}
			}
		})
		for k := range uint64(31) {
			var got []int32
			if list, ok := p.find(k); ok {
				p.each(list, func(shop int32) { got = append(got, shop) })
				if int(p.count[list]) != len(got) {
					t.Fatalf("key %d counts %d of %d", k, p.count[list], len(got))
				}
			}
			if !slices.Equal(got, want[k]) {
				t.Fatalf("key %d: got %v, want %v", k, got, want[k])
			}
		}
	})
}
