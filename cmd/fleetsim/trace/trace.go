// Package trace reads files of vehicle positions as others recorded them, and files of what is expected of them.
package trace

import (
	"bufio"
	"compress/gzip"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
	"time"

	"jiujin/geo/datum"
)

// Row is one recorded position.
type Row struct {
	Vehicle  string
	At       time.Time // UTC
	Lon, Lat float64   // in the datum of the file
	SpeedKmh *float64  // nil when the file has none
	Occupied *bool     // nil when the file has none
}

// Options say how a file is to be understood.
type Options struct {
	// Columns gives the heading of a field (vehicle, time, lat, lon, speed, occupied) where the usual ones do not fit.
	Columns map[string]string
	// Zone is that of times without an offset; nil is UTC.
	Zone *time.Location
	// SpeedUnit is that of the speed column: "km/h", "m/s", "mph" or "kn". Empty leaves speeds out, for nothing in a
	// file tells the unit.
	SpeedUnit string
}

// Trace is a file of positions.
type Trace struct {
	Rows []Row // in the order of the file
	// Datum is what the headings of the coordinates say (lat_gcj02); WGS-84 when they say nothing.
	Datum datum.Datum
}

// usual are the headings that are known, by field.
var usual = map[string][]string{
	"vehicle":  {"vehicle_id", "vehicle", "device_id", "id"},
	"time":     {"ts_unix", "timestamp", "time", "ts"},
	"lat":      {"lat", "latitude", "lat_gcj02", "lat_bd09", "lat_wgs84"},
	"lon":      {"lon", "lng", "longitude", "lon_gcj02", "lon_bd09", "lon_wgs84"},
	"speed":    {"speed"},
	"occupied": {"occupied"},
}

// kmhPer is the speed in km/h of one of each unit.
var kmhPer = map[string]float64{"km/h": 1, "m/s": 3.6, "mph": 1.609344, "kn": 1.852}

// Open reads a CSV file, compressed when its name ends in .gz.
func Open(path string, opts Options) (Trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return Trace{}, err
	}
	defer f.Close()
	r, err := plain(f, path)
	if err != nil {
		return Trace{}, err
	}
	t, err := Read(r, opts)
	if err != nil {
		return Trace{}, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// plain is what f holds when it is not compressed.
func plain(f io.Reader, path string) (io.Reader, error) {
	r := io.Reader(bufio.NewReaderSize(f, 1<<16))
	if !strings.HasSuffix(path, ".gz") {
		return r, nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return z, nil
}

// Read reads CSV with headings in the first line. An error names line and heading.
func Read(r io.Reader, opts Options) (Trace, error) {
	in := csv.NewReader(r)
	in.ReuseRecord = true
	heading, err := in.Read()
	if err != nil {
		return Trace{}, fmt.Errorf("headings: %w", err)
	}
	t, c, err := prepare(heading, opts)
	if err != nil {
		return Trace{}, err
	}
	names := map[string]string{} // one copy of each vehicle's name
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			return t, nil
		}
		if err != nil {
			return Trace{}, err
		}
		row, err := c.row(record)
		if err != nil {
			line, _ := in.FieldPos(0)
			return Trace{}, fmt.Errorf("line %d: %w", line, err)
		}
		name, ok := names[row.Vehicle]
		if !ok {
			name = strings.Clone(row.Vehicle)
			names[name] = name
		}
		row.Vehicle = name
		t.Rows = append(t.Rows, row)
	}
}

// columns are the places of the fields in a record; -1 is absent.
type columns struct {
	vehicle, time, lat, lon, speed, occupied int
	opts                                     Options
}

