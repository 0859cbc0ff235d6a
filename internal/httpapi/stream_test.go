package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"
)

// heard is one message of a stream.
type heard struct {
	id   int64 // 0 = none
	name string
	data string
}

// seq is the number of an event.
func (h heard) seq(t testing.TB) int64 {
	t.Helper()
	var e struct{ Seq int64 }
	h.into(t, &e)
	return e.Seq
}

func (h heard) into(t testing.TB, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(h.data), v); err != nil {
		t.Fatalf("%s %s: %v", h.name, h.data, err)
	}
}

// listener is an open stream, read as a browser does.
type listener struct {
	body   io.ReadCloser
	lines  *bufio.Reader
	cancel context.CancelFunc
}

// patience is how long a test waits for a message that must come.
const patience = 20 * time.Second

// listen opens a stream; lastID "" is a first visit.
func (s *scene) listen(t testing.TB, login, view, lastID string) *listener {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	r, err := http.NewRequestWithContext(ctx, "GET", s.url+"/api/v1/live?view="+view, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cookie", s.cookie(t, login))
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	l := &listener{body: response.Body, lines: bufio.NewReader(response.Body), cancel: cancel}
	t.Cleanup(l.close)
	if response.StatusCode != 200 || response.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("stream for %s: %d %s", login, response.StatusCode, response.Header.Get("Content-Type"))
	}
	return l
}

// close may be called twice.
func (l *listener) close() {
	l.cancel()
	l.body.Close()
}

// read returns the next message, or what ended the stream.
func (l *listener) read() (h heard, err error) {
	for {
		line, err := l.lines.ReadString('\n')
		if err != nil {
			return h, err
		}
		field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch field {
		case "id":
			h.id, err = strconv.ParseInt(value, 10, 64)
		case "event":
			h.name = value
		case "data":
			h.data = value
		case "":
			return h, nil
		}
		if err != nil {
			return h, err
		}
	}
}

func (l *listener) next(t testing.TB) heard {
	t.Helper()
	h, err := l.read()
	if err != nil {
		t.Fatalf("the stream ended: %v", err)
	}
	return h
}

// until reads up to the message that is wanted and returns it with those before it.
func (l *listener) until(t testing.TB, wanted func(heard) bool) (heard, []heard) {
	t.Helper()
	var before []heard
	for {
		h := l.next(t)
		if wanted(h) {
			return h, before
		}
		before = append(before, h)
	}
}

func named(name string) func(heard) bool { return func(h heard) bool { return h.name == name } }

// begin reads hello and the state that follows it.
func (l *listener) begin(t testing.TB, state string) heard {
	t.Helper()
	if h := l.next(t); h.name != "hello" {
		t.Fatalf("first comes %s", h.name)
	}
	h := l.next(t)
	if h.name != state {
		t.Fatalf("second comes %s, want %s", h.name, state)
	}
	return h
}

// ends waits for the end of the stream, and tells whether it came from the other side.
func (l *listener) ends() bool {
	for {
		if _, err := l.read(); err != nil {
			return err == io.EOF
		}
	}
}
