package jt808

// Driver is the driver's card going in or out. Name, Licence and Citizen are personal data and left out of JSON.
type Driver struct {
	Edition Edition `json:"edition"` // of the body's form: 2011, 2013 or 2019
	In      bool    `json:"in"`      // on duty
	Clock   Clock   `json:"clock"`   // zero in 2011
	Read    uint8   `json:"read"`    // 0 the card was read, else why not; what follows is empty then
	Name    string  `json:"-"`
	Licence string  `json:"-"`
	Issuer  string  `json:"issuer"`
	Until   BCD     `json:"until"` // YYYYMMDD
	Citizen string  `json:"-"`     // identity card: 2011 and 2019
}

func parseDriver(edition Edition, r *reader) Driver {
	if len(r.b) > 0 && r.b[0] != 1 && r.b[0] != 2 {
		try := *r
		m := Driver{
			Edition: Edition2011, In: true,
			Name: try.text8(), Citizen: try.text(20), Licence: try.text(40), Issuer: try.text8(),
		}
		if !try.short {
			*r = try
			return m
		}
	}
	m := Driver{Edition: edition, In: r.u8() == 1, Clock: r.clock()}
	if !m.In || r.short {
		return m
	}
	if m.Read = r.u8(); m.Read != 0 {
		return m
	}
	// Readers of other cards leave fields out at the end.
	card := reader{b: r.rest()}
	m.Name, m.Licence, m.Issuer, m.Until = card.text8(), card.text(20), card.text8(), card.digits(4)
	if edition == Edition2019 {
		m.Citizen = card.text(20)
	}
	return m
}

func (m Driver) appendTo(w *writer) {
	if m.Edition == Edition2011 {
		w.text8("name", m.Name)
		w.fixed("citizen", m.Citizen, 20)
		w.fixed("licence", m.Licence, 40)
		w.text8("issuer", m.Issuer)
		return
	}
	in := uint8(2)
	if m.In {
		in = 1
	}
	w.u8(in)
	w.bytes(m.Clock[:])
	if !m.In {
		return
	}
	w.u8(m.Read)
	if m.Read != 0 {
		return
	}
	w.text8("name", m.Name)
	w.fixed("licence", m.Licence, 20)
	w.text8("issuer", m.Issuer)
	w.digits("until", m.Until, 4)
	if w.edition == Edition2019 {
		w.fixed("citizen", m.Citizen, 20)
	}
}

// AskDriver asks for it.
type AskDriver struct{}

func (AskDriver) appendTo(*writer) {}

// ID is the kind of message.
func (Driver) ID() ID { return IDDriver }

// ID is the kind of message.
func (AskDriver) ID() ID { return IDAskDriver }
