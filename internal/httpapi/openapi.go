package httpapi

import (
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"jiujin/dispatch"
	"jiujin/ticket"
)

// The names of the ways to prove who asks, as the OpenAPI document calls them.
const (
	schemeSession = "session"
	schemeDevice  = "device"
	schemeGateway = "gateway"
	schemeID      = "device-id"
	schemeBasic   = "device-password"
)

func securitySchemes() map[string]*huma.SecurityScheme {
	return map[string]*huma.SecurityScheme{
		schemeSession: {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "Set by POST /api/v1/session"},
		schemeDevice:  {Type: "http", Scheme: "bearer", Description: "Key of a device, from POST /api/v1/units/{id}/devices"},
		schemeGateway: {Type: "http", Scheme: "bearer", Description: "Key of a gateway, a machine that speaks for many devices"},
		schemeID:      {Type: "apiKey", In: "query", Name: "id", Description: "Key of a device, where an app has a place for an identifier only"},
		schemeBasic:   {Type: "http", Scheme: "basic", Description: "Key of a device or a gateway as the password, with any user name"},
	}
}

// security says in the document what the access table says.
func (r rule) security() []map[string][]string {
	if r.public {
		return []map[string][]string{}
	}
	if r.inbound {
		return r.inboundSecurity()
	}
	list := []map[string][]string{{schemeSession: {}}}
	if r.device {
		list = append(list, map[string][]string{schemeDevice: {}})
	}
	if r.gateway {
		list = append(list, map[string][]string{schemeGateway: {}})
	}
	return list
}

// inboundSecurity is where the apps' own protocols have a place for a key. There is no name for a key in the path.
func (r rule) inboundSecurity() []map[string][]string {
	switch r.path {
	case "/in/osmand":
		return []map[string][]string{{schemeID: {}}, {schemeDevice: {}}}
	case "/in/owntracks":
		return []map[string][]string{{schemeBasic: {}}, {schemeDevice: {}}, {schemeGateway: {}}}
	case "/in/traccar":
		return []map[string][]string{{schemeGateway: {}}}
	}
	return []map[string][]string{}
}

// describeEchoRoutes writes the routes that huma does not serve into the document.
func (s *Server) describeEchoRoutes() {
	list := append(s.describeInbound(), s.describeTracks()...)
	list = append(list, s.describeFixes(), s.describeLive(), s.describeImport(), s.describeAttachment())
	list = append(list, s.describeTiles()...)
	for _, op := range list {
		row := s.rules[op.Method+" "+op.Path]
		op.Security = row.security()
		op.Responses["default"] = &huma.Response{
			Description: "Error",
			Content:     map[string]*huma.MediaType{"application/problem+json": {Schema: s.schemaOf(Problem{})}},
		}
		s.api.OpenAPI().AddOperation(op)
	}
}

func (s *Server) schemaOf(v any) *huma.Schema {
	t := reflect.TypeOf(v)
	return s.api.OpenAPI().Components.Schemas.Schema(t, true, t.Name())
}

func (s *Server) ok(description, kind string, schema *huma.Schema, example any) map[string]*huma.Response {
	return map[string]*huma.Response{"200": {
		Description: description,
		Content:     map[string]*huma.MediaType{kind: {Schema: schema, Example: example}},
	}}
}

func param(in, name, doc string, required bool, schema *huma.Schema) *huma.Param {
	return &huma.Param{In: in, Name: name, Description: doc, Required: required, Schema: schema}
}

func oneOf(values ...any) *huma.Schema { return &huma.Schema{Type: "string", Enum: values} }

// fixRecord is one position as a client of ours sends it; package jsonfix reads it.
type fixRecord struct {
	FixedAt    any     `json:"fixed_at" doc:"RFC 3339 text, or Unix milliseconds"`
	Lon        float64 `json:"lon" minimum:"-180" maximum:"180" doc:"In the datum of the device"`
	Lat        float64 `json:"lat" minimum:"-90" maximum:"90"`
	AccuracyM  float64 `json:"accuracy_m,omitempty" minimum:"0" doc:"Radius of likely error; leave out when unknown"`
	SpeedKmh   float64 `json:"speed_kmh,omitempty" minimum:"0" maximum:"400"`
	HeadingDeg float64 `json:"heading_deg,omitempty" minimum:"0" maximum:"360" doc:"Clockwise from north"`
}

