package jt808

import (
	"encoding/binary"
	"fmt"
	"iter"
)

// ItemID is the number of an additional item of a location.
type ItemID uint8

// The additional items of the standard and of JT/T 1078.
const (
	ItemOdometer      ItemID = 0x01 // 0.1 km
	ItemFuel          ItemID = 0x02 // 0.1 L
	ItemRecorderSpeed ItemID = 0x03 // 0.1 km/h
	ItemManualAlarm   ItemID = 0x04 // number of an alarm that waits for a confirmation
	ItemTyres         ItemID = 0x05
	ItemTemperature   ItemID = 0x06
	ItemOverspeed     ItemID = 0x11
	ItemArea          ItemID = 0x12
	ItemSection       ItemID = 0x13
	ItemVideoAlarm    ItemID = 0x14
	ItemVideoLost     ItemID = 0x15
	ItemVideoCovered  ItemID = 0x16
	ItemStorageFault  ItemID = 0x17
	ItemBehaviour     ItemID = 0x18
	ItemSignals       ItemID = 0x25
	ItemIO            ItemID = 0x2a
	ItemAnalogue      ItemID = 0x2b
	ItemSignal        ItemID = 0x30 // CSQ
	ItemSatellites    ItemID = 0x31

	itemVendorPower ItemID = 0x82 // 0.1 V
	itemVendorList  ItemID = 0xeb
)

// Item is one additional item. Value points into the frame.
type Item struct {
	ID    ItemID
	Value Hex
}

func nextItem(tlv []byte) (item Item, rest []byte, ok bool) {
	if len(tlv) < 2 || len(tlv) < 2+int(tlv[1]) {
		return Item{}, tlv, false
	}
	end := 2 + int(tlv[1])
	return Item{ItemID(tlv[0]), tlv[2:end:end]}, tlv[end:], true
}

// Items walks the additional items. It stops before one that runs past the end; Trailing has that one.
func (l *Location) Items() iter.Seq[Item] {
	return func(yield func(Item) bool) {
		for rest := l.TLV; ; {
			item, more, ok := nextItem(rest)
			if !ok || !yield(item) {
				return
			}
			rest = more
		}
	}
}

// Trailing is what is left behind the last whole item; empty when the items fill the body.
func (l *Location) Trailing() Hex {
	for rest := l.TLV; ; {
		_, more, ok := nextItem(rest)
		if !ok {
			return rest
		}
		rest = more
	}
}

// Uint is the value as a number; false when it has not one to four bytes.
func (i Item) Uint() (uint32, bool) {
	if len(i.Value) == 0 || len(i.Value) > 4 {
		return 0, false
	}
	var wide [4]byte
	copy(wide[4-len(i.Value):], i.Value)
	return binary.BigEndian.Uint32(wide[:]), true
}

// Named is the item for people: a name with its unit and the value as a number, text or list. An item that is not
// known, or not of the length that it should have, has the name "raw" and its bytes.
func (i Item) Named() (name string, value any) {
	n, _ := i.Uint()
	v := i.Value
	switch key := [2]int{int(i.ID), len(v)}; key {
	case [2]int{0x01, 4}:
		return "odometer_km", float64(n) / 10
	case [2]int{0x02, 2}:
		return "fuel_l", float64(n) / 10
	case [2]int{0x03, 2}:
		return "recorder_kmh", float64(n) / 10
	case [2]int{0x04, 2}:
		return "alarm_to_confirm", n
	case [2]int{0x05, 30}:
		return "tyres", v
	case [2]int{0x06, 2}:
		return "temperature_c", signMagnitude(n)
	case [2]int{0x11, 1}, [2]int{0x11, 5}, [2]int{0x12, 6}, [2]int{0x13, 7}:
		return i.place()
	case [2]int{0x14, 4}:
		return "video_alarm", hexBits(n)
	case [2]int{0x15, 4}:
		return "video_lost", hexBits(n)
	case [2]int{0x16, 4}:
		return "video_covered", hexBits(n)
	case [2]int{0x17, 2}:
		return "storage_fault", hexBits(n)
	case [2]int{0x18, 2}:
		return "driver_behaviour", hexBits(n)
	case [2]int{0x25, 4}:
		return "vehicle_signals", hexBits(n)
	case [2]int{0x2a, 2}:
		return "io", hexBits(n)
	case [2]int{0x2b, 4}:
		return "analogue", [2]uint16{uint16(n), uint16(n >> 16)}
	case [2]int{0x30, 1}:
		return "signal_csq", n
	case [2]int{0x31, 1}:
		return "satellites", n
	}
	return "raw", v
}

// signMagnitude reads 16 bits of which the top one is the sign.
func signMagnitude(n uint32) int {
	if n&0x8000 != 0 {
		return -int(n & 0x7fff)
	}
	return int(n)
}

func hexBits(n uint32) string { return fmt.Sprintf("0x%x", n) }

// Place is where an alarm of an area, a route or a section happened.
type Place struct {
	Kind    uint8  `json:"kind"` // 0 none, 1 circle, 2 rectangle, 3 polygon, 4 section
	ID      uint32 `json:"id"`
	Out     uint8  `json:"out,omitempty"`     // 0 in, 1 out
	Seconds uint16 `json:"seconds,omitempty"` // spent on the section
	Long    uint8  `json:"long,omitempty"`    // 0 too short, 1 too long
}

// place reads items 0x11 (1 or 5 bytes), 0x12 (6) and 0x13 (7).
func (i Item) place() (name string, value Place) {
	r := reader{b: i.Value}
	switch i.ID {
	case ItemOverspeed:
		p := Place{Kind: r.u8()}
		if len(r.b) > 0 {
			p.ID = r.u32()
		}
		return "overspeed_at", p
	case ItemArea:
		return "area", Place{Kind: r.u8(), ID: r.u32(), Out: r.u8()}
	}
	return "section", Place{Kind: 4, ID: r.u32(), Seconds: r.u16(), Long: r.u8()}
}

// AppendItem writes an item with a number of that many bytes (1 to 4) behind tlv.
func AppendItem(tlv []byte, id ItemID, value uint32, bytes int) []byte {
	tlv = append(tlv, byte(id), byte(bytes))
	for shift := 8 * (bytes - 1); shift >= 0; shift -= 8 {
		tlv = append(tlv, byte(value>>shift))
	}
	return tlv
}
