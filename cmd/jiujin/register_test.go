package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"
	"testing"
	"time"
)

// listed is what the tests look at of a delivery.
type listed struct {
	ID        int64 `json:"id"`
	Delivery  int64 `json:"delivery_id"`
	State     string
	Rows      int
	Parts     int
	PartsDone int `json:"parts_done"`
	Refused   int
	Outcome   *struct{ Inserted, Updated, Unchanged, Closed, Had int }
}

// sendList uploads a list and gives the first answer.
func (c *client) sendList(query string, list io.Reader) listed {
	c.t.Helper()
	req, err := http.NewRequestWithContext(c.t.Context(), "POST", c.base+"/api/v1/retailers/import"+query, list)
	if err != nil {
		c.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "text/csv")
	req.Header.Set("Idempotency-Key", fmt.Sprintf("a list that is sent at %d", time.Now().UnixNano()))
	resp, err := c.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if kind, _, _ := mime.ParseMediaType(resp.Header.Get("Content-Type")); err != nil || resp.StatusCode > 202 || kind != "application/json" {
		c.t.Fatalf("%d %s %v", resp.StatusCode, body, err)
	}
	var out listed
	if err := json.Unmarshal(body, &out); err != nil {
		c.t.Fatalf("%v in %s", err, body)
	}
	return out
}

// follow asks for a delivery until it is as wanted.
func (c *client) follow(id int64, wanted func(listed) bool) listed {
	c.t.Helper()
	deadline := time.Now().Add(3 * time.Minute)
	for {
		var d listed
		c.call("GET", fmt.Sprintf("/api/v1/retailers/deliveries/%d", id), nil, 200, &d)
		if wanted(d) {
			return d
		}
		if time.Now().After(deadline) {
			c.t.Fatalf("still %+v", d)
		}
	}
}

func over(d listed) bool { return d.State != "reading" && d.State != "applying" }

// A list that is held is confirmed, and the program killed while it is applied; started again it goes on by itself.
func TestKilledWhileConfirming(t *testing.T) {
	const shops, kept = 20_000, 16_000
	list := func(n int, name string) io.Reader {
		var b bytes.Buffer
		b.WriteString("许可证号,店名,地址\n")
		for i := range n {
			fmt.Fprintf(&b, "42118%d1%05d,%s,人民路%d号%s\n", 2+i/100_000, i%100_000, name, i, strings.Repeat("附", 150))
		}
		return &b
	}
	dir := dataDir(t)
	p := start(t, dir, "demo")
	password := readCredentials(t, dir).Password
	admin := p.client()
	admin.signIn("admin", password)
	first := admin.sendList("?source=county", list(shops, "红塔烟酒店"))
	if d := admin.follow(first.Delivery, over); d.State != "done" || d.Outcome.Inserted != shops {
		t.Fatalf("%+v %+v", d, d.Outcome)
	}
	second := admin.sendList("?source=county", list(kept, "福兴商行"))
	if d := admin.follow(second.Delivery, over); d.State != "held" || d.Outcome.Closed != shops-kept {
		t.Fatalf("%+v %+v", d, d.Outcome)
	}
	admin.call("POST", fmt.Sprintf("/api/v1/retailers/deliveries/%d/decision", second.Delivery), map[string]string{"decision": "confirm"}, 200, nil)
	admin.follow(second.Delivery, func(d listed) bool { return d.PartsDone > 0 || over(d) })
	p.kill()

	p = start(t, dir, "demo")
	admin = p.client()
	admin.signIn("admin", password)
	d := admin.follow(second.Delivery, over)
	if o := d.Outcome; d.State != "done" || o.Closed != shops-kept || o.Updated != kept || o.Inserted+o.Unchanged != 0 || d.Rows != kept {
		t.Errorf("%+v %+v", d, d.Outcome)
	}
	if err := p.stop(); err != nil {
		t.Fatalf("Ctrl-C: %v", err)
	}
}
