package jt808

import "time"

// Result is the code of a general reply.
type Result uint8

// The results.
const (
	Done         Result = 0
	Failed       Result = 1
	Malformed    Result = 2
	Unsupported  Result = 3
	AlarmHandled Result = 4 // by the platform only, from 2013
)

// Answered names the message that a reply is about.
type Answered struct {
	Serial uint16 `json:"serial"`
	To     ID     `json:"to"`
}

// TerminalReply is the terminal's general reply. Done means received, not read by anybody.
type TerminalReply struct {
	Answered
	Result Result `json:"result"`
}

// PlatformReply is our general reply.
type PlatformReply struct {
	Answered
	Result Result `json:"result"`
}

// ReplyTo is the platform's general reply to f.
func ReplyTo(f Frame, result Result) PlatformReply {
	return PlatformReply{Answered{f.Serial, f.ID}, result}
}

// Heartbeat says that the terminal is there.
type Heartbeat struct{}

// Logout ends the binding of terminal and vehicle.
type Logout struct{}

// TimeRequest asks for the time (2019).
type TimeRequest struct{}

// TimeReply is the answer (2019). Unlike all other times it travels in UTC.
type TimeReply struct {
	Clock Clock `json:"clock"`
}

// TimeReplyOf is the answer that tells t.
func TimeReplyOf(t time.Time) TimeReply { return TimeReply{clockIn(t, 0)} }

// Time is the moment that it tells; false when the digits are no time.
func (m TimeReply) Time() (time.Time, bool) { return m.Clock.in(0) }

// Resend asks for parts of a long message again: by the platform (0x8003), or by the terminal when Up (0x0005, 2019).
type Resend struct {
	Up     bool     `json:"up"`
	Serial uint16   `json:"serial"` // of the message's first part
	Parts  []uint16 `json:"parts"`  // from 1
}

func parseResend(id ID, edition Edition, r *reader) Resend {
	m := Resend{Up: id == IDResendUp, Serial: r.u16()}
	wide := edition == Edition2019
	if n := len(r.b); n > 0 && n%2 != 0 == wide { // the count has the size of the other edition
		wide = !wide
	}
	n := 0
	if wide {
		n = int(r.u16())
	} else {
		n = int(r.u8())
	}
	m.Parts = r.u16s(n)
	return m
}

func (r *reader) u16s(n int) []uint16 {
	if 2*n > len(r.b) {
		r.short = true
		return nil
	}
	list := make([]uint16, n)
	for i := range list {
		list[i] = r.u16()
	}
	return list
}

func (r *reader) u32s(n int) []uint32 {
	if 4*n > len(r.b) {
		r.short = true
		return nil
	}
	list := make([]uint32, n)
	for i := range list {
		list[i] = r.u32()
	}
	return list
}

func (w *writer) answer(a Answered, result Result) {
	w.u16(a.Serial)
	w.u16(uint16(a.To))
	w.u8(uint8(result))
}

func (m TerminalReply) appendTo(w *writer) { w.answer(m.Answered, m.Result) }
func (m PlatformReply) appendTo(w *writer) { w.answer(m.Answered, m.Result) }
func (Heartbeat) appendTo(*writer)         {}
func (Logout) appendTo(*writer)            {}
func (TimeRequest) appendTo(*writer)       {}
func (m TimeReply) appendTo(w *writer)     { w.bytes(m.Clock[:]) }

func (m Resend) appendTo(w *writer) {
	w.u16(m.Serial)
	if w.edition == Edition2019 {
		w.count16("parts", len(m.Parts))
	} else {
		w.count("parts", len(m.Parts))
	}
	for _, p := range m.Parts {
		w.u16(p)
	}
}

// ID is the kind of message.
func (TerminalReply) ID() ID { return IDTerminalReply }

// ID is the kind of message.
func (PlatformReply) ID() ID { return IDPlatformReply }

// ID is the kind of message.
func (Heartbeat) ID() ID { return IDHeartbeat }

// ID is the kind of message.
func (Logout) ID() ID { return IDLogout }

// ID is the kind of message.
func (TimeRequest) ID() ID { return IDTimeRequest }

// ID is the kind of message.
func (TimeReply) ID() ID { return IDTimeReply }

// ID is the kind of message.
func (m Resend) ID() ID {
	if m.Up {
		return IDResendUp
	}
	return IDResend
}
