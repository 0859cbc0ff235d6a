package jt808

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

// Split makes the frames of a body: one, or as many as it takes with serials that follow each other. Keep them until
// they are acknowledged: the terminal may ask for parts again. More than 2,000 parts are an ErrLength.
func Split(h Header, id ID, serial uint16, body []byte) ([]Frame, error) {
	if len(body) <= maxBody {
		return []Frame{{Header: h, ID: id, Serial: serial, Body: body}}, nil
	}
	parts := (len(body) + maxBody - 1) / maxBody
	if parts > maxParts {
		return nil, fmt.Errorf("%w: body of %s needs %d parts, at most %d", ErrLength, id, parts, maxParts)
	}
	frames := make([]Frame, parts)
	for i := range frames {
		end := min((i+1)*maxBody, len(body))
		frames[i] = Frame{
			Header: h, ID: id, Serial: serial + uint16(i),
			Parts: uint16(parts), Part: uint16(i + 1), Body: body[i*maxBody : end],
		}
	}
	return frames, nil
}

// The limits of long messages.
const (
	maxParts     = 2000
	maxPerDevice = 3         // open sets
	maxSetBytes  = 4 << 20   // of one set
	maxAllBytes  = 256 << 20 // of all sets of an Assembler
	partOverhead = 64        // bytes that a part costs beside its body
	setOverhead  = 512       // and a set beside its parts
	quiet        = 5 * time.Second
	maxRounds    = 3
	maxAge       = 10 * time.Minute // a large picture on a slow link takes minutes
)

// ErrParts says that a part fits no message: numbers out of range, or too much of it.
var ErrParts = errors.New("part of a long message is out of range")

// set is a long message of which parts are missing. Parts have consecutive serials, so that the serial of the first is
// known from each; it keeps two pictures apart that are sent at the same time.
type set struct {
	id      ID
	parts   uint16
	first   uint16
	bodies  map[uint16][]byte
	bytes   int // what it costs
	opened  time.Time
	changed time.Time // of the last part or question
	rounds  int       // how often parts were asked for since the last one came
}

// Assembler puts long messages together, of all terminals of a server. It holds at most 3 unfinished messages of a
// terminal, 4 MiB of each and 256 MiB in all, and drops the oldest beyond that. The zero Assembler is ready; it is safe
// for several goroutines.
type Assembler struct {
	mu    sync.Mutex
	open  map[Header][]*set // the oldest first, none empty
	bytes int
}

// Add takes a part in; a copy of its body is kept. When nothing misses any more, whole is the message, as one frame
// with the serial of the first part and a body that belongs to the caller. A part that came before changes nothing.
// ErrParts means that the part was thrown away.
func (a *Assembler) Add(f Frame, now time.Time) (whole Frame, ok bool, err error) {
	if f.Part < 1 || f.Part > f.Parts || f.Parts > maxParts {
		return Frame{}, false, fmt.Errorf("%w: part %d of %d, at most %d", ErrParts, f.Part, f.Parts, maxParts)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.setOf(f, now)
	if _, again := s.bodies[f.Part]; again {
		return Frame{}, false, nil
	}
	cost := len(f.Body) + partOverhead
	if s.bytes+cost > maxSetBytes {
		a.drop(f.Header, s)
		return Frame{}, false, fmt.Errorf("%w: message of %s has more than %d bytes", ErrParts, f.ID, maxSetBytes)
	}
	s.bodies[f.Part] = slices.Clone(f.Body)
	s.changed, s.rounds = now, 0
	s.bytes += cost
	a.bytes += cost
	if len(s.bodies) < int(f.Parts) {
		for a.bytes > maxAllBytes {
			a.dropOldest()
		}
		return Frame{}, false, nil
	}
	a.drop(f.Header, s)
	whole = Frame{Header: f.Header, ID: f.ID, Serial: s.first, Encryption: f.Encryption}
	for n := range f.Parts {
		whole.Body = append(whole.Body, s.bodies[n+1]...)
	}
	return whole, true, nil
}

// held is the message that f is a part of, nil when no part of it is held.
func (a *Assembler) held(f Frame) *set {
	first := f.Serial - (f.Part - 1)
	for _, s := range a.open[f.Header] {
		if s.id == f.ID && s.parts == f.Parts && s.first == first {
			return s
		}
	}
	return nil
}

// setOf is the message that f is a part of; a new one may drop the terminal's oldest.
func (a *Assembler) setOf(f Frame, now time.Time) *set {
	if s := a.held(f); s != nil {
		return s
	}
	sets := a.open[f.Header]
	if len(sets) == maxPerDevice {
		a.drop(f.Header, sets[0])
	}
	if a.open == nil {
		a.open = map[Header][]*set{}
	}
	s := &set{
		id: f.ID, parts: f.Parts, first: f.Serial - (f.Part - 1), bodies: map[uint16][]byte{}, bytes: setOverhead,
		opened: now, changed: now,
	}
	a.bytes += s.bytes
	a.open[f.Header] = append(a.open[f.Header], s)
	return s
}

func (a *Assembler) drop(h Header, s *set) {
	a.bytes -= s.bytes
	left := slices.DeleteFunc(a.open[h], func(other *set) bool { return other == s })
	if len(left) == 0 {
		delete(a.open, h)
		return
	}
	a.open[h] = left
}

func (a *Assembler) dropOldest() {
	var of Header
	var oldest *set
	for h, sets := range a.open {
		if oldest == nil || sets[0].opened.Before(oldest.opened) {
			of, oldest = h, sets[0]
		}
	}
	a.drop(of, oldest)
}

// Overdue is an unfinished message that has made no progress for 5 s.
type Overdue struct {
	Header Header
	// Ask is what to send: its Parts are those that miss, at most 125 at a time.
	Ask Resend
}

const maxAsked = 125

// Overdue lists what to ask for again, and drops the messages that have been asked for three times without a new part,
// so 20 s after the last one, or are older than 10 minutes. Call it every second or so.
func (a *Assembler) Overdue(now time.Time) []Overdue {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []Overdue
	for h, sets := range a.open {
		for _, s := range slices.Clone(sets) {
			late := now.Sub(s.changed) >= quiet
			switch {
			case now.Sub(s.opened) >= maxAge, late && s.rounds == maxRounds:
				a.drop(h, s)
			case late:
				s.changed = now
				s.rounds++
				list = append(list, Overdue{h, Resend{Serial: s.first, Parts: s.missing()}})
			}
		}
	}
	return list
}

func (s *set) missing() []uint16 {
	var list []uint16
	for part := uint16(1); part <= s.parts && len(list) < maxAsked; part++ {
		if _, here := s.bodies[part]; !here {
			list = append(list, part)
		}
	}
	return list
}

// Missing lists the parts that the message of the part f still lacks, at most 125 of them; nil when no part of it is
// held.
func (a *Assembler) Missing(f Frame) []uint16 {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.held(f)
	if s == nil {
		return nil
	}
	return s.missing()
}

// Open is the number of unfinished messages and what they cost in memory.
func (a *Assembler) Open() (messages, bytes int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, sets := range a.open {
		messages += len(sets)
	}
	return messages, a.bytes
}
