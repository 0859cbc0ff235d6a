package ticket

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"math/big"
	"regexp"
	"strings"
	"time"
)

// formatNumber makes the human number line-province-date-serial-check (domain A5), for example
// 12313-36-20261122-000123-7. The day is the calendar day in Asia/Shanghai.
func formatNumber(province string, day time.Time, serial int) string {
	body := fmt.Sprintf("12313-%s-%s-%06d", province, day.Format("20060102"), serial)
	return fmt.Sprintf("%s-%d", body, luhn(body))
}

// numberShape has serials of six digits or more, should a day ever need them.
var numberShape = regexp.MustCompile(`^12313-\d{2}-\d{8}-\d{6,9}-\d$`)

// ValidNumber tells whether s has the shape and the check digit of a ticket number.
func ValidNumber(s string) bool {
	if !numberShape.MatchString(s) {
		return false
	}
	body, digit := s[:len(s)-2], s[len(s)-1]
	return int(digit-'0') == luhn(body)
}

// luhn is the check digit (mod 10, weights 2 and 1 from the right) over the digits of s.
func luhn(s string) int {
	sum, double := 0, true
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] < '0' || s[i] > '9' {
			continue
		}
		d := int(s[i] - '0')
		if double {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		double = !double
	}
	return (10 - sum%10) % 10
}

// codeAlphabet leaves out what is misread on the phone: 0 O 1 I L.
const codeAlphabet = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

// newCode makes the secret a reporter follows a ticket with: 8 letters of 31, from the system's random source.
func newCode() string {
	var b strings.Builder
	for range 8 {
		n, err := rand.Int(rand.Reader, big.NewInt(int64(len(codeAlphabet))))
		if err != nil {
			panic("the system's random source failed: " + err.Error())
		}
		b.WriteByte(codeAlphabet[n.Int64()])
	}
	return b.String()
}

// NormalizeCode undoes what people do to a code: lower case, spaces, dashes.
func NormalizeCode(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '-' || r == ' ' {
			return -1
		}
		return r
	}, strings.ToUpper(s))
}

// codeHash is what the database keeps of a code; the number salts it.
func codeHash(number, code string) []byte {
	h := sha256.Sum256([]byte(number + "|" + code))
	return h[:]
}

// codeMatches compares in constant time.
func codeMatches(number, code string, hash []byte) bool {
	return subtle.ConstantTimeCompare(codeHash(number, NormalizeCode(code)), hash) == 1
}
