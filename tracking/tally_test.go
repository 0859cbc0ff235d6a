package tracking

import (
	"compress/gzip"
	"encoding/csv"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/paulmach/orb"
)

func TestTallyCountsSteps(t *testing.T) {
	var got Tally
	at := func(ms int, east float64, engaged State, doubt Reason) {
		got.add(&Fix{FixedAt: noon.Add(time.Duration(ms) * time.Millisecond), Point: orb.Point{114 + east, 0}, Engaged: engaged, Doubt: doubt})
	}
	at(0, 0, Off, "")
	at(900, 0.001, On, "")        // same second, picked up
	at(10_000, 0.002, On, "")     // 111 m engaged
	at(11_000, 0.003, Unsaid, "") // 111 m engaged, 400 km/h
	at(12_000, 1.003, On, Jump)   // not known to be free before: no pick-up
	at(72_000, 1.003, Off, "")
	degree := 6371008.8 * math.Pi / 180
	if got.Fixes != 6 || got.SameSecond != 1 || got.Pickups != 1 || got.FastSteps != 2 || got.Doubted[Jump] != 1 || got.LongestGap != time.Minute ||
		!got.First.Equal(noon) || !got.Last.Equal(noon.Add(72*time.Second)) ||
		math.Abs(float64(got.Length)-1.003*degree) > 0.01 || math.Abs(float64(got.Engaged)-0.002*degree) > 0.01 {
		t.Errorf("%+v", got)
	}
}

// gpsTraces is the folder of recorded fleets beside the repository; without it there are no cases.
func gpsTraces() string {
	dir := os.Getenv("JIUJIN_DATA")
	if dir == "" {
		dir = "../../shared/data"
	}
	return filepath.Join(dir, "gps-traces")
}

// rows reads a CSV file, compressed when its name ends in .gz; each gets the cells by their headings.
func rows(t *testing.T, name string, each func(cell func(heading string) string)) {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := csv.NewReader(f)
	if strings.HasSuffix(name, ".gz") {
		z, err := gzip.NewReader(f)
		if err != nil {
			t.Fatal(err)
		}
		r = csv.NewReader(z)
	}
	headings, err := r.Read()
	if err != nil {
		t.Fatal(err)
	}
	r.ReuseRecord = true
	for headings = slices.Clone(headings); ; {
		line, err := r.Read()
		if err == io.EOF {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		each(func(heading string) string { return line[slices.Index(headings, heading)] })
	}
}

func number(t *testing.T, text string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(text, 64)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// The tallies of two recorded days of 500 taxis are those that were computed elsewhere.
func TestTallyOfRecordedFleets(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(gpsTraces(), "sf-cabs-*.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			cabs := make(map[string]*Tally)
			rows(t, file, func(cell func(string) string) {
				name := cell("vehicle_id")
				cab := cabs[name]
				if cab == nil {
					cab = &Tally{}
					cabs[strings.Clone(name)] = cab
				}
				cab.add(&Fix{
					FixedAt: time.Unix(int64(number(t, cell("ts_unix"))), 0), Point: orb.Point{number(t, cell("lon")), number(t, cell("lat"))},
					Engaged: StateOf(cell("occupied") == "1"),
				})
			})
			expected := 0
			rows(t, strings.TrimSuffix(file, ".csv.gz")+".expected-vehicle-stats.csv", func(cell func(string) string) {
				expected++
				got := cabs[cell("vehicle_id")]
				if got == nil {
					t.Errorf("%s is missing", cell("vehicle_id"))
					return
				}
				for name, v := range map[string]float64{
					"pings": float64(got.Fixes), "first_ts": float64(got.First.Unix()), "last_ts": float64(got.Last.Unix()),
					"distance_m": float64(got.Length), "occupied_distance_m": float64(got.Engaged), "max_gap_s": got.LongestGap.Seconds(),
					"same_second_pairs": float64(got.SameSecond), "steps_over_200kmh": float64(got.FastSteps), "pickups": float64(got.Pickups),
				} {
					if want := number(t, cell(name)); math.Abs(v-want) > 1e-6*want+0.1 {
						t.Errorf("%s: %s %v, want %v", cell("vehicle_id"), name, v, want)
					}
				}
			})
			if expected != len(cabs) {
				t.Errorf("%d cabs, want %d", len(cabs), expected)
			}
		})
	}
}
