package tracking

import (
	"encoding/json"
	"testing"
)

func TestLooseTakesNumbersAndNothingElse(t *testing.T) {
	for text, want := range map[string]Reading{
		"0": Read(0), "-1.5e1": Read(-15), "null": {}, `"5"`: {}, "true": {}, "[1]": {}, `{"a":1}`: {}, "1e999": {},
	} {
		l := Loose{Read(7)}
		if err := json.Unmarshal([]byte(text), &l); err != nil || l.Reading != want {
			t.Errorf("%s is %+v (%v), want %+v", text, l.Reading, err, want)
		}
	}
}

func TestReadingsWithinBounds(t *testing.T) {
	for text, want := range map[string][3]Reading{ // within −1 and 1; at least 0; above 0
		"0":    {Read(0), Read(0), {}},
		"-1":   {Read(-1), {}, {}},
		" 1 ":  {Read(1), Read(1), Read(1)},
		"1.01": {{}, Read(1.01), Read(1.01)},
		"nan":  {},
		"inf":  {},
		"":     {},
	} {
		r := ReadText(text)
		if got := [3]Reading{r.Within(-1, 1), r.AtLeast(0), r.Above(0)}; got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
	if r := Read(10).Times(3.6); r != Read(36) {
		t.Errorf("%+v", r)
	}
}
