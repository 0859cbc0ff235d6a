package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"jiujin/dispatch"
	"jiujin/internal/auth"
	"jiujin/internal/live"
	"jiujin/ticket"
)

const (
	resumeLimit   = 500              // events sent again after a reconnect; more is a gap the page reloads over
	writeWithin   = 10 * time.Second // a reader whose connection takes nothing for so long is cut
	recheckWithin = 30 * time.Second // how soon a stream ends after its person was signed out
)

// bootID names this run of the process on the streams.
var bootID = rand.Text()[:10]

type hello struct {
	Boot string    `json:"boot"`
	Now  time.Time `json:"now"`
	Seq  int64     `json:"seq"`
	View string    `json:"view"`
}

type snapshot struct {
	Seq     int64                 `json:"seq"`
	Units   []dispatch.UnitView   `json:"units"`
	Tickets []dispatch.TicketView `json:"tickets"`
}

type gap struct {
	From int64 `json:"from"`
	To   int64 `json:"to"`
}

func (s *Server) liveRoutes() { s.echo.GET("/api/v1/live", s.live) }

// live streams what happens as server-sent events. The subscription is opened before the snapshot is read, and what
// was queued in between but is already in the snapshot is dropped by its number: nothing is missed, nothing goes back.
func (s *Server) live(c echo.Context) error {
	ctx, me := c.Request().Context(), who(c.Request().Context())
	sub := &live.Subscriber{Branch: me.OrgPath, Events: me.Role != auth.Wall}
	view := c.QueryParam("view")
	switch {
	case view == "officer" && me.UnitID != 0:
		sub.UnitID = me.UnitID
	case view == "officer" || me.Role == auth.Officer:
		return errForbidden
	default:
		view = "board"
	}
	s.deps.Hub.Subscribe(sub)
	defer s.deps.Hub.Unsubscribe(sub)

	w := newStream(c.Response())
	seq, err := ticket.HeadSeq(ctx, s.deps.DB.Pool)
	if err != nil {
		return err
	}
	first, err := s.firstMessages(ctx, me, sub, c.Request().Header.Get("Last-Event-ID"), seq)
	if err != nil {
		return err
	}
	if err := w.open(hello{Boot: bootID, Now: s.now(), Seq: seq, View: view}); err != nil {
		return nil // the client is gone
	}
	for _, m := range first {
		if err := w.send(m); err != nil {
			return nil
		}
	}
	return s.follow(ctx, w, sub, seq)
}

// follow copies messages until the client goes, is cut, or is signed out.
func (s *Server) follow(ctx context.Context, w *stream, sub *live.Subscriber, seq int64) error {
	recheck := time.NewTicker(recheckWithin)
	defer recheck.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-recheck.C:
			if s.stillAllowed(ctx) != nil {
				return nil
			}
		case m, open := <-sub.Messages():
			if !open {
				return nil
			}
			if m.Seq != 0 && m.Seq <= seq {
				continue
			}
			if err := w.send(m); err != nil {
				return nil
			}
		}
	}
}

// firstMessages is the state as it is now, then the facts since lastID that the page had seen.
func (s *Server) firstMessages(ctx context.Context, me auth.Principal, sub *live.Subscriber, lastID string, seq int64) ([]live.Message, error) {
	now, db := s.now(), s.deps.DB.Pool
	if sub.UnitID != 0 {
		state, err := s.deps.Dispatch.Officer(ctx, db, sub.UnitID, now)
		return []live.Message{message("officer", seq, state)}, err
	}
	var err error
	snap := snapshot{Seq: seq}
	if snap.Units, err = s.deps.Dispatch.UnitViews(ctx, db, me.OrgPath, nil, now); err != nil {
		return nil, err
	}
	if snap.Tickets, err = s.deps.Dispatch.OpenTickets(ctx, db, me.OrgPath, now); err != nil {
		return nil, err
	}
	out := []live.Message{message("snapshot", seq, snap)}
	last, err := strconv.ParseInt(lastID, 10, 64)
	if err != nil || last >= seq || !sub.Events {
		return out, nil
	}
	events, err := dispatch.EventsAfter(ctx, db, me.OrgPath, last, resumeLimit+1)
	if err != nil {
		return nil, err
	}
	if len(events) > resumeLimit {
		return append(out, message("gap", seq, gap{From: last + 1, To: seq})), nil
	}
	for _, e := range events {
		if e.Seq <= seq {
			out = append(out, message("event", e.Seq, e.Event))
		}
	}
	return out, nil
}

func message(name string, seq int64, v any) live.Message {
	data, err := json.Marshal(v)
	if err != nil { // our own types always encode
		panic(fmt.Sprintf("encode %s: %v", name, err))
	}
	return live.Message{Name: name, Seq: seq, Data: data}
}

// stream writes server-sent events and flushes each.
type stream struct {
	w       *echo.Response
	control *http.ResponseController
}

func newStream(w *echo.Response) *stream {
	return &stream{w: w, control: http.NewResponseController(w)}
}

func (st *stream) open(h hello) error {
	head := st.w.Header()
	head.Set("Content-Type", "text/event-stream")
	head.Set("Cache-Control", "no-store")
	head.Set("X-Accel-Buffering", "no")
	st.w.WriteHeader(http.StatusOK)
	if _, err := fmt.Fprint(st.w, "retry: 1500\n"); err != nil {
		return err
	}
	return st.send(message("hello", 0, h))
}

func (st *stream) send(m live.Message) error {
	if err := st.control.SetWriteDeadline(time.Now().Add(writeWithin)); err != nil {
		return err
	}
	if m.Seq != 0 {
		if _, err := fmt.Fprintf(st.w, "id: %d\n", m.Seq); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(st.w, "event: %s\ndata: %s\n\n", m.Name, m.Data); err != nil {
		return err
	}
	return st.control.Flush()
}
