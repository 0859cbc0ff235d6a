package httpapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"math"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"jiujin/tracking/jsonfix"
	"jiujin/tracking/osmand"
	"jiujin/tracking/owntracks"
	"jiujin/tracking/traccar"
)

var update = flag.Bool("update", false, "write docs/openapi.json anew")

const documentFile = "../../docs/openapi.json"

// The document in the repository is the one that the service gives out.
func TestOpenAPIDocument(t *testing.T) {
	v := newService(t)
	a := v.call(t, "GET", "/api/openapi.json", "")
	var got bytes.Buffer
	if err := json.Indent(&got, a.body, "", "  "); err != nil || a.status != 200 {
		t.Fatalf("%d, %v", a.status, err)
	}
	got.WriteByte('\n')
	if *update {
		if err := os.WriteFile(documentFile, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(documentFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("docs/openapi.json is out of date; go test ./internal/httpapi -run OpenAPI -update writes it anew")
	}
}

type document struct {
	Paths map[string]map[string]struct {
		Summary     string
		Security    *[]map[string][]string
		RequestBody struct {
			Content map[string]struct {
				Example  json.RawMessage
				Examples map[string]struct{ Value json.RawMessage }
			}
		}
	}
	Components struct{ Schemas map[string]json.RawMessage }
}

func TestOpenAPINamesEveryRoute(t *testing.T) {
	v := newService(t)
	var d document
	v.call(t, "GET", "/api/openapi.json", "").into(t, 200, &d)
	routes := 0
	for _, r := range accessTable() {
		if !strings.HasPrefix(r.path, "/api/v1") && !strings.HasPrefix(r.path, "/in/") {
			continue
		}
		routes++
		op := d.Paths[r.path][strings.ToLower(r.method)]
		open := r.public || strings.HasSuffix(r.path, "{token}") // where the address is the key
		if op.Summary == "" || op.Security == nil || (len(*op.Security) == 0) != open {
			t.Errorf("%s %s: summary %q, security %v", r.method, r.path, op.Summary, op.Security)
		}
	}
	listed := 0
	for _, path := range d.Paths {
		listed += len(path)
	}
	if listed != routes {
		t.Errorf("%d operations for %d routes", listed, routes)
	}
	for name := range d.Components.Schemas {
		if strings.Contains(strings.ToLower(name), "struct") {
			t.Errorf("schema %s has no name", name)
		}
	}
}

// The examples of positions are ones that the service takes.
func TestOpenAPIExamples(t *testing.T) {
	v := newService(t)
	var d document
	v.call(t, "GET", "/api/openapi.json", "").into(t, 200, &d)
	bodies := d.Paths["/api/v1/fixes"]["post"].RequestBody.Content
	var lines string
	if err := json.Unmarshal(bodies["application/x-ndjson"].Example, &lines); err != nil {
		t.Fatal(err)
	}
	examples := map[string]string{"lines": lines}
	for name, e := range bodies["application/json"].Examples {
		examples[name] = string(e.Value)
	}
	if len(examples) != 3 {
		t.Errorf("%d examples", len(examples))
	}
	for name, body := range examples {
		fixes, err := jsonfix.Decode([]byte(body))
		if err != nil || len(fixes) == 0 {
			t.Errorf("%s: %v", name, err)
		}
		for _, f := range fixes {
			if f.Unread != nil {
				t.Errorf("%s: %s", name, f.Unread.Detail)
			}
		}
	}
}

// The examples of foreign apps' messages are read as whole positions.
func TestOpenAPIExamplesOfApps(t *testing.T) {
	v := newService(t)
	var d document
	v.call(t, "GET", "/api/openapi.json", "").into(t, 200, &d)
	example := func(path, kind string) []byte { return d.Paths[path]["post"].RequestBody.Content[kind].Example }
	var form string
	if err := json.Unmarshal(example("/in/osmand", "application/x-www-form-urlencoded"), &form); err != nil {
		t.Fatal(err)
	}
	q, err := url.ParseQuery(form)
	if err != nil {
		t.Fatal(err)
	}
	fixes := osmand.Query(q, time.Time{}).Fixes
	own, err := owntracks.Decode(example("/in/owntracks", "application/json"), "")
	if err != nil {
		t.Error(err)
	}
	forwarded, err := traccar.Decode(example("/in/traccar", "application/json"))
	if err != nil || forwarded.Device == "" {
		t.Errorf("%+v, %v", forwarded, err)
	}
	fixes = append(append(fixes, own.Fixes...), forwarded.Fix)
	at := time.Date(2026, 11, 22, 6, 10, 24, 0, time.UTC)
	for _, f := range fixes {
		if f.Unread != nil || f.NoFix || f.Lat != 28.45 || f.Lon != 117.97 || !f.FixedAt.Equal(at) || math.Abs(f.SpeedKmh.Value-34.4) > 0.5 || f.HeadingDeg.Value != 90 {
			t.Errorf("%s: %+v", f.Source, f)
		}
	}
	if len(fixes) != 3 {
		t.Errorf("%d fixes", len(fixes))
	}
}
