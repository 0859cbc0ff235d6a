package trial

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"

	"jiujin/geo/resolve"
	"jiujin/geo/zh"
)

// Kinds says how words are made from a shop, in the order of the table.
var Kinds = []struct{ Name, Zh string }{
	{"full", "完整地址与店名"},
	{"no district", "缺区县乡镇"},
	{"no number", "缺门牌号"},
	{"homophones", "同音字"},
	{"landmark only", "只有地标与店名"},
	{"reordered", "次序颠倒"},
	{"partial name", "店名残缺"},
	{"typos", "错漏字"},
	{"traditional", "繁体字"},
	{"spoken", "方言口语与汉字数字"},
	{"number wrong", "门牌号相近但不对"},
	{"two at once", "两种同时"},
}

// noiser makes callers' words.
type noiser struct {
	rng *rand.Rand
}

// Cases are words about shops of the register and about shops that are not in it: perKind of each kind and sort. The
// register is what is left of the world without the absent shops.
func (w *World) Cases(perKind int, seed uint64) (register []resolve.Shop, cases []Case) {
	n := noiser{rand.New(rand.NewPCG(seed, 5))}
	order := n.rng.Perm(len(w.Shops))
	some := order[:min(len(order)/4, perKind*len(Kinds)*4)]
	w.landmarks(some)
	gone := map[int]bool{}
	at := 0
	for _, kind := range Kinds {
		for k := 0; k < 2*perKind && at < len(some); at++ {
			i := some[at]
			if kind.Name == "landmark only" && w.details[i].Landmark == "" {
				continue
			}
			c := Case{Query: resolve.Query{Text: n.words(kind.Name, w.details[i])}, Kind: kind.Name, Group: uint64(k)}
			if k%2 == 0 {
				c.Want = []int64{w.Shops[i].ID}
			} else {
				gone[i] = true
			}
			cases = append(cases, c)
			k++
		}
	}
	for i, s := range w.Shops {
		if !gone[i] {
			register = append(register, s)
		}
	}
	return register, cases
}

// words are what a caller says of a shop.
func (n noiser) words(kind string, d Detail) string {
	switch kind {
	case "no district":
		d.District, d.Town = "", ""
	case "no number":
		d.Number, d.Fine, d.Town = "", "", ""
	case "homophones":
		d.Road, d.Brand = n.alike(d.Road), n.alike(d.Brand)
	case "landmark only":
		return d.Landmark + d.LandmarkWords + one(n.rng, []string{"", "的", "那家", "有一家"}) + n.short(d)
	case "reordered":
		parts := []string{d.name(), d.Number + d.Fine, d.Road, d.District, d.Town}
		n.rng.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		return strings.Join(parts, one(n.rng, []string{"", " ", "，"}))
	case "partial name":
		return n.either(d.District, d.Town) + d.Road + n.either(d.Number, "") + n.short(d)
	case "typos":
		d.Road, d.Brand = n.slip(d.Road), n.slip(d.Brand)
	case "traditional":
		return traditional("蓉城市" + d.District + d.Road + d.Number + d.name())
	case "spoken":
		return n.spoken(d)
	case "number wrong":
		if v, err := strconv.Atoi(strings.TrimSuffix(strings.Split(d.Number, "、")[0], "号")); err == nil {
			d.Number = strconv.Itoa(v+2) + "号"
		}
		d.Fine = ""
	case "two at once":
		return n.two(d)
	}
	return d.District + d.Town + d.Road + d.Number + d.Fine + one(n.rng, []string{"", " ", "的"}) + d.name()
}

func (n noiser) two(d Detail) string {
	d.District, d.Town, d.Fine = "", "", ""
	switch n.rng.IntN(3) {
	case 0:
		d.Brand = n.alike(d.Brand)
		return n.short(d) + " " + d.Road + d.Number
	case 1:
		d.Road = n.slip(d.Road)
		return d.Road + d.Number + n.short(d)
	}
	d.Road = n.alike(d.Road)
	return n.spoken(d)
}

func (n noiser) either(a, b string) string { return one(n.rng, []string{a, b}) }

