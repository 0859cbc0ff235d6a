package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"time"
)

const (
	dialWithin   = 10 * time.Second
	answerWithin = 20 * time.Second // for the next answer while some are due
	writeWithin  = 10 * time.Second
	// window is how many messages may wait for their answers.
	window = 32
)

// ErrRefused says that the platform does not let the unit in.
var ErrRefused = errors.New("the platform refuses the unit")

// Identity is what a unit needs to be let in.
type Identity struct {
	Unit
	Registration
	Code []byte // to log in with; nil = register first. Login fills it
}

// Link is a connection of a unit that is let in. It answers what the platform asks by itself: done to everything. One
// goroutine uses it.
type Link struct {
	unit    Unit
	conn    net.Conn
	write   func(net.Conn, []byte) error
	answers chan Message // closed when the connection ends
	ended   sync.WaitGroup

	mu     sync.Mutex // guards serial and the order of writes
	serial uint16
	broken error // why answers was closed
}

// Dial connects and logs in.
func Dial(ctx context.Context, address string, id *Identity, write func(net.Conn, []byte) error) (*Link, error) {
	dialer := net.Dialer{Timeout: dialWithin}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return Login(ctx, conn, id, write)
}

// Login registers over a new connection when there is no code yet, and logs in. write sends a frame; nil just writes it.
// The error wraps ErrRefused when the platform said no. The connection is closed with the link, or with an error.
func Login(ctx context.Context, conn net.Conn, id *Identity, write func(net.Conn, []byte) error) (*Link, error) {
	if write == nil {
		write = func(c net.Conn, frame []byte) error { _, err := c.Write(frame); return err }
	}
	l := &Link{unit: id.Unit, conn: conn, write: write, answers: make(chan Message, window)}
	l.ended.Go(l.listen)
	if err := l.login(ctx, id); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// login registers when it must, and proves who it is.
func (l *Link) login(ctx context.Context, id *Identity) error {
	if id.Code == nil {
		if _, err := l.send(Register, id.Registration.Body(id.V2019)); err != nil {
			return err
		}
		m, err := l.next(ctx)
		if err != nil {
			return fmt.Errorf("register %s: %w", id.Phone, err)
		}
		result, code, err := m.Registered()
		if err != nil {
			return fmt.Errorf("register %s: %w", id.Phone, err)
		}
		if result != 0 {
			return fmt.Errorf("register %s: %w: result %d", id.Phone, ErrRefused, result)
		}
		id.Code = code
	}
	refused := false
	err := l.Exchange(ctx, []Outgoing{{Auth, AuthBody(id.Code, id.V2019, "860000000000000", "fleetsim")}}, func(_ int, result byte) {
		refused = result != 0
	})
	if err == nil && refused {
		id.Code = nil // registers again the next time
		err = ErrRefused
	}
	if err != nil {
		return fmt.Errorf("log %s in: %w", id.Phone, err)
	}
	return nil
}

// listen reads until the connection ends, and answers what the platform asks.
func (l *Link) listen() {
	defer close(l.answers)
	in := bufio.NewReader(l.conn)
	for {
		m, err := Read(in)
		if errors.Is(err, ErrFrame) {
			continue
		}
		if err != nil {
			l.broken = err
			return
		}
		if m.ID == GeneralReply || m.ID == RegisterReply {
			l.answers <- m
			continue
		}
		body := []byte{byte(m.Serial >> 8), byte(m.Serial), byte(m.ID >> 8), byte(m.ID), 0}
		if _, err := l.send(General, body); err != nil {
			l.broken = err
			return
		}
	}
}

// send writes one message.
func (l *Link) send(id uint16, body []byte) (serial uint16, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	serial = l.serial
	l.serial++
	if err := l.conn.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return serial, err
	}
	return serial, l.write(l.conn, l.unit.Frame(id, serial, body))
}

// next waits for an answer.
func (l *Link) next(ctx context.Context) (Message, error) {
	late := time.NewTimer(answerWithin)
	defer late.Stop()
	select {
	case m, ok := <-l.answers:
		if !ok {
			return m, fmt.Errorf("the connection ended: %w", l.broken)
		}
		return m, nil
	case <-ctx.Done():
		return Message{}, ctx.Err()
	case <-late.C:
		return Message{}, fmt.Errorf("no answer within %s", answerWithin)
	}
}

// Outgoing is a message that wants a general reply.
type Outgoing struct {
	ID   uint16
	Body []byte
}

// Exchange sends messages, some of them ahead of the answers, and tells acked of every answer: which message, and the
// result. With an error the messages that acked was not told of may or may not have arrived.
func (l *Link) Exchange(ctx context.Context, messages []Outgoing, acked func(i int, result byte)) error {
	waiting := map[uint16]int{}
	for sent := 0; sent < len(messages) || len(waiting) > 0; {
		for sent < len(messages) && len(waiting) < window {
			serial, err := l.send(messages[sent].ID, messages[sent].Body)
			if err != nil {
				return err
			}
			waiting[serial] = sent
			sent++
		}
		m, err := l.next(ctx)
		if err != nil {
			return err
		}
		r, err := m.Reply()
		if err != nil {
			continue // a late answer to a registration
		}
		if i, ok := waiting[r.Serial]; ok && messages[i].ID == r.ID {
			delete(waiting, r.Serial)
			acked(i, r.Result)
		}
	}
	return nil
}

// Close ends the connection.
func (l *Link) Close() {
	_ = l.conn.Close() // an end is an end
	for range l.answers {
	}
	l.ended.Wait()
}
