package jt808_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"jiujin/tracking/jt808"
)

func allVectors(t testing.TB) []vector {
	return slices.Concat(worked(t), captured(t, "jt808.jsonl"))
}

// What was decoded travels again as it came, but for the two things that Decode repairs.
func TestFramesAreWrittenAsTheyCame(t *testing.T) {
	for _, v := range allVectors(t) {
		f, err := jt808.Decode(v.bytes(t))
		if err != nil {
			continue
		}
		again, err := f.Append(nil)
		if err != nil {
			t.Errorf("%s: %v", v.Hex, err)
		}
		bit14 := strings.HasPrefix(v.Hex, "7e00024000013800138000")
		if got := hex.EncodeToString(again); got != strings.ToLower(v.Hex) && !bit14 {
			t.Errorf("came  %s\nwrote %s", v.Hex, got)
		}
	}
}

// What was read says the same after it was written and read again.
func TestCapturedMessagesSurviveWriting(t *testing.T) {
	for _, v := range allVectors(t) {
		f, err := jt808.Decode(v.bytes(t))
		if err != nil {
			continue
		}
		m, err := f.Message()
		if _, raw := m.(jt808.Raw); err != nil || raw {
			continue
		}
		body, err := jt808.AppendBody(nil, m, f.Edition())
		if call, ok := m.(jt808.CallBack); ok && call.Listen != 0 {
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", v.Hex, err)
			continue
		}
		again, err := jt808.Parse(f.ID, f.Edition(), body)
		if _, damaged := m.(jt808.Params); err != nil || !reflect.DeepEqual(m, again) && !damaged {
			t.Errorf("%s\nread  %+v\nagain %+v %v", v.Hex, m, again, err)
		}
	}
}

func TestWrongFramesAreRefused(t *testing.T) {
	for _, tt := range []struct {
		name, hex string
		want      error
	}{
		{"nothing", "", jt808.ErrLength},
		{"short", "0002000001380013800000", jt808.ErrLength},
		{"bad escape", "0002000001380013800000057d03", jt808.ErrEscape},
		{"escape at the end", "00020000013800138000000 57d", jt808.ErrEscape},
		{"checksum", "000200000138001380000005ac", jt808.ErrChecksum},
		{"length", "000200010138001380000005ac", jt808.ErrLength},
		{"packet item missing", "0002200001380013800000058d", jt808.ErrLength},
	} {
		b, err := hex.DecodeString(strings.ReplaceAll(tt.hex, " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := jt808.Decode(b); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.name, err, tt.want)
		}
	}
}

func header(t *rapid.T) jt808.Header {
	form := rapid.SampledFrom([]jt808.Form{jt808.Form2013, jt808.Form2019}).Draw(t, "form")
	digits := `[0-9]{1,12}`
	if form == jt808.Form2019 {
		digits = `[0-9]{1,20}`
	}
	h, err := jt808.NewHeader(form, rapid.StringMatching(digits).Draw(t, "phone"))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// wireBytes favours the bytes that are escaped.
func wireBytes(least, most int) *rapid.Generator[[]byte] {
	one := rapid.OneOf(rapid.Byte(), rapid.SampledFrom([]byte{0x7d, 0x7e, 0x01, 0x02}))
	return rapid.SliceOfN(one, least, most)
}

func anyFrame(t *rapid.T) jt808.Frame {
	f := jt808.Frame{
		Header: header(t), ID: jt808.ID(rapid.Uint16().Draw(t, "id")), Serial: rapid.Uint16().Draw(t, "serial"),
		Encryption: rapid.Uint8Range(0, 7).Draw(t, "encryption"), Body: wireBytes(0, 1023).Draw(t, "body"),
	}
	if rapid.Bool().Draw(t, "parts") {
		f.Parts = rapid.Uint16Min(1).Draw(t, "total")
		f.Part = rapid.Uint16Range(1, f.Parts).Draw(t, "part")
	}
	return f
}

func TestFramesSurviveTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFrame(t)
		wire, err := f.Append(nil)
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(wire, []byte{0x7e}); n != 2 || len(wire) > 2092 {
			t.Fatalf("%d flags in %x", n, wire)
		}
		got, err := jt808.Decode(wire)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, f) {
			t.Fatalf("got %+v, want %+v", got, f)
		}
	})
}

