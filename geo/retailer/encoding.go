package retailer

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Encoding is the encoding of a list. The empty Encoding means Auto.
type Encoding string

// The encodings that lists come in. GB18030 includes GBK and GB 2312.
const (
	Auto    Encoding = "auto"
	UTF8    Encoding = "utf-8"
	GB18030 Encoding = "gb18030"
)

// errEncoding says that a text is not in the encoding of the list.
var errEncoding = errors.New("the text is damaged or in another encoding")

// decoder turns fields into text.
type decoder struct {
	encoding Encoding // Auto until something other than ASCII was seen
	gb       *encoding.Decoder
}

// newDecoder decides on the encoding of a list that begins with head. The
// error says that it is not a text at all, or that enc is no Encoding.
func newDecoder(enc Encoding, head []byte) (*decoder, error) {
	switch {
	case bytes.HasPrefix(head, []byte("\xff\xfe")), bytes.HasPrefix(head, []byte("\xfe\xff")):
		return nil, &ListError{Code: "utf16", Message: "this is UTF-16; save it as CSV in UTF-8"}
	}
	d := &decoder{gb: simplifiedchinese.GB18030.NewDecoder()}
	switch enc {
	case UTF8, GB18030:
		d.encoding = enc
	case Auto, "":
		d.encoding = sniff(head)
	default:
		return nil, fmt.Errorf("%w: unknown encoding %q; use auto, utf-8 or gb18030", ErrList, string(enc))
	}
	return d, nil
}

// utf8Decoder is for lists in formats that are always UTF-8.
func utf8Decoder() *decoder {
	return &decoder{encoding: UTF8, gb: simplifiedchinese.GB18030.NewDecoder()}
}

// sniff compares how many lines other than ASCII are UTF-8 and how many are
// not, so that a damaged line does not decide. It gives Auto when all is ASCII.
func sniff(head []byte) Encoding {
	if bytes.HasPrefix(head, []byte(utf8BOM)) {
		return UTF8
	}
	good, bad := 0, 0
	for len(head) > 0 {
		text, rest, complete := bytes.Cut(head, []byte{'\n'})
		head = rest
		switch {
		case ascii(text), !complete && good+bad > 0: // the last line may be cut within a character
		case utf8.Valid(text):
			good++
		default:
			bad++
		}
	}
	switch {
	case good+bad == 0:
		return Auto
	case good >= bad:
		return UTF8
	}
	return GB18030
}

// text decodes one field and trims it. The error is errEncoding.
func (d *decoder) text(field []byte) (string, error) {
	if !ascii(field) {
		if d.encoding == Auto {
			d.encoding = GB18030
			if utf8.Valid(field) {
				d.encoding = UTF8
			}
		}
		if d.encoding == GB18030 {
			decoded, err := d.gb.Bytes(field)
			if err != nil {
				return "", errEncoding
			}
			field = decoded
		}
	}
	s := string(field)
	// A decoder writes U+FFFD for what it cannot read; in a list of shops it is
	// damage all the same when the file brings it along. PostgreSQL stores no NUL.
	if !utf8.ValidString(s) || strings.ContainsRune(s, utf8.RuneError) || strings.ContainsRune(s, 0) {
		return "", errEncoding
	}
	return strings.TrimSpace(s), nil
}

// rough decodes as much of a damaged field as can be.
func (d *decoder) rough(field []byte) []byte {
	if d.encoding == GB18030 {
		if decoded, err := d.gb.Bytes(field); err == nil {
			return decoded
		}
	}
	return field
}

func ascii(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
