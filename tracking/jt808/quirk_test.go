package jt808_test

import (
	"bytes"
	"compress/gzip"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"jiujin/tracking/jt808"
)

const driverCard = "261122093015" + "00" + "04c4e3bac3" + // read; 你好
	"3431363735363139393030363035343334390000" + "00" + "20340409"

// Units deviate from their edition. What they mean is read all the same.
func TestDeviations(t *testing.T) {
	fence := jt808.Area{ID: 7, Attr: 2, Corners: []jt808.Vertex{{LatE6: 1, LonE6: 2}}, RadiusM: 9, TopKmh: 60, OverS: 5}
	const circle = "00000007" + "0002" + "0000000100000002" + "00000009" + "003c05"
	register := jt808.Register{
		Edition: jt808.Edition2013, Province: 44, City: 106, Maker: "70111", Model: "FD-200", TerminalID: "A000123",
		Colour: 1, Plate: "粤AD1234",
	}
	const registration = "002c006a373031313146442d323030" + "0000000000000000000000000000" + "4130303031323301d4c1414431323334"
	old := jt808.Driver{Edition: jt808.Edition2011, In: true, Name: "你好", Citizen: "1", Licence: "2", Issuer: "AB"}
	for _, tt := range []struct {
		name    string
		id      jt808.ID
		edition jt808.Edition
		body    string
		want    jt808.Message
	}{
		{"heartbeat with a body", 0x0002, 2013, "5d102815", jt808.Heartbeat{}},
		{"heartbeat of 17 bytes", 0x0002, 2013, "5d102815000501006404000020d0650100", jt808.Heartbeat{}},
		{"resend with a wide count", 0x8003, 2013, "0064000200030005", jt808.Resend{Serial: 100, Parts: []uint16{3, 5}}},
		{"resend with a narrow count", 0x0005, 2019, "00640200030005", jt808.Resend{Up: true, Serial: 100, Parts: []uint16{3, 5}}},
		{"registration of 2013 in 2019", 0x0100, 2019, registration, register},
		{"raw bytes as code", 0x0102, 2013, "0138001380ff", jt808.Auth{Code: unhex("0138001380ff")}},
		{"code alone in 2019", 0x0102, 2019, "4b3751324d395850", jt808.Auth{Code: unhex("4b3751324d395850")}},
		{"code with a zero behind", 0x0102, 2013, "313200", jt808.Auth{Code: unhex("3132")}},
		{"short software in 2019", 0x0102, 2019, "0141" + "383636343936303737353832313634" + "312e32", jt808.Auth{
			Code: unhex("41"), IMEI: "866496077582164", Software: "1.2",
		}},
		{"setting in 2011", 0x8103, 2013, "0101" + "00000029" + "040000000a", jt808.SetParams{ParamList: jt808.ParamList{
			Count: 1, List: []jt808.Param{jt808.Uint32Param(0x29, 10)},
		}}},
		{"events in 2011", 0x8301, 2013, "010101" + "07024142", jt808.SetEvents{Kind: 1, Events: []jt808.Option{{ID: 7, Text: "AB"}}}},
		{"events to delete", 0x8301, 2013, "04020708", jt808.SetEvents{Kind: 4, Events: []jt808.Option{{ID: 7}, {ID: 8}}}},
		{"all events away", 0x8301, 2013, "00", jt808.SetEvents{}},
		{"circle in 2011", 0x8600, 2013, "010101" + circle, jt808.SetAreas{Kind: 0x8600, Action: 1, Areas: []jt808.Area{fence}}},
		{"circle of 2013 in 2019", 0x8600, 2019, "0101" + circle, jt808.SetAreas{Kind: 0x8600, Action: 1, Areas: []jt808.Area{fence}}},
		{"circle of no edition", 0x8600, 2013, "0101" + circle + "00", jt808.Raw{Kind: 0x8600, Data: unhex("0101" + circle + "00")}},
		{"driver of 2011", 0x0702, 2013, "04c4e3bac3" + "31" + strings.Repeat("00", 19) + "32" + strings.Repeat("00", 39) + "024142", old},
		{"driver goes", 0x0702, 2013, "02261122093015", jt808.Driver{Edition: 2013, Clock: jt808.Clock(unhex("261122093015"))}},
		{"card not read", 0x0702, 2013, "0126112209301503", jt808.Driver{
			Edition: 2013, In: true, Clock: jt808.Clock(unhex("261122093015")), Read: 3,
		}},
		{"driver without a citizen's card in 2019", 0x0702, 2019, "01" + driverCard, jt808.Driver{
			Edition: 2019, In: true, Clock: jt808.Clock(unhex("261122093015")), Name: "你好", Licence: "416756199006054349",
			Until: "20340409",
		}},
		{"picture in 2011", 0x0801, 2013, "0000000700000001" + "00000003" + "00000002" + "ffd8", jt808.Media{
			MediaHead: jt808.MediaHead{MediaID: 7, Channel: 1}, Parts: 3, Part: 2, Data: unhex("ffd8"),
		}},
		{"battery", 0x0210, 2013, "4f260618022957", jt808.ShortBatch{Battery: unhex("4f260618022957")}},
		{"tracking ends", 0x8202, 2013, "0000", jt808.Track{}},
	} {
		got, err := jt808.Parse(tt.id, tt.edition, unhex(tt.body))
		if err != nil || !same(got, tt.want) {
			t.Errorf("%s: %v\ngot  %#v\nwant %#v", tt.name, err, got, tt.want)
		}
	}
}

