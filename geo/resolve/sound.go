package resolve

import (
	"strings"
	"sync"
	"unicode"

	"jiujin/geo/zh"
)

// plain is a text as it is compared: half width, lower case, simplified characters.
func plain(s string) string {
	return strings.Map(func(r rune) rune { return unicode.ToLower(zh.HalfWidth(r)) }, zh.Simplify(s))
}

// sounds is the class of sound of every Chinese character of the basic block: characters with the same number sound
// alike. 0 means that the character has no known sound.
var sounds = sync.OnceValue(func() []uint16 {
	const first, last = 0x4e00, 0x9fff
	classes, out := map[string]uint16{}, make([]uint16, last-first+1)
	for r := rune(first); r <= last; r++ {
		key := zh.Sound(r)
		if key == "" {
			continue
		}
		if classes[key] == 0 {
			classes[key] = uint16(len(classes) + 1)
		}
		out[r-first] = classes[key]
	}
	return out
})

// soundBit marks the sound of a Chinese character, so that it is never the key of a unit.
const soundBit = 1 << 29

func soundOf(r rune) uint32 {
	table := sounds()
	if i := int(r) - 0x4e00; i >= 0 && i < len(table) && table[i] != 0 {
		return soundBit | uint32(table[i])
	}
	return uint32(r)
}
