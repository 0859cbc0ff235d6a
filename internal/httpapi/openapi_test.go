package httpapi

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"jiujin/tracking/jsonfix"
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
		if !strings.HasPrefix(r.path, "/api/v1") {
			continue
		}
		routes++
		op := d.Paths[r.path][strings.ToLower(r.method)]
		if op.Summary == "" || op.Security == nil || (len(*op.Security) == 0) != r.public {
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
