package httpapi

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
)

// months is a list of n licences from first on.
func months(first, n int, name string) string {
	var b strings.Builder
	b.WriteString("许可证号,企业名称,经营地址,档位\n")
	for i := range n {
		fmt.Fprintf(&b, "1101011%05d,%s,云溪路%d号,%d\n", first+i, name, first+i, i%30)
	}
	return b.String()
}

// A list is looked at, read by a saved profile, held when it is cut off, and confirmed; what changed can be read.
func TestRegisterOverHTTP(t *testing.T) {
	v := newService(t)
	admin := v.signIn(t, "administrator", password)
	var preview struct {
		Headings []string          `json:"headings"`
		Columns  map[string]string `json:"columns"`
		Rows     [][]string        `json:"rows"`
		Missing  string            `json:"missing"`
	}
	v.call(t, "POST", "/api/v1/retailers/preview", "编码,招牌\n110101100001,东风\n", "Cookie", admin, "Content-Type", "application/octet-stream",
		"Idempotency-Key", "a-preview-has-no-use-for-it").into(t, 200, &preview)
	if preview.Missing != "licence_no" || len(preview.Rows) != 1 || preview.Rows[0][1] != "东风" || preview.Headings[1] != "招牌" {
		t.Errorf("%+v", preview)
	}
	saved := v.call(t, "POST", "/api/v1/retailers/profiles", `{"name":"county","profile":{"source":"county","datum":"GCJ02"}}`,
		"Cookie", admin, "Idempotency-Key", "save-the-profile-of-the-county")
	if saved.status != 204 {
		t.Fatalf("%d %s", saved.status, saved.body)
	}

	var a importAnswer
	v.importList(t, months(1, 100, "东风烟酒店"), "?profile=county&file=first.csv", "en", "the-list-of-the-first-month").into(t, 200, &a)
	if a.State != "done" || a.Inserted != 100 || a.Datum != "GCJ02" {
		t.Fatalf("%+v", a)
	}
	v.importList(t, months(31, 10, "望江商店"), "?profile=county", "en", "the-list-that-is-cut-off").into(t, 200, &a)
	if a.State != "held" || a.Outcome.Closed != 90 || a.Outcome.Held[0] != "closing" {
		t.Fatalf("%+v", a)
	}
	var list struct{ Deliveries []deliveryView }
	v.call(t, "GET", "/api/v1/retailers/deliveries", "", "Cookie", admin).into(t, 200, &list)
	if len(list.Deliveries) != 2 || list.Deliveries[0].State != "held" || list.Deliveries[1].FileName != "first.csv" {
		t.Errorf("%+v", list)
	}
	decide := func(decision, key string) answer {
		return v.call(t, "POST", fmt.Sprintf("/api/v1/retailers/deliveries/%d/decision", a.Delivery), `{"decision":"`+decision+`"}`,
			"Cookie", admin, "Idempotency-Key", key)
	}
	var d deliveryView
	decide("confirm", "confirm-what-is-cut-off").into(t, 200, &d)
	if _, err := v.deps.Importer.Wait(t.Context(), a.Delivery); err != nil || d.State != "applying" {
		t.Fatalf("%+v, %v", d, err)
	}
	v.call(t, "GET", fmt.Sprintf("/api/v1/retailers/deliveries/%d", a.Delivery), "", "Cookie", admin).into(t, 200, &d)
	if d.State != "done" || d.Outcome.Closed != 90 || d.Outcome.Updated != 10 {
		t.Errorf("%+v", d.Outcome)
	}
	decide("confirm", "confirm-what-is-cut-off").into(t, 200, &d)
	decide("reject", "reject-what-is-confirmed").want(t, 409, "not_held")

	var r recordView
	agent := v.signIn(t, "agent", password)
	v.call(t, "GET", "/api/v1/retailers/110101100001/record", "", "Cookie", agent).into(t, 200, &r)
	if r.Status != "closed" || r.Source != "county" || r.GoneOn == "" || len(r.History) != 1 || r.History[0].Kind != "closed" {
		t.Errorf("%+v", r)
	}
	status := func(no, to, key string) answer {
		return v.call(t, "POST", "/api/v1/retailers/"+no+"/status", `{"status":"`+to+`","reason":"on the holder's word"}`, "Cookie", admin, "Idempotency-Key", key)
	}
	status("110101100031", "suspended", "suspend-one-of-the-shops").into(t, 200, &r)
	if r.Status != "suspended" || r.History[0].Fields["status"] != [2]any{"valid", "suspended"} {
		t.Errorf("%+v", r.History)
	}
	status("110101100001", "valid", "open-what-is-over-for-good").want(t, 422, "illegal_transition")
}

func TestRegisterGoesOut(t *testing.T) {
	v := newService(t)
	admin := v.signIn(t, "administrator", password)
	var a importAnswer
	v.importList(t, list, "", "en").into(t, 200, &a)
	refused := v.call(t, "GET", fmt.Sprintf("/api/v1/retailers/deliveries/%d/refused", a.Delivery), "", "Cookie", admin)
	if refused.status != 200 || strings.Count(string(refused.body), "\n") != 4 || !strings.Contains(string(refused.body), "经纬写反店") {
		t.Errorf("%s", refused.body)
	}
	for format, want := range map[string]string{"csv": "110101100004,望江副食店,李四,", "geojson": `"coordinates":[117.97,28.45]`, "xlsx": "PK\x03\x04"} {
		out := v.call(t, "GET", "/api/v1/retailers/export?format="+format, "", "Cookie", admin)
		if out.status != 200 || !strings.Contains(string(out.body), want) || !strings.Contains(out.header.Get("Content-Disposition"), "."+format) {
			t.Errorf("%s: %d %.300s", format, out.status, out.body)
		}
		var again importAnswer
		v.importList(t, string(out.body), "?file=x", "en", "what-went-out-as-"+format+"-comes-in").into(t, 200, &again)
		if again.Unchanged != 2 || again.Rows != 2 {
			t.Errorf("%s: %+v", format, again)
		}
	}
	var carton struct {
		Result string    `json:"result"`
		Buyer  *Retailer `json:"buyer"`
	}
	const code = "6112012345678907 JXYT110101100004"
	v.call(t, "GET", "/api/v1/retailers/carton?licence_no=110101100001&code="+url.QueryEscape(code), "", "Cookie", admin).into(t, 200, &carton)
	if carton.Result != "other_licence" || carton.Buyer == nil || carton.Buyer.Name != "望江副食店" {
		t.Errorf("%+v", carton)
	}
}

// Refused rows go out as they are read: however many there are, they are not held in memory.
func TestRefusedRowsAreStreamed(t *testing.T) {
	v := newService(t)
	admin := v.signIn(t, "administrator", password)
	var a importAnswer
	v.importList(t, list, "", "en").into(t, 200, &a)
	if _, err := v.db.Pool.Exec(t.Context(), `
		update delivery_problem set raw = '{"not": "cells"}' where line = (select max(line) from delivery_problem where refused)`); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/api/v1/retailers/deliveries/%d/refused", a.Delivery)
	out := v.call(t, "GET", path, "", "Cookie", admin) // it breaks off at the last row
	if out.status != 200 || strings.Count(string(out.body), "\n") != 3 {
		t.Errorf("%d %s", out.status, out.body)
	}
	v.call(t, "GET", path+"9", "", "Cookie", admin).want(t, 404, "not_found")
}
