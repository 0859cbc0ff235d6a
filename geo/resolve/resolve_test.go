package resolve_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo/resolve"
	"jiujin/geo/resolve/trial"
)

func shop(id int64, name, address string) resolve.Shop {
	return resolve.Shop{ID: id, Name: name, Address: address}
}

func smallTown() *resolve.Register {
	at := &orb.Point{104.06, 30.66}
	shops := []resolve.Shop{
		shop(1, "红旗连锁(双楠店)", "武侯区双楠路18号"),
		shop(2, "红旗连锁(金沙店)", "青羊区金沙路43号"),
		shop(3, "红旗连锁(万达店)", "金牛区一环路北三段1号万达广场1楼"),
		shop(4, "兴旺烟酒店", "武侯区双楠路20号附3号"),
		shop(5, "老王副食店", "青羊区长顺上街166号"),
		shop(6, "一点点(领事馆店)", "武侯区领事馆路2号附5号"),
		shop(7, "兴旺超市", "金牛区沙湾路9号"),
		shop(8, "福来烟酒行", "锦江区东大街88号"),
	}
	shops[7].Point, shops[7].Operator = at, "张建国"
	return resolve.NewRegister(shops, []resolve.Place{{Name: "东大小学", Point: *at}})
}

func TestResolveFindsWhatCallersMean(t *testing.T) {
	r := smallTown()
	for text, want := range map[string]int64{
		"红旗连锁双楠店":             1,
		"武侯区双楠路十八号的红旗连锁":      1,
		"喂你好，我要举报金沙路那边的红旗卖假烟": 2,
		"万达广场的红旗":             3,
		"双楠路 兴旺":              4,
		"長順上街166號老王副食":        5,
		"常顺上街一百六十六号 老汪副食店":    5,
		"1点点领事馆路2号":           6,
		"福来烟酒行，东大街":           8,
		"张建国的烟酒店":             8,
	} {
		a := r.Resolve(resolve.Query{Text: text})
		if len(a.Candidates) == 0 || a.Candidates[0].Shop.ID != want {
			t.Errorf("%s: want shop %d, got %+v", text, want, a.Candidates)
		}
	}
}

func TestLicenceNumbersTellTheShop(t *testing.T) {
	a, b, c := shop(1, "红旗连锁", "双楠路18号"), shop(2, "兴旺超市", "沙湾路9号"), shop(3, "兴旺超市", "沙湾路9号")
	a.LicenceNo, b.LicenceNo, c.LicenceNo = "510104110000", "510104110001", "88"
	r := resolve.NewRegister([]resolve.Shop{a, b, c}, nil)
	for text, want := range map[string]int64{
		"510104110001": 2,
		"证号５１０１０４１１０００１那家":            2,
		"双楠路的红旗连锁，许可证510104110001":    2,
		"510104110001，不是510104110000": 0, // two of them: nobody can be sure
		"51010411000":                 0,
		"5101041100012":               0,
		"88":                          0,
	} {
		answer := r.Resolve(resolve.Query{Text: text})
		if answer.Sure != (want > 0) || want > 0 && (answer.Candidates[0].Shop.ID != want || len(answer.Candidates[0].Why) != 1) {
			t.Errorf("%s: want shop %d, got %+v", text, want, answer)
		}
	}
}

func TestResolveIsNotSureOfStrangers(t *testing.T) {
	r := smallTown()
	for _, text := range []string{
		"红旗连锁(西门店) 武侯区二环路西一段77号", "锦江区春熙路5号 新华书店", "兴旺茶楼 青羊区文殊院街12号", "红旗连锁", "那个卖假烟的店", "王", "？？",
	} {
		a := r.Resolve(resolve.Query{Text: text})
		if a.Sure {
			t.Errorf("%s: sure of %s", text, a.Candidates[0].Shop.Name)
		}
		if a.Question == nil || a.Question.Zh == "" || a.Question.En == "" {
			t.Errorf("%s: no question", text)
		}
	}
}

// The question is about what tells the branches apart, and names the answers when they are few.
func TestResolveAsksWhatTellsApart(t *testing.T) {
	r := resolve.NewRegister([]resolve.Shop{
		shop(1, "兴旺超市", "武侯区双楠路18号"), shop(2, "兴旺超市", "武侯区金沙路18号"), shop(3, "老王副食店", "青羊区长顺上街166号"),
	}, nil)
	q := r.Resolve(resolve.Query{Text: "兴旺超市"}).Question
	if q == nil || q.About != "road" || !strings.Contains(q.Zh, "双楠路") || !strings.Contains(q.Zh, "金沙路") || !strings.Contains(q.En, "双楠路") {
		t.Errorf("got %+v", q)
	}
	if q := r.Resolve(resolve.Query{Text: "兴旺超市 双楠路18号"}).Question; q != nil {
		t.Errorf("asks %s though it is sure", q.Zh)
	}
}

func TestResolveUsesWhereTheCallerIs(t *testing.T) {
	here, there := orb.Point{104.06, 30.66}, orb.Point{104.16, 30.56}
	a, b := shop(1, "兴旺超市", "第一大道"), shop(2, "兴旺超市", "第二大道")
	a.Point, b.Point = &here, &there
	r := resolve.NewRegister([]resolve.Shop{a, b}, nil)
	for id, near := range map[int64]*orb.Point{1: &here, 2: &there} {
		if got := r.Resolve(resolve.Query{Text: "兴旺超市", Near: near}).Candidates[0].Shop.ID; got != id {
			t.Errorf("near shop %d: got %d first", id, got)
		}
	}
}

