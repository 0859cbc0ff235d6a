// Package zh compares, repairs and spells Chinese text. It is pure: strings in,
// strings out, no state.
package zh

import (
	"strings"
	"unicode"
)

// HalfWidth turns the full-width forms of ASCII, and the ideographic space,
// into ASCII.
func HalfWidth(r rune) rune {
	switch {
	case r >= '！' && r <= '～':
		return r - '！' + '!'
	case r == '　':
		return ' '
	}
	return r
}

// Fold is the form in which texts are compared: half width, lower case,
// nothing but letters and digits.
func Fold(s string) string {
	return strings.Map(func(r rune) rune {
		r = unicode.ToLower(HalfWidth(r))
		if unicode.IsLetter(r) || unicode.IsNumber(r) {
			return r
		}
		return -1
	}, s)
}
