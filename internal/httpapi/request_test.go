package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/labstack/echo/v4"
)

// The headers of every kind of answer, as one text: a change shows here.
func TestHeaders(t *testing.T) {
	v := newService(t)
	const policy = `Content-Security-Policy: default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'; ` +
		`img-src 'self' data: blob:; style-src 'self' 'unsafe-inline'; font-src 'self'; object-src 'none'; ` +
		`base-uri 'none'; form-action 'self'; frame-ancestors 'none'
Cross-Origin-Opener-Policy: same-origin
Cross-Origin-Resource-Policy: same-origin
Permissions-Policy: geolocation=(self), camera=(self), microphone=(), payment=()
Referrer-Policy: no-referrer
X-Content-Type-Options: nosniff
X-Frame-Options: DENY
`
	for _, c := range []struct {
		method, path string
		header       []string
		want         string
	}{
		{"GET", "/screen", nil, "Cache-Control: no-cache\nContent-Type: text/html; charset=utf-8\n" + policy},
		{"GET", "/api/v1/config", nil, "Cache-Control: no-store\nContent-Type: application/json\nVary: Accept-Language, Cookie\n" + policy},
		{"GET", "/api/v1/session", nil, "Cache-Control: no-store\nContent-Type: application/problem+json\nVary: Accept-Language, Cookie\n" + policy},
		{"POST", "/api/v1/session", []string{"Sec-Fetch-Site", "cross-site"}, "Cache-Control: no-store\nContent-Type: application/problem+json\nVary: Accept-Language, Cookie\n" + policy},
		{"GET", "/nothing", nil, "Content-Type: application/problem+json\n" + policy},
		{
			"GET", "/screen",
			[]string{"X-Forwarded-For", "203.0.113.9", "X-Forwarded-Proto", "https"},
			"Cache-Control: no-cache\nContent-Type: text/html; charset=utf-8\nStrict-Transport-Security: max-age=31536000\n" + policy,
		},
	} {
		a := v.call(t, c.method, c.path, "", c.header...)
		if a.header.Get("X-Request-Id") == "" {
			t.Errorf("%s: no request id", c.path)
		}
		var lines []string
		for name, values := range a.header {
			switch name {
			case "Date", "Content-Length", "Etag", "X-Request-Id", "Content-Language", "Accept-Ranges":
				continue
			}
			lines = append(lines, name+": "+strings.Join(values, ", ")+"\n")
		}
		want := strings.SplitAfter(strings.TrimSuffix(c.want, "\n"), "\n")
		want[len(want)-1] += "\n"
		slices.Sort(lines)
		slices.Sort(want)
		if !slices.Equal(lines, want) {
			t.Errorf("%s %s:\n%s\nwant:\n%s", c.method, c.path, strings.Join(lines, ""), strings.Join(want, ""))
		}
	}
}

func TestAccessLogTellsNoSecrets(t *testing.T) {
	v := newService(t)
	cookie := v.signIn(t, "agent", password)
	v.call(t, "GET", "/api/v1/session?phone=13800001234", "", "Cookie", cookie)
	v.call(t, "GET", "/p/8F3K27QD", "")
	v.call(t, "GET", "/api/v1/unknown-13800001234", "")
	log := v.log.String()
	for _, secret := range []string{"13800001234", "8F3K27QD", password, cookie, strings.TrimPrefix(cookie, "jiujin_session=")} {
		if strings.Contains(log, secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	person := fmt.Sprintf(`"person":%d`, v.people["agent"].ID)
	for _, want := range []string{`"route":"/api/v1/session"`, person, `"route":"/*"`, `"status":404`} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s", want)
		}
	}
}

