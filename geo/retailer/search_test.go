package retailer

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/paulmach/orb"
	"pgregory.net/rapid"

	"jiujin/geo"
	"jiujin/geo/zh"
	"jiujin/internal/pg"
	"jiujin/internal/pg/pgtest"
)

func search(t testing.TB, db *pg.DB, q Query) []Hit {
	t.Helper()
	found, err := Search(context.Background(), db, q)
	if err != nil {
		t.Fatalf("%+v: %v", q, err)
	}
	return found
}

var street = []Retailer{
	{LicenceNo: "421182100001", Name: "红塔烟酒店", Operator: "王建国", Address: "武穴市滨湖大道163号", PhoneTail: "1234", Point: &orb.Point{115.560, 29.850}, DivisionCode: "421182"},
	{LicenceNo: "421182100002", Name: "红塔烟酒店", Operator: "李秀英", Address: "武穴市人民路8号", PhoneTail: "5678", Point: &orb.Point{115.600, 29.850}, DivisionCode: "421182"},
	{LicenceNo: "421182100003", Name: "红塔烟酒店二店", Operator: "王建", Address: "武穴市解放街21号", Point: &orb.Point{115.580, 29.860}, DivisionCode: "421182"},
	{LicenceNo: "421127200004", Name: "长沙商行", Operator: "张伟", Address: "黄梅县建设路11号", Point: &orb.Point{115.940, 30.070}, DivisionCode: "421127"},
	{LicenceNo: "421127200005", Name: "７-Eleven便利店（火车站店）", Operator: "", Address: "黄梅县站前路1号", Point: &orb.Point{115.941, 30.071}, DivisionCode: "421127"},
	{LicenceNo: "421127200006", Name: "福兴隆副食店", Operator: "陈福", Address: "黄梅县建设路163号附2号", DivisionCode: "421127"},
	{LicenceNo: "421182100007", Name: "福兴隆副食店", Operator: "陈福", Address: "武穴市永宁大道7号", Point: &orb.Point{115.561, 29.851}, DivisionCode: "421182", Status: Cancelled},
	{LicenceNo: "421182100008", Name: "小红塔百货", Operator: "刘洋", Address: "武穴市滨湖大道9号", Point: &orb.Point{115.562, 29.852}, DivisionCode: "421182"},
}

func streetDB(t testing.TB) *pg.DB {
	db := pgtest.New(t)
	list := slices.Clone(street)
	for i := range list {
		if list[i].Status == "" {
			list[i].Status = Valid
		}
	}
	save(t, db, list)
	return db
}

func TestSearchFindsFirst(t *testing.T) {
	db := streetDB(t)
	west, east := &orb.Point{115.5602, 29.8502}, &orb.Point{115.601, 29.850}
	for _, tc := range []struct {
		q     Query
		first string // the end of the licence number; "" for no hit
		match Match
	}{
		{Query{Text: "红塔烟酒店", Near: west}, "0001", MatchName},
		{Query{Text: "红塔烟酒店", Near: east}, "0002", MatchName},
		{Query{Text: "红塔烟酒店二店", Near: west}, "0003", MatchName},
		{Query{Text: "小"}, "0008", MatchName},
		{Query{Text: "百货"}, "0008", MatchName},
		{Query{Text: "红塔", Near: west}, "0001", MatchName},
		{Query{Text: "7-eleven"}, "0005", MatchName},
		{Query{Text: "火车站"}, "0005", MatchName},
		{Query{Text: "421127200004"}, "0004", MatchLicence},
		{Query{Text: "42112720"}, "0004", MatchLicence},
		{Query{Text: "100008"}, "0008", MatchLicence},
		{Query{Text: "5678"}, "0002", MatchPhone},
		{Query{Text: "13812341234"}, "0001", MatchPhone},
		{Query{Text: "王建"}, "0003", MatchOperator},
		{Query{Text: "王建国"}, "0001", MatchOperator},
		{Query{Text: "滨湖大道163"}, "0001", MatchAddress},
		{Query{Text: "建设路163"}, "0006", MatchAddress},
		{Query{Text: "红塔 解放街"}, "0003", MatchAddress},
		{Query{Text: "滨湖大道 百货"}, "0008", MatchAddress},
		{Query{Text: "滨湖大道163号红塔烟酒店"}, "0001", MatchAddress},
		{Query{Text: "changshashanghang"}, "0004", MatchPinyin},
		{Query{Text: "chang sha"}, "0004", MatchPinyin},
		{Query{Text: "cssh"}, "0004", MatchInitials},
		{Query{Text: "xhtbh"}, "0008", MatchInitials},
		{Query{Text: "htbh"}, "0008", MatchInitials},
		{Query{Text: "fuxinglong"}, "0006", MatchPinyin}, // the other one is cancelled
		{Query{Text: "洪塔烟酒店", Near: east}, "0002", MatchPinyin},
		{Query{Text: "福兴龙付食店"}, "0006", MatchPinyin}, // sounds the same
		{Query{Text: "长沙酒行"}, "0004", MatchName},
		{Query{Text: "福兴隆", Scope: "421182"}, "0007", MatchName},
		{Query{Text: "长沙", Scope: "421182"}, "", ""},
		{Query{Near: west}, "0001", MatchNear},
		{Query{Near: west, Scope: "421127"}, "0004", MatchNear},
		{Query{Text: "没有这个"}, "", ""},
		{Query{Text: "%_"}, "", ""},
		{Query{Text: "——"}, "", ""},
		{Query{}, "", ""},
	} {
		got := search(t, db, tc.q)
		switch {
		case tc.first == "" && len(got) > 0:
			t.Errorf("%+v: found %s", tc.q, got[0].Name)
		case tc.first == "":
		case len(got) == 0:
			t.Errorf("%+v: nothing found", tc.q)
		case !strings.HasSuffix(string(got[0].LicenceNo), tc.first) || got[0].Match != tc.match:
			t.Errorf("%+v: found %s by %s (%.1f), want …%s by %s", tc.q, got[0].LicenceNo, got[0].Match, got[0].Score, tc.first, tc.match)
		}
	}
}

