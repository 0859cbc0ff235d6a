package main

import (
	"bytes"
	varint "encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// smallPBF is an OpenStreetMap file of one road and a lake.
func smallPBF(t *testing.T) []byte {
	t.Helper()
	deltas := func(values ...int64) (out []byte) {
		for _, v := range values {
			out = varint.AppendVarint(out, v)
		}
		return out
	}
	texts := func(list ...string) (table []byte) {
		for _, s := range list {
			table = field(table, 1, []byte(s))
		}
		return field(nil, 1, table)
	}
	way := func(id byte, key, value byte, refs []byte) []byte {
		return field(field(field([]byte{1 << 3, id}, 2, []byte{key}), 3, []byte{value}), 8, refs)
	}
	nodes := field(field(field(nil, 1, deltas(1, 1, 1)), 8, deltas(306600000, 10000, 10000)), 9, deltas(1040600000, 10000, -10000))
	ways := field(field(nil, 3, way(1, 1, 2, deltas(1, 1))), 3, way(2, 3, 4, deltas(1, 1, 1, -2)))
	var out bytes.Buffer
	for _, blob := range []struct {
		kind string
		data []byte
	}{
		{"OSMHeader", field(field(nil, 4, []byte("OsmSchema-V0.6")), 4, []byte("DenseNodes"))},
		{"OSMData", field(texts(""), 2, field(nil, 2, nodes))},
		{"OSMData", field(texts("", "highway", "primary", "natural", "water"), 2, ways)},
	} {
		if err := writeBlob(&out, blob.kind, blob.data); err != nil {
			t.Fatal(err)
		}
	}
	return out.Bytes()
}

// Copies of a file lie side by side and are as whole as the file.
func TestCopiesOfAMap(t *testing.T) {
	one, err := readPBF(bytes.NewReader(smallPBF(t)))
	if err != nil {
		t.Fatal(err)
	}
	var four bytes.Buffer
	if err := one.write(&four, 4); err != nil {
		t.Fatal(err)
	}
	dir := dataDir(t)
	path := filepath.Join(dir, "four.osm.pbf")
	if err := os.WriteFile(path, four.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(binary, "import", "osm", "--name", "四", "--data-dir", dir, path).Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var report struct {
		Layers map[string]int
		Broken int
		Bounds struct{ Min, Max [2]float64 }
	}
	if err := json.Unmarshal(out, &report); err != nil {
		t.Fatal(err)
	}
	if report.Layers["road"] != 4 || report.Layers["water"] != 4 || report.Broken != 0 || report.Bounds.Max[0]-report.Bounds.Min[0] < 0.003 {
		t.Errorf("%+v", report)
	}
	if _, err := readPBF(bytes.NewReader(four.Bytes()[:four.Len()-3])); err == nil {
		t.Error("a file that is cut off is copied")
	}
}

// A service whose maps the public may see does not start, and imports nothing, until every map has a source and an
// approval number; it says so in both languages, with what to do. Then everybody sees map, number and source.
func TestPublicMapsNeedTheirNumber(t *testing.T) {
	dir := dataDir(t)
	write := func(name, text string) string {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pbf := write("town.osm.pbf", string(smallPBF(t)))
	const other = "[[map]]\nid = \"province\"\nname = \"省局底图\"\nurl = [\"https://maps.example.org/{z}/{x}/{y}\"]\n"
	bare := write("bare.toml", other)
	full := write("full.toml", other+"source = \"省地理信息中心\"\napproval = \"川S(2026)002号\"\n")
	run := func(args ...string) (string, error) {
		out, err := exec.Command(binary, append(args, "--data-dir", dir)...).CombinedOutput()
		return string(out), err
	}
	refused := func(want []string, args ...string) {
		t.Helper()
		out, err := run(args...)
		if err == nil {
			t.Fatalf("%v: no failure\n%s", args, out)
		}
		for _, w := range append(want, "审图号", "approval") {
			if !strings.Contains(out, w) {
				t.Errorf("%v does not say %q:\n%s", args, w, out)
			}
		}
	}

	refused([]string{"--approval", "重新导入"}, "import", "osm", "--public-map", "--name", "新城", pbf)
	if out, err := run("import", "osm", "--name", "新城", pbf); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	refused([]string{"public-map", `"新城"`, "--approval", "向公众展示"}, "serve", "--listen", "127.0.0.1:0", "--public-map")
	if out, err := run("import", "osm", "--public-map", "--name", "新城", "--approval", "川S(2026)001号", pbf); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	refused([]string{"public-map", `"province"`, "source", "来源"}, "serve", "--listen", "127.0.0.1:0", "--public-map", "--maps", bare)

	p := start(t, dir, "serve", "--public-map", "--maps", full)
	c := p.client()
	type credit struct{ Approval, Source string }
	var config struct {
		Basemap   credit
		Backdrops []credit
	}
	c.call("GET", "/api/v1/config", nil, 200, &config)
	if config.Basemap != (credit{"川S(2026)001号", "© OpenStreetMap contributors, ODbL"}) ||
		fmt.Sprint(config.Backdrops) != "[{川S(2026)002号 省地理信息中心}]" {
		t.Errorf("the public is told %+v", config)
	}
	resp, err := http.Get(p.url + "/api/v1/tiles/12/3231/1681.mvt")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK || resp.Header.Get("ETag") == "" {
		t.Errorf("a tile for the public: %s %v", resp.Status, resp.Header)
	}
	if err := p.stop(); err != nil {
		t.Errorf("Ctrl-C: %v\n%s", err, p.output())
	}
}
