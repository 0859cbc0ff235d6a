package jt808

// parseDown reads what the platform sends.
func parseDown(id ID, edition Edition, r *reader) Message {
	switch id {
	case IDPlatformReply:
		return PlatformReply{Answered: r.answered(), Result: Result(r.u8())}
	case IDResend:
		return parseResend(IDResend, edition, r)
	case IDTimeReply:
		return TimeReply{r.clock()}
	case IDRegisterReply:
		return parseRegisterReply(r)
	case IDSetParams:
		return SetParams{parseParams(r)}
	case IDAskParams:
		return AskParams{}
	case IDControl:
		return Control{r.u8(), r.rest()}
	case IDAskSomeParams:
		return AskSomeParams{r.u32s(int(r.u8()))}
	case IDAskAttributes:
		return AskAttributes{}
	case IDAskLocation:
		return AskLocation{}
	case IDTrack:
		return parseTrack(r)
	case IDConfirmAlarm:
		return ConfirmAlarm{r.u16(), Alarm(r.u32())}
	case IDLinkCheck:
		return LinkCheck{}
	case IDText:
		return parseText(edition, r)
	case IDSetEvents:
		return parseSetEvents(r)
	case IDQuestion:
		return parseQuestion(r)
	case IDCallBack:
		return CallBack{r.u8(), decodeText(r.rest())}
	case IDVehicleControl:
		return VehicleControl{r.rest()}
	case IDAskDriver:
		return AskDriver{}
	case IDMediaReply:
		return parseMediaReply(r)
	case IDPhoto:
		return parsePhoto(r)
	case IDTransparent:
		return Transparent{Type: r.u8(), Data: r.rest()}
	}
	return parseArea(id, edition, r)
}

// AskLocation asks where the vehicle is.
type AskLocation struct{}

// AskAttributes asks what the terminal is.
type AskAttributes struct{}

// LinkCheck asks whether the terminal is there (2019).
type LinkCheck struct{}

// Track makes the terminal report more often for a while. An interval of zero ends it.
type Track struct {
	IntervalS uint16 `json:"interval_s"`
	ForS      uint32 `json:"for_s"`
}

func parseTrack(r *reader) Track {
	m := Track{IntervalS: r.u16()}
	if m.IntervalS != 0 || len(r.b) > 0 {
		m.ForS = r.u32()
	}
	return m
}

func (m Track) appendTo(w *writer) {
	w.u16(m.IntervalS)
	if m.IntervalS != 0 {
		w.u32(m.ForS)
	}
}

// ConfirmAlarm tells the terminal that a person has seen its alarms.
type ConfirmAlarm struct {
	Serial uint16 `json:"serial"` // of the location that raised them; 0 for all
	Alarms Alarm  `json:"alarms"` // of bits 0, 3, 20, 21, 22, 27 and 28
}

// Control is a command to the terminal itself.
type Control struct {
	Command uint8 `json:"command"` // 4 restart; others change or harm
	Args    Hex   `json:"args"`    // texts separated by ";", with numbers in binary between them
}

// Restart is the one Control that we send.
const Restart = 4

// VehicleControl locks doors and the like. It is read and never sent.
type VehicleControl struct {
	Data Hex `json:"data"`
}

func (AskLocation) appendTo(*writer)   {}
func (AskAttributes) appendTo(*writer) {}
func (LinkCheck) appendTo(*writer)     {}

func (m ConfirmAlarm) appendTo(w *writer) {
	w.u16(m.Serial)
	w.u32(uint32(m.Alarms))
}

func (m Control) appendTo(w *writer) {
	w.u8(m.Command)
	w.bytes(m.Args)
}

func (m VehicleControl) appendTo(w *writer) { w.bytes(m.Data) }

// ID is the kind of message.
func (AskLocation) ID() ID { return IDAskLocation }

// ID is the kind of message.
func (AskAttributes) ID() ID { return IDAskAttributes }

// ID is the kind of message.
func (LinkCheck) ID() ID { return IDLinkCheck }

// ID is the kind of message.
func (Track) ID() ID { return IDTrack }

// ID is the kind of message.
func (ConfirmAlarm) ID() ID { return IDConfirmAlarm }

// ID is the kind of message.
func (Control) ID() ID { return IDControl }

// ID is the kind of message.
func (VehicleControl) ID() ID { return IDVehicleControl }
