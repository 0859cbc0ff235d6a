package jt808

import (
	"bytes"
	"unicode/utf8"
)

// Register is the terminal's registration.
type Register struct {
	Edition    Edition `json:"edition"`  // of the body's form: 2011, 2013 or 2019
	Province   uint16  `json:"province"` // first two digits of GB/T 2260; zero is the platform's default
	City       uint16  `json:"city"`     // the other four
	Maker      string  `json:"maker"`
	Model      string  `json:"model"`
	TerminalID string  `json:"terminal_id"`
	Colour     uint8   `json:"colour"` // of the plate; with 0 (no plate) Plate is the VIN
	Plate      string  `json:"plate"`  // or VIN
}

// registerForm are the sizes of the fixed fields of a registration.
type registerForm struct{ maker, model, terminal int }

var (
	form2011 = registerForm{5, 8, 7}
	form2013 = registerForm{5, 20, 7}
	form2019 = registerForm{11, 30, 30}
)

func (e Edition) registerForm() registerForm {
	switch e {
	case Edition2011:
		return form2011
	case Edition2019:
		return form2019
	}
	return form2013
}

func parseRegister(edition Edition, r *reader) Register {
	if smallest := 4 + form2019.maker + form2019.model + form2019.terminal + 1; edition != Edition2019 || len(r.b) < smallest {
		edition = registerEdition(r.b) // there are units with the header of 2019 and the body of 2013
	}
	form := edition.registerForm()
	return Register{
		Edition: edition, Province: r.u16(), City: r.u16(),
		Maker: r.text(form.maker), Model: r.text(form.model), TerminalID: r.text(form.terminal),
		Colour: r.u8(), Plate: decodeText(r.rest()),
	}
}

// registerEdition tells 2011 from 2013, which only the length of the model separates: a body that is too short for 2013
// is 2011, and so is one with a plate where 2011 has it and none where 2013 has it.
func registerEdition(body []byte) Edition {
	const colour2011, colour2013 = 24, 36
	if len(body) <= colour2013 {
		return Edition2011
	}
	plate := bytes.TrimRight(body[colour2011+1:], "\x00 ")
	if isColour(body[colour2011]) && !isColour(body[colour2013]) && isPlate(plate) {
		return Edition2011
	}
	return Edition2013
}

func isColour(b byte) bool { return b <= 5 || b == 9 }

// isPlate says that b is a text without control characters.
func isPlate(b []byte) bool {
	text := decodeText(b)
	for _, c := range text {
		if c < ' ' || c == utf8.RuneError {
			return false
		}
	}
	return text != ""
}

func (m Register) appendTo(w *writer) {
	edition := m.Edition
	if edition == 0 {
		edition = w.edition
	}
	form := edition.registerForm()
	w.u16(m.Province)
	w.u16(m.City)
	w.fixed("maker", m.Maker, form.maker)
	w.fixed("model", m.Model, form.model)
	w.fixed("terminal id", m.TerminalID, form.terminal)
	w.u8(m.Colour)
	w.text(m.Plate)
}

// Registration is the outcome of a registration.
type Registration uint8

// The outcomes.
const (
	Registered         Registration = 0
	VehicleRegistered  Registration = 1
	NoSuchVehicle      Registration = 2
	TerminalRegistered Registration = 3
	NoSuchTerminal     Registration = 4
)

// RegisterReply is our answer to a registration.
type RegisterReply struct {
	Serial uint16       `json:"serial"` // of the registration
	Result Registration `json:"result"`
	Code   Hex          `json:"-"` // for Auth; opaque bytes, empty unless Registered
}

func parseRegisterReply(r *reader) RegisterReply {
	return RegisterReply{r.u16(), Registration(r.u8()), bytes.TrimRight(r.rest(), "\x00")}
}

func (m RegisterReply) appendTo(w *writer) {
	w.u16(m.Serial)
	w.u8(uint8(m.Result))
	w.bytes(m.Code)
}

// Auth is how a terminal shows its code on every connection. A body of 2019 that does not add up is a code as a whole.
type Auth struct {
	Code     Hex    `json:"-"`        // opaque bytes, without zeros behind; a secret
	IMEI     string `json:"imei"`     // 2019
	Software string `json:"software"` // 2019
}

func parseAuth(edition Edition, r *reader) Auth {
	whole := r.b
	if edition == Edition2019 {
		m := Auth{Code: r.take(int(r.u8()))}
		imei := r.take(15)
		if m.IMEI, m.Software = decodeText(imei), decodeText(r.rest()); !r.short && isIMEI(imei) {
			return m
		}
	}
	*r = reader{}
	return Auth{Code: bytes.TrimRight(whole, "\x00")}
}

// isIMEI says that b holds digits, or nothing at all.
func isIMEI(b []byte) bool {
	for _, c := range bytes.Trim(b, "\x00 ") {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

func (m Auth) appendTo(w *writer) {
	if w.edition != Edition2019 {
		w.bytes(m.Code)
		return
	}
	w.raw8("code", m.Code)
	w.fixed("IMEI", m.IMEI, 15)
	w.fixed("software", m.Software, 20)
}

// Attributes is what a terminal tells of itself when asked.
type Attributes struct {
	Type       uint16 `json:"type"`
	Maker      string `json:"maker"`
	MakerBytes int    `json:"maker_bytes"` // size of the maker's field: 5, or 11 from some units of 2019; zero writes 5
	Model      string `json:"model"`
	TerminalID string `json:"terminal_id"`
	ICCID      BCD    `json:"iccid"` // 20 digits
	Hardware   string `json:"hardware"`
	Firmware   string `json:"firmware"`
	GNSS       uint8  `json:"gnss"`
	Radio      uint8  `json:"radio"` // bits
}

func parseAttributes(edition Edition, r *reader) Attributes {
	// As the edition says, then what else was seen in the field.
	forms := []registerForm{{5, 20, 7}, {5, 30, 30}}
	if edition == Edition2019 {
		forms = []registerForm{{5, 30, 30}, {11, 30, 30}, {5, 20, 7}}
	}
	body := r.b
	for _, form := range forms {
		*r = reader{b: body}
		if m := readAttributes(form, r); !r.short && len(r.b) == 0 {
			return m
		}
	}
	*r = reader{b: body}
	return readAttributes(forms[0], r)
}

func readAttributes(form registerForm, r *reader) Attributes {
	return Attributes{
		Type: r.u16(), Maker: r.text(form.maker), MakerBytes: form.maker,
		Model: r.text(form.model), TerminalID: r.text(form.terminal), ICCID: r.digits(10),
		Hardware: r.text8(), Firmware: r.text8(), GNSS: r.u8(), Radio: r.u8(),
	}
}

func (m Attributes) appendTo(w *writer) {
	form := w.edition.registerForm()
	w.u16(m.Type)
	w.fixed("maker", m.Maker, max(m.MakerBytes, 5))
	w.fixed("model", m.Model, form.model)
	w.fixed("terminal id", m.TerminalID, form.terminal)
	w.digits("ICCID", m.ICCID, 10)
	w.text8("hardware", m.Hardware)
	w.text8("firmware", m.Firmware)
	w.u8(m.GNSS)
	w.u8(m.Radio)
}

// ID is the kind of message.
func (Register) ID() ID { return IDRegister }

// ID is the kind of message.
func (RegisterReply) ID() ID { return IDRegisterReply }

// ID is the kind of message.
func (Auth) ID() ID { return IDAuth }

// ID is the kind of message.
func (Attributes) ID() ID { return IDAttributes }
