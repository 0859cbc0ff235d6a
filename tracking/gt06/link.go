package gt06

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"jiujin/tracking"
	"jiujin/tracking/gate"
)

// link is one connection. All of it but device, which the Server's mutex guards for writing, belongs to the goroutine that
// serves it.
type link struct {
	s      *Server
	conn   *gate.Conn
	opened time.Time

	imei   string           // of the login
	device *tracking.Device // nil before the login
	raws   []tracking.RawFix
	out    []byte // answers, to be sent when raws are durable

	bad     int // frames since badFrom
	badFrom time.Time
}

var errBad = errors.New("too many bad frames")

// serve answers until the connection ends. What one read brings is made durable together.
func (l *link) serve(ctx context.Context) {
	defer l.s.forget(l)
	err := l.read(ctx)
	l.s.Log.Debug("a connection of a GT06 unit ended", "address", l.conn.Addr, "reason", err)
}

func (l *link) read(ctx context.Context) error {
	var buf []byte
	for {
		until := time.Now().Add(l.s.Limits.Idle)
		if l.device == nil {
			until = l.opened.Add(l.s.Limits.Login)
		}
		if err := l.conn.SetReadDeadline(until); err != nil {
			return err
		}
		if len(buf) == cap(buf) {
			buf = slices.Grow(buf, 512)
		}
		n, ended := l.conn.Read(buf[len(buf):cap(buf)])
		buf = buf[:len(buf)+n]
		done, err := l.frames(ctx, buf)
		if err == nil {
			err = l.flush(ctx)
		}
		if err = errors.Join(err, ended); err != nil {
			return err
		}
		buf = buf[:copy(buf, buf[done:])]
	}
}

// frames handles the whole frames in buf and returns how much of it is done with.
func (l *link) frames(ctx context.Context, buf []byte) (done int, err error) {
	for {
		frame, n := Cut(buf[done:], false)
		if n == 0 {
			return done, nil
		}
		done += n
		f, err := Parse(frame)
		if frame == nil || err != nil {
			if err := l.badFrame(); err != nil {
				return done, err
			}
			continue
		}
		l.s.frames.Add(1)
		if err := l.handle(ctx, f); err != nil {
			return done, err
		}
		if l.device != nil {
			l.note(f, frame)
		}
	}
}

// badFrame counts a bad frame, or junk between frames; there is no answer, so that a unit sends it again.
func (l *link) badFrame() error {
	l.s.bad.Add(1)
	if now := time.Now(); now.Sub(l.badFrom) > time.Minute {
		l.bad, l.badFrom = 0, now
	}
	if l.bad++; l.bad > l.s.Limits.BadFrames {
		return errBad
	}
	return nil
}

func (l *link) handle(ctx context.Context, f Frame) error {
	if imei, ok := f.IMEI(); ok {
		return l.login(ctx, f, imei)
	}
	if l.device == nil {
		return nil
	}
	if fix, ok := f.Fix(); ok {
		l.raws = append(l.raws, fix)
	}
	l.out = append(l.out, f.Reply()...)
	return nil
}

// note keeps a frame, and what the unit tells of itself, for the page of the device.
func (l *link) note(f Frame, frame []byte) {
	now := l.s.Now()
	l.s.Devices.Note(l.device, now, Source, func() string { return hex.EncodeToString(frame) })
	if s, ok := f.Status(); ok {
		l.s.Devices.Heard(l.device, now, &tracking.Vitals{BatteryPct: s.BatteryPct, SignalPct: s.SignalPct})
	}
}

func (l *link) login(ctx context.Context, f Frame, imei string) error {
	dev, err := l.s.Devices.ByName(ctx, Source, imei)
	switch {
	case errors.Is(err, tracking.ErrUnknownDevice):
		l.s.unknown.Add(1)
		l.s.Log.Info("a GT06 unit that is not registered tries to log in", "imei", imei, "address", l.conn.Addr)
		return nil
	case err != nil:
		return fmt.Errorf("log in GT06 unit %s: %w", imei, err)
	}
	if l.device != nil && l.device.ID != dev.ID { // what came before is the other unit's
		if err := l.flush(ctx); err != nil {
			return err
		}
	}
	l.s.logins.Add(1)
	l.imei = imei
	l.s.claim(l, dev)
	l.out = append(l.out, f.Reply()...)
	return nil
}

// again looks whose unit it is by now: the register may have changed since the login. While it cannot be read, the last
// known state holds.
func (l *link) again(ctx context.Context) error {
	dev, err := l.s.Devices.ByName(ctx, Source, l.imei)
	switch {
	case errors.Is(err, tracking.ErrUnknownDevice):
		return fmt.Errorf("GT06 unit %s: %w", l.imei, err)
	case err == nil && dev != l.device:
		l.s.claim(l, dev)
	}
	return nil
}

// flush makes the positions durable, then sends the answers. With an error nothing was acknowledged.
func (l *link) flush(ctx context.Context) error {
	if len(l.raws) > 0 {
		if err := l.again(ctx); err != nil {
			return err
		}
		if _, err := l.s.Ingest.Submit(ctx, *l.device, l.raws); err != nil {
			return err
		}
		clear(l.raws)
		l.raws = l.raws[:0]
	}
	if len(l.out) == 0 {
		return nil
	}
	if err := l.conn.SetWriteDeadline(time.Now().Add(l.s.Limits.Write)); err != nil {
		return err
	}
	_, err := l.conn.Write(l.out)
	l.out = l.out[:0]
	return err
}
