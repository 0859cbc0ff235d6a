package retailer

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"jiujin/geo/zh"
)

// ErrCarton says that a text is not the code of a carton.
var ErrCarton = errors.New("not a carton code: it has two rows of 16 characters")

// Carton is what the 32 characters on a carton of cigarettes say (domain A6). The first row is five digits of the day
// of sorting, nine of the case and two of the carton within it; the second is four letters of the company and the
// twelve digits of the buyer's licence.
type Carton struct {
	Code      string    // 32 characters, mended
	SortedOn  time.Time // 00:00 UTC; of the years that end in the digit the newest that is not in the future
	Case      string    // nine digits
	Order     int       // of the carton in its case
	Company   string    // four letters
	LicenceNo LicenceNo // of the buyer
	Mended    bool      // letters and digits that look alike were exchanged
}

const (
	cartonDigits = 16 // of the first row; the letters follow
	cartonLength = 32
)

// ParseCarton reads the code of a carton, in one row or two, in either order, with blanks or without. An O or I where a
// digit belongs is read as 0 or 1, and the other way round. The error wraps ErrCarton and says what is wrong.
func ParseCarton(s string, now time.Time) (Carton, error) {
	code := strings.Map(func(r rune) rune {
		r = unicode.ToUpper(zh.HalfWidth(r))
		if unicode.IsSpace(r) || strings.ContainsRune("-·|,;", r) {
			return -1
		}
		return r
	}, s)
	if n := len([]rune(code)); n != cartonLength {
		return Carton{}, fmt.Errorf("%w, this has %d", ErrCarton, n)
	}
	if lettersFirst(code) {
		code = code[cartonDigits:] + code[:cartonDigits]
	}
	mended := []byte(strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII {
			return '?' // of one byte, so that places stay places
		}
		return r
	}, code))
	for i, c := range mended {
		fixed, ok := mendDigit(c)
		if i >= cartonDigits && i < cartonDigits+4 {
			fixed, ok = mendLetter(c)
		}
		if !ok {
			return Carton{}, fmt.Errorf("%w; character %d is %q", ErrCarton, i+1, c)
		}
		mended[i] = fixed
	}
	c := Carton{
		Code: string(mended), Case: string(mended[5:14]), Order: int(mended[14]-'0')*10 + int(mended[15]-'0'),
		Company: string(mended[16:20]), LicenceNo: LicenceNo(mended[20:]), Mended: string(mended) != code,
	}
	var ok bool
	if c.SortedOn, ok = sortedOn(string(mended[:5]), chinaDay(now)); !ok {
		return Carton{}, fmt.Errorf("%w; %s is no day", ErrCarton, mended[1:5])
	}
	return c, nil
}

// lettersFirst says whether the rows stand the other way round.
func lettersFirst(code string) bool {
	letters := func(s string) (n int) {
		for _, r := range s {
			if r >= 'A' && r <= 'Z' && r != 'O' && r != 'I' {
				n++
			}
		}
		return n
	}
	if len(code) != cartonLength {
		return false // some characters are not ASCII
	}
	return letters(code[:4]) > letters(code[16:20])
}

func mendDigit(c byte) (byte, bool) {
	switch c {
	case 'O', 'Q':
		return '0', true
	case 'I', 'L':
		return '1', true
	}
	return c, c >= '0' && c <= '9'
}

func mendLetter(c byte) (byte, bool) {
	switch c {
	case '0':
		return 'O', true
	case '1':
		return 'I', true
	}
	return c, c >= 'A' && c <= 'Z'
}

// sortedOn is the newest day up to today that five digits stand for: the last of the year, month, day.
func sortedOn(s string, today time.Time) (time.Time, bool) {
	for year := today.Year(); year > today.Year()-50; year-- {
		if byte('0'+year%10) != s[0] {
			continue
		}
		day, err := time.Parse("20060102", fmt.Sprintf("%04d%s", year, s[1:]))
		if err == nil && !day.After(today) {
			return day, true
		}
	}
	return time.Time{}, false
}

// Verdict is what a carton says about the shop that it is found in.
type Verdict string

// The verdicts on a carton.
const (
	CartonParsed         Verdict = "parsed"          // nothing to compare with
	CartonMatch          Verdict = "match"           // the shop's own
	CartonOtherLicence   Verdict = "other_licence"   // bought by another shop: a sign of 真烟外流
	CartonUnknownLicence Verdict = "unknown_licence" // bought by a licence that the register does not have
	CartonMalformed      Verdict = "malformed"
)

// Judge compares the buyer with the licence of the shop, "" when there is none to compare with. known says whether the
// register has the buyer's licence; nil when nobody has looked.
func (c Carton) Judge(shop LicenceNo, known *bool) Verdict {
	switch {
	case shop != "" && c.LicenceNo == shop:
		return CartonMatch
	case known != nil && !*known:
		return CartonUnknownLicence
	case shop != "":
		return CartonOtherLicence
	}
	return CartonParsed
}
