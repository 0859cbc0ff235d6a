package httpapi

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"jiujin/dispatch"
	"jiujin/internal/auth"
	"jiujin/ticket"
	"jiujin/tracking"
)

// past is a position in the history, so many seconds after start.
type past struct {
	second   int
	lon, lat float64
	speed    any
	source   string
	doubt    any
}

func (v *service) drove(t testing.TB, unit int64, fixes ...past) {
	t.Helper()
	for i, f := range fixes {
		at := start.Add(time.Duration(f.second) * time.Second)
		if _, err := v.db.Pool.Exec(t.Context(), `
			insert into fix (unit_id, device_id, fixed_at, received_at, lon, lat, speed_kmh, h3, source, engaged, doubt, content)
			values ($1, 1, $2, $2, $3, $4, $5, 0, $6, $7, $8, hashtext($6))`, unit, at, f.lon, f.lat, f.speed, f.source, i%2 == 0, f.doubt); err != nil {
			t.Fatal(err)
		}
	}
}

func span(from, to int) string {
	const form = "?from=%s&to=%s"
	return fmt.Sprintf(form, start.Add(time.Duration(from)*time.Second).Format(time.RFC3339), start.Add(time.Duration(to)*time.Second).Format(time.RFC3339))
}

// journey is a drive to the east with a bend, a halt of ten minutes, a doubted fix and a silence of ten minutes.
func journey() []past {
	var list []past
	for i := range 30 {
		list = append(list, past{10 * i, lon + 0.002*float64(i), lat + 0.001*float64(max(0, i-15)), 72.5, "jt808", nil})
	}
	last := list[len(list)-1]
	for i := range 60 {
		list = append(list, past{300 + 10*i, last.lon, last.lat, 0, "jt808", nil})
	}
	list = append(list, past{905, lon + 3, lat, nil, "jt808", "jump"})
	return append(list, past{1500, last.lon, last.lat + 0.001, nil, "jt808", nil}, past{1510, last.lon, last.lat + 0.002, 30, "jt808", nil})
}

func (v *service) as(t testing.TB, role auth.Role, path string) answer {
	t.Helper()
	return v.call(t, "GET", "/api/v1"+path, "", "Cookie", v.signIn(t, string(role), password), "Accept-Language", "en")
}

func TestTrack(t *testing.T) {
	v := newService(t)
	v.drove(t, v.unit, journey()...)
	path := fmt.Sprintf("/units/%d/track", v.unit)
	var got, raw trackAnswer
	v.as(t, auth.Supervisor, path+span(0, 3600)).into(t, 200, &got)
	v.as(t, auth.Supervisor, path+span(0, 3600)+"&raw=true").into(t, 200, &raw)
	if len(raw.Points) != 93 || len(got.Points) < 5 || len(got.Points) > 12 || got.Fixes != 92 || got.Metres != raw.Metres || got.CallSign != "云稽01" {
		t.Errorf("%d points of %d, %d fixes, %v m of %v", len(got.Points), len(raw.Points), got.Fixes, got.Metres, raw.Metres)
	}
	if len(got.Gaps) != 1 || !got.Gaps[0].From.Equal(start.Add(890*time.Second)) || !got.Gaps[0].To.Equal(start.Add(1500*time.Second)) {
		t.Errorf("gaps %v", got.Gaps)
	}
	if len(got.Stops) != 1 || got.Stops[0].To.Sub(got.Stops[0].From) != 600*time.Second || got.TopKmh == nil || *got.TopKmh != 72.5 || got.MovingS != 300 {
		t.Errorf("stops %v, top %v, moving %d s", got.Stops, got.TopKmh, got.MovingS)
	}
	first, jumped := raw.Points[0], raw.Points[90]
	if first[0] != lon || first[1] != lat || first[2] != float64(start.UnixMilli()) || first[3] != 72.5 || first[4] != nil || jumped[3] != nil || jumped[4] != "jump" {
		t.Errorf("raw points %v, %v", first, jumped)
	}
	if p := got.Points[1]; p[3] == nil || p[3].(float64) < 60 || p[3].(float64) > 80 || got.Points[0][3] != nil {
		t.Errorf("points %v", got.Points[:2])
	}
	var none trackAnswer
	v.as(t, auth.Administrator, path+span(-7200, -3600)).into(t, 200, &none)
	if none.Points == nil || none.Stops == nil || none.Gaps == nil || none.Fixes != 0 {
		t.Errorf("a time without fixes: %+v", none)
	}
	for query, field := range map[string]string{
		span(10, 10): "query.to", span(10, 0): "query.to", span(0, 32*86400): "query.to", span(0, 8*86400) + "&raw=true": "query.to",
		"?from=yesterday&to=now": "query.from",
	} {
		for _, file := range []string{"", ".csv"} {
			p := v.as(t, auth.Supervisor, path+file+query).want(t, 422, "validation")
			if len(p.Errors) == 0 || !slices.ContainsFunc(p.Errors, func(f Fault) bool { return f.Location == field || f.Location == "query.to" }) {
				t.Errorf("%s%s: %+v", file, query, p.Errors)
			}
		}
	}
	v.as(t, auth.Supervisor, "/units/999/track"+span(0, 10)).want(t, 404, "not_found")
	v.as(t, auth.Supervisor, "/units/999/track.gpx"+span(0, 10)).want(t, 404, "not_found")
	v.as(t, auth.Supervisor, path+".csv"+span(0, 10)+"&raw=perhaps").want(t, 422, "validation")

	var tally historyAnswer
	v.as(t, auth.Supervisor, fmt.Sprintf("/units/%d/history", v.unit)+span(0, 3600)).into(t, 200, &tally)
	if tally.Fixes != 93 || tally.Doubted[tracking.Jump] != 1 || tally.LongestGapS != 595 || tally.Pickups != 46 || tally.FastSteps != 2 ||
		tally.Metres < 2*290_000 || tally.EngagedMetres <= 0 || tally.EngagedMetres >= tally.Metres {
		t.Errorf("tally %+v", tally)
	}
}

