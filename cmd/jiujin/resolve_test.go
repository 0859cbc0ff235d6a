package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"jiujin/geo/resolve"
)

const someShops = "店铺名称,经营地址,区县,lon_gcj02,lat_gcj02\n" +
	"红旗连锁(双楠店),双楠路18号,武侯区,104.0433,30.6537\n" +
	"\n" +
	"兴旺烟酒店,长顺上街166号,青羊区,,\n" +
	"老王副食店,沙湾路9号,金牛区,104.0555,30.6902\n"

// someShopsGB is someShops in GB 18030.
const someShopsGB = "\xb5\xea\xc6\xcc\xc3\xfb\xb3\xc6,\xbe\xad\xd3\xaa\xb5\xd8\xd6\xb7,\xc7\xf8\xcf\xd8,lon_gcj02,lat_gcj02\n" +
	"\xba\xec\xc6\xec\xc1\xac\xcb\xf8(\xcb\xab\xe9\xaa\xb5\xea),\xcb\xab\xe9\xaa\xc2\xb718\xba\xc5,\xce\xe4\xba\xee\xc7\xf8,104.0433,30.6537\n" +
	"\n" +
	"\xd0\xcb\xcd\xfa\xd1\xcc\xbe\xc6\xb5\xea,\xb3\xa4\xcb\xb3\xc9\xcf\xbd\xd6166\xba\xc5,\xc7\xe0\xd1\xf2\xc7\xf8,,\n" +
	"\xc0\xcf\xcd\xf5\xb8\xb1\xca\xb3\xb5\xea,\xc9\xb3\xcd\xe5\xc2\xb79\xba\xc5,\xbd\xf0\xc5\xa3\xc7\xf8,104.0555,30.6902\n"

func listOf(t *testing.T, content []byte) *resolve.Register {
	t.Helper()
	path := filepath.Join(t.TempDir(), "shops.csv")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := (&resolveCmd{Register: f, Datum: "WGS84"}).register(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func answers(t *testing.T, r *resolve.Register, in string) (out []map[string]any) {
	t.Helper()
	var b bytes.Buffer
	if err := resolveLines(t.Context(), r, "zh", strings.NewReader(in), &b); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(&b)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var m map[string]any
		if err := json.Unmarshal(lines.Bytes(), &m); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		out = append(out, m)
	}
	return out
}

// The list is read in any of its encodings, without licence numbers and with empty lines.
func TestResolveReadsTheListInAnyEncoding(t *testing.T) {
	english := strings.NewReplacer("店铺名称", "Name", "经营地址", "Address", "区县", "District").Replace(someShops)
	for name, content := range map[string]string{
		"UTF-8": someShops, "byte order mark": "\xef\xbb\xbf" + someShops, "GB 18030": someShopsGB, "English headings": english,
		"Windows lines": strings.ReplaceAll(someShops, "\n", "\r\n"), "tabs": strings.ReplaceAll(someShops, ",", "\t"),
	} {
		got := answers(t, listOf(t, []byte(content)), `{"text":"武侯区双楠路十八号红旗"}`)
		first := got[0]["candidates"].([]any)[0].(map[string]any)
		if got[0]["sure"] != true || first["name"] != "红旗连锁(双楠店)" || first["licence_no"] != "" || first["question"] != nil {
			t.Errorf("%s: %v", name, got)
		}
		if lon := first["lon"].(float64); lon < 104.0395 || lon > 104.042 { // GCJ-02 turned into WGS-84
			t.Errorf("%s: lon %v", name, lon)
		}
	}
}

// Each line gets one line, in its order, whatever it holds.
func TestResolveAnswersEveryLine(t *testing.T) {
	r := listOf(t, []byte(someShops))
	long := strings.Repeat("双楠路的红旗连锁", 5_000)
	cases := []struct{ in, want string }{ // want: a begin of the error; "" for an answer
		{`{"text":"兴旺烟酒店"}`, ""},
		{``, "the line is no JSON object"},
		{`{"text":`, "the line is no JSON object"},
		{`[1]`, "the line is no JSON object"},
		{`{"text":"  "}`, `"text" is empty`},
		{`{"near":[104,30]}`, `"text" is empty`},
		{`{"text":"红旗","near":[30.65,104.04]}`, `"near" is [30.65, 104.04]: it takes the longitude first`},
		{`{"text":"红旗","near":[104.04]}`, `"near" takes`},
		{`{"text":"红旗","near":["a","b"]}`, "the line is no JSON object"},
		{`{"text":"红旗","near":null,"area":null}`, ""},
		{`{"text":"红旗","area":"999999"}`, ""},
		{`{"text":"红旗","area":510107}`, ""},
		{`{"text":"` + long + `"}`, ""},
		{"\xef\xbb\xbf" + `{"text":"老王副食店 沙湾路9号","more":1}`, ""},
	}
	var in []string
	for _, c := range cases {
		in = append(in, c.in)
	}
	got := answers(t, r, strings.Join(in, "\r\n"))
	if len(got) != len(cases) {
		t.Fatalf("%d lines for %d", len(got), len(cases))
	}
	for i, c := range cases {
		text, refused := got[i]["error"].(string)
		if refused != (c.want != "") || !strings.HasPrefix(text, c.want) {
			t.Errorf("%.40s: got %.200v", c.in, got[i])
		}
	}
	last := got[len(got)-1]["candidates"].([]any)[0].(map[string]any)
	if last["name"] != "老王副食店" {
		t.Errorf("the last line got %v", last)
	}
}

// An unknown area counts for nothing, and a known one like the words.
func TestResolvePassesOverUnknownAreas(t *testing.T) {
	r := listOf(t, []byte(someShops))
	got := answers(t, r, `{"text":"红旗连锁"}`+"\n"+`{"text":"红旗连锁","area":"999999"}`+"\n"+`{"text":"红旗连锁","area":"510105"}`)
	score := func(i int) float64 {
		return got[i]["candidates"].([]any)[0].(map[string]any)["score"].(float64)
	}
	if score(0) != score(1) || score(2) >= score(0) {
		t.Errorf("without %v, unknown %v, elsewhere %v", score(0), score(1), score(2))
	}
}

// Many lines are answered in their order, and nothing is left running when nobody reads the output.
func TestLinesAtOnceKeepTheirOrder(t *testing.T) {
	var in strings.Builder
	const n = 2_000
	for i := range n {
		fmt.Fprintln(&in, i)
	}
	var out bytes.Buffer
	echo := func(line []byte, _ error) any { return json.RawMessage(line) }
	if err := answerLinesAtOnce(t.Context(), strings.NewReader(in.String()), &out, 4, echo); err != nil || out.String() != in.String() {
		t.Errorf("%v: got %d bytes of %d", err, out.Len(), in.Len())
	}
	reader, writer := io.Pipe()
	reader.Close()
	if err := answerLinesAtOnce(t.Context(), strings.NewReader(in.String()), writer, 4, echo); err == nil {
		t.Error("no error though nobody reads")
	}
}

// A line is answered before the next one comes.
func TestLinesAtOnceAnswerAtOnce(t *testing.T) {
	inReader, in := io.Pipe()
	out, outWriter := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- answerLinesAtOnce(t.Context(), inReader, outWriter, 2, func(line []byte, _ error) any { return json.RawMessage(line) })
	}()
	lines := bufio.NewScanner(out)
	for i := range 3 {
		fmt.Fprintln(in, i)
		if !lines.Scan() || lines.Text() != fmt.Sprint(i) {
			t.Fatalf("line %d: got %q", i, lines.Text())
		}
	}
	in.Close()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
