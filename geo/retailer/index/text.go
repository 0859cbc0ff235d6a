package index

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	maxWords = 6
	maxText  = 100 // characters of a query that are looked at

	longestSound = 12 // characters of a text that is looked for by its sound
)

// wanted is a query's text, taken apart. All is folded.
type wanted struct {
	joined  string   // the words without blanks
	words   []string // never empty strings
	runes   []rune   // of joined
	longest string   // the word that says most
	number  string   // joined when it is all digits and four or more; else ""
	phone   string   // the last four digits of what can be a telephone number; else ""
	latin   string   // joined when it is letters, perhaps with digits; else ""

	spellings [][]token // how latin can be read as pinyin
	sounds    [][]sound // for each of runes the sounds that it can have; nil when it is no Chinese text that can be read
	slips     int       // how many wrong characters a similar text may have; 0 means none is looked for
}

// take takes a query's text apart.
func take(text string) *wanted {
	if runes := []rune(text); len(runes) > maxText {
		text = string(runes[:maxText])
	}
	w := &wanted{}
	for _, word := range strings.FieldsFunc(strings.ToValidUTF8(text, ""), blank) {
		if word = fold(word); word != "" && len(w.words) < maxWords {
			w.words = append(w.words, word)
		}
	}
	w.split()
	return w
}

func blank(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune("，,。；;、", r) }

// split fills in what follows from the words.
func (w *wanted) split() {
	w.joined = strings.Join(w.words, "")
	w.runes = []rune(w.joined)
	for _, word := range w.words {
		if utf8.RuneCountInString(word) > utf8.RuneCountInString(w.longest) {
			w.longest = word
		}
	}
	letters, others := w.count()
	switch {
	case letters+others == 0:
		w.numbers()
	case others == 0:
		w.latin = w.joined
		w.spellings = spellings(w.latin)
	case len(w.runes) <= longestSound:
		w.sounds = soundsOf(w.runes)
		if slices.ContainsFunc(w.sounds, func(s []sound) bool { return len(s) == 0 }) {
			w.sounds = nil // not all can be said
		}
	}
	switch n := len(w.runes); {
	case w.number != "" || n < 3:
	case n < 8:
		w.slips = 1
	default:
		w.slips = 2
	}
}

// count is how many letters a to z there are, and how many characters that are
// neither these nor digits.
func (w *wanted) count() (letters, others int) {
	for _, r := range w.runes {
		switch {
		case r >= 'a' && r <= 'z':
			letters++
		case r < '0' || r > '9':
			others++
		}
	}
	return letters, others
}

func (w *wanted) numbers() {
	n := len(w.joined)
	if n >= 4 {
		w.number = w.joined
	}
	switch n {
	case 4, 7, 8, 11:
		w.phone = w.joined[n-4:]
	}
}

// afterAddress cuts one long word after the last part of an address, as in
// 滨湖大道163号|红塔烟酒店; nil when there is nothing to cut.
func (w *wanted) afterAddress() *wanted {
	if len(w.words) != 1 {
		return nil
	}
	for i := len(w.runes) - 2; i >= 2; i-- {
		if strings.ContainsRune("号路街道巷村镇旁边里", w.runes[i-1]) {
			cut := &wanted{words: []string{string(w.runes[:i]), string(w.runes[i:])}}
			cut.split()
			return cut
		}
	}
	return nil
}
