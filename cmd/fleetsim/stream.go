package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// silence is how long a stream may say nothing before it counts as dead; the service ticks every 5 s.
const silence = 20 * time.Second

// lineMax is the longest line of a stream that is read; a snapshot of a prefecture is far below.
const lineMax = 16 << 20

var errLine = errors.New("a line of the stream is too long")

// message is one server-sent event.
type message struct {
	Name string // "message" when the stream gave none
	Data []byte
}

// decoder reads server-sent events as browsers do, without the rule for single CRs.
type decoder struct {
	r      *bufio.Reader
	lastID string // of the newest id line
	begun  bool
}

func newDecoder(r io.Reader) *decoder { return &decoder{r: bufio.NewReaderSize(r, 16<<10)} }

// next returns the next event that has data. The error is that of the reader, io.EOF at the end; an event that breaks
// off there is dropped.
func (d *decoder) next() (message, error) {
	m := message{Name: "message"}
	lines := 0
	for {
		line, err := d.line()
		if err != nil {
			return message{}, err
		}
		if len(line) == 0 {
			if lines > 0 {
				return m, nil
			}
			m = message{Name: "message"}
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) {
		case "event":
			m.Name = "message"
			if len(value) > 0 {
				m.Name = string(value)
			}
		case "id":
			if !bytes.ContainsRune(value, 0) {
				d.lastID = string(value)
			}
		case "data":
			if lines > 0 {
				m.Data = append(m.Data, '\n')
			}
			m.Data = append(m.Data, value...)
			lines++
		}
	}
}

// line returns the next line without its end. It is valid until the next call.
func (d *decoder) line() ([]byte, error) {
	line, err := d.r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		long := bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) && len(long) <= lineMax {
			line, err = d.r.ReadSlice('\n')
			long = append(long, line...)
		}
		if len(long) > lineMax {
			return nil, errLine
		}
		line = long
	}
	if err != nil {
		return nil, err
	}
	line = bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r"))
	if !d.begun {
		d.begun = true
		line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	}
	return line, nil
}

// follow reads a live view until ctx ends and comes back after every cut. take must not block.
func (p *person) follow(ctx context.Context, view string, take func(message)) error {
	wait, lastID := backoff{}, ""
	for {
		err := p.followOnce(ctx, view, &lastID, func(m message) {
			wait = backoff{}
			take(m)
		})
		if ctx.Err() != nil {
			return nil
		}
		if refused, ok := errors.AsType[*refusal](err); ok && refused.Status == http.StatusForbidden {
			return err
		}
		p.api.measure.retried("GET /live")
		if wait.pause(ctx, 0) != nil {
			return nil
		}
	}
}

func (p *person) followOnce(ctx context.Context, view string, lastID *string, take func(message)) error {
	cookie, err := p.session(ctx)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	watchdog := time.AfterFunc(silence, cancel)
	defer watchdog.Stop()
	req, err := http.NewRequestWithContext(ctx, "GET", p.api.base+"/api/v1/live?view="+view, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Cookie", cookie)
	if *lastID != "" {
		req.Header.Set("Last-Event-ID", *lastID)
	}
	resp, err := p.api.http.Do(req)
	if err != nil {
		p.api.measure.answered("GET /live", 0)
		return err
	}
	defer resp.Body.Close()
	p.api.measure.answered("GET /live", resp.StatusCode)
	if resp.StatusCode != http.StatusOK {
		if resp.StatusCode == http.StatusUnauthorized {
			p.forget(cookie)
		}
		return &refusal{Status: resp.StatusCode, Code: "refused", route: "GET /live"}
	}
	d := newDecoder(resp.Body)
	for {
		m, err := d.next()
		if err != nil {
			return fmt.Errorf("live view %s: %w", view, err)
		}
		watchdog.Reset(silence)
		*lastID = d.lastID
		take(m)
	}
}
