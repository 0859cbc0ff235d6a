package httpapi

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"golang.org/x/text/encoding/simplifiedchinese"
)

const list = `许可证号,企业名称,经营者姓名,经营地址,经度,纬度,行政区划代码
110101100001,东风烟酒店,赵一,云溪路 1 号,117.970,28.450,361102
11010110000X,错号商店,钱二,云溪路 2 号,117.971,28.451,361102
110101100003,经纬写反店,孙三,云溪路 3 号,28.452,117.972,361102
110101100004,望江副食店,李四,云溪路 4 号,117.973,28.453,361102
110101100004,望江副食店,李四,云溪路 4 号,117.973,28.453,361102
`

func (v *service) importList(t testing.TB, body, query, language string, keys ...string) answer {
	t.Helper()
	key := "import-with-a-key-of-its-own"
	if len(keys) > 0 {
		key = keys[0]
	}
	return v.call(t, "POST", "/api/v1/retailers/import"+query, body, "Cookie", v.signIn(t, "administrator", password),
		"Content-Type", "text/csv", "Idempotency-Key", key, "Accept-Language", language)
}

func TestImportOverHTTP(t *testing.T) {
	v := newService(t)
	body, err := simplifiedchinese.GB18030.NewEncoder().String(list)
	if err != nil {
		t.Fatal(err)
	}
	var dry, a importAnswer
	v.importList(t, body, "?dry_run=true", "zh", "a-trial-of-the-new-list").into(t, 200, &dry)
	if !dry.DryRun || dry.Inserted != 2 || v.count(t, `select count(*) from retailer`) != 0 {
		t.Errorf("a trial: %+v", dry)
	}
	v.importList(t, body, "", "zh").into(t, 200, &a)
	if a.Rows != 5 || a.Inserted != 2 || a.Refused != 3 || a.Encoding != "gb18030" || a.Columns["name"] != "企业名称" {
		t.Errorf("answer %+v", a)
	}
	want := []string{"3 licence_no licence_no 许可证号", "4 lat swapped 应在 -90 至 90 度之间；经度和纬度是否写反？", "6 licence_no duplicate 同一许可证还出现在第 5 行。"}
	if len(a.Errors) != len(want) {
		t.Fatalf("errors %+v", a.Errors)
	}
	for i, e := range a.Errors {
		if got := fmt.Sprintf("%d %s %s %s", e.Row, e.Field, e.Code, e.Message); !strings.HasPrefix(got, want[i]) {
			t.Errorf("error %q, want %q", got, want[i])
		}
	}
	v.importList(t, body, "", "en", "the-same-list-once-more").into(t, 200, &a)
	if a.Inserted != 0 || a.Unchanged != 2 || !strings.Contains(a.Errors[2].Message, "already in line 5") {
		t.Errorf("once more: %+v", a)
	}
	v.importList(t, body+"x", "", "zh").want(t, 422, "idempotency_mismatch")
	v.importList(t, body, "?datum=BD09", "zh").want(t, 422, "idempotency_mismatch")
	if n := v.count(t, `select count(*) from event where type = 'retailer.imported'`); n != 2 {
		t.Errorf("%d imports recorded", n)
	}

	agent := v.signIn(t, "agent", password)
	if err := v.deps.Finder.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	for query, match := range map[string]string{"望江": "name", "wj": "initials", "0004": "licence_no", "李四": "operator"} {
		var found struct{ Retailers []Retailer }
		v.call(t, "GET", "/api/v1/retailers?q="+url.QueryEscape(query), "", "Cookie", agent).into(t, 200, &found)
		if len(found.Retailers) != 1 || found.Retailers[0].LicenceNo != "110101100004" || found.Retailers[0].Match != match {
			t.Errorf("%q finds %+v, want by %s", query, found.Retailers, match)
		}
	}
	var one Retailer
	v.call(t, "GET", "/api/v1/retailers/110101100001", "", "Cookie", agent).into(t, 200, &one)
	if one.Name != "东风烟酒店" || one.Lon == nil || *one.Lon != 117.970 {
		t.Errorf("retailer %+v", one)
	}
	v.call(t, "GET", "/api/v1/retailers/110101109999", "", "Cookie", agent).want(t, 404, "not_found")
	v.call(t, "GET", "/api/v1/retailers/12", "", "Cookie", agent).want(t, 404, "not_found")
}

// A shop outside the region is refused, whatever the datum of the list.
func TestImportKeepsToTheRegion(t *testing.T) {
	v := newService(t)
	const body = "许可证号,店名,经度,纬度\n110101100001,东风烟酒店,117.97,28.45\n110101100002,巴黎店,2.35,48.85\n"
	var a importAnswer
	v.importList(t, body, "?datum=GCJ02", "zh").into(t, 200, &a)
	if a.Inserted != 1 || a.Refused != 1 || len(a.Errors) != 1 || a.Errors[0].Code != "out_of_region" || a.Errors[0].Row != 3 || !strings.Contains(a.Errors[0].Message, "区域") {
		t.Errorf("%+v", a)
	}
}

