package jt808

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"jiujin/geo/datum"
	"jiujin/tracking"
)

// refreshEvery is how long a change of a device in the register may go unseen by a terminal that is connected.
const refreshEvery = 5 * time.Second

// terminal is what is kept of a device across its connections, for as long as the server runs.
type terminal struct {
	deviceID   int64
	session    atomic.Pointer[session] // the one that is admitted; nil when it is away
	heartbeatS atomic.Uint32           // as its parameters say; 0 = not known

	mu     sync.Mutex       // guards what follows
	serial uint16           // of the next message to it
	code   [32]byte         // hash of the code given out last; zero = none by this server
	calls  map[uint16]*call // commands that wait for an answer, by serial
	long   []Frame          // the last long message to it, for parts to be asked for again
}

// session is a terminal on one link. It belongs to the link's reader, but for what is atomic and for what does not
// change once it is admitted.
type session struct {
	link   *link
	header Header
	phone  string
	term   *terminal // nil: the phone is not registered
	to     netip.AddrPort

	device    *tracking.Device // nil: the phone is not registered
	shifted   *tracking.Device // device, for coordinates that the secrecy plug-in changed; made when needed
	checkedAt time.Time        // when device was looked up
	heardAt   time.Time
	notedAt   time.Time // when the page of the device was last given a frame
	admitted  bool      // by its code, or because the device is lenient
	replaced  atomic.Bool
	alarms    Alarm             // of the last live location
	pictures  map[uint16]uint32 // media ids by the serial of the first part
}

// session is that of a header on this link, a new one at its first frame. nil when the register cannot be read.
func (l *link) session(ctx context.Context, h Header) *session {
	e := l.last
	if e == nil || e.header != h {
		e = l.sessions[h]
	}
	if e != nil && e.replaced.Load() { // it is on another connection, and has come back to this one
		delete(l.sessions, h)
		e = nil
	}
	if e == nil {
		e = &session{link: l, header: h, phone: h.Phone()}
	}
	if l.now.Sub(e.checkedAt) > refreshEvery && !e.lookUp(ctx) {
		return nil
	}
	if l.udp != nil {
		e.to = l.parcel.to
	}
	e.heardAt, l.last = l.now, e
	if e.device != nil { // strangers are not remembered: they could be any number
		l.sessions[h] = e
	}
	return e
}

// lookUp reads the device of the phone from the register; false when that cannot be done now.
func (e *session) lookUp(ctx context.Context) bool {
	s := e.link.s
	dev, err := s.Devices.ByName(ctx, "jt808", e.phone)
	if errors.Is(err, tracking.ErrUnknownDevice) {
		dev, err = s.Devices.ByName(ctx, "jt808", e.header.RawPhone())
	}
	switch {
	case errors.Is(err, tracking.ErrUnknownDevice):
		if e.device != nil { // it was taken out of the register
			e.admitted = false
		}
		e.device, e.term = nil, nil
	case err != nil:
		if e.device == nil {
			s.Log.Warn("a terminal has to wait: the register cannot be read", "phone", e.phone, "err", err)
			return false
		}
	default:
		moved := e.device != nil && e.device.UnitID != dev.UnitID
		if e.device != dev {
			e.device, e.shifted = dev, nil
		}
		if e.term == nil || e.term.deviceID != dev.ID {
			e.term, e.admitted = s.terminalOf(dev.ID), false
		}
		if moved && e.admitted && s.OnReady != nil {
			s.OnReady(dev)
		}
	}
	e.checkedAt = e.link.now
	return true
}

// note keeps a frame for the page of the device.
func (e *session) note(f Frame) {
	e.notedAt = e.link.now
	e.link.s.Devices.Note(e.device, e.link.s.Now(), "jt808", f.hex)
}

// lenient says that the device needs no code.
func (e *session) lenient() bool {
	return e.device != nil && e.device.Login != nil && e.device.Login.Lenient
}