func prepare(heading []string, opts Options) (Trace, columns, error) {
	t := Trace{Datum: datum.WGS84}
	at := map[string]int{}
	for field, names := range usual {
		if given := opts.Columns[field]; given != "" {
			names = []string{given}
		}
		at[field] = -1
		for _, name := range names {
			if i := index(heading, name); i >= 0 && at[field] < 0 {
				at[field] = i
			}
		}
		optional := field == "speed" || field == "occupied"
		if at[field] < 0 && (!optional || opts.Columns[field] != "") {
			return t, columns{}, fmt.Errorf("no heading for %s (one of %s); the file has %s", field, strings.Join(names, ", "), strings.Join(heading, ", "))
		}
	}
	for field := range opts.Columns {
		if _, ok := usual[field]; !ok {
			return t, columns{}, fmt.Errorf("there is no field %s; known are vehicle, time, lat, lon, speed, occupied", field)
		}
	}
	if _, ok := kmhPer[opts.SpeedUnit]; !ok && opts.SpeedUnit != "" {
		return t, columns{}, fmt.Errorf("speed unit %q is not km/h, m/s, mph or kn", opts.SpeedUnit)
	}
	_, suffix, _ := strings.Cut(heading[at["lat"]], "_")
	if d, err := datum.Parse(suffix); err == nil && suffix != "" {
		t.Datum = d
	}
	return t, columns{at["vehicle"], at["time"], at["lat"], at["lon"], at["speed"], at["occupied"], opts}, nil
}

func index(heading []string, name string) int {
	for i, h := range heading {
		if strings.EqualFold(strings.TrimSpace(h), name) {
			return i
		}
	}
	return -1
}

func (c columns) row(record []string) (Row, error) {
	r := Row{Vehicle: record[c.vehicle]}
	if r.Vehicle == "" {
		return r, errors.New("no vehicle")
	}
	var err error
	if r.At, err = moment(record[c.time], c.opts.Zone); err != nil {
		return r, err
	}
	if r.Lat, err = number(record[c.lat]); err != nil {
		return r, fmt.Errorf("latitude: %w", err)
	}
	if r.Lon, err = number(record[c.lon]); err != nil {
		return r, fmt.Errorf("longitude: %w", err)
	}
	if c.speed >= 0 && c.opts.SpeedUnit != "" && record[c.speed] != "" {
		v, err := number(record[c.speed])
		if err != nil {
			return r, fmt.Errorf("speed: %w", err)
		}
		v *= kmhPer[c.opts.SpeedUnit]
		r.SpeedKmh = &v
	}
	if c.occupied >= 0 {
		busy, err := strconv.ParseBool(record[c.occupied])
		if err != nil {
			return r, fmt.Errorf("occupied: %q is not 0 or 1", record[c.occupied])
		}
		r.Occupied = &busy
	}
	return r, nil
}

func number(s string) (float64, error) {
	v, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return v, nil
}

// moment reads Unix seconds, RFC 3339, or a date and time without an offset in zone.
func moment(s string, zone *time.Location) (time.Time, error) {
	if n, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(n, 0).UTC(), nil
	}
	if t, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return t.UTC(), nil
	}
	if zone == nil {
		zone = time.UTC
	}
	t, err := time.ParseInLocation(time.DateTime, s, zone)
	if err != nil {
		return t, fmt.Errorf("time %q is neither Unix seconds, nor RFC 3339, nor 2006-01-02 15:04:05", s)
	}
	return t.UTC(), nil
}

// Vehicles are the names, in the order of their first row.
func (t Trace) Vehicles() []string {
	seen := map[string]bool{}
	var names []string
	for _, r := range t.Rows {
		if !seen[r.Vehicle] {
			seen[r.Vehicle] = true
			names = append(names, r.Vehicle)
		}
	}
	return names
}

// Distinct is how many rows differ in vehicle, time or place.
func (t Trace) Distinct() int {
	type key struct {
		vehicle  string
		at       int64
		lon, lat float64
	}
	seen := make(map[key]struct{}, len(t.Rows))
	for _, r := range t.Rows {
		seen[key{r.Vehicle, r.At.UnixNano(), r.Lon, r.Lat}] = struct{}{}
	}
	return len(seen)
}

// Span is the earliest and the latest time; zero without rows.
func (t Trace) Span() (first, last time.Time) {
	for i, r := range t.Rows {
		if i == 0 || r.At.Before(first) {
			first = r.At
		}
		if i == 0 || r.At.After(last) {
			last = r.At
		}
	}
	return first, last
}

// Stages splits the rows at moments, which ascend: stage i is the rows of moment i-1 < time ≤ moment i, and one more is
// of those after the last. Within a stage the order of the file stays.
func (t Trace) Stages(moments []time.Time) [][]Row {
	stages := make([][]Row, len(moments)+1)
	for _, r := range t.Rows {
		i := 0
		for i < len(moments) && r.At.After(moments[i]) {
			i++
		}
		stages[i] = append(stages[i], r)
	}
	return stages
}
