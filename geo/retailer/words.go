package retailer

import "jiujin/geo/zh"

// words are the words for states and forms: those of the profile folded, and each that was met as it came. One belongs
// to one reader.
type words struct {
	statuses map[string]Status
	forms    map[string]Form
}

const maxWords = 1000 // of each kind that are remembered

func (p Profile) words() words {
	w := words{statuses: map[string]Status{}, forms: map[string]Form{}}
	for word, status := range p.Statuses {
		w.statuses[zh.Fold(word)] = status
	}
	for word, form := range p.Forms {
		w.forms[zh.Fold(word)] = form
	}
	return w
}

func (w words) status(s string) (Status, error) {
	if status, ok := w.statuses[s]; ok {
		return status, nil
	}
	status, ok := w.statuses[zh.Fold(s)]
	var err error
	if !ok {
		status, err = ParseStatus(s)
	}
	if err == nil && len(w.statuses) < maxWords {
		w.statuses[s] = status
	}
	return status, err
}

func (w words) form(s string) (Form, error) {
	if form, ok := w.forms[s]; ok {
		return form, nil
	}
	form, ok := w.forms[zh.Fold(s)]
	var err error
	if !ok {
		form, err = ParseForm(s)
	}
	if err == nil && len(w.forms) < maxWords {
		w.forms[s] = form
	}
	return form, err
}