// frame handles one frame of the terminal. Whatever is wrong with it costs this frame only.
func (e *session) frame(ctx context.Context, f Frame) {
	l := e.link
	if !e.admitted && e.lenient() && !e.device.Disabled {
		e.admit()
	}
	if !e.admitted && !beforeLogin(f.ID) {
		l.s.count.strangers.Add(1)
		e.reply(f, Failed)
		return
	}
	if !f.Whole() {
		e.part(ctx, f)
		return
	}
	e.message(ctx, f)
}

func (e *session) admit() {
	e.link.in, e.link.closeAt = true, time.Time{}
	e.link.s.admit(e)
}

// beforeLogin lists what a terminal may say before it has proved who it is.
func beforeLogin(id ID) bool {
	switch id {
	case IDRegister, IDAuth, IDHeartbeat, IDTimeRequest:
		return true
	}
	return false
}

// message handles a whole message.
func (e *session) message(ctx context.Context, f Frame) {
	if f.ID == IDLocation && f.Encryption == 0 { // nearly all are
		loc, err := DecodeLocation(f.Body)
		if err != nil {
			e.malformed(f)
			return
		}
		e.live(ctx, f, &loc)
		return
	}
	switch f.ID {
	case IDParams, IDLocationReply, IDControlReply: // they go to another goroutine; the buffer is read into again
		f.Body = bytes.Clone(f.Body)
	}
	m, err := f.Message()
	if err != nil {
		e.malformed(f)
		return
	}
	if c, ok := m.(Compressed); ok {
		inner, err := c.Unpack()
		if err == nil && inner.ID != IDCompressed {
			m, err = inner.Message()
		}
		if _, again := m.(Compressed); again || err != nil {
			e.unknown(f)
			return
		}
	}
	e.handle(ctx, f, m)
}

// handle answers a message other than a plain location.
func (e *session) handle(ctx context.Context, f Frame, m Message) {
	switch m := m.(type) {
	case Register:
		e.register(ctx, f, m)
	case Auth:
		e.login(f, m)
	case Heartbeat:
		e.reply(f, Done)
	case Logout:
		e.reply(f, Done)
		e.logout()
	case TimeRequest:
		e.answer(TimeReplyOf(e.link.s.Now()))
	case Location:
		e.live(ctx, f, &m)
	case Batch:
		e.batch(f, m.Locations, m.Replay)
	case ShortBatch:
		if pct, ok := m.BatteryPct(); ok {
			e.link.s.Devices.Heard(e.device, e.link.s.Now(), &tracking.Vitals{BatteryPct: tracking.Read(float64(pct))})
		}
		e.batch(f, m.Locations, true)
	case Resend:
		e.repeat(m)
		e.reply(f, Done)
	case TerminalReply:
		e.term.deliver(m.Serial, m)
	case Params:
		e.params(m)
		e.delivered(f, m.Serial, m)
	case Choice:
		e.delivered(f, m.Serial, m)
	case PhotoReply:
		e.delivered(f, m.Serial, m)
	case LocationReply:
		e.fix(&m.Location, false)
		e.delivered(f, m.Serial, m)
	case ControlReply:
		e.fix(&m.Location, false)
		e.delivered(f, m.Serial, m)
	case Event, Driver, Media:
		e.tell(ctx, f, m)
	case MediaEvent, Attributes, Transparent:
		e.reply(f, Done)
	default:
		e.other(f)
	}
}

// other answers what is not read. Known kinds that nobody here needs are fine.
func (e *session) other(f Frame) {
	switch {
	case f.Encryption != 0: // with RSA, which nobody uses
		e.unknown(f)
	case f.ID == 0x0108 || f.ID == 0x0303 || f.ID == 0x0608 || f.ID == 0x0700 || f.ID == 0x0701 ||
		f.ID == 0x0705 || f.ID == 0x0802:
		e.reply(f, Done)
	default:
		e.unknown(f)
	}
}

