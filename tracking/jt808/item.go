package jt808

import (
	"encoding/binary"
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
)

// Item is one additional item. Value points into the frame.
type Item struct {
	ID    ItemID
	Value []byte
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
func (l *Location) Trailing() []byte {
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

// AppendItem writes an item with a number of that many bytes (1 to 4) behind tlv.
func AppendItem(tlv []byte, id ItemID, value uint32, bytes int) []byte {
	tlv = append(tlv, byte(id), byte(bytes))
	for shift := 8 * (bytes - 1); shift >= 0; shift -= 8 {
		tlv = append(tlv, byte(value>>shift))
	}
	return tlv
}
