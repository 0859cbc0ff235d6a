package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	requestWithin = 10 * time.Second // one attempt
	answerMax     = 32 << 20         // bytes of an answer that are read
	firstBackoff  = 200 * time.Millisecond
	lastBackoff   = 2 * time.Second
	faultsMost    = 10 // answers 500 to one request, which says that the fault stays
)

// api is the way to the service. It is safe for concurrent use.
type api struct {
	base    string
	http    *http.Client
	measure *measure
	// signingIn holds a place for each sign-in under way: passwords are dear to check and the service counts attempts.
	signingIn chan struct{}
}

func newAPI(base string, m *measure) *api {
	t := &http.Transport{MaxIdleConnsPerHost: 1000, IdleConnTimeout: 90 * time.Second}
	return &api{base: strings.TrimSuffix(base, "/"), http: &http.Client{Transport: t}, measure: m, signingIn: make(chan struct{}, 2)}
}

// refusal is an answer that no repetition makes better.
type refusal struct {
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
	route  string
}

func (r *refusal) Error() string {
	return fmt.Sprintf("%s: %d %s: %s", r.route, r.Status, r.Code, r.Detail)
}

// request is one intent; it is sent until the service has answered it.
type request struct {
	method, path string
	key          string // Idempotency-Key; "" = none
	bearer       string // device key; "" = the person's session
	body         []byte
	sent         func(time.Time) // told of every attempt; may be nil
}

// route names the request without its numbers and keys: GET /tickets/{id}.
func (r *request) route() string {
	path, _, _ := strings.Cut(strings.TrimPrefix(r.path, "/api/v1"), "?")
	parts := strings.Split(path, "/")
	for i, p := range parts {
		if _, err := strconv.ParseInt(p, 10, 64); err == nil {
			parts[i] = "{id}"
		}
		if strings.HasPrefix(p, "jjd_") {
			parts[i] = "{key}"
		}
	}
	return r.method + " " + strings.Join(parts, "/")
}

// send makes the request until it is answered, ctx ends, or it is refused; then the error is a *refusal. So is a fault of
// the service that does not go away. who may be
// nil for what needs no person; an ended session is opened again.
func (a *api) send(ctx context.Context, who *person, r *request, out any) error {
	wait := backoff{}
	for faults := 0; ; {
		cookie := ""
		if who != nil {
			var err error
			if cookie, err = who.session(ctx); err != nil {
				return err
			}
		}
		status, after, data, err := a.attempt(ctx, r, cookie)
		if status == http.StatusInternalServerError {
			faults++
		}
		switch {
		case ctx.Err() != nil:
			return fmt.Errorf("%s: %w", r.route(), ctx.Err())
		case err != nil, status >= 500 && faults < faultsMost, status == http.StatusTooManyRequests:
		case status == http.StatusUnauthorized && who != nil:
			who.forget(cookie)
		case status >= 400:
			refused := &refusal{Status: status, route: r.route()}
			_ = json.Unmarshal(data, refused) // without a readable body the status says enough
			return refused
		default:
			if out == nil || len(data) == 0 {
				return nil
			}
			if err := json.Unmarshal(data, out); err != nil {
				return fmt.Errorf("read answer of %s: %w", r.route(), err)
			}
			return nil
		}
		a.measure.retried(r.route())
		if err := wait.pause(ctx, after); err != nil {
			return fmt.Errorf("%s: %w", r.route(), err)
		}
	}
}

// attempt sends once and counts what came back.
func (a *api) attempt(ctx context.Context, r *request, cookie string) (status int, after time.Duration, data []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, r.method, a.base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, 0, nil, err
	}
	a.dress(req, r, cookie)
	if r.sent != nil {
		r.sent(time.Now())
	}
	resp, err := a.http.Do(req)
	if err == nil {
		data, err = io.ReadAll(io.LimitReader(resp.Body, answerMax))
		resp.Body.Close()
	}
	if err != nil {
		a.measure.answered(r.route(), 0)
		return 0, 0, nil, err
	}
	a.measure.answered(r.route(), resp.StatusCode)
	seconds, _ := strconv.Atoi(resp.Header.Get("Retry-After")) // absent = 0
	return resp.StatusCode, time.Duration(seconds) * time.Second, data, nil
}

