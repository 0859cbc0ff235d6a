package jt808

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"jiujin/tracking/gate"
)

const (
	udpSweep   = time.Minute
	udpMax     = 2048
	udpSession = 50_000 // sessions held; more are not admitted until some are idle
)

// serveUDP serves datagrams, each of one frame or several. The session of a terminal is wherever its last datagram came
// from, and answers go there: an address can be forged, so UDP is for private networks.
func (s *Server) serveUDP(ctx context.Context, udp net.PacketConn) error {
	hard, give := gate.Drain(ctx)
	defer give()
	stop := context.AfterFunc(ctx, func() { _ = udp.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	l := newLink(s)
	l.udp, l.in = udp, true
	defer udp.Close()
	go l.write(hard)
	defer func() {
		close(l.readEnded)
		<-l.ended
		s.forget(l)
	}()
	buf, swept := make([]byte, udpMax), time.Now()
	for ctx.Err() == nil {
		n, from, err := udp.ReadFrom(buf)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, net.ErrClosed):
			continue
		case err != nil:
			s.Log.Warn("a datagram could not be read", "err", err)
			continue
		}
		l.now = time.Now()
		if l.now.Sub(swept) > udpSweep {
			l.sweep()
			swept = l.now
		}
		if a, ok := from.(*net.UDPAddr); ok && len(l.sessions) < udpSession {
			l.datagram(hard, a.AddrPort(), buf[:n])
		}
	}
	return nil
}

func (l *link) datagram(ctx context.Context, from netip.AddrPort, b []byte) {
	l.addr = from.Addr().Unmap()
	l.parcel = l.s.parcel()
	l.parcel.to = from
	split := new(Splitter)
	_, _ = split.Write(b)
	for {
		chunk, kind, ok, err := split.Next()
		if !ok || err != nil {
			break
		}
		l.s.count.frames.Add(1)
		if kind == ChunkFrame {
			_ = l.chunk(ctx, chunk)
		}
	}
	l.hand(ctx)
}

// sweep forgets the terminals that sent nothing for long.
func (l *link) sweep() {
	for header, e := range l.sessions {
		if l.now.Sub(e.heardAt) <= l.s.Limits.Idle {
			continue
		}
		delete(l.sessions, header)
		if l.last == e {
			l.last = nil
		}
		if e.term != nil && e.term.session.CompareAndSwap(e, nil) {
			l.s.count.sessions.Add(-1)
		}
	}
}
