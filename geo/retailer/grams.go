package retailer

import "slices"

// grams are the pairs of neighbouring characters of a folded text, each once,
// ascending. A pair of characters of the basic plane has a number of its own;
// rarer characters share numbers, so a match must be checked on the text. A
// text of one character has none.
func grams(folded string) []int32 {
	runes := []rune(folded)
	if len(runes) < 2 {
		return []int32{} // not nil: the column is not null
	}
	out := make([]int32, 0, len(runes)-1)
	for i := range len(runes) - 1 {
		out = append(out, int32(uint32(runes[i])<<16^uint32(runes[i+1])))
	}
	slices.Sort(out)
	return slices.Compact(out)
}
