package jt808

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

const (
	maxBody = 1023 // ten bits of length

	attrLength     = 0x03ff
	attrEncryption = 0x1c00
	attrParts      = 0x2000
	attrVersion    = 0x4000
)

// Frame is one frame: a message, or one part of a long one.
type Frame struct {
	Header
	ID     ID
	Serial uint16 // of the sender; wraps
	// Parts and Part are the number of parts of the message and which of them this is, from 1; both zero when the frame
	// says nothing of parts.
	Parts, Part uint16
	// Encryption is bits 10 to 12 of the attribute: 0 none, 1 RSA. Bodies are left as they are.
	Encryption uint8
	// Body points into the bytes that were decoded.
	Body []byte
}

// Whole says that the frame is a message and not one part of several.
func (f Frame) Whole() bool { return f.Parts <= 1 }

// Decode reads what lay between two flags. It takes the escapes out in place, so chunk is changed and Frame.Body points
// into it. Flags around the chunk are allowed. The error wraps ErrEscape, ErrChecksum or ErrLength.
func Decode(chunk []byte) (Frame, error) {
	b, err := unescape(trimFlags(chunk))
	if err != nil {
		return Frame{}, err
	}
	if len(b) < 13 {
		return Frame{}, fmt.Errorf("%w: %d bytes, a header has 12 and the checksum one", ErrLength, len(b))
	}
	if sum := xor(b); sum != 0 {
		got := b[len(b)-1]
		return Frame{}, fmt.Errorf("%w: 0x%02x, computed 0x%02x", ErrChecksum, got, got^sum)
	}
	return decodeHeader(b[:len(b)-1])
}

func trimFlags(b []byte) []byte {
	for len(b) > 0 && b[0] == flag {
		b = b[1:]
	}
	for len(b) > 0 && b[len(b)-1] == flag {
		b = b[:len(b)-1]
	}
	return b
}

// unescape takes the escapes out of b in place, in one pass.
func unescape(b []byte) ([]byte, error) {
	i := bytes.IndexByte(b, escape)
	if i < 0 {
		return b, nil
	}
	to := i
	for ; i < len(b); i++ {
		c := b[i]
		if c == escape {
			if i++; i == len(b) || b[i]-1 > 1 {
				return nil, ErrEscape
			}
			c = escape - 1 + b[i]
		}
		b[to] = c
		to++
	}
	return b[:to], nil
}

func xor(b []byte) byte {
	var wide uint64
	for ; len(b) >= 8; b = b[8:] {
		wide ^= binary.LittleEndian.Uint64(b)
	}
	wide ^= wide >> 32
	wide ^= wide >> 16
	sum := byte(wide) ^ byte(wide>>8)
	for _, c := range b {
		sum ^= c
	}
	return sum
}

// decodeHeader reads an unescaped message without its checksum. The declared length of the body tells the form of the
// header, because bit 14 of the attribute cannot be trusted: there are units that set it before a 12-byte header, and
// platforms that leave it out before a 17-byte one.
func decodeHeader(b []byte) (Frame, error) {
	attr := binary.BigEndian.Uint16(b[2:])
	body, flagged, item := int(attr&attrLength), attr&attrVersion != 0, 0
	if attr&attrParts != 0 {
		item = 4
	}
	form2013, form2019 := len(b) == 12+item+body, len(b) == 17+item+body
	f := Frame{ID: ID(binary.BigEndian.Uint16(b)), Encryption: uint8(attr & attrEncryption >> 10)}
	at := 10
	switch {
	case form2019 && (flagged || b[4] == 1):
		f.Form, f.VersionByte, f.unflagged, at = Form2019, b[4], !flagged, 15
		copy(f.phone[:], b[5:15])
	case form2013:
		copy(f.phone[:], b[4:10])
	default:
		return Frame{}, fmt.Errorf("%w: body of %s declared with %d bytes, message has %d", ErrLength, f.ID, body, len(b))
	}
	f.Serial = binary.BigEndian.Uint16(b[at:])
	at += 2
	if item > 0 {
		f.Parts, f.Part = binary.BigEndian.Uint16(b[at:]), binary.BigEndian.Uint16(b[at+2:])
	}
	f.Body = b[at+item:]
	return f, nil
}

// Append writes the frame to dst as it travels, flags, checksum and escapes included. A body of more than 1023 bytes is
// an ErrLength; Split it.
func (f Frame) Append(dst []byte) ([]byte, error) {
	if len(f.Body) > maxBody {
		return dst, fmt.Errorf("%w: body of %s has %d bytes, a frame holds %d", ErrLength, f.ID, len(f.Body), maxBody)
	}
	var head [21]byte
	attr := uint16(len(f.Body)) | uint16(f.Encryption)<<10&attrEncryption
	n := 10
	binary.BigEndian.PutUint16(head[0:], uint16(f.ID))
	if f.Form == Form2019 {
		if !f.unflagged {
			attr |= attrVersion
		}
		head[4], n = f.VersionByte, 15
		copy(head[5:], f.phone[:])
	} else {
		copy(head[4:], f.phone[:6])
	}
	binary.BigEndian.PutUint16(head[n:], f.Serial)
	n += 2
	if f.Parts != 0 || f.Part != 0 {
		attr |= attrParts
		binary.BigEndian.PutUint16(head[n:], f.Parts)
		binary.BigEndian.PutUint16(head[n+2:], f.Part)
		n += 4
	}
	binary.BigEndian.PutUint16(head[2:], attr)

	dst = append(dst, flag)
	dst = appendEscaped(dst, head[:n])
	dst = appendEscaped(dst, f.Body)
	sum := [1]byte{xor(head[:n]) ^ xor(f.Body)}
	dst = appendEscaped(dst, sum[:])
	return append(dst, flag), nil
}

// hex is the frame, with its flags, in hexadecimal digits; empty when it cannot be written.
func (f Frame) hex() string {
	b, err := f.Append(nil)
	if err != nil {
		return ""
	}
	return hex.EncodeToString(b)
}

func appendEscaped(dst, b []byte) []byte {
	for _, c := range b {
		if c == flag || c == escape {
			dst = append(dst, escape, c-escape+1)
			continue
		}
		dst = append(dst, c)
	}
	return dst
}