func TestPhones(t *testing.T) {
	for _, tt := range []struct {
		form       jt808.Form
		raw, phone string
	}{
		{jt808.Form2013, "013800138000", "13800138000"},
		{jt808.Form2013, "000000000000", "0"},
		{jt808.Form2013, "4eb6fb4afd9e", "865478070102068"}, // a known IMEI
		{jt808.Form2013, "ffffffffffff", "ffffffffffff"},    // 15 digits: no IMEI
		{jt808.Form2019, "00000866496077582164", "866496077582164"},
		{jt808.Form2019, "0000000000000000000a", "a"},
	} {
		head := "00020000" + tt.raw
		if tt.form == jt808.Form2019 {
			head = "0002400001" + tt.raw
		}
		b, err := hex.DecodeString(head + "0001")
		if err != nil {
			t.Fatal(err)
		}
		sum := byte(0)
		for _, c := range b {
			sum ^= c
		}
		f, err := jt808.Decode(append(b, sum))
		if err != nil {
			t.Fatal(err)
		}
		if f.Phone() != tt.phone || f.RawPhone() != tt.raw {
			t.Errorf("%s: phone %s, want %s; raw %s", tt.raw, f.Phone(), tt.phone, f.RawPhone())
		}
	}
	for _, bad := range []string{"", "1234567890123", "12a"} {
		if _, err := jt808.NewHeader(jt808.Form2013, bad); err == nil {
			t.Errorf("phone %q is taken", bad)
		}
	}
}

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// chunks cuts everything that r gives.
func chunks(t interface{ Fatal(...any) }, r io.Reader) (list []string, s *jt808.Splitter) {
	s = &jt808.Splitter{}
	for {
		err := s.Fill(r)
		if errors.Is(err, io.EOF) {
			return list, s
		}
		if err != nil {
			t.Fatal(err)
		}
		for {
			chunk, kind, ok, err := s.Next()
			if err != nil {
				t.Fatal(err)
			}
			if !ok {
				break
			}
			if kind == jt808.ChunkText {
				list = append(list, string(chunk))
				continue
			}
			list = append(list, hex.EncodeToString(chunk))
		}
	}
}

func TestStreamsAreCutAsStated(t *testing.T) {
	for _, v := range captured(t, "jt808-streams.jsonl") {
		got, s := chunks(t, bytes.NewReader(v.bytes(t)))
		if want, ok := v.Expect["unescaped"].(string); ok {
			if plain := strings.ReplaceAll(strings.ReplaceAll(got[0], "7d02", "7e"), "7d01", "7d"); plain != want {
				t.Errorf("%s: %s, want %s", v.Hex, plain, want)
			}
		}
		list, _ := v.Expect["chunks"].([]any)
		for _, want := range list {
			at := slices.Index(got, strings.Trim(want.(string), "7e"))
			if at < 0 {
				t.Fatalf("%s: %v lacks %v", v.Hex, got, want)
			}
			got = got[at+1:]
		}
		if pending, ok := v.Expect["pending_bytes"].(float64); ok && s.Pending()+1 != int(pending) {
			t.Errorf("%s: %d bytes pending, want %v with the flag", v.Hex, s.Pending(), pending)
		}
	}
}

func TestStreams(t *testing.T) {
	for _, tt := range []struct{ name, stream, want string }{
		{"shared flag", "~AB~CD~", "4142 4344"},
		{"double flag", "~AB~~CD~", "4142 4344"},
		{"junk first", "$$~AB~", "4142"},
		{"lost flag costs one", "~AB~CD~~EF~", "4142 4344 4546"},
		{"text between", "~AB~(1234,OPEN)~CD~", "4142 (1234,OPEN) 4344"},
		{"text only", "(a)\r\n(b)\r\n(c", "(a) (b)"},
		{"parenthesis that is none", "~(\x00)~", "280029"},
		{"unfinished", "~AB~CD", "4142"},
	} {
		got, _ := chunks(t, strings.NewReader(tt.stream))
		if s := strings.Join(got, " "); s != tt.want {
			t.Errorf("%s: %s, want %s", tt.name, s, tt.want)
		}
	}
}

// However a stream arrives in pieces, the chunks are the same.
func TestPiecesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one := rapid.OneOf(rapid.SampledFrom([]byte("~~()}AB\r\n")), rapid.Byte())
		stream := rapid.SliceOfN(one, 0, 200).Draw(t, "stream")
		want, _ := chunks(t, bytes.NewReader(stream))
		sizes := rapid.SliceOfN(rapid.IntRange(1, 9), 1, 20).Draw(t, "sizes")
		got, _ := chunks(t, &pieces{stream, sizes, 0})
		if !slices.Equal(got, want) {
			t.Fatalf("%q in %v: %q, at once %q", stream, sizes, got, want)
		}
	})
}

type pieces struct {
	left  []byte
	sizes []int
	turn  int
}

func (p *pieces) Read(to []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := copy(to, p.left[:min(p.sizes[p.turn%len(p.sizes)], len(p.left))])
	p.left = p.left[n:]
	p.turn++
	return n, nil
}

func TestAStreamWithoutFlagsIsGivenUp(t *testing.T) {
	for _, stream := range []string{strings.Repeat("x", 5000), "~" + strings.Repeat("x", 5000), "~" + strings.Repeat("x", 5000) + "~"} {
		var s jt808.Splitter
		r, err := strings.NewReader(stream), error(nil)
		for ok := true; err == nil && ok; {
			if err = s.Fill(r); err == nil {
				_, _, ok, err = s.Next()
				ok = !ok
			}
		}
		if !errors.Is(err, jt808.ErrTooLong) {
			t.Errorf("%d bytes: %v", len(stream), err)
		}
	}
}
