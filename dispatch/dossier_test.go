package dispatch

import (
	"testing"
	"time"

	"github.com/paulmach/orb"
)

func TestSameMatter(t *testing.T) {
	now := time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)
	at, near, far := orb.Point{115.56, 29.85}, orb.Point{115.561, 29.85}, orb.Point{115.57, 29.85}
	words := "烟酒店卖假烟，包装印刷模糊，抽起来很呛"
	m := Matter{RetailerID: 7, Point: &at, Subtype: "R01", Text: words}
	for _, tc := range []struct {
		name  string
		other nearCase
		found bool
	}{
		{"the same licence, other words", nearCase{PastCase{Subtype: "R05"}, 7, &far, []string{"卖给小孩"}}, true},
		{"the same place and words", nearCase{PastCase{Subtype: "R01"}, 0, &near, []string{"烟酒店卖假烟，包装模糊，抽起来呛"}}, true},
		{"the same place, other words", nearCase{PastCase{Subtype: "R01"}, 0, &near, []string{"营业执照没有挂"}}, false},
		{"the same words far away", nearCase{PastCase{Subtype: "R01"}, 0, &far, []string{words}}, false},
		{"another subtype", nearCase{PastCase{Subtype: "R02"}, 0, &near, []string{words}}, false},
	} {
		tc.other.RegisteredAt = now.Add(-10 * time.Hour)
		got := sameMatter(m, []nearCase{tc.other}, now)
		if (len(got) == 1) != tc.found {
			t.Errorf("%s: %+v", tc.name, got)
		}
		if len(got) == 1 && (got[0].Score <= 0 || got[0].Score > 1 || got[0].Hours != 10 || got[0].DistanceM == nil) {
			t.Errorf("%s: the evidence is %+v", tc.name, got[0])
		}
	}
}

func TestLikeness(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want float64
	}{{"", "", 0}, {"卖假烟", "卖假烟", 1}, {"卖假烟", "", 0}, {"卖假烟", "卖假酒", 0.5}, {"上海", "海上", 0}} {
		if got := likeness(tc.a, tc.b); got != tc.want {
			t.Errorf("%q %q: %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}