func TestResolveUsesTheArea(t *testing.T) {
	a, b := shop(1, "兴旺超市", "锦江区第一大道"), shop(2, "兴旺超市", "青羊区第二大道")
	c, d := shop(3, "福来烟酒", "第三大道"), shop(4, "福来烟酒", "第四大道")
	c.Division, d.Division = "510104", "510105"
	r := resolve.NewRegister([]resolve.Shop{a, b, c, d}, nil)
	for area, want := range map[string][2]int64{"510104": {1, 3}, "510105": {2, 4}} {
		for i, text := range []string{"兴旺超市", "福来烟酒"} {
			if got := r.Resolve(resolve.Query{Text: text, Area: area}).Candidates[0].Shop.ID; got != want[i] {
				t.Errorf("%s in %s: got shop %d, want %d", text, area, got, want[i])
			}
		}
	}
}

func TestResolveLearnsAliases(t *testing.T) {
	s := shop(1, "成都恒发商贸有限公司", "武侯区双楠路18号")
	before := resolve.NewRegister([]resolve.Shop{s, shop(2, "兴旺超市", "金牛区沙湾路9号")}, nil).Resolve(resolve.Query{Text: "胖嬢嬢的烟摊摊"})
	s.Aliases = []string{"胖嬢嬢烟摊"}
	after := resolve.NewRegister([]resolve.Shop{s, shop(2, "兴旺超市", "金牛区沙湾路9号")}, nil).Resolve(resolve.Query{Text: "胖嬢嬢的烟摊摊"})
	if len(before.Candidates) > 0 && before.Candidates[0].Score >= after.Candidates[0].Score || after.Candidates[0].Shop.ID != 1 {
		t.Errorf("before %+v, after %+v", before.Candidates, after.Candidates)
	}
}

// Whatever is said, the probabilities are a distribution, the best comes first, and a reason stands with each.
func TestAnswersAreDistributions(t *testing.T) {
	w := trial.NewWorld(400, 1)
	r := resolve.NewRegister(w.Shops, w.Places)
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.SampledFrom(w.Shops).Draw(t, "shop")
		text := rapid.StringOfN(rapid.SampledFrom([]rune(s.Name+s.Address+"的号路区0 9(（")), 1, 40, -1).Draw(t, "text")
		a := r.Resolve(resolve.Query{Text: text})
		sum, last := a.Unknown, 1.0
		for _, c := range a.Candidates {
			if c.Score < 0 || c.Score > last+1e-9 || len(c.Why) == 0 {
				t.Fatalf("%q: candidate %+v after %f", text, c, last)
			}
			sum, last = sum+c.Score, c.Score
		}
		if sum > 1+1e-6 || a.Sure && a.Question != nil || !a.Sure && a.Question == nil {
			t.Fatalf("%q: sum %f, %+v", text, sum, a)
		}
	})
}

// A shop that is named in full, in any order, is the first or one that cannot be told from it.
func TestFullWordsFindTheShop(t *testing.T) {
	w := trial.NewWorld(3_000, 4)
	shops, cases := w.Cases(25, 4)
	r := resolve.NewRegister(shops, w.Places)
	all := trial.Measure(r, cases)[0]
	if all.Top1 < 0.85 || all.Top3 < 0.95 || all.NotSure < 0.8 || all.Right < 0.9 {
		t.Errorf("%+v", all)
	}
}

func FuzzResolve(f *testing.F) {
	r := smallTown()
	for _, s := range []string{"", "红旗(双楠店", "一百二十三号", "附附附号号", "路路路", "\xff\xfe号", "（（（）））", "999999999999999999999号", "1-2、3-4号楼5单元", "a b c d"} {
		f.Add(s, 104.0, 30.0)
	}
	f.Fuzz(func(t *testing.T, text string, lon, lat float64) {
		a := r.Resolve(resolve.Query{Text: text, Near: &orb.Point{lon, lat}, Area: text})
		if a.Sure && len(a.Candidates) == 0 {
			t.Errorf("%q: sure of nothing", text)
		}
	})
}

// TestLabelled measures the labelled lists, where they are: in the folder that JIUJIN_DATA names, or beside the
// repository.
func TestLabelled(t *testing.T) {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../../shared/data"
	}
	list, err := trial.ReadPlatforms(filepath.Join(dir, "shops-poi"))
	if os.IsNotExist(err) || err != nil && strings.Contains(err.Error(), "no such file") {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, near := range map[string]bool{"words alone": false, "near the other": true} {
		t.Run(name, func(t *testing.T) {
			registers, cases := list.Across(near)
			heldOut := func(c trial.Case) bool { return c.Group%2 == 1 }
			if precision, recall, f1 := list.PairF1(registers, cases, heldOut); f1 <= 0.92 {
				t.Errorf("pairs: precision %.3f, recall %.3f, F1 %.3f", precision, recall, f1)
			}
			for i, r := range registers {
				if f := trial.Measure(r, cases[i])[0]; f.Top1 < 0.85 || f.Top5 < 0.95 || f.NotSure < 0.8 {
					t.Errorf("%+v", f)
				}
			}
		})
	}
}
