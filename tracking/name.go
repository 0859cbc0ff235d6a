package tracking

import (
	"errors"
	"strings"
)

// ErrDeviceName says that a device cannot be found under a name, or that it needs one and has none.
var ErrDeviceName = errors.New("no name of a device in its protocol")

// NamesOf is the given names of a device of a kind as they are looked up. A
// terminal's phone and an IMEI lose blanks and leading zeros: frames fill up
// with them to different lengths. Phones may hold hexadecimal digits, as they
// travel. The error is ErrDeviceName when a protocol looks nobody up by name,
// a name is none of its protocol, or a terminal or GT06 unit has none of its
// own: nothing that it sends would find it.
func NamesOf(kind string, given []Name) ([]Name, error) {
	var list []Name
	own := kind != "jt808" && kind != "gt06"
	for _, n := range given {
		ident := strings.ToLower(strings.TrimSpace(n.Ident))
		digits, max := "0123456789", 16
		switch n.Protocol {
		case "http", "owntracks", "traccar":
			ident, digits, max = strings.TrimSpace(n.Ident), "", 128
		case "jt808":
			digits, max = "0123456789abcdef", 20
		case "gt06":
		default:
			return nil, ErrDeviceName
		}
		if digits != "" && strings.Trim(ident, digits) != "" || ident == "" || len(ident) > max {
			return nil, ErrDeviceName
		}
		if digits != "" && !strings.ContainsAny(ident, "abcdef") {
			if ident = strings.TrimLeft(ident, "0"); ident == "" {
				return nil, ErrDeviceName
			}
		}
		own = own || n.Protocol == kind
		list = append(list, Name{n.Protocol, ident})
	}
	if !own {
		return nil, ErrDeviceName
	}
	return list, nil
}