func TestSearchHits(t *testing.T) {
	db := streetDB(t)
	at := orb.Point{115.5605, 29.8505}
	got := search(t, db, Query{Text: "红塔", Near: &at, Limit: 3})
	if len(got) != 3 {
		t.Fatalf("%d hits, want 3", len(got))
	}
	for i, h := range got {
		if h.Score <= 0 || h.Score > 100 || (i > 0 && h.Score > got[i-1].Score) {
			t.Errorf("hit %d has score %v", i, h.Score)
		}
		// The database measures on the ellipsoid.
		if want := geo.Distance(at, *h.Point); math.Abs(float64(*h.Distance/want)-1) > 0.006 {
			t.Errorf("hit %d is %v m away, want %v", i, *h.Distance, want)
		}
	}
	for _, h := range search(t, db, Query{Text: "福兴隆"}) {
		if h.Distance != nil {
			t.Errorf("a distance without a place: %v", *h.Distance)
		}
	}
	nearest, err := Near(context.Background(), db, at, 100)
	if err != nil || len(nearest) != 7 {
		t.Fatalf("%d near, %v; want the 7 with a point", len(nearest), err)
	}
	if !slices.IsSortedFunc(nearest, func(a, b Hit) int { return int(*a.Distance - *b.Distance) }) {
		t.Error("not in order of distance")
	}
	if _, err := Near(context.Background(), db, orb.Point{200, 0}, 1); !errors.Is(err, ErrPoint) {
		t.Errorf("a point off the Earth: %v", err)
	}
}

// A fragment of two characters finds exactly the names that contain it.
func TestTwoCharactersFindAll(t *testing.T) {
	db := pgtest.New(t)
	list := invented(400)
	for i := range list {
		list[i].Address, list[i].Operator = "", ""
	}
	save(t, db, list)
	var chars []rune
	for _, r := range list {
		chars = append(chars, []rune(zh.Fold(r.Name))...)
	}
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, len(chars)-2).Draw(t, "at")
		pair := string(chars[at : at+2])
		want := map[string]bool{}
		for _, r := range list {
			if strings.Contains(zh.Fold(r.Name), pair) {
				want[string(r.LicenceNo)] = true
			}
		}
		var got []Hit
		err := db.InTx(context.Background(), func(tx *pg.Tx) (err error) {
			got, err = find(context.Background(), tx, Query{Limit: len(list)}, parse(pair))
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range got {
			if !want[string(h.LicenceNo)] {
				t.Fatalf("%q found %s", pair, h.Name)
			}
			delete(want, string(h.LicenceNo))
		}
		if len(want) > 0 {
			t.Fatalf("%q did not find %d names", pair, len(want))
		}
	})
}

// No text makes a search fail.
func TestSearchTakesAnyText(t *testing.T) {
	db := streetDB(t)
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringOf(rapid.RuneFrom([]rune("红塔a1 %_\\'\"　号\x00𠀀\uffff")))).Draw(t, "text")
		if _, err := Search(context.Background(), db, Query{Text: text, Near: &orb.Point{115, 30}}); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
	})
}