func TestClientAddressBehindProxies(t *testing.T) {
	s := &Server{deps: Deps{Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32")}}}
	for _, c := range []struct {
		peer, forwarded, want string
		local                 bool
	}{
		{"198.51.100.7:4000", "", "198.51.100.7", false},
		{"198.51.100.7:4000", "203.0.113.9", "198.51.100.7", false}, // a stranger's word
		{"10.1.2.3:4000", "203.0.113.9", "203.0.113.9", false},
		{"10.1.2.3:4000", "1.2.3.4, 203.0.113.9", "203.0.113.9", false}, // the left one is made up
		{"10.1.2.3:4000", "203.0.113.9, 10.9.9.9", "203.0.113.9", false},
		{"10.1.2.3:4000", "junk, 10.9.9.9", "10.9.9.9", false},
		{"10.1.2.3:4000", "", "10.1.2.3", false},
		{"127.0.0.1:4000", "", "127.0.0.1", true},
		{"127.0.0.1:4000", "203.0.113.9", "203.0.113.9", false},
		{"[::1]:4000", "", "::1", true},
		{"[::1]:4000", "127.0.0.1", "::1", false},
		{"[::ffff:127.0.0.1]:4000", "", "127.0.0.1", true},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = c.peer
		if c.forwarded != "" {
			r.Header.Set("X-Forwarded-For", c.forwarded)
		}
		if a := s.describe(r); a.ip.String() != c.want || a.local != c.local {
			t.Errorf("%s for %q: %s local %v, want %s local %v", c.peer, c.forwarded, a.ip, a.local, c.want, c.local)
		}
	}
	if got := network(netip.MustParseAddr("2001:db8:1:2:3:4:5:6")); got != "2001:db8:1:2::/64" {
		t.Errorf("network %s", got)
	}
}

func TestPanicIsAnsweredAndLogged(t *testing.T) {
	v := newService(t)
	handler, err := v.outside(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/late" {
			w.WriteHeader(http.StatusOK)
			_ = http.NewResponseController(w).Flush()
		}
		panic("the inside of the service")
	}))
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(handler)
	defer server.Close()
	inner := &service{Server: v.Server, url: server.URL}
	a := inner.call(t, "GET", "/early", "")
	a.want(t, 500, "internal")
	if strings.Contains(string(a.body), "inside of the service") || !strings.Contains(v.log.String(), "inside of the service") {
		t.Error("the panic is told outside, or not logged")
	}
	request, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/late", nil)
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if _, err := response.Body.Read(make([]byte, 1)); err == nil || err.Error() == "EOF" {
		t.Errorf("a half answer looks whole: %v", err)
	}
}

func TestMetricsCountByRoute(t *testing.T) {
	v := newService(t)
	v.call(t, "GET", "/p/1", "")
	v.call(t, "GET", "/p/2", "")
	v.call(t, "BREW", "/coffee", "")
	text := string(v.call(t, "GET", "/metrics", "").body)
	for _, want := range []string{
		`jiujin_http_request_seconds_count{method="GET",route="/*",status="200"} 2`,
		`jiujin_http_request_seconds_count{method="other",route="none",status="405"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("metrics lack %s", want)
		}
	}
}

func TestRunEndsWithItsContext(t *testing.T) {
	v := newService(t)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- v.Run(ctx) }()
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestSlowBodyIsCutOff(t *testing.T) {
	v := newService(t)
	const path = "/api/v1/slow"
	v.rules["POST "+path] = rule{method: "POST", path: path, access: access{public: true}, within: 50 * time.Millisecond}
	v.routed[route{"POST", path}] = v.rules["POST "+path]
	type input struct{ Body map[string]string }
	handle(v.Server, "POST", path, huma.Operation{}, func(context.Context, *input) (*struct{}, error) { return nil, nil })

	conn, err := net.Dial("tcp", strings.TrimPrefix(v.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
	response, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer{response.StatusCode, response.Header, body}.want(t, 408, "too_slow")
}

// deadlines notes what a request's connection is told.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read = append(d.read, t)
	return nil
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.write = append(d.write, t)
	return nil
}

func TestStreamsHaveNoDeadline(t *testing.T) {
	v := newService(t)
	v.routed[route{"GET", "/api/v1/stream"}] = rule{access: access{public: true}, stream: true}
	v.routed[route{"GET", "/api/v1/plain"}] = rule{access: access{public: true}}
	done := func(c echo.Context) error { return c.NoContent(http.StatusNoContent) }
	v.echo.GET("/api/v1/stream", done)
	v.echo.GET("/api/v1/plain", done)
	ask := func(path string) *deadlines {
		d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		v.Handler().ServeHTTP(d, httptest.NewRequest("GET", path, nil))
		if d.Code != http.StatusNoContent || len(d.read) != 1 || len(d.write) != 1 {
			t.Fatalf("%s: %d, deadlines %v and %v", path, d.Code, d.read, d.write)
		}
		return d
	}
	if d := ask("/api/v1/stream"); !d.read[0].IsZero() || !d.write[0].IsZero() {
		t.Errorf("a stream ends at %s", d.write[0])
	}
	d := ask("/api/v1/plain")
	if left := time.Until(d.read[0]); left <= 0 || left > 30*time.Second || !d.write[0].After(d.read[0]) {
		t.Errorf("deadlines %s and %s", d.read[0], d.write[0])
	}
}
