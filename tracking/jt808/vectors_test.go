package jt808_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"jiujin/tracking/jt808"
	"jiujin/tracking/trackingtest"
)

// vector is a captured frame and what it must decode to.
type vector struct {
	Hex        string
	Version    string
	ChecksumOK bool `json:"checksum_ok"`
	LengthOK   bool `json:"length_ok"`
	Group      string
	Expect     map[string]any
}

func (v vector) bytes(t *testing.T) []byte {
	t.Helper()
	b, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatalf("%s: %v", v.Hex, err)
	}
	return b
}

// captured are the frames of the data folder beside the repository; nil when it is not there.
func captured(t testing.TB, name string) []vector {
	t.Helper()
	return trackingtest.Recorded(t, name, vector{ChecksumOK: true, LengthOK: true})
}

// worked are the examples of the standards.
func worked(t testing.TB) []vector {
	t.Helper()
	return trackingtest.Lines(t, filepath.Join("testdata", "frames.jsonl"), vector{ChecksumOK: true, LengthOK: true})
}

// tally counts what was compared.
type tally struct {
	frames, keys int
	unmapped     map[string]int
	differ       []disagreement
}

type disagreement struct{ frame, key, ours, theirs string }

func (d disagreement) String() string {
	return fmt.Sprintf("| `%s` | %s | %s | %s |", d.frame, d.key, d.ours, d.theirs)
}

func (c *tally) compare(frame, path string, ours, theirs any) {
	switch theirs := theirs.(type) {
	case map[string]any:
		mine, _ := ours.(map[string]any)
		for _, key := range slices.Sorted(maps.Keys(theirs)) {
			if key == "from" || key == "peer" || key == "note" {
				continue
			}
			value, mapped := mine[key]
			full := strings.TrimPrefix(path+"."+key, ".")
			if !mapped {
				c.unmapped[full]++
				c.differ = append(c.differ, disagreement{frame, full, "nothing", show(theirs[key])})
				continue
			}
			c.compare(frame, full, value, theirs[key])
		}
	case []any:
		mine := reflect.ValueOf(ours)
		if !slices.Contains([]reflect.Kind{reflect.Slice, reflect.Array}, mine.Kind()) || mine.Len() != len(theirs) {
			c.keys++
			c.differ = append(c.differ, disagreement{frame, path, show(ours), show(theirs)})
			return
		}
		for i := range theirs {
			c.compare(frame, path+"[]", mine.Index(i).Interface(), theirs[i])
		}
	default:
		c.keys++
		if a, b := show(ours), show(theirs); a != b && !(a == "0" && b == "-0") {
			c.differ = append(c.differ, disagreement{frame, path, show(ours), show(theirs)})
		}
	}
}

func show(v any) string {
	b, _ := json.Marshal(v)
	if len(b) > 60 {
		return string(b[:57]) + "…"
	}
	return string(b)
}

func TestCapturedFramesDecodeToWhatTheyState(t *testing.T) {
	for _, source := range []struct {
		name string
		list []vector
	}{
		{"worked examples", worked(t)},
		{"captured", captured(t, "jt808.jsonl")},
	} {
		if source.list == nil {
			continue
		}
		count := tally{unmapped: map[string]int{}}
		for _, v := range source.list {
			count.frames++
			compareVector(t, &count, v)
		}
		t.Logf("%s: %d frames, %d keys compared, %d disagreements", source.name, count.frames, count.keys, len(count.differ))
		if source.name == "captured" {
			checkPaper(t, count.differ)
			continue
		}
		for _, d := range count.differ {
			t.Error(d)
		}
	}
}

// checkPaper compares with the table of docs/device-frames.md, in both directions.
func checkPaper(t *testing.T, differ []disagreement) {
	t.Helper()
	paper, err := os.ReadFile(filepath.Join("..", "..", "docs", "device-frames.md"))
	if err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for line := range strings.Lines(string(paper)) {
		if cells := strings.Split(line, "|"); len(cells) == 7 && strings.HasPrefix(line, "| `0x") {
			if strings.TrimSpace(cells[5]) == "" {
				t.Errorf("docs/device-frames.md gives no reason: %s", line)
			}
			listed[strings.Join(cells[:5], "|")+"|"] = true
		}
	}
	found := map[string]bool{}
	for _, d := range differ {
		found[d.String()] = true
		if !listed[d.String()] {
			t.Errorf("docs/device-frames.md does not list: %s", d)
		}
	}
	for row := range listed {
		if !found[row] {
			t.Errorf("docs/device-frames.md lists what is not so: %s", row)
		}
	}
}

func compareVector(t *testing.T, count *tally, v vector) {
	t.Helper()
	d, f := jt808.Describe(v.bytes(t))
	name := v.Hex[:min(40, len(v.Hex))]
	if id, ok := v.Expect["phone"]; ok {
		name = fmt.Sprintf("%v %v %v", v.Expect["msg_id"], id, v.Expect["serial"])
	}
	_, malformed := v.Expect["malformed_body"]
	if wantOK := v.ChecksumOK && v.LengthOK && !malformed; d.OK != wantOK {
		count.differ = append(count.differ, disagreement{name, "ok", fmt.Sprint(d.OK, d.Error), fmt.Sprint(wantOK)})
	}
	ours := map[string]any{"msg_id": d.MsgID, "version": d.Version}
	theirs := maps.Clone(v.Expect)
	if v.Version != "vendor" {
		theirs["version"] = v.Version
	}
	if f.ID != 0 {
		headerKeys(ours, f)
		if want, said := v.Expect["phone"].(string); said && d.Phone != strings.TrimLeft(want, "0") {
			count.differ = append(count.differ, disagreement{name, "phone", d.Phone, want})
		}
	}
	if malformed {
		ours["malformed_body"] = v.Expect["malformed_body"]
	}
	bodyKeys(ours, d.Body, f)
	count.compare(name, "", ours, theirs)
}
