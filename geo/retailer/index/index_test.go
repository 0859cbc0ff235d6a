package index

import (
	"strings"
	"testing"

	"github.com/paulmach/orb"
)

var street = []Doc{
	{LicenceNo: "421182100001", Name: "红塔烟酒店", Operator: "王建国", Address: "武穴市滨湖大道163号", PhoneTail: "1234", Point: orb.Point{115.560, 29.850}, Division: "421182"},
	{LicenceNo: "421182100002", Name: "红塔烟酒店", Operator: "李秀英", Address: "武穴市人民路8号", PhoneTail: "5678", Point: orb.Point{115.600, 29.850}, Division: "421182"},
	{LicenceNo: "421182100003", Name: "红塔烟酒店二店", Operator: "王建", Address: "武穴市解放街21号", Point: orb.Point{115.580, 29.860}, Division: "421182"},
	{LicenceNo: "421127200004", Name: "长沙商行", Operator: "张伟", Address: "黄梅县建设路11号", Point: orb.Point{115.940, 30.070}, Division: "421127"},
	{LicenceNo: "421127200005", Name: "７-Eleven便利店（火车站店）", Address: "黄梅县站前路1号", Point: orb.Point{115.941, 30.071}, Division: "421127"},
	{LicenceNo: "421127200006", Name: "福兴隆副食店", Operator: "陈福", Address: "黄梅县建设路163号附2号", Division: "421127"},
	{LicenceNo: "421182100007", Name: "福兴隆副食店", Operator: "陈福", Address: "武穴市永宁大道7号", Point: orb.Point{115.561, 29.851}, Division: "421182", Over: true},
	{LicenceNo: "421182100008", Name: "小红塔百货", Operator: "刘洋", Address: "武穴市滨湖大道9号", Point: orb.Point{115.562, 29.852}, Division: "421182", Aliases: []string{"老刘铺子"}},
}

func streetIndex() *Index {
	b := NewBuilder()
	for i, d := range street {
		d.ID, d.Located = int64(i+1), d.Point != orb.Point{}
		b.Add(d)
	}
	return b.Build()
}

func TestSearchFindsFirst(t *testing.T) {
	x := streetIndex()
	west, east := &orb.Point{115.5602, 29.8502}, &orb.Point{115.601, 29.850}
	for _, tc := range []struct {
		q     Query
		first int64 // 0 for no hit
		match Match
	}{
		{Query{Text: "红塔烟酒店", Near: west}, 1, MatchName},
		{Query{Text: "红塔烟酒店", Near: east}, 2, MatchName},
		{Query{Text: "红塔烟酒店二店", Near: west}, 3, MatchName},
		{Query{Text: "小"}, 8, MatchName},
		{Query{Text: "百货"}, 8, MatchName},
		{Query{Text: "老刘"}, 8, MatchAlias},
		{Query{Text: "红塔", Near: west}, 1, MatchName},
		{Query{Text: "7-eleven"}, 5, MatchName},
		{Query{Text: "火车站"}, 5, MatchName},
		{Query{Text: "421127200004"}, 4, MatchLicence},
		{Query{Text: "42112720"}, 4, MatchLicence},
		{Query{Text: "100008"}, 8, MatchLicence},
		{Query{Text: "5678"}, 2, MatchPhone},
		{Query{Text: "13812341234"}, 1, MatchPhone},
		{Query{Text: "王建"}, 3, MatchOperator},
		{Query{Text: "王建国"}, 1, MatchOperator},
		{Query{Text: "滨湖大道163"}, 1, MatchAddress},
		{Query{Text: "建设路163"}, 6, MatchAddress},
		{Query{Text: "红塔 解放街"}, 3, MatchAddress},
		{Query{Text: "滨湖大道 百货"}, 8, MatchAddress},
		{Query{Text: "滨湖大道163号红塔烟酒店"}, 1, MatchAddress},
		{Query{Text: "changshashanghang"}, 4, MatchPinyin},
		{Query{Text: "cangsasanghang"}, 4, MatchPinyin},
		{Query{Text: "zhangshashangxing"}, 4, MatchPinyin},
		{Query{Text: "cssh"}, 4, MatchInitials},
		{Query{Text: "zssx"}, 4, MatchInitials},
		{Query{Text: "chang sha"}, 4, MatchPinyin},
		{Query{Text: "changsh"}, 4, MatchPinyin},
		{Query{Text: "xhtbh"}, 8, MatchInitials},
		{Query{Text: "htbh"}, 8, MatchInitials},
		{Query{Text: "fuxinglong"}, 6, MatchPinyin}, // the other one is over
		{Query{Text: "洪塔烟酒店", Near: east}, 2, MatchSound},
		{Query{Text: "福兴龙付食店"}, 6, MatchSound},
		{Query{Text: "长沙酒行"}, 4, MatchSimilar},
		{Query{Text: "红塔火酒店", Near: west}, 1, MatchSimilar},
		{Query{Text: "福兴隆", Scope: "421182"}, 7, MatchName},
		{Query{Text: "福兴隆", Area: "421182"}, 7, MatchName},
		{Query{Text: "长沙", Scope: "421182"}, 0, ""},
		{Query{Text: "没有这个"}, 0, ""},
		{Query{Text: "%_"}, 0, ""},
		{Query{Text: "——"}, 0, ""},
		{Query{}, 0, ""},
	} {
		got := x.Search(tc.q)
		switch {
		case tc.first == 0 && len(got) > 0:
			t.Errorf("%+v: found %d", tc.q, got[0].ID)
		case tc.first == 0:
		case len(got) == 0:
			t.Errorf("%+v: nothing found", tc.q)
		case got[0].ID != tc.first || got[0].Match != tc.match:
			t.Errorf("%+v: found %d by %s (%.1f), want %d by %s", tc.q, got[0].ID, got[0].Match, got[0].Score, tc.first, tc.match)
		}
	}
}

func TestAlike(t *testing.T) {
	x := streetIndex()
	for _, tc := range []struct {
		part  Part
		text  string
		first int64
	}{
		{Names, "武穴红塔百货店", 8}, {Address, "黄梅站前路口", 5}, {Sounds, "付新龙食品", 6},
	} {
		got := x.Alike(tc.part, tc.text, Context{}, 3)
		if len(got) == 0 || got[0].ID != tc.first || got[0].Share <= 0 || got[0].Share > 1 {
			t.Errorf("%s: %+v", tc.text, got)
		}
	}
	names, address, ok := x.Texts(8)
	if !ok || strings.Join(names, " ") != "小红塔百货 老刘铺子" || address != "武穴市滨湖大道9号" {
		t.Errorf("the texts of 8: %q %q %v", names, address, ok)
	}
}
