package jt808

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Form is the layout of a header.
type Form uint8

// The forms.
const (
	Form2013 Form = iota // of 2011 and 2013: 12 bytes, the phone in 6
	Form2019             // 17 bytes, with a version byte, the phone in 10
)

// Header is what a reply repeats of the message that it answers, and what a session keeps to send messages of its own.
// It is comparable: equal headers are of the same terminal.
type Header struct {
	Form        Form
	VersionByte uint8 // Form2019 only: 1 for the edition of 2019
	phone       [10]byte
	unflagged   bool // Form2019 that came without bit 14
}

// NewHeader is the header of a terminal with that phone: 1 to 12 decimal digits for Form2013, 1 to 20 for Form2019.
func NewHeader(form Form, phone string) (Header, error) {
	h := Header{Form: form}
	room := 12
	if form == Form2019 {
		h.VersionByte, room = 1, 20
	}
	if phone == "" || len(phone) > room || strings.Trim(phone, "0123456789") != "" {
		return Header{}, fmt.Errorf("phone %q: must be 1 to %d decimal digits", phone, room)
	}
	padded := strings.Repeat("0", room-len(phone)) + phone
	_, err := hex.Decode(h.phone[:], []byte(padded))
	return h, err
}

// Edition is that of the header; a header of 2011 is one of 2013.
func (h Header) Edition() Edition {
	if h.Form == Form2019 {
		return Edition2019
	}
	return Edition2013
}

// RawPhone is the phone as it travels, in lower-case hexadecimal: 12 or 20 characters.
func (h Header) RawPhone() string {
	if h.Form == Form2019 {
		return hex.EncodeToString(h.phone[:])
	}
	return hex.EncodeToString(h.phone[:6])
}

// Phone identifies the terminal: decimal digits without leading zeros ("0" when there are only zeros). Cheap units put
// the first 14 digits of an IMEI into the six bytes as a binary number; when these hold a digit from a to f, Phone is
// that IMEI with its Luhn digit. Twenty digits with one from a to f are given as they are.
func (h Header) Phone() string {
	raw := h.RawPhone()
	if strings.ContainsAny(raw, "abcdef") && h.Form == Form2013 {
		return h.imei()
	}
	if digits := strings.TrimLeft(raw, "0"); digits != "" {
		return digits
	}
	return "0"
}

func (h Header) imei() string {
	var n uint64
	for _, b := range h.phone[:6] {
		n = n<<8 | uint64(b)
	}
	digits := fmt.Sprintf("%014d", n)
	if len(digits) > 14 { // no IMEI: kept as it travels
		return h.RawPhone()
	}
	return digits + string(luhn(digits))
}

// luhn is the check digit that follows the digits (ISO/IEC 7812-1, annex B).
func luhn(digits string) byte {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return byte('0' + (10-sum%10)%10)
}
