package jt808

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"time"

	"jiujin/tracking"
)

// queueParcels is what may wait to be sent on one connection. With a full queue the connection is not read any more,
// so a peer that does not take its answers keeps its data; a command is refused.
const queueParcels = 64

// link is one TCP connection with a goroutine that reads and one that writes, or the UDP socket.
type link struct {
	s    *Server
	conn net.Conn       // nil: UDP
	udp  net.PacketConn // nil: TCP
	addr netip.Addr     // of the peer; UDP: of the datagram at hand

	out       chan *parcel
	readEnded chan struct{} // closed: nothing more comes from the reader
	ended     chan struct{} // closed: nothing more is sent
	terminals atomic.Int32  // whose session is here

	// What follows belongs to the reader.
	sessions map[Header]*session
	last     *session
	opened   time.Time
	heardAt  time.Time // last bytes
	spoke    bool      // there was a sound frame
	in       bool      // there was an admitted terminal
	closeAt  time.Time // zero = not yet
	bad      int       // frames since badFrom
	badFrom  time.Time
	now      time.Time         // of the read at hand
	parcel   *parcel           // of the read at hand
	vitals   []tracking.Vitals // room for those of coming fixes
}

// parcel is what one read leads to.
type parcel struct {
	to      netip.AddrPort // UDP only
	plain   []byte         // answers that wait for nothing
	acks    []byte         // answers that wait for the receipt
	reports []tracking.Report
	entered bool
	receipt tracking.Receipt
}

func (p *parcel) reset() {
	clear(p.reports) // they point to devices and vitals
	*p = parcel{plain: p.plain[:0], acks: p.acks[:0], reports: p.reports[:0]}
}

func newLink(s *Server) *link {
	now := time.Now()
	return &link{
		s: s, out: make(chan *parcel, queueParcels), readEnded: make(chan struct{}), ended: make(chan struct{}),
		sessions: make(map[Header]*session, 1), opened: now, heardAt: now,
	}
}

// serve reads and writes until either ends.
func (l *link) serve(ctx context.Context) {
	defer l.s.forget(l)
	go l.write(ctx)
	if err := l.read(ctx); err != nil {
		l.s.Log.Debug("a terminal's connection ended", "address", l.addr, "reason", err)
		l.s.count.closed(err)
	}
	close(l.readEnded)
	<-l.ended
}

// lost notes that a terminal has a new session, on link to; a connection without terminals is closed.
func (l *link) lost(to *link) {
	if l.terminals.Add(-1) <= 0 && l != to && l.conn != nil {
		_ = l.conn.Close()
	}
}

// Why a connection ends, beside what the network says.
var (
	errScanner = errors.New("this is no terminal: it speaks HTTP or TLS")
	errSilent  = errors.New("no sound frame in time")
	errNoLogin = errors.New("no terminal proved itself in time")
	errIdle    = errors.New("nothing came for too long")
	errBad     = errors.New("too many bad frames")
	errRefused = errors.New("the login was refused")
)

// firstBytes refuses a peer whose first bytes are not those of a terminal.
type firstBytes struct {
	io.Reader
	seen bool
}

func (f *firstBytes) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if f.seen || n == 0 {
		return n, err
	}
	f.seen = true
	for _, start := range []string{"GET ", "POST", "HEAD", "PUT ", "OPTI", "CONN", "\x16\x03", "SSH-"} {
		if len(start) <= n && string(p[:len(start)]) == start {
			return 0, errScanner
		}
	}
	return n, err
}

// read takes frames until the peer, a limit or the server ends it. nil is the peer's own end.
func (l *link) read(ctx context.Context) error {
	from, split := &firstBytes{Reader: l.conn}, new(Splitter)
	for {
		until, reason := l.patience()
		if err := l.conn.SetReadDeadline(until); err != nil {
			return err
		}
		err := split.Fill(from)
		l.now = time.Now()
		switch {
		case err == nil:
			l.heardAt = l.now
			if err := l.take(ctx, split); err != nil {
				return err
			}
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, os.ErrDeadlineExceeded):
			return reason
		default:
			return err
		}
	}
}

