package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func drawEffect(t *rapid.T) effect {
	if rapid.Bool().Draw(t, "fixes") {
		return effect{
			UnitID:  rapid.Int64Range(1, 5).Draw(t, "unit"),
			FixedAt: rapid.SliceOfN(rapid.Int64Range(1, 1e13), 1, 20).Draw(t, "fixed_at"),
		}
	}
	return effect{
		Key: rapid.StringMatching(`[A-Z0-9]{26}`).Draw(t, "key"), TicketID: rapid.Int64Range(1, 1e6).Draw(t, "ticket"),
		Event: rapid.SampledFrom([]string{"ticket.registered", "offer.accepted"}).Draw(t, "event"), Version: rapid.IntRange(0, 9).Draw(t, "version"),
	}
}

func TestJournalReadsBackAndLeavesOutACutLine(t *testing.T) {
	dir := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		n++
		path := filepath.Join(dir, rapid.StringMatching(`[a-z]{12}`).Draw(t, "file")+string(rune('a'+n%26)))
		defer os.Remove(path)
		l, err := newLedger(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range rapid.SliceOf(rapid.Custom(drawEffect)).Draw(t, "effects") {
			if err := l.note(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.close(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		back, err := readJournal(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back.fixTimes, l.fixTimes) || !reflect.DeepEqual(back.commands, l.commands) {
			t.Fatalf("read back %+v, wrote %+v", back, l)
		}
		cut, err := readJournal(bytes.NewReader(append(text, `{"unit_id":1,"fixed`...)))
		if err != nil || !reflect.DeepEqual(cut.fixTimes, l.fixTimes) {
			t.Fatalf("with a cut last line: %+v, %v", cut, err)
		}
	})
}

func TestJournalNamesABrokenLine(t *testing.T) {
	for _, text := range []string{
		`{"unit_id":1,"fixed_at":[1]}` + "\n{\n",
		`{"unit_id":1,"fixed_at":[1]}` + "\n" + `{"event":"ticket.closed"}` + "\n",
	} {
		if _, err := readJournal(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%q gave %v", text, err)
		}
	}
}
