package gt06

import (
	"bytes"
	"encoding/hex"
	"errors"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/tracking"
	"jiujin/tracking/trackingtest"
)

// Frames that units have sent, so that the package is tested where no folder of test data is.
var (
	login     = unhex("78780d01012345678901234500018cdd0d0a")
	heartbeat = unhex("78780a13560604f0830ccf986f0d0a")
	position  = unhex("78781f120f0a140e150bc505e51e780293a9e800540000f601006e0055da00035f240d0a")
	alarm     = unhex("7878251610051b0f1c34c5022515d504b5dcd20738080902d4022bdf009cba5006640201006759680d0a")
	replayed  = unhex("787822220e0914160f07c9021a362805090a7800d8b802d402c30e00a98a0105010213f4bb0d0a")
	parts     = Frame{Long: true, Type: typeModular, Serial: 6, Body: unhex("00000001020035000100" +
		"003300125d62bf3a0800e804b5994308814a87001d5d00340006115d62bf2900")}.Encode()
	seeds = [][]byte{login, heartbeat, position, alarm, replayed, parts}
)

func unhex(text string) []byte {
	b, err := hex.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return b
}

func parse(t *testing.T, b []byte) Frame {
	t.Helper()
	f, err := Parse(b)
	if err != nil {
		t.Fatalf("%x: %v", b, err)
	}
	return f
}

func TestLoginAndItsReply(t *testing.T) {
	f := parse(t, login)
	if imei, ok := f.IMEI(); !ok || imei != "123456789012345" {
		t.Errorf("IMEI %q", imei)
	}
	if got, want := f.Reply(), unhex("7878050100010000"); !bytes.Equal(got[:6], want[:6]) {
		t.Errorf("reply %x", got)
	}
	if r := parse(t, f.Reply()); r.Type != TypeLogin || r.Serial != f.Serial || len(r.Body) != 0 {
		t.Errorf("reply %+v", r)
	}
	f.Body = unhex("0a23456789012345")
	if imei, ok := f.IMEI(); ok {
		t.Errorf("%q is no IMEI", imei)
	}
}

func TestPositions(t *testing.T) {
	fix, ok := parse(t, position).Fix()
	at := time.Date(2015, 10, 20, 14, 21, 11, 0, time.UTC)
	if !ok || !fix.FixedAt.Equal(at) || !near(fix.Lat, 54.945347) || !near(fix.Lon, 24.017622) || fix.NoFix ||
		fix.SpeedKmh != tracking.Read(0) || fix.HeadingDeg != tracking.Read(0) || fix.Vitals.Satellites != tracking.Read(5) || fix.Source != "gt06" {
		t.Errorf("%+v, %v", fix, ok)
	}
	if fix, ok = parse(t, replayed).Fix(); !ok || !fix.Replay || fix.Ignition != tracking.On || fix.Lat > 0 || fix.Lon > 0 {
		t.Errorf("replayed in the south-west: %+v, %v", fix, ok)
	}
	if fix, ok = parse(t, alarm).Fix(); !ok || fix.Vitals.SOS || fix.Vitals.SignalPct.Known || fix.SpeedKmh != tracking.Read(7) {
		t.Errorf("alarm: %+v, %v", fix, ok)
	}
	if fix, ok = parse(t, parts).Fix(); !ok || !near(fix.Lat, 43.894508) || !near(fix.Lon, -79.272751) || fix.AltM != tracking.Read(232) {
		t.Errorf("of parts: %+v, %v", fix, ok)
	}
}

func near(a, b float64) bool { return a-b < 1e-6 && b-a < 1e-6 }

// The numbers of types are used for other things, too: what cannot be a position is none.
func TestOtherLayoutsAreNoPositions(t *testing.T) {
	good := parse(t, position)
	for what, change := range map[string]func(b []byte){
		"month 13":     func(b []byte) { b[1] = 13 },
		"30 February":  func(b []byte) { b[1], b[2] = 2, 30 },
		"hour 24":      func(b []byte) { b[3] = 24 },
		"latitude 95°": func(b []byte) { copy(b[7:], []byte{0x0a, 0x31, 0x2d, 0x00}) },
	} {
		f := good
		f.Body = slices.Clone(good.Body)
		change(f.Body)
		if fix, ok := f.Fix(); ok {
			t.Errorf("%s: %+v", what, fix)
		}
	}
	for what, f := range map[string]Frame{
		"short":   {Type: 0x12, Body: good.Body[:17]},
		"long":    {Type: 0x12, Body: good.Body, Long: true},
		"unknown": {Type: 0x99, Body: good.Body},
	} {
		if fix, ok := f.Fix(); ok {
			t.Errorf("%s: %+v", what, fix)
		}
	}
}

func TestStatus(t *testing.T) {
	s, ok := parse(t, heartbeat).Status()
	if !ok || s.Ignition != tracking.On || !s.Charging || s.BatteryPct != tracking.Read(100) || s.SignalPct != tracking.Read(100) || s.SOS {
		t.Errorf("%+v, %v", s, ok)
	}
	sos := Frame{Type: TypeHeartbeat, Body: []byte{4 << 3, 3, 0, 0, 2}}
	if s, _ := sos.Status(); !s.SOS || s.Ignition != tracking.Off || s.BatteryPct != tracking.Read(50) {
		t.Errorf("%+v", s)
	}
	if s, ok := parse(t, login).Status(); ok {
		t.Errorf("a login has a status: %+v", s)
	}
}