// The files are whole, and a call sign does no harm in them.
func TestTrackFiles(t *testing.T) {
	v := newService(t)
	v.drove(t, v.unit, journey()...)
	const sign = `=1+1 <云&"稽">`
	if _, err := v.db.Pool.Exec(t.Context(), `update unit set call_sign = $1 where id = $2`, sign, v.unit); err != nil {
		t.Fatal(err)
	}
	file := func(format string) answer {
		a := v.as(t, auth.Supervisor, fmt.Sprintf("/units/%d/track.%s%s&raw=true", v.unit, format, span(0, 3600)))
		if a.status != 200 || !strings.Contains(a.header.Get("Content-Disposition"), fmt.Sprintf("unit-%d-20261122T060000Z.%s", v.unit, format)) {
			t.Fatalf("%s: %d %v", format, a.status, a.header)
		}
		return a
	}

	var gpx struct {
		Wpt []struct {
			Time time.Time `xml:"time"`
		} `xml:"wpt"`
		Trk struct {
			Name string `xml:"name"`
			Seg  []struct {
				Pt []struct {
					Lat   float64   `xml:"lat,attr"`
					Lon   float64   `xml:"lon,attr"`
					Time  time.Time `xml:"time"`
					Speed *float64  `xml:"extensions>TrackPointExtension>speed"`
				} `xml:"trkpt"`
			} `xml:"trkseg"`
		} `xml:"trk"`
	}
	wholeXML(t, file("gpx").body, &gpx)
	if seg := gpx.Trk.Seg; gpx.Trk.Name != sign || len(seg) != 2 || len(seg[0].Pt) != 90 || len(seg[1].Pt) != 3 || len(gpx.Wpt) != 1 {
		t.Fatalf("gpx: %q, %d segments, %d stops", gpx.Trk.Name, len(gpx.Trk.Seg), len(gpx.Wpt))
	}
	if p := gpx.Trk.Seg[0].Pt[1]; p.Lon != lon+0.002 || p.Lat != lat || !p.Time.Equal(start.Add(10*time.Second)) || p.Speed == nil || *p.Speed != 20.1 {
		t.Errorf("gpx: point %+v", p)
	}

	var kml struct {
		Name  string `xml:"Document>name"`
		Place []struct {
			Track []struct {
				When  []time.Time `xml:"when"`
				Coord []string    `xml:"coord"`
				Speed []string    `xml:"ExtendedData>SchemaData>SimpleArrayData>value"`
			} `xml:"MultiTrack>Track"`
		} `xml:"Document>Placemark"`
	}
	wholeXML(t, file("kml").body, &kml)
	tracks := kml.Place[len(kml.Place)-1].Track
	if kml.Name != sign || len(kml.Place) != 2 || len(tracks) != 2 || len(tracks[0].When) != 90 || len(tracks[0].Coord) != 90 || len(tracks[0].Speed) != 90 ||
		tracks[0].Coord[0] != "117.9700000 28.4500000 0" {
		t.Errorf("kml: %q, %d places, tracks %+v", kml.Name, len(kml.Place), tracks)
	}

	var collection struct {
		Type     string
		Features []struct {
			Geometry   struct{ Type string }
			Properties struct {
				Kind       string
				CallSign   string `json:"call_sign"`
				CoordTimes []time.Time
			}
		}
	}
	file("geojson").into(t, 200, &collection)
	if f := collection.Features; len(f) != 3 || f[0].Geometry.Type != "LineString" || len(f[0].Properties.CoordTimes) != 90 || f[0].Properties.CallSign != sign ||
		f[2].Properties.Kind != "stop" || f[2].Geometry.Type != "Point" {
		t.Errorf("geojson: %+v", collection)
	}

	text, marked := bytes.CutPrefix(file("csv").body, []byte("\xef\xbb\xbf"))
	lines, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil || !marked || len(lines) != 94 || !bytes.Contains(text, []byte("\r\n")) {
		t.Fatalf("csv: %d lines, %v, byte order mark %v", len(lines), err, marked)
	}
	if want := []string{"'" + sign, "2026-11-22T06:00:10Z", "117.9720000", "28.4500000", "72.5", ""}; !slices.Equal(lines[2], want) || lines[91][5] != "jump" {
		t.Errorf("csv: %q, doubted %q", lines[2], lines[91])
	}
}

