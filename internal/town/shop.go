package town

import (
	"math/rand/v2"
	"strings"
)

// Names of shops. The hard part of finding a shop from a telephone call is
// that many names sound or look the same, so the names here do as well:
// stems of like-sounding characters, chains with branches, owners' surnames.

var likeSounding = [][]string{
	{"兴隆", "新隆", "鑫隆", "兴龙", "欣荣", "兴荣"},
	{"鸿运", "红运", "宏运", "鸿云"},
	{"福源", "富源", "福缘", "富缘", "福园"},
	{"佳佳", "家家", "嘉佳", "佳家"},
	{"祥和", "翔和", "祥合", "翔合"},
	{"顺发", "顺达", "舜发", "顺法"},
	{"金叶", "金业", "金页", "锦叶"},
	{"万家福", "万佳福", "万家富", "万嘉福"},
	{"好又来", "好友来", "好又莱"},
	{"永盛", "永胜", "永升", "勇胜"},
	{"吉祥", "吉翔", "集祥"},
	{"同福", "童福", "同富", "桐福"},
	{"聚源", "聚缘", "巨源", "聚园"},
	{"惠民", "慧民", "汇民", "惠明"},
	{"广源", "广缘", "广元"},
	{"天天", "添添", "田田"},
	{"旺旺来", "旺达", "望达", "旺发"},
	{"春晖", "春辉", "春徽"},
	{"利民", "立民", "利明"},
	{"千禧", "千喜", "仟禧"},
	{"美好", "每好", "美嘉", "美佳"},
	{"云来", "云莱", "运来", "韵来"},
	{"诚信", "成信", "诚兴", "承信"},
	{"老地方", "好地方", "老街坊", "好街坊"},
}

var chains = []string{"云购便利店", "邻里屋超市", "江畔烟酒行", "满仓超市", "小橘灯便利店", "喜乐多生活超市"}

// kinds of shop names with the business form that goes with them, repeated by
// how often they occur.
var kinds = []struct {
	form, suffixes string
	weight         int
}{
	{"烟酒商店", "烟酒店 烟酒行 烟酒商行 名烟名酒 烟酒茶庄 烟酒", 30},
	{"便利店", "便利店 便民店 便利超市", 22},
	{"食杂店", "副食店 食杂店 小卖部 百货店 副食商行 日杂店 小店", 30},
	{"超市", "超市 生活超市 平价超市 购物超市", 12},
	{"商场", "商场 购物中心 百货商场", 1},
	{"娱乐服务类", "棋牌室 宾馆 酒店 网咖 饭庄 茶楼", 3},
	{"其他", "商行 茶庄 加油站便利店 水果店 彩票店 早餐店", 4},
}

func (t *Town) nameShops(rng *rand.Rand) {
	total := 0
	for _, k := range kinds {
		total += k.weight
	}
	branches := map[string]bool{}
	for i := range t.Retailers {
		r := &t.Retailers[i]
		r.Operator = person(rng)
		if rng.Float64() < 0.07 {
			chain := chains[rng.IntN(len(chains))]
			road := t.Graph.Roads[r.Road].Name
			if !branches[chain+road] {
				branches[chain+road] = true
				r.Name = chain + "(" + road + "店)"
				r.BusinessForm = "便利店"
				switch {
				case strings.HasSuffix(chain, "超市"):
					r.BusinessForm = "超市"
				case strings.Contains(chain, "烟酒"):
					r.BusinessForm = "烟酒商店"
				}
				continue
			}
		}
		n := rng.IntN(total)
		for _, k := range kinds {
			if n -= k.weight; n < 0 {
				words := strings.Fields(k.suffixes)
				r.BusinessForm, r.Name = k.form, t.stem(rng, r)+words[rng.IntN(len(words))]
				break
			}
		}
	}
}

// stem is the distinguishing part of a shop's name.
func (t *Town) stem(rng *rand.Rand, r *Retailer) string {
	family := runeAt(r.Operator, 0)
	c := t.drawn[t.Graph.Roads[r.Road].County]
	switch x := rng.Float64(); {
	case x < 0.46:
		group := likeSounding[rng.IntN(len(likeSounding))]
		return group[rng.IntN(len(group))]
	case x < 0.58:
		return []string{"老" + family, "小" + family, family + "记", family + "家", family + "氏"}[rng.IntN(5)]
	case x < 0.68:
		return r.Operator
	case x < 0.80:
		road := []rune(t.Graph.Roads[r.Road].Name)
		return string(road[:min(2, len(road))])
	case x < 0.86:
		return c.names.county[:len(c.names.county)-len("县")] + []string{"兴达", "万和", "福满", "鼎盛"}[rng.IntN(4)]
	case x < 0.93:
		return string([]rune{laneHeads[rng.IntN(len(laneHeads))], laneTails[rng.IntN(len(laneTails))]})
	default:
		return string([]rune{[]rune("鑫鸿福瑞祥盛泰恒裕丰")[rng.IntN(10)], []rune("源达隆昌发茂和顺兴旺")[rng.IntN(10)]})
	}
}
