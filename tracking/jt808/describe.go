package jt808

import (
	"time"
)

// Description is what a frame says, for people.
type Description struct {
	OK      bool       `json:"ok"`
	Error   string     `json:"error,omitempty"`
	MsgID   string     `json:"msg_id,omitempty"`   // "0x0200"
	Version string     `json:"version,omitempty"`  // "2011", "2013" or "2019"
	Phone   string     `json:"phone,omitempty"`    // as Header.Phone
	Serial  *uint16    `json:"serial,omitempty"`   // of the sender
	ReplyTo *uint16    `json:"reply_to,omitempty"` // serial that it answers
	ReplyID string     `json:"reply_id,omitempty"` // and the kind of message, where it says so
	Fixes   []Position `json:"fixes"`
	Body    Message    `json:"body,omitempty"`
}

// Position is one location of a frame.
type Position struct {
	Lat      float64    `json:"lat"`
	Lon      float64    `json:"lon"`
	TimeUTC  *time.Time `json:"time_utc"` // null when the digits are no time
	SpeedKmh float64    `json:"speed_kmh"`
	Course   float64    `json:"course"`
	AltM     float64    `json:"alt_m"`
	Valid    bool       `json:"valid"` // the receiver had a fix
}

// Describe reads a frame as captured, with or without its flags. It changes nothing of it.
func Describe(captured []byte) Description {
	return Description{Fixes: []Position{}}
}