func TestImportSaysWhatIsWrongWithTheRequest(t *testing.T) {
	v := newService(t)
	for query, location := range map[string]string{
		"?datum=MARS": "query.datum", "?encoding=latin1": "query.encoding", "?dry_run=maybe": "query.dry_run", "?map=name": "query.map",
	} {
		p := v.importList(t, list, query, "en").want(t, 422, "validation")
		if len(p.Errors) != 1 || p.Errors[0].Location != location {
			t.Errorf("%s: %+v", query, p.Errors)
		}
	}
	v.importList(t, list, "", "en", "short").want(t, 422, "validation")
	for _, c := range []struct{ body, query, zh, en string }{
		{"店名,备注\n1,2\n", "", "没有“许可证号”列（licence_no）；第一行应为表头，现有：店名, 备注。", "no column for licence_no; the first line must hold the headings, they are 店名, 备注."},
		{"许可证号,备注\n1,2\n", "", "没有“店名”列", "no column for name"},
		{"许可证号,店名,经度\n", "", "缺“纬度”列", "one of lon and lat only; the columns are 许可证号, 店名, 经度."},
		{"许可证号,店名\n", "?map=name:招牌", "没有表头“招牌”", `no column "招牌" for field name`},
		{"许可证号,店名\n", "?map=title:店名", "没有字段“title”；可用的字段：address、", `no field "title"`},
		{"", "", "空的", "empty"},
		{"PK\x03\x04", "", "CSV", "workbook"},
		{"{\"a\":1}", "", "GeoJSON", "GeoJSON"},
		{"\xff\xfea\x00", "", "UTF-8", "UTF-16"},
		{"\"a,b\n", "", "第一行的表头", "line 1"},
	} {
		if p := v.importList(t, c.body, c.query, "zh").want(t, 422, "unreadable_list"); !strings.Contains(p.Detail, c.zh) {
			t.Errorf("%q: %q, want %q", c.body, p.Detail, c.zh)
		}
		if p := v.importList(t, c.body, c.query, "en").want(t, 422, "unreadable_list"); !strings.Contains(p.Detail, c.en) {
			t.Errorf("%q: %q, want %q", c.body, p.Detail, c.en)
		}
	}
}

func TestImportSaysWhatIsWrongWithARow(t *testing.T) {
	v := newService(t)
	const body = "许可证号,店名,状态,业态,地址\n110101100001,东风烟酒店,火锅,食堂,云溪路\n110101100002,望江店\n"
	var a importAnswer
	v.importList(t, body, "", "zh").into(t, 200, &a)
	if a.Datum != "WGS84" || a.Inserted != 1 || len(a.Errors) != 2 || len(a.Warnings) != 1 {
		t.Fatalf("%+v", a)
	}
	for _, e := range a.Errors {
		if want := map[string]string{"status": "有效、停业、", "business_form": "食杂店、便利店、"}[e.Field]; !strings.Contains(e.Message, want) {
			t.Errorf("%s: %q, want %q", e.Field, e.Message, want)
		}
	}
	if w := a.Warnings[0]; w.Row != 3 || w.Code != "short_row" || w.Message != "该行有 2 列，表头有 5 列；缺的各列按空白处理。" {
		t.Errorf("%+v", w)
	}
	v.importList(t, body, "?datum=gcj02", "en", "the-same-in-another-datum").into(t, 200, &a)
	if a.Datum != "GCJ02" || !strings.Contains(a.Errors[0].Message+a.Errors[1].Message, "停业") || a.Warnings[0].Message != "the row has 2 columns, the headings are 5" {
		t.Errorf("%+v", a)
	}
}

// A list that says how long it is is refused before anything of it is stored; one that does not, when it gets too long.
func TestHugeListIsRefused(t *testing.T) {
	v := newService(t)
	row := strings.Repeat("x", 1000) + ",错\n"
	huge := "许可证号,企业名称\n110101100001,东风烟酒店\n" + strings.Repeat(row, 65<<20/len(row))
	for name, body := range map[string]io.Reader{"announced": strings.NewReader(huge), "not announced": io.MultiReader(strings.NewReader(huge))} {
		r, err := http.NewRequestWithContext(t.Context(), "POST", v.url+"/api/v1/retailers/import", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Cookie", v.signIn(t, "administrator", password))
		r.Header.Set("Idempotency-Key", "a-list-of-more-than-64-MiB")
		if name == "announced" {
			r.Header.Set("Expect", "100-continue") // as curl does: nothing is sent in vain
		}
		response, err := (&http.Transport{ExpectContinueTimeout: patience, DisableKeepAlives: true}).RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		answer{response.StatusCode, response.Header, raw}.want(t, 413, "too_large")
		if name == "announced" && v.count(t, `select count(*) from retailer`) != 0 {
			t.Error("something of it is stored")
		}
		if _, err := v.db.Pool.Exec(t.Context(), `delete from retailer`); err != nil {
			t.Fatal(err)
		}
	}
}
