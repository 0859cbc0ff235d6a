package jt808

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Why a command came to nothing.
var (
	// ErrOffline: the terminal is not connected.
	ErrOffline = errors.New("the terminal is not connected")
	// ErrNoAnswer: it did not answer, each time it was sent.
	ErrNoAnswer = errors.New("the terminal does not answer")
	// ErrUnsupported: it says that it does not know the command.
	ErrUnsupported = errors.New("the terminal does not support this")
	// ErrRefused: it says that it failed, or that the message was wrong.
	ErrRefused = errors.New("the terminal refuses this")
	// ErrBusy: too many commands wait for it.
	ErrBusy = errors.New("too many commands wait for the terminal")
)

// callsMax is how many commands may wait for one terminal.
const callsMax = 32

// call is a command that waits for its answer.
type call struct {
	answer chan Message // holds some; further ones are dropped
}

// deliver hands an answer to the command that waits for it. One that nobody waits for is ignored: units answer twice,
// and commands that were never sent.
func (t *terminal) deliver(serial uint16, m Message) {
	t.mu.Lock()
	c := t.calls[serial]
	t.mu.Unlock()
	if c == nil {
		return
	}
	select {
	case c.answer <- m:
	default:
	}
}

// begin takes the serials of a command of n frames and waits for answers to the first, which is what terminals answer.
func (t *terminal) begin(n int) (uint16, *call, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.calls) >= callsMax {
		return 0, nil, ErrBusy
	}
	if t.calls == nil {
		t.calls = make(map[uint16]*call)
	}
	for t.calls[t.serial] != nil { // it went round
		t.serial++
	}
	serial, c := t.serial, &call{answer: make(chan Message, 4)}
	t.serial += uint16(n)
	t.calls[serial] = c
	return serial, c, nil
}

func (t *terminal) end(serial uint16) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.calls, serial)
}

// wish says what answer ends a command.
type wish struct {
	own     bool // an answer of its own kind; else the general reply
	patient bool // once it was acknowledged wait for the answer until ctx ends: a person gives it
}

// command sends a message and waits for its answer: 15 s, three times the same. make builds it for the terminal's
// edition.
func (s *Server) command(ctx context.Context, deviceID int64, w wish, make func(Edition) Message) (Message, error) {
	m, err := s.send(ctx, deviceID, w, make)
	s.count.commands.Add(1)
	if err != nil {
		s.count.failed.Add(1)
		return nil, fmt.Errorf("command to device %d: %w", deviceID, err)
	}
	return m, nil
}

func (s *Server) send(ctx context.Context, deviceID int64, w wish, make func(Edition) Message) (Message, error) {
	s.mu.Lock()
	t := s.terminals[deviceID]
	s.mu.Unlock()
	if t == nil {
		return nil, ErrOffline
	}
	e := t.session.Load()
	if e == nil {
		return nil, ErrOffline
	}
	message := make(e.header.Edition())
	body, err := AppendBody(nil, message, e.header.Edition())
	if err != nil {
		return nil, err
	}
	serial, c, err := t.begin(len(body)/maxBody + 1)
	if err != nil {
		return nil, err
	}
	defer t.end(serial)
	for try := range s.Limits.Tries {
		if err := t.transmit(message.ID(), serial, body); err != nil && try == 0 {
			return nil, err // later it may come back in time
		}
		m, err := s.await(ctx, c, w)
		if !errors.Is(err, errWaited) {
			return m, err
		}
	}
	return nil, ErrNoAnswer
}

// transmit sends a message on the terminal's present connection.
func (t *terminal) transmit(id ID, serial uint16, body []byte) error {
	e := t.session.Load()
	if e == nil {
		return ErrOffline
	}
	frames, err := Split(e.header, id, serial, body)
	if err != nil {
		return err
	}
	var b []byte
	for _, f := range frames {
		if b, err = f.Append(b); err != nil {
			return err
		}
	}
	if len(frames) > 1 {
		t.mu.Lock()
		t.long = frames
		t.mu.Unlock()
	}
	if !e.link.post(e.to, b) {
		return ErrBusy
	}
	return nil
}

// errWaited says that it is time to send again.
var errWaited = errors.New("no answer yet")

// await is one wait for an answer.
func (s *Server) await(ctx context.Context, c *call, w wish) (Message, error) {
	timer := time.NewTimer(s.Limits.Answer)
	defer timer.Stop()
	again := timer.C
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-again:
			return nil, errWaited
		case m := <-c.answer:
			reply, general := m.(TerminalReply)
			switch {
			case !general:
				return m, nil
			case reply.Result == Unsupported:
				return nil, ErrUnsupported
			case reply.Result != Done:
				return nil, fmt.Errorf("%w: result %d", ErrRefused, reply.Result)
			case !w.own:
				return m, nil
			case w.patient:
				again = nil
			}
		}
	}
}
