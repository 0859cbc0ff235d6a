package resolve

// shopName is a shop's name in its parts: 1919 | 酒类直供 | 金沙店.
type shopName struct {
	core   []unit // what tells it from others; never empty unless the name is
	kind   []unit // the kind of shop that the name ends with: 超市, 烟酒店
	branch []unit // without 店; empty when the name has none
	signed bool   // the branch is written as one: in brackets, with 店
}

// kinds are the words for a kind of shop, longer ones first.
var kinds = wordsOf(
	"烟酒副食品店", "烟酒副食店", "烟酒专卖店", "烟酒便利店", "连锁便利店", "烟酒商行", "烟酒商店", "烟酒超市", "名烟名酒", "生活超市", "便利超市", "连锁超市", "便民超市",
	"便民商店", "便民店", "副食品店", "副食超市", "副食商店", "食品商店", "日用百货", "百货商店", "综合商店", "综合超市", "零售商店", "购物中心", "购物广场", "食杂店",
	"有限责任公司", "有限公司", "分公司", "个体工商户", "经营部", "批发部", "零售部", "门市部", "小卖部", "小卖店", "小超市", "便利店", "烟酒店", "烟酒行", "烟草店",
	"副食店", "百货店", "杂货店", "杂货铺", "食品店", "专卖店", "专营店", "直营店", "连锁店", "旗舰店", "代销店", "商贸行", "商店", "商行", "商场", "商铺",
	"超市", "烟酒", "烟行", "茶行", "酒行", "百货", "副食", "食品", "杂货", "连锁", "便利", "便民", "生活", "综合", "小店", "门市", "店", "铺",
)

// parseName reads a shop's name. What a list writes in brackets is a branch, or a remark that is treated as one.
func parseName(us []unit) shopName {
	n := shopName{}
	var inner []unit
	for _, u := range us {
		if u.depth > 0 {
			inner = append(inner, u)
		} else {
			n.core = append(n.core, u)
		}
	}
	if len(n.core) == 0 {
		n.core, inner = inner, nil
	}
	n.core = dropDivision(n.core)
	n.setBranch(inner)
	n.takeKind()
	return n
}

var (
	branchEnds   = wordsOf("分店", "总店", "店", "分部", "部")
	nameDivision = wordsOf("省", "市", "区", "县")
)

func (n *shopName) setBranch(us []unit) {
	n.branch = us
	for _, w := range branchEnds {
		if ends(us, w) && len(w) < len(us) {
			n.branch, n.signed = us[:len(us)-len(w)], true
			return
		}
	}
}

// takeKind splits the words for the kind of shop off the end of the core. A core of one unit, or none, keeps them.
func (n *shopName) takeKind() {
	whole := n.core
	for again := true; again; {
		again = false
		for _, w := range kinds {
			if ends(n.core, w) && len(w) < len(n.core) {
				n.core, again = n.core[:len(n.core)-len(w)], true
				break
			}
		}
	}
	if len(n.core) == 1 && !n.core[0].number() && len(whole) <= 4 {
		n.core = whole
	}
	n.kind = whole[len(n.core):]
}

// splitBrand makes the begin of an unsigned name its core when that is a brand of at least three shops: 1点点金沙店.
func (n *shopName) splitBrand(brands map[uint64]int32) {
	if len(n.branch) > 0 {
		return
	}
	whole := append(append([]unit{}, n.core...), n.kind...)
	for k := len(n.core) - 2; k >= 2; k-- {
		if brands[hash(whole[:k])] < 3 {
			continue
		}
		rest := shopName{core: whole[k:]}
		rest.takeKind()
		if len(rest.core) < 2 || len(rest.kind) == 0 {
			continue
		}
		n.core, n.kind = whole[:k], nil
		n.setBranch(whole[k:])
		return
	}
}

// dropDivision takes 武穴市 or 成都市武侯区 off the begin of a name.
func dropDivision(us []unit) []unit {
	for i := 2; i < min(len(us)-1, 5); i++ {
		for _, suffix := range nameDivision {
			if starts(us[i:], suffix) && !isOneOf(us[:i+1], notDivisions) && len(us)-i-1 >= 3 {
				return dropDivision(us[i+1:])
			}
		}
	}
	return us
}
