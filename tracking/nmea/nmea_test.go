package nmea

import (
	"errors"
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"jiujin/tracking"
	"jiujin/tracking/trackingtest"
)

const (
	rmc = "$GNRMC,164414.90,A,4650.5156500,N,01246.1059604,E,0.018,,091123,,,A,V*15"
	gll = "$GNGLL,4650.5156500,N,01246.1059604,E,164414.90,A,A*77"
	gga = "$GPGGA,082350.000,5355.0314,N,01044.1271,E,1,10,0.7,-46.0,M,0.0,M,0.0,0000"
	sw  = "$GPRMC,161223.000,A,2517.0545,S,05739.1788,W,0.0,0.0,011196,,,A*61"
	off = "$GPRMC,192350.000,V,0000.0000,N,00000.0000,E,,,110318,,*12"
)

func read(t *testing.T, r *Reader, line string) tracking.RawFix {
	t.Helper()
	l, err := r.Read(line)
	if err != nil || len(l.Fixes) != 1 {
		t.Fatalf("%s: %+v, %v", line, l, err)
	}
	return l.Fixes[0]
}

func TestSentences(t *testing.T) {
	f := read(t, &Reader{}, rmc+"\r\n")
	if !f.FixedAt.Equal(time.Date(2023, 11, 9, 16, 44, 14, 9e8, time.UTC)) || !near(f.Lat, 46.8419275) || !near(f.Lon, 12.7684327) ||
		!near(f.SpeedKmh.Value, 0.033336) || f.HeadingDeg.Known || f.NoFix || f.Source != "nmea" {
		t.Errorf("RMC: %+v", f)
	}
	if f = read(t, &Reader{}, gga); !near(f.Lat, 53.91719) || f.AltM != tracking.Read(-46) || f.Vitals.Satellites != tracking.Read(10) || !f.FixedAt.IsZero() || f.NoFix {
		t.Errorf("GGA: %+v", f)
	}
	if f = read(t, &Reader{}, gll); !near(f.Lon, 12.7684327) || f.NoFix || !f.FixedAt.IsZero() {
		t.Errorf("GLL: %+v", f)
	}
	if f = read(t, &Reader{}, sw); !near(f.Lat, -25.2842417) || !near(f.Lon, -57.65298) || f.FixedAt.Year() != 1996 || f.SpeedKmh != tracking.Read(0) {
		t.Errorf("in the south-west: %+v", f)
	}
	if f = read(t, &Reader{}, off); !f.NoFix {
		t.Errorf("without a fix: %+v", f)
	}
}

func near(a, b float64) bool { return math.Abs(a-b) < 1e-7 }

// The date of an RMC holds for the sentences after it; midnight may lie between, either way.
func TestDateIsCarriedOver(t *testing.T) {
	var r Reader
	at := func(clock string) time.Time {
		return read(t, &r, "$GPGGA,"+clock+",5355.0314,N,01044.1271,E,1,10,0.7,1,M,0,M,,").FixedAt
	}
	read(t, &r, "$GPRMC,235958,A,5355.0314,N,01044.1271,E,1,1,311223,,")
	for _, step := range []struct {
		clock string
		want  time.Time
	}{
		{"235959", time.Date(2023, 12, 31, 23, 59, 59, 0, time.UTC)},
		{"000000.5", time.Date(2024, 1, 1, 0, 0, 0, 5e8, time.UTC)},
		{"235959.9", time.Date(2023, 12, 31, 23, 59, 59, 9e8, time.UTC)},
		{"000001", time.Date(2024, 1, 1, 0, 0, 1, 0, time.UTC)},
	} {
		if got := at(step.clock); !got.Equal(step.want) {
			t.Errorf("%s is %v, want %v", step.clock, got, step.want)
		}
	}
	if _, err := r.Read("$GPZDA,120000.00,05,06,2024,00,00"); err != nil {
		t.Fatal(err)
	}
	if got := at("120001"); !got.Equal(time.Date(2024, 6, 5, 12, 0, 1, 0, time.UTC)) {
		t.Errorf("after ZDA: %v", got)
	}
	if _, err := r.Read("$GPRMC,130000,A,5355.0314,N,01044.1271,E,1,1,010125,,*00"); !errors.Is(err, ErrChecksum) {
		t.Errorf("a wrong checksum: %v", err)
	}
	if got := at("120002"); got.Year() != 2024 {
		t.Errorf("a damaged sentence set the date: %v", got)
	}
}

