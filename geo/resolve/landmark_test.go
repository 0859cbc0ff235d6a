package resolve_test

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"

	"jiujin/geo/resolve"
)

func located(s resolve.Shop, lon, lat float64) resolve.Shop {
	s.Point = &orb.Point{lon, lat}
	return s
}

// Two branches of a chain; only what the register says of the landmark tells which is meant.
func TestResolveFindsLandmarksInTheRegister(t *testing.T) {
	r := resolve.NewRegister([]resolve.Shop{
		located(shop(1, "克莉丝汀(福海路店)", "福海路364号"), 121.25, 31.37),
		located(shop(2, "克莉丝汀(靖远店)", "靖远路701号"), 121.33, 31.25),
		located(shop(3, "嘉定区南苑小学", "福海路370号"), 121.2502, 31.3701),
		located(shop(4, "味千拉面", "靖远路699号江桥万达广场2楼"), 121.3301, 31.2501),
	}, nil)
	for text, want := range map[string]int64{
		"南苑小学旁边的克莉丝汀":   1,
		"克莉丝汀在南苑小学对面":   1,
		"江桥万达广场楼下的克莉丝汀": 2,
	} {
		a := r.Resolve(resolve.Query{Text: text})
		if a.Candidates[0].Shop.ID != want {
			t.Errorf("%s: got %s: %s", text, a.Candidates[0].Shop.Name, resolve.Words(a.Candidates[0].Why, "zh"))
		}
	}
}

// The shop beside which another one lies is not the one that is meant.
func TestResolveDoesNotTakeTheLandmarkForTheShop(t *testing.T) {
	r := resolve.NewRegister([]resolve.Shop{
		located(shop(1, "联建小学", "绿杨路201弄15号"), 121.38, 31.27),
		located(shop(2, "桃浦新村幼儿园", "绿杨路229号"), 121.381, 31.271),
		located(shop(3, "兴旺超市", "金沙江路9号"), 121.4, 31.23),
	}, nil)
	a := r.Resolve(resolve.Query{Text: "桃浦新村幼儿园里面的联建小学"})
	if a.Candidates[0].Shop.ID != 1 {
		t.Errorf("got %s first", a.Candidates[0].Shop.Name)
	}
	if a := r.Resolve(resolve.Query{Text: "桃浦新村幼儿园旁边的大众浴室"}); a.Sure {
		t.Errorf("is sure of %s", a.Candidates[0].Shop.Name)
	}
}

// On one road the farther house number counts less.
func TestFarHouseNumbersCountAgainst(t *testing.T) {
	score := func(number string) float64 {
		r := resolve.NewRegister([]resolve.Shop{
			shop(1, "兴旺超市", "武侯区双楠路"+number), shop(2, "老王副食店", "青羊区长顺上街166号"), shop(3, "福来烟酒行", "锦江区东大街88号"),
		}, nil)
		for _, c := range r.Resolve(resolve.Query{Text: "双楠路258号兴旺超市"}).Candidates {
			if c.Shop.ID == 1 {
				return c.Score
			}
		}
		return 0
	}
	same, close, far, farther := score("258号"), score("260号"), score("318号"), score("1268号")
	if same <= close || close <= far || far <= 1.5*farther {
		t.Errorf("258: %.3f, 260: %.3f, 318: %.3f, 1268: %.3f", same, close, far, farther)
	}
}

// A reason names what agrees, and nothing that shares a character by chance.
func TestReasonsSayWhatAgrees(t *testing.T) {
	r := resolve.NewRegister([]resolve.Shop{
		shop(1, "十足便利店(上海市第一百货商店)", "西藏中路462号"), shop(2, "千里香馄饨", "金汇镇北行路545号"), shop(3, "老王副食店", "青羊区长顺上街166号"),
	}, nil)
	first := func(text string) string {
		return resolve.Words(r.Resolve(resolve.Query{Text: text}).Candidates[0].Why, "zh")
	}
	if got := first("一天天的十足便利店"); !strings.Contains(got, "店名相符：十足") || strings.Contains(got, "分店") {
		t.Errorf("a branch by chance: %s", got)
	}
	if got := first("西藏中路十足便利店第一百货"); !strings.Contains(got, "分店相符：第一百货（") {
		t.Errorf("the branch in part: %s", got)
	}
	if got := first("里香馄饨"); !strings.Contains(got, "店名部分相符：里香馄饨（千里香馄饨）") {
		t.Errorf("the name in part: %s", got)
	}
}

// The label of the district beside the address tells shops apart like the address itself; so does the division's code.
func TestResolveUsesTheDistrictBesideTheAddress(t *testing.T) {
	a, b := shop(1, "麦香村(青村店)", "振兴路70号"), shop(2, "麦香村(瓦屑店)", "建设路71号")
	a.District, b.Division = "奉贤区", "310115"
	r := resolve.NewRegister([]resolve.Shop{a, b, shop(3, "兴旺超市", "金沙江路9号")}, nil)
	for text, want := range map[string]int64{"奉贤区麦香村": 1, "浦东新区麦香村": 2} {
		if got := r.Resolve(resolve.Query{Text: text}).Candidates[0].Shop.ID; got != want {
			t.Errorf("%s: got shop %d", text, got)
		}
	}
}

// The answer that the shop's own record gives to the question leads to the shop.
func TestTheQuestionSeparates(t *testing.T) {
	shops := []resolve.Shop{
		shop(1, "兴旺超市", "武侯区双楠路18号"), shop(2, "兴旺超市", "青羊区金沙路18号"), shop(3, "兴旺超市", "青羊区金沙路99号"), shop(4, "老王副食店", "青羊区长顺上街166号"),
	}
	r := resolve.NewRegister(shops, nil)
	for _, s := range shops[:3] {
		text := "兴旺超市"
		for range 3 {
			a := r.Resolve(resolve.Query{Text: text})
			if a.Question == nil {
				break
			}
			text += "，" + r.Reply(*a.Question, s)
		}
		if a := r.Resolve(resolve.Query{Text: text}); a.Candidates[0].Shop.ID != s.ID {
			t.Errorf("%s: got %s", text, a.Candidates[0].Shop.Address)
		}
	}
}
