package auth_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/internal/auth"
)

var start = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func TestThrottleDelaysDouble(t *testing.T) {
	throttle := auth.NewThrottle(auth.ThrottleRule{Free: 5, Window: 10 * time.Minute, First: time.Second, Keys: 10})
	now := start
	for i := range 5 {
		if wait := throttle.Take("a", now); wait != 0 {
			t.Fatalf("free attempt %d waits %s", i+1, wait)
		}
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 600, 600} {
		want *= time.Second
		if wait := throttle.Take("a", now); wait != want {
			t.Fatalf("wait %s, want %s", wait, want)
		}
		if wait := throttle.Take("a", now.Add(want-time.Millisecond)); wait != time.Millisecond {
			t.Fatalf("one millisecond early: wait %s", wait)
		}
		if want == 10*time.Minute { // all is forgotten by then
			break
		}
		now = now.Add(want)
		if wait := throttle.Take("a", now); wait != 0 {
			t.Fatalf("after the delay: wait %s", wait)
		}
	}
	now = now.Add(10 * time.Minute)
	for range 5 {
		if wait := throttle.Take("a", now); wait != 0 {
			t.Fatalf("after the window: wait %s", wait)
		}
	}
}

func TestThrottleForgetsTheQuietestKey(t *testing.T) {
	throttle := auth.NewThrottle(auth.ThrottleRule{Free: 1, Window: time.Hour, First: time.Minute, Keys: 2})
	throttle.Take("a", start)
	throttle.Take("b", start.Add(time.Second))
	throttle.Take("c", start.Add(2*time.Second)) // pushes a out
	if throttle.Take("b", start.Add(3*time.Second)) == 0 {
		t.Error("b was forgotten")
	}
	if throttle.Take("a", start.Add(3*time.Second)) != 0 {
		t.Error("a was remembered: the memory is not bounded")
	}
}

// The oracle keeps every counted attempt of every key and works the delay out
// from the list.
func TestThrottleAgainstList(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rule := auth.ThrottleRule{
			Free:   rapid.IntRange(1, 6).Draw(t, "free"),
			Window: time.Duration(rapid.IntRange(60, 600).Draw(t, "window")) * time.Second,
			First:  time.Duration(rapid.IntRange(1, 20).Draw(t, "first")) * time.Second,
			Keys:   100,
		}
		throttle := auth.NewThrottle(rule)
		counted := map[string][]time.Time{}
		now := start
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 90).Draw(t, "gap")) * time.Second)
			key := fmt.Sprint(rapid.IntRange(1, 3).Draw(t, "key"))
			if rapid.IntRange(1, 12).Draw(t, "what") == 1 {
				throttle.Forget(key)
				delete(counted, key)
				continue
			}
			want := oracleWait(rule, counted[key], now)
			if got := throttle.Take(key, now); got != want {
				t.Fatalf("Take(%s) = %s, want %s after %v", key, got, want, counted[key])
			}
			if want == 0 {
				counted[key] = append(counted[key], now)
			}
		}
	})
}

func oracleWait(rule auth.ThrottleRule, tries []time.Time, now time.Time) time.Duration {
	run := 0 // attempts with no gap of a window between them, up to now
	for i := len(tries) - 1; i >= 0; i-- {
		next := now
		if i < len(tries)-1 {
			next = tries[i+1]
		}
		if next.Sub(tries[i]) >= rule.Window {
			break
		}
		run++
	}
	if run < rule.Free || run == 0 {
		return 0
	}
	delay := min(rule.First<<min(run-rule.Free, 20), rule.Window)
	return max(tries[len(tries)-1].Add(delay).Sub(now), 0)
}

func TestThrottleCountsAttemptsSideBySide(t *testing.T) {
	throttle := auth.NewThrottle(auth.ThrottleRule{Free: 5, Window: time.Hour, First: time.Minute, Keys: 10})
	leave := make(chan bool)
	for range 50 {
		go func() { leave <- throttle.Take("a", start) == 0 }()
	}
	allowed := 0
	for range 50 {
		if <-leave {
			allowed++
		}
	}
	if allowed != 5 {
		t.Errorf("%d of 50 simultaneous attempts were let through, want 5", allowed)
	}
	throttle.Forget("a")
	for range 5 {
		throttle.Take("a", start)
	}
	throttle.Refund("a")
	if throttle.Take("a", start) != 0 {
		t.Error("a refunded attempt still counts")
	}
}