func (e *session) unknown(f Frame) {
	e.link.s.count.unknown.Add(1)
	e.reply(f, Unsupported)
}

func (e *session) malformed(f Frame) {
	e.link.s.count.malformed.Add(1)
	e.reply(f, Malformed)
}

// delivered hands the terminal's answer to the command that waits for it, and acknowledges it: some units repeat it
// otherwise.
func (e *session) delivered(f Frame, serial uint16, m Message) {
	e.term.deliver(serial, m)
	e.reply(f, Done)
}

// reply is the general reply. It waits for nothing.
func (e *session) reply(f Frame, result Result) {
	p := e.link.parcel
	p.plain = e.appendReply(p.plain, f, result)
}

// appendReply writes the general reply in the form of the header that it answers.
func (e *session) appendReply(dst []byte, f Frame, result Result) []byte {
	body := [5]byte{byte(f.Serial >> 8), byte(f.Serial), byte(f.ID >> 8), byte(f.ID), byte(result)}
	dst, _ = Frame{Header: e.header, ID: IDPlatformReply, Serial: e.nextSerial(1), Body: body[:]}.Append(dst) // it is short
	return dst
}

// answer sends an answer of its own kind. One that cannot be written is a mistake here.
func (e *session) answer(m Message) {
	p := e.link.parcel
	out, _, err := Append(p.plain, e.header, e.nextSerial(1), m)
	if err != nil {
		e.link.s.Log.Error("an answer to a terminal cannot be written", "id", m.ID(), "err", err)
		return
	}
	p.plain = out
}

// nextSerial takes n serials. A phone that is not registered gets zero.
func (e *session) nextSerial(n int) uint16 {
	if e.term == nil {
		return 0
	}
	return e.term.nextSerial(n)
}

func (t *terminal) nextSerial(n int) uint16 {
	t.mu.Lock()
	defer t.mu.Unlock()
	first := t.serial
	t.serial += uint16(n)
	return first
}

// live takes in a position that is not from a batch. It is acknowledged when it is durable, and when an alarm that
// begins with it was heard: some end with the acknowledgement.
func (e *session) live(ctx context.Context, f Frame, loc *Location) {
	s, p := e.link.s, e.link.parcel
	e.fix(loc, false)
	if raised := loc.Alarm &^ e.alarms; raised != 0 && s.OnAlarm != nil {
		if err := s.OnAlarm(ctx, e.device, raised); err != nil {
			s.unheard(f, e.device, err)
			return // it comes again
		}
	}
	e.alarms = loc.Alarm
	p.acks = e.appendReply(p.acks, f, Done)
}

// batch takes in stored positions; they are acknowledged together.
func (e *session) batch(f Frame, list []Location, replay bool) {
	for i := range list {
		e.fix(&list[i], replay)
	}
	p := e.link.parcel
	p.acks = e.appendReply(p.acks, f, Done)
}

// fix puts a position among those of this read. A clock that tells no time is replaced by the service's for a live
// position; a stored one without a time is refused later.
func (e *session) fix(loc *Location, replay bool) {
	l := e.link
	if len(l.vitals) == 0 {
		l.vitals = make([]tracking.Vitals, 8)
	}
	raw := loc.RawFix(replay, &l.vitals[0])
	l.vitals = l.vitals[1:]
	if raw.FixedAt.IsZero() && !replay {
		raw.FixedAt = l.s.Now()
	}
	dev := e.device
	if loc.Encrypted() && (dev.Datum == "" || dev.Datum == datum.WGS84) {
		dev = e.shiftedDevice()
	}
	l.parcel.reports = append(l.parcel.reports, tracking.Report{Device: dev, Raw: raw})
}

// shiftedDevice is the device as one that reports in GCJ-02: what the secrecy plug-in makes of WGS-84.
func (e *session) shiftedDevice() *tracking.Device {
	if e.shifted == nil {
		shifted := *e.device
		shifted.Datum = datum.GCJ02
		e.shifted = &shifted
	}
	return e.shifted
}
