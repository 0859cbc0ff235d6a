package address

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"": "",
		"四川省成都市锦江区红星路三段1号":    "prov四川省 city成都市 district锦江区 road红星路 subRoad三段 subroadno1号",
		"湖北省武穴市梅川大道163号":      "prov湖北省 district武穴市 road梅川大道 roadno163号",
		"杭州市西湖区文三路478号华星时代广场": "city杭州市 district西湖区 road文三路 roadno478号 poi华星时代广场",
		"龙山镇慈东滨海区海丰北路６０２号":    "town龙山镇 community慈东 redundant滨海区 road海丰北路 roadno６０２号",
	} {
		var got []string
		for _, p := range Parse(text) {
			got = append(got, string(p.Label)+p.Text)
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: %s, want %s", text, s, want)
		}
	}
}

// Whatever the text, the parts cover it without gap or overlap.
func FuzzParse(f *testing.F) {
	f.Add("浙江省杭州市滨江区缤纷北苑47-6-746")
	f.Add("廣東省東莞市長安鎮\xff\x00　Ａ")
	f.Add(strings.Repeat("城关镇", 200))
	f.Fuzz(func(t *testing.T, text string) {
		parts, chars, at := Parse(text), []rune(text), 0
		for _, p := range parts {
			if p.Start != at || p.End <= p.Start || p.End > len(chars) || p.Text != string(chars[p.Start:p.End]) || p.Label == "" {
				t.Fatalf("%q: %+v", text, parts)
			}
			at = p.End
		}
		if at != len(chars) {
			t.Fatalf("%q: the parts end at %d of %d", text, at, len(chars))
		}
		last := 0
		for _, m := range Divide(text, "51") {
			if m.Start < last || m.End <= m.Start || m.End > utf8.RuneCountInString(text) {
				t.Fatalf("%q: %+v", text, m)
			}
			last = m.End
		}
	})
}

func BenchmarkParse(b *testing.B) {
	Parse("") // loads the model
	for b.Loop() {
		Parse("浙江省杭州市西湖区文三路478号华星时代广场A座12楼1203室")
	}
}
