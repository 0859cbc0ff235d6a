package jt808

import (
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"jiujin/internal/pg"
	"jiujin/tracking"
)

// Counts is what a Server holds now, and has seen since it began.
type Counts struct {
	Connections, Sessions int64 // now; a session is an admitted terminal

	Opened     int64 // connections
	Crowded    int64 // connections refused because their address has too many
	Frames     int64 // chunks between flags, good and bad
	Bad        int64 // of them: no frame
	Texts      int64 // vendor texts in parentheses, not read
	Unknown    int64 // messages of a kind that is not known, answered 3
	Malformed  int64 // messages whose body is too short, answered 2
	Strangers  int64 // messages of phones that are not registered, or before login
	Refused    int64 // logins with a wrong code
	Conflicts  int64 // registrations with another terminal id
	Replaced   int64 // sessions that moved to another connection
	Unanswered int64 // fixes that were not acknowledged because they could not be made durable
	Media      int64 // pictures and recordings taken in
	Commands   int64 // sent to terminals, each once
	Failed     int64 // commands that failed
	// Closed counts the connections that ended otherwise than by the peer's wish: "scanner", "silent", "no_login",
	// "idle", "bad_frames", "refused", "too_long", "network".
	Closed map[string]int64
}

// Totals is what was seen since the start by name, those of Closed with "closed_" in front.
func (c *Counts) Totals() map[string]int64 {
	out := map[string]int64{
		"opened": c.Opened, "crowded": c.Crowded, "frames": c.Frames, "bad": c.Bad, "texts": c.Texts, "unknown": c.Unknown,
		"malformed": c.Malformed, "strangers": c.Strangers, "refused": c.Refused, "conflicts": c.Conflicts,
		"replaced": c.Replaced, "unanswered": c.Unanswered, "media": c.Media, "commands": c.Commands, "failed": c.Failed,
	}
	for name, n := range c.Closed {
		out["closed_"+name] = n
	}
	return out
}

// counters is Counts under way.
type counters struct {
	sessions, frames, bad, texts, unknown, malformed, strangers, refused, conflicts, replaced,
	unanswered, media, commands, failed atomic.Int64

	mu   sync.Mutex // guards ends
	ends map[string]int64
}

// closed counts the end of a connection by the server's own reasons.
func (c *counters) closed(err error) {
	name := "network"
	for _, e := range []struct {
		err  error
		name string
	}{
		{errScanner, "scanner"},
		{errSilent, "silent"},
		{errNoLogin, "no_login"},
		{errIdle, "idle"},
		{errBad, "bad_frames"},
		{errRefused, "refused"},
		{ErrTooLong, "too_long"},
	} {
		if errors.Is(err, e.err) {
			name = e.name
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ends == nil {
		c.ends = make(map[string]int64)
	}
	c.ends[name]++
}

// Counts is a copy of the present counts.
func (s *Server) Counts() Counts {
	in, c := s.gate.Counts(), &s.count
	out := Counts{
		Connections: int64(in.Connections), Opened: in.Opened, Crowded: in.Crowded,
		Sessions: c.sessions.Load(), Frames: c.frames.Load(),
		Bad: c.bad.Load(), Texts: c.texts.Load(), Unknown: c.unknown.Load(), Malformed: c.malformed.Load(),
		Strangers: c.strangers.Load(), Refused: c.refused.Load(), Conflicts: c.conflicts.Load(),
		Replaced: c.replaced.Load(), Unanswered: c.unanswered.Load(), Media: c.media.Load(),
		Commands: c.commands.Load(), Failed: c.failed.Load(), Closed: make(map[string]int64),
	}
	c.mu.Lock()
	maps.Copy(out.Closed, c.ends)
	c.mu.Unlock()
	return out
}

// unanswered notes fixes that could not be made durable. The terminals keep and send them again.
func (s *Server) unanswered(n int, err error) {
	s.count.unanswered.Add(int64(n))
	if pg.IsUnavailable(err) {
		s.Log.Debug("positions of terminals are not acknowledged for now", "fixes", n, "err", err)
		return
	}
	s.Log.Error("positions of terminals could not be taken in", "fixes", n, "err", err)
}

// parcel is an empty one. An idle connection holds none.
func (s *Server) parcel() *parcel {
	if p, ok := s.parcels.Get().(*parcel); ok {
		return p
	}
	return new(parcel)
}

func (s *Server) release(p *parcel) {
	p.reset()
	s.parcels.Put(p)
}

// room is space for the outcomes of n reports.
func (s *Server) room(n int) *[]tracking.Outcome {
	list, ok := s.outcomes.Get().(*[]tracking.Outcome)
	if !ok {
		list = new([]tracking.Outcome)
	}
	*list = slices.Grow((*list)[:0], n)[:n]
	return list
}