const exampleLine = `{"fixed_at":"2026-11-22T06:10:24Z","lon":117.97,"lat":28.45,"speed_kmh":34.5,"heading_deg":90}`

func (s *Server) describeFixes() *huma.Operation {
	record := s.schemaOf(fixRecord{})
	example := map[string]any{"fixed_at": "2026-11-22T06:10:24Z", "lon": 117.97, "lat": 28.45, "speed_kmh": 34.5, "heading_deg": 90}
	late := map[string]any{"fixed_at": 1795327814000, "lon": 117.9702, "lat": 28.4501}
	return &huma.Operation{
		OperationID: "post-fixes", Method: http.MethodPost, Path: "/api/v1/fixes", Tags: []string{"positions"},
		Summary: "Send positions of one device",
		Description: "One object, an array, or one object a line (NDJSON); at most 10,000 records in 4 MiB. The answer comes when all are " +
			"durable. Without an answer, or with 503, send the same again: what is stored already counts as duplicate. " +
			"A record that is refused is named with its index and kept; the others are stored. No Idempotency-Key is needed.",
		Parameters: []*huma.Param{param("query", "results", "Which records the answer names; without it those not stored", false, oneOf("all"))},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
			"application/json": {
				Schema: &huma.Schema{OneOf: []*huma.Schema{record, {Type: "array", Items: record}}},
				Examples: map[string]*huma.Example{
					"one":  {Summary: "One position", Value: example},
					"many": {Summary: "Several", Value: []any{late, example}},
				},
			},
			"application/x-ndjson": {Schema: &huma.Schema{Type: "string"}, Example: exampleLine + "\n" + exampleLine + "\n"},
		}},
		Responses: s.ok("What became of the records", "application/json", s.schemaOf(fixesAnswer{}), fixesAnswer{
			Received: 2, Stored: 1, Refused: 1,
			Results: []fixResult{{Index: 1, Status: "refused", Reason: "out_of_region", Field: "lon", Detail: "2.35000,48.85000 is outside the area served"}},
		}),
	}
}

// liveMessages are the messages of GET /live by name. The document shows them as one object; on the stream each comes
// by itself.
type liveMessages struct {
	Hello    hello                 `json:"hello" doc:"First, always"`
	Snapshot snapshot              `json:"snapshot" doc:"Board: everything as it is, after hello"`
	Fixes    liveFrame             `json:"fixes" doc:"Board: who moved, at most every 200 ms"`
	Unit     dispatch.UnitView     `json:"unit" doc:"Board: a unit whose duty or condition changed"`
	Ticket   dispatch.TicketView   `json:"ticket" doc:"Board: a ticket that changed; a closed one comes once, with closed_at"`
	Event    ticket.Event          `json:"event" doc:"Board, except for walls: every fact of the branch, in order; its id is what Last-Event-ID goes on from"`
	Gap      gap                   `json:"gap" doc:"More than 500 facts were missed: these numbers are not sent again"`
	Officer  dispatch.OfficerState `json:"officer" doc:"Officer: the same as GET /officer, at the start and whenever it changes"`
	Tick     liveTick              `json:"tick" doc:"Every 5 s"`
}

type liveFrame struct {
	Now string   `json:"now" format:"date-time"`
	F   [][6]any `json:"f" doc:"Unit, lon, lat, heading_deg or null, speed_kmh or null, time of the fix in Unix milliseconds"`
}

type liveTick struct {
	Now string `json:"now" format:"date-time"`
}