func TestChecksums(t *testing.T) {
	for line, want := range map[string]error{
		rmc:                             nil,
		rmc[:len(rmc)-1] + "4":          ErrChecksum,
		"$GNRMC" + rmc[6:len(rmc)-3]:    nil, // none
		gll[:len(gll)-3] + " * 77":      nil,
		gll[:len(gll)-1]:                ErrChecksum, // one digit
		"$GPTXT,NET,1003,A1,-53,232 01": nil,
	} {
		if _, err := new(Reader).Read(line); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", line, err, want)
		}
	}
}

func TestIdentities(t *testing.T) {
	for line, want := range map[string][2]string{
		"$IMEI=355797031609284":                                 {"IMEI", "355797031609284"},
		"IMEI 351467108700000":                                  {"", "351467108700000"},
		"355096030432529" + gga:                                 {"GPGGA", "355096030432529"},
		"990000561287964," + rmc:                                {"GNRMC", "990000561287964"},
		"$ID,355826017981316,666,370,ALARM,0x00004000":          {"ID", "355826017981316"},
		"QZE,868994033976700,35,28062020,113553,22.13673,114.5": {"", "868994033976700"},
		"$GPTXT,NET,355826017981316":                            {"GPTXT", ""},
		"":                                                      {},
		"$":                                                     {},
	} {
		l, err := new(Reader).Read(line)
		if err != nil || l.Sentence != want[0] || l.Device != want[1] {
			t.Errorf("%s: %+v, %v", line, l, err)
		}
	}
}

func TestImpossibleFieldsAndEmptyOnes(t *testing.T) {
	for _, line := range []string{
		"$GPRMC,250000,A,5355.0314,N,01044.1271,E,1,1,311223,,",
		"$GPRMC,120000,A,9955.0314,N,01044.1271,E,1,1,311223,,",
		"$GPRMC,120000,A,5365.0314,N,01044.1271,E,1,1,311223,,",
		"$GPRMC,120000,A,5355.0314,X,01044.1271,E,1,1,311223,,",
		"$GPRMC,120000,A,5355.0314,N,18100.0,E,1,1,311223,,",
		"$GPRMC,120000,A,5355.0314,N,NaN,E,1,1,311223,,",
		"$GPRMC,120000,A,5355.0314,N,01044.1271,E,1,1,321223,,",
		"$GPGLL,5355.0314,N",
	} {
		if l, err := new(Reader).Read(line); err == nil || len(l.Fixes) > 0 {
			t.Errorf("%s: %+v, %v", line, l, err)
		}
	}
	for _, line := range []string{"$GPRMC,,V,,,,,,,,,,N*53", "$GPGGA,,,,,,0,,,,,,,,", "$GPGSV,1,1,00"} {
		if l, err := new(Reader).Read(line); err != nil || len(l.Fixes) > 0 {
			t.Errorf("%s: %+v, %v", line, l, err)
		}
	}
	f := read(t, &Reader{}, "$GPRMC,120000,A,5355.0314,N,01044.1271,E,fast,400,311279,,")
	if f.SpeedKmh.Known || f.HeadingDeg.Known || f.FixedAt.Year() != 2079 {
		t.Errorf("%+v", f)
	}
}

// write is a receiver's RMC.
func write(at time.Time, lat, lon, knots, course float64) string {
	side := func(v float64, width int, plus, minus string) string {
		sign := plus
		if v < 0 {
			sign, v = minus, -v
		}
		tenthousandths := int(math.Round(v * 60 * 1e4))
		return fmt.Sprintf("%0*d%02d.%04d,%s", width, tenthousandths/600_000, tenthousandths/10_000%60, tenthousandths%10_000, sign)
	}
	body := fmt.Sprintf("GNRMC,%s,A,%s,%s,%.2f,%.1f,%s,,", at.Format("150405.000"), side(lat, 2, "N", "S"), side(lon, 3, "E", "W"), knots, course, at.Format("020106"))
	var sum byte
	for i := range len(body) {
		sum ^= body[i]
	}
	return fmt.Sprintf("$%s*%02X", body, sum)
}

func TestReadIsTheInverseOfWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := time.UnixMilli(rapid.Int64Range(315532800000, 3471292799999).Draw(t, "ms")).UTC() // 1980 to 2079
		lat, lon := rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon")
		knots, course := rapid.Float64Range(0, 150).Draw(t, "knots"), rapid.Float64Range(0, 359.9).Draw(t, "course")
		line := write(at, lat, lon, knots, course)
		l, err := new(Reader).Read(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		f := l.Fixes[0]
		if !f.FixedAt.Equal(at) || math.Abs(f.Lat-lat) > 1e-6 || math.Abs(f.Lon-lon) > 1e-6 ||
			math.Abs(f.SpeedKmh.Value-knots*1.852) > 0.01 || math.Abs(f.HeadingDeg.Value-course) > 0.051 {
			t.Fatalf("%s is %+v", line, f)
		}
	})
}

// vector is one line of a file of public sentences, and what they decode to.
type vector struct {
	Text   string
	Expect struct {
		Sentence string
		Prefix   string
		Checksum any        `json:"checksum_ok"`
		Time     *time.Time `json:"time_utc"`
		Lat, Lon *float64
		Valid    *bool
		Speed    *float64 `json:"speed_kmh"`
		Course   *float64
		Alt      *float64 `json:"alt_m"`
		Sats     *float64
	}
}

// Each sentence is read by itself. One source counts the blanks round the star of a checksum; we do not, and it is right.
func TestPublicSentences(t *testing.T) {
	for i, v := range trackingtest.Recorded(t, "nmea.jsonl", vector{}) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			want := v.Expect
			l, err := new(Reader).Read(v.Text)
			if bad := want.Checksum == false && want.Prefix == ""; bad != errors.Is(err, ErrChecksum) || err != nil && !bad {
				t.Errorf("%s: %v", v.Text, err)
			}
			if (len(l.Fixes) == 1) != (want.Lat != nil) {
				t.Fatalf("%s: %+v", v.Text, l)
			}
			if want.Lat == nil {
				return
			}
			f := l.Fixes[0]
			if l.Sentence != want.Sentence || !near(f.Lat, *want.Lat) || !near(f.Lon, *want.Lon) || want.Valid != nil && f.NoFix == *want.Valid ||
				want.Time != nil && !f.FixedAt.Equal(*want.Time) || want.Time == nil && !f.FixedAt.IsZero() ||
				!agrees(f.SpeedKmh, want.Speed) || !agrees(f.HeadingDeg, want.Course) || !agrees(f.AltM, want.Alt) ||
				want.Sats != nil && f.Vitals.Satellites != tracking.Read(*want.Sats) {
				t.Errorf("%s: %+v", v.Text, f)
			}
		})
	}
}

func agrees(r tracking.Reading, want *float64) bool {
	return r.Known == (want != nil) && (want == nil || math.Abs(r.Value-*want) < 1e-3)
}

func FuzzRead(f *testing.F) {
	for _, line := range []string{rmc, gll, gga, sw, off, "IMEI 351467108700000", "$GPZDA,120000.00,05,06,2024,00,00"} {
		f.Add(line, gga)
	}
	for _, v := range trackingtest.Recorded(f, "nmea.jsonl", vector{}) {
		f.Add(v.Text, gll)
	}
	f.Fuzz(func(t *testing.T, first, second string) {
		var r Reader
		for _, line := range []string{first, second} {
			l, err := r.Read(line)
			for _, f := range l.Fixes {
				if !(math.Abs(f.Lat) <= 90 && math.Abs(f.Lon) <= 180) || f.SpeedKmh.Value < 0 || f.FixedAt.Year() > 10_000 {
					t.Fatalf("%q: %+v, %v", line, f, err)
				}
			}
		}
	})
}
