package jt808

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"time"
)

// codeLength is that of the codes given out: 80 random bits in base 32. Some units cut at 20 bytes.
const codeLength = 16

// bindWithin is how long the database may take for a registration; the connection waits for it.
const bindWithin = 5 * time.Second

// register answers a registration: a registered phone gets a new code, unless it is bound to another terminal id. Then
// the claim is noted with the device, for a person to settle; the old code goes on working.
func (e *session) register(ctx context.Context, f Frame, m Register) {
	s := e.link.s
	switch {
	case e.device == nil:
		s.count.strangers.Add(1)
		s.Log.Info("a phone that is not registered wants to register", "phone", e.phone, "terminal", m.TerminalID,
			"plate", m.Plate, "address", e.link.addr)
		e.registered(f, NoSuchTerminal, "")
		return
	case e.device.Disabled || s.DB == nil:
		e.registered(f, NoSuchVehicle, "")
		return
	}
	code := rand.Text()[:codeLength]
	hash := sha256.Sum256([]byte(code))
	ctx, cancel := context.WithTimeout(ctx, bindWithin)
	defer cancel()
	bound, err := bindTerminal(ctx, s.DB, e.device.ID, m, hash[:], e.link.addr.String())
	switch {
	case err != nil:
		s.Log.Warn("a registration has to wait", "device", e.device.ID, "err", err) // no answer: it comes again
	case !bound:
		s.count.conflicts.Add(1)
		s.Log.Warn("another terminal claims the phone of a device; settle the conflict before it may register",
			"device", e.device.ID, "phone", e.phone, "terminal", m.TerminalID, "plate", m.Plate, "address", e.link.addr)
		e.registered(f, VehicleRegistered, "")
	default:
		e.term.mu.Lock()
		e.term.code = hash
		e.term.mu.Unlock()
		s.Log.Info("a terminal registered", "device", e.device.ID, "phone", e.phone, "terminal", m.TerminalID)
		e.registered(f, Registered, code)
	}
}

func (e *session) registered(f Frame, result Registration, code string) {
	e.answer(RegisterReply{Serial: f.Serial, Result: result, Code: []byte(code)})
}

// login checks the code. After a wrong one the connection ends in some seconds, unless others are on it.
func (e *session) login(f Frame, m Auth) {
	l, s := e.link, e.link.s
	key := pauseKey{e.phone, l.addr}
	if e.admitted && e.lenient() {
		e.reply(f, Done)
		return
	}
	if e.device == nil || e.device.Disabled || s.paused(key, l.now) || !e.codeIs(m.Code) {
		s.count.refused.Add(1)
		if e.device != nil {
			s.wrong(key, l.now)
		}
		s.Log.Info("a login was refused", "phone", e.phone, "known", e.device != nil, "address", l.addr)
		e.reply(f, Failed)
		if l.terminals.Load() == 0 && l.closeAt.IsZero() {
			l.closeAt = l.now.Add(s.Limits.Refused)
		}
		return
	}
	s.right(key)
	e.admit()
	e.reply(f, Done)
}

// codeIs compares with the code of the register and with the one given out since, in a time that does not tell how
// much of it was right.
func (e *session) codeIs(code []byte) bool {
	hash := sha256.Sum256(code)
	e.term.mu.Lock()
	fresh := e.term.code
	e.term.mu.Unlock()
	ok := fresh != [32]byte{} && subtle.ConstantTimeCompare(hash[:], fresh[:]) == 1
	if login := e.device.Login; login != nil && len(login.AuthHash) == len(hash) {
		ok = subtle.ConstantTimeCompare(hash[:], login.AuthHash) == 1 || ok
	}
	return ok
}

// logout ends the session; the connection stays, and the terminal has to prove itself again.
func (e *session) logout() {
	if !e.admitted || e.lenient() {
		return
	}
	e.admitted = false
	if e.term.session.CompareAndSwap(e, nil) {
		e.link.s.count.sessions.Add(-1)
		e.link.terminals.Add(-1)
	}
}
