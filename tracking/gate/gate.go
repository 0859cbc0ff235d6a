// Package gate takes the TCP connections of vehicle units, whatever they speak: so many of one address, in a stop those
// that are open to their end.
package gate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// drainWithin is how long a stop waits for what was taken in to become durable and to be answered.
const drainWithin = 10 * time.Second

// Drain gives the context of what is under way: it ends 10 s after ctx, or with the function, which must be called.
func Drain(ctx context.Context) (context.Context, context.CancelFunc) {
	hard, give := context.WithCancel(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(drainWithin, give) })
	return hard, func() { stop(); give() }
}

// Listen opens a TCP address; empty gives nil, with which Run serves nobody. The error names the option that says where.
func Listen(address, option string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for vehicle units on %s: %w; choose another address with --%s", address, err, option)
	}
	return listener, nil
}

// Gate lets connections in. The zero value lets all in, and writes no log.
type Gate struct {
	PerAddress int // connections of one address, 0 = any number; those of this machine are not counted
	Total      int // connections, 0 = any number
	Log        *slog.Logger

	opened, crowded atomic.Int64
	stopped         atomic.Bool

	mu        sync.Mutex // guards what follows
	conns     map[*Conn]bool
	addresses map[netip.Addr]int
}

// Conn is a connection that was let in. It is read from one goroutine; Close may be called from any.
type Conn struct {
	*net.TCPConn
	Addr netip.Addr // of the peer
	gate *Gate
}

// Counts are figures of a Gate since its start, and of now.
type Counts struct {
	Connections int   // now
	Opened      int64 // connections that were let in
	Crowded     int64 // connections that were one too many
}

// Counts may be called at any time.
func (g *Gate) Counts() Counts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return Counts{Connections: len(g.conns), Opened: g.opened.Load(), Crowded: g.crowded.Load()}
}

// Run lets connections of listener, a TCP one or nil, in until ctx ends, and has each served in a goroutine of its own.
// Then it closes the listener and lets what was read be answered: every read ends with io.EOF. It returns when each serve
// has; the context that they are given is the one of Drain. A connection is closed when its serve returns. Run once.
func (g *Gate) Run(ctx context.Context, listener net.Listener, serve func(context.Context, *Conn)) error {
	if listener == nil {
		return nil
	}
	hard, give := Drain(ctx)
	defer give()
	stop := context.AfterFunc(ctx, func() { g.stop(listener) })
	defer stop()
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := g.accept(ctx, listener)
		if err != nil {
			return err
		}
		if conn == nil {
			return nil
		}
		c := &Conn{TCPConn: conn, gate: g}
		if a, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
			c.Addr = a.AddrPort().Addr().Unmap()
		}
		if !g.admit(c) {
			_ = c.Close()
			continue
		}
		all.Go(func() {
			defer g.forget(c)
			defer c.Close()
			serve(hard, c)
		})
	}
}

// accept is the next connection; nil when the listener is closed.
func (g *Gate) accept(ctx context.Context, listener net.Listener) (*net.TCPConn, error) {
	for pause := 5 * time.Millisecond; ; pause = min(2*pause, time.Second) {
		conn, err := listener.Accept()
		switch {
		case err == nil:
			tcp, ok := conn.(*net.TCPConn)
			if !ok {
				return nil, errors.Join(errors.New("the listener of vehicle units is not one of TCP"), conn.Close(), listener.Close())
			}
			return tcp, nil
		case ctx.Err() != nil || errors.Is(err, net.ErrClosed):
			return nil, nil
		}
		if g.Log != nil { // such as too many open files: it passes
			g.Log.Warn("a connection of a vehicle unit could not be taken", "address", listener.Addr(), "err", err)
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// admit notes a connection; false when there are too many, or the gate is shut.
func (g *Gate) admit(c *Conn) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stopped.Load() {
		return false
	}
	tooMany := g.Total > 0 && len(g.conns) >= g.Total
	if g.PerAddress > 0 && !c.Addr.IsLoopback() && g.addresses[c.Addr] >= g.PerAddress || tooMany {
		g.crowded.Add(1)
		return false
	}
	if g.conns == nil {
		g.conns, g.addresses = make(map[*Conn]bool), make(map[netip.Addr]int)
	}
	g.addresses[c.Addr]++
	g.conns[c] = true
	g.opened.Add(1)
	return true
}

// forget ends a connection.
func (g *Gate) forget(c *Conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c)
	if g.addresses[c.Addr]--; g.addresses[c.Addr] <= 0 {
		delete(g.addresses, c.Addr)
	}
}

// stop ends the taking in: nothing more is read, what is under way goes on.
func (g *Gate) stop(listener net.Listener) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stopped.Store(true)
	_ = listener.Close()
	for c := range g.conns {
		_ = c.CloseRead()
	}
}

// Read reads from the peer; io.EOF is the peer's end, or the server's stop.
func (c *Conn) Read(p []byte) (int, error) {
	if c.gate.stopped.Load() {
		return 0, io.EOF
	}
	return c.TCPConn.Read(p)
}
