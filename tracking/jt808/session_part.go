package jt808

import (
	"context"
	"encoding/binary"
	"time"

	"jiujin/tracking"
)

// part takes in a part of a long message. Each is acknowledged, for many units stop after the first that is not; the
// last one's answer is that of the message.
func (e *session) part(ctx context.Context, f Frame) {
	s := e.link.s
	whole, ok, err := s.long.Add(f, e.link.now)
	first := f.Serial - (f.Part - 1)
	if f.ID == IDMedia && f.Part == 1 && len(f.Body) >= 4 {
		if len(e.pictures) >= maxPerDevice || e.pictures == nil {
			e.pictures = make(map[uint16]uint32, 1)
		}
		e.pictures[first] = binary.BigEndian.Uint32(f.Body)
	}
	switch {
	case err != nil:
		e.malformed(f)
	case ok:
		delete(e.pictures, first)
		e.message(ctx, whole)
	default:
		s.mu.Lock()
		s.partial[e.header] = e
		s.mu.Unlock()
		if media, known := e.pictures[first]; known && f.Part == f.Parts {
			if missing := s.long.Missing(f); len(missing) > 0 {
				e.answer(MediaReply{MediaID: media, Missing: missing})
				return
			}
		}
		e.reply(f, Done)
	}
}

// chase asks for missing parts, once a second, until ctx ends.
func (s *Server) chase(ctx context.Context) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			s.ask(now)
		}
	}
}

func (s *Server) ask(now time.Time) {
	for _, o := range s.long.Overdue(now) {
		s.mu.Lock()
		e := s.partial[o.Header]
		s.mu.Unlock()
		if e == nil {
			continue
		}
		if b, _, err := Append(nil, o.Header, e.nextSerial(1), o.Ask); err == nil {
			e.link.post(e.to, b)
		}
	}
}

// repeat sends parts of our own last long message again.
func (e *session) repeat(m Resend) {
	e.term.mu.Lock()
	long := e.term.long
	e.term.mu.Unlock()
	if len(long) == 0 || long[0].Serial != m.Serial {
		return
	}
	p := e.link.parcel
	for _, n := range m.Parts {
		if n < 1 || int(n) > len(long) {
			continue
		}
		if out, err := long[n-1].Append(p.plain); err == nil {
			p.plain = out
		}
	}
}

// tell hands over what a terminal says beside positions. It is acknowledged when it was heard.
func (e *session) tell(ctx context.Context, f Frame, m Message) {
	s, dev := e.link.s, e.device
	var err error
	switch m := m.(type) {
	case Event:
		if s.OnButton != nil {
			err = s.OnButton(ctx, dev, m.Event)
		}
	case Driver:
		if s.OnDriver != nil {
			err = s.OnDriver(ctx, dev, m)
		}
	case Media:
		if s.OnMedia != nil {
			err = s.OnMedia(ctx, dev, m)
		}
		if err == nil {
			s.count.media.Add(1)
			e.answer(MediaReply{MediaID: m.MediaID})
			return
		}
	}
	if err != nil {
		s.unheard(f, dev, err)
		return
	}
	e.reply(f, Done)
}

// unheard notes a message that could not be kept. There is no answer to it, so that it comes again.
func (s *Server) unheard(f Frame, dev *tracking.Device, err error) {
	s.Log.Warn("a message of a terminal could not be kept; it is not acknowledged", "id", f.ID, "device", dev.ID, "err", err)
}

// params notes the interval of heartbeats, for the time that the terminal may be silent.
func (e *session) params(m Params) {
	for _, p := range m.List {
		if p.ID == ParamHeartbeatS && len(p.Value) == 4 {
			e.term.heartbeatS.Store(min(binary.BigEndian.Uint32(p.Value), 24*3600))
		}
	}
}
