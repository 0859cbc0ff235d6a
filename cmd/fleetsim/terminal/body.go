package terminal

import (
	"encoding/binary"
	"math"
	"time"
)

// beijing is the only time that the protocol knows: 8 h ahead, no daylight saving.
var beijing = time.FixedZone("+08", 8*3600)

// Status bits of a position.
const (
	statusACC    = 1 << 0
	statusFixed  = 1 << 1
	statusSouth  = 1 << 2
	statusWest   = 1 << 3
	statusLoaded = 3 << 8
	statusGPS    = 1 << 18
	statusBeiDou = 1 << 19
)

// Position is one report. What is not known stays zero, as units do it.
type Position struct {
	At         time.Time // whole seconds travel
	Lon, Lat   float64
	AltM       int
	SpeedKmh   float64
	HeadingDeg float64
	NoFix      bool // the receiver has no position; the coordinates are old
	Loaded     bool // a taxi has a fare
	// Number tells a simulated position from all others; it travels as the odometer, in 0.1 km.
	Number     uint32
	Satellites uint8
}

// Body is the body of a position message (0x0200).
func (p Position) Body() []byte {
	status := uint32(statusACC | statusGPS | statusBeiDou)
	if !p.NoFix {
		status |= statusFixed
	}
	if p.Lat < 0 {
		status |= statusSouth
	}
	if p.Lon < 0 {
		status |= statusWest
	}
	if p.Loaded {
		status |= statusLoaded
	}
	b := make([]byte, 4, 48) // no alarms
	b = binary.BigEndian.AppendUint32(b, status)
	b = binary.BigEndian.AppendUint32(b, uint32(math.Round(math.Abs(p.Lat)*1e6)))
	b = binary.BigEndian.AppendUint32(b, uint32(math.Round(math.Abs(p.Lon)*1e6)))
	b = binary.BigEndian.AppendUint16(b, uint16(int16(p.AltM)))
	b = binary.BigEndian.AppendUint16(b, uint16(math.Round(p.SpeedKmh*10)))
	b = binary.BigEndian.AppendUint16(b, uint16(math.Round(p.HeadingDeg))%360)
	b = append(b, bcd(p.At.In(beijing).Format("060102150405"), 12)...)
	if p.Number != 0 {
		b = binary.BigEndian.AppendUint32(append(b, 0x01, 4), p.Number)
	}
	if p.Satellites != 0 {
		b = append(b, 0x31, 1, p.Satellites)
	}
	return b
}

// BatchMost is how many positions a batch takes: all of them fit one frame with odometer and satellites.
const BatchMost = 25

// BatchBody is the body of a batch (0x0704) of at most BatchMost positions; blind tells that they were stored while
// the unit was out of coverage.
func BatchBody(positions []Position, blind bool) []byte {
	b := binary.BigEndian.AppendUint16(nil, uint16(len(positions)))
	kind := byte(0)
	if blind {
		kind = 1
	}
	b = append(b, kind)
	for _, p := range positions {
		item := p.Body()
		b = append(binary.BigEndian.AppendUint16(b, uint16(len(item))), item...)
	}
	return b
}

// Registration is what a unit says of itself when it registers (0x0100).
type Registration struct {
	Province, City uint16 // of GB/T 2260
	Maker          string
	Model          string
	TerminalID     string
	Colour         byte
	Plate          []byte // GBK
}

// Body is the body of a registration in the edition of the unit.
func (r Registration) Body(v2019 bool) []byte {
	maker, model, id := 5, 20, 7
	if v2019 {
		maker, model, id = 11, 30, 30
	}
	b := binary.BigEndian.AppendUint16(nil, r.Province)
	b = binary.BigEndian.AppendUint16(b, r.City)
	b = append(b, fixed(r.Maker, maker)...)
	b = append(b, fixed(r.Model, model)...)
	b = append(b, fixed(r.TerminalID, id)...)
	return append(append(b, r.Colour), r.Plate...)
}

// fixed is a text in a field of n bytes, with zeros behind.
func fixed(s string, n int) []byte {
	b := make([]byte, n)
	copy(b, s)
	return b
}

// AuthBody is the body of a login (0x0102) with a code; IMEI and software are told in the edition of 2019 only.
func AuthBody(code []byte, v2019 bool, imei, software string) []byte {
	if !v2019 {
		return code
	}
	b := append([]byte{byte(len(code))}, code...)
	b = append(b, fixed(imei, 15)...)
	return append(b, fixed(software, 20)...)
}
