package jt808

import "encoding/binary"

// Param is one setting of a terminal. Value is as sent.
type Param struct {
	ID    uint32 `json:"id"`
	Value Hex    `json:"value"`
}

// Uint32Param is a setting that is a DWORD.
func Uint32Param(id, value uint32) Param { return Param{id, binary.BigEndian.AppendUint32(nil, value)} }

// Settings that the desk may change.
const (
	ParamHeartbeatS uint32 = 0x0001 // seconds
	ParamReportBy   uint32 = 0x0020 // 0 time, 1 distance, 2 both
	ParamAsleepS    uint32 = 0x0027 // interval of reports asleep
	ParamSOSS       uint32 = 0x0028 // interval in an emergency
	ParamIntervalS  uint32 = 0x0029 // interval of reports
	ParamCornerDeg  uint32 = 0x0030 // a turn by more is reported
	ParamTopKmh     uint32 = 0x0055
)

// ParamList are settings as a message lists them.
type ParamList struct {
	Count    int     `json:"count"` // as announced; the list may be shorter when the message is damaged
	List     []Param `json:"list"`
	Trailing Hex     `json:"trailing"` // what could not be read as settings
}

// parseParams walks the settings by their lengths. In 2011 a second count stands behind the first.
func parseParams(r *reader) ParamList {
	count := int(r.u8())
	list, trailing := walkParams(r.b, count)
	if len(list) < count && len(r.b) > 0 {
		if second, none := walkParams(r.b[1:], count); len(second) > len(list) && len(none) == 0 {
			list, trailing = second, none
		}
	}
	*r = reader{short: r.short}
	return ParamList{count, list, trailing}
}

func walkParams(b []byte, count int) (list []Param, trailing []byte) {
	for len(list) < count && len(b) >= 5 && len(b) >= 5+int(b[4]) {
		end := 5 + int(b[4])
		list = append(list, Param{binary.BigEndian.Uint32(b), b[5:end:end]})
		b = b[end:]
	}
	return list, b
}

func (p ParamList) write(w *writer) {
	w.count("settings", len(p.List))
	for _, param := range p.List {
		w.u32(param.ID)
		w.raw8("a setting", param.Value)
	}
}

// SetParams changes settings.
type SetParams struct{ ParamList }

// SetParamsOf changes these settings.
func SetParamsOf(list ...Param) SetParams { return SetParams{ParamList{Count: len(list), List: list}} }

// AskParams asks for all settings.
type AskParams struct{}

// AskSomeParams asks for some.
type AskSomeParams struct {
	IDs []uint32 `json:"ids"`
}

// Params is the answer to both.
type Params struct {
	Serial uint16 `json:"serial"` // of the question
	ParamList
}

func (m SetParams) appendTo(w *writer) { m.write(w) }
func (AskParams) appendTo(*writer)     {}

func (m AskSomeParams) appendTo(w *writer) {
	w.count("settings", len(m.IDs))
	for _, id := range m.IDs {
		w.u32(id)
	}
}

func (m Params) appendTo(w *writer) {
	w.u16(m.Serial)
	m.write(w)
}

// ID is the kind of message.
func (SetParams) ID() ID { return IDSetParams }

// ID is the kind of message.
func (AskParams) ID() ID { return IDAskParams }

// ID is the kind of message.
func (AskSomeParams) ID() ID { return IDAskSomeParams }

// ID is the kind of message.
func (Params) ID() ID { return IDParams }
