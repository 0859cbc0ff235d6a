// Package gt06 speaks the protocol of GT06 trackers (Concox, Jimi and many clones) over TCP: frames, positions and status
// as pure functions, and a Server. Coordinates are WGS-84, speed is in km/h, times are UTC by the document; many units
// leave the factory on Beijing time, which is what ClockAhead of the device is for. The only secret is the IMEI.
//
// A frame is 78 78, a length byte, type, body, serial (2), CRC (2), 0D 0A; long ones begin with 79 79 and have two bytes
// of length. The length counts from the type to the CRC; the CRC is CRC-16/X.25 from the length to the serial. Numbers are
// big-endian.
package gt06

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
)

// MaxFrame is the longest frame that is taken. Photos, which are longer, are not.
const MaxFrame = 4096

// Errors of Parse.
var (
	ErrShort    = errors.New("the frame is too short")
	ErrStart    = errors.New("the frame does not begin with 78 78 or 79 79, or does not end with 0D 0A")
	ErrChecksum = errors.New("the checksum is wrong")
)

// Frame is one frame without its wrapping.
type Frame struct {
	Long   bool // began with 79 79
	Type   byte
	Body   []byte // between type and serial; part of what was parsed
	Serial uint16
}

const (
	shortHead = 3 // 78 78 and the length
	longHead  = 4
	foot      = 6 // serial, CRC, 0D 0A
)

// Parse reads one whole frame. The length inside is not looked at: some units write a wrong one, and the CRC, which covers
// it, says whether the frame is whole. With ErrChecksum the Frame is filled all the same and must not be believed.
func Parse(b []byte) (Frame, error) {
	if len(b) < 2 || b[0] != b[1] || b[0] != 0x78 && b[0] != 0x79 || !bytes.HasSuffix(b, tail) {
		return Frame{}, ErrStart
	}
	head := headLen(b)
	if len(b) < head+1+foot {
		return Frame{}, ErrShort
	}
	end := len(b) - foot
	f := Frame{Long: b[0] == 0x79, Type: b[head], Body: b[head+1 : end], Serial: binary.BigEndian.Uint16(b[end:])}
	if !whole(b) {
		return f, ErrChecksum
	}
	return f, nil
}

// Encode is the frame on the wire. A short one has at most 250 bytes of body; the caller minds it.
func (f Frame) Encode() []byte {
	n := 1 + len(f.Body) + 4
	b := []byte{0x78, 0x78, byte(n)}
	if f.Long {
		b = []byte{0x79, 0x79, byte(n >> 8), byte(n)}
	}
	b = append(b, f.Type)
	b = append(b, f.Body...)
	b = binary.BigEndian.AppendUint16(b, f.Serial)
	b = binary.BigEndian.AppendUint16(b, crc(b[2:]))
	return append(b, tail...)
}

// Reply is what the unit waits for after a frame: the same type and serial without a body.
func (f Frame) Reply() []byte { return Frame{Long: f.Long, Type: f.Type, Serial: f.Serial}.Encode() }

var tail = []byte{0x0d, 0x0a}

func headLen(b []byte) int {
	if b[0] == 0x79 {
		return longHead
	}
	return shortHead
}

// whole tells whether b, from 78 78 to 0D 0A, has the right CRC.
func whole(b []byte) bool {
	at := len(b) - 4
	return len(b) >= headLen(b)+1+foot && binary.BigEndian.Uint16(b[at:]) == crc(b[2:at])
}

// crc is CRC-16/X.25: polynomial 0x1021 with bits reflected, beginning and final XOR 0xFFFF.
func crc(b []byte) uint16 {
	sum := uint16(0xffff)
	for _, c := range b {
		sum ^= uint16(c)
		for range 8 {
			if sum&1 != 0 {
				sum = sum>>1 ^ 0x8408
			} else {
				sum >>= 1
			}
		}
	}
	return ^sum
}

// Cut finds the first frame in a stream. Of buf the first n bytes are done with, and frame, when not nil, is the end of
// these: one frame as Parse takes it, whose CRC may be wrong. The bytes before it are junk. With nil and n = 0 more bytes
// are needed; with last there will be none.
//
// A frame is cut by its length when 0D 0A stands there, else at the first 0D 0A with which the CRC is right. After a
// broken or false beginning the next whole frame is found again, however it was cut off.
func Cut(buf []byte, last bool) (frame []byte, n int) {
	start := begin(buf, 0)
	if start == len(buf) {
		return nil, len(buf)
	}
	rest := buf[start:]
	size, short := declared(rest)
	switch {
	case size > 0 && bytes.HasSuffix(rest[:size], tail):
		return rest[:size], start + size
	case short && len(rest) > 2*shortHead && bytes.HasSuffix(rest, tail) && whole(rest):
		return rest, len(buf)
	}
	end := loose(rest)
	next := later(rest)
	switch {
	case !short && end > 0 && end <= next:
		return rest[:end], start + end
	case next < len(rest):
		return nil, start + next
	case last && end > 0:
		return rest[:end], start + end
	case last || !short && len(rest) >= MaxFrame:
		return nil, min(start+2, len(buf))
	}
	return nil, start
}

// begin is where the next frame may begin at or after i. A byte at the end that may be the first of two counts.
func begin(b []byte, i int) int {
	for ; i < len(b); i++ {
		if c := b[i]; (c == 0x78 || c == 0x79) && (i+1 == len(b) || b[i+1] == c) {
			return i
		}
	}
	return len(b)
}

// declared is the length of the frame by its own account: 0 when that cannot be. short says that more bytes are needed to
// tell, or to have it all.
func declared(b []byte) (size int, short bool) {
	if len(b) < longHead {
		return 0, true
	}
	size = shortHead + int(b[2]) + len(tail)
	if b[0] == 0x79 {
		size = longHead + int(binary.BigEndian.Uint16(b[2:])) + len(tail)
	}
	switch {
	case size < headLen(b)+1+foot || size > MaxFrame:
		return 0, false
	case size > len(b):
		return 0, true
	}
	return size, false
}

// triedTails bounds the work on one broken frame.
const triedTails = 16

// loose is the end of a frame whose length is wrong: after the first 0D 0A that makes the CRC right, else after the first
// at all; 0 when there is none.
func loose(b []byte) int {
	b = b[:min(len(b), MaxFrame)]
	head, found := headLen(b), 0
	for i, tried := head, 0; tried < triedTails; tried++ {
		at := bytes.Index(b[min(i, len(b)):], tail)
		if at < 0 {
			break
		}
		end := i + at + len(tail)
		if whole(b[:end]) {
			return end
		}
		if found == 0 {
			found = end
		}
		i = end
	}
	return found
}

// later is where, behind the first byte of b, a frame begins that is whole by length, tail and CRC; len(b) when nowhere.
func later(b []byte) int {
	for i := begin(b, 1); i < len(b); i = begin(b, i+1) {
		if size, _ := declared(b[i:]); size > 0 && bytes.HasSuffix(b[i:i+size], tail) && whole(b[i:i+size]) {
			return i
		}
	}
	return len(b)
}

// Split cuts a stream that has ended into its frames, for tools.
func Split(b []byte) [][]byte {
	var out [][]byte
	for len(b) > 0 {
		frame, n := Cut(b, true)
		if frame != nil {
			out = append(out, slices.Clip(frame))
		}
		b = b[n:]
	}
	return out
}