// wholeXML reads a document to its end.
func wholeXML(t *testing.T, body []byte, into any) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(into); err != nil {
		t.Fatalf("%v\n%s", err, body)
	}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return
		}
		if text, blank := token.(xml.CharData); err != nil || !blank || len(bytes.TrimSpace(text)) > 0 {
			t.Fatalf("after the document: %v, %v", token, err)
		}
	}
}

// A phone is shown for the time of its unit's shifts only, wherever one looks.
func TestPhonesOfThePastAreShownOnDutyOnly(t *testing.T) {
	v := newService(t)
	if _, err := v.db.Pool.Exec(t.Context(), `insert into shift (unit_id, span) values ($1, tstzrange($2, $3))`,
		v.unit, start.Add(100*time.Second), start.Add(200*time.Second)); err != nil {
		t.Fatal(err)
	}
	for s := 0; s < 300; s += 10 {
		v.drove(t, v.unit, past{s, lon, lat + float64(s)/1e5, nil, dispatch.PhoneSource, nil})
	}
	v.pass(time.Hour)
	unit := fmt.Sprintf("/units/%d", v.unit)
	for _, query := range []string{"", "&raw=true"} {
		var got trackAnswer
		v.as(t, auth.Supervisor, unit+"/track"+span(0, 1000)+query).into(t, 200, &got)
		for _, p := range got.Points {
			if s := (int64(p[2].(float64)) - start.UnixMilli()) / 1000; s < 100 || s >= 200 {
				t.Errorf("%q shows a phone at second %d", query, s)
			}
		}
		if got.Fixes != 10 {
			t.Errorf("%q: %d fixes, want the 10 of the shift", query, got.Fixes)
		}
	}
	var tally historyAnswer
	v.as(t, auth.Supervisor, unit+"/history"+span(0, 1000)).into(t, 200, &tally)
	if tally.Fixes != 10 {
		t.Errorf("the tally counts %d fixes", tally.Fixes)
	}
	for s, shown := range map[int]bool{95: false, 100: true, 105: true, 199: true, 200: false, 250: false} {
		var scene dispatch.Scene
		v.as(t, auth.Supervisor, "/scene?at="+start.Add(time.Duration(s)*time.Second).Format(time.RFC3339)).into(t, 200, &scene)
		if len(scene.Units) != 1 || (scene.Units[0].Lon != nil) != shown || scene.Units[0].OnShift != (s >= 100 && s < 200) {
			t.Errorf("at second %d the scene shows %s", s, toJSON(t, scene.Units))
		}
	}
	v.drove(t, v.unit, past{240, lon, lat, nil, "jt808", nil})
	var scene dispatch.Scene
	v.as(t, auth.Supervisor, "/scene?at="+start.Add(250*time.Second).Format(time.RFC3339)).into(t, 200, &scene)
	if u := scene.Units[0]; u.Lat == nil || *u.Lat != lat || u.Freshness != tracking.Live {
		t.Errorf("the vehicle's position is not shown after the shift: %s", toJSON(t, u))
	}
}

