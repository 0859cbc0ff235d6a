// Package jt808 is JT/T 808, the protocol between Chinese vehicle terminals and platforms, in its editions of 2011,
// 2013 and 2019. The codec is bytes to structs and back; Server serves terminals with it.
//
// A stream goes through a Splitter, each chunk through Decode, each Frame through Frame.Message; a long message passes
// an Assembler in between. The other way, Append writes a Message as it travels.
//
// Integers are big-endian. Texts are GBK on the wire and UTF-8 in the structs. Times are GMT+8 on the wire (0x8004
// excepted) and UTC in the structs. Coordinates are millionths of a degree in whatever datum the terminal uses.
package jt808

import (
	"encoding/hex"
	"errors"
	"fmt"
)

// ID is the number of a kind of message. Bit 15 is set for what the platform sends.
type ID uint16

func (id ID) String() string { return fmt.Sprintf("0x%04x", uint16(id)) }

// MarshalText writes "0x0200".
func (id ID) MarshalText() ([]byte, error) { return []byte(id.String()), nil }

// The messages that have a struct here. Others are Raw.
const (
	IDTerminalReply  ID = 0x0001
	IDHeartbeat      ID = 0x0002
	IDLogout         ID = 0x0003
	IDTimeRequest    ID = 0x0004
	IDResendUp       ID = 0x0005
	IDRegister       ID = 0x0100
	IDAuth           ID = 0x0102
	IDParams         ID = 0x0104
	IDAttributes     ID = 0x0107
	IDLocation       ID = 0x0200
	IDLocationReply  ID = 0x0201
	IDShortBatch     ID = 0x0210 // vendor
	IDEvent          ID = 0x0301
	IDChoice         ID = 0x0302
	IDControlReply   ID = 0x0500
	IDDriver         ID = 0x0702
	IDBatch          ID = 0x0704
	IDMediaEvent     ID = 0x0800
	IDMedia          ID = 0x0801
	IDPhotoReply     ID = 0x0805
	IDTransparentUp  ID = 0x0900
	IDCompressed     ID = 0x0901
	IDPlatformReply  ID = 0x8001
	IDResend         ID = 0x8003
	IDTimeReply      ID = 0x8004
	IDRegisterReply  ID = 0x8100
	IDSetParams      ID = 0x8103
	IDAskParams      ID = 0x8104
	IDControl        ID = 0x8105
	IDAskSomeParams  ID = 0x8106
	IDAskAttributes  ID = 0x8107
	IDAskLocation    ID = 0x8201
	IDTrack          ID = 0x8202
	IDConfirmAlarm   ID = 0x8203
	IDLinkCheck      ID = 0x8204
	IDText           ID = 0x8300
	IDSetEvents      ID = 0x8301
	IDQuestion       ID = 0x8302
	IDCallBack       ID = 0x8400
	IDVehicleControl ID = 0x8500
	IDSetCircles     ID = 0x8600
	IDDropCircles    ID = 0x8601
	IDSetRectangles  ID = 0x8602
	IDDropRectangles ID = 0x8603
	IDSetPolygon     ID = 0x8604
	IDDropPolygons   ID = 0x8605
	IDSetRoute       ID = 0x8606
	IDDropRoutes     ID = 0x8607
	IDAskDriver      ID = 0x8702
	IDMediaReply     ID = 0x8800
	IDPhoto          ID = 0x8801
	IDTransparent    ID = 0x8900
)

// Edition is the issue of the standard that a body follows.
type Edition uint16

// The editions. The headers of 2011 and 2013 are the same; only the body of a registration tells them apart.
const (
	Edition2011 Edition = 2011
	Edition2013 Edition = 2013
	Edition2019 Edition = 2019
)

// What can be wrong with bytes. Decode and Message wrap one of them with the place.
var (
	ErrEscape   = errors.New("0x7d is followed by neither 0x01 nor 0x02")
	ErrChecksum = errors.New("checksum is wrong")
	ErrLength   = errors.New("length does not fit the header")
	ErrBody     = errors.New("body is malformed")
	ErrTooLong  = errors.New("more than 4096 bytes without a 0x7e")
)

// Message is a body: one of the structs of this package, or Raw.
type Message interface {
	// ID is the kind of message.
	ID() ID
	appendTo(w *writer)
}

// Hex are bytes that are shown as hexadecimal digits in JSON. It is assignable from and to []byte.
type Hex []byte

// MarshalText writes the digits.
func (h Hex) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h), nil }

// Raw is a message that this package does not know, or a part of one. Data points into the frame it came in.
type Raw struct {
	Kind ID  `json:"kind"`
	Data Hex `json:"data"`
}

// ID is the kind of message.
func (r Raw) ID() ID { return r.Kind }

func (r Raw) appendTo(w *writer) { w.bytes(r.Data) }
