package retailer

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestParseCarton(t *testing.T) {
	const code = "6112012345678907" + "JXYT" + "361102100123"
	for name, s := range map[string]string{
		"one row":      code,
		"two rows":     code[:16] + "\n" + code[16:],
		"rows swapped": code[16:] + " " + code[:16],
		"small":        strings.ToLower(code),
		"wide":         "６112012345678907 JXYT 361102100123",
	} {
		c, err := ParseCarton(s, noon)
		if err != nil || c.LicenceNo != "361102100123" || c.Company != "JXYT" || c.Case != "123456789" && c.Case != "012345678" ||
			!c.SortedOn.Equal(time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)) || c.Mended {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	c, err := ParseCarton("6I12O12345678907"+"JXY0"+"361IO21O0123", noon)
	if err != nil || !c.Mended || c.Code != "6112012345678907JXYO361102100123" || c.Order != 7 {
		t.Errorf("mended: %+v, %v", c, err)
	}
	for digits, want := range map[string]string{"61123": "2016-11-23", "61122": "2026-11-22", "40229": "2024-02-29", "20229": "2012-02-29", "70101": "2017-01-01"} {
		if c, err := ParseCarton(digits+"12345678907JXYT361102100123", noon); err != nil || c.SortedOn.Format(time.DateOnly) != want {
			t.Errorf("%s: %v, %v, want %s", digits, c.SortedOn, err, want)
		}
	}
	for _, s := range []string{"", code[1:], code + "1", "6132012345678907JXYT361102100123", "6112012345678907J?YT361102100123", "6112X12345678907JXYT361102100123", "6112012345678907烟YTZ361102100123"} {
		if _, err := ParseCarton(s, noon); !errors.Is(err, ErrCarton) {
			t.Errorf("%q: %v", s, err)
		}
	}
	yes, no := true, false
	for want, got := range map[Verdict]Verdict{
		CartonParsed: c.Judge("", nil), CartonMatch: c.Judge("361102100123", &no), CartonOtherLicence: c.Judge("361102100124", &yes),
		CartonUnknownLicence: c.Judge("361102100124", &no),
	} {
		if got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

func FuzzCarton(f *testing.F) {
	f.Add("6112012345678907JXYT361102100123")
	f.Add("JXYT361102100123\n6112012345678907")
	f.Fuzz(func(t *testing.T, s string) {
		c, err := ParseCarton(s, noon)
		if err != nil {
			if !errors.Is(err, ErrCarton) {
				t.Fatal(err)
			}
			return
		}
		again, err := ParseCarton(c.Code, noon)
		if c.Mended = false; err != nil || again != c {
			t.Fatalf("%+v, then %+v, %v", c, again, err)
		}
	})
}
