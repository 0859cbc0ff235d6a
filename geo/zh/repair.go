package zh

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// lost stands for a character that cannot be recovered.
const lost = utf8.RuneError

// lostByte is no byte of UTF-8 and no lead byte of GB 18030, so it survives
// until the reading that shows what it has spoilt.
const lostByte = 0xff

// Repair undoes the reading of bytes in the wrong encoding: UTF-8 taken for
// GBK, for Windows-1252 (Latin-1) or for Mac Roman, GBK taken for one of the
// latter two, and the same twice over. What cannot be restored is U+FFFD in
// fixed, and damaged says that there is such a character, be it from here or
// in s already: UTF-8 readers put U+FFFD for GBK bytes, and what was written
// like that (also 锟斤拷, the same once more) is gone. A text that makes sense as
// it is comes back unchanged. Repair guesses: two characters are the least
// that it changes.
func Repair(s string) (fixed string, damaged bool) {
	for range 2 {
		better, ok := reread(s)
		if !ok {
			break
		}
		s = better
	}
	s = strings.ReplaceAll(s, "锟斤拷", "\uFFFD\uFFFD")
	return s, strings.ContainsRune(s, lost)
}

// reread gives the best other reading of the bytes of s, when one is clearly
// better than s.
func reread(s string) (string, bool) {
	if plain(s) {
		return "", false
	}
	best, most, found := "", sense(s)+0.3, false
	consider := func(text string, least float64) {
		if v := sense(text); v > most && v >= least && hans(text) >= 2 {
			best, most, found = text, v, true
		}
	}
	for _, table := range []*charmap.Charmap{charmap.Windows1252, charmap.Macintosh} {
		raw, ok := singleBytes(s, table)
		if !ok {
			continue
		}
		if text := string(raw); utf8.ValidString(text) && printable(text) {
			return text, true // hardly chance, even without Chinese: "CafÃ©"
		}
		consider(fromUTF8(raw), 0.5)
		if text, err := simplifiedchinese.GB18030.NewDecoder().Bytes(raw); err == nil {
			consider(string(text), 0.6)
		}
	}
	if raw, ok := gbkBytes(s); ok {
		consider(fromUTF8(raw), 0.5)
	}
	return best, found
}

// plain says that a text is ASCII or of everyday characters, as nearly all
// are: nothing to look into.
func plain(s string) bool {
	for _, r := range s {
		if r >= utf8.RuneSelf && commonness(r) != everyday {
			return false
		}
	}
	return true
}

const punctuation = "，。、；：（）【】《》“”‘’·—～！　"

// sense is between -1 and 1: how much the characters other than ASCII look like
// Chinese text.
func sense(s string) float64 {
	sum, n := 0.0, 0
	for _, r := range s {
		if r < utf8.RuneSelf || strings.ContainsRune(punctuation, r) {
			continue
		}
		n++
		switch simple := simplified(r); {
		case commonness(simple) == everyday:
			sum++
		case commonness(simple) == special:
			sum += 0.3
		case r == lost:
			sum -= 0.2
		case !unicode.Is(unicode.Han, r) && HalfWidth(r) == r:
			sum--
		default:
			sum -= 0.5
		}
	}
	return sum / float64(max(n, 1))
}

func simplified(r rune) rune {
	if simple, ok := conversions().char[r]; ok && commonness(r) == rare {
		return simple
	}
	return r
}

func hans(s string) (n int) {
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			n++
		}
	}
	return n
}

// printable allows the control characters that stand for the bytes 80 to 9F of
// a text that was read wrongly twice.
func printable(s string) bool {
	for _, r := range s {
		if !unicode.IsPrint(r) && (r < 0x80 || r > 0x9f) {
			return false
		}
	}
	return true
}

// gbkBytes are the bytes that a reader of GBK made s of. A byte that it could
// not read is lostByte; ok is false when s cannot come from GBK.
func gbkBytes(s string) (raw []byte, ok bool) {
	encoder := simplifiedchinese.GB18030.NewEncoder()
	for _, r := range s {
		switch {
		case r < utf8.RuneSelf:
			raw = append(raw, byte(r))
		case r == '€': // the byte 0x80 of code page 936
			raw = append(raw, 0x80)
		case r == lost:
			raw = append(raw, lostByte)
		default:
			b, err := encoder.Bytes([]byte(string(r)))
			if err != nil {
				return nil, false
			}
			raw = append(raw, b...)
		}
	}
	return raw, true
}

// singleBytes are the bytes that a reader of a one-byte table made s of, where
// a byte without a character in the table may have become the control
// character of that number.
func singleBytes(s string, table *charmap.Charmap) (raw []byte, ok bool) {
	for _, r := range s {
		b, known := table.EncodeRune(r)
		switch {
		case known:
		case r < 0xa0:
			b = byte(r)
		case r == lost:
			b = lostByte
		default:
			return nil, false
		}
		raw = append(raw, b)
	}
	return raw, true
}

// fromUTF8 reads raw as UTF-8; each sequence that is spoilt gives one U+FFFD,
// together with the question mark that some programs write for it.
func fromUTF8(raw []byte) string {
	var out strings.Builder
	spoilt := false
	for len(raw) > 0 {
		r, size := utf8.DecodeRune(raw)
		switch {
		case r != lost:
			out.WriteRune(r)
			spoilt = false
		case !spoilt || raw[0] >= 0xc2 && raw[0] < lostByte:
			out.WriteRune(lost)
			spoilt = true
		}
		raw = raw[size:]
		if spoilt && len(raw) > 0 && raw[0] == '?' {
			raw = raw[1:]
		}
	}
	return out.String()
}