// The scene of a moment is what the board showed then.
func TestScene(t *testing.T) {
	s := newScene(t)
	type moment struct {
		status ticket.Status // "" = not there
		unit   int64
		sortie bool
		at     string
	}
	var moments []moment
	note := func(status ticket.Status, unit int64, sortie bool) {
		s.pass(time.Second)
		moments = append(moments, moment{status, unit, sortie, s.db.Now().Format(time.RFC3339)})
		s.pass(time.Minute)
	}
	note("", 0, false)
	tk := s.report(t).Ticket
	note(ticket.ToDispatch, 0, false)
	s.offer(t, tk, s.units[0], "").into(t, http.StatusOK, &tk)
	note(ticket.Offered, s.units[0], false)
	s.do(t, "officer1", fmt.Sprintf("/offers/%d/accept", tk.Offer.ID), "").into(t, http.StatusOK, &tk)
	note(ticket.Accepted, s.units[0], true)
	tk = s.act(t, "officer1", tk, "depart", "")
	note(ticket.EnRoute, s.units[0], true)
	tk = s.act(t, "dispatcher", tk, "cancel", `,"reason":"重复"`)
	note("", 0, false)

	if err := s.ingest.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i, m := range moments {
		var scene dispatch.Scene
		s.get(t, "chief", "/scene?at="+m.at).into(t, 200, &scene)
		if len(scene.Units) != 5 { // with the one without a device, and the one next door
			t.Fatalf("%d units", len(scene.Units))
		}
		for _, u := range scene.Units {
			want := m.sortie && u.UnitID == s.units[0]
			if (u.SortieTicketID != nil) != want || want && *u.SortieTicketID != tk.ID {
				t.Errorf("moment %d: %s", i, toJSON(t, u))
			}
			if u.UnitID == s.units[1] && (u.Lat == nil || *u.Lat != lat+0.018) {
				t.Errorf("moment %d: %s", i, toJSON(t, u))
			}
		}
		switch {
		case m.status == "":
			if len(scene.Tickets) != 0 {
				t.Errorf("moment %d: %s", i, toJSON(t, scene.Tickets))
			}
		case len(scene.Tickets) != 1 || scene.Tickets[0].Status != m.status || scene.Tickets[0].ID != tk.ID || *scene.Tickets[0].Lon != lon ||
			(scene.Tickets[0].UnitID == nil) != (m.unit == 0) || m.unit != 0 && *scene.Tickets[0].UnitID != m.unit:
			t.Errorf("moment %d: %s, want %+v", i, toJSON(t, scene.Tickets), m)
		}
	}
	if body := toJSON(t, s.rawScene(t, moments[1].at)); strings.Contains(body, "卖假烟") || strings.Contains(body, "narrative") {
		t.Error("the scene has the caller's words")
	}
	s.get(t, "chief", "/scene?at="+s.db.Now().Add(time.Hour).Format(time.RFC3339)).want(t, 422, "validation")
	var county dispatch.Scene
	s.get(t, "supervisor", "/scene?at="+moments[1].at).into(t, 200, &county)
	if slices.ContainsFunc(county.Units, func(u dispatch.SceneUnit) bool { return u.UnitID == s.abroad }) || len(county.Units) != 4 {
		t.Errorf("the county sees %s", toJSON(t, county.Units))
	}
	s.get(t, "supervisor", fmt.Sprintf("/units/%d/track", s.abroad)+span(0, 60)).want(t, 404, "not_found")
}

func (s *scene) rawScene(t testing.TB, at string) (v json.RawMessage) {
	t.Helper()
	s.get(t, "chief", "/scene?at="+at).into(t, 200, &v)
	return v
}
