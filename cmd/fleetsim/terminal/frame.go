// Package terminal is the vehicle's side of JT/T 808: it writes what a vehicle unit sends and reads what the platform
// answers. It was written from the standard for the simulator and shares nothing with the service's own codec, so that
// a mistake in one of them does not hide in the other.
package terminal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
)

// Message ids.
const (
	Heartbeat uint16 = 0x0002
	Register  uint16 = 0x0100
	Auth      uint16 = 0x0102
	Location  uint16 = 0x0200
	Batch     uint16 = 0x0704
	General   uint16 = 0x0001 // the terminal's general reply

	GeneralReply  uint16 = 0x8001 // the platform's
	RegisterReply uint16 = 0x8100
)

// flag begins and ends a frame.
const flag = 0x7e

// frameMost bounds an unfinished frame: twice the largest message, every byte escaped.
const frameMost = 4096

// Unit is how a vehicle unit presents itself: its phone, and which edition's header it writes.
type Unit struct {
	Phone string // digits, at most 12 (20 in the edition of 2019)
	V2019 bool
}

// Frame writes a message with its header, checksum and escapes. body is at most 1023 bytes.
func (u Unit) Frame(id, serial uint16, body []byte) []byte {
	attribute := uint16(len(body)) & 0x3ff
	digits := 12
	head := binary.BigEndian.AppendUint16(nil, id)
	if u.V2019 {
		attribute |= 1 << 14
		digits = 20
	}
	head = binary.BigEndian.AppendUint16(head, attribute)
	if u.V2019 {
		head = append(head, 1)
	}
	head = append(head, bcd(u.Phone, digits)...)
	head = binary.BigEndian.AppendUint16(head, serial)
	return wrap(append(head, body...))
}

// wrap adds checksum, escapes and flags.
func wrap(message []byte) []byte {
	sum := byte(0)
	for _, b := range message {
		sum ^= b
	}
	out := append(make([]byte, 0, len(message)+16), flag)
	for _, b := range append(message[:len(message):len(message)], sum) {
		switch b {
		case flag:
			out = append(out, 0x7d, 0x02)
		case 0x7d:
			out = append(out, 0x7d, 0x01)
		default:
			out = append(out, b)
		}
	}
	return append(out, flag)
}

// bcd packs a number of n digits, two to a byte, with zeros in front.
func bcd(number string, n int) []byte {
	out := make([]byte, n/2)
	for i, at := len(number)-1, n-1; i >= 0 && at >= 0; i, at = i-1, at-1 {
		digit := number[i] - '0'
		if at%2 == 0 {
			digit <<= 4
		}
		out[at/2] |= digit
	}
	return out
}

// Message is what the platform sent.
type Message struct {
	ID     uint16
	Serial uint16
	Body   []byte
}

// ErrFrame says that a frame of the platform is not sound.
var ErrFrame = errors.New("not a sound frame")

// Read reads the platform's next message. The error wraps ErrFrame when what came is not one; the next may be.
func Read(r *bufio.Reader) (Message, error) {
	var chunk []byte
	for {
		b, err := r.ReadByte()
		if err != nil {
			return Message{}, err
		}
		switch {
		case b != flag && len(chunk) >= frameMost:
			return Message{}, fmt.Errorf("%w: longer than %d bytes", ErrFrame, frameMost)
		case b != flag:
			chunk = append(chunk, b)
		case len(chunk) > 0:
			return parse(chunk)
		}
	}
}

// parse reads what stands between two flags.
func parse(chunk []byte) (Message, error) {
	plain := make([]byte, 0, len(chunk))
	for i := 0; i < len(chunk); i++ {
		b := chunk[i]
		if b == 0x7d {
			i++
			if i == len(chunk) || chunk[i] != 1 && chunk[i] != 2 {
				return Message{}, fmt.Errorf("%w: half an escape", ErrFrame)
			}
			b = 0x7c + chunk[i]
		}
		plain = append(plain, b)
	}
	sum := byte(0)
	for _, b := range plain {
		sum ^= b
	}
	if sum != 0 || len(plain) < 13 {
		return Message{}, fmt.Errorf("%w: checksum or length of %x", ErrFrame, plain)
	}
	attribute := binary.BigEndian.Uint16(plain[2:])
	head := 12
	if attribute&(1<<14) != 0 {
		head = 17
	}
	if attribute&(1<<13) != 0 {
		head += 4
	}
	if n := int(attribute & 0x3ff); len(plain) != head+n+1 {
		return Message{}, fmt.Errorf("%w: %d bytes of body declared, %d there", ErrFrame, n, len(plain)-head-1)
	}
	serialAt := 10
	if attribute&(1<<14) != 0 {
		serialAt = 15
	}
	return Message{
		ID: binary.BigEndian.Uint16(plain), Serial: binary.BigEndian.Uint16(plain[serialAt:]), Body: plain[head : len(plain)-1],
	}, nil
}

// Reply is what a general reply (0x8001) says.
type Reply struct {
	Serial uint16 // of the message it answers
	ID     uint16 // of the message it answers
	Result byte   // 0 done, 1 failed, 2 wrong, 3 not supported
}

// Reply reads a general reply.
func (m Message) Reply() (Reply, error) {
	if m.ID != GeneralReply || len(m.Body) < 5 {
		return Reply{}, fmt.Errorf("%w: 0x%04x with %d bytes is no general reply", ErrFrame, m.ID, len(m.Body))
	}
	return Reply{Serial: binary.BigEndian.Uint16(m.Body), ID: binary.BigEndian.Uint16(m.Body[2:]), Result: m.Body[4]}, nil
}

// Registered reads the answer to a registration: the result (0 = done) and the code to log in with.
func (m Message) Registered() (result byte, code []byte, err error) {
	if m.ID != RegisterReply || len(m.Body) < 3 {
		return 0, nil, fmt.Errorf("%w: 0x%04x with %d bytes is no answer to a registration", ErrFrame, m.ID, len(m.Body))
	}
	return m.Body[2], m.Body[3:], nil
}
