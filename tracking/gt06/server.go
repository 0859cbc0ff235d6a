package gt06

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"jiujin/tracking"
	"jiujin/tracking/gate"
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

	gate                         gate.Gate
	logins, frames, bad, unknown atomic.Int64

	mu    sync.Mutex      // guards units
	units map[int64]*link // by device: where it is logged in
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
	in := s.gate.Counts()
	s.mu.Lock()
	defer s.mu.Unlock()
	return Counts{
		Connections: in.Connections, Units: len(s.units), Logins: s.logins.Load(), Frames: s.frames.Load(),
		Bad: s.bad.Load(), Unknown: s.unknown.Load(), Crowded: in.Crowded,
	}
}

// Listen takes an address; empty gives nil, with which Run serves nobody.
func Listen(address string) (net.Listener, error) { return gate.Listen(address, "gt06-listen") }

// Run serves until ctx ends. Then it takes no more, waits for what was taken in to become durable and answered, 10 s at
// most, and returns nil when every connection is closed. It closes the listener, which may be nil.
func (s *Server) Run(ctx context.Context, listener net.Listener) error {
	if s.Limits == (Limits{}) {
		s.Limits = DefaultLimits()
	}
	if s.Now == nil {
		s.Now = time.Now
	}
	s.mu.Lock()
	s.units = make(map[int64]*link)
	s.mu.Unlock()
	s.gate.PerAddress, s.gate.Total, s.gate.Log = s.Limits.PerAddress, s.Limits.Total, s.Log
	return s.gate.Run(ctx, listener, func(hard context.Context, c *gate.Conn) {
		l := &link{s: s, conn: c, opened: time.Now()}
		l.serve(hard)
	})
}

// forget is told of the end of a connection, before it is closed.
func (s *Server) forget(l *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
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
