package auth

import (
	"container/list"
	"sync"
	"time"
)

// ThrottleRule says how many failed attempts are free and how the next are
// delayed.
type ThrottleRule struct {
	// Free attempts may fail without any delay.
	Free int
	// Window: an attempt is forgotten once no further one came for this long.
	// It is also the longest delay.
	Window time.Duration
	// First is the delay after the last free attempt; it doubles with each
	// further one.
	First time.Duration
	// Keys bounds the memory: beyond this many keys the one that was quiet for
	// longest is forgotten.
	Keys int
}

// Throttle slows down guessing. Attempts are counted per key, such as login and
// address; nothing is ever locked for longer than the rule's window. It is safe
// for concurrent use. Its state is in memory and does not survive a restart.
type Throttle struct {
	rule ThrottleRule

	mu      sync.Mutex               // guards what follows
	entries map[string]*list.Element // of *attempts
	order   *list.List               // front = most recently tried
}

type attempts struct {
	key   string
	count int
	last  time.Time // of the last counted attempt
}

// NewThrottle returns an empty Throttle. Every field of rule must be above zero.
func NewThrottle(rule ThrottleRule) *Throttle {
	return &Throttle{rule: rule, entries: make(map[string]*list.Element), order: list.New()}
}

// Take asks for leave to try. Zero means go ahead: the attempt is counted as a
// failure at once, so that attempts made side by side cannot slip through;
// call Forget or Refund when it succeeds. Anything else is how long to wait
// before asking again; such an attempt is not counted.
func (t *Throttle) Take(key string, now time.Time) time.Duration {
	t.mu.Lock()
	defer t.mu.Unlock()
	element := t.entries[key]
	if element == nil {
		element = t.add(key)
	}
	a := element.Value.(*attempts)
	if !now.Before(a.last.Add(t.rule.Window)) {
		a.count = 0
	}
	if wait := a.last.Add(t.delay(a.count)).Sub(now); a.count > 0 && wait > 0 {
		return wait
	}
	a.count++
	a.last = now
	t.order.MoveToFront(element)
	return 0
}

// Forget drops everything counted under key.
func (t *Throttle) Forget(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element := t.entries[key]; element != nil {
		t.order.Remove(element)
		delete(t.entries, key)
	}
}

// Refund takes back one counted attempt of a key that others may share.
func (t *Throttle) Refund(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if element := t.entries[key]; element != nil {
		a := element.Value.(*attempts)
		a.count = max(a.count-1, 0)
	}
}

// delay is the pause after so many counted attempts.
func (t *Throttle) delay(count int) time.Duration {
	if count < t.rule.Free {
		return 0
	}
	delay := t.rule.First
	for range count - t.rule.Free {
		if delay *= 2; delay >= t.rule.Window {
			return t.rule.Window
		}
	}
	return min(delay, t.rule.Window)
}

// add makes room for a key. The caller holds mu.
func (t *Throttle) add(key string) *list.Element {
	if oldest := t.order.Back(); oldest != nil && t.order.Len() >= t.rule.Keys {
		t.order.Remove(oldest)
		delete(t.entries, oldest.Value.(*attempts).key)
	}
	element := t.order.PushFront(&attempts{key: key})
	t.entries[key] = element
	return element
}
