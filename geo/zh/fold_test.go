package zh

import (
	"strings"
	"testing"

	"github.com/mozillazg/go-pinyin"
)

func TestPinyin(t *testing.T) {
	for _, tc := range []struct{ text, full, initials string }{
		{"红塔烟酒店", "hongtayanjiudian", "htyjd"},
		{"长沙商行", "changshashanghang", "cssh"},
		{"重庆小面", "chongqingxiaomian", "cqxm"},
		{"行知书店", "xingzhishudian", "xzsd"},
		{"７-Eleven 便利店", "7elevenbianlidian", "7elevenbld"},
		{"绿洲超市", "lvzhouchaoshi", "lzcs"},
		{"", "", ""},
	} {
		full, initials := Pinyin(Fold(tc.text))
		if full != tc.full || initials != tc.initials {
			t.Errorf("%s: got %q %q, want %q %q", tc.text, full, initials, tc.full, tc.initials)
		}
	}
}

// An entry that says what the dictionary says anyway is clutter, and one with
// the wrong number of syllables shifts the initials.
func TestReadingsAreNeeded(t *testing.T) {
	for word, reading := range readings {
		runes := []rune(word)
		if len(runes) > longestReading {
			t.Errorf("%s is longer than longestReading", word)
		}
		if n := len(strings.Fields(reading)); n != len(runes) {
			t.Errorf("%s: %d characters, %d syllables", word, len(runes), n)
		}
		if got := strings.Join(piecewise(runes), " "); got == reading {
			t.Errorf("%s: %q is the reading of its characters anyway", word, reading)
		}
	}
}

// piecewise reads each character alone, with the one-character entries.
func piecewise(runes []rune) []string {
	if len(runes) == 1 {
		return pinyin.SinglePinyin(runes[0], pinyinArgs)
	}
	var out []string
	for _, r := range runes {
		full, _ := Pinyin(string(r))
		out = append(out, full)
	}
	return out
}

func TestFold(t *testing.T) {
	for in, want := range map[string]string{
		"ＡＢＣ　烟酒（总店）":   "abc烟酒总店",
		"滨湖大道１６３号":     "滨湖大道163号",
		" 7-Eleven·便利": "7eleven便利",
		"\x00%_\\'":    "",
	} {
		if got := Fold(in); got != want {
			t.Errorf("Fold(%q) = %q, want %q", in, got, want)
		}
	}
}
