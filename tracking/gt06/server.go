package gt06

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"jiujin/tracking"
)

// Limits are how long the Server waits and how much it takes from one peer.
type Limits struct {
	Login      time.Duration // from the connection to the login of a registered unit; also the end of one that is not
	Idle       time.Duration // without a byte; units send a heartbeat every three minutes
	Write      time.Duration // for a peer to take what is sent
	BadFrames  int           // a minute, then the connection is closed
	PerAddress int           // connections of one address; those of this machine are not counted
	Total      int           // connections
}

// DefaultLimits are those of a public server; the protocol gives none.
func DefaultLimits() Limits {
	return Limits{Login: 30 * time.Second, Idle: 10 * time.Minute, Write: 10 * time.Second, BadFrames: 20, PerAddress: 200, Total: 20_000}
}

// drainWithin is how long a stop waits for what was taken in to become durable and to be answered.
const drainWithin = 10 * time.Second

// Server serves units over TCP. A unit must be registered as a device with its IMEI as a name in protocol "gt06"; it logs
// in with it on each connection. A unit that is on another connection already moves to the new one, and the old one is
// closed. Before the login nothing is answered, and one of an unknown unit is not either: it is cut off after Limits.Login,
// not at once, which would make it hammer.
//
// A position is acknowledged when it is durable. When the intake refuses it for now the connection is closed, so that the
// unit stores what comes next and sends the rest again. Everything else is acknowledged and counted.
//
// Fill in the exported fields, then call Run once.
type Server struct {
	Devices *tracking.Devices
	Ingest  *tracking.Ingestor
	Log     *slog.Logger
	Limits  Limits           // the zero value is DefaultLimits
	Now     func() time.Time // the service's clock; nil = time.Now

	logins, frames, bad, unknown, crowded atomic.Int64

	mu        sync.Mutex // guards what follows
	links     map[*link]bool
	units     map[int64]*link // by device: where it is logged in
	addresses map[netip.Addr]int
	stopped   bool
}

// Counts are figures of a Server since its start, and of now.
type Counts struct {
	Connections, Units int   // now
	Logins, Frames     int64 // sound frames
	Bad                int64 // frames with a wrong checksum, or none at all
	Unknown            int64 // logins of units that nobody registered
	Crowded            int64 // connections that were one too many
}

// Counts may be called at any time.
func (s *Server) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Counts{
		Connections: len(s.links), Units: len(s.units), Logins: s.logins.Load(), Frames: s.frames.Load(),
		Bad: s.bad.Load(), Unknown: s.unknown.Load(), Crowded: s.crowded.Load(),
	}
}

// Listen takes an address; empty gives nil, with which Run serves nobody.
func Listen(address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for GT06 units on %s: %w; choose another address with --gt06-listen", address, err)
	}
	return listener, nil
}

// Run serves until ctx ends. Then it takes no more, waits for what was taken in to become durable and answered, 10 s at
// most, and returns nil when every connection is closed. It closes the listener, which may be nil.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	s.mu.Lock()
	s.links, s.units, s.addresses = make(map[*link]bool), make(map[int64]*link), make(map[netip.Addr]int)
	s.mu.Unlock()
	if s.Limits == (Limits{}) {
		s.Limits = DefaultLimits()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	if listener == nil {
		return nil
	}
	hard, give := context.WithCancel(context.WithoutCancel(ctx))
	defer give()
	stop := context.AfterFunc(ctx, func() {
		s.stop(listener)
		time.AfterFunc(drainWithin, give)
	})
	defer stop()
	var g errgroup.Group
	err := s.accept(ctx, hard, listener, &g)
	return errors.Join(err, g.Wait())
}

// stop ends the taking in: nothing more is read, what is under way goes on.
func (s *Server) stop(listener net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopped = true
	_ = listener.Close()
	for l := range s.links {
		_ = l.conn.SetReadDeadline(time.Unix(1, 0))
	}
}

// accept takes connections until the listener is closed.
func (s *Server) accept(ctx, hard context.Context, listener net.Listener, g *errgroup.Group) error {
	var pause time.Duration
	for {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			pause = 0
		case errors.Is(err, net.ErrClosed):
			return nil
		default: // such as too many open files: it passes
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			s.Log.Warn("a connection of a GT06 unit could not be taken", "err", err)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
			continue
		}
		l := s.open(conn)
		if l == nil {
			_ = conn.Close()
			continue
		}
		g.Go(func() error { l.serve(hard); return nil })
	}
}

// open admits a connection; nil when there are too many, or the server stops.
func (s *Server) open(conn net.Conn) *link {
	l := &link{s: s, conn: conn, opened: time.Now()}
	if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		l.addr = a.AddrPort().Addr().Unmap()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || len(s.links) >= s.Limits.Total || !l.addr.IsLoopback() && s.addresses[l.addr] >= s.Limits.PerAddress {
		s.crowded.Add(1)
		return nil
	}
	s.addresses[l.addr]++
	s.links[l] = true
	return l
}

// forget is told of the end of a connection.
func (s *Server) forget(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.links, l)
	if s.addresses[l.addr]--; s.addresses[l.addr] == 0 {
		delete(s.addresses, l.addr)
	}
	if l.device != nil && s.units[l.device.ID] == l {
		delete(s.units, l.device.ID)
	}
}

// claim notes where a unit is logged in, and closes the connection on which it was.
func (s *Server) claim(l *link, dev *tracking.Device) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.device != nil && s.units[l.device.ID] == l {
		delete(s.units, l.device.ID)
	}
	if old := s.units[dev.ID]; old != nil {
		_ = old.conn.Close()
	}
	s.units[dev.ID], l.device = l, dev
}

// wait sets how long the next read may take; false when the server stops and nothing more is to be read.
func (s *Server) wait(l *link, until time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.stopped && l.conn.SetReadDeadline(until) == nil
}