func TestBrokenFrames(t *testing.T) {
	for _, b := range seeds {
		for i := range b[2 : len(b)-2] {
			broken := slices.Clone(b)
			broken[2+i] ^= 0x10
			if _, err := Parse(broken); !errors.Is(err, ErrChecksum) {
				t.Errorf("%x: %v", broken, err)
			}
		}
	}
	for text, want := range map[string]error{"": ErrStart, "7878": ErrStart, "78780d0a": ErrShort, "787905010001d9dc0d0a": ErrStart, "7878050100010000": ErrStart} {
		if _, err := Parse(unhex(text)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", text, err, want)
		}
	}
}

// A unit that writes a wrong length is understood as long as the CRC is right.
func TestCutByTailWhenTheLengthIsWrong(t *testing.T) {
	odd := unhex("787808134606020002044dc5050d0a")
	for _, stream := range [][]byte{odd, slices.Concat(odd, login), slices.Concat(login, odd, heartbeat)} {
		whole := 0
		for _, frame := range Split(stream) {
			if _, err := Parse(frame); err == nil {
				whole++
			}
		}
		if want := bytes.Count(stream, []byte{0x0d, 0x0a}); whole != want {
			t.Errorf("%x: %d frames, want %d", stream, whole, want)
		}
	}
}

func drawFrame(t *rapid.T) Frame {
	f := Frame{Long: rapid.Bool().Draw(t, "long"), Type: rapid.Byte().Draw(t, "type"), Serial: rapid.Uint16().Draw(t, "serial")}
	most := 250
	if f.Long {
		most = 600
	}
	f.Body = rapid.SliceOfN(rapid.Byte(), 0, most).Draw(t, "body")
	return f
}

func TestParseIsTheInverseOfEncode(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := drawFrame(t)
		got, err := Parse(f.Encode())
		if err != nil || got.Long != f.Long || got.Type != f.Type || got.Serial != f.Serial || !bytes.Equal(got.Body, f.Body) {
			t.Fatalf("%+v became %+v, %v", f, got, err)
		}
	})
}

// Frames come out in order, however the stream is cut up and whatever junk stands between them.
func TestCutFindsEveryFrameInAStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var stream []byte
		var want [][]byte
		junk := rapid.SliceOfN(rapid.Byte().Filter(func(c byte) bool { return c != 0x78 && c != 0x79 }), 0, 20)
		for range rapid.IntRange(1, 6).Draw(t, "frames") {
			stream = append(stream, junk.Draw(t, "junk")...)
			frame := drawFrame(t).Encode()
			stream, want = append(stream, frame...), append(want, frame)
		}
		var got [][]byte
		var buf []byte
		for len(stream) > 0 {
			n := rapid.IntRange(1, len(stream)).Draw(t, "segment")
			buf, stream = append(buf, stream[:n]...), stream[n:]
			got, buf = drain(t, got, buf, false)
		}
		if got, buf = drain(t, got, buf, true); len(buf) > 0 || !slices.EqualFunc(got, want, bytes.Equal) {
			t.Fatalf("cut %x\nwant %x\nleft %x", got, want, buf)
		}
	})
}

func drain(t rapid.TB, got [][]byte, buf []byte, last bool) ([][]byte, []byte) {
	for {
		frame, n := Cut(buf, last)
		if n == 0 {
			return got, buf
		}
		if frame != nil {
			got = append(got, slices.Clone(frame))
		}
		if n > len(buf) || n < len(frame) {
			t.Fatalf("Cut is done with %d of %d bytes", n, len(buf))
		}
		buf = buf[n:]
	}
}

// After a piece of a frame, or a false beginning, the next whole frames are found.
func TestCutGetsBackInStep(t *testing.T) {
	for _, junk := range []string{"7878", "79794fff", "7979ffff", "78781f120f0a14", "787805", "78", "0d0a7878000d0a", "7878ff0d0a"} {
		stream := slices.Concat(unhex(junk), position, heartbeat, position)
		found := 0
		for _, frame := range Split(stream) {
			if bytes.Equal(frame, position) || bytes.Equal(frame, heartbeat) {
				found++
			}
		}
		if found != 3 {
			t.Errorf("after %s: %d frames of 3", junk, found)
		}
	}
}

func FuzzFrames(f *testing.F) {
	for _, b := range seeds {
		f.Add(b)
	}
	f.Add(slices.Concat(seeds...))
	f.Add([]byte("x")) // half a beginning, and no more
	for _, v := range trackingtest.Recorded(f, "gt06.jsonl", vector{}) {
		f.Add(unhex(v.Hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for len(b) > 0 {
			frame, n := Cut(b, true)
			if n == 0 || n > len(b) || len(frame) > n {
				t.Fatalf("Cut is done with %d of %d bytes and has a frame of %d", n, len(b), len(frame))
			}
			b = b[n:]
			if frame == nil {
				continue
			}
			parsed, err := Parse(frame)
			fix, ok := parsed.Fix()
			if ok && !(fix.Lat >= -90 && fix.Lat <= 90 && fix.Lon >= -180 && fix.Lon <= 180 && !fix.FixedAt.IsZero()) {
				t.Fatalf("%x: an impossible position %+v", frame, fix)
			}
			if err == nil && len(parsed.Body) <= 250 {
				if again, err := Parse(parsed.Encode()); err != nil || again.Type != parsed.Type || !bytes.Equal(again.Body, parsed.Body) {
					t.Fatalf("%x: encoded again it is %+v, %v", frame, again, err)
				}
			}
			parsed.IMEI()
			parsed.Status()
		}
	})
}
