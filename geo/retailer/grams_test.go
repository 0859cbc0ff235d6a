package retailer

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Within the basic plane, a text of two characters is in another exactly when
// its gram is.
func TestGramsAreSubstringsOfTwo(t *testing.T) {
	char := rapid.RuneFrom([]rune("红塔烟酒店商行a1滨湖"))
	rapid.Check(t, func(t *rapid.T) {
		text := string(rapid.SliceOfN(char, 0, 12).Draw(t, "text"))
		pair := string(rapid.SliceOfN(char, 2, 2).Draw(t, "pair"))
		has := false
		for _, g := range grams(text) {
			has = has || g == grams(pair)[0]
		}
		if has != strings.Contains(text, pair) {
			t.Fatalf("%q in %q: gram says %v", pair, text, has)
		}
	})
}
