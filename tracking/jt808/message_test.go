package jt808_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/tracking/jt808"
)

// text draws one that GBK holds and that has no filling at its ends; at most n bytes on the wire.
func text(t *rapid.T, n int) string {
	const letters = "ABCxyz0189-粤京测试就近烟草案件" // no space and no zero
	s := rapid.StringOfN(rapid.SampledFrom([]rune(letters)), 0, n/2, -1).Draw(t, "text")
	return s
}

func clock(t *rapid.T) jt808.Clock {
	const first, last = 946_656_000, 4_102_415_999 // 2000 to 2099 in GMT+8
	return jt808.ClockOf(time.Unix(rapid.Int64Range(first, last).Draw(t, "time"), 0))
}

func location(t *rapid.T) jt808.Location {
	l := jt808.Location{
		Alarm: jt808.Alarm(rapid.Uint32().Draw(t, "alarm")), Status: jt808.Status(rapid.Uint32().Draw(t, "status")),
		LatE6: rapid.Uint32().Draw(t, "lat"), LonE6: rapid.Uint32().Draw(t, "lon"), AltM: rapid.Int16().Draw(t, "alt"),
		Speed: rapid.Uint16().Draw(t, "speed"), Course: rapid.Uint16().Draw(t, "course"), Clock: clock(t),
	}
	if rapid.Bool().Draw(t, "items") {
		l.TLV = rapid.SliceOfN(rapid.Byte(), 1, 60).Draw(t, "tlv")
	}
	return l
}

func some[T any](t *rapid.T, most int, one func(t *rapid.T) T) []T {
	n := rapid.IntRange(0, most).Draw(t, "n")
	var list []T
	for range n {
		list = append(list, one(t))
	}
	return list
}

func u8(t *rapid.T) uint8   { return rapid.Uint8().Draw(t, "u8") }
func u16(t *rapid.T) uint16 { return rapid.Uint16().Draw(t, "u16") }
func u32(t *rapid.T) uint32 { return rapid.Uint32().Draw(t, "u32") }
func flip(t *rapid.T) bool  { return rapid.Bool().Draw(t, "bool") }

func raw(t *rapid.T, least int) jt808.Hex {
	return rapid.SliceOfN(rapid.Byte(), least, 40).Draw(t, "bytes")
}

func answered(t *rapid.T) jt808.Answered { return jt808.Answered{Serial: u16(t), To: jt808.ID(u16(t))} }

func option(t *rapid.T) jt808.Option { return jt808.Option{ID: u8(t), Text: text(t, 40)} }

func params(t *rapid.T) jt808.ParamList {
	list := some(t, 5, func(t *rapid.T) jt808.Param { return jt808.Param{ID: u32(t), Value: raw(t, 1)} })
	return jt808.ParamList{Count: len(list), List: list}
}

func mediaHead(t *rapid.T) jt808.MediaHead {
	return jt808.MediaHead{MediaID: u32(t), Type: u8(t), Format: u8(t), Event: u8(t), Channel: u8(t)}
}

