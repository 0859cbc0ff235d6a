package address

import (
	"strings"
	"testing"
)

func TestDivide(t *testing.T) {
	for _, tc := range []struct{ text, within, want string }{
		{"四川省成都市锦江区春熙路街道", "", "510000四川省 510100成都市 510104锦江区 510104022春熙路街道"},
		{"武穴梅川路12号", "", "421182武穴市"},
		{"湖北武穴大法寺镇", "", "420000湖北省 421182武穴市 421182106大法寺镇"},
		{"北京朝阳", "", "110000北京市 110105朝阳区"},
		{"鼓楼区中山路", "", ""},
		{"南京鼓楼区中山路", "", "320100南京市 320106鼓楼区"},
		{"鼓楼区中山路", "320100", "320106鼓楼区"},
		{"鼓楼区中山路", "350102", "350102鼓楼区"},
		{"朝阳路8号", "", ""},
		{"杭州大厦", "", ""},
		{"廣東省東莞市長安鎮", "", "440000广东省 441900东莞市 441900119长安镇"},
		{"恩施利川", "", "422800恩施土家族苗族自治州 422802利川市"},
		{"红塔烟酒店", "", ""},
		{"", "", ""},
	} {
		var got []string
		for _, m := range Divide(tc.text, tc.within) {
			got = append(got, m.Code+m.Name)
		}
		if s := strings.Join(got, " "); s != tc.want {
			t.Errorf("%s within %q: %s, want %s", tc.text, tc.within, s, tc.want)
		}
	}
}

func TestDivisionPath(t *testing.T) {
	for code, want := range map[string]string{
		"510104": "四川省成都市锦江区", "110105": "北京市朝阳区", "429004": "湖北省仙桃市", "510104022": "四川省成都市锦江区春熙路街道", "999999": "",
	} {
		var got strings.Builder
		for _, d := range DivisionPath(code) {
			got.WriteString(d.Name)
		}
		if got.String() != want {
			t.Errorf("%s is %s, want %s", code, got.String(), want)
		}
	}
}
