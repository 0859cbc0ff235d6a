// Package live carries what happens to the screens: positions through memory, facts after they are committed.
// A subscriber gets a snapshot and then deltas; whoever reads too slowly is cut and comes back to a new snapshot.
package live

import (
	"strings"
	"sync"
)

// queueLen is how many messages wait for one reader. A reader that falls further behind loses its subscription, not
// single messages.
const queueLen = 256

// Message is one server-sent event.
type Message struct {
	Name string // the event's name on the stream
	ID   int64  // a reader that has this one has every fact up to this number; 0 = says nothing of that
	AsOf int64  // the state in Data holds every fact up to this number; 0 = it is no state
	Data []byte // JSON
}

// Old tells whether a reader whose snapshot holds every fact up to seq must not be given the message: it has the fact
// already, or it would go back to a state from before.
func (m Message) Old(seq int64) bool {
	return m.Name == "event" && m.ID <= seq || m.AsOf != 0 && m.AsOf < seq
}

// Subscriber is one open stream. Its fields are set before Subscribe and not changed.
type Subscriber struct {
	Branch string // org path; board messages of this branch only
	Events bool   // also wants the facts themselves, not only the changed rows
	UnitID int64  // not 0: an officer's page, which gets this unit's state and nothing else

	queue    chan Message
	followed chan struct{}
	waits    bool // followed is open; guarded by the hub's mutex
	cut      bool // guarded by the hub's mutex
}

// Messages is the stream; it is closed when the subscriber was too slow, unsubscribed, or the hub closed.
func (s *Subscriber) Messages() <-chan Message { return s.queue }

// Followed is closed when a Board follows what s watches: a snapshot that is read after that and the messages together
// leave nothing out. It is closed as well when the stream has ended.
func (s *Subscriber) Followed() <-chan struct{} { return s.followed }

// Hub fans messages out. It is safe for concurrent use; publishing never waits for a reader.
type Hub struct {
	mu     sync.Mutex // guards the fields below
	subs   map[*Subscriber]struct{}
	closed bool
	cuts   int64

	joined chan struct{} // holds one: somebody subscribed
}

// NewHub returns an empty hub.
func NewHub() *Hub {
	return &Hub{subs: make(map[*Subscriber]struct{}), joined: make(chan struct{}, 1)}
}

// Subscribe opens the stream of s. On a closed hub the stream is closed at once.
func (h *Hub) Subscribe(s *Subscriber) {
	s.queue, s.followed, s.waits = make(chan Message, queueLen), make(chan struct{}), true
	h.mu.Lock()
	defer h.mu.Unlock()
	h.subs[s] = struct{}{}
	if h.closed {
		h.drop(s)
		return
	}
	select {
	case h.joined <- struct{}{}:
	default:
	}
}

// Unsubscribe ends the stream; calling it twice, or after a cut, does nothing.
func (h *Hub) Unsubscribe(s *Subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.drop(s)
}

// Close ends every stream and refuses new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for s := range h.subs {
		h.drop(s)
	}
}

// Stats returns the number of open streams and of readers cut for slowness since the start.
func (h *Hub) Stats() (open int, cuts int64) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.subs), h.cuts
}

// drop must be called with the mutex held.
func (h *Hub) drop(s *Subscriber) {
	if s.cut {
		return
	}
	s.cut = true
	delete(h.subs, s)
	close(s.queue)
	s.release()
}

// release must be called with the hub's mutex held.
func (s *Subscriber) release() {
	if s.waits {
		s.waits = false
		close(s.followed)
	}
}

// send queues a message for every subscriber that wants it; a full queue cuts its owner.
func (h *Hub) send(m Message, wants func(*Subscriber) bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if wants(s) {
			h.queue(s, m)
		}
	}
}

// sendFrames queues for each board the message of its branch, when there is one.
func (h *Hub) sendFrames(byBranch map[string]Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for s := range h.subs {
		if m, ok := byBranch[s.Branch]; ok && s.UnitID == 0 {
			h.queue(s, m)
		}
	}
}

// queue must be called with the mutex held.
func (h *Hub) queue(s *Subscriber, m Message) {
	select {
	case s.queue <- m:
	default:
		h.cuts++
		h.drop(s)
	}
}

// inBranch tells whether s is a board that sees path.
func inBranch(s *Subscriber, path string) bool {
	return s.UnitID == 0 && strings.HasPrefix(path, s.Branch)
}

// watched is what the open streams show.
type watched struct {
	branches map[string]bool // of the boards
	units    map[int64]bool  // of the officers' pages
	waiting  []*Subscriber   // those that nobody follows yet
}

func (h *Hub) watched() watched {
	h.mu.Lock()
	defer h.mu.Unlock()
	w := watched{branches: map[string]bool{}, units: map[int64]bool{}}
	for s := range h.subs {
		if s.UnitID == 0 {
			w.branches[s.Branch] = true
		} else {
			w.units[s.UnitID] = true
		}
		if s.waits {
			w.waiting = append(w.waiting, s)
		}
	}
	return w
}

// release tells subscribers that they are followed.
func (h *Hub) release(waiting []*Subscriber) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, s := range waiting {
		s.release()
	}
}