// messages draw one message each, as an edition can carry it.
var messages = map[string]func(t *rapid.T, e jt808.Edition) jt808.Message{
	"terminal reply": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.TerminalReply{Answered: answered(t), Result: jt808.Result(u8(t))}
	},
	"platform reply": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.PlatformReply{Answered: answered(t), Result: jt808.Result(u8(t))}
	},
	"empty ones": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return rapid.SampledFrom([]jt808.Message{
			jt808.Heartbeat{},
			jt808.Logout{},
			jt808.TimeRequest{},
			jt808.AskParams{},
			jt808.AskAttributes{},
			jt808.AskLocation{},
			jt808.LinkCheck{},
			jt808.AskDriver{},
		}).Draw(t, "message")
	},
	"time reply": func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.TimeReply{Clock: clock(t)} },
	"resend": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Resend{Up: flip(t), Serial: u16(t), Parts: rapid.SliceOfN(rapid.Uint16(), 1, 125).Draw(t, "parts")}
	},
	"registration": func(t *rapid.T, e jt808.Edition) jt808.Message {
		return jt808.Register{
			Edition: e, Province: u16(t), City: u16(t), Maker: text(t, 5), Model: text(t, 20), TerminalID: text(t, 7),
			Colour: rapid.Uint8Range(0, 5).Draw(t, "colour"), Plate: text(t, 12),
		}
	},
	"registration of 2011": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Register{
			Edition: jt808.Edition2011, Province: u16(t), City: u16(t), Maker: text(t, 5), Model: text(t, 8),
			TerminalID: text(t, 7), Colour: rapid.Uint8Range(0, 5).Draw(t, "colour"), Plate: "粤A12345",
		}
	},
	"registration reply": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.RegisterReply{Serial: u16(t), Result: jt808.Registration(u8(t)), Code: jt808.Hex("K7Q2M9XP")}
	},
	"authentication": func(t *rapid.T, e jt808.Edition) jt808.Message {
		if e == jt808.Edition2019 {
			return jt808.Auth{Code: raw(t, 1), IMEI: "866496077582164", Software: text(t, 20)}
		}
		return jt808.Auth{Code: append(raw(t, 0), 'x')}
	},
	"attributes": func(t *rapid.T, e jt808.Edition) jt808.Message {
		return jt808.Attributes{
			Type: u16(t), Maker: text(t, 5), MakerBytes: 5, Model: text(t, 20), TerminalID: text(t, 7),
			ICCID:    jt808.BCD(rapid.StringMatching(`[0-9]{20}`).Draw(t, "iccid")),
			Hardware: text(t, 40), Firmware: text(t, 40), GNSS: u8(t), Radio: u8(t),
		}
	},
	"settings": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Params{Serial: u16(t), ParamList: params(t)}
	},
	"set settings": func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.SetParams{ParamList: params(t)} },
	"some settings": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.AskSomeParams{IDs: rapid.SliceOfN(rapid.Uint32(), 1, 20).Draw(t, "ids")}
	},
	"location": func(t *rapid.T, _ jt808.Edition) jt808.Message { return location(t) },
	"location reply": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.LocationReply{Serial: u16(t), Location: location(t)}
	},
	"control reply": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.ControlReply{Serial: u16(t), Location: location(t)}
	},
	"batch": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		list := some(t, 8, location)
		return jt808.Batch{Replay: flip(t), Count: len(list), Locations: list}
	},
	"short batch": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.ShortBatch{Locations: append(some(t, 5, location), location(t))}
	},
	"event":  func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.Event{Event: u8(t)} },
	"choice": func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.Choice{Serial: u16(t), Option: u8(t)} },
	"driver": func(t *rapid.T, e jt808.Edition) jt808.Message {
		m := jt808.Driver{Edition: e, In: flip(t), Clock: clock(t)}
		if !m.In {
			return m
		}
		if m.Read = rapid.Uint8Range(0, 4).Draw(t, "read"); m.Read != 0 {
			return m
		}
		m.Name, m.Licence, m.Issuer, m.Until = text(t, 40), text(t, 20), text(t, 40), "20340409"
		if e == jt808.Edition2019 {
			m.Citizen = text(t, 20)
		}
		return m
	},
	"media event": func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.MediaEvent{MediaHead: mediaHead(t)} },
	"media": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		l := location(t)
		l.TLV = nil
		return jt808.Media{MediaHead: mediaHead(t), Location: l, Data: raw(t, 1)}
	},
	"media of 2011": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Media{MediaHead: mediaHead(t), Parts: 9, Part: rapid.Uint32Range(1, 9).Draw(t, "part"), Data: jt808.Hex("data")}
	},
	"media reply": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.MediaReply{MediaID: u32(t), Missing: some(t, 125, u16)}
	},
	"photo": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Photo{
			Channel: u8(t), Command: u16(t), IntervalS: u16(t), Store: flip(t), Resolution: u8(t), Quality: u8(t),
			Brightness: u8(t), Contrast: u8(t), Saturation: u8(t), Chroma: u8(t),
		}
	},
	"photo reply": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		m := jt808.PhotoReply{Serial: u16(t), Result: rapid.Uint8Range(0, 2).Draw(t, "result")}
		if m.Result == 0 {
			m.Media = rapid.SliceOfN(rapid.Uint32(), 1, 20).Draw(t, "media")
		}
		return m
	},
	"transparent": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Transparent{Up: flip(t), Type: u8(t), Data: raw(t, 1)}
	},
	"compressed": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Compressed{Length: u32(t), Data: raw(t, 1)}
	},
	"track": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return rapid.SampledFrom([]jt808.Message{jt808.Track{}, jt808.Track{IntervalS: 5, ForS: u32(t)}}).Draw(t, "track")
	},
	"alarm": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.ConfirmAlarm{Serial: u16(t), Alarms: jt808.Alarm(u32(t))}
	},
	"control":         func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.Control{Command: u8(t), Args: raw(t, 1)} },
	"vehicle control": func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.VehicleControl{Data: raw(t, 1)} },
	"text":            func(t *rapid.T, e jt808.Edition) jt808.Message { return jt808.TextOf(e, flip(t), text(t, 400)) },
	"question": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Question{Flags: jt808.TextFlags(u8(t)), Text: text(t, 200), Options: some(t, 4, option)}
	},
	"events": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.SetEvents{Kind: rapid.Uint8Range(1, 3).Draw(t, "kind"), Events: append(some(t, 5, option), option(t))}
	},
	"call back": func(t *rapid.T, _ jt808.Edition) jt808.Message { return jt808.CallBack{Phone: text(t, 20)} },
	"areas":     areas,
	"polygon": func(t *rapid.T, e jt808.Edition) jt808.Message {
		return jt808.SetPolygon{Area: area(t, e, rapid.IntRange(3, 40).Draw(t, "corners"))}
	},
	"route": route,
	"dropped areas": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		kind := rapid.SampledFrom([]jt808.ID{0x8601, 0x8603, 0x8605, 0x8607}).Draw(t, "kind")
		return jt808.DropAreas{Kind: kind, IDs: rapid.SliceOfN(rapid.Uint32(), 1, 20).Draw(t, "ids")}
	},
	"unknown": func(t *rapid.T, _ jt808.Edition) jt808.Message {
		return jt808.Raw{Kind: rapid.SampledFrom([]jt808.ID{0x0701, 0x1210, 0x8304, 0x9208, 0xf123}).Draw(t, "kind"), Data: raw(t, 1)}
	},
}

