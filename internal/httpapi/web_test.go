package httpapi

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestPages(t *testing.T) {
	v := newService(t)
	const index, app = "<!doctype html><title>Jiujin</title>", "console.log('the application')"
	for _, c := range []struct {
		path   string
		header []string
		status int
		body   string
		cache  string
	}{
		{"/", nil, 200, index, "no-cache"},
		{"/index.html", nil, 200, index, "no-cache"},
		{"/login", nil, 200, index, "no-cache"},
		{"/screen/setup", nil, 200, index, "no-cache"},
		{"/desk/case/12", nil, 200, index, "no-cache"},
		{"/officer", nil, 200, index, "no-cache"},
		{"/public", nil, 200, index, "no-cache"},
		{"/p/8F3K27QD", nil, 200, index, "no-cache"},
		{"/sw.js", nil, 200, "self.skipWaiting()", "no-cache"},
		{"/assets/app-1a2b.js", nil, 200, app, "public, max-age=31536000, immutable"},
		{"/assets/app-1a2b.js", []string{"Accept-Encoding", "gzip, br"}, 200, "\x1f\x8b pretend", "public, max-age=31536000, immutable"},
		{"/assets/app-1a2b.js", []string{"Accept-Encoding", "gzip;q=0"}, 200, app, "public, max-age=31536000, immutable"},
		{"/assets/../sw.js", nil, 200, "self.skipWaiting()", "no-cache"},
		{"/elsewhere", []string{"Accept", "text/html,*/*"}, 404, index, "no-cache"},
	} {
		if c.header == nil {
			c.header = []string{"Accept-Encoding", "identity"}
		}
		a := v.call(t, "GET", c.path, "", c.header...)
		if a.status != c.status || string(a.body) != c.body || a.header.Get("Cache-Control") != c.cache {
			t.Errorf("%s %v: %d %q %q", c.path, c.header, a.status, a.body, a.header.Get("Cache-Control"))
		}
		if zipped := strings.HasPrefix(string(a.body), "\x1f\x8b"); zipped != (a.header.Get("Content-Encoding") == "gzip") {
			t.Errorf("%s: Content-Encoding %q", c.path, a.header.Get("Content-Encoding"))
		}
	}
	for _, path := range []string{"/elsewhere", "/assets/app-0000.js", "/assets", "/app-1a2b.js", "/assets/app-1a2b.js.gz", "/..%2f..%2fetc/passwd"} {
		v.call(t, "GET", path, "", "Accept-Encoding", "identity").want(t, 404, "not_found")
	}
	v.call(t, "GET", "/assets/app-0000.js", "", "Accept", "text/html").want(t, 404, "not_found")
}

func TestPageIsNotSentTwice(t *testing.T) {
	v := newService(t)
	first := v.call(t, "GET", "/assets/app-1a2b.js", "", "Accept-Encoding", "gzip")
	again := v.call(t, "GET", "/assets/app-1a2b.js", "", "Accept-Encoding", "gzip", "If-None-Match", first.header.Get("ETag"))
	if again.status != 304 || len(again.body) != 0 {
		t.Errorf("%d with %d bytes", again.status, len(again.body))
	}
	plain := v.call(t, "GET", "/assets/app-1a2b.js", "", "Accept-Encoding", "identity", "If-None-Match", first.header.Get("ETag"))
	if plain.status != 200 {
		t.Errorf("the tag of the compressed form is taken for the plain one: %d", plain.status)
	}
	head := v.call(t, "HEAD", "/screen", "", "Accept-Encoding", "identity")
	if head.status != 200 || len(head.body) != 0 || head.header.Get("Content-Length") != "36" {
		t.Errorf("HEAD: %d, %d bytes, length %q", head.status, len(head.body), head.header.Get("Content-Length"))
	}
}

func TestPagesNeedAnIndex(t *testing.T) {
	if _, err := readPages(fstest.MapFS{"assets/x.js": {}}); err == nil || !strings.Contains(err.Error(), "index.html") {
		t.Errorf("got %v", err)
	}
	if p, err := readPages(nil); err != nil || len(p.files) != 0 {
		t.Errorf("no pages at all: %v, %v", p, err)
	}
}