// patience is until when the reader waits, and what it says about the peer when nothing comes.
func (l *link) patience() (time.Time, error) {
	limits := &l.s.Limits
	until, reason := l.heardAt.Add(l.idle()), errIdle
	sooner := func(at time.Time, why error) {
		if at.Before(until) {
			until, reason = at, why
		}
	}
	switch {
	case !l.spoke:
		sooner(l.opened.Add(limits.FirstFrame), errSilent)
	case !l.in:
		sooner(l.opened.Add(limits.Login), errNoLogin)
	}
	if !l.closeAt.IsZero() {
		sooner(l.closeAt, errRefused)
	}
	return until, reason
}

// idle is how long the peer may be silent.
func (l *link) idle() time.Duration {
	d := l.s.Limits.Idle
	if l.last != nil && l.last.term != nil {
		d = max(d, 3*time.Duration(l.last.term.heartbeatS.Load())*time.Second)
	}
	return d
}

// take handles all frames of one read and hands the answers over.
func (l *link) take(ctx context.Context, split *Splitter) error {
	l.parcel = l.s.parcel()
	var failed error
	frames := 0
	for failed == nil {
		chunk, kind, ok, err := split.Next()
		if err != nil {
			failed = err
			break
		}
		if !ok {
			break
		}
		frames++
		if kind == ChunkText {
			l.s.count.texts.Add(1)
			continue
		}
		failed = l.chunk(ctx, chunk)
	}
	l.s.count.frames.Add(int64(frames))
	l.hand(ctx)
	return failed
}

// chunk handles one frame.
func (l *link) chunk(ctx context.Context, chunk []byte) error {
	f, err := Decode(chunk)
	if err != nil {
		l.s.count.bad.Add(1)
		if l.now.Sub(l.badFrom) > time.Minute {
			l.bad, l.badFrom = 0, l.now
		}
		if l.bad++; l.bad >= l.s.Limits.BadFrames && l.conn != nil {
			return errBad
		}
		return nil
	}
	l.spoke = true
	e := l.session(ctx, f.Header)
	if e == nil {
		return nil // who it is cannot be told now: no answer, it comes again
	}
	e.frame(ctx, f)
	if e.device != nil && e.admitted && l.now.Sub(e.notedAt) >= time.Second {
		e.note(f)
	}
	return nil
}

// hand enters the fixes of the read and gives the answers to the writer.
func (l *link) hand(ctx context.Context) {
	p := l.parcel
	l.parcel = nil
	if len(p.reports) > 0 {
		outcomes := l.s.room(len(p.reports))
		receipt, err := l.s.Ingest.Enter(ctx, p.reports, *outcomes)
		l.s.outcomes.Put(outcomes)
		if err != nil {
			l.s.unanswered(len(p.reports), err)
			p.acks = p.acks[:0]
		}
		p.receipt, p.entered = receipt, err == nil
	}
	if len(p.plain)+len(p.acks) == 0 && !p.entered {
		l.s.release(p)
		return
	}
	select {
	case l.out <- p:
	case <-l.ended:
	}
}

// write sends what was handed over, each parcel when its receipt allows it.
func (l *link) write(ctx context.Context) {
	defer close(l.ended)
	if l.conn != nil {
		defer l.conn.Close()
	}
	broken := false
	send := func(p *parcel) {
		if err := l.send(ctx, p, broken); err != nil && !broken {
			broken = true
			if l.conn != nil {
				_ = l.conn.Close() // ends the reader
			}
		}
		l.s.release(p)
	}
	for {
		select {
		case p := <-l.out:
			send(p)
		case <-l.readEnded:
			for {
				select {
				case p := <-l.out:
					send(p)
				default:
					return
				}
			}
		}
	}
}

func (l *link) send(ctx context.Context, p *parcel, broken bool) error {
	b := p.plain
	if p.entered {
		if err := p.receipt.Wait(ctx); err != nil {
			l.s.unanswered(len(p.reports), err)
		} else {
			b = append(b, p.acks...)
			p.plain = b
		}
	}
	if broken || len(b) == 0 {
		return nil
	}
	if l.conn == nil {
		_, err := l.udp.WriteTo(b, net.UDPAddrFromAddrPort(p.to))
		return err
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.s.Limits.Write)); err != nil {
		return err
	}
	_, err := l.conn.Write(b)
	return err
}

// post sends what nobody asked for; false when the connection has ended or its queue is full.
func (l *link) post(to netip.AddrPort, b []byte) bool {
	p := l.s.parcel()
	p.to, p.plain = to, append(p.plain, b...)
	select {
	case <-l.ended:
		return false
	default:
	}
	select {
	case l.out <- p:
		return true
	default:
		return false
	}
}