func area(t *rapid.T, e jt808.Edition, corners int) jt808.Area {
	a := jt808.Area{ID: u32(t), Attr: u16(t)}
	for range corners {
		a.Corners = append(a.Corners, jt808.Vertex{LatE6: u32(t), LonE6: u32(t)})
	}
	if a.Attr&jt808.AreaTimed != 0 {
		a.From, a.Until = clock(t), clock(t)
	}
	if a.Attr&jt808.AreaLimited != 0 {
		a.TopKmh, a.OverS = u16(t), u8(t)
	}
	if e == jt808.Edition2019 {
		if a.Attr&jt808.AreaLimited != 0 {
			a.NightKmh = u16(t)
		}
		a.Name = text(t, 30)
	}
	return a
}

func areas(t *rapid.T, e jt808.Edition) jt808.Message {
	m := jt808.SetAreas{Kind: jt808.IDSetCircles, Action: rapid.Uint8Range(0, 2).Draw(t, "action")}
	corners := 1
	if flip(t) {
		m.Kind, corners = jt808.IDSetRectangles, 2
	}
	for range rapid.IntRange(1, 5).Draw(t, "n") {
		a := area(t, e, corners)
		if corners == 1 {
			a.RadiusM = u32(t)
		}
		m.Areas = append(m.Areas, a)
	}
	return m
}

func route(t *rapid.T, e jt808.Edition) jt808.Message {
	m := jt808.SetRoute{RouteID: u32(t), Attr: u16(t)}
	if m.Attr&jt808.AreaTimed != 0 {
		m.From, m.Until = clock(t), clock(t)
	}
	for range rapid.IntRange(1, 9).Draw(t, "n") {
		turn := jt808.Turn{
			ID: u32(t), Section: u32(t), Vertex: jt808.Vertex{LatE6: u32(t), LonE6: u32(t)}, WidthM: u8(t), Attr: u8(t),
		}
		if turn.Attr&1 != 0 {
			turn.LongS, turn.ShortS = u16(t), u16(t)
		}
		if turn.Attr&2 != 0 {
			turn.TopKmh, turn.OverS = u16(t), u8(t)
			if e == jt808.Edition2019 {
				turn.NightKmh = u16(t)
			}
		}
		m.Turns = append(m.Turns, turn)
	}
	if e == jt808.Edition2019 {
		m.Name = text(t, 30)
	}
	return m
}

func TestMessagesSurviveTheWire(t *testing.T) {
	for name, draw := range messages {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := header(t)
				m := draw(t, h.Edition())
				wire, n, err := jt808.Append(nil, h, u16(t), m)
				if err != nil {
					t.Fatal(err)
				}
				got := received(t, wire, n)
				if !same(got, m) {
					t.Fatalf("got  %#v\nwant %#v", got, m)
				}
			})
		})
	}
}

// same compares as DeepEqual does, but for no bytes and nil.
func same(a, b jt808.Message) bool {
	say := func(m jt808.Message) string {
		return strings.ReplaceAll(fmt.Sprintf("%#v", m), "jt808.Hex{}", "jt808.Hex(nil)")
	}
	return say(a) == say(b)
}

// received puts together what travels.
func received(t *rapid.T, wire []byte, frames int) jt808.Message {
	var long jt808.Assembler
	list, _ := chunks(t, strings.NewReader(string(wire)))
	if len(list) != frames {
		t.Fatalf("%d frames, told %d", len(list), frames)
	}
	for _, chunk := range list {
		f, err := jt808.Decode(unhex(chunk))
		if err != nil {
			t.Fatal(err)
		}
		if !f.Whole() {
			var ok bool
			if f, ok, err = long.Add(f, time.Time{}); err != nil {
				t.Fatal(err)
			} else if !ok {
				continue
			}
		}
		m, err := f.Message()
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	t.Fatal("a part is missing")
	return nil
}
