package main

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"os"
	"strings"
	"time"

	"jiujin/tracking"
	"jiujin/tracking/gt06"
	"jiujin/tracking/jt808"
	"jiujin/tracking/nmea"
	"jiujin/tracking/osmand"
	"jiujin/tracking/owntracks"
	"jiujin/tracking/traccar"
)

type decodeCmd struct {
	Protocol string `arg:"" enum:"jt808,gt06,osmand,owntracks,nmea,traccar" help:"jt808, gt06, osmand, owntracks, nmea or traccar."`
}

// Run answers standard input line by line, also with lines that are not worth it.
func (d *decodeCmd) Run() error { return decodeLines(os.Stdin, os.Stdout, d.Protocol) }

// lineMax is the longest line that is read; what a longer one holds is passed over.
const lineMax = 16 << 20

// decodeLines writes one line for each that it reads, in order and at once. It ends with the input, or when nobody reads
// the output.
func decodeLines(r io.Reader, w io.Writer, protocol string) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, tooLong, err := readLine(in)
		if errors.Is(err, io.EOF) && len(line) == 0 && !tooLong {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read standard input: %w", err)
		}
		var out []byte
		if tooLong {
			out = encode(refused(fmt.Errorf("the line has more than %d bytes", lineMax)))
		} else {
			out = decodeLine(line, protocol)
		}
		if _, err := w.Write(append(out, '\n')); err != nil {
			return fmt.Errorf("write standard output: %w", err)
		}
	}
}

// readLine reads up to the next line end. Of a line that is too long it keeps nothing.
func readLine(in *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := in.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > lineMax; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}

// decoded is what a frame or message says. Keys that do not apply are left out.
type decoded struct {
	OK      bool    `json:"ok"`
	Error   string  `json:"error,omitempty"`
	MsgID   string  `json:"msg_id,omitempty"`  // "0x12", "GNRMC", "location"
	Version string  `json:"version,omitempty"` // which form of the protocol
	Device  string  `json:"device,omitempty"`  // what it calls itself
	Serial  *uint16 `json:"serial,omitempty"`
	Event   string  `json:"event,omitempty"`  // OwnTracks: enter or leave
	Region  string  `json:"region,omitempty"` // and what
	Note    string  `json:"note,omitempty"`   // for people
	Fixes   []point `json:"fixes"`
}

// point is a position. What the device does not say is null, or left out below valid.
type point struct {
	Lat        float64  `json:"lat"`
	Lon        float64  `json:"lon"`
	TimeUTC    *string  `json:"time_utc"`
	SpeedKmh   *float64 `json:"speed_kmh"`
	Course     *float64 `json:"course"`
	AltM       *float64 `json:"alt_m"`
	Valid      bool     `json:"valid"` // the receiver had a fix
	AccuracyM  *float64 `json:"accuracy_m,omitempty"`
	Satellites *float64 `json:"satellites,omitempty"`
	BatteryPct *float64 `json:"battery_pct,omitempty"`
	Ignition   *bool    `json:"ignition,omitempty"`
	Replay     bool     `json:"replay,omitempty"`
	SOS        bool     `json:"sos,omitempty"`
	Mock       bool     `json:"mock,omitempty"`
}

func refused(err error) decoded { return decoded{Error: err.Error()} }

// fail notes the first error.
func (d *decoded) fail(err error) {
	if d.Error == "" && err != nil {
		d.OK, d.Error = false, err.Error()
	}
}

// add lists a fix, with its place to so many decimals, or notes why it cannot be read.
func (d *decoded) add(f tracking.RawFix, decimals int) {
	if f.Unread != nil {
		d.fail(errors.New(f.Unread.Detail))
		return
	}
	p := point{
		Lat: round(f.Lat, decimals), Lon: round(f.Lon, decimals), SpeedKmh: rounded(f.SpeedKmh), Course: rounded(f.HeadingDeg), AltM: rounded(f.AltM),
		Valid: !f.NoFix, AccuracyM: rounded(f.AccuracyM), Replay: f.Replay,
	}
	if !f.FixedAt.IsZero() {
		text := timeText(f.FixedAt)
		p.TimeUTC = &text
	}
	if f.Ignition != tracking.Unsaid {
		on := f.Ignition == tracking.On
		p.Ignition = &on
	}
	if v := f.Vitals; v != nil {
		p.Satellites, p.BatteryPct, p.SOS, p.Mock = rounded(v.Satellites), rounded(v.BatteryPct), v.SOS, v.Mock
	}
	d.Fixes = append(d.Fixes, p)
}

// timeText is RFC 3339 with as many decimals as receivers give: none, two, three or what there is.
func timeText(at time.Time) string {
	layout := "2006-01-02T15:04:05Z"
	switch ns := at.Nanosecond(); {
	case ns == 0:
	case ns%1e7 == 0:
		layout = "2006-01-02T15:04:05.00Z"
	case ns%1e6 == 0:
		layout = "2006-01-02T15:04:05.000Z"
	default:
		layout = time.RFC3339Nano
	}
	return at.UTC().Format(layout)
}

func round(v float64, decimals int) float64 {
	scale := math.Pow10(decimals)
	if out := math.Round(v*scale) / scale; !math.IsInf(out, 0) {
		return out
	}
	return v
}

func rounded(r tracking.Reading) *float64 {
	return tracking.Reading{Value: round(r.Value, 3), Known: r.Known}.Ptr()
}

// encode writes v as JSON; what cannot be written becomes the reason for that.
func encode(v any) []byte {
	if d, ok := v.(decoded); ok && d.Fixes == nil {
		d.Fixes = []point{}
		v = d
	}
	out, err := json.Marshal(v)
	if err != nil {
		return encode(refused(err))
	}
	return out
}

