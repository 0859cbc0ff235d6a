package tracking

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"
)

// Format is a file format of tracks.
type Format string

// The formats. Times in them are UTC, coordinates WGS-84.
const (
	GPX     Format = "gpx"     // 1.1; speed in m/s in Garmin's TrackPointExtension, stops as waypoints
	KML     Format = "kml"     // 2.2 with gx:MultiTrack; speed in km/h as an array, stops as placemarks
	GeoJSON Format = "geojson" // lines with coordTimes, stops as points
	CSV     Format = "csv"     // one line a point; UTF-8 with a byte order mark, which spreadsheets need for Chinese
)

// Formats is every Format.
func Formats() []Format { return []Format{GPX, KML, GeoJSON, CSV} }

// ContentType is the media type of the format.
func (f Format) ContentType() string {
	switch f {
	case GPX:
		return "application/gpx+xml"
	case KML:
		return "application/vnd.google-earth.kml+xml"
	case GeoJSON:
		return "application/geo+json"
	default:
		return "text/csv; charset=utf-8"
	}
}

// Export writes a track in a format, point by point. name is what people call
// the unit. The line is broken at gaps. An error is that of w.
func Export(w io.Writer, f Format, name string, t *Track) error {
	out := bufio.NewWriter(w)
	var err error
	switch f {
	case GPX:
		writeGPX(out, name, t)
	case KML:
		writeKML(out, name, t)
	case GeoJSON:
		err = writeGeoJSON(out, name, t)
	case CSV:
		err = writeCSV(out, name, t)
	default:
		err = fmt.Errorf("export a track: there is no format %q", f)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// segments is the points between gaps.
func (t *Track) segments() [][]TrackPoint {
	var parts [][]TrackPoint
	begin, gap := 0, 0
	for i := range t.Points {
		if gap < len(t.Gaps) && t.Points[i].At.After(t.Gaps[gap].From) {
			for gap < len(t.Gaps) && t.Points[i].At.After(t.Gaps[gap].From) {
				gap++
			}
			if i > begin {
				parts = append(parts, t.Points[begin:i])
			}
			begin = i
		}
	}
	if begin < len(t.Points) {
		parts = append(parts, t.Points[begin:])
	}
	return parts
}

// stamp is a time as all formats write it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.999Z") }

// degrees is a coordinate to a centimetre.
func degrees(v float64) string { return strconv.FormatFloat(v, 'f', 7, 64) }

// speed is a reading to the tenth, or nothing.
func speed(r Reading, factor float64) string {
	if !r.Known {
		return ""
	}
	return strconv.FormatFloat(r.Value*factor, 'f', 1, 64)
}

// xmlText is s as the content of an element; what XML cannot hold is replaced.
func xmlText(s string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(s)) // a Builder takes everything
	return b.String()
}

func writeGPX(w *bufio.Writer, name string, t *Track) {
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<gpx version="1.1" creator="Jiujin" xmlns="http://www.topografix.com/GPX/1/1" xmlns:gpxtpx="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">
<metadata><name>%s</name><time>%s</time></metadata>
`, xmlText(name), stamp(t.From))
	for _, s := range t.Stops {
		fmt.Fprintf(w, "<wpt lat=%q lon=%q><time>%s</time><name>%s</name><desc>%s/%s</desc></wpt>\n",
			degrees(s.Point.Lat()), degrees(s.Point.Lon()), stamp(s.From), s.To.Sub(s.From).Round(time.Second), stamp(s.From), stamp(s.To))
	}
	fmt.Fprintf(w, "<trk><name>%s</name>\n", xmlText(name))
	for _, part := range t.segments() {
		w.WriteString("<trkseg>\n")
		for _, p := range part {
			fmt.Fprintf(w, "<trkpt lat=%q lon=%q><time>%s</time>", degrees(p.Point.Lat()), degrees(p.Point.Lon()), stamp(p.At))
			if p.Doubt != "" {
				fmt.Fprintf(w, "<cmt>%s</cmt>", xmlText(string(p.Doubt)))
			}
			if p.SpeedKmh.Known {
				fmt.Fprintf(w, "<extensions><gpxtpx:TrackPointExtension><gpxtpx:speed>%s</gpxtpx:speed></gpxtpx:TrackPointExtension></extensions>",
					speed(p.SpeedKmh, 1/mpsToKmh))
			}
			w.WriteString("</trkpt>\n")
		}
		w.WriteString("</trkseg>\n")
	}
	w.WriteString("</trk>\n</gpx>\n")
}

func writeKML(w *bufio.Writer, name string, t *Track) {
	fmt.Fprintf(w, `<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2" xmlns:gx="http://www.google.com/kml/ext/2.2">
<Document><name>%[1]s</name>
<Schema id="track"><gx:SimpleArrayField name="speed_kmh" type="float"><displayName>km/h</displayName></gx:SimpleArrayField></Schema>
`, xmlText(name))
	for _, s := range t.Stops {
		fmt.Fprintf(w, "<Placemark><name>%s</name><TimeSpan><begin>%s</begin><end>%s</end></TimeSpan><Point><coordinates>%s,%s</coordinates></Point></Placemark>\n",
			s.To.Sub(s.From).Round(time.Second), stamp(s.From), stamp(s.To), degrees(s.Point.Lon()), degrees(s.Point.Lat()))
	}
	fmt.Fprintf(w, "<Placemark><name>%s</name><gx:MultiTrack><gx:interpolate>0</gx:interpolate>\n", xmlText(name))
	for _, part := range t.segments() {
		w.WriteString("<gx:Track>\n")
		for _, p := range part {
			fmt.Fprintf(w, "<when>%s</when>\n", stamp(p.At))
		}
		for _, p := range part {
			fmt.Fprintf(w, "<gx:coord>%s %s 0</gx:coord>\n", degrees(p.Point.Lon()), degrees(p.Point.Lat()))
		}
		w.WriteString("<ExtendedData><SchemaData schemaUrl=\"#track\"><gx:SimpleArrayData name=\"speed_kmh\">\n")
		for _, p := range part {
			fmt.Fprintf(w, "<gx:value>%s</gx:value>\n", speed(p.SpeedKmh, 1))
		}
		w.WriteString("</gx:SimpleArrayData></SchemaData></ExtendedData></gx:Track>\n")
	}
	w.WriteString("</gx:MultiTrack></Placemark>\n</Document>\n</kml>\n")
}

// feature is a GeoJSON feature.
type feature struct {
	Type       string         `json:"type"`
	Geometry   map[string]any `json:"geometry"`
	Properties map[string]any `json:"properties"`
}

func writeGeoJSON(w *bufio.Writer, name string, t *Track) error {
	w.WriteString(`{"type":"FeatureCollection","features":[`)
	first := true
	write := func(kind string, coordinates any, properties map[string]any) error {
		if !first {
			w.WriteString(",\n")
		}
		first = false
		properties["unit_id"], properties["call_sign"] = t.UnitID, name
		data, err := json.Marshal(feature{"Feature", map[string]any{"type": kind, "coordinates": coordinates}, properties})
		if err != nil {
			return fmt.Errorf("export a track: %w", err)
		}
		_, err = w.Write(data)
		return err
	}
	for _, part := range t.segments() {
		coordinates, times, speeds := make([][2]float64, len(part)), make([]string, len(part)), make([]any, len(part))
		doubts := map[string]string{} // by place in the line
		for i, p := range part {
			coordinates[i], times[i], speeds[i] = [2]float64{round7(p.Point.Lon()), round7(p.Point.Lat())}, stamp(p.At), p.SpeedKmh.Ptr()
			if p.Doubt != "" {
				doubts[strconv.Itoa(i)] = string(p.Doubt)
			}
		}
		properties := map[string]any{"kind": "track", "coordTimes": times, "speeds_kmh": speeds, "doubts": doubts}
		kind, geometry := "LineString", any(coordinates)
		if len(part) == 1 { // a line needs two
			kind, geometry = "Point", coordinates[0]
		}
		if err := write(kind, geometry, properties); err != nil {
			return err
		}
	}
	for _, s := range t.Stops {
		properties := map[string]any{"kind": "stop", "from": stamp(s.From), "to": stamp(s.To)}
		if err := write("Point", [2]float64{round7(s.Point.Lon()), round7(s.Point.Lat())}, properties); err != nil {
			return err
		}
	}
	_, err := w.WriteString("]}\n")
	return err
}

// round7 rounds a coordinate to a centimetre.
func round7(v float64) float64 { return math.Round(v*1e7) / 1e7 }

func writeCSV(w *bufio.Writer, name string, t *Track) error {
	w.WriteString("\ufeff")
	out := csv.NewWriter(w)
	out.UseCRLF = true
	_ = out.Write([]string{"call_sign", "time_utc", "lon", "lat", "speed_kmh", "doubt"}) // Error tells at the end
	name = cell(name)
	for _, p := range t.Points {
		_ = out.Write([]string{name, stamp(p.At), degrees(p.Point.Lon()), degrees(p.Point.Lat()), speed(p.SpeedKmh, 1), string(p.Doubt)})
	}
	out.Flush()
	return out.Error()
}

// cell is text for a spreadsheet, which must not take it for a formula.
func cell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}
