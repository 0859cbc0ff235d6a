package zh

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
	"pgregory.net/rapid"
)

// misread is what a program shows that reads text, written as written, as read.
func misread(t interface{ Fatal(...any) }, text string, written, read encoding.Encoding) string {
	raw := []byte(text)
	var err error
	if written != nil {
		if raw, err = written.NewEncoder().Bytes(raw); err != nil {
			t.Fatal(err)
		}
	}
	if read == nil {
		return strings.ToValidUTF8(string(raw), "\uFFFD")
	}
	out, err := read.NewDecoder().Bytes(raw)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

const shop = "四川省成都市锦江区红塔烟酒店（总店）春熙路163号"

func TestRepair(t *testing.T) {
	gbk, latin := simplifiedchinese.GBK, charmap.Windows1252
	for name, tc := range map[string]struct {
		text    string
		want    string
		damaged bool
	}{
		"whole":                   {shop, shop, false},
		"UTF-8 as Latin-1":        {misread(t, shop, nil, charmap.ISO8859_1), shop, false},
		"UTF-8 as Mac Roman":      {misread(t, shop, nil, charmap.Macintosh), shop, false},
		"UTF-8 as Latin-1, twice": {misread(t, misread(t, shop, nil, charmap.ISO8859_1), nil, charmap.ISO8859_1), shop, false},
		"GBK as Windows-1252":     {misread(t, "红塔烟酒店", gbk, charmap.ISO8859_1), "红塔烟酒店", false},
		"UTF-8 as GBK":            {misread(t, "便民超市", nil, gbk), "便民超市", false},
		"UTF-8 as GBK, odd":       {misread(t, "红塔烟酒店", nil, gbk), "红\uFFFD烟酒\uFFFD", true},
		"odd, question mark":      {strings.TrimSuffix(misread(t, "红塔烟酒店", nil, gbk), "\uFFFD") + "?", "红\uFFFD烟酒\uFFFD", true},
		"GBK as UTF-8":            {misread(t, "红塔", gbk, nil), misread(t, "红塔", gbk, nil), true},
		"U+FFFD as GBK":           {"锟斤拷路12号", "\uFFFD\uFFFD路12号", true},
		"French":                  {"Café Zoë, Rue de l'Église", "Café Zoë, Rue de l'Église", false},
		"French, UTF-8 as 1252":   {misread(t, "Café Zoë", nil, latin), "Café Zoë", false},
		"rare names":              {"犇鑫淼烟酒行", "犇鑫淼烟酒行", false},
		"one rare":                {"龘", "龘", false},
		"traditional":             {"臺灣菸酒專賣店", "臺灣菸酒專賣店", false},
		"kana":                    {"セブン便利店", "セブン便利店", false},
		"nothing":                 {"", "", false},
	} {
		if got, damaged := Repair(tc.text); got != tc.want || damaged != tc.damaged {
			t.Errorf("%s: %q gives %q, %v; want %q, %v", name, tc.text, got, damaged, tc.want, tc.damaged)
		}
	}
}

// Text of everyday characters is not touched, and comes back from each way of
// misreading it that loses nothing.
func TestRepairUndoesMisreading(t *testing.T) {
	everydays := []rune{}
	for r := rune(firstHan); r <= lastHan; r++ {
		if commonness(r) == everyday {
			everydays = append(everydays, r)
		}
	}
	char := rapid.OneOf(rapid.RuneFrom(everydays), rapid.RuneFrom(everydays), rapid.RuneFrom([]rune("路号店市区0123456789")))
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(char, 6, 30).Draw(t, "text"))
		if hans(text) < 4 {
			return
		}
		if got, damaged := Repair(text); got != text || damaged {
			t.Fatalf("%q became %q", text, got)
		}
		for _, wrong := range []string{
			misread(t, text, nil, charmap.ISO8859_1),
			misread(t, text, nil, charmap.Macintosh),
			misread(t, text, simplifiedchinese.GBK, charmap.ISO8859_1),
		} {
			if got, damaged := Repair(wrong); got != text || damaged {
				t.Fatalf("%q of %q became %q", wrong, text, got)
			}
		}
		wrong := misread(t, text, nil, simplifiedchinese.GBK)
		got, damaged := Repair(wrong)
		if strings.ContainsRune(wrong, utf8.RuneError) {
			return
		}
		if got != text || damaged {
			t.Fatalf("%q of %q became %q", wrong, text, got)
		}
	})
}

func FuzzRepair(f *testing.F) {
	f.Add(shop)
	f.Add("çº¢å¡”\uFFFD?")
	f.Add("锟斤拷\xff")
	f.Fuzz(func(t *testing.T, s string) {
		fixed, damaged := Repair(s)
		if damaged != strings.ContainsRune(fixed, utf8.RuneError) {
			t.Fatalf("%q: %q, damaged %v", s, fixed, damaged)
		}
		simple := Simplify(fixed)
		if utf8.RuneCountInString(simple) != utf8.RuneCountInString(fixed) {
			t.Fatalf("%q changed its length: %q", fixed, simple)
		}
		for _, r := range Fold(simple) {
			Sound(r)
			Readings(r)
		}
	})
}
