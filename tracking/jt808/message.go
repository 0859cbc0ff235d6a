package jt808

import "fmt"

// Message reads the body. What this package does not know, a part of a long message and an encrypted body are Raw and
// no error. The error wraps ErrBody. The message points into the frame's body.
func (f Frame) Message() (Message, error) {
	if !f.Whole() || f.Encryption != 0 {
		return Raw{f.ID, f.Body}, nil
	}
	return Parse(f.ID, f.Edition(), f.Body)
}

// Parse reads a body, for one that an Assembler put together; otherwise as Frame.Message.
func Parse(id ID, edition Edition, body []byte) (Message, error) {
	r := &reader{b: body}
	var m Message
	if id < 0x8000 {
		m = parseUp(id, edition, r)
	} else {
		m = parseDown(id, edition, r)
	}
	if r.short {
		return nil, fmt.Errorf("%w: %s ends too early, after %d bytes", ErrBody, id, len(body))
	}
	return m, nil
}

// AppendBody writes the body of m to dst, in the form of the edition. The error says what does not fit its field.
func AppendBody(dst []byte, m Message, edition Edition) ([]byte, error) {
	w := writer{b: dst, edition: edition}
	m.appendTo(&w)
	if w.err != nil {
		return dst, fmt.Errorf("%s: %w", m.ID(), w.err)
	}
	return w.b, nil
}

// Append writes m to dst as it travels, in several frames when it is long; n is their number, and serials from serial
// to serial+n-1 are used. To be able to repeat parts, use AppendBody and Split instead.
func Append(dst []byte, h Header, serial uint16, m Message) (out []byte, n int, err error) {
	body, err := AppendBody(nil, m, h.Edition())
	if err != nil {
		return dst, 0, err
	}
	out = dst
	frames, err := Split(h, m.ID(), serial, body)
	if err != nil {
		return dst, 0, err
	}
	for _, f := range frames {
		if out, err = f.Append(out); err != nil {
			return dst, 0, err
		}
	}
	return out, len(frames), nil
}

func parseUp(id ID, edition Edition, r *reader) Message {
	switch id {
	case IDTerminalReply:
		return TerminalReply{Answered: r.answered(), Result: Result(r.u8())}
	case IDHeartbeat: // some units send a body; nobody knows what it means
		return Heartbeat{}
	case IDLogout:
		return Logout{}
	case IDTimeRequest:
		return TimeRequest{}
	case IDResendUp:
		return parseResend(IDResendUp, edition, r)
	case IDRegister:
		return parseRegister(edition, r)
	case IDAuth:
		return parseAuth(edition, r)
	case IDParams:
		return Params{Serial: r.u16(), ParamList: parseParams(r)}
	case IDAttributes:
		return parseAttributes(edition, r)
	case IDLocation:
		return r.location()
	case IDLocationReply:
		return LocationReply{r.u16(), r.location()}
	case IDControlReply:
		return ControlReply{r.u16(), r.location()}
	case IDShortBatch:
		return parseShortBatch(r)
	case IDEvent:
		return Event{r.u8()}
	case IDChoice:
		return Choice{r.u16(), r.u8()}
	case IDDriver:
		return parseDriver(edition, r)
	case IDBatch:
		return parseBatch(r)
	case IDMediaEvent:
		return MediaEvent{r.mediaHead()}
	case IDMedia:
		return parseMedia(r)
	case IDPhotoReply:
		return parsePhotoReply(r)
	case IDTransparentUp:
		return Transparent{Up: true, Type: r.u8(), Data: r.rest()}
	case IDCompressed:
		return Compressed{Length: r.u32(), Data: r.rest()}
	}
	return Raw{id, r.rest()}
}

func (r *reader) answered() Answered { return Answered{r.u16(), ID(r.u16())} }

func (r *reader) location() Location {
	l, err := DecodeLocation(r.rest())
	if err != nil {
		r.short = true
	}
	return l
}
