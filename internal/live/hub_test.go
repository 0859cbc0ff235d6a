package live

import (
	"fmt"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func everybody(*Subscriber) bool { return true }

// drain reads what waits in a stream and tells whether it is closed behind that.
func drain(s *Subscriber) (n int, closed bool) {
	for {
		select {
		case _, open := <-s.Messages():
			if !open {
				return n, true
			}
			n++
		default:
			return n, false
		}
	}
}

func TestSlowReaderLosesItsStreamNotMessages(t *testing.T) {
	h := NewHub()
	slow, fast := &Subscriber{}, &Subscriber{}
	h.Subscribe(slow)
	h.Subscribe(fast)
	for i := range queueLen + 10 {
		h.send(Message{Name: "event", ID: int64(i + 1)}, everybody)
		if m := <-fast.Messages(); m.ID != int64(i+1) {
			t.Fatalf("the fast reader gets %d, want %d", m.ID, i+1)
		}
	}
	if n, closed := drain(slow); n != queueLen || !closed {
		t.Errorf("the slow reader gets %d messages, closed %v; want %d, then the end", n, closed, queueLen)
	}
	if open, cuts := h.Stats(); open != 1 || cuts != 1 {
		t.Errorf("%d open, %d cut", open, cuts)
	}
	h.Unsubscribe(slow) // it was cut before
	h.Unsubscribe(fast)
	h.Unsubscribe(fast)
	if _, closed := drain(fast); !closed {
		t.Error("a stream that was given up is open")
	}
}

func TestClosedHub(t *testing.T) {
	h := NewHub()
	before, after := &Subscriber{}, &Subscriber{}
	h.Subscribe(before)
	h.Close()
	h.Close()
	h.Subscribe(after)
	h.send(Message{Name: "tick"}, everybody)
	for name, s := range map[string]*Subscriber{"before": before, "after": after} {
		if n, closed := drain(s); n != 0 || !closed {
			t.Errorf("the one who came %s: %d messages, closed %v", name, n, closed)
		}
	}
}

func TestWhoGetsWhat(t *testing.T) {
	h := NewHub()
	county, province, officer := &Subscriber{Branch: "1.4."}, &Subscriber{Branch: "1."}, &Subscriber{Branch: "1.4.", UnitID: 7}
	for _, s := range []*Subscriber{county, province, officer} {
		h.Subscribe(s)
	}
	for _, path := range []string{"1.4.9.", "1.5.", "1.40."} {
		h.send(Message{Name: "unit"}, func(s *Subscriber) bool { return inBranch(s, path) })
	}
	for s, want := range map[*Subscriber]int{county: 1, province: 3, officer: 0} {
		if n, _ := drain(s); n != want {
			t.Errorf("%+v gets %d, want %d", *s, n, want)
		}
	}
	w := h.watched()
	if len(w.units) != 1 || !w.units[7] || len(w.branches) != 2 || len(w.waiting) != 3 {
		t.Errorf("watched: %+v", w)
	}
	h.release(w.waiting)
	<-county.Followed()
	if w := h.watched(); len(w.waiting) != 0 {
		t.Errorf("%d still wait", len(w.waiting))
	}
}

// A reader with a snapshot of every fact up to 5 is given facts from 6 on, and states that are not from before 5.
func TestOld(t *testing.T) {
	for _, c := range []struct {
		m    Message
		want bool
	}{
		{Message{Name: "event", ID: 5}, true},
		{Message{Name: "event", ID: 6}, false},
		{Message{Name: "unit", AsOf: 4}, true},
		{Message{Name: "unit", AsOf: 5}, false}, // time alone may have changed it
		{Message{Name: "ticket", AsOf: 6}, false},
		{Message{Name: "fixes"}, false},
		{Message{Name: "tick"}, false},
	} {
		if got := c.m.Old(5); got != c.want {
			t.Errorf("%+v: %v", c.m, got)
		}
	}
}

func TestHubInUseByMany(t *testing.T) {
	defer goleak.VerifyNone(t)
	h := NewHub()
	var readers, writers sync.WaitGroup
	for i := range 8 {
		readers.Go(func() {
			for range 50 {
				s := &Subscriber{Branch: fmt.Sprintf("%d.", i)}
				h.Subscribe(s)
				for range 3 {
					<-s.Messages() // also ends when the hub closes
				}
				h.Unsubscribe(s)
			}
		})
	}
	stop := make(chan struct{})
	for range 2 {
		writers.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					h.send(Message{Name: "tick"}, everybody)
				}
			}
		})
	}
	readers.Wait()
	close(stop)
	writers.Wait()
	if open, _ := h.Stats(); open != 0 {
		t.Errorf("%d left open", open)
	}
}
