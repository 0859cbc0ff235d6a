package pbf

import (
	"encoding/binary"
	"fmt"
)

// The wire types of protocol buffers (https://protobuf.dev/programming-guides/encoding/).
const (
	wireVarint = 0
	wireFixed8 = 1
	wireBytes  = 2
	wireFixed4 = 5
)

// value is one field of a message: a number, or bytes that lie in the message.
type value struct {
	field int
	wire  int
	n     uint64
	bytes []byte
}

// each goes through the fields of a message in their order, unknown ones too.
func each(message []byte, take func(value) error) error {
	for rest := message; len(rest) > 0; {
		key, n := binary.Uvarint(rest)
		if n <= 0 || key>>3 == 0 || key>>3 > 1<<29 {
			return fmt.Errorf("%w: a field has no number", ErrForm)
		}
		rest = rest[n:]
		v := value{field: int(key >> 3), wire: int(key & 7)}
		size := uint64(0)
		switch v.wire {
		case wireVarint:
			if v.n, n = binary.Uvarint(rest); n <= 0 {
				return fmt.Errorf("%w: field %d has no end", ErrForm, v.field)
			}
			rest = rest[n:]
		case wireBytes:
			if size, n = binary.Uvarint(rest); n <= 0 {
				return fmt.Errorf("%w: field %d has no length", ErrForm, v.field)
			}
			rest = rest[n:]
		case wireFixed8:
			size = 8
		case wireFixed4:
			size = 4
		default:
			return fmt.Errorf("%w: field %d is of wire type %d", ErrForm, v.field, v.wire)
		}
		if size > uint64(len(rest)) {
			return fmt.Errorf("%w: field %d has %d bytes of which %d are there", ErrForm, v.field, size, len(rest))
		}
		v.bytes, rest = rest[:size], rest[size:]
		if err := take(v); err != nil {
			return err
		}
	}
	return nil
}

// numbers appends the numbers of a repeated field, packed or one at a time.
func (v value) numbers(list []uint64) ([]uint64, error) {
	if v.wire == wireVarint {
		return append(list, v.n), nil
	}
	for rest := v.bytes; len(rest) > 0; {
		x, n := binary.Uvarint(rest)
		if n <= 0 {
			return nil, fmt.Errorf("%w: the list of field %d has no end", ErrForm, v.field)
		}
		list, rest = append(list, x), rest[n:]
	}
	return list, nil
}

// signed undoes the zigzag of sint32 and sint64.
func signed(v uint64) int64 { return int64(v>>1) ^ -int64(v&1) }
