package terminal

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// The frames below are the worked examples of the report on devices, which were computed by two other programs.

var (
	old   = Unit{Phone: "013800138000"}
	new19 = Unit{Phone: "13800138000", V2019: true}
	plate = []byte{0xd4, 0xc1, 'A', 'D', '1', '2', '3', '4'} // 粤AD1234
	code  = []byte("K7Q2M9XP")
	here  = Position{
		At: time.Date(2026, 11, 22, 1, 30, 15, 0, time.UTC), Lon: 113.264435, Lat: 23.129163, AltM: 21, SpeedKmh: 36.5, HeadingDeg: 90,
	}
)

func plain(s string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

func TestFrames(t *testing.T) {
	car := Registration{Province: 44, City: 106, Maker: "70111", Model: "FD-200", TerminalID: "A000123", Colour: 1, Plate: plate}
	for name, c := range map[string]struct {
		got  []byte
		want string
	}{
		"heartbeat 2013":   {old.Frame(Heartbeat, 5, nil), "7e 0002 0000 013800138000 0005 ad 7e"},
		"heartbeat 2019":   {new19.Frame(Heartbeat, 5, nil), "7e 0002 4000 01 00000000013800138000 0005 ec 7e"},
		"escaped checksum": {old.Frame(Heartbeat, 214, nil), "7e 0002 0000 013800138000 00d6 7d02 7e"},
		"register 2013": {
			old.Frame(Register, 1, car.Body(false)),
			"7e 0100 002d 013800138000 0001 002c 006a 3730313131 46442d3230300000000000000000000000000000 41303030313233 01 d4c1414431323334 be 7e",
		},
		"auth 2013": {old.Frame(Auth, 2, AuthBody(code, false, "", "")), "7e 0102 0008 013800138000 0002 4b3751324d395850 c0 7e"},
		"auth 2019": {
			new19.Frame(Auth, 2, AuthBody(code, true, "866496077582164", "1.2.3")),
			"7e 0102 402c 01 00000000013800138000 0002 08 4b3751324d395850 383636343936303737353832313634 312e322e33000000000000000000000000000000 a2 7e",
		},
	} {
		if !bytes.Equal(c.got, plain(c.want)) {
			t.Errorf("%s\n got %x\nwant %x", name, c.got, plain(c.want))
		}
	}
}

// The example's position has items that the simulator does not send; the 28 fixed bytes are compared, and the batch of
// two bare positions whole.
func TestPositions(t *testing.T) {
	const fixed28 = "00000000 000c0003 0160ec4b 06c04733 0015 016d 005a 261122093015"
	if got := here.Body(); !bytes.Equal(got, plain(fixed28)) {
		t.Errorf("position\n got %x\nwant %x", got, plain(fixed28))
	}
	later := here
	later.At = later.At.Add(10 * time.Second)
	got := old.Frame(Batch, 4, BatchBody([]Position{here, later}, true))
	want := "7e 0704 003f 013800138000 0004 0002 01 001c" + fixed28 + "001c" + strings.Replace(fixed28, "093015", "093025", 1) + "a1 7e"
	if !bytes.Equal(got, plain(want)) {
		t.Errorf("batch\n got %x\nwant %x", got, plain(want))
	}
	numbered := here
	numbered.Number, numbered.Satellites = 0x0001e240, 14
	if got := numbered.Body(); !bytes.Equal(got[28:], plain("0104 0001e240 3101 0e")) {
		t.Errorf("items %x", got[28:])
	}
	south := Position{At: here.At, Lon: -58.38, Lat: -34.6, NoFix: true, Loaded: true}
	if got := south.Body(); !bytes.Equal(got[4:16], plain("000c030d 020ff440 037acee0")) {
		t.Errorf("south-west without a fix %x", got[4:16])
	}
}

func TestReadAnswers(t *testing.T) {
	stream := plain("2424 7e8001 0005 013800138000 0000 0005 0002 00 29 7e" + // junk before the first flag is a frame of its own
		"7e8001 4005 01 00000000013800138000 0000 0005 0002 00 68 7e" +
		"8100 000b 013800138000 0001 0001 00 4b3751324d395850 43 7e") // one flag between two frames
	in := bufio.NewReader(bytes.NewReader(stream))
	if _, err := Read(in); !errors.Is(err, ErrFrame) {
		t.Errorf("junk: %v", err)
	}
	for range 2 {
		m, err := Read(in)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := m.Reply(); err != nil || r != (Reply{Serial: 5, ID: Heartbeat}) {
			t.Errorf("reply %+v, %v", r, err)
		}
	}
	m, err := Read(in)
	if err != nil {
		t.Fatal(err)
	}
	if result, got, err := m.Registered(); err != nil || result != 0 || !bytes.Equal(got, code) {
		t.Errorf("registered %d %q, %v", result, got, err)
	}
	if _, err := m.Reply(); !errors.Is(err, ErrFrame) {
		t.Errorf("an answer to a registration is read as a general reply: %v", err)
	}
	if _, err := Read(in); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

func TestReadRefusesBrokenFrames(t *testing.T) {
	for name, frame := range map[string]string{
		"checksum":       "7e 8001 0005 013800138000 0000 0005 0002 00 28 7e",
		"half an escape": "7e 8001 0005 013800138000 0000 0005 0002 00 7d 7e",
		"length":         "7e 8001 0004 013800138000 0000 0005 0002 00 28 7e",
		"short":          "7e 8001 81 7e",
	} {
		if m, err := Read(bufio.NewReader(bytes.NewReader(plain(frame)))); !errors.Is(err, ErrFrame) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// What is written is read again, whatever bytes it holds.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		u := Unit{Phone: rapid.StringMatching(`[1-9][0-9]{10}`).Draw(t, "phone"), V2019: rapid.Bool().Draw(t, "2019")}
		want := Message{
			ID: rapid.Uint16().Draw(t, "id"), Serial: rapid.Uint16().Draw(t, "serial"),
			Body: rapid.SliceOfN(rapid.SampledFrom([]byte{0, 1, 2, 0x7d, 0x7e, 0xff}), 0, 1023).Draw(t, "body"),
		}
		frame := u.Frame(want.ID, want.Serial, want.Body)
		if bytes.Contains(frame[1:len(frame)-1], []byte{flag}) {
			t.Fatalf("a flag inside of %x", frame)
		}
		got, err := Read(bufio.NewReader(bytes.NewReader(frame)))
		if err != nil || got.ID != want.ID || got.Serial != want.Serial || !bytes.Equal(got.Body, want.Body) {
			t.Fatalf("got %+v, %v; want %+v", got, err, want)
		}
	})
}

// FuzzRead looks for bytes that make the reader panic or take what is not sound.
func FuzzRead(f *testing.F) {
	f.Add(old.Frame(Heartbeat, 214, nil))
	f.Add(new19.Frame(Location, 1, here.Body()))
	f.Add([]byte{flag, 0x7d})
	f.Fuzz(func(t *testing.T, stream []byte) {
		in := bufio.NewReader(bytes.NewReader(stream))
		for {
			m, err := Read(in)
			if err != nil && !errors.Is(err, ErrFrame) {
				return
			}
			if err == nil && len(m.Body) > 1023 {
				t.Fatalf("a body of %d bytes", len(m.Body))
			}
		}
	})
}
