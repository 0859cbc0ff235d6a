package ticket

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNumberForm(t *testing.T) {
	late := time.Date(2026, 11, 21, 16, 30, 0, 0, time.UTC) // already the 22nd in Shanghai
	for _, c := range []struct {
		province string
		serial   int
		want     string
	}{
		{"36", 123, "12313-36-20261122-000123-"},
		{"00", 1, "12313-00-20261122-000001-"},
		{"36", 1_234_567, "12313-36-20261122-1234567-"},
	} {
		got := formatNumber(c.province, localDay(late), c.serial)
		if !strings.HasPrefix(got, c.want) || len(got) != len(c.want)+1 || !ValidNumber(got) {
			t.Errorf("formatNumber(%q, %d) = %q, want %q and a check digit", c.province, c.serial, got, c.want)
		}
	}
}

// The figures are from ISO/IEC 7812-1 and other published examples.
func TestLuhn(t *testing.T) {
	for body, want := range map[string]int{"7992739871": 3, "1789372997": 4, "411111111111111": 1, "0": 0, "12-3": 0} {
		if got := luhn(body); got != want {
			t.Errorf("luhn(%s) = %d, want %d", body, got, want)
		}
	}
}

func anyNumber(t *rapid.T) string {
	day := time.Date(2026, 1, 1, 0, 0, 0, 0, shanghai).AddDate(0, 0, rapid.IntRange(0, 4000).Draw(t, "day"))
	return formatNumber(rapid.StringMatching(`[0-9]{2}`).Draw(t, "province"), day, rapid.IntRange(1, 999_999).Draw(t, "serial"))
}

// A check digit is there to catch one wrong digit.
func TestNumberCatchesOneWrongDigit(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := anyNumber(t)
		if !ValidNumber(number) {
			t.Fatalf("%s is not valid", number)
		}
		at := rapid.IntRange(0, len(number)-1).Draw(t, "at")
		wrong := number[:at] + rapid.StringMatching(`[0-9]`).Draw(t, "digit") + number[at+1:]
		if wrong != number && ValidNumber(wrong) {
			t.Fatalf("%s passes for %s", wrong, number)
		}
	})
}

// Luhn catches two neighbours in the wrong order, but not 09 and 90.
func TestNumberCatchesSwappedDigits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := []byte(anyNumber(t))
		at := rapid.IntRange(0, len(b)-2).Draw(t, "at")
		x, y := b[at], b[at+1]
		b[at], b[at+1] = y, x
		if zeroAndNine := x+y == '0'+'9' && (x == '0' || y == '0'); x != y && !zeroAndNine && ValidNumber(string(b)) {
			t.Fatalf("%s passes with swapped digits", b)
		}
	})
}

func TestNotANumber(t *testing.T) {
	good := formatNumber("36", time.Date(2026, 11, 22, 0, 0, 0, 0, shanghai), 123)
	for _, s := range []string{
		"", "12313", good + "0", " " + good, good[1:], strings.ReplaceAll(good, "-", ""), strings.ReplaceAll(good, "-", "–"),
		"12313---36-20261122000123-" + good[len(good)-1:], strings.Replace(good, "3", "３", 1), strings.Replace(good, "12313", "12345", 1),
	} {
		if ValidNumber(s) {
			t.Errorf("ValidNumber(%q)", s)
		}
	}
}

func TestCode(t *testing.T) {
	const number = "12313-36-20261122-000123-7"
	seen := map[string]bool{}
	letters := map[rune]bool{}
	for range 2000 {
		code := newCode()
		if len(code) != 8 || strings.Trim(code, codeAlphabet) != "" || NormalizeCode(code) != code {
			t.Fatalf("newCode() = %q", code)
		}
		if seen[code] {
			t.Fatalf("%q came twice", code)
		}
		seen[code] = true
		for _, r := range code {
			letters[r] = true
		}
	}
	if len(letters) != len(codeAlphabet) {
		t.Errorf("16,000 letters show %d of the alphabet's %d", len(letters), len(codeAlphabet))
	}
	hash := codeHash(number, "8F3K27QD")
	for _, as := range []string{"8F3K27QD", "8f3k27qd", "8F3K-27QD", " 8f3k 27qd "} {
		if !codeMatches(number, as, hash) {
			t.Errorf("%q does not match", as)
		}
	}
	for _, as := range []string{"", "8F3K27QE", "8F3K27Q", "8F3K27QDD"} {
		if codeMatches(number, as, hash) {
			t.Errorf("%q matches", as)
		}
	}
	if codeMatches("12313-36-20261122-000124-5", "8F3K27QD", hash) {
		t.Error("the code opens another number")
	}
}

func TestTaxonomy(t *testing.T) {
	codes := map[string]bool{}
	letter := map[Kind]string{Report: "R", Complaint: "C", Enquiry: "Q", Suggestion: "S"}
	for _, s := range Subtypes {
		if codes[s.Code] {
			t.Errorf("%s twice", s.Code)
		}
		codes[s.Code] = true
		if s.ZH == "" || s.EN == "" || !strings.HasPrefix(s.Code, letter[s.Kind]) || letter[s.Kind] == "" {
			t.Errorf("%+v: incomplete, or the code does not fit the kind", s)
		}
		if ArriveWithin(s.Urgency) == 0 || handleWithin[s.Kind] == 0 {
			t.Errorf("%s: no arrival target or handling limit", s.Code)
		}
		if got, ok := SubtypeByCode(s.Code); !ok || got != s {
			t.Errorf("SubtypeByCode(%s) = %+v, %v", s.Code, got, ok)
		}
	}
	if _, ok := SubtypeByCode("R00"); ok {
		t.Error("SubtypeByCode finds what is not there")
	}
	for _, terms := range [][]Term{Outcomes, DeclineReasons} {
		for i, term := range terms {
			if term.Code == "" || term.ZH == "" || term.EN == "" || known(terms[:i], term.Code) {
				t.Errorf("%+v: incomplete or twice", term)
			}
		}
	}
	if KnownDeclineReason("no_answer") {
		t.Error("an officer may not give the engine's reason")
	}
}
