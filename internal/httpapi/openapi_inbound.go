package httpapi

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// The forms of foreign apps, as far as they are read; what else they hold is left alone. Packages osmand, owntracks and
// traccar read them.
type (
	osmAndMessage struct {
		DeviceID string      `json:"device_id,omitempty" doc:"The key of the device, unless it stands in the address"`
		Location osmAndPlace `json:"location,omitempty" doc:"One, or an array of them; without one there is no position in it"`
	}
	osmAndPlace struct {
		Timestamp string        `json:"timestamp" doc:"ISO 8601, or Unix seconds or milliseconds"`
		Coords    osmAndCoords  `json:"coords"`
		Odometer  float64       `json:"odometer,omitempty" doc:"Metres"`
		Battery   osmAndBattery `json:"battery,omitempty"`
		Mock      bool          `json:"mock,omitempty" doc:"The place was made up by another app"`
	}
	osmAndCoords struct {
		Latitude  float64 `json:"latitude"`
		Longitude float64 `json:"longitude"`
		Accuracy  float64 `json:"accuracy,omitempty" doc:"Metres"`
		Speed     float64 `json:"speed,omitempty" doc:"m/s; -1 = unknown"`
		Heading   float64 `json:"heading,omitempty" doc:"Degrees; -1 = unknown"`
		Altitude  float64 `json:"altitude,omitempty" doc:"Metres"`
	}
	osmAndBattery struct {
		Level float64 `json:"level,omitempty" doc:"0 to 1"`
	}

	ownTracksMessage struct {
		Type  string  `json:"_type" doc:"location; encrypted, with data; others hold no position and are taken and left"`
		Lat   float64 `json:"lat,omitempty"`
		Lon   float64 `json:"lon,omitempty"`
		Tst   int64   `json:"tst,omitempty" doc:"Of the fix, Unix seconds"`
		Acc   float64 `json:"acc,omitempty" doc:"Metres"`
		Alt   float64 `json:"alt,omitempty" doc:"Metres"`
		Vel   float64 `json:"vel,omitempty" doc:"km/h"`
		Cog   float64 `json:"cog,omitempty" doc:"Degrees"`
		Batt  float64 `json:"batt,omitempty" doc:"Percent"`
		T     string  `json:"t,omitempty" doc:"Why it was sent; p is a ping, which repeats an old place and is no fix"`
		Data  string  `json:"data,omitempty" doc:"Of an encrypted message: base64 of the nonce and the sealed message"`
		Topic string  `json:"topic,omitempty"`
	}

	traccarMessage struct {
		Position traccarPosition `json:"position"`
		Device   traccarDevice   `json:"device"`
	}
	traccarPosition struct {
		FixTime    string            `json:"fixTime" doc:"ISO 8601"`
		Valid      bool              `json:"valid,omitempty" doc:"false: no fix"`
		Outdated   bool              `json:"outdated,omitempty" doc:"true: repeats an old place, no fix"`
		Latitude   float64           `json:"latitude"`
		Longitude  float64           `json:"longitude"`
		Altitude   float64           `json:"altitude,omitempty" doc:"Metres"`
		Speed      float64           `json:"speed,omitempty" doc:"Knots"`
		Course     float64           `json:"course,omitempty" doc:"Degrees"`
		Accuracy   float64           `json:"accuracy,omitempty" doc:"Metres; 0 = unknown"`
		Attributes traccarAttributes `json:"attributes,omitempty"`
	}
	traccarAttributes struct {
		Sat          int     `json:"sat,omitempty"`
		Ignition     bool    `json:"ignition,omitempty"`
		BatteryLevel float64 `json:"batteryLevel,omitempty" doc:"Percent"`
		Power        float64 `json:"power,omitempty" doc:"Volts"`
		Odometer     float64 `json:"odometer,omitempty" doc:"Metres"`
		Alarm        string  `json:"alarm,omitempty" doc:"sos"`
		Archive      bool    `json:"archive,omitempty" doc:"true: stored by the device and sent later"`
	}
	traccarDevice struct {
		UniqueID string `json:"uniqueId" doc:"The device's name in protocol traccar"`
	}
)

const inboundTaken = " With the right key the answer is 200 whatever was sent: what cannot be used is kept with its reason, and the app need not send it again. " +
	"401 is for a wrong key, 429 for many of them, 503 when the positions cannot be made durable now: send the same again."

const (
	osmAndExample    = "lat=28.45&lon=117.97&timestamp=1795327824&speed=18.6&bearing=90&batt=80"
	ownTracksExample = `{"_type":"location","lat":28.45,"lon":117.97,"tst":1795327824,"acc":8,"vel":34,"cog":90,"batt":80}`
	traccarExample   = `{"position":{"fixTime":"2026-11-22T06:10:24.000+00:00","valid":true,"latitude":28.45,"longitude":117.97,"speed":18.6,"course":90},` +
		`"device":{"uniqueId":"359587010124900"}}`
)

