package gate

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// hall is a gate that sends back what it is told.
type hall struct {
	*testing.T
	*Gate
	addr string
	stop func() error // and waits for the end
}

func open(t *testing.T, g *Gate, wrap func(net.Listener) net.Listener) *hall {
	t.Helper()
	listener, err := Listen("127.0.0.1:0", "test-listen")
	if err != nil {
		t.Fatal(err)
	}
	h := &hall{T: t, Gate: g, addr: listener.Addr().String()}
	if wrap != nil {
		listener = wrap(listener)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		ended <- g.Run(ctx, listener, func(_ context.Context, c *Conn) {
			_, _ = io.Copy(struct{ io.Writer }{c.TCPConn}, struct{ io.Reader }{c})
		})
	}()
	h.stop = func() error { cancel(); return <-ended }
	return h
}

func (h *hall) dial() net.Conn {
	h.Helper()
	conn, err := net.Dial("tcp", h.addr)
	if err != nil {
		h.Fatal(err)
	}
	h.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		h.Fatal(err)
	}
	return conn
}

// echo says whether the peer is served; else the connection has ended.
func (h *hall) echo(conn net.Conn) bool {
	h.Helper()
	_, _ = conn.Write([]byte("x"))
	n, err := conn.Read(make([]byte, 8))
	if errors.Is(err, os.ErrDeadlineExceeded) {
		h.Fatal("neither an answer nor the end")
	}
	return n == 1
}

func TestConnectionsAreLetInUpToTheTotal(t *testing.T) {
	h := open(t, &Gate{Total: 2, PerAddress: 1}, nil) // of this machine there may be many
	first, second, third := h.dial(), h.dial(), h.dial()
	if !h.echo(first) || !h.echo(second) || h.echo(third) {
		t.Error("not two of three are served")
	}
	if c := h.Counts(); c != (Counts{Connections: 2, Opened: 2, Crowded: 1}) {
		t.Errorf("%+v", c)
	}
	_ = first.Close()
	for !h.echo(h.dial()) { // once the end of the first is known
	}
	if err := h.stop(); err != nil || h.echo(second) {
		t.Errorf("served after the end, %v", err)
	}
	if _, err := net.Dial("tcp", h.addr); err == nil {
		t.Error("the address is still taken")
	}
	if c := h.Counts(); c.Connections != 0 {
		t.Errorf("%+v", c)
	}
}

// failing is a listener that fails at first.
type failing struct {
	*net.TCPListener
	failures int
}

func (f *failing) Accept() (net.Conn, error) {
	if f.failures--; f.failures >= 0 {
		return nil, syscall.EMFILE
	}
	return f.TCPListener.Accept()
}

func TestFailuresToTakeAConnectionPass(t *testing.T) {
	h := open(t, &Gate{}, func(l net.Listener) net.Listener { return &failing{l.(*net.TCPListener), 3} })
	if !h.echo(h.dial()) {
		t.Error("not served")
	}
	if err := h.stop(); err != nil {
		t.Error(err)
	}
}

func TestOneAddressHasItsShare(t *testing.T) {
	g := &Gate{PerAddress: 2}
	peer := func(addr string) *Conn { return &Conn{Addr: netip.MustParseAddr(addr)} }
	first := peer("192.0.2.1")
	if !g.admit(first) || !g.admit(peer("192.0.2.1")) || g.admit(peer("192.0.2.1")) || !g.admit(peer("192.0.2.2")) {
		t.Error("want two of one address, whatever others have")
	}
	g.forget(first)
	if !g.admit(peer("192.0.2.1")) || g.admit(peer("192.0.2.1")) {
		t.Error("want one in the place of the one that ended")
	}
	for range 3 {
		if !g.admit(peer("::1")) {
			t.Error("this machine's connections are counted")
		}
	}
	if c := g.Counts(); c != (Counts{Connections: 6, Opened: 7, Crowded: 2}) {
		t.Errorf("%+v", c)
	}
}

// What is under way at a stop has some time to end.
func TestDrain(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	hard, give := Drain(ctx)
	cancel()
	if hard.Err() != nil {
		t.Error("ended at once")
	}
	give()
	if hard.Err() == nil {
		t.Error("goes on")
	}
}

func TestWithoutAnAddress(t *testing.T) {
	listener, err := Listen("", "test-listen")
	if listener != nil || err != nil {
		t.Fatalf("%v, %v", listener, err)
	}
	if err := new(Gate).Run(t.Context(), listener, nil); err != nil {
		t.Error(err)
	}
	taken, err := Listen("127.0.0.1:0", "test-listen")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	if _, err := Listen(taken.Addr().String(), "test-listen"); err == nil || !strings.Contains(err.Error(), "--test-listen") {
		t.Errorf("an address that is taken: %v", err)
	}
}