// decodeLine is the answer to one line. A fault of ours is told like a broken line, so that the lines after it are read.
func decodeLine(line []byte, protocol string) (out []byte) {
	defer func() {
		if fault := recover(); fault != nil {
			out = encode(refused(fmt.Errorf("this line breaks the decoder, please report it: %v", fault)))
		}
	}()
	line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
	var keys map[string]json.RawMessage
	if err := json.Unmarshal(line, &keys); err != nil || keys == nil {
		return encode(refused(errors.New(`the line is no JSON object such as {"hex":"7e…"} or {"text":"…"}`)))
	}
	text := func(name string) (s string) {
		_ = json.Unmarshal(keys[name], &s) // what is not a text is not there
		return s
	}
	raw, err := hex.DecodeString(strings.Join(strings.Fields(text("hex")), ""))
	if written := text("text"); written != "" && protocol != "jt808" && protocol != "gt06" {
		raw, err = []byte(written), nil
	}
	switch {
	case err != nil:
		return encode(refused(fmt.Errorf("hex: %w", err)))
	case len(raw) == 0:
		return encode(refused(errors.New(`nothing to decode: give "hex", or "text" for a protocol of text`)))
	}
	switch protocol {
	case "jt808":
		what, _ := jt808.Describe(raw)
		return encode(what)
	case "gt06":
		return encode(decodeGT06(raw))
	case "osmand":
		return encode(decodeOsmAnd(string(raw)))
	case "owntracks":
		passphrase := text("passphrase")
		if passphrase == "" {
			passphrase = text("key")
		}
		return encode(decodeOwnTracks(raw, passphrase))
	case "traccar":
		return encode(decodeTraccar(raw))
	default:
		return encode(decodeNMEA(string(raw)))
	}
}

// decodeGT06 reads the frames in raw: head and serial are those of the first, positions those of all. A frame with a
// wrong checksum is shown as it reads, but not ok.
func decodeGT06(raw []byte) decoded {
	frames := gt06.Split(raw)
	if _, err := gt06.Parse(raw); err == nil {
		frames = [][]byte{raw}
	}
	if len(frames) == 0 {
		_, err := gt06.Parse(raw)
		return refused(errors.Join(errors.New("no frame of GT06"), err))
	}
	d := decoded{OK: true, Version: "gt06"}
	for i, b := range frames {
		f, err := gt06.Parse(b)
		d.fail(err)
		if i == 0 && !errors.Is(err, gt06.ErrShort) {
			d.MsgID, d.Serial = fmt.Sprintf("0x%02x", f.Type), &f.Serial
		}
		if imei, ok := f.IMEI(); ok && d.Device == "" {
			d.Device = imei
		}
		if fix, ok := f.Fix(); ok {
			d.add(fix, 6) // a step of the protocol is 0.6 millionths of a degree
		}
	}
	return d
}

// decodeOsmAnd reads the JSON form, an address with its parameters, or the parameters alone.
func decodeOsmAnd(text string) decoded {
	text = strings.TrimSpace(text)
	d := decoded{OK: true, Version: "query"}
	var m osmand.Message
	if strings.HasPrefix(text, "{") {
		d.Version = "json"
		var err error
		if m, err = osmand.JSON([]byte(text), time.Time{}); err != nil {
			return refused(err)
		}
	} else {
		for _, method := range []string{"GET ", "POST "} {
			text = strings.TrimPrefix(text, method)
		}
		text, _, _ = strings.Cut(text, " HTTP/")
		if _, query, ok := strings.Cut(text, "?"); ok {
			text = query
		}
		q, _ := url.ParseQuery(text) // what cannot be read of it is missing
		m = osmand.Query(q, time.Time{})
	}
	d.Device = m.Device
	for _, f := range m.Fixes {
		d.add(f, 7)
	}
	if m.Device == "" {
		d.fail(errors.New("the device does not say who it is (id)"))
	}
	return d
}

func decodeOwnTracks(raw []byte, passphrase string) decoded {
	m, err := owntracks.Decode(raw, passphrase)
	d := decoded{OK: true, MsgID: m.Type, Version: "json", Device: m.Topic, Event: m.Event, Region: m.Region}
	switch {
	case errors.Is(err, owntracks.ErrSealed):
		d.Note = `encrypted: give the passphrase as "key"`
	case err != nil && m.Type == "":
		return refused(err)
	default:
		d.fail(err)
	}
	if m.Encrypted {
		d.MsgID = "encrypted"
		if m.Type != d.MsgID {
			d.Note = "holds a " + m.Type
		}
	}
	for _, f := range m.Fixes {
		d.add(f, 7)
	}
	return d
}

func decodeTraccar(raw []byte) decoded {
	m, err := traccar.Decode(raw)
	if err != nil {
		return refused(err)
	}
	d := decoded{OK: true, Version: "json", Device: m.Device}
	d.add(m.Fix, 7)
	return d
}

// decodeNMEA reads the sentences of a text, one a line, as of one receiver: the date of an RMC holds for those after it.
func decodeNMEA(text string) decoded {
	d := decoded{OK: true, Version: "nmea-0183"}
	var r nmea.Reader
	for line := range strings.Lines(text) {
		l, err := r.Read(line)
		d.fail(err)
		if d.MsgID == "" {
			d.MsgID = l.Sentence
		}
		if d.Device == "" {
			d.Device = l.Device
		}
		for _, f := range l.Fixes {
			d.add(f, 7)
		}
	}
	return d
}
