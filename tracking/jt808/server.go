package jt808

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/internal/pg"
	"jiujin/tracking"
	"jiujin/tracking/gate"
)

// Limits are how long the Server waits and how much it takes from one peer.
type Limits struct {
	FirstFrame time.Duration // from the connection to its first sound frame
	Login      time.Duration // from the connection to its first admitted terminal
	Idle       time.Duration // without a byte; three heartbeats when the terminal's interval is known to be longer
	Refused    time.Duration // from a refused login to the end of the connection; at once makes some units hammer
	Write      time.Duration // for a peer to take what is sent
	BadFrames  int           // a minute, then the connection is closed
	PerAddress int           // connections of one address; those of this machine are not counted
	Failures   int           // wrong codes of a phone from an address, then Pause
	Pause      time.Duration
	Answer     time.Duration // for a terminal to answer a command, each of Tries times
	Tries      int
}

// DefaultLimits are those of a public server (JT/T 808 gives none).
func DefaultLimits() Limits {
	return Limits{
		FirstFrame: 30 * time.Second, Login: time.Minute, Idle: 3 * time.Minute, Refused: 5 * time.Second,
		Write: 10 * time.Second, BadFrames: 20, PerAddress: 200, Failures: 5, Pause: 10 * time.Minute,
		Answer: 15 * time.Second, Tries: 3,
	}
}

// Server serves terminals over TCP and UDP. A terminal must be registered here as a device with its phone as a name in
// protocol "jt808"; then it may register itself, gets a code, and proves with it on each connection who it is.
//
// A position is acknowledged when it is durable; when the intake refuses it for now there is no answer, and the
// terminal sends it again. One terminal may be on several connections; the newest one to prove itself wins, and a
// connection without terminals is closed. Many terminals may share one connection.
//
// Fill in the exported fields, then call Run once.
type Server struct {
	Devices *tracking.Devices
	Ingest  *tracking.Ingestor
	DB      *pg.DB           // takes registrations; with nil there are none
	Now     func() time.Time // the service's clock, told to terminals that ask; nil = time.Now
	Log     *slog.Logger
	Limits  Limits // the zero value is DefaultLimits

	// What terminals tell beside positions. nil is told nothing. OnReady, at each login, must not block; the others are
	// called in the order of the messages of a connection, which waits for them. With an error the message is not
	// acknowledged, and the terminal sends it again. What they are given points into memory that is used again: they
	// copy what they keep.
	OnReady  func(dev *tracking.Device)
	OnButton func(ctx context.Context, dev *tracking.Device, id uint8) error
	OnAlarm  func(ctx context.Context, dev *tracking.Device, raised Alarm) error // bits that were not set before
	OnDriver func(ctx context.Context, dev *tracking.Device, card Driver) error
	OnMedia  func(ctx context.Context, dev *tracking.Device, m Media) error

	gate     gate.Gate
	count    counters
	long     Assembler
	parcels  sync.Pool // of *parcel
	outcomes sync.Pool // of *[]tracking.Outcome

	mu        sync.Mutex // guards what follows
	terminals map[int64]*terminal
	pauses    map[pauseKey]pause
	partial   map[Header]*session // that began a long message
}

// Run serves until ctx ends; either listener may be nil. Then it takes no more, waits for what was taken in to become
// durable and answered, 10 s at most, and returns nil when every connection is closed. It closes the listeners.
func (s *Server) Run(ctx context.Context, tcp net.Listener, udp net.PacketConn) error {
	s.prepare()
	var g errgroup.Group
	g.Go(func() error {
		return s.gate.Run(ctx, tcp, func(hard context.Context, c *gate.Conn) {
			l := newLink(s)
			l.conn, l.addr = c, c.Addr
			l.serve(hard)
		})
	})
	if udp != nil {
		g.Go(func() error { return s.serveUDP(ctx, udp) })
	}
	g.Go(func() error { s.chase(ctx); return nil })
	return g.Wait()
}

func (s *Server) prepare() {
	if s.Limits == (Limits{}) {
		s.Limits = DefaultLimits()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.gate.PerAddress, s.gate.Log = s.Limits.PerAddress, s.Log
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pauses, s.partial = make(map[pauseKey]pause), make(map[Header]*session)
	if s.terminals == nil {
		s.terminals = make(map[int64]*terminal)
	}
}

// forget ends what a connection stood for.
func (s *Server) forget(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for header, e := range l.sessions {
		if s.partial[header] == e {
			delete(s.partial, header)
		}
		if t := e.term; t != nil && t.session.CompareAndSwap(e, nil) {
			s.count.sessions.Add(-1)
		}
	}
}

// terminalOf is what is kept of a device across its connections.
func (s *Server) terminalOf(deviceID int64) *terminal {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.terminals[deviceID]
	if t == nil {
		t = &terminal{deviceID: deviceID}
		s.terminals[deviceID] = t
	}
	return t
}

// admit makes e the session of its terminal. The one before it ends.
func (s *Server) admit(e *session) {
	e.admitted = true
	e.link.terminals.Add(1)
	old := e.term.session.Swap(e)
	switch {
	case old == e: // it proved itself again
		e.link.terminals.Add(-1)
		return
	case old == nil:
		s.count.sessions.Add(1)
	default:
		old.replaced.Store(true)
		s.count.replaced.Add(1)
		old.link.lost(e.link)
	}
	if s.OnReady != nil {
		s.OnReady(e.device)
	}
}

// pauseKey is a phone at an address that showed wrong codes.
type pauseKey struct {
	phone string
	addr  netip.Addr
}

type pause struct {
	failures int
	until    time.Time // of the count, or of the pause
}

const pausesMax = 10_000 // more than this are forgotten together

// paused tells whether codes of a phone from an address are not even looked at.
func (s *Server) paused(k pauseKey, now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pauses[k]
	return p.failures >= s.Limits.Failures && now.Before(p.until)
}

// wrong counts a wrong code.
func (s *Server) wrong(k pauseKey, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.pauses[k]
	if !now.Before(p.until) {
		p = pause{}
	}
	p.failures++
	p.until = now.Add(s.Limits.Pause)
	if len(s.pauses) >= pausesMax {
		clear(s.pauses)
	}
	s.pauses[k] = p
}

// right forgets the wrong codes before a good one.
func (s *Server) right(k pauseKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.pauses, k)
}

// Listen opens the addresses; an empty one opens nothing.
func Listen(tcpAddress, udpAddress string) (tcp net.Listener, udp net.PacketConn, err error) {
	if tcp, err = gate.Listen(tcpAddress, "jt808-listen"); err != nil {
		return nil, nil, err
	}
	if udpAddress != "" {
		if udp, err = net.ListenPacket("udp", udpAddress); err != nil {
			if tcp != nil {
				_ = tcp.Close()
			}
			return nil, nil, fmt.Errorf("listen for terminals on UDP %s: %w", udpAddress, err)
		}
	}
	return tcp, udp, nil
}
