package jt808

// TextFlags say what a terminal does with a text or a question.
type TextFlags uint8

// The flags of a text. Screen and Speech are the same in all editions; in 2019 the two lowest bits are a number
// instead: 1 service, 2 urgent, 3 notice.
const (
	TextUrgent TextFlags = 1 << 0
	TextScreen TextFlags = 1 << 2 // show it
	TextSpeech TextFlags = 1 << 3 // read it aloud
)

// Text goes to the vehicle's screen or loudspeaker.
type Text struct {
	Flags TextFlags `json:"flags"`
	Type  uint8     `json:"type"` // 2019: 1 notice, 2 service
	Text  string    `json:"text"`
}

// TextOf is a case's text for a terminal of that edition: shown and read aloud.
func TextOf(edition Edition, urgent bool, text string) Text {
	m := Text{Flags: TextScreen | TextSpeech, Text: text}
	switch {
	case edition == Edition2019 && urgent:
		m.Flags, m.Type = m.Flags|2, 1
	case edition == Edition2019:
		m.Flags, m.Type = m.Flags|3, 1
	case urgent:
		m.Flags |= TextUrgent
	}
	return m
}

func parseText(edition Edition, r *reader) Text {
	m := Text{Flags: TextFlags(r.u8())}
	if edition == Edition2019 {
		m.Type = r.u8()
	}
	m.Text = decodeText(r.rest())
	return m
}

func (m Text) appendTo(w *writer) {
	w.u8(uint8(m.Flags))
	if w.edition == Edition2019 {
		w.u8(m.Type)
	}
	w.text(m.Text)
}

// Option is one answer that a driver can give, or one event that he can report.
type Option struct {
	ID   uint8  `json:"id"`
	Text string `json:"text"`
}

// Question is shown with buttons for its answers (2011, 2013; many units of 2019 know it too).
type Question struct {
	Flags   TextFlags `json:"flags"` // TextUrgent, TextSpeech
	Text    string    `json:"text"`
	Options []Option  `json:"options"`
}

func parseQuestion(r *reader) Question {
	m := Question{Flags: TextFlags(r.u8()), Text: r.text8()}
	for len(r.b) > 0 && !r.short {
		m.Options = append(m.Options, Option{r.u8(), r.text16()})
	}
	return m
}

func (m Question) appendTo(w *writer) {
	w.u8(uint8(m.Flags))
	w.text8("the question", m.Text)
	for _, o := range m.Options {
		w.u8(o.ID)
		w.text16("an answer", o.Text)
	}
}

// Choice is the driver's answer to a Question.
type Choice struct {
	Serial uint16 `json:"serial"` // of the question
	Option uint8  `json:"option"`
}

// SetEvents gives the driver buttons.
type SetEvents struct {
	Kind   uint8    `json:"kind"` // 0 delete all, 1 replace all, 2 add, 3 change, 4 delete these
	Events []Option `json:"events"`
}

const dropEvents = 4 // the kind that needs no texts

func parseSetEvents(r *reader) SetEvents {
	m := SetEvents{Kind: r.u8()}
	if len(r.b) == 0 {
		return m
	}
	n := int(r.u8())
	if m.Kind == dropEvents && len(r.b) == n { // bare ids
		for range n {
			m.Events = append(m.Events, Option{ID: r.u8()})
		}
		return m
	}
	body := r.b
	if m.Events = r.options(n); r.short || len(r.b) > 0 {
		second := reader{b: body[min(1, len(body)):]} // 2011 has one more count
		if events := second.options(n); !second.short && len(second.b) == 0 {
			m.Events, *r = events, second
		}
	}
	return m
}

func (r *reader) options(n int) []Option {
	var list []Option
	for range n {
		if list = append(list, Option{r.u8(), r.text8()}); r.short {
			break
		}
	}
	return list
}

func (m SetEvents) appendTo(w *writer) {
	w.u8(m.Kind)
	if m.Kind == 0 {
		return
	}
	w.count("events", len(m.Events))
	for _, e := range m.Events {
		w.u8(e.ID)
		w.text8("an event", e.Text)
	}
}

// Event says that the driver pressed a button.
type Event struct {
	Event uint8 `json:"event"`
}

// CallBack makes the terminal call a number.
type CallBack struct {
	Listen uint8  `json:"listen"` // 0 call; 1 listen in, which has no legal basis here: it is read and never written
	Phone  string `json:"phone"`
}

func (m Choice) appendTo(w *writer) {
	w.u16(m.Serial)
	w.u8(m.Option)
}

func (m Event) appendTo(w *writer) { w.u8(m.Event) }

func (m CallBack) appendTo(w *writer) {
	if m.Listen != 0 {
		w.fail("listening in", int(m.Listen), 0)
	}
	w.u8(m.Listen)
	w.text(m.Phone)
}

// ID is the kind of message.
func (Text) ID() ID { return IDText }

// ID is the kind of message.
func (Question) ID() ID { return IDQuestion }

// ID is the kind of message.
func (Choice) ID() ID { return IDChoice }

// ID is the kind of message.
func (SetEvents) ID() ID { return IDSetEvents }

// ID is the kind of message.
func (Event) ID() ID { return IDEvent }

// ID is the kind of message.
func (CallBack) ID() ID { return IDCallBack }
