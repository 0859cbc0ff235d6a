package jt808_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"jiujin/tracking/jt808"
)

// FuzzDecode reads any bytes as a frame. What is read can be shown, and travels again as the same frame; its message,
// if it can be written, is read again as one that says the same.
func FuzzDecode(f *testing.F) {
	for _, v := range allVectors(f) {
		f.Add(unhex(v.Hex))
	}
	f.Add([]byte("0~\x89\x00\x00\x05\v:s\xce/\xf2\x00\x00\xf0TEST;")) // junk before a frame
	f.Fuzz(func(t *testing.T, wire []byte) {
		before := slices.Clone(wire)
		d, _ := jt808.Describe(wire)
		if !bytes.Equal(before, wire) {
			t.Fatal("Describe changed what it was given")
		}
		if _, err := json.Marshal(d); err != nil {
			t.Fatal(err)
		}
		frame, err := jt808.Decode(wire)
		if err != nil {
			if d.OK && !bytes.Contains(wire, []byte{0x7e}) { // junk before a good frame is passed over
				t.Fatal("described as good:", err)
			}
			return
		}
		again, err := frame.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		second, err := jt808.Decode(again)
		if err != nil || second.Header != frame.Header || second.Serial != frame.Serial || !bytes.Equal(second.Body, frame.Body) {
			t.Fatalf("%+v was written as %x, which is %+v, %v", frame, again, second, err)
		}
		if frame.Whole() && frame.Encryption == 0 {
			checkBody(t, frame.ID, frame.Edition(), frame.Body)
		}
	})
}

// FuzzBody reads any bytes as the body of any message.
func FuzzBody(f *testing.F) {
	for _, v := range allVectors(f) {
		if frame, err := jt808.Decode(unhex(v.Hex)); err == nil {
			f.Add(uint16(frame.ID), frame.Form == jt808.Form2019, frame.Body)
		}
	}
	f.Fuzz(func(t *testing.T, id uint16, is2019 bool, body []byte) {
		edition := jt808.Edition2013
		if is2019 {
			edition = jt808.Edition2019
		}
		checkBody(t, jt808.ID(id), edition, body)
	})
}

func checkBody(t *testing.T, id jt808.ID, edition jt808.Edition, body []byte) {
	t.Helper()
	m, err := jt808.Parse(id, edition, body)
	if err != nil {
		if !errors.Is(err, jt808.ErrBody) {
			t.Fatal(err)
		}
		return
	}
	if m.ID() != id {
		t.Fatalf("%s is read as %T", id, m)
	}
	if _, err := json.Marshal(m); err != nil {
		t.Fatalf("%T: %v", m, err)
	}
	for _, l := range jt808.Locations(m) {
		fix := l.RawFix(false, nil)
		if !fix.FixedAt.IsZero() && (fix.FixedAt.Year() < 1999 || fix.FixedAt.Year() > 2099) {
			t.Fatal(fix.FixedAt)
		}
	}
	if c, ok := m.(jt808.Compressed); ok {
		if inner, err := c.Unpack(); err == nil && len(inner.Body) > 64<<10 {
			t.Fatalf("unpacked to %d bytes", len(inner.Body))
		}
	}
	if written, err := jt808.AppendBody(nil, m, edition); err == nil {
		if _, err := jt808.Parse(id, edition, written); err != nil {
			t.Fatalf("%T was written as %x: %v", m, written, err)
		}
	}
}

// FuzzSplit cuts any bytes, at once and in pieces, into the same chunks.
func FuzzSplit(f *testing.F) {
	for _, v := range captured(f, "jt808-streams.jsonl") {
		f.Add(unhex(v.Hex), uint8(3))
	}
	f.Add([]byte("~AB~~CD~(text)\r\n~EF"), uint8(1))
	f.Add(bytes.Repeat([]byte("~\x00\x02}\x01"), 900), uint8(7))
	f.Add(bytes.Repeat([]byte("x"), 5000), uint8(200))
	f.Fuzz(func(t *testing.T, stream []byte, size uint8) {
		want, wantErr := cut(t, bytes.NewReader(stream))
		got, gotErr := cut(t, &pieces{left: stream, sizes: []int{int(size) + 1}})
		// In pieces a stream may be given up before a flag that would have come.
		if gotErr == nil && wantErr == nil && !slices.Equal(got, want) {
			t.Fatalf("at once %q, in pieces of %d %q", want, int(size)+1, got)
		}
	})
}

// cut gives the chunks up to the end or the error.
func cut(t *testing.T, r io.Reader) (list []string, err error) {
	var s jt808.Splitter
	for {
		if err := s.Fill(r); errors.Is(err, io.EOF) {
			return list, nil
		} else if err != nil {
			t.Fatal(err)
		}
		for {
			chunk, kind, ok, err := s.Next()
			if err != nil {
				return list, err
			}
			if !ok {
				break
			}
			if kind == jt808.ChunkFrame && (len(chunk) == 0 || bytes.IndexByte(chunk, 0x7e) >= 0) {
				t.Fatalf("chunk %x", chunk)
			}
			list = append(list, string(chunk))
		}
		if s.Pending() > 5000 {
			t.Fatalf("%d bytes pending", s.Pending())
		}
	}
}

// FuzzAssemble adds any parts in any order as time goes by; the limits hold, and nothing is left in the end. Six bytes
// are a step: terminal, serial, number of parts, part, length, seconds.
func FuzzAssemble(f *testing.F) {
	f.Add([]byte{1, 10, 3, 1, 200, 0, 1, 11, 3, 2, 200, 0, 1, 12, 3, 3, 9, 0})
	f.Add([]byte{1, 10, 3, 1, 200, 6, 1, 12, 3, 3, 9, 6, 2, 0, 0, 0, 0, 0})
	f.Add(binary.BigEndian.AppendUint64(nil, 0xffffffffffffffff))
	f.Fuzz(func(t *testing.T, steps []byte) {
		var long jt808.Assembler
		now := noon
		for ; len(steps) >= 6; steps = steps[6:] {
			frame := jt808.Frame{
				Header: mustHeader(t, string(rune('0'+steps[0]%4))), ID: jt808.IDMedia, Serial: uint16(steps[1]) - 9,
				Parts: uint16(steps[2]), Part: uint16(steps[3]), Body: bytes.Repeat(steps[3:4], int(steps[4])),
			}
			whole, ok, err := long.Add(frame, now)
			if err != nil && !errors.Is(err, jt808.ErrParts) {
				t.Fatal(err)
			}
			if ok && (whole.Parts != 0 || len(whole.Body) > 255*255 || !slices.IsSorted(whole.Body)) {
				t.Fatalf("%+v", whole)
			}
			now = now.Add(time.Duration(steps[5]) * time.Second)
			for _, o := range long.Overdue(now) {
				if len(o.Ask.Parts) == 0 || len(o.Ask.Parts) > 125 {
					t.Fatalf("%+v", o)
				}
			}
			if n, _ := long.Open(); n > 4*3 {
				t.Fatalf("%d are open", n)
			}
		}
		long.Overdue(now.Add(time.Hour))
		if n, cost := long.Open(); n != 0 || cost != 0 {
			t.Fatalf("%d messages of %d bytes are left", n, cost)
		}
	})
}
