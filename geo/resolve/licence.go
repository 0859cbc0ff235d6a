package resolve

import (
	"slices"
	"strings"

	"jiujin/geo/zh"
)

// leastDigits is how long a number must be to be looked for among the licences: shorter ones are houses, rooms and years.
const leastDigits = 8

// licensed is the shop whose licence number stands in the words; false when none does, or several do. It looks at each
// shop, and at none when there is no number long enough.
func (r *Register) licensed(text string) (shop int32, ok bool) {
	numbers := strings.FieldsFunc(strings.Map(zh.HalfWidth, text), func(c rune) bool { return c < '0' || c > '9' })
	numbers = slices.DeleteFunc(numbers, func(n string) bool { return len(n) < leastDigits })
	if len(numbers) == 0 {
		return 0, false
	}
	for i := range r.shops.rows {
		if slices.Contains(numbers, r.shops.licence(int32(i))) {
			if ok {
				return 0, false
			}
			shop, ok = int32(i), true
		}
	}
	return shop, ok
}
