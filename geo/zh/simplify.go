package zh

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// Both lists are made from TSCharacters and TSPhrases of OpenCC (BYVoid/OpenCC,
// commit 5249273, Apache License 2.0): a traditional character and its
// simplified form, 3,222 times; and words that are not converted character by
// character, one on each line with its conversion after it.
var (
	//go:embed simplified.txt
	simplifiedText string
	//go:embed phrases.txt
	phrasesText string
)

// conversion is what Simplify knows.
type conversion struct {
	char   map[rune]rune
	phrase map[rune][]phrase // by the first character
}

type phrase struct{ from, to []rune }

var conversions = sync.OnceValue(func() conversion {
	c := conversion{char: map[rune]rune{}, phrase: map[rune][]phrase{}}
	chars := []rune(strings.ReplaceAll(simplifiedText, "\n", ""))
	for i := 0; i+1 < len(chars); i += 2 {
		c.char[chars[i]] = chars[i+1]
	}
	for line := range strings.Lines(phrasesText) {
		both := []rune(strings.TrimSpace(line))
		p := phrase{both[:len(both)/2], both[len(both)/2:]}
		c.phrase[p.from[0]] = append(c.phrase[p.from[0]], p)
	}
	return c
})

// Simplify turns traditional characters into simplified ones. A text in which
// every character is one of GB 2312 is simplified already and stays as it is,
// so that 乾 or 於 of a name is not touched. The number of characters does not
// change.
func Simplify(s string) string {
	if !Traditional(s) {
		return s
	}
	known, text := conversions(), []rune(s)
	for i := 0; i < len(text); {
		if p := known.at(text[i:]); p.from != nil {
			copy(text[i:], p.to)
			i += len(p.from)
			continue
		}
		if simple, ok := known.char[text[i]]; ok {
			text[i] = simple
		}
		i++
	}
	return string(text)
}

// at is the longest word that text begins with, or nothing.
func (c conversion) at(text []rune) phrase {
	var best phrase
	for _, p := range c.phrase[text[0]] {
		if len(p.from) > len(best.from) && len(p.from) <= len(text) && string(text[:len(p.from)]) == string(p.from) {
			best = p
		}
	}
	return best
}

// Traditional says whether a text holds a character that is written otherwise
// in simplified Chinese and is not itself one of GB 2312.
func Traditional(s string) bool {
	for _, r := range s {
		if r < utf8.RuneSelf || commonness(r) != rare {
			continue
		}
		if _, ok := conversions().char[r]; ok {
			return true
		}
	}
	return false
}

// How common a Chinese character is, by the two levels of GB 2312: 3,755
// characters of every day, 3,008 of names and special words, and all others.
const (
	rare = iota
	special
	everyday
)

const firstHan, lastHan = 0x4e00, 0x9fff

var levels = sync.OnceValue(func() *[lastHan - firstHan + 1]uint8 {
	var of [lastHan - firstHan + 1]uint8
	decoder := simplifiedchinese.GBK.NewDecoder()
	for lead := 0xb0; lead <= 0xf7; lead++ {
		for trail := 0xa1; trail <= 0xfe; trail++ {
			decoded, err := decoder.Bytes([]byte{byte(lead), byte(trail)})
			if err != nil {
				continue
			}
			if r, _ := utf8.DecodeRune(decoded); r >= firstHan && r <= lastHan {
				of[r-firstHan] = special
				if lead < 0xd8 {
					of[r-firstHan] = everyday
				}
			}
		}
	}
	return &of
})

// commonness is rare for everything but the characters of GB 2312.
func commonness(r rune) uint8 {
	if r < firstHan || r > lastHan {
		return rare
	}
	return levels()[r-firstHan]
}