// short is a name as people say it: without its branch, its kind, or its last character.
func (n noiser) short(d Detail) string {
	if d.Branch != "" {
		return n.either(d.Brand+strings.TrimSuffix(d.Branch, "店"), d.Brand)
	}
	runes := []rune(d.Brand)
	switch {
	case len(runes) > 2 && n.rng.IntN(3) == 0:
		return string(runes[:len(runes)-1]) + d.Kind
	case n.rng.IntN(3) == 0:
		return d.Brand + one(n.rng, []string{"店", "超市", "商店", "烟酒"})
	}
	return d.Brand
}

// spoken puts the words of a call around a place, and says numbers in words.
func (n noiser) spoken(d Detail) string {
	begin := one(n.rng, []string{"我要举报一下，", "喂你好，就是", "那个", "嗯，就在", "我跟你说嘛，", "在", ""})
	between := one(n.rng, []string{"那边有个", "上头那家", "那儿的", "边上有一家叫", "，店名好像是", "嘞"})
	end := one(n.rng, []string{"，他家卖假烟", "卖假烟哦", "，天天卖烟给学生娃儿", "撒", "，晓得不", "", "高价卖烟"})
	return begin + n.either(d.District, "") + d.Road + chineseNumber(d.Number) + between + d.name() + end
}

// chineseNumber writes 123号 as 一百二十三号 or 一二三号.
func chineseNumber(s string) string {
	v, err := strconv.Atoi(strings.TrimSuffix(s, "号"))
	if err != nil || v <= 0 || v > 999 {
		return s
	}
	digits := []rune("零一二三四五六七八九")
	var b strings.Builder
	if h := v / 100; h > 0 {
		b.WriteString(string(digits[h]) + "百")
	}
	switch t := v / 10 % 10; {
	case t > 1 || t == 1 && v > 100:
		b.WriteString(string(digits[t]) + "十")
	case t == 1:
		b.WriteString("十")
	case v > 100 && v%10 > 0:
		b.WriteString("零")
	}
	if v%10 > 0 {
		b.WriteRune(digits[v%10])
	}
	return b.String() + "号"
}

// slip makes one slip of the pen: a character left out, doubled, exchanged with the next, or another one.
func (n noiser) slip(s string) string {
	runes := []rune(s)
	if len(runes) < 3 {
		return s
	}
	i := n.rng.IntN(len(runes) - 1)
	switch n.rng.IntN(4) {
	case 0:
		return string(runes[:i]) + string(runes[i+1:])
	case 1:
		return string(runes[:i+1]) + string(runes[i:])
	case 2:
		runes[i], runes[i+1] = runes[i+1], runes[i]
	case 3:
		runes[i] = one(n.rng, shopChars)
	}
	return string(runes)
}

// alike writes about half of the characters, at least one, as others that sound the same.
func (n noiser) alike(s string) string {
	runes, groups, done := []rune(s), soundGroups(), false
	for i, r := range runes {
		group := groups[syllable(r)]
		if strings.ContainsRune("路街道巷段东西南北", r) || len(group) < 2 || done && n.rng.IntN(2) == 0 {
			continue
		}
		runes[i], done = one(n.rng, group), true
	}
	return string(runes)
}

func syllable(r rune) string {
	if all := zh.Readings(r); len(all) > 0 {
		return all[0]
	}
	return ""
}

// soundGroups are characters by how they are read.
var soundGroups = sync.OnceValue(func() map[string][]rune {
	out := map[string][]rune{}
	for _, r := range common {
		out[syllable(r)] = append(out[syllable(r)], r)
	}
	return out
})

// traditional writes simplified characters as traditional ones.
func traditional(s string) string {
	back := traditionalOf()
	return strings.Map(func(r rune) rune {
		if t, ok := back[r]; ok {
			return t
		}
		return r
	}, s)
}

var traditionalOf = sync.OnceValue(func() map[rune]rune {
	out := map[rune]rune{}
	for r := rune(0x4e00); r <= 0x9fff; r++ {
		if s := []rune(zh.Simplify(string(r))); len(s) == 1 && s[0] != r && out[s[0]] == 0 {
			out[s[0]] = r
		}
	}
	return out
})
