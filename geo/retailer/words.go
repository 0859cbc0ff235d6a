package retailer

import "jiujin/geo/zh"

// words are the further words that a profile has for states and forms, folded.
type words struct {
	statuses map[string]Status
	forms    map[string]Form
}

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
	if status, ok := w.statuses[zh.Fold(s)]; ok {
		return status, nil
	}
	return ParseStatus(s)
}

func (w words) form(s string) (Form, error) {
	if form, ok := w.forms[zh.Fold(s)]; ok {
		return form, nil
	}
	return ParseForm(s)
}
