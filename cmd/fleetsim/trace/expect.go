package trace

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"time"
)

// Stats is what is expected of one vehicle over a whole file.
type Stats struct {
	Vehicle         string
	Pings           int
	First, Last     time.Time
	Metres          float64 // sum of the great-circle steps
	OccupiedMetres  float64 // of the steps that begin occupied
	LongestGapS     int
	SameSecondPairs int // steps that take no time
	FastSteps       int // faster than 200 km/h
	Pickups         int // steps from free to occupied
}

// ReadStats reads …expected-vehicle-stats.csv.
func ReadStats(path string) ([]Stats, error) {
	var all []Stats
	err := eachRecord(path, []string{
		"vehicle_id", "pings", "first_ts", "last_ts", "distance_m", "occupied_distance_m", "max_gap_s",
		"same_second_pairs", "steps_over_200kmh", "pickups",
	}, func(f []string) error {
		s := Stats{Vehicle: f[0]}
		var first, last int64
		err := errors.Join(
			scan(f[1], &s.Pings), scan(f[2], &first), scan(f[3], &last), scan(f[4], &s.Metres), scan(f[5], &s.OccupiedMetres),
			scan(f[6], &s.LongestGapS), scan(f[7], &s.SameSecondPairs), scan(f[8], &s.FastSteps), scan(f[9], &s.Pickups))
		s.First, s.Last = time.Unix(first, 0).UTC(), time.Unix(last, 0).UTC()
		all = append(all, s)
		return err
	})
	return all, err
}

// Crossing is one expected event of a fence.
type Crossing struct {
	Vehicle string
	At      time.Time
	Kind    string // enter or exit
}

// ReadCrossings reads …expected-geofence-sfo.csv.
func ReadCrossings(path string) ([]Crossing, error) {
	var all []Crossing
	err := eachRecord(path, []string{"vehicle_id", "ts_unix", "event"}, func(f []string) error {
		var at int64
		err := scan(f[1], &at)
		all = append(all, Crossing{Vehicle: f[0], At: time.Unix(at, 0).UTC(), Kind: f[2]})
		return err
	})
	return all, err
}

// Near is one vehicle of an expected answer.
type Near struct {
	Vehicle string  `json:"vehicle_id"`
	Metres  float64 `json:"metres"`
	AgeS    int     `json:"age_s"`
}

// Query is a moment at which somebody asks who is near, and the answers expected.
type Query struct {
	Number  int     `json:"query"`
	TS      int64   `json:"ts_unix"`
	Lat     float64 `json:"lat"`
	Lon     float64 `json:"lon"`
	MaxAgeS int     `json:"max_age_s"` // older positions do not count
	Any     []Near  `json:"nearest_any"`
	Free    []Near  `json:"nearest_free"`
}

// At is when it is asked.
func (q Query) At() time.Time { return time.Unix(q.TS, 0).UTC() }

// ReadQueries reads …expected-nearest.jsonl.
func ReadQueries(path string) ([]Query, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var all []Query
	for dec := json.NewDecoder(bufio.NewReader(f)); ; {
		var q Query
		if err := dec.Decode(&q); errors.Is(err, io.EOF) {
			return all, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s, query %d: %w", path, len(all), err)
		}
		all = append(all, q)
	}
}

// Snapshot is where every vehicle was last known to be at a moment.
type Snapshot struct {
	At    time.Time
	Known []Place
}

// Place is the newest position of a vehicle.
type Place struct {
	Vehicle  string
	At       time.Time
	Lon, Lat float64
}

// UnmarshalJSON reads [vehicle, Unix seconds, latitude, longitude, age].
func (p *Place) UnmarshalJSON(b []byte) error {
	var at, age float64
	parts := []any{&p.Vehicle, &at, &p.Lat, &p.Lon, &age}
	n := len(parts)
	if err := json.Unmarshal(b, &parts); err != nil {
		return err
	}
	if len(parts) != n {
		return fmt.Errorf("a place has %d parts, not %d", len(parts), n)
	}
	p.At = time.Unix(int64(at), 0).UTC()
	return nil
}

// ReadSnapshots reads the snapshots of …expected.json.
func ReadSnapshots(path string) ([]Snapshot, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Snapshots []struct {
			At    int64   `json:"at_unix"`
			Known []Place `json:"last_known"`
		} `json:"snapshots"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var all []Snapshot
	for _, s := range file.Snapshots {
		all = append(all, Snapshot{At: time.Unix(s.At, 0).UTC(), Known: s.Known})
	}
	return all, nil
}

// eachRecord hands the named columns of every line to fn. An error names the line.
func eachRecord(path string, names []string, fn func([]string) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	in := csv.NewReader(bufio.NewReader(f))
	heading, err := in.Read()
	if err != nil {
		return fmt.Errorf("%s: headings: %w", path, err)
	}
	places := make([]int, len(names))
	for i, name := range names {
		if places[i] = index(heading, name); places[i] < 0 {
			return fmt.Errorf("%s: no column %s", path, name)
		}
	}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		fields := make([]string, len(places))
		for i, k := range places {
			fields[i] = record[k]
		}
		if err := fn(fields); err != nil {
			line, _ := in.FieldPos(0)
			return fmt.Errorf("%s, line %d: %w", path, line, err)
		}
	}
}

// scan reads a number.
func scan[N int | int64 | float64](s string, into *N) error {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return fmt.Errorf("%q is not a number", s)
	}
	*into = N(v)
	return nil
}
