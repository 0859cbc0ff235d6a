package resolve

import (
	"slices"
	"strings"

	"github.com/paulmach/orb"

	"jiujin/geo/address"
)

// Query is what a caller says of a place.
type Query struct {
	// Text is the caller's words: a name or a part of it, an address, a landmark, in any order.
	Text string
	// Near, WGS-84, is where the caller or the map is; nil when not known.
	Near *orb.Point
	// Area is the begin of the code of the division that is meant; "" when not known. What is no such begin counts as "".
	Area string
}

// longestText is how many units of a query are looked at.
const longestText = 120

// asked is a query in the form in which shops are compared with it.
type asked struct {
	Query
	us       []unit
	skip     []bool // units that say nothing of the place
	parts    parts
	branches [][]unit  // written as branches, without 店
	weights  []float32 // what each unit tells
	mentions []mention
	kind     bool   // the words name a kind of shop
	area     []unit // name of Area, without its suffix; empty when it is no county
	beside   []bool // units of a landmark that the shop is said to lie beside
}

// fillers are words of callers that tell nothing of the place, in the form of plain texts.
var fillers = strings.Fields(`
我要举报 我要投诉 我想举报 我想投诉 我来举报 要举报 举报一下 举报 投诉 反映一下 反映 你好 您好 喂 请问 麻烦 谢谢 同志
那个 这个 哪个 那家 这家 有一家 有家 有个 一家 一个 就是 就在 好像是 好像 大概是 大概 可能是 可能 应该是 应该 叫做 名字叫 店名叫 店名 名字 叫啥 叫什么 叫
卖假烟 卖假酒 卖私烟 卖走私烟 卖假 假烟 假酒 私烟 走私烟 无证经营 无证 没有证 没证 没得证 非法 高价 乱涨价 给未成年人卖烟 未成年人 卖烟 卖
它在 他在 在 位于 地址是 地址 地方 那里 这里 那儿 那边 这边 那块 边上 旁边的 旁边 旁边儿 对面的 对面 斜对面 附近的 附近 隔壁 挨着 靠近 靠到 挨到
的 了 吧 呢 啊 哦 噢 嗯 呃 额 嘛 噻 哈 嘞 喽 咯 哟 唉 诶 哎 啥 撒 晓得 晓不得 不 晓得 记不清 不清楚 反正 然后 还有 门口 楼下 楼上 里面 外面 上面 下面
上头 下头 里头 外头 边边 边边上 过去 过来 往前 往里 走 一点 点点 拐角 转角 嘎嘎 那哈 这哈 那塌 个 家
the shop store near next to opposite please report`)

// strictFillers are fillers of one character that are a part of many names; they count only beside another filler or at
// an end.
const strictFillers = "在的了吧呢啊哦噢嗯呃额嘛噻哈嘞喽咯哟唉诶哎啥撒不走个家叫卖喂"

var fillerWords = func() []word {
	out := wordsOf(fillers...)
	slices.SortFunc(out, func(a, b word) int { return len(b) - len(a) })
	return out
}()

// read takes a query apart.
func (r *Register) read(q Query) *asked {
	a := &asked{Query: q, us: units(q.Text)}
	if len(a.us) > longestText {
		a.us = a.us[:longestText]
	}
	a.skip = markFillers(a.us)
	a.parts = scan(a.us, a.skip)
	if d, ok := divisionOf(q.Area); !ok {
		a.Area = ""
	} else if d.Level == address.LevelCounty {
		a.area = units(d.Name)
		if named := scan(a.area, nil).divisions; len(named) > 0 {
			a.area = named[0].stem
		}
	}
	a.branches = signedBranches(a.us)
	a.weights = make([]float32, len(a.us))
	for i, u := range a.us {
		if !a.skip[i] {
			a.weights[i] = min(r.rarity(r.inName[u.key]), r.rarity(r.inAddress[u.key]), mostUnit)
			if u.number() {
				a.weights[i] = min(a.weights[i], mostNumber)
			}
		}
	}
	a.mentions = r.places.mentions(a.us)
	r.landmarks(a)
	for _, w := range besides {
		zeroWord(a.us, a.weights, w)
	}
	for _, w := range kinds {
		a.kind = zeroWord(a.us, a.weights, w) || a.kind
	}
	return a
}

// divisionOf is the division of which a code is the begin: of a county, a prefecture or a province.
func divisionOf(code string) (address.Division, bool) {
	if len(code) >= 9 {
		code = code[:9]
	}
	if d, ok := address.DivisionByCode(code); ok || len(code) == 0 {
		return d, ok
	}
	return address.DivisionByCode((code + "000000")[:6])
}

// mostUnit is the most, in nats, that a single unit can tell.
const (
	mostUnit   = 6
	mostNumber = 3 // of a number: what it says of the house is counted for itself
)

// zeroWord takes the weight from a word wherever it stands, and says whether it does.
func zeroWord(us []unit, weights []float32, w word) (found bool) {
	for i := range us {
		if len(w) > 1 && starts(us[i:], w) {
			clear(weights[i : i+len(w)])
			found = true
		}
	}
	return found
}

// markFillers marks the units of words that say nothing.
func markFillers(us []unit) []bool {
	skip := make([]bool, len(us))
	weak := make([]bool, len(us))
	for i := 0; i < len(us); i++ {
		for _, f := range fillerWords {
			if !starts(us[i:], f) {
				continue
			}
			if len(f) == 1 && strings.ContainsRune(strictFillers, rune(f[0])) {
				weak[i] = true
				break
			}
			for k := range f {
				skip[i+k] = true
			}
			i += len(f) - 1
			break
		}
	}
	for i := range us {
		left := i == 0 || skip[i-1] || us[i].sep != 0
		right := i+1 == len(us) || skip[i+1] || us[i+1].sep != 0
		if weak[i] && (left || right) {
			skip[i] = true
		}
	}
	return skip
}

// signedBranches are what stands in brackets and ends with 店.
func signedBranches(us []unit) (out [][]unit) {
	for i := 0; i < len(us); {
		j := i + 1
		for j < len(us) && us[j].depth == us[i].depth && (us[j].sep == 0 || us[i].depth == 0) {
			j++
		}
		if us[i].depth > 0 {
			n := shopName{}
			n.setBranch(us[i:j])
			if n.signed && len(n.branch) >= 2 {
				out = append(out, n.branch)
			}
		}
		i = j
	}
	return out
}