func (a *api) dress(req *http.Request, r *request, cookie string) {
	if len(r.body) > 0 {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.key != "" {
		req.Header.Set("Idempotency-Key", r.key)
	}
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	if cookie != "" {
		req.Header.Set("Cookie", cookie)
	}
}

// backoff grows from 0.2 s to 2 s.
type backoff struct{ n int }

// pause waits its turn, or as long as the service asked for but no longer than 2 s. It returns ctx's error when that
// ends first.
func (b *backoff) pause(ctx context.Context, asked time.Duration) error {
	wait := time.Duration(float64(firstBackoff) * math.Pow(1.6, float64(min(b.n, 10))))
	b.n++
	return pause(ctx, min(max(wait, asked), lastBackoff))
}

// pause waits; it returns ctx's error when that ends first.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}

// person is somebody who signs in when first needed and again when the session has ended.
type person struct {
	api             *api
	login, password string

	mu     sync.Mutex // guards cookie; held while signing in
	cookie string
}

func (p *person) session(ctx context.Context) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cookie != "" {
		return p.cookie, nil
	}
	select {
	case p.api.signingIn <- struct{}{}:
		defer func() { <-p.api.signingIn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	body, err := json.Marshal(map[string]string{"login": p.login, "password": p.password})
	if err != nil {
		return "", err
	}
	cookie, err := p.api.signIn(ctx, body)
	if err != nil {
		return "", fmt.Errorf("sign in as %s: %w", p.login, err)
	}
	p.cookie = cookie
	return cookie, nil
}

// forget drops a session that the service no longer knows, unless it was renewed in the meantime.
func (p *person) forget(cookie string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cookie == cookie {
		p.cookie = ""
	}
}

// signIn returns the session's cookie as it is sent back.
func (a *api) signIn(ctx context.Context, body []byte) (string, error) {
	wait := backoff{}
	for {
		cookie, status, err := a.signInOnce(ctx, body)
		a.measure.answered("POST /session", status)
		switch {
		case cookie != "":
			return cookie, nil
		case ctx.Err() != nil:
			return "", ctx.Err()
		case err == nil && status >= 400 && status < 500 && status != http.StatusTooManyRequests:
			return "", &refusal{Status: status, route: "POST /session", Code: "refused", Detail: "is the credentials file that of this demo?"}
		}
		a.measure.retried("POST /session")
		if err := wait.pause(ctx, 0); err != nil {
			return "", err
		}
	}
}

func (a *api) signInOnce(ctx context.Context, body []byte) (cookie string, status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", a.base+"/api/v1/session", bytes.NewReader(body))
	if err != nil {
		return "", 0, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := a.http.Do(req)
	if err != nil {
		return "", 0, err
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, answerMax)) // lets the connection be used again
	for _, c := range resp.Cookies() {
		if c.Value != "" && resp.StatusCode < 300 {
			return c.Name + "=" + c.Value, resp.StatusCode, nil
		}
	}
	return "", resp.StatusCode, nil
}

// get reads a path below /api/v1 into out.
func (p *person) get(ctx context.Context, path string, out any) error {
	return p.api.send(ctx, p, &request{method: "GET", path: "/api/v1" + path}, out)
}

// command posts an intent under a key of its own, which stays the same over all repetitions, and returns the key.
func (p *person) command(ctx context.Context, path string, body, out any, sent func(time.Time)) (key string, err error) {
	r := &request{method: "POST", path: "/api/v1" + path, key: rand.Text(), sent: sent}
	if body != nil {
		if r.body, err = json.Marshal(body); err != nil {
			return r.key, err
		}
	}
	return r.key, p.api.send(ctx, p, r, out)
}

// isRefusal tells whether the service said no, rather than that it could not be asked.
func isRefusal(err error) bool {
	_, ok := errors.AsType[*refusal](err)
	return ok
}
