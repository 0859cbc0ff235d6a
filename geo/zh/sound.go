package zh

import (
	"slices"
	"strings"
	"sync"

	"github.com/mozillazg/go-pinyin"
)

// syllables holds the first reading of each character as a number, because
// six million names are spelt when the register is loaded.
type syllables struct {
	reading [lastHan - firstHan + 1]uint16 // index of text and sound, 0 = none
	text    []string                       // without tone, ü as v
	sound   []string                       // Sound of the same
}

var firstReadings = sync.OnceValue(func() *syllables {
	known := &syllables{text: []string{""}, sound: []string{""}}
	number := map[string]uint16{}
	for r := rune(firstHan); r <= lastHan; r++ {
		text := first(r)
		if text == "" {
			continue
		}
		if _, ok := number[text]; !ok {
			number[text] = uint16(len(known.text))
			known.text = append(known.text, text)
			known.sound = append(known.sound, Blur(text))
		}
		known.reading[r-firstHan] = number[text]
	}
	return known
})

// first is the usual reading of a character in names and addresses.
func first(r rune) string {
	if reading, ok := readings[string(r)]; ok {
		return reading
	}
	if all := pinyin.SinglePinyin(r, pinyinArgs); len(all) > 0 {
		return strings.ReplaceAll(all[0], "ü", "v")
	}
	return ""
}

// syllable is the first reading of a character without tone, or "".
func syllable(r rune) string {
	if r >= firstHan && r <= lastHan {
		known := firstReadings()
		return known.text[known.reading[r-firstHan]]
	}
	return first(r)
}

// Readings are all readings of a character without tones, ü written v, the
// usual one first; nil for what is no Chinese character.
func Readings(r rune) []string {
	usual := first(r)
	if usual == "" {
		return nil
	}
	args := pinyin.NewArgs()
	args.Heteronym = true
	out := []string{usual}
	for _, text := range pinyin.SinglePinyin(r, args) {
		if text = strings.ReplaceAll(text, "ü", "v"); !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	return out
}

// Sound is the key under which characters fall together that callers and
// hotline clerks mix up: the usual reading without tone, in which n and l and
// r, h and f, zh and z, ch and c, sh and s, and a final n and ng are the same.
// A letter or digit is its own key in lower case; anything else has none ("").
func Sound(r rune) string {
	if r >= firstHan && r <= lastHan {
		known := firstReadings()
		return known.sound[known.reading[r-firstHan]]
	}
	return Blur(first(r)) + Fold(string(asciiOnly(r)))
}

func asciiOnly(r rune) []rune {
	if r = HalfWidth(r); r < 0x80 {
		return []rune{r}
	}
	return nil
}

// Blur is the Sound of characters that are read as text, a syllable without its
// tone; "" for "".
func Blur(text string) string {
	if text == "" {
		return ""
	}
	initial, rest := text[:1], text[1:]
	switch {
	case strings.Contains("zcs", initial):
		rest = strings.TrimPrefix(rest, "h")
	case initial == "n" || initial == "r":
		initial = "l"
	case initial == "f": // fang as huang, fei as hui, fen as hun, fu as hu
		initial, rest = "h", "u"+strings.TrimPrefix(strings.TrimPrefix(rest, "u"), "e")
	}
	if strings.HasSuffix(rest, "ng") {
		rest = strings.TrimSuffix(rest, "g")
	}
	return initial + rest
}
