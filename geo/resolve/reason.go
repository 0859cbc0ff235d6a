package resolve

import (
	"fmt"
	"strings"
)

// Reason is one piece of evidence in words.
type Reason struct {
	Zh, En string
}

// Words joins reasons in a language, "zh" or "en".
func Words(reasons []Reason, lang string) string {
	out := make([]string, len(reasons))
	for i, r := range reasons {
		if out[i] = r.Zh; lang == "en" {
			out[i] = r.En
		}
	}
	if lang == "en" {
		return strings.Join(out, "; ")
	}
	return strings.Join(out, "；")
}

// reasons says in words what speaks for the shop, and then what against it.
func (e *evidence) reasons(r *Register) (out []Reason) {
	v, name := &e.value, show(e.name.core)
	say := func(when bool, zh, en string) {
		if when {
			out = append(out, Reason{zh, en})
		}
	}
	said := v[nameNats] > 0 && e.nameAgreed != ""
	say(said && v[nameMissing] < 0.05, "店名相符："+name, "the name fits: "+name)
	say(said && v[nameMissing] >= 0.05 && v[nameMissing] < 0.5, part("店名部分相符：", e.nameAgreed, name), part("a part of the name fits: ", e.nameAgreed, name))
	branch := show(e.name.branch)
	say(v[branchNats] > 1, part("分店相符：", e.branchAgreed, branch), part("the branch fits: ", e.branchAgreed, branch))
	if e.road != nil {
		road := show(e.road.name)
		say(v[roadSlip] == 0, "路名相符："+road, "the road fits: "+road)
		say(v[roadSlip] > 0, "路名相近："+road, "the road is like it: "+road)
	}
	no := e.houseNo()
	say(v[numberAgrees]+v[numberAlone] > 0, "门牌号相符："+no, "the number fits: "+no)
	say(v[numberClose] > 0, "门牌号相近："+no, "the number is close: "+no)
	say(v[fineAgrees] > 0, "楼栋或室号相符", "the building or room fits")
	places, areas := strings.Join(e.placeAgreed, "、"), strings.Join(e.areaAgreed, "、")
	say(v[placeNats] > 3, "地址中的地点相符："+places, "a place in the address fits: "+places)
	say(v[areaNats] > 0.5 && areas != "", "区划相符："+areas, "the division fits: "+areas)
	say(v[areaNats] >= askedNats && areas == "", "在所选区域内", "it lies in the given area")
	say(v[numberElsewhere] > 0, "门牌号相同："+no, "the same number: "+no)
	say(v[operatorNats] > 0, "负责人姓名相符", "the person in charge fits")
	say(v[phoneAgrees] > 0, "电话尾号相符", "the telephone's last digits fit")
	say(v[landmarkClose] == 1, "就在"+e.place.Name, "at "+e.place.Name)
	say(v[landmarkClose] > 0.2 && v[landmarkClose] < 1, fmt.Sprintf("距%s %.0f 米", e.place.Name, e.placeM), fmt.Sprintf("%.0f m from %s", e.placeM, e.place.Name))
	say(v[nearClose] > 0.01, fmt.Sprintf("距所给位置 %.0f 米", e.near), fmt.Sprintf("%.0f m from the given place", e.near))
	say(v[nearFar] > 1.1, fmt.Sprintf("但距所给位置 %.1f 公里", e.near/1000), fmt.Sprintf("but %.1f km from the given place", e.near/1000))
	say(v[nameBeside] > 0, "但所说的是它旁边的店", "but the words speak of the shop beside it")
	say(v[nameMissing] >= 0.5, "但店名不符", "but the name does not fit")
	say(v[branchDiffers] > 0, "但分店不同："+show(e.name.branch), "but another branch: "+show(e.name.branch))
	say(v[roadDiffers] > 0, "但路名不同", "but another road")
	say(v[segmentDiffers] > 0, "但路段不同", "but another part of the road")
	say(v[numberDiffers] > 0, "但门牌号不同："+no, "but another number: "+no)
	say(v[areaDiffers] > 0, "但区县不同", "but another district")
	say(v[over] > 0, "许可证已终止", "the licence is over")
	say(len(out) == 0, "文字部分相同", "some of the words are the same")
	return out
}

// part is what agrees, and the whole when that is more.
func part(begin, agreed, whole string) string {
	if agreed == whole {
		return begin + whole
	}
	return begin + agreed + "（" + whole + "）"
}

// houseNo is the number on the road as people write it; "" when there is none.
func (e *evidence) houseNo() string {
	for _, n := range e.parts.numbers {
		switch {
		case n.kind != houseNo:
		case n.low != n.high:
			return fmt.Sprintf("%d-%d号", n.low, n.high)
		default:
			return fmt.Sprintf("%d号", n.low)
		}
	}
	return ""
}