func (s *Server) describeLive() *huma.Operation {
	s.schemaOf(liveMessages{}) // named by the description
	return &huma.Operation{
		OperationID: "get-live", Method: http.MethodGet, Path: "/api/v1/live", Tags: []string{"live"},
		Summary: "What happens, as server-sent events",
		Description: "Each message has a name (`event:`) and JSON (`data:`); schema LiveMessages has one property for each name. A page that " +
			"reconnects sends Last-Event-ID, as browsers do by themselves, and gets a snapshot and the facts since. A reader that falls " +
			"256 messages behind is cut off and comes back to a snapshot.",
		Parameters: []*huma.Param{
			param("query", "view", "board for desks and walls (the default), officer for the own unit", false, oneOf("board", "officer")),
			param("header", "Last-Event-ID", "The id of the last message seen", false, &huma.Schema{Type: "integer"}),
		},
		Responses: s.ok("A stream that lasts until the client goes", "text/event-stream", &huma.Schema{Type: "string"},
			"retry: 1500\nevent: hello\ndata: {\"boot\":\"K7QX2M4P9A\",\"now\":\"2026-11-22T06:10:24.123Z\",\"seq\":812,\"view\":\"board\"}\n\n"+
				"event: fixes\ndata: {\"now\":\"2026-11-22T06:10:24.323Z\",\"f\":[[12,117.97,28.45,90,34.5,1795327824000]]}\n\n"),
	}
}

func (s *Server) describeImport() *huma.Operation {
	least, most := 20, 255
	return &huma.Operation{
		OperationID: "import-retailers", Method: http.MethodPost, Path: "/api/v1/retailers/import", Tags: []string{"retailers"},
		Summary: "Take in a list of retailers",
		Description: "CSV with headings in the first line (comma, semicolon or tab), the first sheet of an XLSX workbook, or a GeoJSON collection. " +
			"Rows with faults are refused and named, the others are stored: unknown licences inserted, known ones updated, and with a source " +
			"those that the list lacks closed. A list that lacks very many, or whose points seem to be in two datums, is held until it is " +
			"confirmed. To send the same list again is safe, and goes on where an import was cut off. A long list is taken in in the " +
			"background: the answer is then 202, and the delivery says how far it is. list-max bounds the length.",
		Parameters: []*huma.Param{
			param("header", "Idempotency-Key", "A fresh random value per intent", true, &huma.Schema{Type: "string", MinLength: &least, MaxLength: &most}),
			param("query", "datum", "Of the coordinates; WGS84 without it", false, oneOf("WGS84", "GCJ02", "BD09", "CGCS2000")),
			param("query", "encoding", "Found by itself without it", false, oneOf("auto", "utf-8", "gb18030")),
			param("query", "dry_run", "Check only, store nothing", false, &huma.Schema{Type: "boolean"}),
			param("query", "profile", "Name of a saved profile; the other parameters win over it", false, &huma.Schema{Type: "string"}),
			param("query", "source", "Name of the list that the file holds as a whole", false, &huma.Schema{Type: "string"}),
			param("query", "confirm", "Store also what would be held", false, &huma.Schema{Type: "boolean"}),
			param("query", "file", "Name of the file", false, &huma.Schema{Type: "string"}),
			param("query", "map", "field:heading,field:heading, where the usual headings do not fit", false, &huma.Schema{Type: "string"}),
		},
		RequestBody: &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/csv": {
			Schema:  &huma.Schema{Type: "string"},
			Example: "许可证号,企业名称,经营地址,经度,纬度\n110101100001,东风烟酒店,云溪路 1 号,117.970,28.450\n",
		}}},
		Responses: s.ok("What became of the rows", "application/json", s.schemaOf(importAnswer{}), importAnswer{
			Rows: 2, Inserted: 1, Refused: 1, Encoding: "gb18030", Datum: "WGS84", Columns: map[string]string{"licence_no": "许可证号", "name": "企业名称"},
			Errors:   []importProblem{{Row: 3, Field: "licence_no", Value: "11010110000X", Code: "licence_no", Message: "许可证号应为 12 位数字。"}},
			Warnings: []importProblem{},
		}),
	}
}
