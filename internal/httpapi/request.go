package httpapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"jiujin/internal/auth"
	"jiujin/tracking"
)

// about is what is known of a request while it is served. It belongs to the
// request's goroutine.
type about struct {
	id        string
	lang      lang
	ip        netip.Addr // of the client; the zero Addr when unknown
	secure    bool       // came by TLS
	local     bool       // came straight from this machine
	route     string     // path of the access table; "" = none
	quiet     bool       // a success is logged at Debug level
	token     string     // of the session cookie; a secret
	principal *auth.Principal
	device    *tracking.Device  // whose key came with the request
	gateway   *tracking.Gateway // likewise
}

type aboutKey struct{}

// aboutRequest never returns nil.
func aboutRequest(ctx context.Context) *about {
	if a, ok := ctx.Value(aboutKey{}).(*about); ok {
		return a
	}
	return &about{}
}

// outside wraps next in everything that holds for all requests.
func (s *Server) outside(next http.Handler) (http.Handler, error) {
	origins := http.NewCrossOriginProtection()
	for _, origin := range s.deps.Origins {
		if err := origins.AddTrustedOrigin(origin); err != nil {
			return nil, fmt.Errorf("trusted origin %q: %w", origin, err)
		}
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begin := time.Now()
		a := s.describe(r)
		r = r.WithContext(context.WithValue(r.Context(), aboutKey{}, a))
		rec := &recorder{ResponseWriter: w}
		s.setHeaders(rec.Header(), a, outsideOfPages(r.URL.Path))
		defer func() {
			fault := recover()
			s.finish(rec, r, a, time.Since(begin), fault)
			if fault == http.ErrAbortHandler || fault != nil && rec.status != 0 { // too late for an answer: cut the connection
				panic(http.ErrAbortHandler)
			}
		}()
		if err := origins.Check(r); err != nil {
			s.refuse(rec, r, errCrossOrigin)
			return
		}
		if r.Method == http.MethodHead && !outsideOfPages(r.URL.Path) {
			r.Method = http.MethodGet // net/http drops the body
		}
		next.ServeHTTP(rec, r)
	}), nil
}

// finish writes the one line of the access log, counts the request and answers
// a panic. Neither query nor body nor an address inside the pages is logged:
// they may hold codes of reporters.
func (s *Server) finish(rec *recorder, r *http.Request, a *about, took time.Duration, fault any) {
	sent := rec.status
	if fault != nil && fault != http.ErrAbortHandler {
		s.log.ErrorContext(r.Context(), "panic in a request", "request", a.id, "route", a.route, "err", fault, "stack", string(debug.Stack()))
		if sent == 0 {
			s.writeProblem(rec.ResponseWriter, r, s.problemOf(a, http.StatusInternalServerError, "internal", textInternal))
			sent = http.StatusInternalServerError
		}
	}
	if sent == 0 {
		sent = http.StatusOK
	}
	route := a.route
	if route == "" {
		route = "none"
	}
	s.metrics.observe(r.Method, route, sent, took)
	level := slog.LevelInfo
	if a.quiet && sent < 400 {
		level = slog.LevelDebug
	}
	if !s.log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("request", a.id), slog.String("method", r.Method), slog.String("route", route),
		slog.Int("status", sent), slog.Int64("bytes", rec.bytes), slog.Duration("took", took.Round(time.Microsecond)),
		slog.String("ip", a.ip.String()),
	}
	if a.principal != nil {
		attrs = append(attrs, slog.Int64("person", a.principal.PersonID))
	}
	s.log.LogAttrs(r.Context(), level, "request", attrs...)
}

func (s *Server) describe(r *http.Request) *about {
	a := &about{id: rand.Text()[:16], lang: langOf(r.Header.Get("Accept-Language")), secure: r.TLS != nil}
	peer := peerOf(r)
	a.ip = peer
	forwarded := r.Header.Get("X-Forwarded-For")
	if forwarded == "" && r.Header.Get("Forwarded") == "" {
		a.local = peer.IsLoopback()
	}
	if !s.trusted(peer) {
		return a
	}
	a.ip = s.clientBehind(strings.Join(r.Header.Values("X-Forwarded-For"), ","), peer)
	a.secure = a.secure || r.Header.Get("X-Forwarded-Proto") == "https"
	return a
}

// clientBehind is the last address of the list, written by the proxies, that is
// not a proxy of ours. What stands left of it anybody may have made up.
func (s *Server) clientBehind(forwarded string, peer netip.Addr) netip.Addr {
	client := peer
	for _, hop := range slices.Backward(strings.Split(forwarded, ",")) {
		addr, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil {
			break
		}
		client = addr.Unmap()
		if !s.trusted(client) {
			break
		}
	}
	return client
}

func (s *Server) trusted(addr netip.Addr) bool {
	return slices.ContainsFunc(s.deps.Proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func peerOf(r *http.Request) netip.Addr {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}
	}
	return addr.Unmap().WithZone("")
}

// policy is the Content-Security-Policy: pages talk to this service alone, and to the hosts of maps that an operator
// has configured as direct.
func policy(hosts []string) string {
	maps := strings.Join(append([]string{""}, hosts...), " ")
	return "default-src 'self'; script-src 'self'; worker-src 'self'; connect-src 'self'" + maps + "; " +
		"img-src 'self' data: blob:" + maps + "; style-src 'self' 'unsafe-inline'; font-src 'self'; object-src 'none'; " +
		"base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
}

// setHeaders sets what every answer carries.
func (s *Server) setHeaders(h http.Header, a *about, api bool) {
	h.Set("Content-Security-Policy", s.policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Frame-Options", "DENY")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "geolocation=(self), camera=(self), microphone=(), payment=()")
	h.Set("X-Request-Id", a.id)
	if a.secure {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
	if api {
		h.Set("Cache-Control", "no-store")
		h.Set("Vary", "Accept-Language, Cookie")
	}
}

// recorder notes status and size of an answer. http.ResponseController reaches
// through it.
type recorder struct {
	http.ResponseWriter
	status int // 0 = nothing sent yet
	bytes  int64
}

// WriteHeader notes the status; informational ones do not count.
func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status = status
	}
	r.ResponseWriter.WriteHeader(status)
}

// Write notes the size.
func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status = http.StatusOK
	}
	n, err := r.ResponseWriter.Write(b)
	r.bytes += int64(n)
	return n, err
}

// Unwrap serves http.ResponseController.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }
