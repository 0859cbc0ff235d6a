package jt808_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/tracking/jt808"
)

var noon = time.Date(2026, 11, 22, 4, 0, 0, 0, time.UTC)

func mustHeader(t testing.TB, phone string) jt808.Header {
	t.Helper()
	h, err := jt808.NewHeader(jt808.Form2013, phone)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// parts are the frames of a message with a body of n bytes.
func parts(t testing.TB, h jt808.Header, serial uint16, n int) []jt808.Frame {
	t.Helper()
	frames, err := jt808.Split(h, jt808.IDMedia, serial, bytes.Repeat([]byte{byte(serial)}, n))
	if err != nil {
		t.Fatal(err)
	}
	return frames
}

// Several messages of several terminals, their parts shuffled and repeated, all come out as they were.
func TestLongMessagesArePutTogether(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var long jt808.Assembler
		type message struct {
			h      jt808.Header
			serial uint16
		}
		bodies := map[message][]byte{}
		var all []jt808.Frame
		for _, phone := range []string{"1", "2", "13800138000"} {
			h, err := jt808.NewHeader(jt808.Form2013, phone)
			if err != nil {
				t.Fatal(err)
			}
			serial := uint16(65530) // wraps
			for range rapid.IntRange(0, 3).Draw(t, "messages") {
				body := rapid.SliceOfN(rapid.Byte(), 1024, 6000).Draw(t, "body")
				frames, err := jt808.Split(h, jt808.IDMedia, serial, body)
				if err != nil {
					t.Fatal(err)
				}
				bodies[message{h, serial}] = body
				serial += uint16(len(frames))
				all = append(all, frames...)
			}
		}
		for _, f := range rapid.Permutation(all).Draw(t, "order") {
			for range rapid.IntRange(1, 2).Draw(t, "times") {
				whole, ok, err := long.Add(f, noon)
				if err != nil {
					t.Fatal(err)
				}
				if ok {
					key := message{whole.Header, whole.Serial}
					if !whole.Whole() || whole.ID != jt808.IDMedia || !bytes.Equal(whole.Body, bodies[key]) {
						t.Fatalf("%+v is not what was split", whole)
					}
					delete(bodies, key)
					break
				}
			}
		}
		if len(bodies) > 0 {
			t.Fatalf("%d messages are missing", len(bodies))
		}
		if n, cost := long.Open(); n != 0 || cost != 0 {
			t.Fatalf("%d messages of %d bytes are left", n, cost)
		}
	})
}

func TestMissingPartsAreAskedForThreeTimes(t *testing.T) {
	h := mustHeader(t, "1")
	frames := parts(t, h, 100, 5000)
	var long jt808.Assembler
	for _, i := range []int{0, 1, 3} {
		if _, ok, err := long.Add(frames[i], noon); ok || err != nil {
			t.Fatal(ok, err)
		}
	}
	if got := long.Missing(frames[0]); !slices.Equal(got, []uint16{3, 5}) {
		t.Fatal(got)
	}
	if list := long.Overdue(noon.Add(4 * time.Second)); len(list) != 0 {
		t.Fatal("asked before 5 s:", list)
	}
	for round := 1; round <= 3; round++ {
		list := long.Overdue(noon.Add(time.Duration(round) * 5 * time.Second))
		if len(list) != 1 || list[0].Header != h || list[0].Ask.Serial != 100 || !slices.Equal(list[0].Ask.Parts, []uint16{3, 5}) {
			t.Fatalf("round %d: %+v", round, list)
		}
	}
	if list := long.Overdue(noon.Add(20 * time.Second)); len(list) != 0 {
		t.Fatal("asked a fourth time:", list)
	}
	if n, cost := long.Open(); n != 0 || cost != 0 {
		t.Fatalf("%d messages of %d bytes are left", n, cost)
	}
	if got := long.Missing(frames[0]); got != nil {
		t.Fatal(got)
	}
}

func TestLongMessagesHaveLimits(t *testing.T) {
	h := mustHeader(t, "1")
	t.Run("parts", func(t *testing.T) {
		var long jt808.Assembler
		for _, f := range []jt808.Frame{{Parts: 5, Part: 0}, {Parts: 5, Part: 6}, {Parts: 2001, Part: 1}, {}} {
			if _, _, err := long.Add(f, noon); !errors.Is(err, jt808.ErrParts) {
				t.Errorf("part %d of %d: %v", f.Part, f.Parts, err)
			}
		}
		if _, err := jt808.Split(h, jt808.IDText, 0, make([]byte, 2001*1023)); !errors.Is(err, jt808.ErrLength) {
			t.Error(err)
		}
	})
	t.Run("three of a terminal", func(t *testing.T) {
		var long jt808.Assembler
		for serial := range uint16(4) {
			if _, _, err := long.Add(parts(t, h, serial*100, 2000)[0], noon.Add(time.Duration(serial))); err != nil {
				t.Fatal(err)
			}
		}
		if n, _ := long.Open(); n != 3 {
			t.Errorf("%d are open", n)
		}
		if _, ok, _ := long.Add(parts(t, h, 300, 2000)[1], noon); !ok {
			t.Error("the newest is gone")
		}
		if got := long.Missing(parts(t, h, 0, 2000)[0]); got != nil {
			t.Error("the oldest is still there")
		}
	})
	t.Run("bytes in all", func(t *testing.T) {
		var long jt808.Assembler
		body := make([]byte, 1023)
		for phone := range 180 { // 1.9 MiB each, one part missing: more than 256 MiB
			h := mustHeader(t, string(rune('1'+phone%9))+string(rune('0'+phone/9%10))+string(rune('0'+phone/90)))
			for part := uint16(1); part < 1800; part++ {
				f := jt808.Frame{Header: h, ID: jt808.IDMedia, Serial: part, Parts: 1800, Part: part, Body: body}
				if _, _, err := long.Add(f, noon.Add(time.Duration(phone)*time.Second)); err != nil {
					t.Fatal(err)
				}
			}
			if _, cost := long.Open(); cost > 256<<20 {
				t.Fatalf("%d bytes are held", cost)
			}
		}
		if n, _ := long.Open(); n >= 180 {
			t.Errorf("%d are open", n)
		}
		if list := long.Overdue(noon.Add(time.Hour)); len(list) != 0 {
			t.Errorf("%d are asked for after an hour", len(list))
		}
		if n, cost := long.Open(); n != 0 || cost != 0 {
			t.Errorf("after an hour %d messages of %d bytes are left", n, cost)
		}
	})
}

// The sets of captured frames that belong together are complete and give one body each.
func TestCapturedPartsArePutTogether(t *testing.T) {
	var long jt808.Assembler
	whole, of := 0, map[string]int{}
	for _, v := range captured(t, "jt808.jsonl") {
		f, err := jt808.Decode(v.bytes(t))
		if err != nil || f.Whole() || f.Encryption != 0 {
			continue
		}
		of[v.Group]++
		full, ok, err := long.Add(f, noon)
		if err != nil {
			t.Errorf("%s: %v", v.Hex, err)
		}
		if ok {
			whole++
			if m, err := full.Message(); err != nil {
				t.Errorf("%s: %v", full.ID, err)
			} else {
				t.Logf("%s in %d bytes: %.60v", full.ID, len(full.Body), m)
			}
		}
	}
	if len(of) > 0 && whole != 3 {
		t.Errorf("%d messages are whole, of %v", whole, of)
	}
}

func TestGBK(t *testing.T) {
	for _, tt := range []struct {
		text, want string
		replaced   int
	}{
		{"plain", "plain", 0},
		{"案件", "\xb0\xb8\xbc\xfe", 0},
		{"𠮷野家", "?\xd2\xb0\xbc\xd2", 1},
		{"ok👍", "ok?", 1},
		{"a\xffb", "a?b", 1},
	} {
		got, replaced := jt808.AppendText(nil, tt.text)
		if string(got) != tt.want || replaced != tt.replaced {
			t.Errorf("%q: %q with %d replaced, want %q with %d", tt.text, got, replaced, tt.want, tt.replaced)
		}
	}
	if got := jt808.TextOfGBK([]byte("\x00\x00 \xb0\xb8\xbc\xfe\x00 ")); got != "案件" {
		t.Errorf("%q", got)
	}
	if got := jt808.TextOfGBK([]byte("a\xff")); got != "a\ufffd" {
		t.Errorf("%q", got)
	}
}

func TestWhatDoesNotFitIsRefused(t *testing.T) {
	long := string(bytes.Repeat([]byte("x"), 300))
	for _, m := range []jt808.Message{
		jt808.Question{Text: long},
		jt808.SetEvents{Kind: 1, Events: []jt808.Option{{Text: long}}},
		jt808.SetParamsOf(make([]jt808.Param, 256)...),
		jt808.Register{Maker: long},
		jt808.CallBack{Listen: 1},
		jt808.SetAreas{Kind: jt808.IDSetCircles, Areas: []jt808.Area{{}}},
		jt808.Attributes{ICCID: "x"},
	} {
		if _, err := jt808.AppendBody(nil, m, jt808.Edition2013); err == nil {
			t.Errorf("%T is written", m)
		}
	}
}
