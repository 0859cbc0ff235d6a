package jt808

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// AppendText writes s in GBK to dst. Characters that GBK lacks (rare names, emoji) become "?"; replaced is their
// number, so that a sender can be told.
func AppendText(dst []byte, s string) (out []byte, replaced int) {
	enc := simplifiedchinese.GBK.NewEncoder()
	var two [8]byte
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			dst = append(dst, s[i])
			i++
			continue
		}
		_, size := utf8.DecodeRuneInString(s[i:])
		enc.Reset()
		n, _, err := enc.Transform(two[:], []byte(s[i:i+size]), true)
		i += size
		if err != nil || n == 0 {
			dst = append(dst, '?')
			replaced++
			continue
		}
		dst = append(dst, two[:n]...)
	}
	return dst, replaced
}

// decodeText reads GBK. Zeros and spaces around the text are filling and go; bytes that are no GBK become U+FFFD.
func decodeText(b []byte) string {
	b = bytes.Trim(b, "\x00 ")
	if isASCII(b) {
		return string(b)
	}
	text, err := simplifiedchinese.GBK.NewDecoder().Bytes(b)
	if err != nil {
		return strings.ToValidUTF8(string(b), "\ufffd")
	}
	return string(text)
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// TextOfGBK is the text of a field that has no struct here, such as a setting. Zeros and spaces around it are filling
// and go; bytes that are no GBK become U+FFFD.
func TextOfGBK(b []byte) string { return decodeText(b) }
