package zh

import (
	"slices"
	"testing"
)

func TestSimplify(t *testing.T) {
	for in, want := range map[string]string{
		"臺灣菸酒專賣店":    "台湾烟酒专卖店",
		"廣東省東莞市長安鎮":  "广东省东莞市长安镇",
		"乾隆年間古董店":    "乾隆年间古董店",
		"餅乾專賣":       "饼干专卖",
		"裡仁雜貨舖":      "里仁杂货铺",
		"乾丰超市":       "乾丰超市", // simplified already
		"红塔烟酒店 No.1": "红塔烟酒店 No.1",
		"":           "",
	} {
		if got := Simplify(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

func TestReadings(t *testing.T) {
	for r, want := range map[rune][]string{
		'重': {"zhong", "chong"},
		'绿': {"lv", "lu"},
		'长': {"chang", "zhang"},
		'A': nil,
	} {
		got := Readings(r)
		if len(want) == 0 != (len(got) == 0) {
			t.Errorf("%c: %q, want %q", r, got, want)
		}
		for _, w := range want {
			if !slices.Contains(got, w) {
				t.Errorf("%c: %q, want %q", r, got, want)
			}
		}
	}
}

func TestSoundJoinsWhatIsMixedUp(t *testing.T) {
	for _, same := range []string{"刘牛", "林凌宁", "陈程岑", "山三桑", "黄房", "Ａa", "知资", "荣龙", "真曾"} {
		runes := []rune(same)
		for _, r := range runes[1:] {
			if Sound(r) != Sound(runes[0]) || Sound(r) == "" {
				t.Errorf("%c sounds %q, %c sounds %q", runes[0], Sound(runes[0]), r, Sound(r))
			}
		}
	}
	for _, other := range []string{"大塔", "波坡", "南路", "1一", "。店"} {
		runes := []rune(other)
		if Sound(runes[0]) == Sound(runes[1]) {
			t.Errorf("%c and %c both sound %q", runes[0], runes[1], Sound(runes[0]))
		}
	}
}