// describeInbound is the addresses that foreign apps send to.
func (s *Server) describeInbound() []*huma.Operation {
	var list []*huma.Operation
	for _, path := range []string{"/in/osmand", "/in/osmand/{token}"} {
		list = append(list, s.describeOsmAnd(http.MethodGet, path), s.describeOsmAnd(http.MethodPost, path))
	}
	list = append(list, s.describeOwnTracks("/in/owntracks"), s.describeOwnTracks("/in/owntracks/{token}"), s.describeTraccar())
	for _, op := range list {
		op.Tags = []string{"positions"}
		op.Description += inboundTaken
		if strings.HasSuffix(op.Path, "{token}") {
			op.Description = "The address holds the key of the device. " + op.Description
			op.Parameters = slices.Concat([]*huma.Param{param("path", "token", "The key of the device", true, &huma.Schema{Type: "string"})}, op.Parameters)
		}
	}
	return list
}

func (s *Server) describeOsmAnd(method, path string) *huma.Operation {
	number, text := &huma.Schema{Type: "number"}, &huma.Schema{Type: "string"}
	form := []*huma.Param{
		param("query", "lat", "Degrees, in the datum of the device", false, number),
		param("query", "lon", "", false, number),
		param("query", "location", "lat,lon in one", false, text),
		param("query", "timestamp", "Of the fix: Unix seconds or milliseconds, or ISO 8601; without it now", false, text),
		param("query", "speed", "In knots unless speed_unit says otherwise", false, number),
		param("query", "speed_unit", "What speed is in", false, oneOf("kn", "ms", "kmh")),
		param("query", "bearing", "Degrees clockwise from north", false, number),
		param("query", "altitude", "Metres", false, number),
		param("query", "accuracy", "Metres", false, number),
		param("query", "batt", "Percent", false, number),
		param("query", "valid", "false: the receiver has no fix", false, text),
		param("query", "alarm", "", false, oneOf("sos")),
	}
	if path == "/in/osmand" {
		form = append(form, param("query", "id", "The key of the device", false, text))
	}
	op := &huma.Operation{
		OperationID: strings.ToLower(method) + "-osmand", Method: method, Path: path, Parameters: form,
		Summary:     "Send positions as OsmAnd, Traccar Client and GPSLogger do",
		Description: "One position as parameters of the address.",
		Responses:   map[string]*huma.Response{"200": {Description: "Taken"}},
	}
	if method == http.MethodPost {
		properties := map[string]*huma.Schema{}
		for _, p := range form {
			properties[p.Name] = &huma.Schema{Type: p.Schema.Type, Enum: p.Schema.Enum, Description: p.Description}
		}
		op.Description = "One position as parameters of the address or of a form, or the JSON of Traccar Client 9, of one or several."
		op.RequestBody = &huma.RequestBody{Content: map[string]*huma.MediaType{
			"application/x-www-form-urlencoded": {Schema: &huma.Schema{Type: "object", Properties: properties}, Example: osmAndExample},
			"application/json":                  {Schema: s.schemaOf(osmAndMessage{})},
		}}
	}
	if path != "/in/osmand" {
		op.OperationID += "-by-address"
	}
	return op
}

func (s *Server) describeOwnTracks(path string) *huma.Operation {
	text := &huma.Schema{Type: "string"}
	op := &huma.Operation{
		OperationID: "post-owntracks", Method: http.MethodPost, Path: path,
		Summary:     "Send positions as OwnTracks does",
		Description: "One message of the OwnTracks apps in mode HTTP, encrypted when the device has a passphrase.",
		RequestBody: &huma.RequestBody{Content: map[string]*huma.MediaType{
			"application/json": {Schema: s.schemaOf(ownTracksMessage{}), Example: json.RawMessage(ownTracksExample)},
		}},
		Responses: s.ok("Taken; there are no commands for the app", "application/json", &huma.Schema{Type: "array", Items: &huma.Schema{}}, nil),
	}
	if path == "/in/owntracks" {
		op.Parameters = []*huma.Param{
			param("query", "u", "Under the key of a gateway: user of the device's name user/device", false, text),
			param("query", "d", "Under the key of a gateway: device of that name", false, text),
			param("header", "X-Limit-U", "The same as u", false, text),
			param("header", "X-Limit-D", "The same as d", false, text),
		}
	} else {
		op.OperationID += "-by-address"
	}
	return op
}

func (s *Server) describeTraccar() *huma.Operation {
	return &huma.Operation{
		OperationID: "post-traccar", Method: http.MethodPost, Path: "/in/traccar",
		Summary:     "Forward positions from a Traccar server",
		Description: "One position of one device, as a Traccar server with forward.type=json sends it under the key of a gateway.",
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {Schema: s.schemaOf(traccarMessage{}), Example: json.RawMessage(traccarExample)},
		}},
		Responses: map[string]*huma.Response{"200": {Description: "Taken"}},
	}
}