func TestBodiesThatAreTooShortAreRefused(t *testing.T) {
	for id, most := range map[jt808.ID]int{
		0x0001: 4, 0x0100: 24, 0x0104: 2, 0x0107: 10, 0x0200: 27, 0x0201: 29, 0x0301: 0, 0x0302: 2, 0x0500: 29, 0x0702: 6,
		0x0704: 2, 0x0800: 7, 0x0801: 35, 0x0805: 2, 0x0901: 3, 0x8001: 4, 0x8003: 2, 0x8004: 5, 0x8100: 2, 0x8103: 0,
		0x8105: 0, 0x8106: 0, 0x8202: 1, 0x8203: 5, 0x8300: 0, 0x8301: 0, 0x8302: 1, 0x8400: 0, 0x8600: 1, 0x8601: 0,
		0x8604: 1, 0x8606: 1, 0x8800: 3, 0x8801: 11,
	} {
		for n := range most + 1 {
			if m, err := jt808.Parse(id, jt808.Edition2013, make([]byte, n)); !errors.Is(err, jt808.ErrBody) {
				t.Errorf("%s of %d bytes is %#v, %v", id, n, m, err)
			}
		}
	}
}

func TestBatches(t *testing.T) {
	one, item := unhex(fixedPart), "001c"+fixedPart
	for _, tt := range []struct {
		name, body      string
		found, damaged  int
		trailing, count int
	}{
		{"two", "000201" + item + item, 2, 0, 0, 2},
		{"one more than announced", "000101" + item + item, 2, 0, 0, 1},
		{"one less than announced", "000301" + item + item, 2, 0, 0, 3},
		{"none", "000001", 0, 0, 0, 0},
		{"one too short", "000301" + item + "0003aabbcc" + item, 2, 1, 0, 3},
		{"last one cut off behind its position", "000201" + item + "0030" + fixedPart + "0104", 2, 0, 32, 2},
		{"last one cut off", "000201" + item + "001c0000", 1, 0, 4, 2},
	} {
		m, err := jt808.Parse(jt808.IDBatch, jt808.Edition2013, unhex(tt.body))
		b, _ := m.(jt808.Batch)
		if err != nil || len(b.Locations) != tt.found || b.Damaged != tt.damaged || len(b.Trailing) != tt.trailing ||
			b.Count != tt.count || !b.Replay {
			t.Errorf("%s: %+v, %v", tt.name, m, err)
		}
		for _, l := range b.Locations {
			if body, _ := jt808.AppendBody(nil, l, jt808.Edition2013); !bytes.HasPrefix(body, one) {
				t.Errorf("%s: location %x", tt.name, body)
			}
		}
	}
}

func TestCompressedMessages(t *testing.T) {
	pack := func(plain []byte) jt808.Compressed {
		var b bytes.Buffer
		z := gzip.NewWriter(&b)
		if _, err := z.Write(plain); err != nil {
			t.Fatal(err)
		}
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return jt808.Compressed{Length: uint32(b.Len()), Data: b.Bytes()}
	}
	message := unhex("0200001c0138001380000003" + fixedPart)
	f, err := pack(message).Unpack()
	if err != nil || f.ID != jt808.IDLocation || hex.EncodeToString(f.Body) != fixedPart {
		t.Errorf("%+v, %v", f, err)
	}
	for name, m := range map[string]jt808.Compressed{
		"not gzip":    {Data: []byte("plain")},
		"bomb":        pack(make([]byte, 1<<20)),
		"short":       pack([]byte("short")),
		"no message":  pack(bytes.Repeat([]byte("xy"), 40)),
		"broken off":  {Data: pack(message).Data[:20]},
		"nothing":     {},
		"long, thick": pack([]byte(strings.Repeat("0123456789abcdef", 5000))),
	} {
		if f, err := m.Unpack(); !errors.Is(err, jt808.ErrBody) {
			t.Errorf("%s: %+v, %v", name, f, err)
		}
	}
}

func TestTextsForScreens(t *testing.T) {
	for _, tt := range []struct {
		edition jt808.Edition
		urgent  bool
		want    string
	}{
		{jt808.Edition2013, false, "0cc7eb"},
		{jt808.Edition2013, true, "0dc7eb"},
		{jt808.Edition2019, false, "0f01c7eb"},
		{jt808.Edition2019, true, "0e01c7eb"},
	} {
		body, err := jt808.AppendBody(nil, jt808.TextOf(tt.edition, tt.urgent, "请"), tt.edition)
		if err != nil || hex.EncodeToString(body) != tt.want {
			t.Errorf("%d urgent %v: %x, %v", tt.edition, tt.urgent, body, err)
		}
	}
}

// Each answer is what the worked examples of the test data have, to the byte.
func TestAnswers(t *testing.T) {
	for _, tt := range []struct{ to, want string }{
		{"7e00020000013800138000" + "0005ad7e", "7e80010005013800138000" + "0000" + "0005000200297e"},
		{"7e0002400001000000000138001380000005ec7e", "7e800140050100000000013800138000" + "0000" + "0005000200687e"},
	} {
		f, err := jt808.Decode(unhex(tt.to))
		if err != nil {
			t.Fatal(err)
		}
		got, n, err := jt808.Append(nil, f.Header, 0, jt808.ReplyTo(f, jt808.Done))
		if err != nil || n != 1 || hex.EncodeToString(got) != tt.want {
			t.Errorf("%x, %v; want %s", got, err, tt.want)
		}
	}
}
