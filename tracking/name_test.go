package tracking

import (
	"errors"
	"fmt"
	"testing"
)

// A device is found under the name that a person types, or the person is told that it cannot be.
func TestNamesOf(t *testing.T) {
	for _, c := range []struct {
		kind  string
		given []Name
		want  string
	}{
		{"jt808", []Name{{"jt808", " 013800138000"}}, "[{jt808 13800138000}]"},
		{"jt808", []Name{{"jt808", "00000000013800138000"}}, "[{jt808 13800138000}]"},
		{"jt808", []Name{{"jt808", "4EB6FB4AFD9E"}, {"http", "A 1"}}, "[{jt808 4eb6fb4afd9e} {http A 1}]"},
		{"gt06", []Name{{"gt06", "0123456789012345"}}, "[{gt06 123456789012345}]"},
		{"traccar", []Name{{"traccar", "0007"}}, "[{traccar 0007}]"},
		{"http", nil, "[]"},
		{"jt808", nil, ""},
		{"gt06", []Name{{"jt808", "13800138000"}}, ""},
		{"jt808", []Name{{"jt808", "粤A12345"}}, ""},
		{"jt808", []Name{{"jt808", "000000000000"}}, ""},
		{"gt06", []Name{{"gt06", "abc"}}, ""},
		{"http", []Name{{"JT808", "13800138000"}}, ""},
		{"osmand", []Name{{"osmand", "phone"}}, ""},
		{"http", []Name{{"http", " "}}, ""},
	} {
		names, err := NamesOf(c.kind, c.given)
		if c.want == "" && !errors.Is(err, ErrDeviceName) || c.want != "" && (err != nil || fmt.Sprint(names) != c.want) {
			t.Errorf("%s %v: %v, %v; want %q", c.kind, c.given, names, err, c.want)
		}
	}
}
